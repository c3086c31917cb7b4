"""What is done for every request: who may ask, how long it may take, and what is counted and logged of it."""

from __future__ import annotations

import asyncio
import hmac
import os
import re
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vikt.server.logs import log, log_error
from vikt.server.metrics import OTHER, Metrics
from vikt.server.problems import ProblemError, busy
from vikt.server.settings import Settings

# What a probe and the page ask for before there is a token; none of it tells anything of a model.
_OPEN = frozenset({"/healthz", "/readyz", "/"})
_OPEN_ENDINGS = (".js", ".css", ".svg")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SHOWN_PATH = 120


@dataclass
class Exchange:
    """A request and what is known of its answer; what handles it adds `facts` for the log."""

    headers: Headers
    request_id: str
    started: float
    status: int = 0
    received: int = 0
    facts: dict[str, Any] = field(default_factory=dict)


class Guard:
    """An app behind its guard."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._token = f"Bearer {settings.token}".encode() if settings.token else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _exchange(scope)
        scope["exchange"] = exchange

        async def told_receive() -> Message:
            message = await receive()
            exchange.received += len(message.get("body", b""))
            return message

        async def told_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                message["headers"] = [*message.get("headers", []), *_ALWAYS, _id_header(exchange)]
            await send(message)

        self._metrics.add_in_flight(1)
        try:
            await self._answer(scope, exchange, told_receive, told_send)
        finally:
            self._metrics.add_in_flight(-1)
            self._tell(scope, exchange)

    async def _answer(self, scope: Scope, exchange: Exchange, receive: Receive, send: Send) -> None:
        try:
            self._admit(scope["path"], exchange.headers)
            async with asyncio.timeout(self._settings.limits.seconds):
                await self._app(scope, receive, send)
            return
        except ProblemError as problem:
            refusal = problem
        except TimeoutError:
            seconds = self._settings.limits.seconds
            refusal = busy(f"the answer took longer than {seconds:g} seconds; send less at a time")
        except Exception as error:
            log_error("failure", error, id=exchange.request_id)
            refusal = fault(exchange.request_id)
        if not exchange.status:
            await refusal.response()(scope, receive, send)

    def _admit(self, path: str, headers: Headers) -> None:
        """Raise ProblemError where a request calls the host by a foreign name, or lacks the token."""
        hosts = self._settings.hosts
        if hosts and _host(headers.get("host", "")) not in hosts:
            raise ProblemError(421, "the header Host names another host; use localhost, or serve with a token")
        if not self._token or path in _OPEN or path.endswith(_OPEN_ENDINGS):
            return
        if not hmac.compare_digest(headers.get("authorization", "").encode(), self._token):
            raise ProblemError(
                401, "the token is missing or wrong; send the header Authorization: Bearer TOKEN", _AUTHENTICATE
            )

    def _tell(self, scope: Scope, exchange: Exchange) -> None:
        route = getattr(scope.get("route"), "path", OTHER)
        seconds = time.perf_counter() - exchange.started
        self._metrics.add_request(route, exchange.status, seconds, exchange.received)
        log(
            "request",
            id=exchange.request_id,
            method=scope["method"],
            path=scope["path"][:_SHOWN_PATH],
            status=exchange.status,
            seconds=round(seconds, 6),
            bytes=exchange.received,
            **exchange.facts,
        )


def fault(request_id: str) -> ProblemError:
    """What a client is told where the service itself is at fault."""
    return ProblemError(500, f"the service failed; look for the request {request_id} in its log")


_ALWAYS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
_AUTHENTICATE = {"WWW-Authenticate": "Bearer"}


def _exchange(scope: Scope) -> Exchange:
    headers = Headers(scope=scope)
    given = headers.get("x-request-id", "")
    request_id = given if _REQUEST_ID.fullmatch(given) else os.urandom(8).hex()
    return Exchange(headers, request_id, time.perf_counter())


def _id_header(exchange: Exchange) -> tuple[bytes, bytes]:
    return b"x-request-id", exchange.request_id.encode()


def _host(header: str) -> str:
    """The name in a header Host, without its port.

    Examples
    --------
    >>> _host("localhost:8000"), _host("[::1]:8000"), _host("127.0.0.1")
    ('localhost', '[::1]', '127.0.0.1')
    """
    return re.sub(r":\d*$", "", header).lower()
