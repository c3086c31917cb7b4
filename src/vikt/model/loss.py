"""What an objective and the solvers ask of a loss.

A loss is a value: it says of a row's scores, given the row's target, what they cost, the derivative of that, and the
probabilities; it knows the shape of a row's scores, and how it reads targets. So a loss on other targets, such as each
class's share, is another value of this kind; solvers that treat a loss specially look it up by its type.

The shapes below hold what does not depend on how a target is given, as a class or as the share of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from vikt.arrays import Classes, Floats, Ints, Targets, Weights
from vikt.model.functions import log_logistic, log_softmax, logistic, softmax
from vikt.names import TargetKind

EPSILON, TINY = float(np.finfo(np.float64).eps), float(np.finfo(np.float64).tiny)


class Loss(Protocol):
    """The loss of one row, as a function of its scores and its target.

    Attributes
    ----------
    kind : {"classes", "several", "soft", "ordered"}
        What a row is labelled with.
    n_classes : int
        K, the number of classes or labels.
    columns : tuple of int
        The shape of one row's scores: () where there is one, (K,) where each class has its own.
    steepest : float
        The most that the loss curves in a score.
    scores_are_apart : bool
        Whether each score has a loss of its own, so that its derivative depends on no other score.
    weighted_classes : sequence of int
        The classes that a feature can speak for by its weight.
    cuts : tuple of float
        The K - 1 scores between ordered levels; empty for other targets.
    """

    @property
    def kind(self) -> TargetKind: ...
    @property
    def n_classes(self) -> int: ...
    @property
    def columns(self) -> tuple[int, ...]: ...
    @property
    def steepest(self) -> float: ...
    @property
    def scores_are_apart(self) -> bool: ...
    @property
    def weighted_classes(self) -> Sequence[int]: ...
    @property
    def cuts(self) -> tuple[float, ...]: ...

    def losses(self, scores: Floats, y: Targets) -> Floats:
        """The loss of each row, -log P(y | x): (m,)."""
        ...

    def residuals(self, scores: Floats, y: Targets) -> Floats:
        """∂loss/∂score, which is probability minus truth: the shape of the scores."""
        ...

    def residuals_at(self, p: Floats, y: Targets) -> Floats:
        """The residuals at probabilities that are known already."""
        ...

    def probabilities(self, scores: Floats) -> Floats:
        """The shape of the scores: P(y = 1 | x) of two classes, P(y = k | x) of more."""
        ...

    def log_probabilities(self, scores: Floats) -> Floats:
        """log P(y = k | x): (m, K), finite at any score."""
        ...

    def most_probable(self, scores: Floats) -> Classes:
        """arg max_k P(y = k | x): (m,); a tie goes to the first class."""
        ...

    def margins(self, scores: Floats, y: Targets) -> Floats:
        """By how much the true class of each row leads the others, the least of those with a share: (m,)."""
        ...

    def class_totals(self, y: Targets, weights: Floats) -> Floats:
        """The weight of each class: (K,)."""
        ...

    def totals_by_group(self, y: Targets, weights: Floats, group_of: Ints, n_groups: int) -> Floats:
        """The weight of each class in each group of rows: (g, K)."""
        ...

    def most_divergence(self, scores: Floats, y: Targets, share: float, off: Floats | float) -> Floats:
        """The most that KL(α ‖ p) can be at α = y - s(y - p), each score being off by `off` at most: (m,).

        Rounding is included. A score off by e moves the divergence by |p - α|·e + e² at most.
        """
        ...

    def truth(self, class_totals: Floats) -> Floats:
        """Σ_i w_i·truth_i by the weight of each class: in the shape of one row's scores."""
        ...

    def excess(self, total: Floats, true_total: Floats) -> Floats:
        """By how much scores must fall for Σ w·p to fall to Σ w·truth, of W = 1, were all rows the same."""
        ...

    def constant_scores(self, log_shares: Floats) -> Floats:
        """The scores by which every row has each class's share, given as logarithms (K,), for its probability."""
        ...

    def centred(self, scores: Floats) -> Floats:
        """The same probabilities by scores (columns last) that sum to zero, where a constant is theirs to choose."""
        ...

    def class_weights(self, theta: Weights, k: int, against: int | None = None) -> Floats:
        """The weights by which features speak for class k, or for it rather than for `against`: (n+1,) in float64."""
        ...

    def carried_over(self, theta: Floats, places: Ints) -> Floats:
        """θ for other classes, in the shape of their loss.

        `places` (K',) has the index of each among the classes of this loss, -1 of a new one, whose weights are 0.
        """
        ...


