"""The documents of a request as its model reads them, within the limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vikt.fitting.model import Inputs
from vikt.server.bodies import Explain, Predict
from vikt.server.problems import ProblemError
from vikt.server.served import Served
from vikt.server.settings import Limits
from vikt.tables import quoted


def documents_of(body: Predict, served: Served, limits: Limits) -> Inputs:
    """Texts, with columns where the model reads any. Raises ProblemError where they do not fit model or limits."""
    columns = body.columns or {}
    _check_names(columns, served)
    if served.reads_text and body.texts is None:
        raise ProblemError(422, "texts: the model reads texts; add them")
    lengths = {name: len(values) for name, values in columns.items()}
    lengths |= {"texts": len(body.texts)} if served.reads_text and body.texts is not None else {}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{length} of {name:.60}" for name, length in lengths.items())
        raise ProblemError(422, f"columns: expected a value for each text, found {found}")
    if max(lengths.values(), default=0) > limits.texts:
        raise ProblemError(413, f"expected at most {limits.texts:,} texts, found {max(lengths.values()):,}; send fewer")
    return _joined(served, body.texts or [], columns)


def document_of(body: Explain, served: Served, limits: Limits) -> Inputs:
    """The same for a text to explain."""
    columns, text = body.columns or {}, body.text
    _check_names(columns, served)
    if served.reads_text and text is None:
        raise ProblemError(422, "text: the model reads a text; add it")
    if text is not None and len(text) > limits.explained_characters:
        raise ProblemError(
            413, f"expected a text of at most {limits.explained_characters:,} characters, found {len(text):,}; cut it"
        )
    return _joined(served, [text or ""], {name: [value] for name, value in columns.items()})


def _check_names(columns: Mapping[str, Any], served: Served) -> None:
    missing = [name for name in served.columns if name not in columns]
    if missing:
        raise ProblemError(422, f"columns: the model also reads {quoted(missing)}; add what is missing")
    unknown = [name for name in columns if name not in served.columns]
    if unknown:
        raise ProblemError(422, f"columns: the model does not read {quoted(unknown)}; remove what it does not read")


def _joined(served: Served, texts: list[str], columns: Mapping[str, Sequence[Any]]) -> Inputs:
    if not columns:
        return texts
    own = {served.saved.model.text_column: texts} if served.reads_text else {}
    return {**own, **columns}
