"""The description of the service in OpenAPI 3.1, whose examples can be sent as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from vikt.server.bodies import Explain, Predict
from vikt.server.problems import MEDIA_TYPE
from vikt.server.schemas import ProblemDetails
from vikt.server.served import Served
from vikt.server.settings import Settings
from vikt.version import __version__

_TEXT = "What a wonderful film!"
_TEXTS = [_TEXT, "The plot is dull and the acting is worse."]
_REFUSALS = {
    400: "The body is not JSON.",
    401: "The token is missing or wrong.",
    404: "There is no such model.",
    408: "The body arrived too slowly.",
    413: "The body, or a text to explain, is too long.",
    415: "The body is of another type, or compressed.",
    421: "The request names another host.",
    422: "A field is missing or invalid.",
    500: "The service failed.",
    501: "A package that this needs is not installed where the service runs.",
    503: "The service is busy, or the answer took too long; try again.",
}
OF_SERVICE = (401, 421, 500, 503)
OF_MODEL = (*OF_SERVICE, 404)
OF_BODY = (*OF_MODEL, 400, 408, 413, 415, 422)


def responses(of: type[BaseModel] | dict[str, Any], refusals: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    """The answer of an operation, by its schema or its content, and how it refuses."""
    content: dict[str, Any] = {"content": of} if isinstance(of, dict) else {"model": of}
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    answers: dict[int | str, dict[str, Any]] = {200: {"description": "The answer.", **content}}
    answers |= {status: {"description": _REFUSALS[status], "content": problem} for status in sorted(refusals)}
    return answers


def description(app: FastAPI, served: list[Served], settings: Settings) -> dict[str, Any]:
    """The document; names of models, limits and examples are those of this service."""
    document = get_openapi(
        title="vikt",
        version=__version__,
        summary="Text classification with logistic regression.",
        openapi_version="3.1.0",
        routes=app.routes,
    )
    schemas = document["components"]["schemas"]
    for kind in (Predict, Explain, ProblemDetails):
        schemas[kind.__name__] = kind.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["Predict"]["properties"]["texts"]["anyOf"][0]["maxItems"] = settings.limits.texts
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete(path, operation, served)
    if settings.token:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


def _complete(path: str, operation: dict[str, Any], served: list[Served]) -> None:
    if "{model}" in path:
        names = {"type": "string", "enum": [each.name for each in served]}
        about = {"description": "The name of a model.", "example": served[0].name}
        operation["parameters"] = [{"name": "model", "in": "path", "required": True, "schema": names, **about}]
    ending = path.rpartition("/")[2]
    if ending in _EXAMPLES:
        kind, examples = _EXAMPLES[ending]
        columns = dict.fromkeys(served[0].columns, _VALUE)
        operation["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": f"#/components/schemas/{kind.__name__}"},
                    "examples": {name: {"value": _with(value, columns)} for name, value in examples.items()},
                }
            },
        }


_VALUE = "1"
_EXAMPLES: dict[str, tuple[type[BaseModel], dict[str, dict[str, Any]]]] = {
    "predict": (
        Predict,
        {
            "labels": {"texts": _TEXTS},
            "probabilities": {"texts": _TEXTS, "proba": True},
            "best two": {"texts": [_TEXT], "top": 2, "threshold": 0.1},
        },
    ),
    "explain": (Explain, {"answer": {"text": _TEXT}}),
}


def _with(example: dict[str, Any], columns: dict[str, str]) -> dict[str, Any]:
    """An example with values of the columns that the model reads, one for each text."""
    if not columns:
        return example
    count = len(example.get("texts", []))
    own = {name: [value] * count if count else value for name, value in columns.items()}
    return {**example, "columns": own}
