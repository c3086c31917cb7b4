"""The figures of two models that answer several labels per row: the difference of each, and its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from vikt.arrays import Bools, Floats
from vikt.corpus.columns import composed
from vikt.corpus.targets import TargetRows
from vikt.evaluation.differences import Difference, Pair, bounded, of_rows
from vikt.evaluation.several import SetOutcomes
from vikt.metrics import averages
from vikt.metrics.bootstrap import CountFigure, drawn_means
from vikt.metrics.classification import exact_mean
from vikt.metrics.several import drawn_label_differences, hamming_loss_of, label_counts, label_log_losses
from vikt.tables import counted

_LOWER_IS_BETTER = {"hamming_loss"}


class _Named(NamedTuple):
    """What a model answered, and its labels as both models spell them: (L,)."""

    found: SetOutcomes
    names: list[str]

    def log_probabilities(self, labels: Sequence[str]) -> Floats:
        """log P of some labels that the model knows: (m, len(labels))."""
        return self.found.log_probabilities[:, [self.names.index(label) for label in labels]]


def pair_of_sets(a: SetOutcomes, b: SetOutcomes) -> Pair:
    """Two models that answer several labels per row, by the labels of both."""
    written = {composed(name): name for name in a.labels}
    labels_b = [written.get(composed(name), name) for name in b.labels]
    labels, sides = sorted({*a.labels, *labels_b}), (_Named(a, a.labels), _Named(b, labels_b))
    real = _among(a.real, a.labels, labels)
    answers = [_among(own.found.answered, own.names, labels) for own in sides]
    sets = TargetRows.of_sets(np.concatenate([real, *answers]), np.array(labels, dtype=object))
    y, of_a, of_b = np.split(sets.y, 3)
    pair = Pair(sets.table.spelled, y, of_a, of_b, _probability(a), _probability(b), share="subset_accuracy")
    found = {
        **_of_counts(pair, real, answers[0], answers[1]),
        "subset_accuracy": _of_rows_right(pair),
        "log_loss": _of_losses(real, labels, sides[0], sides[1]),
    }
    return replace(pair, found=found)


def _among(members: Bools, labels: Sequence[str], everything: Sequence[str]) -> Bools:
    """The columns of some labels among those of more, which rows do not have."""
    found = np.zeros((len(members), len(everything)), dtype=bool)
    found[:, [everything.index(label) for label in labels]] = members
    return found


def _probability(found: SetOutcomes) -> Floats:
    """The probability of the set that is answered, the product of those of its labels: (m,)."""
    return np.asarray(np.exp(-found.n_known * label_log_losses(found.answers, found.log_probabilities)))


def _of_counts(pair: Pair, real: Bools, a: Bools, b: Bools) -> dict[str, Difference]:
    figures: dict[str, CountFigure] = {
        "micro_f1": averages.micro_f1_of,
        "macro_f1": averages.macro_f1_of,
        "hamming_loss": partial(hamming_loss_of, n_rows=len(real)),
    }
    drawn, of_a, of_b = drawn_label_differences(real, a, b, figures), label_counts(real, a), label_counts(real, b)
    return {
        name: bounded(float(value(of_a)), float(value(of_b)), drawn[name], pair.n_differ, name in _LOWER_IS_BETTER)
        for name, value in figures.items()
    }


def _of_rows_right(pair: Pair) -> Difference:
    a, b = (side.astype(np.float64) for side in (pair.is_right_a, pair.is_right_b))
    return bounded(exact_mean(a), exact_mean(b), drawn_means(b - a), pair.n_one_right, fewest=1)


def _of_losses(real: Bools, labels: list[str], a: _Named, b: _Named) -> Difference:
    """The mean log loss of the labels that both models know."""
    known_a, known_b = set(a.names[: a.found.n_known]), set(b.names[: b.found.n_known])
    both = [label for label in labels if label in known_a & known_b]
    n_others = len(labels) - len(both)
    note = f"leaves out {counted(n_others, 'label')} that one of them never saw" if n_others else ""
    if not both:
        return Difference(np.nan, np.nan, np.nan, np.nan, "", note)
    truth = real[:, [labels.index(label) for label in both]]
    losses_a, losses_b = (label_log_losses(truth, own.log_probabilities(both)) for own in (a, b))
    found = of_rows(losses_a, losses_b)
    return replace(found, reason="; ".join(filter(None, [found.reason, note])))
