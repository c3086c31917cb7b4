"""Two models on the same labelled rows: which is better, and how sure that is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Bools, Floats, Ints
from vikt.corpus.columns import composed
from vikt.corpus.texts import Texts
from vikt.errors import DataError
from vikt.evaluation.outcomes import NO_ANSWER, Outcomes, outcomes
from vikt.fitting.model import FittedModel, Inputs
from vikt.metrics.bootstrap import summed_by
from vikt.metrics.classification import exact_mean, macro_f1_of_counts, positions
from vikt.metrics.differences import bootstrapped_cells, bootstrapped_mean, mcnemar
from vikt.metrics.intervals import Interval
from vikt.names import finite
from vikt.tables import counted

# A bootstrap of fewer rows that differ is too narrow.
_FEWEST_DIFFERENT = 10
_SIGNIFICANT = 0.05
_EXAMPLES_OF_A_KIND = 5
_MOST_CHARACTERS_OF_AN_EXAMPLE = 1000
_MOST_CONFUSIONS = 20


@dataclass(frozen=True)
class Difference:
    """A figure of two models, and the 95% interval of the second's less the first's.

    `better` is "A", "B" or, where the interval includes 0, "": no difference is shown. Where there is no interval,
    `reason` says why.
    """

    a: float
    b: float
    low: float
    high: float
    better: str
    reason: str = ""

    @property
    def value(self) -> float:
        """B - A."""
        return self.b - self.a

    def to_json(self) -> dict[str, Any]:
        """Finite numbers or null; `better` is "a", "b" or null."""
        numbers = {name: finite(getattr(self, name)) for name in ("a", "b", "value", "low", "high")}
        return numbers | {"better": self.better.lower() or None} | ({"reason": self.reason} if self.reason else {})


@dataclass(frozen=True)
class Disagreement:
    """A row to which the models give different answers, and the probability of the class that each finds likeliest.

    `row` counts from 0. An answer is None where the model gives none. A long text is cut off.
    """

    row: int
    label: str
    a: str | None
    b: str | None
    probability_a: float
    probability_b: float
    text: str

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return dict(vars(self))


@dataclass(frozen=True)
class Comparison:
    """The difference of two models, A and B, on the same labelled rows.

    Attributes
    ----------
    both_right, only_a_right, only_b_right, neither_right : int
        How many rows both models answer rightly, one alone, or neither.
    n_disagreements : int
        The rows to which the models give different answers: those that one alone has right, and those of two different
        errors.
    p_value : float
        Of McNemar's exact test, two-sided.
    differences : dict of str to Difference
        By the name of the figure in JSON: accuracy, macro_f1, log_loss.
    confusions : list of (label, answer of A, answer of B, rows)
        The disagreements, the most frequent first; at most 20.
    examples : list of Disagreement
        At most five of each kind (A alone is right, B alone, neither), those first of which both models are surest.
    unseen_a, unseen_b : dict of str to int
        Labels that the model never saw in training, and their rows.
    """

    both_right: int
    only_a_right: int
    only_b_right: int
    neither_right: int
    n_disagreements: int
    p_value: float
    differences: dict[str, Difference]
    confusions: list[tuple[str, str | None, str | None, int]]
    examples: list[Disagreement]
    unseen_a: dict[str, int]
    unseen_b: dict[str, int]

    @property
    def n_rows(self) -> int:
        return self.both_right + self.only_a_right + self.only_b_right + self.neither_right

    def to_json(self) -> dict[str, Any]:
        """What `vikt compare --json` prints of it; no NaN or Infinity."""
        return {
            "differences": {name: difference.to_json() for name, difference in self.differences.items()},
            "mcnemar": {
                "only_a_right": self.only_a_right,
                "only_b_right": self.only_b_right,
                "p_value": self.p_value,
            },
            "rows": {
                "total": self.n_rows,
                "both_right": self.both_right,
                "only_a_right": self.only_a_right,
                "only_b_right": self.only_b_right,
                "neither_right": self.neither_right,
                "disagreements": self.n_disagreements,
            },
            "confusions": [dict(zip(("label", "a", "b", "rows"), row, strict=True)) for row in self.confusions],
            "examples": [example.to_json() for example in self.examples],
            "unseen_labels": {"a": self.unseen_a, "b": self.unseen_b},
        }


def compared(
    a: FittedModel, b: FittedModel, inputs: tuple[Inputs, Inputs], labels: ArrayLike, threads: int = 1
) -> Comparison:
    """Compare two models on the same labelled rows, of which each reads its own inputs."""
    read_a, read_b = a.measured(inputs[0]), b.measured(inputs[1])
    texts = (read_a if a.features.reads_text else read_b).texts
    return compare(outcomes(a, read_a, labels, threads), outcomes(b, read_b, labels, threads), texts)


def compare(a: Outcomes, b: Outcomes, texts: Texts) -> Comparison:
    """Compare the answers of two models to the same rows.

    The interval of a difference is a paired bootstrap: the rows are drawn together, with replacement. There is none
    where the models differ in fewer than ten rows. A model is better where the interval excludes 0; in accuracy, only
    where McNemar's test agrees (p < 0.05). No order of the rows changes any figure.

    Parameters
    ----------
    a, b : Outcomes
    texts : Texts
        The texts of the rows, for the examples.

    Raises
    ------
    DataError
        There are no rows, or not as many for both.
    """
    if not len(a.labels) or not len(a.labels) == len(b.labels) == len(texts):
        raise DataError(
            f"compare: expected the same rows for both models, at least one, found {len(a.labels)}, {len(b.labels)} "
            f"and {len(texts)} texts; give both models the same"
        )
    pair = _Pair.of(a, b)
    right_a, right_b = pair.a == pair.real, pair.b == pair.real
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    both = int((right_a & right_b).sum())
    p_value = mcnemar(only_a, only_b)
    return Comparison(
        both_right=both,
        only_a_right=only_a,
        only_b_right=only_b,
        neither_right=len(pair.real) - both - only_a - only_b,
        n_disagreements=int((pair.a != pair.b).sum()),
        p_value=p_value,
        differences=_differences(pair, p_value),
        confusions=_confusions(pair),
        examples=_examples(pair, texts),
        unseen_a=_unseen(a),
        unseen_b=_unseen(b),
    )


@dataclass(frozen=True)
class _Pair:
    """The rows by the names of all labels: the real label of each, the answers, the losses, and how sure each model is.

    A loss is nan where the model does not know the label.
    """

    names: list[str]
    real: Ints
    a: Ints
    b: Ints
    loss_a: Floats
    loss_b: Floats
    sure_a: Floats
    sure_b: Floats

    @classmethod
    def of(cls, a: Outcomes, b: Outcomes) -> _Pair:
        # Each model spells the labels as its own classes are; here they are spelled as A does.
        spelled = dict(zip(b.labels, a.labels, strict=True))
        written = {composed(name): name for name in a.classes}
        classes_b = [spelled.get(name) or written.get(composed(name), name) for name in b.classes]
        names = sorted({*a.classes, *classes_b, *a.labels})
        return cls(
            names,
            real=positions(a.labels, names),
            a=_renamed(a.predicted, a.classes, names),
            b=_renamed(b.predicted, classes_b, names),
            loss_a=a.losses,
            loss_b=b.losses,
            sure_a=np.exp(a.log_probabilities.max(axis=1)),
            sure_b=np.exp(b.log_probabilities.max(axis=1)),
        )


def _renamed(predicted: Ints, classes: list[str], names: list[str]) -> Ints:
    """Indices of classes as indices of names."""
    return np.append(positions(classes, names), NO_ANSWER)[predicted]


def _unseen(found: Outcomes) -> dict[str, int]:
    return dict(sorted(Counter(label for label in found.labels if label not in set(found.classes)).items()))


def _differences(pair: _Pair, p_value: float) -> dict[str, Difference]:
    cells = _Cells.of(pair)
    accuracy = _of_cells(pair, cells, _Cells.accuracy, (pair.a == pair.real) != (pair.b == pair.real))
    if accuracy.better and p_value >= _SIGNIFICANT:
        accuracy = replace(accuracy, better="", reason=f"McNemar's test gives p = {p_value:.2g}")
    return {
        "accuracy": accuracy,
        "macro_f1": _of_cells(pair, cells, _Cells.macro_f1, pair.a != pair.b),
        "log_loss": _of_losses(pair.loss_a, pair.loss_b),
    }


@dataclass(frozen=True)
class _Cells:
    """How many rows have the same label and the same answers of both models: (C,) of each, sorted."""

    real: Ints
    a: Ints
    b: Ints
    counts: Ints
    n_names: int

    @classmethod
    def of(cls, pair: _Pair) -> _Cells:
        cells, counts = np.unique(np.column_stack([pair.real, pair.a, pair.b]), axis=0, return_counts=True)
        real, a, b = cells.T
        return cls(real, a, b, counts, len(pair.names))

    def accuracy(self, counts: Ints, answers: Ints) -> Floats:
        return np.asarray(counts[:, self.real == answers].sum(axis=1) / counts.sum(axis=1))

    def macro_f1(self, counts: Ints, answers: Ints) -> Floats:
        sides = (self.real, self.real == answers), (self.real, self.real >= 0), (answers, answers >= 0)
        return macro_f1_of_counts(*(summed_by(side[kept], counts[:, kept], self.n_names) for side, kept in sides))


def _of_cells(pair: _Pair, cells: _Cells, figure: Callable[[_Cells, Ints, Ints], Floats], differ: Bools) -> Difference:
    """The difference of a figure of answers; its bootstrap, unless too few rows `differ`."""
    a, b = (float(figure(cells, cells.counts[None], answers)[0]) for answers in (cells.a, cells.b))
    if differ.sum() < _FEWEST_DIFFERENT:
        return _without_interval(a, b, int(differ.sum()))

    def difference(counts: Ints) -> Floats:
        return figure(cells, counts, cells.b) - figure(cells, counts, cells.a)

    return _bounded(a, b, bootstrapped_cells(cells.counts, difference))


def _of_losses(loss_a: Floats, loss_b: Floats) -> Difference:
    known = ~(np.isnan(loss_a) | np.isnan(loss_b))
    losses = loss_a[known], loss_b[known]
    if not known.any():
        return Difference(math.nan, math.nan, math.nan, math.nan, "", "no row has a label that both models know")
    a, b = map(exact_mean, losses)
    left_out = int((~known).sum())
    note = f"leaves out {counted(left_out, 'row')} of labels that one of them never saw" if left_out else ""
    differ = int((losses[0] != losses[1]).sum())
    if differ < _FEWEST_DIFFERENT or not math.isfinite(a + b):
        return _without_interval(a, b, differ)
    return replace(_bounded(a, b, bootstrapped_mean(losses[1] - losses[0]), lower_is_better=True), reason=note)


def _without_interval(a: float, b: float, differ: int) -> Difference:
    if differ == 0:
        return Difference(a, b, 0.0, 0.0, "")
    return Difference(a, b, math.nan, math.nan, "", f"{counted(differ, 'row')} that differ are too few for an interval")


def _bounded(a: float, b: float, interval: Interval, lower_is_better: bool = False) -> Difference:
    above, below = ("A", "B") if lower_is_better else ("B", "A")
    better = above if interval.low > 0 else below if interval.high < 0 else ""
    return Difference(a, b, *interval, better)


def _confusions(pair: _Pair) -> list[tuple[str, str | None, str | None, int]]:
    names = [*pair.names, None]
    differ = pair.a != pair.b
    triples = zip(*(side[differ].tolist() for side in (pair.real, pair.a, pair.b)), strict=True)
    most = sorted(Counter(triples).items(), key=lambda item: (-item[1], item[0]))[:_MOST_CONFUSIONS]
    return [(pair.names[real], names[a], names[b], count) for (real, a, b), count in most]


def _examples(pair: _Pair, texts: Texts) -> list[Disagreement]:
    names = [*pair.names, None]
    right_a, right_b, differ = pair.a == pair.real, pair.b == pair.real, pair.a != pair.b
    sure = np.minimum(pair.sure_a, pair.sure_b)
    rows = []
    for kind in (right_a & differ, right_b & differ, differ & ~right_a & ~right_b):
        found = np.flatnonzero(kind)
        # Only texts as sure as the last of the first few can be among them.
        least = np.sort(sure[found])[-_EXAMPLES_OF_A_KIND:][:1]
        first = found[sure[found] >= least] if len(found) else found
        rows += sorted(first.tolist(), key=lambda row: (-sure[row], texts[row]))[:_EXAMPLES_OF_A_KIND]
    return [
        Disagreement(
            row,
            pair.names[pair.real[row]],
            names[pair.a[row]],
            names[pair.b[row]],
            float(pair.sure_a[row]),
            float(pair.sure_b[row]),
            texts[row].decode("utf-8", "surrogatepass")[:_MOST_CHARACTERS_OF_AN_EXAMPLE],
        )
        for row in rows
    ]
