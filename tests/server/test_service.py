"""What the service answers."""

from __future__ import annotations

import asyncio
import json

import pytest
from serving import TEXTS, service

import models_of_kinds
import vikt
from vikt.features.handmade.declarations import Number
from vikt.server import served
from vikt.server.served import Served

pytestmark = pytest.mark.anyio
HOSTILE = ["", "ett pris på 10 £", "\N{WINKING FACE} win \u202e", "a\r\nb\tc\x00", "e\u0301" * 50]


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    path = tmp_path_factory.mktemp("several") / "mood.vikt"
    models_of_kinds.several(path)
    return path


@pytest.fixture(scope="module")
def with_columns(tmp_path_factory):
    path = tmp_path_factory.mktemp("columns") / "priced.vikt"
    frame = {"text": TEXTS, "price": [9.0, 0.0] * 6}
    vikt.TextClassifier(min_df=1, l2=0.01, features=[Number(name="price")]).fit(frame, ["spam", "ham"] * 6).save(path)
    return path


@pytest.fixture
def printed(run):
    """What a command prints."""

    def call(*typed, stdin=b""):
        code, out, _ = run(*typed, stdin=stdin)
        assert code == 0
        return out

    return call


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ({}, []),
        ({"proba": True}, ["--proba"]),
        ({"top": 2, "threshold": 0.3}, ["--top", "2", "--threshold", "0.3"]),
    ],
)
@pytest.mark.parametrize("kind", ["model", "several"])
async def test_answers_are_those_of_the_command_to_the_byte(printed, kind, body, options, request):
    path, texts = request.getfixturevalue(kind), [*TEXTS[:4], "happy love", *HOSTILE[:3]]
    async with service({"m": path}) as (client, _):
        answer = await client.post("/models/m/predict", json={"texts": texts, **body})
        lines = printed("predict", path, "--json", *options, stdin="".join(f"{text}\n" for text in texts).encode())
        assert answer.text == '{"answers": [' + ", ".join(lines.splitlines()) + "]}"


async def test_any_text_is_answered_and_counted_once(model):
    async with service({"spam": model}) as (client, handlers):
        answer = await client.post("/models/spam/predict", json={"texts": HOSTILE})
        expected = vikt.load(model).predict(HOSTILE).tolist()
        assert [each["predicted"] for each in answer.json()["answers"]] == expected
        assert (await client.post("/models/spam/predict", json={"texts": []})).json() == {"answers": []}
        assert b'vikt_texts_total{model="spam"} 5.0' in handlers.metrics.exposition()


async def test_requests_that_wait_together_are_answered_as_each_alone(model):
    async with service({"spam": model}) as (client, _):
        bodies = [{"texts": TEXTS[k : k + k % 3], "proba": k % 2 == 0} for k in range(10)]
        alone = [(await client.post("/models/spam/predict", json=body)).content for body in bodies]
        together = await asyncio.gather(*(client.post("/models/spam/predict", json=body) for body in bodies))
        assert [answer.content for answer in together] == alone


async def test_long_bodies_are_answered_as_short_ones(model):
    text = "win a prize on friday " * 5000
    async with service({"spam": model}) as (client, _):
        answer = await client.post("/models/spam/predict", json={"texts": [text, "win"], "proba": True})
        expected = vikt.load(model).predict_proba([text, "win"])[:, 1].tolist()
        assert [each["P(spam)"] for each in answer.json()["answers"]] == expected


@pytest.mark.parametrize("prices", [[9.0, 0], ["9", "0.0"]])
async def test_columns_come_beside_the_texts(with_columns, prices):
    async with service({"priced": with_columns}) as (client, _):
        body = {"texts": ["win", "lunch"], "columns": {"price": prices}, "proba": True}
        answers = (await client.post("/models/priced/predict", json=body)).json()["answers"]
        expected = vikt.load(with_columns).predict_proba({"text": ["win", "lunch"], "price": [9.0, 0.0]})
        assert [each["P(spam)"] for each in answers] == expected[:, 1].tolist()
        why = {"text": "win", "columns": {"price": 9.0}}
        parts = (await client.post("/models/priced/explain", json=why)).json()["explanations"][0]["contributions"]
        assert "price" in [part["feature"] for part in parts]
        assert (await client.get("/models/priced")).json()["reads"] == {"text": True, "columns": ["price"]}


