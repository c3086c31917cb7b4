"""What is done for every request: who may ask, how long it may take, and what is counted and logged of it."""

from __future__ import annotations

import asyncio
import hmac
import os
import re
import time
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vikt.mappings import Json
from vikt.server.logs import log, log_error
from vikt.server.metrics import OTHER, Metrics
from vikt.server.problems import ProblemError
from vikt.server.settings import Settings
from vikt.web.page import served_files

# What a probe and the page ask for before there is a token; none of it tells anything of a model.
_OPEN = frozenset({"/healthz", "/readyz", "/", *(f"/{name}" for name in served_files())})
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
    is_received: bool = False
    facts: Json = field(default_factory=dict)

    def answer_headers(self) -> list[tuple[bytes, bytes]]:
        """What every answer says; one that comes before the body of its request has been read ends the connection."""
        is_left = not self.is_received and ("transfer-encoding" in self.headers or self._announces_body)
        return [*_ALWAYS, (b"x-request-id", self.request_id.encode()), *(_CLOSE if is_left else ())]

    @property
    def _announces_body(self) -> bool:
        return self.headers.get("content-length", "0") != "0"


class Guard:
    """An app behind its guard: the middleware of the service."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._token = settings.token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _exchange(scope)
        scope["exchange"] = exchange

        async def counting_receive() -> Message:
            message = await receive()
            exchange.received += len(message.get("body", b""))
            exchange.is_received = not message.get("more_body", False)
            return message

        async def recording_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                message["headers"] = [*message.get("headers", []), *exchange.answer_headers()]
            await send(message)

        self._metrics.add_in_flight(1)
        try:
            await self._answer(scope, exchange, counting_receive, recording_send)
        finally:
            self._metrics.add_in_flight(-1)
            self._record(scope, exchange)

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
            refusal = ProblemError(503, f"the answer took longer than {seconds:g} seconds; send less at a time")
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
        if not self._token or path in _OPEN:
            return
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self._token):
            raise ProblemError(
                401, "the token is missing or wrong; send the header Authorization: Bearer TOKEN", _AUTHENTICATE
            )

    def _record(self, scope: Scope, exchange: Exchange) -> None:
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
_CLOSE = [(b"connection", b"close")]
_AUTHENTICATE = {"WWW-Authenticate": "Bearer"}


def _exchange(scope: Scope) -> Exchange:
    headers = Headers(scope=scope)
    proposed = headers.get("x-request-id", "")
    request_id = proposed if _REQUEST_ID.fullmatch(proposed) else os.urandom(8).hex()
    return Exchange(headers, request_id, time.perf_counter())


def _host(header: str) -> str:
    """The name in a header Host, without its port and brackets.

    Examples
    --------
    >>> _host("localhost:8000"), _host("[::1]:8000"), _host("127.0.0.1")
    ('localhost', '::1', '127.0.0.1')
    """
    return re.sub(r":\d*$", "", header).lower().strip("[]")
