"""The confusion matrix and the figures read from it; the loss of probabilities.

A confusion matrix has a row for each real class and a column for each predicted one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats, Ints, LabelArray, RowValues, Targets
from vikt.corpus.frames import array_of
from vikt.corpus.label_arrays import checked_labels, label_array, label_kind
from vikt.errors import DataError, UsageError
from vikt.model.classes import row_weights
from vikt.tables import quoted


def confusion_matrix(y_true: ArrayLike, y_pred: ArrayLike, labels: ArrayLike | None = None) -> Ints:
    """How often class k was predicted as class l: cell (k, l).

    Parameters
    ----------
    y_true, y_pred : array_like, (m,)
        Real and predicted classes.
    labels : array_like, (K,), optional
        The classes in the order of rows and columns; by default all that occur, sorted.

    Returns
    -------
    ndarray of int, (K, K)

    Raises
    ------
    DataError
        The two differ in length, a class is missing or not in `labels`, or one holds strings and the other does not.

    Notes
    -----
    Lecture 6a.

    Examples
    --------
    >>> confusion_matrix(["ham", "ham", "spam"], ["ham", "spam", "spam"]).tolist()
    [[1, 1], [0, 1]]
    """
    real, predicted = _pair(y_true, y_pred)
    listed = np.concatenate([real, predicted]) if labels is None else class_array(labels, "labels")
    names = np.unique(listed) if labels is None else listed
    size = len(names)
    cells = positions(real, names) * size + positions(predicted, names)
    return np.bincount(cells, minlength=size * size).reshape(size, size).astype(np.int64)


def positions(values: ArrayLike, names: ArrayLike) -> Ints:
    """The index in `names` of each value.

    Raises
    ------
    DataError
        A value is not among the names.

    Examples
    --------
    >>> positions(["b", "a"], ["b", "a"]).tolist()
    [0, 1]
    """
    listed, known = array_of(values).tolist(), array_of(names).tolist()
    # By Python's equality: NumPy's drops a NUL at the end of a string. The first of equal names counts.
    position_of = {name: position for position, name in reversed(list(enumerate(known)))}
    stranger = next((value for value in listed if value not in position_of), None)
    if stranger is not None:
        raise DataError(f"labels: expected one of {quoted(known)}, found {stranger!r:.60}; add it to them")
    return np.array([position_of[value] for value in listed], dtype=np.int64)


def accuracy(y_true: ArrayLike, y_pred: ArrayLike, sample_weight: RowValues = None) -> float:
    """Correct predictions / all predictions; with weights w, Σ w_i [y_i = ŷ_i] / Σ w_i.

    Parameters and errors as for `confusion_matrix`; a weight is 0 or more, one for each point.

    Examples
    --------
    >>> accuracy(["ham", "ham", "spam", "spam"], ["ham", "spam", "spam", "spam"])
    0.75
    >>> accuracy(["ham", "ham", "spam", "spam"], ["ham", "spam", "spam", "spam"], [1, 3, 1, 1])
    0.5
    """
    real, predicted = _pair(y_true, y_pred)
    if not len(real):
        raise DataError("accuracy: expected predictions, found none; give at least one")
    hits = real == predicted
    if sample_weight is None:
        return float(np.count_nonzero(hits) / len(hits))
    weights = row_weights(sample_weight, len(real))
    return math.fsum(weights[hits].tolist()) / math.fsum(weights.tolist())


def precision(y_true: ArrayLike, y_pred: ArrayLike, positive: object, undefined: float = math.nan) -> float:
    """The share of the points predicted as positive that are positive: TP / (TP + FP).

    Parameters
    ----------
    y_true, y_pred : array_like, (m,)
        Real and predicted classes.
    positive : object
        The positive class.
    undefined : float
        The value where no point is predicted as positive.

    Notes
    -----
    Lecture 6a.

    Examples
    --------
    >>> precision(["ham", "ham", "spam"], ["ham", "spam", "spam"], "spam")
    0.5
    """
    return float(precisions(_of_positive(y_true, y_pred, positive), undefined)[1])


def recall(y_true: ArrayLike, y_pred: ArrayLike, positive: object, undefined: float = math.nan) -> float:
    """The share of the positive points that are predicted as positive: TP / (TP + FN). Parameters as for `precision`.

    Examples
    --------
    >>> recall(["ham", "ham", "spam"], ["ham", "spam", "spam"], "spam")
    1.0
    """
    return float(recalls(_of_positive(y_true, y_pred, positive), undefined)[1])


def f1(y_true: ArrayLike, y_pred: ArrayLike, positive: object, undefined: float = math.nan) -> float:
    """The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN). Parameters as for `precision`.

    It is undefined only where no point is positive or predicted as positive.

    Examples
    --------
    >>> f1(["ham", "ham", "spam"], ["ham", "spam", "spam"], "spam")
    0.6666666666666666
    """
    return float(f1s(_of_positive(y_true, y_pred, positive), undefined)[1])


def macro_f1(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """The mean F1 of the classes that points have; a class that is only predicted is left out.

    Parameters as for `confusion_matrix`.

    Examples
    --------
    >>> round(macro_f1(["ham", "ham", "spam"], ["ham", "spam", "spam"]), 4)
    0.6667
    """
    return float(macro_f1s(confusion_matrix(y_true, y_pred)))


def precisions(confusion: ArrayLike, undefined: float = math.nan) -> Floats:
    """Precision of every class, from a confusion matrix (K, K): (K,)."""
    confusion = np.asarray(confusion)
    return ratio(np.diagonal(confusion), confusion.sum(axis=0), undefined)


def recalls(confusion: ArrayLike, undefined: float = math.nan) -> Floats:
    """Recall of every class, from a confusion matrix (K, K): (K,)."""
    confusion = np.asarray(confusion)
    return ratio(np.diagonal(confusion), confusion.sum(axis=1), undefined)


def f1s(confusion: ArrayLike, undefined: float = math.nan) -> Floats:
    """F1 of every class, from a confusion matrix (K, K): (K,)."""
    confusion = np.asarray(confusion)
    return f1_of_counts(np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0), undefined)


def f1_of_counts(correct: ArrayLike, real: ArrayLike, predicted: ArrayLike, undefined: float = math.nan) -> Floats:
    """2 TP / (2 TP + FP + FN), from TP, the rows of a class (TP + FN) and its predictions (TP + FP); any shape."""
    return ratio(2 * np.asarray(correct), np.asarray(real) + np.asarray(predicted), undefined)


def macro_f1_of_counts(correct: ArrayLike, real: ArrayLike, predicted: ArrayLike) -> Floats:
    """Mean of F1 along the last axis over the classes with real > 0; nan where there is none."""
    present = np.asarray(real) > 0
    values = np.where(present, f1_of_counts(correct, real, predicted, undefined=0.0), 0.0)
    return ratio(values.sum(axis=-1), present.sum(axis=-1), math.nan)


def macro_f1s(confusion: ArrayLike) -> Floats:
    """`macro_f1` from a confusion matrix."""
    confusion = np.asarray(confusion)
    return macro_f1_of_counts(np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0))


def log_losses(y_true: ArrayLike, log_probabilities: ArrayLike) -> Floats:
    """-log P(y_i | x_i) of each row, exact however confident the model is: nothing is clipped.

    Of shares of classes it is their cross-entropy, -Σ_k y_ik log P(k | x_i).

    Parameters
    ----------
    y_true : array_like of int, (m,); or of float, (m, K)
        The index of each row's real class; or the share of each class, which sum to 1.
    log_probabilities : array_like, (m, K)
        log P(y = k | x), as `vikt.model.functions.log_softmax` gives it.

    Raises
    ------
    UsageError
        The shapes do not fit.

    Examples
    --------
    >>> from vikt.model.functions import log_softmax
    >>> log_losses([1], log_softmax([[1208.3, 0.0]])).tolist()
    [1208.3]
    >>> log_losses([[0.75, 0.25]], np.log([[0.5, 0.5]])).round(4).tolist()
    [0.6931]
    """
    truth, values = truth_and_table(y_true, log_probabilities, "log_probabilities")
    # Plus zero: -log 1 is 0, not -0.
    if truth.ndim == 1:
        return np.asarray(-values[np.arange(len(truth)), truth] + 0.0)
    # A class of share 0 costs nothing, however improbable it is.
    return np.asarray(-np.where(truth > 0, truth * np.where(truth > 0, values, 0.0), 0.0).sum(axis=1) + 0.0)


def truth_and_table(y_true: ArrayLike, table: ArrayLike, name: str) -> tuple[Targets, Floats]:
    """Indices of classes, (m,), or shares of classes, (m, K), and a table (m, K) of what is compared with them.

    Raises
    ------
    UsageError
        The shapes do not fit.
    """
    values, given = np.asarray(table, dtype=np.float64), np.asarray(y_true)
    truth = given.astype(np.float64 if given.ndim == 2 else np.int64)
    if values.ndim != 2 or truth.shape != values.shape[: max(truth.ndim, 1)]:
        raise UsageError(
            f"{name}: expected a row for each of {len(np.atleast_1d(truth))} rows, found shape {values.shape}; "
            "give an array (m, K)"
        )
    return truth, values


def log_loss(y_true: ArrayLike, log_probabilities: ArrayLike) -> float:
    """The mean of `log_losses`, the cross-entropy -(1/m) Σ log P(y_i | x_i); nan without rows.

    Examples
    --------
    >>> round(log_loss([0, 1], np.log([[0.5, 0.5], [0.75, 0.25]])), 4)
    1.0397
    """
    losses = log_losses(y_true, log_probabilities)
    return exact_mean(losses) if len(losses) else math.nan


def exact_mean(values: ArrayLike) -> float:
    """The mean of one number or more, from their exact sum: it does not depend on their order, not in the last bit.

    Examples
    --------
    >>> exact_mean([1e16, 1.0, -1e16]) == exact_mean([1e16, -1e16, 1.0])
    True
    """
    values = np.asarray(values, dtype=np.float64)
    return math.fsum(values.tolist()) / len(values)


def ratio(numerator: ArrayLike, denominator: ArrayLike, undefined: float = math.nan) -> Floats:
    """The quotient of counts, of any shape; `undefined` where the denominator is 0.

    Examples
    --------
    >>> ratio([1, 0], [4, 0], undefined=1.0).tolist()
    [0.25, 1.0]
    """
    numerator, denominator = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    result = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), undefined)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result


def _of_positive(y_true: ArrayLike, y_pred: ArrayLike, positive: object) -> Ints:
    real, predicted = _pair(y_true, y_pred)
    chosen = class_array([positive], "positive")
    refuse_mixture(real, "y_true", chosen, "positive")
    return confusion_matrix(real == chosen, predicted == chosen, labels=[False, True])


def _pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[LabelArray, LabelArray]:
    real, predicted = class_array(y_true, "y_true"), class_array(y_pred, "y_pred")
    if len(real) != len(predicted):
        raise DataError(
            f"y_true holds {len(real)} classes and y_pred {len(predicted)}; give a prediction for each real class"
        )
    refuse_mixture(real, "y_true", predicted, "y_pred")
    return real, predicted


def class_array(labels: object, name: str) -> LabelArray:
    """Classes of any maker as an array (m,). Raises DataError where one is missing, or of another kind than others."""
    checked = checked_labels(label_array(labels, name), name)
    # NumPy cannot compare StringDType with object arrays.
    return checked.astype(object) if checked.dtype.kind == "T" else checked


def refuse_mixture(first: LabelArray, its_name: str, second: LabelArray, name: str) -> None:
    """Raise DataError where strings would be compared with numbers, which none of them equals."""
    kinds = label_kind(first), label_kind(second)
    if None not in kinds and kinds[0] != kinds[1] and "string" in kinds:
        raise DataError(
            f"{its_name} holds {kinds[0]}s such as {first.tolist()[0]!r:.60} and {name} {kinds[1]}s such as "
            f"{second.tolist()[0]!r:.60}, which are never equal; convert one to the type of the other"
        )
