"""HTTP as Uvicorn speaks it, within bounds that it lacks: how long headers may take, how large they may be."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from vikt.server.problems import MEDIA_TYPE, ProblemError, busy
from vikt.server.settings import HEADER_BYTES, Limits


class BoundedProtocol(HttpToolsProtocol):
    """A connection that is closed where the headers of a request take too long or are too large.

    Otherwise a client could hold a connection, or memory, without ever asking for anything.
    """

    def __init__(self, limits: Limits, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._limits = limits
        # Of the headers that are awaited.
        self._deadline: asyncio.TimerHandle | None = None
        self._received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_headers()
        if len(self.connections) > self._limits.connections:
            self._refuse(busy(f"there are {self._limits.connections:,} connections already; try again in a second"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_awaiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Bytes between two requests, or of a body that nobody reads, stop the timer of idle connections.
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._await_headers()
        if self._deadline is not None:
            self._received += len(data)
            if self._received > HEADER_BYTES:
                self._refuse(ProblemError(431, f"the headers are longer than {HEADER_BYTES:,} bytes; send fewer"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_headers()

    def on_header(self, name: bytes, value: bytes) -> None:
        # Those that follow a body mean nothing here.
        if self._deadline is not None:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._stop_awaiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(ProblemError(400, "the request is not HTTP/1.1; check what sends it"))

    def _await_headers(self) -> None:
        self._stop_awaiting()
        seconds = self._limits.reading_seconds
        slow = ProblemError(408, f"the headers did not arrive within {seconds:g} seconds; send them faster")
        self._deadline = self.loop.call_later(seconds, self._refuse, slow)

    def _stop_awaiting(self) -> None:
        self._received = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, problem: ProblemError) -> None:
        """Answer at once, and close the connection."""
        self._stop_awaiting()
        if self.transport.is_closing():
            return
        content = problem.content()
        headers = {"content-type": MEDIA_TYPE, "content-length": str(len(content)), "connection": "close"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, **problem.headers}.items())
        self.transport.write(STATUS_LINE[problem.status] + lines.encode() + b"\r\n" + content)
        self.transport.close()
