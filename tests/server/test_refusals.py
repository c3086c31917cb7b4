"""How the service refuses: one message for each, in RFC 9457's form, and never a fault of its own."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from serving import TEXTS, service

from vikt.server.app import ROUTES
from vikt.server.settings import Limits

pytestmark = pytest.mark.anyio
JSON = {"Content-Type": "application/json"}


def checked(answer, status, words):
    """A refusal has the form that was promised, and says what is expected."""
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(problem) == {"type", "title", "status", "detail"}
    assert (answer.status_code, problem["status"]) == (status, status)
    assert words in problem["detail"]
    assert answer.headers["x-request-id"]
    return problem["detail"]


@pytest.mark.parametrize(
    ("path", "content", "status", "words"),
    [
        ("predict", b"", 400, "not JSON"),
        ("predict", b"{", 400, "not JSON"),
        ("predict", b'{"texts": ["\\ud800"]}', 400, "not JSON in UTF-8"),
        ("predict", b'{"texts": ["\xff"]}', 400, "not JSON in UTF-8"),
        ("predict", b"[" * 100_000, 400, "recursion limit"),
        ("predict", b'{"top": ' + b"9" * 5000 + b"}", 400, "number out of range"),
        ("predict", b"[]", 422, "the body: expected an object"),
        ("predict", b"{}", 422, "texts: this field is missing; add it"),
        ("predict", b'{"texts": "win"}', 422, "texts: expected an array, found 'win'"),
        ("predict", b'{"texts": ["win", 7]}', 422, "texts[1]: expected a string, found 7"),
        ("predict", b'{"texts": [null]}', 422, "texts[0]: expected a string, found null"),
        ("predict", b'{"texts": [], "x": 1}', 422, "x: there is no such field; choose from 'texts', 'columns'"),
        ("predict", b'{"texts": [], "top": 0}', 422, "top: expected a number of 1 or more, found 0"),
        ("predict", b'{"texts": [], "threshold": NaN}', 422, "threshold: expected a finite number"),
        ("predict", b'{"texts": [], "threshold": 2}', 422, "threshold: expected a number of 1 or less, found 2"),
        ("predict", b'{"texts": [], "proba": 1}', 422, "proba: expected true or false"),
        ("predict", b'{"texts": ["a"], "columns": {"price": [1]}}', 422, "does not read 'price'"),
        ("predict", b'{"texts": [], "top": "2"}', 422, "top: expected a whole number"),
        ("predict", b'{"texts": [], "threshold": []}', 422, "threshold: expected a number"),
        ("predict", b'{"text": "win"}', 422, "text: there is no such field (did you mean 'texts'?); choose from"),
        ("predict", b'{"texts": [], "treshold": 1}', 422, "(did you mean 'threshold'?); choose from"),
        ("explain", b'{"texts": ["win"]}', 422, "did you mean 'text'?"),
        ("explain", b"{}", 422, "text: this field is missing; add it"),
        ("explain", b'{"text": "win", "label": "pos"}', 422, "no class 'pos'; choose from 'ham', 'spam'"),
        ("explain", b'{"text": "win", "label": "ham", "against": "ham"}', 422, "name another"),
    ],
)
async def test_a_body_that_cannot_be_used(model, path, content, status, words):
    async with service({"spam": model}) as (client, _):
        checked(await client.post(f"/models/spam/{path}", content=content, headers=JSON), status, words)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "words"),
    [
        ("GET", "/nothing", {}, 404, "no such path"),
        ("GET", "/models/", {}, 404, "no such path"),
        ("GET", "/models/ham", {}, 404, "there is no model 'ham'; choose from 'spam'"),
        ("POST", "/models/..%2f..%2fetc/predict", JSON, 404, "no such path"),
        ("PUT", "/models", {}, 405, "this path takes GET, not PUT"),
        ("GET", "/models/spam/predict", {}, 405, "this path takes POST, not GET"),
        ("POST", "/models/spam/predict", {}, 415, "Content-Type: application/json"),
        ("POST", "/models/spam/predict", {"Content-Type": "text/plain"}, 415, "Content-Type: application/json"),
        ("POST", "/models/spam/predict", {**JSON, "Content-Encoding": "gzip"}, 415, "not compressed"),
        ("GET", "/models", {"Host": "evil.example"}, 421, "names another host"),
    ],
)
async def test_a_request_that_cannot_be_served(model, method, path, headers, status, words):
    hosts = frozenset({"localhost"})
    async with service({"spam": model}, hosts=hosts) as (client, _):
        checked(await client.request(method, path, headers=headers, content=b"{}"), status, words)


async def test_a_token_is_asked_for(model):
    async with service({"spam": model}, token="s3cret-token") as (client, _):
        for value in (b"", b"Bearer wrong", b"s3cret-token", b"Bearer", b"Bearer \xe9", b"Basic s3cret-token"):
            answer = await client.get("/models", headers={b"Authorization": value})
            checked(answer, 401, "Authorization: Bearer TOKEN")
            assert answer.headers["www-authenticate"] == "Bearer"
        for scheme in ("Bearer", "bearer", "BEARER"):
            headers = {"Authorization": f"{scheme} s3cret-token"}
            assert (await client.get("/models", headers=headers)).status_code == 200
        for path in ("/healthz", "/readyz", "/", "/style.css"):
            assert (await client.get(path)).status_code == 200
        for path in (*ROUTES, "/openapi.json", "/models/spam", "/models/page", "/models/spam.js", "/x"):
            for ending in ("", ".js", ".css", ".svg", "/page.js", "/icon.svg"):
                closed = f"{path}{ending}" not in ("/healthz", "/readyz")
                assert (await client.get(f"{path}{ending}")).status_code == (401 if closed else 200)


async def test_an_early_refusal_of_a_body_ends_the_connection(model):
    """Nobody reads the rest of the body, so what follows on the connection could not be told from it."""
    posted = {"content": b'{"texts": ["win"]}', "headers": JSON}
    async with service({"spam": model}, token="s3cret-token") as (client, _):
        assert (await client.post("/models/spam/predict", **posted)).headers["connection"] == "close"
        assert "connection" not in (await client.get("/models/spam")).headers
    async with service({"spam": model}) as (client, _):
        for path in ("/models/ham/predict", "/nothing", "/healthz"):
            assert (await client.post(path, **posted)).headers["connection"] == "close"
        assert "connection" not in (await client.post("/models/spam/predict", **posted)).headers


async def test_probes_may_ask_for_the_headers_alone(model):
    async with service({"spam": model}) as (client, _):
        for path in ("/healthz", "/readyz", "/", "/page.js"):
            assert (await client.head(path)).status_code == 200


async def test_a_long_body_is_refused_while_it_arrives(model):
    sent = []

    async def pieces():
        for _ in range(1000):
            sent.append(1)
            yield b"a" * 1000

    async with service({"spam": model}, limits=Limits(body_bytes=5000)) as (client, _):
        checked(await client.post("/models/spam/predict", content=pieces(), headers=JSON), 413, "5,000 bytes")
        assert len(sent) < 10
        announced = {**JSON, "Content-Length": "9999999"}
        checked(await client.post("/models/spam/predict", content=b"{}", headers=announced), 413, "5,000 bytes")


async def test_a_slow_body_is_given_up_while_others_are_answered(model):
    async def pieces():
        yield b'{"texts": ['
        await asyncio.sleep(30)

    async with service({"spam": model}, limits=Limits(reading_seconds=0.3)) as (client, _):
        slow = [
            asyncio.create_task(client.post("/models/spam/predict", content=pieces(), headers=JSON)) for _ in range(80)
        ]
        await asyncio.sleep(0.05)
        assert (await client.post("/models/spam/predict", json={"texts": TEXTS})).status_code == 200
        for answer in await asyncio.gather(*slow):
            checked(answer, 408, "did not arrive within 0.3 seconds")


async def test_more_texts_and_longer_texts_than_the_limits(model):
    async with service({"spam": model}, limits=Limits(texts=3, explained_characters=10)) as (client, _):
        answer = await client.post("/models/spam/predict", json={"texts": ["a"] * 4})
        checked(answer, 413, "at most 3 texts, found 4")
        checked(await client.post("/models/spam/explain", json={"text": "a" * 11}), 413, "at most 10 characters")


async def test_what_takes_too_long_and_what_waits_behind_it(model):
    """A lane that is held up: what is in it is given up in time, and beyond a bound nothing more is taken."""
    release = threading.Event()
    async with service({"spam": model}, limits=Limits(seconds=0.5, waiting=2)) as (client, handlers):
        holding = asyncio.create_task(handlers._long.result(release.wait))
        await asyncio.sleep(0.05)
        waiting = [asyncio.create_task(client.post("/models/spam/explain", json={"text": "win"})) for _ in range(2)]
        await asyncio.sleep(0.05)
        refused = await client.post("/models/spam/explain", json={"text": "win"})
        checked(refused, 503, "2 requests wait already")
        assert refused.headers["retry-after"] == "1"
        assert (await client.post("/models/spam/predict", json={"texts": ["win"]})).status_code == 200
        for answer in await asyncio.gather(*waiting):
            checked(answer, 503, "took longer than 0.5 seconds")
        release.set()
        await holding
        # What was given up is passed over.
        while handlers._long._queue.qsize():
            await asyncio.sleep(0.01)
        assert (await client.post("/models/spam/explain", json={"text": "win"})).status_code == 200


async def test_a_fault_of_the_service_tells_the_client_where_to_look(model, capsys):
    async with service({"spam": model}) as (client, handlers):

        def fail():
            raise RuntimeError("a secret text")

        handlers.models.served["spam"].__dict__["answers"] = lambda **_: fail()
        headers = {"X-Request-ID": "request-7"}
        answer = await client.post("/models/spam/predict", json={"texts": ["win"]}, headers=headers)
        assert "request-7" in checked(answer, 500, "the service failed")
        log = capsys.readouterr().err
        assert "RuntimeError" in log
        assert "secret" not in log


async def test_the_log_has_no_texts_unless_they_are_wanted(model, capsys):
    for log_texts in (False, True):
        async with service({"spam": model}, log_texts=log_texts) as (client, _):
            await client.post("/models/spam/predict", json={"texts": ["win a prize"]})
            await client.post("/models/spam/predict?text=prize", json={"texts": ["prize", 7]})
            await client.post("/models/spam/explain", json={"text": "a prize", "label": "prize"})
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert [line["status"] for line in lines] == [200, 422, 422]
        assert ("prize" in json.dumps(lines)) == log_texts
        assert lines[0]["model"] == "spam"
        assert lines[0]["count"] == 1
