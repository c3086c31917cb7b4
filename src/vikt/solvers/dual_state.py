"""The state of a dual ascent, which resumes with a weaker penalty or near known weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vikt.arrays import Floats, Reals
from vikt.errors import UsageError
from vikt.model.loss import Loss
from vikt.model.objective import Objective
from vikt.parts import Part, PerPart
from vikt.solvers.dual_layouts import LAYOUTS, Layout
from vikt.solvers.dual_rows import AscentRows, EqualRows
from vikt.solvers.intercepts import balanced_intercepts, class_shares


def _shares_within(objective: Objective) -> Floats:
    """Each class's share of the weight as if half a row more had it, and half a row more had not: never 0 or 1."""
    return np.asarray((class_shares(objective) * objective.total_weight + 0.5) / (objective.total_weight + 1))


@dataclass
class DualState:
    """The state of an ascent, to resume from with a weaker penalty.

    Equal rows of a part are one row, of their joint weight and with the shares of their labels as its truth: as
    separate rows, equal ones with different labels would pull each other to and fro for ever.

    Attributes
    ----------
    layout : Layout
    rows : AscentRows
    truth : (g,) or (g, K') of each part
        The share of each label in each group; K' is K rounded up to what the machine does at once.
    alpha_scores : (g,) or (g, K') of each part
        Scores whose logistic or softmax is α.
    theta : (n,) or (n, K')
        Σ w x (y - α) / (2λW), over the penalty's r where it has one: the weights that belong to α, if it balances.
    intercepts : (4,) or (4, K')
        The scores b at the mean row μ, the imbalance Σ w (y - α), how much the α's give way to b, and θ·μ. Where rows
        are not centred b are the intercepts of θ.
    l2 : float or (K',)
        λ, of each label where labels lie side by side.
    fresh : bool
        Whether no row was visited yet.
    """

    layout: Layout
    rows: AscentRows
    truth: PerPart[Reals]
    alpha_scores: PerPart[Reals]
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
        rows = beside.rows if beside else AscentRows.of(objective, layout.padded)
        truth = objective.parts.each(_truth, rows.groups, layout, loss)
        alpha_scores = objective.parts.each(_scores_of_truth, truth, layout)
        zero, first = layout.zero(objective.n_features, tol), int(objective.has_dummy)
        zero.intercepts[layout.own][:first] = loss.constant_scores(np.log(_shares_within(objective)))
        return cls(layout, rows, truth, alpha_scores, *zero, layout.strengths(objective.l2 if l2 is None else l2))

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
        unscaled, mean = penalty.unscaled(theta), state.rows.centre.mean
        along, square = float(np.sum(of_alpha * unscaled)), float(np.sum(of_alpha * of_alpha))
        if along <= 0:
            return state
        ratio, own = min(along / square, 1.0), state.layout.own
        state.theta[own][state.rows.rank] = ratio * of_alpha.T
        state.intercepts[own][:first] = theta.T[:first] + np.sum(mean * unscaled, axis=-1)
        state.intercepts[own][3] = np.sum(mean * ratio * of_alpha, axis=-1)
        alpha_scores = objective.parts.each(
            _part_of_the_way, state.truth, state.alpha_scores, state.rows.groups, scores, state.layout, ratio
        )
        return replace(state, alpha_scores=alpha_scores, fresh=False)

    @property
    def theta_0(self) -> Floats:
        """The intercepts of θ: () or (K',)."""
        return np.asarray(self.intercepts[0] - self.intercepts[3])

    def weakened(self, l2: float) -> DualState:
        """The same θ as a dual point of a weaker penalty: α becomes y - (l2/λ)(y - α), which stays a distribution."""
        ratio = l2 / self.l2
        scores = self.rows.parts.each(_weakened, self.truth, self.alpha_scores, self.layout, ratio)
        intercepts = self.intercepts.copy()
        intercepts[1] *= ratio
        l2_of_each = self.layout.strengths(l2)
        return replace(self, alpha_scores=scores, theta=self.theta.copy(), intercepts=intercepts, l2=l2_of_each)


# The work of one part.


def _truth(part: Part, groups: EqualRows, layout: Layout, loss: Loss) -> Reals:
    totals = loss.totals_by_group(part.y, part.weights, groups.group_of, len(groups.row_of))
    return layout.truth(np.asarray(totals / groups.weights[:, None]))


def _scores_of_truth(part: Part, truth: Reals, layout: Layout) -> Reals:
    return layout.scores_of(truth)


def _part_of_the_way(
    part: Part, truth: Reals, alpha_scores: Reals, groups: EqualRows, scores: Floats, layout: Layout, ratio: float
) -> Reals:
    alpha_scores = alpha_scores.copy()
    alpha_scores[layout.own] = layout.log_alpha(scores[groups.row_of])
    return layout.weakened(alpha_scores, truth, ratio)


def _weakened(part: Part, truth: Reals, alpha_scores: Reals, layout: Layout, ratio: Floats | float) -> Reals:
    return layout.weakened(alpha_scores, truth, ratio)
