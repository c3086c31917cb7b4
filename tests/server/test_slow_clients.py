"""Clients that hold a connection without asking for anything: each loses it after the reading time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket

import pytest
import uvicorn
from serving import service

from vikt.server.app import application
from vikt.server.protocol import BoundedProtocol
from vikt.server.settings import Limits

pytestmark = pytest.mark.anyio
READING_SECONDS = 0.4
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /models/spam/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
JSON = b"Content-Type: application/json\r\n"


@contextlib.asynccontextmanager
async def listening(path, **options):
    """The port of a service in this process."""
    limits = Limits(reading_seconds=READING_SECONDS)
    async with service({"spam": path}, limits=limits, **options) as (_, handlers):
        protocol = functools.partial(BoundedProtocol, limits)
        config = uvicorn.Config(
            application(handlers), http=protocol, ws="none", lifespan="off", log_config=None, timeout_keep_alive=1
        )
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            running = asyncio.create_task(server._serve([listener]))
            try:
                yield listener.getsockname()[1]
            finally:
                server.should_exit = True
                await running


async def held(port, sent, drip):
    """The seconds that a connection is open for a client that sends something, then a little again and again."""
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    closed = asyncio.create_task(reader.read())
    start = loop.time()
    while not closed.done() and loop.time() - start < 5:
        with contextlib.suppress(ConnectionError):
            writer.write(drip)
        await asyncio.sleep(0.05)
    closed.cancel()
    writer.close()
    return loop.time() - start


@pytest.mark.parametrize(
    ("sent", "drip"),
    [
        (b"", b""),
        (b"", b"\r\n"),
        (b"GET / HT", b""),
        (b"GET / HTTP/1.1\r\nX: ", b"a"),
        (POST + JSON + b"\r\n{", b"a"),
        (POST + b"\r\n{", b"a"),
        (POST.replace(b"spam", b"none") + JSON + b"\r\n", b"a"),
        (GET + b"\r\n", b""),
        (GET, b"\r\n"),
        (GET, b"G"),
    ],
)
async def test_a_slow_client_loses_its_connection(model, sent, drip):
    async with listening(model) as port:
        assert await held(port, sent, drip) < 3


async def test_a_client_that_asks_now_and_then_keeps_it(model):
    async with listening(model) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(4):
            writer.write(GET)
            assert await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(16) == b'{"status": "ok"}'
            await asyncio.sleep(READING_SECONDS / 2)
        await asyncio.sleep(1.5 * READING_SECONDS)
        writer.write(GET)
        assert await reader.readuntil(b"\r\n\r\n")
        writer.close()
