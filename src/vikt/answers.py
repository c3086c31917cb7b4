"""The answers of a model to documents, as columns or as lines."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Ints
from vikt.corpus.read_json import spell
from vikt.decisions.decision import Answered
from vikt.errors import UsageError
from vikt.fitting.model import FittedModel, Inputs
from vikt.parameters import checked, number, optional, whole
from vikt.tables import Lists, escaped_json, one_line


@dataclass(frozen=True)
class Answers:
    """The `top` best classes of each document, the one that the model's decision chooses first.

    A class is empty where its probability is below `threshold`, and all are where the model gives no answer. `proba`
    adds a column with the probability of each class; `prefix` starts the name of each column.
    """

    model: FittedModel
    threads: int = 1
    top: int = 1
    threshold: float = 0.0
    proba: bool = False
    prefix: str = ""

    @cached_property
    def labels(self) -> list[str]:
        """The classes as strings."""
        return self.model.labels

    @property
    def n_top(self) -> int:
        """The number of classes in an answer."""
        return min(self.top, len(self.labels))

    @cached_property
    def columns(self) -> list[str]:
        """The names of the columns of an answer."""
        ranks = ["", *(f"_{rank}" for rank in range(2, self.n_top + 1))]
        names = [name + rank for rank in ranks for name in ("predicted", "probability")]
        names += ["set"] * self.has_sets
        names += [f"P({label})" for label in self.labels] if self.proba else []
        return [self.prefix + name for name in names]

    @property
    def has_sets(self) -> bool:
        """Whether there is a column of sets of labels."""
        return self.model.decision.set_threshold is not None

    @property
    def _kinds(self) -> list[str]:
        """What each column holds."""
        kinds = ["label", "probability"] * self.n_top + ["set"] * self.has_sets
        return kinds + ["probability"] * (len(self.columns) - len(kinds))

    def by_column(self, documents: Inputs) -> dict[str, Sequence[Any]]:
        """The columns of the answers: lists of labels, None for no answer, arrays of numbers, and lists of lists."""
        values = self._rows(documents, [*self.labels, None], list).T.tolist()
        column_of: dict[str, Callable[[list[Any]], Sequence[Any]]] = {
            "label": list,
            "probability": partial(array, "d"),
            "set": Lists,
        }
        columns = zip(self.columns, self._kinds, values, strict=True)
        return {name: column_of[kind](column) for name, kind, column in columns}

    def lines(self, documents: Inputs, as_json: bool) -> bytes:
        """The answers as lines of JSON, or of fields between tabs."""
        labels = [*self.labels, None]
        in_json = [escaped_json(spell(label)) for label in labels]
        if as_json:
            spelled = in_json
            names = [escaped_json(spell(name)).replace("%", "%%") for name in self.columns]
            values = ["%a" if kind == "probability" else "%b" for kind in self._kinds]
            line = "{" + ", ".join(map("{}: {}".format, names, values)) + "}\n"
        else:
            spelled = [one_line(label or "") for label in labels]
            line = "\t".join("%.12g" if kind == "probability" else "%b" for kind in self._kinds) + "\n"

        def set_of(members: list[str]) -> bytes:
            return f"[{', '.join(members)}]".encode("utf-8", "surrogatepass")

        rows = self._rows(documents, [label.encode("utf-8", "surrogatepass") for label in spelled], set_of, in_json)
        # One pattern for all lines takes half the time of one per line.
        return (line.encode("utf-8", "surrogatepass") * len(rows)) % tuple(rows.ravel().tolist())

    def _rows(
        self,
        documents: Inputs,
        labels: list[Any],
        set_of: Callable[[list[str]], Any],
        members: list[str] | None = None,
    ) -> NDArray[Any]:
        """An answer for each document; no answer is the last of the labels. Sets are of `members`, or of labels."""
        answered = self.model.answered(documents, self.threads)
        probabilities = np.exp(answered.log_probabilities)
        predicted, largest = ranked(answered, probabilities, self.n_top, self.threshold)
        rows = np.empty((len(probabilities), len(self.columns)), dtype=object)
        rows[:, 0 : 2 * self.n_top : 2] = np.array(labels, dtype=object)[predicted]
        rows[:, 1 : 2 * self.n_top : 2] = largest
        if self.has_sets:
            sets = label_positions(self.model, answered)
            of_rows = (set_of([(members or labels)[k] for k in own]) for own in sets)
            rows[:, 2 * self.n_top] = np.fromiter(of_rows, dtype=object, count=len(rows))
        if self.proba:
            rows[:, -len(self.labels) :] = probabilities
        return rows


def ranked(answered: Answered, probabilities: Floats, top: int, threshold: float) -> tuple[Ints, Floats]:
    """The indices of the best classes of each row and their probabilities: (m, top) each.

    First stands the class that is chosen for the row, then the others, the most probable first; a tie goes to the first
    class. The index is K in a row that is not answered, and for a class whose probability is below the threshold.

    Examples
    --------
    >>> probabilities = np.array([[0.1, 0.7, 0.2]])
    >>> answered = Answered(np.log(probabilities), np.array([1]), np.array([True]))
    >>> [found.tolist() for found in ranked(answered, probabilities, 2, 0.5)]
    [[[1, 3]], [[0.7, 0.2]]]
    """
    ranks = -probabilities
    np.put_along_axis(ranks, answered.choices[:, None], -np.inf, axis=1)
    best = np.argsort(ranks, axis=1, kind="stable")[:, :top]
    largest = np.take_along_axis(probabilities, best, axis=1)
    is_given = answered.is_answered[:, None] & (largest >= threshold)
    return np.where(is_given, best, probabilities.shape[1]), largest


def predicted_labels(
    model: FittedModel, inputs: Inputs, threads: int, top: int | None, threshold: float | None
) -> NDArray[Any]:
    """The labels of the `top` best classes of each document: (m, min(top, K)), or (m,) where top is None.

    With a threshold, or where the model may answer none, labels are objects, and None stands for a class whose
    probability is below the threshold, and for no answer.

    Raises
    ------
    ParameterError
        `top` is not a whole number of 1 or more, or `threshold` no probability.
    """
    if top is None and threshold is None:
        return model.predicted(inputs, threads)
    options = checked(_RULES, {"top": top, "threshold": threshold})
    answered = model.answered(inputs, threads)
    probabilities = np.exp(answered.log_probabilities)
    best, _ = ranked(answered, probabilities, options["top"] or 1, options["threshold"] or 0.0)
    labels = model.classes
    if threshold is not None or model.decision.abstains:
        labels = np.append(labels.astype(object), [None])
    return np.asarray(labels[best[:, 0] if top is None else best])


def label_sets(model: FittedModel, inputs: Inputs, threads: int) -> list[list[Any]]:
    """The set of labels of each document, the most probable first.

    Raises
    ------
    UsageError
        The model's decision makes no sets.
    """
    if model.decision.set_threshold is None:
        raise UsageError("the model makes no sets of labels; train it again", coverage=0.95)
    labels = model.classes.tolist()
    return [[labels[k] for k in own] for own in label_positions(model, model.answered(inputs, threads))]


def label_positions(model: FittedModel, answered: Answered) -> list[list[int]]:
    """The positions of the classes in the set of each row, the most probable first."""
    members = model.decision.sets(answered.log_probabilities)
    order = np.argsort(-answered.log_probabilities, axis=1, kind="stable")
    return [row[own[row]].tolist() for row, own in zip(order, members, strict=True)]


_RULES = {
    "top": optional(whole(1)),
    "threshold": optional(number("a probability, from 0 to 1", lambda value: 0 <= value <= 1)),
}
