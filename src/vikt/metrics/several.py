"""Figures of rows that have several labels each, or none: of the sets that are answered, of ranks, of probabilities.

The labels of a row depend on one another, so an interval draws rows, each with all of its labels. `label_counts` counts
each label by itself, and the means of `vikt.metrics.averages` take such counts as they take those of classes:
`micro_f1_of`, `micro_precision_of` and `micro_recall_of` of all labels together; `macro_f1_of`, `macro_precision_of`
and `balanced_accuracy_of` (the mean recall), in which each label that some row has counts alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vikt.arrays import Bools, Floats, Ints
from vikt.errors import UsageError
from vikt.metrics.averages import Counts
from vikt.metrics.bootstrap import N_DRAWS, CountFigure, parts
from vikt.metrics.classification import exact_mean, ratio


def label_counts(real: ArrayLike, answered: ArrayLike) -> Counts:
    """Of each label: the rows that have it and are answered it, those that have it, those that are answered it.

    Parameters
    ----------
    real, answered : array_like of bool, (m, L)
        Whether each row has each label, and whether it is answered.

    Raises
    ------
    UsageError
        The two are not tables of the same shape.

    Examples
    --------
    >>> from vikt.metrics.averages import macro_f1_of, micro_f1_of
    >>> counts = label_counts([[1, 1], [1, 0], [0, 0]], [[1, 0], [1, 0], [0, 1]])
    >>> micro_f1_of(counts).round(4).item(), macro_f1_of(counts).round(4).item()
    (0.6667, 0.5)
    """
    sides = _sides(*_pair(real, answered))
    return Counts(*(np.count_nonzero(side, axis=0).astype(np.int64) for side in sides))


def subset_hits(real: ArrayLike, answered: ArrayLike) -> Bools:
    """Whether each row is answered exactly the labels that it has: (m,). Parameters as for `label_counts`."""
    real, answered = _pair(real, answered)
    return np.asarray((real == answered).all(axis=1))


def subset_accuracy(real: ArrayLike, answered: ArrayLike) -> float:
    """The share of the rows that are answered exactly the labels that they have; nan without rows.

    Parameters and errors as for `label_counts`.

    Examples
    --------
    >>> subset_accuracy([[1, 1], [1, 0]], [[1, 0], [1, 0]])
    0.5
    """
    hits = subset_hits(real, answered)
    return int(hits.sum()) / len(hits) if len(hits) else math.nan


def hamming_loss(real: ArrayLike, answered: ArrayLike) -> float:
    """The share of wrong answers among all pairs of a row and a label; nan without any.

    Parameters and errors as for `label_counts`.

    Examples
    --------
    >>> hamming_loss([[1, 1], [1, 0]], [[1, 0], [1, 0]])
    0.25
    """
    counts = label_counts(real, answered)
    return float(hamming_loss_of(counts, len(np.asarray(real))))


def hamming_loss_of(counts: Counts, n_rows: int) -> Floats:
    """`hamming_loss` from the counts of the labels of n_rows rows: Σ_k (FP_k + FN_k) / (m L)."""
    wrong = (counts.real + counts.predicted - 2 * counts.correct).sum(axis=-1)
    return ratio(wrong, n_rows * counts.real.shape[-1])


def drawn_label_figures(
    real: Bools, answered: Bools, figures: Mapping[str, CountFigure], draws: int = N_DRAWS, seed: int = 0
) -> dict[str, Floats]:
    """Figures of counts of labels in draws of m rows with replacement: (draws,), whatever the order of the rows.

    Parameters
    ----------
    real, answered : ndarray of bool, (m, L)
        As for `label_counts`, of one row or more.
    figures : mapping of str to callable
        Each a function of the counts of many draws.
    """
    drawn = {name: np.empty(draws) for name in figures}
    for place, (counts,) in _drawn_counts(real, (answered,), draws, seed):
        for name, value in figures.items():
            drawn[name][place] = value(counts)
    return drawn


def drawn_label_differences(
    real: Bools,
    first: Bools,
    second: Bools,
    figures: Mapping[str, CountFigure],
    draws: int = N_DRAWS,
    seed: int = 0,
) -> dict[str, Floats]:
    """Figures of a second model's answers less those of a first's, the rows drawn for both at once: (draws,).

    Parameters
    ----------
    real, first, second : ndarray of bool, (m, L)
        Whether each row has each label, and whether each model answers it.
    figures : mapping of str to callable
        Each a function of the counts of many draws.
    """
    drawn = {name: np.empty(draws) for name in figures}
    for place, (counts, others) in _drawn_counts(real, (first, second), draws, seed):
        for name, value in figures.items():
            drawn[name][place] = value(others) - value(counts)
    return drawn


def _drawn_counts(real: Bools, answers: Sequence[Bools], draws: int, seed: int) -> Iterator[tuple[slice, list[Counts]]]:
    """The counts of the answers of each model, in some of the draws at a time."""
    from scipy.sparse import csr_array

    (m, n_labels), rng = real.shape, np.random.default_rng(seed)
    # Rows of the same labels and answers are alike: only the different ones are added up.
    first, rows = _different(real, *answers)
    sides = [side for answered in answers for side in _sides(real[first], answered[first])]
    table = csr_array(np.hstack(sides), dtype=np.int64)
    alike = np.repeat(np.arange(len(rows)), rows)
    for start, stop in parts(draws, len(rows) + len(sides) * n_labels):
        times = [np.bincount(alike[rng.integers(m, size=m)], minlength=len(rows)) for _ in range(start, stop)]
        totals = np.split(np.array(times) @ table, len(sides), axis=1)
        yield slice(start, stop), [Counts(*totals[at : at + 3]) for at in range(0, len(sides), 3)]


class LabelRanks(NamedTuple):
    """For each pair of a row and a label that it has, by falling score of all labels of the row.

    Attributes
    ----------
    row : ndarray of int, (N,)
    place : ndarray of int, (N,)
        How many labels come before it; of equals the first label comes first.
    at_least : ndarray of int, (N,)
        How many labels have its score or a larger one, itself among them.
    real_at_least : ndarray of int, (N,)
        How many of those the row has.
    """

    row: Ints
    place: Ints
    at_least: Ints
    real_at_least: Ints


def label_ranks(real: ArrayLike, scores: ArrayLike) -> LabelRanks:
    """Where the labels of each row stand among all labels.

    Parameters
    ----------
    real : array_like of bool, (m, L)
        Whether each row has each label.
    scores : array_like, (m, L)
        Any score that rises with the probability of the label; log-probabilities say.

    Raises
    ------
    UsageError
        The two are not tables of the same shape.

    Examples
    --------
    >>> label_ranks([[1, 0, 1]], [[0.5, 0.9, 0.5]]).place.tolist()
    [1, 2]
    """
    real, scores = _pair(real, scores, np.float64)
    row, label = np.nonzero(real)
    found = np.empty((3, len(row)), dtype=np.int64)
    before = np.arange(real.shape[1])
    for start, stop in parts(len(row), max(real.shape[1], 1)):
        rows, labels = row[start:stop], label[start:stop, None]
        others, own = scores[rows], scores[rows][np.arange(stop - start)[:, None], labels]
        at_least = others >= own
        found[:, start:stop] = (
            ((others > own) | (at_least & (before < labels))).sum(axis=1),
            at_least.sum(axis=1),
            (at_least & real[rows]).sum(axis=1),
        )
    return LabelRanks(row, *found)


def ranking_precisions(ranks: LabelRanks, n_rows: int) -> Floats:
    """The label-ranking precision of each row: (n_rows,); 1 for a row without labels, where no order is wrong."""
    sums = np.bincount(ranks.row, ranks.real_at_least / ranks.at_least, minlength=n_rows)
    return ratio(sums, np.bincount(ranks.row, minlength=n_rows), undefined=1.0)


def label_ranking_average_precision(real: ArrayLike, scores: ArrayLike) -> float:
    """How far the labels of a row stand above the others, from 0 to 1; nan without rows.

    With Y_i the labels of row i, and f its scores,

        (1/m) Σ_i (1/|Y_i|) Σ_{k in Y_i} |{j in Y_i : f_ij ≥ f_ik}| / |{j : f_ij ≥ f_ik}|

    and 1 instead for a row without labels. Parameters and errors as for `label_ranks`.

    Notes
    -----
    Schapire and Singer 2000, BoosTexter, Machine Learning 39; Tsoumakas, Katakis and Vlahavas 2010, Mining multi-label
    data. Equal scores and rows without labels are as in scikit-learn.

    Examples
    --------
    >>> round(label_ranking_average_precision([[1, 0, 0], [0, 0, 1]], [[0.75, 0.5, 1.0], [1.0, 0.2, 0.1]]), 4)
    0.4167
    """
    n_rows = len(np.asarray(real))
    precisions = ranking_precisions(label_ranks(real, scores), n_rows)
    return exact_mean(precisions) if n_rows else math.nan


def hits_at_k(ranks: LabelRanks, n_rows: int, k: int) -> Ints:
    """How many of the k labels of the largest scores each row has: (n_rows,)."""
    return np.bincount(ranks.row[ranks.place < k], minlength=n_rows).astype(np.int64)


def precision_at_k(real: ArrayLike, scores: ArrayLike, k: int) -> float:
    """The share that are right of the k labels of the largest scores, over all rows; nan without rows.

    A row of fewer than k labels cannot reach 1: the divisor is k for every row. Of equal scores the first label comes
    first. Parameters and errors as for `label_ranks`.

    Examples
    --------
    >>> precision_at_k([[1, 0, 1], [0, 0, 1]], [[0.9, 0.1, 0.8], [0.9, 0.2, 0.5]], k=2)
    0.75
    """
    n_rows = len(np.asarray(real))
    hits = hits_at_k(label_ranks(real, scores), n_rows, k)
    return int(hits.sum()) / (k * n_rows) if n_rows else math.nan


def label_log_losses(real: ArrayLike, log_probabilities: ArrayLike) -> Floats:
    """The mean binary log loss of each row's labels, -(1/L) Σ_k log P(row has k, or has not, as it is): (m,).

    Nothing is clipped. Parameters and errors as for `label_ranks`, the scores being log P(row has k).

    Examples
    --------
    >>> label_log_losses([[1, 0]], np.log([[0.5, 0.2]])).round(4).tolist()      # (-log 0.5 - log 0.8) / 2
    [0.4581]
    """
    real, values = _pair(real, log_probabilities, np.float64)
    losses = np.full(len(real), math.nan)
    for start, stop in parts(len(real), max(real.shape[1], 1)):
        rows = np.ascontiguousarray(values[start:stop])
        own = np.where(real[start:stop], rows, log_complement(rows))
        # Plus zero: -log 1 is 0, not -0.
        losses[start:stop] = -own.sum(axis=1) / max(real.shape[1], 1) + 0.0
    return losses


def label_log_loss(real: ArrayLike, log_probabilities: ArrayLike) -> float:
    """The mean of `label_log_losses`: the log loss per label; nan without rows.

    Examples
    --------
    >>> round(label_log_loss([[1, 0], [0, 0]], np.log([[0.5, 0.2], [0.5, 0.2]])), 4)
    0.4581
    """
    losses = label_log_losses(real, log_probabilities)
    return exact_mean(losses) if len(losses) else math.nan


def _sides(real: Bools, answered: Bools) -> tuple[Bools, Bools, Bools]:
    """In the order of `Counts`."""
    return real & answered, real, answered


def _different(*tables: Bools) -> tuple[Ints, Ints]:
    """The first of the rows that are alike, in an order that only what they hold decides; and how many there are."""
    packed = np.packbits(np.hstack(tables), axis=1)
    _, first, rows = np.unique(packed.view(f"V{packed.shape[1]}").ravel(), return_index=True, return_counts=True)
    return first, rows


def _pair(real: ArrayLike, values: ArrayLike, dtype: type = bool) -> tuple[Bools, NDArray[Any]]:
    first: Bools = np.asarray(real, dtype=bool)
    second: NDArray[Any] = np.asarray(values, dtype=dtype)
    if first.ndim != 2 or first.shape != second.shape:
        raise UsageError(
            f"real: expected a row for each text and a column for each label, as in the other table, found shapes "
            f"{first.shape} and {second.shape}; give two tables (m, L)"
        )
    return first, second


def log_complement(log_p: ArrayLike) -> Floats:
    """log(1 - p) from log p, of probabilities of any shape; exact where p is all but 0 or all but 1.

    Of log p it takes the form that loses no digits: log(1 - e^(log p)) or log(-expm1(log p)). It is -inf where p is 1.
    Mächler 2012, Accurately computing log(1 - exp(-|a|)).

    Examples
    --------
    >>> log_complement([-1e-30, -40.0]).tolist()
    [-69.07755278982137, -4.248354255291589e-18]
    """
    log_p = np.asarray(log_p, dtype=np.float64)
    is_probable = log_p > -np.log(2)
    with np.errstate(divide="ignore"):
        logs = np.asarray(np.log1p(-np.exp(log_p)))
        logs[is_probable] = np.log(-np.expm1(log_p[is_probable]))
    return logs
