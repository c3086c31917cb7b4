"""The data of a dual ascent: groups of equal rows, rows as its kernels read them, and its state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import EllipsisType
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Indices, Ints, Reals, Scales
from vikt.compiled import compiled
from vikt.errors import UsageError
from vikt.matrix import DesignMatrix
from vikt.model.functions import log_softmax
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.loss import Loss
from vikt.model.losses import BinaryCrossEntropy, MultinomialCrossEntropy
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.model.soft_losses import BinarySoftCrossEntropy, SoftCrossEntropy
from vikt.parts import InMemory, Part
from vikt.solvers import label_kernels, many_classes_kernels, sum_kernels, two_classes_kernels
from vikt.solvers.intercepts import balanced_intercepts, class_shares

_WITHIN_FLOAT32 = 1e-6
# A score this low keeps the classes that only fill up the arrays out of every softmax.
_NEVER = -1e4
# Stands for a share of 0 in logarithms: added to 1 in float32, it is rounded away.
_ALMOST_NEVER = 1e-30


Room = TypeVar("Room", many_classes_kernels.ClassRoom, label_kernels.LabelRoom)


@dataclass(frozen=True)
class EqualRows:
    """Equal rows of a data set: `group_of` each row; each group's first row, joint weight, and visits in a pass."""

    group_of: NDArray[np.int64]
    row_of: NDArray[np.int64]
    weights: Floats
    visits: NDArray[np.int64]

    @classmethod
    def of(cls, objective: Objective) -> EqualRows:
        """Found by a 64-bit hash: should two rows ever collide, the certificate, which ignores groups, shows it."""
        rows = objective.rows
        _, row_of, group_of = np.unique(rows.X.row_hashes(), return_index=True, return_inverse=True)
        weights = np.bincount(group_of, weights=rows.weights).astype(np.float64)
        # As often as it counts: a heavy group takes more steps than a light one.
        visits = np.maximum(1, np.rint(weights / np.mean(weights))).astype(np.int64)
        return cls(group_of, row_of, weights, visits)

    def class_shares(self, loss: Loss, part: Part) -> Floats:
        """The share of each class in each group's weight: (g, K)."""
        totals = loss.totals_by_group(part.y, part.weights, self.group_of, len(self.row_of))
        return np.asarray(totals / self.weights[:, None])


@dataclass(frozen=True)
class AscentRows:
    """A data set as the kernels read it, whatever λ: compressed rows, each group's first row and its ‖r·x‖².

    `X` is the same for a proof; `rank` is the number of each column here, on which the model does not depend. `scales`
    are r of the penalty in this order; `by_class`, (n, K') or (0, K'), is r for the kernels where it differs by class.
    For two classes the values are multiplied by r instead.
    """

    X: DesignMatrix
    rank: Indices
    arrays: tuple[Ints, Indices, Reals, Ints]
    squared_norms: Floats
    scales: Scales | None
    by_class: Scales

    @classmethod
    def of(cls, objective: Objective, groups: EqualRows, padded: int) -> AscentRows:
        X, rank = objective.rows.X.by_falling_frequency(padded)
        indptr, indices, values = X.compressed_rows()
        scales, by_class = objective.penalty.scales, np.empty((0, padded), np.float32)
        squared_norms = objective.rows.X.squared_norms(scales)[groups.row_of]
        if scales is not None:
            scales = scales[..., np.argsort(rank)]
        # Unsigned, so that the kernels need not ask whether an index counts from the end.
        indices = indices.view(f"u{indices.itemsize}")
        # Half the memory to read; the proof, which reads the values as they are, makes up for the rounding.
        values = values.astype(np.float32, copy=False)
        if scales is not None and scales.ndim == 1:
            values = values * scales[indices]
        elif scales is not None:
            by_class = np.ones((len(rank), padded), np.float32)
            by_class[:, : len(scales)] = scales.T
        return cls(X, rank, (indptr, indices, values, groups.row_of), squared_norms, scales, by_class)

    def objective(self, objective: Objective) -> Objective:
        """The same objective, its columns in the order that they have here."""
        penalty = penalty_of(objective.l2, objective.l1, objective.has_dummy, self.scales)
        return Objective(InMemory(replace(objective.rows, X=self.X)), objective.loss, penalty)


