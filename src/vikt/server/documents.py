"""The documents of a request as its model reads them, within the limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vikt.fitting.model import Inputs
from vikt.server.bodies import Explain, Predict
from vikt.server.problems import ProblemError
from vikt.server.served import Served
from vikt.server.settings import Limits
from vikt.tables import quoted


def documents_of(body: Predict, served: Served, limits: Limits) -> tuple[Inputs, int]:
    """Texts, with columns where the model reads any, and their number.

    Raises
    ------
    ProblemError
        They do not fit the model or the limits.
    """
    columns = body.columns or {}
    _check_names(columns, served)
    _check_text("texts", body.texts, served)
    lengths = [("texts", len(body.texts))] if body.texts is not None else []
    lengths += [(name, len(values)) for name, values in columns.items()]
    count = max((length for _, length in lengths), default=0)
    if any(length != count for _, length in lengths):
        found = ", ".join(f"{length} of {name:.60}" for name, length in lengths)
        raise ProblemError(422, f"columns: expected as many values of each, found {found}")
    if count > limits.texts:
        raise ProblemError(413, f"expected at most {limits.texts:,} texts, found {count:,}; send fewer")
    return _joined(served, body.texts or [], columns), count


def document_of(body: Explain, served: Served, limits: Limits) -> Inputs:
    """The same for a text to explain."""
    columns, text = body.columns or {}, body.text
    _check_names(columns, served)
    _check_text("text", text, served)
    if text is not None and len(text) > limits.explained_characters:
        raise ProblemError(
            413,
            f"expected a text of at most {limits.explained_characters:,} characters, found {len(text):,}; shorten it",
        )
    return _joined(served, [text or ""], {name: [value] for name, value in columns.items()})


def _check_text(field: str, value: object, served: Served) -> None:
    if served.reads_text and value is None:
        raise ProblemError(422, f"{field}: this field is missing; add it, since the model reads text")
    if not served.reads_text and value is not None:
        raise ProblemError(422, f"{field}: the model reads no text; remove this field")


def _check_names(columns: Mapping[str, object], served: Served) -> None:
    missing = [name for name in served.columns if name not in columns]
    if missing:
        raise ProblemError(422, f"columns: the model also reads {quoted(missing)}; add what is missing")
    unknown = [name for name in columns if name not in served.columns]
    if unknown:
        raise ProblemError(422, f"columns: the model does not read {quoted(unknown)}; remove what it does not read")


def _joined(served: Served, texts: list[str], columns: Mapping[str, Sequence[object]]) -> Inputs:
    if not columns:
        return texts
    own = {served.saved.model.text_column: texts} if served.reads_text else {}
    return {**own, **columns}
