"""The service as an application of FastAPI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import MethodType
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from vikt.errors import MissingPackageError, ViktError
from vikt.server.guard import Guard, fault
from vikt.server.handlers import Handlers
from vikt.server.openapi import OF_BODY, OF_MODEL, OF_SERVICE, description, responses
from vikt.server.problems import ProblemError
from vikt.server.schemas import Answers, ExplainedLabels, ModelList, ModelRecord, Status
from vikt.web.page import PAGE, SERVED_POLICY, Asset, served_files

_TEXT = {"schema": {"type": "string"}}
_MODEL = "/models/{model}"
_OPERATIONS: list[tuple[str, str, Callable[..., Awaitable[Response]], dict[int | str, Any]]] = [
    ("GET", "/models", Handlers.list_models, responses(ModelList, OF_SERVICE)),
    ("GET", _MODEL, Handlers.describe_model, responses(ModelRecord, OF_MODEL)),
    ("POST", f"{_MODEL}/predict", Handlers.predict, responses(Answers, OF_BODY)),
    ("POST", f"{_MODEL}/explain", Handlers.explain, responses(ExplainedLabels, OF_BODY)),
    ("GET", f"{_MODEL}/card", Handlers.card, responses({"text/markdown": _TEXT}, OF_MODEL)),
    ("GET", f"{_MODEL}/report", Handlers.report, responses({"text/html": _TEXT}, (*OF_MODEL, 501))),
    ("GET", "/healthz", Handlers.health, responses(Status, ())),
    ("GET", "/readyz", Handlers.ready, responses(Status, (503,))),
    ("GET", "/metrics", Handlers.give_metrics, responses({"text/plain": _TEXT}, OF_SERVICE)),
]
# What metrics are counted by.
ROUTES = [path for _, path, _, _ in _OPERATIONS]


def application(handlers: Handlers) -> Guard:
    """The service, behind its guard."""
    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers={
            ProblemError: _of_problem,
            ViktError: _of_error,
            HTTPException: _of_http,
            Exception: _of_failure,
        },
    )
    for method, path, handler, answers in _OPERATIONS:
        own = MethodType(handler, handlers)
        app.add_api_route(path, own, methods=[method], responses=answers, response_class=Response)
    _add_files(app)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> dict[str, Any]:
        return description(app, list(handlers.models.served.values()), handlers.settings)

    return Guard(app, handlers.settings, handlers.metrics)


def _add_files(app: FastAPI) -> None:
    """The page and its files."""
    for name, asset in served_files().items():
        path = "/" if name == PAGE else f"/{name}"
        app.add_api_route(path, _giving(asset), methods=["GET"], include_in_schema=False)


def _giving(asset: Asset) -> Callable[[], Awaitable[Response]]:
    headers = {"Content-Security-Policy": SERVED_POLICY, "Referrer-Policy": "no-referrer"}

    async def give() -> Response:
        return Response(asset.content, headers=headers, media_type=asset.media_type)

    return give


async def _of_problem(_: Request, problem: ProblemError) -> Response:
    return problem.response()


async def _of_error(_: Request, error: ViktError) -> Response:
    """What a model says of documents that it cannot read."""
    return ProblemError(501 if isinstance(error, MissingPackageError) else 422, str(error)).response()


async def _of_http(_: Request, error: HTTPException) -> Response:
    """What the router says of an unknown path or method."""
    detail = _OF_ROUTER.get(error.status_code, error.detail)
    return ProblemError(error.status_code, detail, dict(error.headers or {})).response()


_OF_ROUTER = {404: "there is no such path; see /openapi.json", 405: "the path has no such method; see /openapi.json"}


async def _of_failure(request: Request, _: Exception) -> Response:
    """What a client is told of a fault of the service; the guard logs it."""
    return fault(request.scope["exchange"].request_id).response()