# A number; or one for each label, (L,), of labels that lie side by side.
PerLabel = Any


class Zero(NamedTuple):
    """The arrays of an ascent that starts at θ = 0, which is α = y; see `DualState`."""

    truth: Reals
    alpha_scores: Reals
    theta: Reals
    intercepts: Floats


class Layout(Protocol):
    """The layout of α, θ and the truth for the kernel of a loss.

    `padded` is K', the number of classes in the arrays; `own` is the index of the real classes along the last axis.
    """

    @property
    def padded(self) -> int: ...
    @property
    def own(self) -> EllipsisType | tuple[EllipsisType, slice]: ...

    def at_zero(self, groups: EqualRows, objective: Objective, tol: float) -> Zero:
        """The arrays in types precise enough for tol."""
        ...

    def ascend(self, *arguments: Any) -> tuple[PerLabel, PerLabel]:
        """One pass by the kernel of the loss, with its arguments; Σ w·KL(α ‖ p) and Σ w·loss, as it returns them."""
        ...

    def squared(self, theta: Reals) -> PerLabel:
        """Σ θ², of each label where labels lie side by side."""
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

    def step_sizes(self, weights: Floats, rows: AscentRows, scale: Floats | float, rho: float) -> tuple[object, ...]:
        """The kernel's arguments for q = w·(scale·‖r·x‖² + ρ) of each group, r by class, and the scale 1/(2λW)."""
        ...


class TwoClasses:
    """α as log-odds: (g,); θ (n,)."""

    padded: int = 1
    own: EllipsisType | tuple[EllipsisType, slice] = ...

    def __init__(self, loss: Loss) -> None:
        pass

    def at_zero(self, groups: EqualRows, objective: Objective, tol: float) -> Zero:
        truth = groups.class_shares(objective.loss, objective.rows)[:, 1].copy()
        log_odds = _log_odds(truth)
        theta: Reals = np.zeros(objective.n_features, np.float32 if tol >= _WITHIN_FLOAT32 else np.float64)
        return Zero(truth, log_odds, theta, np.zeros(3))

    def ascend(self, *arguments: Any) -> tuple[PerLabel, PerLabel]:
        return compiled(two_classes_kernels.__name__).ascend_two_classes(*arguments)  # type: ignore[no-any-return]

    def squared(self, theta: Reals) -> PerLabel:
        return compiled(sum_kernels.__name__).squared_length(theta)

    def log_alpha(self, scores: Floats) -> Floats:
        return scores

    def weakened(self, alpha_scores: Reals, truth: Reals, ratio: Floats | float) -> Reals:
        towards = [np.log(np.maximum((1 - ratio) * share, _ALMOST_NEVER)) for share in (truth, 1 - truth)]
        logs = np.log(ratio) - np.logaddexp(0, [-alpha_scores, alpha_scores])
        return np.asarray(np.logaddexp(logs[0], towards[0]) - np.logaddexp(logs[1], towards[1]))

    def strengths(self, l2: Floats | float) -> Floats | float:
        return l2

    def step_sizes(self, weights: Floats, rows: AscentRows, scale: Floats | float, rho: float) -> tuple[object, ...]:
        return weights * (scale * rows.squared_norms + rho), scale


class LabelsSideBySide(TwoClasses):
    """α of each label as log-odds: (g, K'); θ (n, K'). The labels that fill up K' stay where they are."""

    def __init__(self, loss: Loss) -> None:
        self.padded = padded(loss.n_classes)
        self.own = ..., slice(loss.n_classes)

    def at_zero(self, groups: EqualRows, objective: Objective, tol: float) -> Zero:
        # A label on half of every row is fitted by θ = 0.
        truth = np.full((len(groups.row_of), self.padded), 0.5, dtype=np.float32)
        truth[self.own] = groups.class_shares(objective.loss, objective.rows)
        theta = np.zeros((objective.n_features, self.padded), np.float32)
        return Zero(truth, _log_odds(truth), theta, np.zeros((3, self.padded)))

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

    def log_alpha(self, scores: Floats) -> Floats:
        return np.clip(scores, np.log(_ALMOST_NEVER), -np.log(_ALMOST_NEVER))

    def weakened(self, alpha_scores: Reals, truth: Reals, ratio: Floats | float) -> Reals:
        return super().weakened(alpha_scores, truth, ratio).astype(np.float32)

    def strengths(self, l2: Floats | float) -> Floats | float:
        own = np.atleast_1d(l2)
        # The labels that fill up K' have any λ.
        return np.resize(own, self.padded)

    def step_sizes(self, weights: Floats, rows: AscentRows, scale: Floats | float, rho: float) -> tuple[object, ...]:
        return weights * rows.squared_norms, np.asarray(scale, dtype=np.float32)