async def test_a_request_without_rows_has_no_answers(model, with_columns):
    async with service({"spam": model, "priced": with_columns}) as (client, _):
        for name, columns in (("spam", {}), ("priced", {"columns": {"price": []}})):
            answer = await client.post(f"/models/{name}/predict", json={"texts": [], **columns})
            assert (answer.status_code, answer.json()) == (200, {"answers": []})
    empty = {"text": [], "price": []}
    assert vikt.load(with_columns).predict(empty).tolist() == []
    assert vikt.load(with_columns).predict_proba(empty).shape == (0, 2)


async def test_models_are_warm_for_all_requests_before_they_are_ready(model, with_columns, several, monkeypatch):
    warmed = []
    explained = Served.explained
    monkeypatch.setattr(served, "compiled", warmed.append)
    monkeypatch.setattr(Served, "explained", lambda own, *rest: (warmed.append(own.name), explained(own, *rest))[1])
    async with service({"spam": model, "priced": with_columns, "mood": several}) as (_, handlers):
        assert [name for name in warmed if "kernels" not in name] == ["spam", "priced", "mood"]
        assert len(warmed) == 6
        assert all("answers" in each.__dict__ for each in handlers.models.served.values())


@pytest.mark.parametrize("options", [{}, {"label": "ham"}, {"label": "ham", "against": "spam"}])
async def test_an_explanation_is_that_of_the_command_with_the_text_in_runs(printed, model, options):
    async with service({"spam": model}) as (client, _):
        found = (await client.post("/models/spam/explain", json={"text": "Win a prize!", **options})).json()
        (own,) = found["explanations"]
        runs = own.pop("runs")
        typed = [part for name, value in options.items() for part in (f"--{name}", value)]
        assert own == json.loads(printed("explain", model, "Win a prize!", "--json", *typed))
        assert "".join(run["text"] for run in runs) == "Win a prize!"
        inside = sum(part["contribution"] for part in own["contributions"])
        assert sum(run["emphasis"] for run in runs) == pytest.approx(inside)


async def test_each_answered_label_is_explained(several):
    async with service({"mood": several}) as (client, _):
        found = (await client.post("/models/mood/explain", json={"text": "happy love"})).json()
        (answer,) = (await client.post("/models/mood/predict", json={"texts": ["happy love"]})).json()["answers"]
        assert [own["label"] for own in found["explanations"]] == answer["predicted"]
        none = (await client.post("/models/mood/explain", json={"text": "rain"})).json()
        assert len(none["explanations"]) == 1


async def test_models_are_listed_and_described(printed, model, several):
    async with service({"spam": model, "mood": several}) as (client, _):
        answer = (await client.get("/models")).json()
        assert answer["limits"] == {"texts": 1000, "bytes": 4_000_000, "explained": 20_000}
        assert answer["logs_texts"] is False
        listed = answer["models"]
        assert [each["name"] for each in listed] == ["spam", "mood"]
        assert listed[1]["classes"] == models_of_kinds.LABELS
        own = (await client.get("/models/spam")).json()
        shown = json.loads(printed("inspect", model, "--json"))
        assert shown.pop("path") == str(model)
        assert own.pop("reads") == {"text": True, "columns": []}
        assert own.pop("facts")
        assert own.pop("name") == "spam"
        assert own.pop("documents") == ["card", "report"]
        assert own == shown


async def test_a_report_is_not_offered_where_it_cannot_be_made(model, monkeypatch):
    monkeypatch.setattr("vikt.report.html.writing.find_spec", lambda name: None)
    async with service({"spam": model}) as (client, _):
        assert (await client.get("/models/spam")).json()["documents"] == ["card"]
        assert (await client.get("/models/spam/report")).status_code == 501


async def test_the_page_the_card_and_the_report_are_served(model):
    async with service({"spam": model}) as (client, _):
        page = await client.get("/")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        card = await client.get("/models/spam/card")
        assert card.headers["content-type"].startswith("text/markdown")
        assert "spam" in card.text
        report = await client.get("/models/spam/report")
        assert "Rows tested" in report.text or "Training data" in report.text
        for answer in (page, card, report, await client.get("/page.js")):
            assert answer.status_code == 200
            assert answer.headers["x-content-type-options"] == "nosniff"
