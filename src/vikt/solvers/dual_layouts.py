"""How α, θ and the truth lie in memory for the kernel of each loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import EllipsisType
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from vikt.arrays import Floats, Reals
from vikt.compiled import compiled
from vikt.model.functions import log_softmax
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.loss import Loss
from vikt.model.losses import BinaryCrossEntropy, MultinomialCrossEntropy
from vikt.model.soft_losses import BinarySoftCrossEntropy, SoftCrossEntropy
from vikt.solvers import label_kernels, many_classes_kernels, sum_kernels, two_classes_kernels
from vikt.solvers.dual_rows import AscentRows

_WITHIN_FLOAT32 = 1e-6
# A score this low keeps the classes that only fill up the arrays out of every softmax.
_NEVER = -1e4
# Stands for a share of 0 in logarithms: added to 1 in float32, it is rounded away.
_ALMOST_NEVER = 1e-30
Room = TypeVar("Room", many_classes_kernels.ClassRoom, label_kernels.LabelRoom)
# A number; or one for each label, (L,), of labels that lie side by side.
PerLabel = Any


class Point(NamedTuple):
    """What the parts of a pass hand on: θ and the intercepts, as in `DualState`."""

    theta: Reals
    intercepts: Floats

    def apart(self, n_turns: int) -> list[Point]:
        """Where turns start that are taken at the same time: each moves its point as far as if all did the same."""
        if n_turns == 1:
            return [self]
        intercepts = self.intercepts.copy()
        intercepts[1] /= n_turns
        return [Point(self.theta.copy(), intercepts.copy()) for _ in range(n_turns)]

    def joined(self, points: Sequence[Point]) -> Point:
        """The point that all turns together have led to, from this one."""
        if len(points) == 1:
            return points[0]
        n_turns, (start, *_) = len(points), self.apart(len(points))
        moved = sum((point.theta - start.theta for point in points), np.zeros(start.theta.shape))
        theta = (self.theta + moved / n_turns).astype(self.theta.dtype)
        further = sum((point.intercepts - start.intercepts for point in points), np.zeros(start.intercepts.shape))
        # The imbalance and the give are sums over rows; θ·μ moved as far as θ did.
        further[3] /= n_turns
        return Point(theta, self.intercepts + further)


class Layout(Protocol):
    """The layout of α, θ and the truth for the kernel of a loss.

    `padded` is K', the number of classes in the arrays; `own` is the index of the real classes along the last axis.
    """

    @property
    def padded(self) -> int: ...
    @property
    def own(self) -> EllipsisType | tuple[EllipsisType, slice]: ...

    def truth(self, shares: Floats) -> Reals:
        """The truth of rows with these shares of the classes, (g, K)."""
        ...

    def scores_of(self, truth: Reals) -> Reals:
        """The scores of α = y."""
        ...

    def zero(self, n_features: int, tol: float) -> Point:
        """θ = 0, in types precise enough for tol."""
        ...

    def ascend(self, *arguments: Any) -> tuple[PerLabel, PerLabel]:
        """One pass by the kernel of the loss, with its arguments; Σ w·KL(α ‖ p) and Σ w·loss, as it returns them."""
        ...

    def squared(self, theta: Reals) -> PerLabel:
        """Σ θ², of each label where labels lie side by side."""
        ...

    def summed(self, values: Floats) -> PerLabel:
        """The sum of numbers of the classes, (K',); those of labels side by side stay as they are."""
        ...

    def log_alpha(self, scores: Floats) -> Floats:
        """The probabilities of rows with these scores, as the kernel holds α: (g,) or (g, K)."""
        ...

    def weakened(self, alpha_scores: Reals, truth: Reals, ratio: Floats | float) -> Reals:
        """The scores of y - ratio·(y - α)."""
        ...

    def strengths(self, l2: Floats | float) -> Floats | float:
        """λ, of each label where labels lie side by side: a number, or (K',)."""
        ...

    def step_sizes(
        self, weights: Floats, along: Floats, squares: Floats, scale: Floats | float, rho: float
    ) -> tuple[Floats, Floats]:
        """The kernel's q = w·(scale·‖r·x - μ‖² + ρ), and x·μ, of each group."""
        ...

    def constants(self, rows: AscentRows, scale: Floats | float, rho: float) -> tuple[object, ...]:
        """The kernel's arguments that all rows share: μ·μ, r where it is by class, scale = 1/(2λW), and ρ."""
        ...


class TwoClasses:
    """α as log-odds: (g,); θ (n,)."""

    padded: int = 1
    own: EllipsisType | tuple[EllipsisType, slice] = ...

    def __init__(self, loss: Loss) -> None:
        pass

    def truth(self, shares: Floats) -> Reals:
        return shares[:, 1].copy()

    def scores_of(self, truth: Reals) -> Reals:
        return _log_odds(truth)

    def zero(self, n_features: int, tol: float) -> Point:
        return Point(np.zeros(n_features, np.float32 if tol >= _WITHIN_FLOAT32 else np.float64), np.zeros(4))

    def ascend(self, *arguments: Any) -> tuple[PerLabel, PerLabel]:
        return compiled(two_classes_kernels.__name__).ascend_two_classes(*arguments)  # type: ignore[no-any-return]

    def squared(self, theta: Reals) -> PerLabel:
        return compiled(sum_kernels.__name__).squared_length(theta)

    def summed(self, values: Floats) -> PerLabel:
        return float(values)

    def log_alpha(self, scores: Floats) -> Floats:
        return scores

    def weakened(self, alpha_scores: Reals, truth: Reals, ratio: Floats | float) -> Reals:
        towards = [np.log(np.maximum((1 - ratio) * share, _ALMOST_NEVER)) for share in (truth, 1 - truth)]
        logs = np.log(ratio) - np.logaddexp(0, [-alpha_scores, alpha_scores])
        return np.asarray(np.logaddexp(logs[0], towards[0]) - np.logaddexp(logs[1], towards[1]))

    def strengths(self, l2: Floats | float) -> Floats | float:
        return l2

    def step_sizes(
        self, weights: Floats, along: Floats, squares: Floats, scale: Floats | float, rho: float
    ) -> tuple[Floats, Floats]:
        return weights * (scale * squares + rho), along

    def constants(self, rows: AscentRows, scale: Floats | float, rho: float) -> tuple[object, ...]:
        return float(rows.centre.square), scale, rho


class LabelsSideBySide(TwoClasses):
    """α of each label as log-odds: (g, K'); θ (n, K'). The labels that fill up K' stay where they are."""

    def __init__(self, loss: Loss) -> None:
        self.padded = padded(loss.n_classes)
        self.own = ..., slice(loss.n_classes)

    def truth(self, shares: Floats) -> Reals:
        # A label on half of every row is fitted by θ = 0.
        truth = np.full((len(shares), self.padded), 0.5, dtype=np.float32)
        truth[self.own] = shares
        return truth

    def zero(self, n_features: int, tol: float) -> Point:
        return Point(np.zeros((n_features, self.padded), np.float32), np.zeros((4, self.padded)))

    def ascend(self, *arguments: Any) -> tuple[PerLabel, PerLabel]:
        # Labels that are done may have been left out since the start.
        n_labels = arguments[-1].shape[1]
        gap, loss = np.zeros((2, n_labels))
        room = _room(label_kernels.LabelRoom, n_labels)
        compiled(label_kernels.__name__).ascend_labels(*arguments, gap, loss, room)
        return gap, loss

    def squared(self, theta: Reals) -> PerLabel:
        totals = np.zeros(theta.shape[1])
        compiled(sum_kernels.__name__).squared_lengths(theta, totals)
        return totals

    def summed(self, values: Floats) -> PerLabel:
        return values

    def log_alpha(self, scores: Floats) -> Floats:
        return np.clip(scores, np.log(_ALMOST_NEVER), -np.log(_ALMOST_NEVER))

    def weakened(self, alpha_scores: Reals, truth: Reals, ratio: Floats | float) -> Reals:
        return super().weakened(alpha_scores, truth, ratio).astype(np.float32)

    def strengths(self, l2: Floats | float) -> Floats | float:
        own = np.atleast_1d(l2)
        # The labels that fill up K' have any λ.
        return np.resize(own, self.padded)

    def step_sizes(
        self, weights: Floats, along: Floats, squares: Floats, scale: Floats | float, rho: float
    ) -> tuple[Floats, Floats]:
        return weights * squares, along

    def constants(self, rows: AscentRows, scale: Floats | float, rho: float) -> tuple[object, ...]:
        return float(rows.centre.square), np.asarray(scale, dtype=np.float32), rho


class ManyClasses:
    """α as log α: (g, K'); θ (n, K')."""

    def __init__(self, loss: Loss) -> None:
        self.n_classes = loss.n_classes
        self.padded = padded(loss.n_classes)
        self.own = ..., slice(loss.n_classes)

    def truth(self, shares: Floats) -> Reals:
        truth = np.zeros((len(shares), self.padded), dtype=np.float32)
        truth[self.own] = shares
        return truth

    def scores_of(self, truth: Reals) -> Reals:
        return np.asarray(np.log(np.maximum(truth, np.float32(_ALMOST_NEVER))))

    def zero(self, n_features: int, tol: float) -> Point:
        intercepts = np.zeros((4, self.padded))
        intercepts[0, self.n_classes :] = _NEVER
        return Point(np.zeros((n_features, self.padded), np.float32), intercepts)

    def ascend(self, *arguments: Any) -> tuple[PerLabel, PerLabel]:
        room = _room(many_classes_kernels.ClassRoom, self.padded)
        return compiled(many_classes_kernels.__name__).ascend_many_classes(*arguments, room)  # type: ignore[no-any-return]

    def squared(self, theta: Reals) -> PerLabel:
        return compiled(sum_kernels.__name__).squared_length(theta.ravel())

    def summed(self, values: Floats) -> PerLabel:
        return float(np.sum(values))

    def log_alpha(self, scores: Floats) -> Floats:
        return np.maximum(log_softmax(scores), np.log(_ALMOST_NEVER))

    def weakened(self, alpha_scores: Reals, truth: Reals, ratio: Floats | float) -> Reals:
        towards = np.log(np.maximum((1 - ratio) * truth, _ALMOST_NEVER))
        return np.asarray(np.logaddexp(alpha_scores + np.float32(np.log(ratio)), towards), np.float32)

    def strengths(self, l2: Floats | float) -> Floats | float:
        return l2

    def step_sizes(
        self, weights: Floats, along: Floats, squares: Floats, scale: Floats | float, rho: float
    ) -> tuple[Floats, Floats]:
        return weights[:, None] * (scale * self._by_column(squares) + rho), self._by_column(along)

    def constants(self, rows: AscentRows, scale: Floats | float, rho: float) -> tuple[object, ...]:
        return self._by_column(rows.centre.square[None])[0], rows.by_class, scale, rho

    def _by_column(self, values: Floats) -> Floats:
        """Of each row one value, (g, 1), or one for each class of the kernel's arrays, (g, K')."""
        values = values.reshape(len(values), -1)
        more = self.padded - values.shape[1] if values.shape[1] > 1 else 0
        return np.pad(values, ((0, 0), (0, more)))


def _room(kind: type[Room], n_classes: int) -> Room:
    """Arrays to work in, a number per class."""
    return kind(*np.empty((len(kind._fields), n_classes), dtype=np.float32))


def padded(n_classes: int) -> int:
    """K': how many classes the arrays hold, with those that fill up the steps of the machine."""
    return -(-n_classes // many_classes_kernels.LANES) * many_classes_kernels.LANES


def _log_odds(shares: Reals) -> Reals:
    return np.asarray(np.log(np.maximum(shares, _ALMOST_NEVER)) - np.log(np.maximum(1 - shares, _ALMOST_NEVER)))


LAYOUTS: dict[type, Callable[[Loss], Layout]] = {
    BinaryCrossEntropy: TwoClasses,
    BinarySoftCrossEntropy: TwoClasses,
    MultinomialCrossEntropy: ManyClasses,
    OneLossPerLabel: LabelsSideBySide,
    SoftCrossEntropy: ManyClasses,
}
