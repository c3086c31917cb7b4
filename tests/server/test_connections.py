"""What arrives on a connection, byte for byte, and what is answered there."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from test_slow_clients import listening

pytestmark = pytest.mark.anyio
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
BODY = b'{"texts": ["win"]}'
UPGRADES = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
)
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def post(headers=b"", body=BODY):
    length = b"" if CHUNKED in headers else b"Content-Length: %d\r\n" % len(body)
    head = b"POST /models/spam/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return head + length + headers + b"\r\n" + body


async def received(model, *pieces, half_closes=False):
    """The status and the content of each answer until the connection is closed."""
    async with listening(model) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.02)
        if half_closes:
            writer.write_eof()
        content = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    answers = re.findall(rb"HTTP/1.1 (\d+) .*?\r\n\r\n([^\r\n]*?)(?=HTTP/1.1 |\Z)", content, re.DOTALL)
    return [(int(status), json.loads(told)) for status, told in answers]


@pytest.mark.parametrize("upgrade", UPGRADES)
@pytest.mark.parametrize("is_cut", [False, True])
async def test_an_upgrade_is_ignored(model, upgrade, is_cut, capsys):
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    sent = post(upgrade) + post(upgrade + CHUNKED, chunked) + GET.replace(b"\r\n\r\n", b"\r\n" + upgrade + b"\r\n")
    pieces = [sent[:30], sent[30:150], sent[150:]] if is_cut else [sent]
    *answers, health = await received(model, *pieces, half_closes=True)
    assert [(status, told["answers"][0]["predicted"]) for status, told in answers] == [(200, "spam")] * 2
    assert health == (200, {"status": "ok"})
    assert "WebSocket" not in capsys.readouterr().err


async def test_many_upgrades_in_one_piece(model):
    sent = GET.replace(b"\r\n\r\n", b"\r\n" + UPGRADES[1] + b"\r\n")
    assert [status for status, _ in await received(model, sent * 1000, half_closes=True)] == [200] * 1000


@pytest.mark.parametrize(
    ("malformed", "status"),
    [
        (b"garbage\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000, 431),
        (GET.replace(b"Host", b"Host: localhost\r\nHost"), 400),
        (b"GET / HT", 408),
    ],
)
async def test_what_came_before_a_refused_request_is_answered(model, malformed, status):
    answers = await received(model, post() * 3 + malformed)
    assert [status for status, _ in answers] == [200, 200, 200, status]


async def test_what_is_refused_is_told_to_a_client_that_closed_its_own_half(model):
    answers = await received(model, post() + b"garbage\r\n\r\n", half_closes=True)
    assert [status for status, _ in answers] == [200, 400]


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        (GET.replace(b"Host", b"Host: localhost\r\nhost"), 400, "several Host headers"),
        (post(UPGRADES[0] + b"Host: evil.example\r\n"), 400, "several Host headers"),
        (post(b"Transfer-Encoding: gzip, chunked\r\n" + CHUNKED, b"0\r\n\r\n"), 400, "not HTTP/1.1"),
        (GET[:-2] + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "expected chunked alone"),
        (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "not a proxy"),
        (post(CHUNKED, b"xyz\r\n"), 400, "not HTTP/1.1"),
    ],
)
async def test_what_is_refused(model, sent, status, words):
    ((found, told),) = await received(model, sent)
    assert found == status
    assert words in told["detail"]


async def test_a_client_that_closes_its_own_half_is_answered(model):
    statuses = [status for status, _ in await received(model, post() * 2, half_closes=True)]
    assert statuses == [200, 200]
    assert await received(model, post()[:-1], half_closes=True) == []
