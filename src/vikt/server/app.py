"""The service as an application of FastAPI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from types import MethodType

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from vikt.errors import MissingPackageError, ViktError
from vikt.mappings import Json
from vikt.server.bodies import Explain, Predict
from vikt.server.guard import Guard, fault
from vikt.server.handlers import Handlers
from vikt.server.openapi import OF_BODY, OF_MODEL, OF_SERVICE, Operation, description
from vikt.server.problems import ProblemError
from vikt.server.schemas import Answers, ExplainedLabels, ModelList, ModelRecord, Status
from vikt.server.served import Served, spelled
from vikt.web.page import PAGE, SERVED_POLICY, Asset, served_files

_TEXT = {"schema": {"type": "string"}}
_EXAMPLE = "What a wonderful film!"
_EXAMPLES = [_EXAMPLE, "The plot is dull and the acting is worse."]
_MODEL = "/models/{model}"
OPERATIONS = (
    Operation(method="GET", path="/models", handler=Handlers.list_models, answer=ModelList, refusals=OF_SERVICE),
    Operation(method="GET", path=_MODEL, handler=Handlers.describe_model, answer=ModelRecord, refusals=OF_MODEL),
    Operation(
        method="POST", path=f"{_MODEL}/predict", handler=Handlers.predict, answer=Answers, refusals=OF_BODY,
        body=Predict,
        examples={
            "labels": {"texts": _EXAMPLES},
            "probabilities": {"texts": _EXAMPLES, "proba": True},
            "best two": {"texts": [_EXAMPLE], "top": 2, "threshold": 0.1},
        },
    ),
    Operation(
        method="POST", path=f"{_MODEL}/explain", handler=Handlers.explain, answer=ExplainedLabels, refusals=OF_BODY,
        body=Explain,
        examples={"answer": {"text": _EXAMPLE}},
    ),
    Operation(
        method="GET", path=f"{_MODEL}/card", handler=Handlers.card, answer={"text/markdown": _TEXT}, refusals=OF_MODEL
    ),
    Operation(
        method="GET", path=f"{_MODEL}/report", handler=Handlers.report, answer={"text/html": _TEXT},
        refusals=(*OF_MODEL, 501),
    ),
    Operation(method="GET", path="/healthz", handler=Handlers.health, answer=Status),
    Operation(method="GET", path="/readyz", handler=Handlers.ready, answer=Status, refusals=(503,)),
    Operation(
        method="GET", path="/metrics", handler=Handlers.give_metrics, answer={"text/plain": _TEXT}, refusals=OF_SERVICE
    ),
)  # fmt: skip
# What metrics are counted by.
ROUTES = [operation.path for operation in OPERATIONS]
# What load balancers ask for by HEAD.
_PROBED = ("/healthz", "/readyz")


def application(handlers: Handlers) -> Guard:
    """The service, behind its guard."""
    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers={
            ProblemError: _problem_answer,
            ViktError: _error_answer,
            HTTPException: _http_answer,
            Exception: _failure_answer,
        },
    )
    for operation in OPERATIONS:
        own = MethodType(operation.handler, handlers)
        about: Json = {"responses": operation.responses(), "response_class": Response}
        app.add_api_route(operation.path, own, methods=[operation.method], **about)
        if operation.path in _PROBED:
            app.add_api_route(operation.path, own, methods=["HEAD"], include_in_schema=False)
    _add_files(app)

    @lru_cache(maxsize=1)
    def document(first: Served) -> bytes:
        return spelled(description(app, OPERATIONS, handlers.settings, first))

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        first = next(iter(handlers.models.served.values()))
        return Response(document(first), media_type="application/json")

    return Guard(app, handlers.settings, handlers.metrics)


def _add_files(app: FastAPI) -> None:
    """The page and its files."""
    for name, asset in served_files().items():
        path = "/" if name == PAGE else f"/{name}"
        app.add_api_route(path, _file_handler(asset), methods=["GET", "HEAD"], include_in_schema=False)


def _file_handler(asset: Asset) -> Callable[[], Awaitable[Response]]:
    headers = {"Content-Security-Policy": SERVED_POLICY, "Referrer-Policy": "no-referrer"}

    async def answer() -> Response:
        return Response(asset.content, headers=headers, media_type=asset.media_type)

    return answer


async def _problem_answer(_: Request, problem: ProblemError) -> Response:
    return problem.response()


async def _error_answer(_: Request, error: ViktError) -> Response:
    """What a model says of documents that it cannot read."""
    return ProblemError(501 if isinstance(error, MissingPackageError) else 422, str(error)).response()


async def _http_answer(request: Request, error: HTTPException) -> Response:
    """What the router says of an unknown path or method."""
    headers = dict(error.headers or {})
    details = {
        404: "there is no such path; see /openapi.json",
        405: f"this path takes {headers.get('Allow')}, not {request.method:.20}; see /openapi.json",
    }
    return ProblemError(error.status_code, details.get(error.status_code, error.detail), headers).response()


async def _failure_answer(request: Request, _: Exception) -> Response:
    """What a client is told of a fault of the service; the guard logs it."""
    return fault(request.scope["exchange"].request_id).response()
