"""The columns of answers: their names, what each holds, and rows as columns or as lines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal, NamedTuple

import numpy as np

from vikt.answers.spelling import AsFields, AsJson, AsValues, Spelling, encoded
from vikt.arrays import Floats, LabelArray
from vikt.corpus.read_json import spell
from vikt.fitting.model import FittedModel, Inputs
from vikt.tables import Joined, JoinedNumbers, Lists, escaped_json

_HELD: dict[str, Callable[[list[Any]], Sequence[object]]] = {
    "label": list,
    "probability": partial(array, "d"),
    "set": Lists,
    "labels": Joined,
    "probabilities": JoinedNumbers,
}


class Column(NamedTuple):
    """The name of a column of answers, and what it holds."""

    name: str
    holds: Literal["label", "probability", "set", "labels", "probabilities"]


@dataclass(frozen=True)
class Answers(ABC):
    """The answers of a model to documents.

    Parameters
    ----------
    top : int, optional
        Give this many of the most probable labels.
    threshold : float, optional
        The least probability of a label that is given.
    proba : bool
        Add a column with the probability of each label.
    prefix : str
        The start of the name of each column.
    """

    model: FittedModel
    threads: int = 1
    top: int | None = None
    threshold: float | None = None
    proba: bool = False
    prefix: str = ""

    @abstractmethod
    def predicted(self, documents: Inputs) -> LabelArray:
        """What `TextClassifier.predict` returns."""

    @abstractmethod
    def sets(self, documents: Inputs) -> list[list[Any]]:
        """What `TextClassifier.predict_sets` returns."""

    @property
    @abstractmethod
    def _answer(self) -> list[Column]:
        """The columns of an answer, without the prefix and the probability of each label."""

    @abstractmethod
    def _rows(self, documents: Inputs, spelling: Spelling) -> tuple[list[LabelArray], Floats]:
        """The values of the columns of an answer, (m,) each, and the probability of each label, (m, K)."""

    @cached_property
    def labels(self) -> list[str]:
        """The labels as strings."""
        return self.model.labels

    @cached_property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self._columns]

    @cached_property
    def _columns(self) -> list[Column]:
        probabilities = [Column(f"P({label})", "probability") for label in self.labels] if self.proba else []
        return [Column(self.prefix + name, holds) for name, holds in [*self._answer, *probabilities]]

    def by_column(self, documents: Inputs) -> dict[str, Sequence[object]]:
        """The columns of the answers: lists of labels, None for no answer, arrays of numbers, and lists of lists."""
        values = self._table(documents, AsValues(self.labels)).T.tolist()
        return {name: _HELD[holds](own) for (name, holds), own in zip(self._columns, values, strict=True)}

    def lines(self, documents: Inputs, as_json: bool) -> bytes:
        """The answers as lines of JSON, or of fields between tabs.

        Raises
        ------
        DataError
            Several labels are to stand in a field, and one of the model's holds a comma.
        """
        spelling, line = self._in_json if as_json else self._in_fields
        rows = self._table(documents, spelling)
        # One pattern for all lines takes half the time of one per line.
        return (line * len(rows)) % tuple(rows.ravel().tolist())

    @cached_property
    def _in_json(self) -> tuple[AsJson, bytes]:
        """How values are spelled, and the pattern of a line."""
        spelling = AsJson(self.labels)
        names = [escaped_json(spell(name)).replace("%", "%%") for name in self.columns]
        values = ", ".join(map("{}: {}".format, names, self._patterns(spelling.number)))
        return spelling, encoded("{" + values + "}\n")

    @cached_property
    def _in_fields(self) -> tuple[AsFields, bytes]:
        spelling = AsFields(self.labels)
        return spelling, encoded("\t".join(self._patterns(spelling.number)) + "\n")

    def _patterns(self, number: str) -> list[str]:
        return [number if holds == "probability" else "%b" for _, holds in self._columns]

    def _table(self, documents: Inputs, spelling: Spelling) -> LabelArray:
        """A row of values for each document."""
        values, probabilities = self._rows(documents, spelling)
        rows = np.empty((len(probabilities), len(self._columns)), dtype=object)
        for place, own in enumerate(values):
            rows[:, place] = own
        if self.proba:
            rows[:, len(values) :] = probabilities
        return rows


def objects(values: list[Any]) -> LabelArray:
    """An array of objects, (m,), which may be lists of equal lengths."""
    return np.fromiter(values, dtype=object, count=len(values))
