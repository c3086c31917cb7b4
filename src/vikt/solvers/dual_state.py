"""The state of a dual ascent, which resumes with a weaker penalty or near known weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vikt.arrays import Floats, Reals
from vikt.errors import UsageError
from vikt.model.objective import Objective
from vikt.solvers.dual_layouts import LAYOUTS, Layout
from vikt.solvers.dual_rows import AscentRows, EqualRows
from vikt.solvers.intercepts import balanced_intercepts, class_shares


def _shares_within(objective: Objective) -> Floats:
    """Each class's share of the weight as if half a row more had it, and half a row more had not: never 0 or 1."""
    return np.asarray((class_shares(objective) * objective.total_weight + 0.5) / (objective.total_weight + 1))


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
