"""A model as a service answers with it, and how it is read from a private copy of its file."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path

from vikt.answers.columns import Answers
from vikt.answers.of_kinds import answers_by
from vikt.compiled import compiled
from vikt.errors import DataError, InputFileError, ModelFileError, OutputFileError
from vikt.explanation.linear import explain, explain_answer
from vikt.features.ngrams import token_kernels
from vikt.fitting.model import Inputs
from vikt.fitting.saved import SavedModel
from vikt.fitting.trained import load_with_digest
from vikt.mappings import Json
from vikt.server.copies import Copies
from vikt.tables import escaped_json

# Options are few in practice, and each set of them keeps its spelled labels.
_MOST_OPTIONS = 32
_WARM = "A first text, for which kernels are read and tables are made, so that no client waits for them."


@dataclass(frozen=True, eq=False)
class Served:
    """A version of a model under its name; `digest` is that of its file."""

    name: str
    version: str
    digest: str
    n_bytes: int
    saved: SavedModel
    loaded_at: float

    @classmethod
    def read(cls, name: str, path: Path, copies: Copies) -> Served:
        """The present version of a file. Raises as `vikt.load` does, and as `Copies.of` does."""
        version, copy = copies.of(name, path)
        try:
            saved, digest = load_with_digest(copy)
            return cls(name, version, digest, copy.stat().st_size, saved, time.time())
        except ModelFileError as error:
            # Of the copy nobody knows.
            raise type(error)(str(error).replace(str(copy), str(path))) from None
        except (InputFileError, FileNotFoundError):
            # No fault of the file: it is copied again at the next look.
            message = f"{copy.parent}: the copy of the model has been deleted; exclude this folder from clean-ups"
            raise OutputFileError(message) from None

    def warm_up(self) -> None:
        """Answer a text and explain it, with compiled kernels, so that what a first answer makes is there."""
        if self.reads_text:
            compiled(token_kernels.__name__)
        model = self.saved.model
        text = {model.text_column: [_WARM]} if self.reads_text else {}
        # A 0 is a number and a category. Only columns of lists refuse it, and what they need is not compiled.
        document = {**text, **{name: ["0"] for name in self.columns}} if self.columns else [_WARM]
        with contextlib.suppress(DataError):
            self.answers().lines(document, as_json=True)
            self.explained(document, None, None)

    @property
    def reads_text(self) -> bool:
        return self.saved.model.features.reads_text

    @cached_property
    def columns(self) -> list[str]:
        """The columns that documents need besides their texts."""
        return self.saved.model.features.columns

    @cached_property
    def answers_alone(self) -> bool:
        """Whether a text is all that an answer depends on, so that texts of several requests can go together."""
        return self.reads_text and not self.columns and not self.saved.model.features.is_running

    @cached_property
    def answers(self) -> Callable[..., Answers]:
        """`answers_by` of this model, the same object for the same options."""
        return lru_cache(_MOST_OPTIONS)(partial(answers_by, self.saved.model))

    def explained(self, document: Inputs, label: str | None, against: str | None) -> bytes:
        """The explanations of a document's answer, or of a label's score, as JSON."""
        model = self.saved.model
        k = None if label is None else model.named_position(label)
        other = None if against is None else model.named_position(against, "against")
        is_named = k is not None or other is not None
        told = explain(model, document, k, other) if is_named else explain_answer(model, document)
        explanations = [
            explanation.to_json() | {"runs": [run._asdict() for run in explanation.runs()]}
            for explanation in told.of_labels
        ]
        return spelled({"explanations": explanations, "remark": told.remark})

    @cached_property
    def summary(self) -> Json:
        """What a list of models says of it."""
        model = self.saved.model
        return {
            "name": self.name,
            "targets": model.kind,
            "classes": model.labels,
            "features": model.features.n_features,
        }

    @cached_property
    def information(self) -> bytes:
        """The model and the record of its fit, as `vikt inspect --json` prints them, as JSON."""
        # Imported here, since answering needs none of it.
        from vikt.report.as_json import inspected_json
        from vikt.report.html.writing import is_installed
        from vikt.web.about import facts

        reads = {"text": self.reads_text, "columns": self.columns}
        # The copy may have been removed since it was read.
        record = inspected_json(Path(), self.saved) | {"bytes": self.n_bytes}
        record.pop("path")
        documents = ["card", *(["report"] if is_installed() else [])]
        about = {"name": self.name, "reads": reads, "documents": documents, "facts": facts(self.saved)}
        return spelled({**about, **record})

    @cached_property
    def card(self) -> bytes:
        """The card, in Markdown."""
        from vikt.export.card import card_of

        return card_of(self.saved, self.name)

    @cached_property
    def report(self) -> str:
        """The report, as a page. Raises MissingPackageError where its packages are missing."""
        from vikt.report.html.pages import saved_page
        from vikt.report.html.writing import check_installed, page_html

        check_installed()
        return page_html(saved_page(self.saved))


def array_of(lines: bytes) -> bytes:
    """Lines of JSON as an array.

    Examples
    --------
    >>> array_of(b'{"a": 1}\\n{"a": 2}\\n'), array_of(b"")
    (b'[{"a": 1}, {"a": 2}]', b'[]')
    """
    # In JSON a line feed within a string is spelled out, so those that are there end lines.
    return b"[" + lines[:-1].replace(b"\n", b", ") + b"]"


def spelled(content: object) -> bytes:
    """JSON in UTF-8 without what it cannot hold."""
    return escaped_json(json.dumps(content, ensure_ascii=False, allow_nan=False)).encode()
