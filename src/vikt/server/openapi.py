"""The description of the service in OpenAPI 3.1, whose examples can be sent as they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from vikt.mappings import Json
from vikt.server.problems import MEDIA_TYPE
from vikt.server.schemas import ProblemDetails
from vikt.server.served import Served
from vikt.server.settings import Settings
from vikt.version import __version__

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
_VALUE = "1"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What clients can ask for.

    Attributes
    ----------
    answer : type or dict
        The schema of the answer, or its content.
    refusals : tuple of int
        The statuses with which it is refused.
    body : type, optional
        The schema of the body.
    examples : dict
        Bodies by name, for a model that reads texts alone.
    """

    method: str
    path: str
    handler: Callable[..., Awaitable[Response]]
    answer: type[BaseModel] | Json
    refusals: tuple[int, ...] = ()
    body: type[BaseModel] | None = None
    examples: dict[str, Json] = field(default_factory=dict)

    def responses(self) -> dict[int | str, Json]:
        """The answer and the refusals as FastAPI takes them."""
        content: Json = {"content" if isinstance(self.answer, dict) else "model": self.answer}
        problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
        answers: dict[int | str, Json] = {200: {"description": "The answer.", **content}}
        for status in sorted(self.refusals):
            answers[status] = {"description": _REFUSALS[status], "content": problem}
        return answers

    def request(self, names: list[str], first: Served) -> Json:
        """What a request has: the name of a model, and a body with examples for the first one."""
        parts: Json = {}
        if "{model}" in self.path:
            schema = {"type": "string", "enum": names}
            about = {"description": "The name of a model.", "example": first.name}
            parts["parameters"] = [{"name": "model", "in": "path", "required": True, "schema": schema, **about}]
        if self.body is not None:
            examples = {name: {"value": _fitting(example, first)} for name, example in self.examples.items()}
            schema = {"$ref": f"#/components/schemas/{self.body.__name__}"}
            content = {"application/json": {"schema": schema, "examples": examples}}
            parts["requestBody"] = {"required": True, "content": content}
        return parts


def description(app: FastAPI, operations: Iterable[Operation], settings: Settings, first: Served) -> Json:
    """The document; names of models, limits and examples are those of this service, whose first model is given."""
    document = get_openapi(
        title="vikt",
        version=__version__,
        summary="Text classification with logistic regression.",
        openapi_version="3.1.0",
        routes=app.routes,
    )
    for operation in operations:
        described = document["paths"][operation.path][operation.method.lower()]
        described |= operation.request(list(settings.models), first)
    schemas = document["components"]["schemas"]
    kinds: list[type[BaseModel]] = [ProblemDetails]
    kinds += [operation.body for operation in operations if operation.body is not None]
    for kind in kinds:
        schemas[kind.__name__] = kind.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["Predict"]["properties"]["texts"]["anyOf"][0]["maxItems"] = settings.limits.texts
    if settings.token:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


def _fitting(example: Json, served: Served) -> Json:
    """An example for what a model reads: with values of its columns, one for each text, and perhaps without texts."""
    count = len(example.get("texts", []))
    columns = {name: [_VALUE] * count if count else _VALUE for name in served.columns}
    read = {name: value for name, value in example.items() if served.reads_text or name not in ("text", "texts")}
    return {**read, "columns": columns} if columns else read
