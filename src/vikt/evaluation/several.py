"""The figures of a model that answers several labels per text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Bools, Floats
from vikt.corpus.targets import TargetRows
from vikt.errors import DataError
from vikt.evaluation.figures import Figure, Mean, bootstrapped, mean_of_classes, share, with_rows
from vikt.evaluation.of_labels import LabelEvaluation, column_means
from vikt.evaluation.outcomes import check_some_rows
from vikt.evaluation.probability_figures import mean_loss, mean_of_rows
from vikt.fitting.model import FittedModel, Inputs
from vikt.mappings import Json
from vikt.metrics import averages, several
from vikt.metrics.averages import Counts
from vikt.metrics.bootstrap import CountFigure
from vikt.metrics.several import drawn_label_figures, label_counts
from vikt.model.classes import check_one_label_per_row
from vikt.tables import counted

_MOST_PROBABLE = (1, 3, 5)
_MICRO: dict[str, CountFigure] = {
    "micro_f1": averages.micro_f1_of,
    "micro_precision": averages.micro_precision_of,
    "micro_recall": averages.micro_recall_of,
}
_MACRO = {
    "macro_f1": Mean(averages.macro_f1_of, with_rows),
    "macro_precision": Mean(averages.macro_precision_of, averages.has_precision),
    "macro_recall": Mean(averages.balanced_accuracy_of, with_rows),
}


@dataclass(frozen=True)
class SetOutcomes:
    """The real labels of each row, and what a model says of them.

    Attributes
    ----------
    labels : list of str, (L,)
        The K labels of the model, then those that only the rows have, sorted.
    real : ndarray of bool, (m, L)
        Whether each row has each label.
    answers : ndarray of bool, (m, K)
        Whether each label of the model is answered.
    log_probabilities : ndarray, (m, K)
        log P(label | text).
    thresholds : tuple of float, (K,)
        The least probability at which each is answered; empty where this is not known.
    constant : tuple of str
        The labels of the model whose probability is the same for every text.
    """

    labels: list[str]
    real: Bools
    answers: Bools
    log_probabilities: Floats
    thresholds: tuple[float, ...] = ()
    constant: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        rows: TargetRows,
        names: Sequence[str],
        known: list[str],
        answers: Bools,
        log_probabilities: Floats,
        thresholds: tuple[float, ...] = (),
        constant: tuple[str, ...] = (),
    ) -> Self:
        """Rows of labels, those of their table spelled as `names`, beside the answers of a model that knows others."""
        truth = rows.truth
        of_name = {name: truth[:, k] for k, name in enumerate(names) if truth[:, k].any()}
        labels = [*known, *sorted(set(of_name) - set(known))]
        none = np.zeros(len(rows), dtype=bool)
        real = np.column_stack([of_name.get(label, none) for label in labels])
        return cls(labels, real, answers, log_probabilities, thresholds, constant)

    @property
    def n_known(self) -> int:
        """K."""
        return int(self.log_probabilities.shape[1])

    @property
    def n_unseen(self) -> int:
        """How many labels training did not have."""
        return len(self.labels) - self.n_known

    @property
    def n_rows(self) -> int:
        return len(self.real)

    @cached_property
    def answered(self) -> Bools:
        """Whether each label is answered; one that the model never saw is not: (m, L)."""
        return np.pad(self.answers, self._unseen_columns)

    @property
    def is_right(self) -> Bools:
        """Whether exactly the labels of the row are answered: (m,)."""
        return several.subset_hits(self.real, self.answered)

    @cached_property
    def losses(self) -> Floats:
        """The mean log loss of the labels that the model knows: (m,)."""
        return several.label_log_losses(self.real[:, : self.n_known], self.log_probabilities)

    @property
    def unseen(self) -> dict[str, int]:
        """The labels that training did not have, and their rows."""
        rows = np.count_nonzero(self.real[:, self.n_known :], axis=0)
        return dict(zip(self.labels[self.n_known :], rows.tolist(), strict=True))

    def counts(self, rows: Bools) -> Counts:
        """The counts of each label among some of the rows."""
        return label_counts(self.real[rows], self.answered[rows])

    @property
    def scores(self) -> Floats:
        """The log-probabilities; labels that the model never saw are the least probable: (m, L)."""
        return np.pad(self.log_probabilities, self._unseen_columns, constant_values=-math.inf)

    @property
    def _unseen_columns(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """What the tables of known labels lack, as `np.pad` takes it."""
        return (0, 0), (0, self.n_unseen)


@dataclass(frozen=True)
class SetEvaluation(LabelEvaluation):
    """The figures of a model on rows that have several labels each, or none.

    Attributes
    ----------
    n_without, n_answered_none : int
        The rows that have no label, and those that get no answer.
    thresholds : ndarray, (L,), or None
        The least probability at which each label is answered; nan for labels unseen in training.
    constant : tuple of str
        The labels whose probability is the same for every text.
    """

    noun: ClassVar[str] = "label"

    n_without: int
    n_answered_none: int
    thresholds: Floats | None
    constant: tuple[str, ...]

    def _more_of_labels(self) -> dict[str, Floats]:
        return {} if self.thresholds is None else {"threshold": self.thresholds}

    def to_json(self) -> Json:
        """The parts of `--json` that are figures: metrics, per_class, unseen_labels, constant_labels, sets.

        `sets` holds the number of rows, of those without labels and of those without an answer, and the labels per row.
        """
        sets = {
            "rows": self.n_rows,
            "without_labels": self.n_without,
            "answered_none": self.n_answered_none,
            "labels_per_row": self.labels_per_row,
            "answers_per_row": self.answers_per_row,
        }
        return super().to_json() | {"constant_labels": list(self.constant), "sets": sets}

    @property
    def micro_f1(self) -> Figure:
        return self.figures["micro_f1"]

    @property
    def subset_accuracy(self) -> Figure:
        """The share of the rows that are answered exactly their labels."""
        return self.figures["subset_accuracy"]

    @property
    def labels_per_row(self) -> float:
        return int(self.support.sum()) / self.n_rows

    @property
    def answers_per_row(self) -> float:
        return int(self.predicted.sum()) / self.n_rows


def set_evaluation_of(found: SetOutcomes) -> SetEvaluation:
    """The figures of what a model answered.

    Raises
    ------
    DataError
        There are no rows, the shapes do not fit, or a log-probability is nan or above 0.
    """
    _check(found)
    counts = label_counts(found.real, found.answered)
    return SetEvaluation(
        labels=found.labels,
        n_rows=found.n_rows,
        figures=_figures_of_sets(found, counts) | _figures_of_ranks(found) | {"log_loss": _log_loss(found)},
        counts=counts,
        mean_probability=_of_known(found, column_means(np.exp(found.log_probabilities)), 0.0),
        unseen=found.unseen,
        n_without=int((~found.real.any(axis=1)).sum()),
        n_answered_none=int((~found.answers.any(axis=1)).sum()),
        thresholds=_of_known(found, found.thresholds, math.nan) if found.thresholds else None,
        constant=found.constant,
    )


def _figures_of_sets(found: SetOutcomes, counts: Counts) -> dict[str, Figure]:
    facts = {"rows": found.n_rows}
    hamming_loss = partial(several.hamming_loss_of, n_rows=found.n_rows)
    of_draws = _MICRO | {name: mean.in_draws(counts) for name, mean in _MACRO.items()} | {"hamming_loss": hamming_loss}
    drawn = drawn_label_figures(found.real, found.answered, of_draws)
    no_label, no_answer = not counts.real.any(), not counts.predicted.any()
    notes = {
        "micro_f1": {"no row has a label, and no label is answered": no_label and no_answer},
        "micro_precision": {"no label is answered": no_answer},
        "micro_recall": {"no row has a label": no_label},
    }
    return {
        **{name: bootstrapped(float(value(counts)), drawn[name], notes[name], facts) for name, value in _MICRO.items()},
        **{name: mean_of_classes(mean, counts, drawn[name], found.labels, "label") for name, mean in _MACRO.items()},
        "subset_accuracy": share(int(found.is_right.sum()), found.n_rows),
        "hamming_loss": bootstrapped(
            float(hamming_loss(counts)), drawn["hamming_loss"], {}, facts | {"labels": len(found.labels)}
        ),
    }


def _figures_of_ranks(found: SetOutcomes) -> dict[str, Figure]:
    """Those of the order of the labels of each row by probability, whatever is answered."""
    ranks, m = several.label_ranks(found.real, found.scores), found.n_rows
    precisions = several.ranking_precisions(ranks, m)
    figures = {"label_ranking_average_precision": mean_of_rows(precisions, {}, {"rows": m})}
    for k in _MOST_PROBABLE:
        if k <= found.n_known:
            hits = several.hits_at_k(ranks, m, k)
            figures[f"precision_at_{k}"] = (
                share(int(hits.sum()), m, k=k) if k == 1 else mean_of_rows(hits / k, {}, {"rows": m, "k": k})
            )
    return figures


def _log_loss(found: SetOutcomes) -> Figure:
    notes = {f"leaves out {counted(found.n_unseen, 'label')} unseen in training": found.n_unseen > 0}
    return mean_loss(found.losses, notes, {"rows": found.n_rows, "labels": found.n_known})


def _of_known(found: SetOutcomes, values: ArrayLike, of_unseen: float) -> Floats:
    """A value of each label: those of the K that the model knows, and one for the others."""
    return np.append(np.asarray(values, dtype=np.float64), np.full(found.n_unseen, of_unseen))


def set_outcomes(model: FittedModel, inputs: Inputs, rows: TargetRows, threads: int = 1) -> SetOutcomes:
    """The answers of a model of several labels to texts, compared with the labels of each.

    Labels are compared as `FittedModel.spelled` has them. Raises DataError unless there are as many rows as texts.
    """
    names, thresholds = model.spelled(rows.table.labels), model.label_thresholds.thresholds
    answered = model.answered_sets(inputs, threads)
    check_one_label_per_row(rows, len(answered.members))
    constant = tuple(label for label, own in zip(model.labels, model.coef, strict=True) if not own.any())
    return SetOutcomes.of(rows, names, model.labels, answered.members, answered.log_probabilities, thresholds, constant)


def _check(found: SetOutcomes) -> None:
    check_some_rows(found.n_rows)
    values = found.log_probabilities
    if values.shape != found.answers.shape or len(values) != found.n_rows:
        raise DataError(
            f"log_probabilities: expected a row for each of {found.n_rows:,} rows and a column for each label of the "
            f"model, found shape {values.shape}; give the probabilities of these rows"
        )
    wrong = ~(values <= 0).all(axis=1)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"log_probabilities: expected natural logarithms of probabilities, which are at most 0, found "
            f"{values[row].max():.4g} in row {row}; give np.log of the probability of each label"
        )
