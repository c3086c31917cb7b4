"""The bodies of requests: read within limits, and checked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.types import Receive

from vikt.mappings import ReadJson
from vikt.names import suggestion
from vikt.parameters import mistake
from vikt.server.problems import ProblemError
from vikt.server.settings import Limits
from vikt.tables import quoted

Body = TypeVar("Body", bound="Checked")
# Of a document, in a column that the model reads beside the text.
Value = Annotated[str | bool | int | float | list[float], Field(union_mode="left_to_right")]
Name = Annotated[str, StringConstraints(min_length=1)]


class Checked(BaseModel):
    """A body, of which no field is unknown and none is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Predict(Checked):
    """Texts to answer, and how."""

    texts: list[str] | None = Field(default=None, description="The texts, unless the model reads none.")
    columns: dict[Name, list[Value]] | None = Field(
        default=None, description="The other columns that the model reads, a value for each text."
    )
    top: int | None = Field(default=None, ge=1, description="Give the K most probable labels.")
    threshold: float | None = Field(
        default=None, ge=0, le=1, description="Leave a label out if its probability is below this."
    )
    proba: bool = Field(default=False, description="Add the probability of each label.")


class Explain(Checked):
    """A text to explain, and what of it."""

    text: str | None = Field(default=None, description="The text, unless the model reads none.")
    columns: dict[Name, Value] | None = Field(default=None, description="The other columns that the model reads.")
    label: str | None = Field(default=None, description="Explain the score of this label, not of the answered one.")
    against: str | None = Field(default=None, description="Explain why the answer is not this label.")


async def read_body(receive: Receive, headers: Mapping[str, str], limits: Limits) -> bytes:
    """The body of a request, refused as soon as it is too long or too slow."""
    _check_headers(headers, limits)
    chunks, size, is_more = [], 0, True
    try:
        async with asyncio.timeout(limits.reading_seconds):
            while is_more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ProblemError(400, "the body ended before it was complete")
                chunks.append(message.get("body", b""))
                size, is_more = size + len(chunks[-1]), message.get("more_body", False)
                if size > limits.body_bytes:
                    raise _too_long(limits)
    except TimeoutError:
        raise ProblemError(
            408, f"the body did not arrive within {limits.reading_seconds:g} seconds; send it faster"
        ) from None
    return b"".join(chunks)


def _check_headers(headers: Mapping[str, str], limits: Limits) -> None:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ProblemError(415, "expected a body of JSON; send the header Content-Type: application/json")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError(415, "expected a body that is not compressed; leave out Content-Encoding")
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > limits.body_bytes:
        raise _too_long(limits)


def _too_long(limits: Limits) -> ProblemError:
    return ProblemError(
        413, f"the body is longer than {limits.body_bytes:,} bytes; send less, or start with a larger --max-body"
    )


def parsed(kind: type[Body], body: bytes) -> Body:
    """The body of a request of a kind. Raises ProblemError: 400 where it is no JSON, 422 where a field is invalid."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        raise _problem(found, kind.model_fields) from None


def _problem(found: ReadJson, fields: Iterable[str]) -> ProblemError:
    error, message = found["type"], found["msg"]
    if error == "json_invalid":
        return ProblemError(400, f"the body is not JSON in UTF-8: {message.removeprefix('Invalid JSON: ')}")
    place = _place(found["loc"])
    if error == "extra_forbidden":
        hint = suggestion(place, fields)
        return ProblemError(422, f"{place}: there is no such field{hint}; choose from {quoted(fields)}")
    return ProblemError(422, f"{place}: {mistake(found)}")


def _place(path: tuple[str | int, ...]) -> str:
    """The place of an invalid value.

    Examples
    --------
    >>> _place(("texts", 3)), _place(())
    ('texts[3]', 'the body')
    """
    # Deeper parts name the types that a value may have.
    spelled = "".join(f"[{part}]" if isinstance(part, int) else f".{part:.40}" for part in path[:3])
    return spelled.removeprefix(".") or "the body"
