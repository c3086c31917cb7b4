"""What each class's mistakes should cost so that macro F1 is highest: the answer is then arg max_k w_k·P(k | text).

The best answers for a figure of the confusion matrix weigh the probabilities by class (Narasimhan, Ramaswamy, Saha and
Agarwal 2015). One weight after the other is set to its best value, the others kept, until none gains; for two classes
that is the best threshold there is. A class of a few rows keeps the weight 1, since its best weight would be that of
chance.
"""

from __future__ import annotations

import numpy as np

from vikt.arrays import Classes, Floats, Ints
from vikt.decisions.thresholds import between
from vikt.metrics.classification import f1_of_counts

_MOST_ROUNDS = 20
_ROUNDING = 1e-9
LEAST_ROWS = 10


def best_factors(log_probabilities: Floats, y: Classes, rows_of_class: Ints) -> Floats:
    """w of each class: (K,).

    Parameters
    ----------
    log_probabilities : (m, K)
    y : (m,)
        Real classes; -1 for one that is none of the K.
    rows_of_class : (K,)
        How many rows are of each class, among them those that are not answered.
    """
    factors = np.ones(log_probabilities.shape[1])
    candidates = np.flatnonzero(rows_of_class >= LEAST_ROWS).tolist()
    if len(factors) == 2:
        # One weight says all.
        candidates = candidates[-1:]
    best = _total_f1(log_probabilities, y, rows_of_class, factors)
    for _ in range(_MOST_ROUNDS):
        before = best
        for k in candidates:
            factor, total = _best_factor(log_probabilities, y, rows_of_class, factors, k)
            if total > best + _ROUNDING:
                factors[k], best = factor, total
        if best <= before + _ROUNDING:
            break
    return factors


def _total_f1(log_probabilities: Floats, y: Classes, rows_of_class: Ints, factors: Floats) -> float:
    answered = np.argmax(log_probabilities + np.log(factors), axis=1)
    correct = np.bincount(answered[answered == y], minlength=len(factors))
    predicted = np.bincount(answered, minlength=len(factors))
    return float(f1_of_counts(correct, rows_of_class, predicted, 0.0)[rows_of_class > 0].sum())


def _best_factor(
    log_probabilities: Floats, y: Classes, rows_of_class: Ints, factors: Floats, k: int
) -> tuple[float, float]:
    """The best w_k, and the sum of F1 over the classes of some row that it gives.

    Rows are answered k one after the other as w_k grows; each takes a row from the class that stands first among the
    others, whose F1 changes by that alone.
    """
    weighted = log_probabilities + np.log(factors)
    weighted[:, k] = -np.inf
    other = np.argmax(weighted, axis=1)
    # log w_k from which on a row is answered k.
    turns = weighted.max(axis=1) - log_probabilities[:, k]
    order = np.argsort(turns, kind="stable")
    turns, other, real = turns[order], other[order], y[order]
    n_classes = len(factors)
    correct = np.bincount(other[other == real], minlength=n_classes)
    predicted = np.bincount(other, minlength=n_classes)
    changes = np.zeros(len(turns))
    for c in np.unique(other[rows_of_class[other] > 0]):
        own = np.flatnonzero(other == c)
        left = predicted[c] - np.arange(len(own) + 1)
        right = correct[c] - np.concatenate([[0], np.cumsum(real[own] == c)])
        changes[own] = np.diff(f1_of_counts(right, np.full(len(left), rows_of_class[c]), left, 0.0))
    taken = np.arange(len(turns) + 1)
    right = np.concatenate([[0], np.cumsum(real == k)])
    own_f1 = f1_of_counts(right, np.full(len(taken), rows_of_class[k]), taken, 0.0) * (rows_of_class[k] > 0)
    start = f1_of_counts(correct, rows_of_class, predicted, 0.0)
    start[k] = 0.0
    totals = own_f1 + start[rows_of_class > 0].sum() + np.concatenate([[0.0], np.cumsum(changes)])
    # Rows that turn at one value turn together.
    totals[1:-1][turns[1:] - turns[:-1] <= _ROUNDING] = -np.inf
    j = int(np.argmax(totals))
    low = np.exp(turns[j - 1]) if j else 0.0
    high = np.exp(turns[j]) if j < len(turns) else 2 * low
    return between(float(low), float(high)), float(totals[j])
