"""HTTP as Uvicorn speaks it, within bounds that it lacks: how long headers may take, how large they may be.

A request to change to another protocol is answered in HTTP/1.1, as the standard allows. What is refused on a connection
is refused after the requests that came before are answered, since a client matches answers to requests by their order.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httptools
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
        # What is still to be sent, once the requests before it are answered.
        self._refusal: ProblemError | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_headers()
        if len(self.connections) > self._limits.connections:
            self._refuse(busy(f"there are {self._limits.connections:,} connections already; try again in a second"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_awaiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._parse(data)
        # Bytes between two requests, or of a body that nobody reads, stop the timer of idle connections.
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._await_headers()
        if self._deadline is not None:
            self._received += len(data)
            if self._received > HEADER_BYTES:
                self._refuse(ProblemError(431, f"the headers are longer than {HEADER_BYTES:,} bytes; send fewer"))

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection for the answers that are due: a client may close its own half before it reads."""
        if not self._owes_answer():
            return False
        if self._refusal is None:
            self.cycle.keep_alive = False
        return True

    def _parse(self, data: bytes) -> None:
        waiting = [memoryview(data)]
        while waiting:
            piece = waiting.pop()
            try:
                self.parser.feed_data(piece)
            except httptools.HttpParserUpgrade as upgrade:
                if self.parser.get_method() == b"CONNECT":
                    self._refuse(ProblemError(405, "this is not a proxy; send GET or POST", {"Allow": "GET, POST"}))
                    return
                # The parser takes what follows for another protocol: it gets the request again, without its Upgrade.
                waiting += [piece[upgrade.args[0] :], memoryview(self._head_without_upgrade())]
            except httptools.HttpParserError as error:
                reason = error.__context__
                malformed = ProblemError(400, "the request is not HTTP/1.1; check what sends it")
                self._refuse(reason if isinstance(reason, ProblemError) else malformed)
                return

    def _head_without_upgrade(self) -> bytes:
        start = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        lines = [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([start, *lines, b"", b""])

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_headers()

    def on_header(self, name: bytes, value: bytes) -> None:
        # Those that follow a body mean nothing here.
        if self._deadline is not None:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._check_headers()
        self._stop_awaiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._refusal is not None:
            self._refuse(self._refusal)

    def _check_headers(self) -> None:
        if sum(name == b"host" for name, _ in self.headers) > 1:
            raise ProblemError(400, "the request has several Host headers; send one")
        if any(name == b"transfer-encoding" and value.lower() != b"chunked" for name, value in self.headers):
            raise ProblemError(501, "Transfer-Encoding: expected chunked alone; send the body uncompressed")

    def _owes_answer(self) -> bool:
        """Whether a whole request has arrived that is not answered yet."""
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and (not cycle.more_body or bool(self.pipeline))

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
        """Answer, once the requests before are answered, and close the connection."""
        self._stop_awaiting()
        if self.transport.is_closing():
            return
        if self._owes_answer():
            self._refusal = problem
            return
        content = problem.content()
        headers = {"content-type": MEDIA_TYPE, "content-length": str(len(content)), "connection": "close"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, **problem.headers}.items())
        self.transport.write(STATUS_LINE[problem.status] + lines.encode() + b"\r\n" + content)
        self.transport.close()