@dataclass(frozen=True)
class OneScore:
    """The shape of a loss of two classes, of which σ(z) is the second's probability; y is its truth, from 0 to 1."""

    steepest: ClassVar[float] = 0.25
    scores_are_apart: ClassVar[bool] = True
    cuts: ClassVar[tuple[float, ...]] = ()

    @property
    def n_classes(self) -> int:
        return 2

    @property
    def columns(self) -> tuple[int, ...]:
        return ()

    @property
    def weighted_classes(self) -> Sequence[int]:
        return range(2)

    def residuals(self, scores: Floats, y: Targets) -> Floats:
        return self.residuals_at(logistic(scores), y)

    def residuals_at(self, p: Floats, y: Targets) -> Floats:
        return p - y

    def probabilities(self, scores: Floats) -> Floats:
        return logistic(scores)

    def log_probabilities(self, scores: Floats) -> Floats:
        both = np.empty((len(scores), 2))
        both[:, 0], both[:, 1] = log_logistic(-scores), log_logistic(scores)
        return both

    def most_probable(self, scores: Floats) -> Classes:
        return np.asarray(scores > 0, dtype=np.int64)

    def truth(self, class_totals: Floats) -> Floats:
        return np.asarray(class_totals[1], dtype=np.float64)

    def excess(self, total: Floats, true_total: Floats) -> Floats:
        return excess_log_odds(total, true_total)

    def constant_scores(self, log_shares: Floats) -> Floats:
        return np.asarray(log_shares[1] - log_shares[0])

    def centred(self, scores: Floats) -> Floats:
        return scores

    def class_weights(self, theta: Weights, k: int, against: int | None = None) -> Floats:
        # The score is log(P(second)/P(first)), which already is the one class rather than the other.
        return np.asarray(theta if k else -theta, dtype=np.float64)

    def carried_over(self, theta: Floats, places: Ints) -> Floats:
        return _one_score_of_two(weights_at(np.stack([-theta / 2, theta / 2]), places))


@dataclass(frozen=True)
class ScorePerClass:
    """The shape of a loss of K classes, whose probabilities are softmax(z)."""

    n_classes: int
    steepest: ClassVar[float] = 0.5
    scores_are_apart: ClassVar[bool] = False
    cuts: ClassVar[tuple[float, ...]] = ()

    @property
    def columns(self) -> tuple[int, ...]:
        return (self.n_classes,)

    @property
    def weighted_classes(self) -> Sequence[int]:
        return range(self.n_classes)

    def probabilities(self, scores: Floats) -> Floats:
        return softmax(scores)

    def log_probabilities(self, scores: Floats) -> Floats:
        return log_softmax(scores)

    def most_probable(self, scores: Floats) -> Classes:
        return np.asarray(np.argmax(scores, axis=1), dtype=np.int64)

    def truth(self, class_totals: Floats) -> Floats:
        return class_totals

    def excess(self, total: Floats, true_total: Floats) -> Floats:
        return log_ratio(total, true_total)

    def constant_scores(self, log_shares: Floats) -> Floats:
        return self.centred(log_shares)

    def centred(self, scores: Floats) -> Floats:
        return np.asarray(scores - np.mean(scores, axis=-1, keepdims=True))

    def class_weights(self, theta: Weights, k: int, against: int | None = None) -> Floats:
        own = np.asarray(theta[k], dtype=np.float64)
        return own if against is None else own - theta[against]

    def carried_over(self, theta: Floats, places: Ints) -> Floats:
        return _one_score_of_two(weights_at(theta, places))


class OneClassPerRow:
    """What of a loss depends on how a target is given: as the index of the row's class."""

    kind: ClassVar[TargetKind] = "classes"

    def class_totals(self: Loss, y: Classes, weights: Floats) -> Floats:
        return np.asarray(np.bincount(y, weights=weights, minlength=self.n_classes), dtype=np.float64)

    def totals_by_group(self: Loss, y: Classes, weights: Floats, group_of: Ints, n_groups: int) -> Floats:
        n_cells = n_groups * self.n_classes
        totals = np.bincount(group_of * self.n_classes + y, weights=weights, minlength=n_cells)
        return np.asarray(totals, dtype=np.float64).reshape(n_groups, -1)

    def most_divergence(self: Loss, scores: Floats, y: Classes, share: float, off: Floats | float) -> Floats:
        # It depends on the true class's p = 1 - q alone: its share is 1 - sq in α, and the others have s times theirs.
        losses = self.losses(scores, y)
        q = -np.expm1(-losses)
        own = np.log1p(-share * q) + losses if share < 1 else np.zeros_like(losses)
        others = share * q * np.log(max(share, TINY))
        moved = 2 * (1 - share) * q
        rounding = 8 * EPSILON * (losses + q) * (share < 1)
        return np.asarray(np.maximum((1 - share * q) * own + others, 0.0) + rounding + off * moved + off * off)


class ShareOfEachClass:
    """What of a loss depends on how a target is given: as the share of each class or label, (m, K)."""

    kind: ClassVar[TargetKind] = "soft"

    def shares(self, y: Targets) -> Targets:
        """The share of each class: (m, K)."""
        return y

    def class_totals(self, y: Targets, weights: Floats) -> Floats:
        (totals,) = self.totals_by_group(y, weights, np.zeros(len(y), dtype=np.int64), 1)
        return np.asarray(totals)

    def totals_by_group(self, y: Targets, weights: Floats, group_of: Ints, n_groups: int) -> Floats:
        totals = [np.bincount(group_of, weights=weights * own, minlength=n_groups) for own in self.shares(y).T]
        return np.asarray(np.stack(totals, axis=1), dtype=np.float64)


def weights_at(theta: Floats, places: Ints) -> Floats:
    """The rows of θ at `places`; zeros where that is -1."""
    return np.asarray(np.concatenate([theta, np.zeros((1, theta.shape[1]))])[places])


def _one_score_of_two(theta: Floats) -> Floats:
    """Weights of every class, as the loss of their number takes them."""
    return theta[1] - theta[0] if len(theta) == 2 else theta


def log_ratio(total: Floats, true_total: Floats) -> Floats:
    """log(total / true_total), finite also where one of them is 0."""
    return np.asarray(np.log(np.maximum(total, TINY) / np.maximum(true_total, TINY)))


def excess_log_odds(total: Floats, true_total: Floats) -> Floats:
    """By how much the log-odds of one share exceed those of another."""
    return np.asarray(log_ratio(total, true_total) - log_ratio(1 - total, 1 - true_total))
