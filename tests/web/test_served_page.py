"""The page as a service serves it, in a browser: real models, the strict policy, the token, files that come back."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import subprocess
import sys
import time

import pytest
from pages_of_fakes import drop, labelled_file

import models_of_kinds
import vikt
from browsing import LOW_CONTRAST, opened
from vikt.web.page import SERVED_POLICY

pytest.importorskip("fastapi")
pytestmark = pytest.mark.slow

TEXT = "glad and happy love day"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A model of each kind, and one that reads further columns; by name."""
    folder = tmp_path_factory.mktemp("models")
    models_of_kinds.fitted(["up", "down"] * 6).save(folder / "classes.vikt")
    models_of_kinds.several(folder / "several.vikt")
    models_of_kinds.ordered(folder / "ordered.vikt")
    mails = [["text", "hour", "sender", "label"]]
    mails += [[text, hour, sender, label] for n in range(10) for text, hour, sender, label in _mails(n)]
    (folder / "mails.csv").write_text("\n".join(",".join(map(str, row)) for row in mails) + "\n", encoding="utf-8")
    options = ["--test", "mails.csv", "--analyzer", "word", "--l2", "0.01", "--number", "hour", "--category", "sender"]
    command = [sys.executable, "-m", "vikt", "train", "mails.csv", *options, "-o", "columns.vikt", "-q"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return {path.stem: path for path in folder.glob("*.vikt")}


def _mails(n):
    return [("win a prize", n, "x", "spam"), ("lunch on friday", n + 10, "bob", "ham")]


@contextlib.contextmanager
def serving(folder, *arguments):
    """A service, and the address of its page."""
    log = folder / "log"
    command = [sys.executable, "-m", "vikt", "serve", *map(str, arguments), "--port", "0"]
    with log.open("wb") as file, subprocess.Popen(command, stderr=file) as process:
        try:
            yield _address(log) + "/"
        finally:
            process.terminate()


def _address(log):
    for _ in range(200):
        for line in log.read_text(encoding="utf-8").splitlines():
            if '"serving"' in line:
                return json.loads(line)["address"]
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def address(models, tmp_path_factory):
    with serving(tmp_path_factory.mktemp("service"), *models.values()) as found:
        yield found


def choose(page, name):
    page.get_by_label("Model", exact=True).select_option(name)
    page.locator("h1", has_text=name).wait_for()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_kind_of_model_is_answered_explained_and_fits(browser, address, models, width, theme):
    with opened(browser, address, width=width, theme=theme) as (page, seen):
        for name in ("classes", "several", "ordered"):
            choose(page, name)
            page.fill("#text", TEXT)
            page.locator("#sides li").first.wait_for()
            told = vikt.load(models[name]).explain(TEXT)
            assert page.locator("#words").inner_text() == TEXT
            title = page.locator("#reasons-title").inner_text()
            assert title.endswith("lower levels") if name == "ordered" else told.of_labels[0].label in title
            shown = page.locator(".answered .name").all_inner_texts()
            assert shown == [part.label for part in told.of_labels if part.is_answered]
            largest = told.of_labels[0].contributions[0]
            listed = dict(
                zip(
                    *(
                        page.locator(f"#sides {part}").all_inner_texts()
                        for part in (".feature", "li:not(.rest) .amount")
                    ),
                    strict=True,
                )
            )
            assert listed[largest.feature].replace("−", "-") == f"{largest.contribution:+.2f}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(LOW_CONTRAST) == []
        assert (seen.console, seen.dialogs, seen.requests) == ([], [], [])


def test_struck_words_are_answered_as_the_model_answers_the_rest(browser, address, models):
    with opened(browser, address) as (page, _):
        choose(page, "classes")
        page.fill("#text", TEXT)
        page.locator(".word", has_text="happy").click()
        page.locator(".moved").first.wait_for()
        classifier = vikt.load(models["classes"])
        p = dict(zip(classifier.classes_, classifier.predict_proba([TEXT.replace("happy", "")])[0], strict=True))
        for row in page.locator("#classes li").all():
            label, after = row.locator(".name").inner_text(), row.locator(".number").inner_text().split("→ ")[1]
            assert after == f"{100 * p[label]:.1f} %"


def test_further_columns_are_typed_and_read_from_a_table(browser, address, models, tmp_path):
    with opened(browser, address) as (page, seen):
        choose(page, "columns")
        page.fill("#text", "win lunch")
        page.get_by_label("hour").fill("3")
        page.get_by_label("sender").fill("bob")
        page.locator("#sides li").first.wait_for()
        assert "sender=bob" in page.locator("#sides .feature").all_inner_texts()
        content = models["columns"].with_name("mails.csv").read_bytes()
        drop(page, content, "mails.csv")
        back = list(csv.DictReader(io.StringIO(labelled_file(page, tmp_path)[1].decode())))
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        answers = vikt.load(models["columns"]).predict(
            {"text": [row["text"] for row in rows], "hour": [float(row["hour"]) for row in rows],
             "sender": [row["sender"] for row in rows]}
        )  # fmt: skip
        assert [row["predicted"] for row in back] == answers.tolist()
        assert [{name: row[name] for name in rows[0]} for row in back] == rows
        drop(page, b"text,hour\nwin,3\n", "short.csv")
        page.locator("#table-problem", has_text="no column sender").wait_for()
        assert seen.console == []


def test_a_table_of_thousands_of_rows_comes_back_as_vikt_predict_answers_it(browser, address, models, tmp_path):
    texts = [f"{'happy ' * (i % 4)}rain {i}" for i in range(2500)]
    with opened(browser, address) as (page, seen):
        choose(page, "several")
        drop(page, "\n".join(["text", *texts]).encode())
        _, content = labelled_file(page, tmp_path)
        back = list(csv.DictReader(io.StringIO(content.decode())))
        assert [row["text"] for row in back] == texts
        sets = vikt.load(models["several"]).predict_sets(texts)
        assert [row["predicted"].split(",") if row["predicted"] else [] for row in back] == sets
        assert seen.console == []


def test_the_messages_of_a_corpus_come_back_as_the_model_answers_them(browser, corpus, tmp_path):
    path = corpus("sms/sms.tsv")
    lines = path.read_text(encoding="utf-8").splitlines()
    classifier = vikt.TextClassifier("word", l2=1e-5)
    rows = [line.split("\t") for line in lines[1:]]
    classifier.fit([text for _, text in rows[::5]], [label for label, _ in rows[::5]]).save(tmp_path / "sms.vikt")
    with serving(tmp_path, tmp_path / "sms.vikt") as place, opened(browser, place) as (page, seen):
        page.locator("#file").set_input_files(path)
        name, content = labelled_file(page, tmp_path)
        back = content.decode().splitlines()
        assert name == "sms-labelled.tsv"
        assert [line.split("\t")[:2] for line in back] == [line.split("\t") for line in lines]
        assert [line.split("\t")[2] for line in back[1:]] == classifier.predict([text for _, text in rows]).tolist()
        assert seen.console == []


def test_a_script_that_is_not_the_pages_own_does_not_run(browser, address):
    with opened(browser, address) as (page, seen):
        headers = page.request.get(address).headers
        assert headers["content-security-policy"] == SERVED_POLICY
        assert headers["x-content-type-options"] == "nosniff"
        page.locator("#text").wait_for()
        page.evaluate("""() => {
          const script = document.createElement("script");
          script.textContent = "window.isOwned = true";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", "<img src=/icon.svg onload='window.isOwned = true'>");
        }""")
        page.wait_for_timeout(200)
        assert page.evaluate("window.isOwned") is None
        assert any("Content Security Policy" in message for message in seen.console)


def test_the_record_and_the_links_of_the_model(browser, address):
    with opened(browser, address) as (page, seen):
        choose(page, "columns")
        assert "accuracy" in page.locator("#facts").inner_text()
        links = page.locator("#links a").evaluate_all("links => links.map(link => link.href)")
        for link in links:
            assert page.request.get(link).status == 200, link
        assert seen.console == []


def test_a_service_asks_for_its_token(browser, models, tmp_path):
    (tmp_path / "token").write_text("a-token-of-this-test\n")
    with (
        serving(tmp_path, models["classes"], "--token-file", tmp_path / "token") as place,
        opened(browser, place) as (page, seen),
    ):
        field = page.get_by_label("Access token")
        field.wait_for()
        assert page.evaluate("document.activeElement.id") == "token"
        assert page.locator("#access-problem").inner_text().startswith("Enter the access token")
        assert page.locator(".error").count() == page.locator(".error:not(:visible)").count()
        field.fill("wrong")
        page.keyboard.press("Enter")
        page.locator("#access-problem.error", has_text="This access token is wrong").wait_for()
        assert page.locator("#text").count() == 0
        field.fill("a-token-of-this-test")
        page.keyboard.press("Enter")
        page.locator("#text").fill(TEXT)
        page.locator("#sides li").first.wait_for()
        assert field.is_hidden()
        assert page.locator("#access-problem").is_hidden()
        with page.expect_download() as found:
            page.locator("#links a", has_text="JSON").click()
        assert found.value.suggested_filename == "classes.json"
        found.value.save_as(tmp_path / "record.json")
        assert json.loads((tmp_path / "record.json").read_text())["name"] == "classes"
        page.route("**/card", lambda route: route.fulfill(status=500, body="{}"))
        page.locator("#links a", has_text="Model card").click()
        problem = page.locator("#links-problem", has_text="the status 500")
        problem.wait_for()
        link, message = page.locator("#links").bounding_box(), problem.bounding_box()
        assert 0 < message["y"] - link["y"] < 200
        page.fill("#text", "love")
        problem.wait_for(state="hidden")
        # A browser itself tells of each refusal.
        assert all("401" in message or "500" in message for message in seen.console)
        assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_a_token_that_is_asked_for_while_the_model_changes_leads_to_the_model_that_is_chosen(browser, models, tmp_path):
    (tmp_path / "token").write_text("a-token-of-this-test\n")
    files = [models["classes"], models["ordered"]]
    with (
        serving(tmp_path, *files, "--token-file", tmp_path / "token") as place,
        opened(browser, place) as (page, _),
    ):
        for chosen in ("classes", "ordered"):
            if chosen == "ordered":
                page.route("**/models/ordered", lambda route: route.fulfill(status=401), times=1)
                page.get_by_label("Model", exact=True).select_option(chosen)
            page.get_by_label("Access token").fill("a-token-of-this-test")
            page.keyboard.press("Enter")
            page.locator("h1", has_text=chosen).wait_for()
            assert page.get_by_label("Model", exact=True).input_value() == chosen


def test_a_small_service_labels_a_table_and_says_that_it_logs_texts(browser, models, tmp_path):
    limits = ["--max-texts", "3", "--max-body", "1500", "--log-texts"]
    texts = [f"{'happy ' * (i % 50)}rain" for i in range(60)]
    with serving(tmp_path, models["classes"], *limits) as place, opened(browser, place) as (page, seen):
        page.locator("#text").wait_for()
        assert "It writes them to its log." in page.locator("#privacy").inner_text()
        drop(page, "\n".join(["text", *texts]).encode())
        back = list(csv.DictReader(io.StringIO(labelled_file(page, tmp_path)[1].decode())))
        assert [row["predicted"] for row in back] == vikt.load(models["classes"]).predict(texts).tolist()
        drop(page, b"text\nshort\n" + b"long " * 400 + b"\n")
        page.locator("#start").click()
        page.locator("#table-problem", has_text="Row 2: the body is longer than 1,500 bytes").wait_for()
        # A browser itself tells of the refusal.
        assert all("413" in message for message in seen.console)


@pytest.mark.parametrize(
    "labels", [("one", "two", "three"), ("down", "up", "up")], ids=["other labels", "the same labels"]
)
def test_a_model_that_is_replaced_is_told(browser, models, tmp_path, labels):
    path = tmp_path / "mine.vikt"
    path.write_bytes(models["classes"].read_bytes())
    with serving(tmp_path, path) as place, opened(browser, place) as (page, seen):
        page.fill("#text", TEXT)
        page.locator("#sides li").first.wait_for()
        digest = page.request.get(f"{place}models/mine").headers["model-digest"]
        models_of_kinds.fitted([*labels] * 4).save(tmp_path / "new.vikt")
        (tmp_path / "new.vikt").rename(path)
        while page.request.get(f"{place}models/mine").headers["model-digest"] == digest:
            page.wait_for_timeout(100)
        drop(page, b"text\nglad\n")
        page.locator("#start").click()
        page.locator("#table-problem", has_text="has been replaced").wait_for()
        page.fill("#text", "rain")
        page.locator("#problem", has_text="has been replaced").wait_for()
        assert "NaN" not in page.locator("main").inner_text()
        assert [message for message in seen.console if "422" not in message] == []


def test_a_busy_service_is_asked_again(browser, address, models, tmp_path):
    with opened(browser, address) as (page, _):
        choose(page, "classes")
        busy = {"status": 503, "headers": {"Retry-After": "1"}, "body": "{}"}
        page.route("**/predict", lambda route: route.fulfill(**busy), times=2)
        drop(page, b"text\nglad\n")
        back = list(csv.DictReader(io.StringIO(labelled_file(page, tmp_path)[1].decode())))
        assert [row["predicted"] for row in back] == vikt.load(models["classes"]).predict(["glad"]).tolist()


def test_a_service_that_ended_is_said_in_a_sentence(browser, models, tmp_path):
    with serving(tmp_path, models["classes"]) as place, opened(browser, place) as (page, _):
        page.locator("#text").wait_for()
        page.context.set_offline(True)
        page.fill("#text", TEXT)
        page.locator("#problem", has_text="does not answer").wait_for()
        page.context.set_offline(False)
        page.fill("#text", f"{TEXT} again")
        page.locator("#sides li").first.wait_for()
        assert page.locator("#problem").is_hidden()


def test_models_chosen_in_haste_end_with_the_last(browser, address, models):
    with opened(browser, address) as (page, seen):
        page.fill("#text", TEXT)
        names = [name for name in models if name != "columns"] * 5
        for name in names:
            page.get_by_label("Model", exact=True).select_option(name)
        page.locator("h1", has_text=names[-1]).wait_for()
        page.wait_for_load_state("networkidle")
        assert page.locator("h1").inner_text() == names[-1]
        told = vikt.load(models[names[-1]])
        shown = page.locator("#classes .name").all_inner_texts()
        assert sorted(shown) == sorted(map(str, told.classes_.tolist()))
        assert seen.console == []
