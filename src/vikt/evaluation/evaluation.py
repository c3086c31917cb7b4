"""The figures of a model on labelled rows."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats, Ints, LabelArray
from vikt.corpus.numbers import exact_number_of
from vikt.corpus.targets import Labels
from vikt.errors import DataError
from vikt.evaluation.figures import Figure, answer_figures, counts, share
from vikt.evaluation.level_figures import level_figures
from vikt.evaluation.of_labels import LabelEvaluation, column_means
from vikt.evaluation.outcomes import NO_ANSWER, Outcomes, check_some_rows, outcomes
from vikt.evaluation.probability_figures import probability_figures
from vikt.evaluation.set_figures import set_figures
from vikt.fitting.model import FittedModel, Inputs
from vikt.mappings import Json
from vikt.metrics.bootstrap import cells_of
from vikt.metrics.calibration import Reliability
from vikt.metrics.classification import class_array, refuse_mixture
from vikt.metrics.curves import PrecisionRecallCurve, RocCurve

_MOST_LABELS_IN_A_MATRIX = 200
# By how much the probabilities of a row may miss 1: they may come in single precision, or rounded.
_SUM_TOLERANCE = 0.01


@dataclass(frozen=True)
class Evaluation(LabelEvaluation):
    """The figures that `evaluate` found, of rows that have one class each.

    Attributes
    ----------
    entries : ndarray of int, (N, 3)
        The confusion matrix without its zeros: index of the real label, index of the predicted one (`NO_ANSWER`, -1,
        where none was answered), rows.
    roc_auc, average_precision : ndarray, (L,)
        The areas of each label against the rest; nan where no row has it, or every row.
    roc, precision_recall : RocCurve and PrecisionRecallCurve, or None
        At most 200 points each. For two classes that of the second; for more, the mean over the classes against the
        rest. None where it is undefined.
    reliability : Reliability or None
        The most probable class in 15 bins of its probability; with soft labels, its mean share in each. None where no
        row has a label seen in training.
    """

    rates: ClassVar[tuple[str, ...]] = (*LabelEvaluation.rates, "roc_auc", "average_precision")

    entries: Ints
    roc_auc: Floats
    average_precision: Floats
    roc: RocCurve | None
    precision_recall: PrecisionRecallCurve | None
    reliability: Reliability | None

    @property
    def every_figure(self) -> dict[str, Figure]:
        whole = {"answered": share(self.n_rows, self.n_rows), "accuracy_answered": self.accuracy}
        return whole | super().every_figure

    @property
    def accuracy(self) -> Figure:
        return self.figures["accuracy"]

    @property
    def matrix(self) -> Ints:
        """The confusion matrix, (L, L): a row for each real label, a column for each predicted one.

        Where rows are unanswered, a last column holds them: (L, L + 1).
        """
        full = np.zeros((len(self.labels), len(self.labels) + (self.n_unanswered > 0)), dtype=np.int64)
        full[self.entries[:, 0], self.entries[:, 1]] = self.entries[:, 2]
        return full

    @property
    def n_unanswered(self) -> int:
        """Rows for which the model answered no class."""
        return int(self.entries[self.entries[:, 1] == NO_ANSWER, 2].sum())

    def _more_of_labels(self) -> dict[str, Floats]:
        return {"roc_auc": self.roc_auc, "average_precision": self.average_precision}

    def to_json(self) -> Json:
        """The parts of `--json` that are figures: metrics, per_class, confusion, unseen_labels.

        The confusions are {"labels", "matrix"}; above 200 labels, where nearly all cells are 0, {"labels", "entries"}.
        Where rows are unanswered, "columns" names the columns, the last of them null.
        """
        small = len(self.labels) <= _MOST_LABELS_IN_A_MATRIX
        confusions = {"matrix": self.matrix.tolist()} if small else {"entries": self.entries.tolist()}
        unanswered = {"columns": [*self.labels, None]} if self.n_unanswered else {}
        return super().to_json() | {"confusion": {"labels": self.labels, **confusions, **unanswered}}


def evaluated(model: FittedModel, inputs: Inputs, labels: Labels, threads: int = 1) -> Evaluation:
    """The figures of a model on labelled texts; labels are compared as `FittedModel.spelled` has them."""
    return evaluation_of(outcomes(model, inputs, labels, threads))


def evaluate(labels: ArrayLike, classes: ArrayLike, log_probabilities: ArrayLike) -> Evaluation:
    """Compare a model's probabilities with the real labels.

    The prediction is the most probable class, the first of equals.

    Parameters
    ----------
    labels : array_like, (m,)
        Real labels; some may be none of the classes.
    classes : array_like, (K,)
        The model's classes.
    log_probabilities : array_like, (m, K)
        log P(y = k | x), as `vikt.model.functions.log_softmax` gives it.

    Raises
    ------
    DataError
        There are no rows, the shapes do not fit, a label is missing or of another kind than the classes, a class is
        named twice, a probability is not a number, or those of a row do not add up to 1.

    Examples
    --------
    >>> found = evaluate(["ham", "spam", "eel"], ["ham", "spam"], np.log([[0.5, 0.5], [0.2, 0.8], [0.9, 0.1]]))
    >>> round(found.accuracy.value, 4), round(found.log_loss.value, 4), found.unseen
    (0.6667, 0.4581, {'eel': 1})
    """
    real, names = class_array(labels, "labels"), class_array(classes, "classes")
    refuse_mixture(real, "labels", names, "classes")
    if repeated := [name for name, n in Counter(_spelled(names)).items() if n > 1]:
        raise DataError(f"classes: expected each class once, found {repeated[0]!r:.60} again; name each once")
    scores = np.asarray(log_probabilities, np.float64)
    _check(len(real), len(names), scores)
    return evaluation_of(Outcomes(_spelled(real), _spelled(names), scores, scores.argmax(axis=1)))


def evaluation_of(found: Outcomes) -> Evaluation:
    """The figures of what a model answered.

    Raises
    ------
    DataError
        There are no rows, the shapes do not fit, a probability is not a number, or those of a row do not add up to 1.
    """
    names, scores = found.classes, found.log_probabilities
    _check(len(found.labels), len(names), scores)
    probabilities = _probabilities(scores)
    everything, real, seen = found.everything, found.places, found.is_known
    # The whole matrix is too large where nearly every row has a label of its own.
    entries = cells_of(real, found.predicted)
    mean_probability = np.zeros(len(everything))
    mean_probability[: len(names)] = column_means(probabilities)
    probable = probability_figures(real[seen], found.truth[seen], scores[seen], names, int((~seen).sum()))
    against = probable.against_rest
    areas = np.full((2, len(everything)), math.nan)
    areas[:, : len(names)] = against.roc_auc, against.average_precision
    return Evaluation(
        labels=everything,
        n_rows=len(real),
        entries=entries,
        counts=counts(entries, len(everything)),
        figures=answer_figures(entries, everything) | set_figures(found) | probable.figures | _of_order(found, entries),
        roc_auc=areas[0],
        average_precision=areas[1],
        mean_probability=mean_probability,
        unseen=found.unseen,
        roc=against.curves and against.curves.roc,
        precision_recall=against.curves and against.curves.precision_recall,
        reliability=probable.reliability if len(probable.reliability.rows) else None,
    )


def _spelled(labels: LabelArray) -> list[str]:
    return [str(label) for label in labels.tolist()]


def _of_order(found: Outcomes, entries: Ints) -> dict[str, Figure]:
    """The figures of ordered answers; none where labels have no order."""
    if found.kind != "ordered":
        return {}
    numbers, n_levels = np.array([_float_of(label) for label in found.everything]), len(found.classes)
    return level_figures(entries, n_levels, None if np.isnan(numbers[:n_levels]).any() else numbers)


def _float_of(label: str) -> float:
    """The number that a label spells; nan where it spells none, or one beyond the range of floats."""
    exact = exact_number_of(label)
    number = math.nan if exact is None else float(exact)
    return number if math.isfinite(number) else math.nan


def _check(n_rows: int, n_classes: int, scores: Floats) -> None:
    check_some_rows(n_rows)
    if scores.shape != (n_rows, n_classes):
        raise DataError(
            f"log_probabilities: expected shape {(n_rows, n_classes)}, a row for each label and a column for "
            f"each class, found {scores.shape}; give the probabilities of these rows"
        )
    if np.isnan(scores).any():
        row = int(np.isnan(scores).any(axis=1).argmax())
        raise DataError(f"log_probabilities: expected numbers, found NaN in row {row}; check the model's scores")


def _probabilities(scores: Floats) -> Floats:
    with np.errstate(over="ignore"):
        probabilities = np.exp(scores)
        sums = probabilities.sum(axis=1)
    wrong = np.abs(sums - 1) > _SUM_TOLERANCE
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"log_probabilities: expected natural logarithms of probabilities that add up to 1, found a sum of "
            f"{sums[row]:.4g} in row {row}; give np.log of the probabilities of all classes"
        )
    return np.asarray(probabilities)
