"""Naive Bayes, the generative contrast: it models P(x, y), where logistic regression models P(y given x) (lecture 6a).

The log of the joint probability is linear in x for both kinds, so a fit returns weights θ (K, n+1) like any other
linear model: arg max_y P(y)·P(x | y) is arg max_k θ_k·x, and softmax(θx) is P(y | x).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Classes, Floats, Scales
from vikt.matrix import DesignMatrix
from vikt.parameters import ABOVE_0, checked_value

# The smallest r: a column that says even less of a class is penalised as if it said this much, so 1/r² stays finite.
LEAST_RATIO = 1e-2


def fit_multinomial(X: DesignMatrix, y: Classes, n_classes: int, weights: Floats, alpha: float = 1.0) -> Floats:
    """P(x | y) ∝ Π_j P(w_j | y)^x_j, with P(w_j | y) = (count_jy + α) / Σ_j (count_jy + α).

    Parameters
    ----------
    X : DesignMatrix
        Counts, none negative.
    y : (m,) int
    n_classes : int
        K.
    weights : (m,)
        Sample weights.
    alpha : float
        Added to every count (Laplace smoothing).

    Returns
    -------
    ndarray, (K, n+1)
        Column 0 is log P(y), the others log P(w_j | y).
    """
    class_total, counts = _counts_by_class(X, y, n_classes, weights, alpha)
    smoothed = counts + alpha
    log_prior = np.log(class_total / class_total.sum())
    return np.column_stack([log_prior, np.log(smoothed / smoothed.sum(axis=1, keepdims=True))])


def fit_bernoulli(X: DesignMatrix, y: Classes, n_classes: int, weights: Floats, alpha: float = 1.0) -> Floats:
    """P(x | y) = Π_j P_jy^x_j (1 - P_jy)^(1 - x_j) for x_j in {0, 1}, P_jy = (count_jy + α) / (count_y + 2α).

    An absent feature counts too: the intercept holds the sum of log(1 - P_jy) over all features. Parameters as for
    `fit_multinomial`; X holds zeros and ones.
    """
    class_total, counts = _counts_by_class(X, y, n_classes, weights, alpha)
    present = (counts + alpha) / (class_total[:, None] + 2 * alpha)
    log_prior = np.log(class_total / class_total.sum())
    absent = np.log1p(-present)
    return np.column_stack([log_prior + absent.sum(axis=1), np.log(present) - absent])


def counts_by_class(X: DesignMatrix, of_classes: Floats) -> Floats:
    """The weight of each feature in each class, by the weight of each class in each row, (m, K): (K, n)."""
    return X.weighted_sum(of_classes)[:, int(X.has_dummy) :]


def log_count_ratios(counts: Floats, alpha: float = 1.0) -> Floats:
    """r_kj = log((p_kj + α) / ‖p_k + α‖₁) - log((q_kj + α) / ‖q_k + α‖₁): how much column j says of class k.

    p_kj is the weight of column j in the rows of class k, as of `counts_by_class`, and q_kj in all others. Source: Wang
    and Manning 2012.

    Returns
    -------
    ndarray, (K, n)

    Examples
    --------
    >>> np.exp(log_count_ratios(np.array([[0.0, 1.0], [2.0, 1.0]]))).round(3).tolist()
    [[0.556, 1.667], [1.8, 0.6]]
    """
    own, others = counts + alpha, counts.sum(axis=0) - counts + alpha
    shares = [smoothed / smoothed.sum(axis=1, keepdims=True) for smoothed in (own, others)]
    return np.asarray(np.log(shares[0]) - np.log(shares[1]))


def penalty_scales(counts: Floats, scaled: NDArray[np.bool_]) -> Scales:
    """|r_kj| of the columns to be scaled, 1 of others, as the penalty's scales: (n,) for two classes, (K, n) for more.

    A column multiplied by r under the penalty λθ² is the column as it is under λθ²/r², separately for each class. For
    two classes r_0 = -r_1, and the penalty is the same for both signs.
    """
    scales = np.ones(counts.shape, dtype=np.float32)
    scales[:, scaled] = np.maximum(np.abs(log_count_ratios(counts[:, scaled])), LEAST_RATIO)
    return scales[1] if len(counts) == 2 else scales


NAIVE_BAYES = {"multinomial": fit_multinomial, "bernoulli": fit_bernoulli}


def _counts_by_class(
    X: DesignMatrix, y: Classes, n_classes: int, weights: Floats, alpha: float
) -> tuple[Floats, Floats]:
    """The weight of each class (K,), and of each feature in it (K, n).

    Raises
    ------
    UsageError
        alpha is not above 0: a word unseen in one class would rule that class out.
    """
    checked_value("alpha", ABOVE_0, alpha)
    of_classes = np.zeros((X.n_rows, n_classes))
    of_classes[np.arange(X.n_rows), y] = weights
    return of_classes.sum(axis=0), counts_by_class(X, of_classes)