class ManyClasses:
    """α as log α: (g, K'); θ (n, K')."""

    def __init__(self, loss: Loss) -> None:
        self.n_classes = loss.n_classes
        self.padded = padded(loss.n_classes)
        self.own = ..., slice(loss.n_classes)

    def at_zero(self, groups: EqualRows, objective: Objective, tol: float) -> Zero:
        truth = np.zeros((len(groups.row_of), self.padded), dtype=np.float32)
        truth[self.own] = groups.class_shares(objective.loss, objective.rows)
        intercepts = np.zeros((3, self.padded))
        intercepts[0, self.n_classes :] = _NEVER
        log_alpha = np.log(np.maximum(truth, np.float32(_ALMOST_NEVER)))
        return Zero(truth, log_alpha, np.zeros((objective.n_features, self.padded), np.float32), intercepts)

    def ascend(self, *arguments: Any) -> tuple[PerLabel, PerLabel]:
        room = _room(many_classes_kernels.ClassRoom, self.padded)
        return compiled(many_classes_kernels.__name__).ascend_many_classes(*arguments, room)  # type: ignore[no-any-return]

    def squared(self, theta: Reals) -> PerLabel:
        return compiled(sum_kernels.__name__).squared_length(theta.ravel())

    def log_alpha(self, scores: Floats) -> Floats:
        return np.maximum(log_softmax(scores), np.log(_ALMOST_NEVER))

    def weakened(self, alpha_scores: Reals, truth: Reals, ratio: Floats | float) -> Reals:
        towards = np.log(np.maximum((1 - ratio) * truth, _ALMOST_NEVER))
        return np.asarray(np.logaddexp(alpha_scores + np.float32(np.log(ratio)), towards), np.float32)

    def strengths(self, l2: Floats | float) -> Floats | float:
        return l2

    def step_sizes(self, weights: Floats, rows: AscentRows, scale: Floats | float, rho: float) -> tuple[object, ...]:
        by_column = rows.squared_norms.reshape(len(weights), -1)
        if rows.by_class.shape[0]:
            # The kernel reads one for each class of its arrays.
            by_column = np.pad(by_column, ((0, 0), (0, self.padded - by_column.shape[1])))
        return weights[:, None] * (scale * by_column + rho), rows.by_class, scale


def _room(kind: type[Room], n_classes: int) -> Room:
    """Arrays to work in, a number per class."""
    return kind(*np.empty((len(kind._fields), n_classes), dtype=np.float32))


def padded(n_classes: int) -> int:
    """K': how many classes the arrays hold, with those that fill up the steps of the machine."""
    return -(-n_classes // many_classes_kernels.LANES) * many_classes_kernels.LANES


def _shares_within(objective: Objective) -> Floats:
    """Each class's share of the weight as if half a row more had it, and half a row more had not: never 0 or 1."""
    return np.asarray((class_shares(objective) * objective.total_weight + 0.5) / (objective.total_weight + 1))


def _log_odds(shares: Reals) -> Reals:
    return np.asarray(np.log(np.maximum(shares, _ALMOST_NEVER)) - np.log(np.maximum(1 - shares, _ALMOST_NEVER)))


LAYOUTS: dict[type, Callable[[Loss], Layout]] = {
    BinaryCrossEntropy: TwoClasses,
    BinarySoftCrossEntropy: TwoClasses,
    MultinomialCrossEntropy: ManyClasses,
    OneLossPerLabel: LabelsSideBySide,
    SoftCrossEntropy: ManyClasses,
}


@dataclass
class DualState:
    """The state of an ascent, to resume from with a weaker penalty.

    Equal rows are one row, of their joint weight and with the shares of their labels as its truth: as separate rows,
    equal ones with different labels would pull each other to and fro for ever.

    Attributes
    ----------
    layout : Layout
    groups : EqualRows
    rows : AscentRows
    truth : (g,) or (g, K')
        The share of each label in each group; K' is K rounded up to what the machine does at once.
    alpha_scores : (g,) or (g, K')
        Scores whose logistic or softmax is α.
    theta : (n,) or (n, K')
        The weights that belong to α, over the penalty's r where it has one.
    intercepts : (3,) or (3, K')
        The intercepts, the imbalance Σ w (y - α), and how much the α's give way to the intercepts.
    l2 : float or (K',)
        λ, of each label where labels lie side by side.
    fresh : bool
        Whether no row was visited yet.
    """

    layout: Layout
    groups: EqualRows
    rows: AscentRows
    truth: Reals
    alpha_scores: Reals
    theta: Reals
    intercepts: Floats
    l2: Floats | float
    fresh: bool = True

    @classmethod
    def at_zero(
        cls, objective: Objective, tol: float, beside: DualState | None = None, l2: Floats | None = None
    ) -> DualState:
        """Weights of 0, which is α = y, in types precise enough for tol. Raises UsageError for a loss without a kernel.

        The intercepts are those of the shares of the classes, from where far fewer passes are needed than from 0.
        `beside` is a state of other targets of the same rows, from which what is common is taken; `l2` is λ of each
        label, (K,), where it is not that of the objective.
        """
        loss = objective.loss
        if type(loss) not in LAYOUTS:
            raise UsageError(f"solver 'dual' cannot take the loss {type(loss).__name__}; choose 'newton' or 'batch'")
        layout = LAYOUTS[type(loss)](loss)
        groups = beside.groups if beside else EqualRows.of(objective)
        rows = beside.rows if beside else AscentRows.of(objective, groups, layout.padded)
        zero, first = layout.at_zero(groups, objective, tol), int(objective.has_dummy)
        zero.intercepts[layout.own][:first] = loss.constant_scores(np.log(_shares_within(objective)))
        return cls(layout, groups, rows, *zero, layout.strengths(objective.l2 if l2 is None else l2))

    @classmethod
    def near(
        cls,
        objective: Objective,
        theta: Floats,
        tol: float,
        beside: DualState | None = None,
        l2: Floats | None = None,
    ) -> DualState:
        """A state near θ: α are its probabilities, the intercepts at their optimum. At an optimum, θ(α) is θ.

        Where θ is that of a stronger penalty, α go only part of the way there from y, as in `weakened`, so that θ(α)
        comes nearest to θ. Raises UsageError for a loss without a kernel.
        """
        state, first, penalty = cls.at_zero(objective, tol, beside, l2), int(objective.has_dummy), objective.penalty
        theta, scores = balanced_intercepts(objective, theta, objective.scores(theta))
        slopes = -objective.weighted_sum(objective.residuals(scores))[..., first:]
        of_alpha = penalty.scaled(slopes) / (2 * (objective.l2 if l2 is None else l2[:, None]))
        along, square = float(np.sum(of_alpha * penalty.unscaled(theta))), float(np.sum(of_alpha * of_alpha))
        if along <= 0:
            return state
        ratio, own = min(along / square, 1.0), state.layout.own
        state.alpha_scores[own] = state.layout.log_alpha(scores.only[state.groups.row_of])
        state.theta[own][state.rows.rank] = ratio * of_alpha.T
        state.intercepts[own][:first] = theta.T[:first]
        scores_of_alpha = state.layout.weakened(state.alpha_scores, state.truth, ratio)
        return replace(state, alpha_scores=scores_of_alpha, fresh=False)

    def weakened(self, l2: float) -> DualState:
        """The same θ as a dual point of a weaker penalty: α becomes y - (l2/λ)(y - α), which stays a distribution."""
        ratio = l2 / self.l2
        scores = self.layout.weakened(self.alpha_scores, self.truth, ratio)
        intercepts = self.intercepts.copy()
        intercepts[1] *= ratio
        l2_of_each = self.layout.strengths(l2)
        return replace(self, alpha_scores=scores, theta=self.theta.copy(), intercepts=intercepts, l2=l2_of_each)
