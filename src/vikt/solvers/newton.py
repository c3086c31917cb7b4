"""Newton's method: for dense data, for columns of any scale, for small λ and for none.

One step solves H·Δ = -∇L̂, so the scale of a column does not matter. The columns are centred first, and the free
intercept makes up for it: a constant column then vanishes, and one that varies little about a large mean no longer
resembles the dummy feature. A step is halved until the loss falls enough; near the optimum the full step squares the
distance.

With few weights the Hessian is formed and the step exact; with many, the step is found by conjugate gradients.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple, Protocol

import numpy as np

from vikt.arrays import Floats, FloatType, Reals
from vikt.base import LossRecord
from vikt.model.loss import EPSILON, Loss
from vikt.model.objective import Objective
from vikt.names import LOOSE_TOL, TOL, Reason, finite
from vikt.parts import Part, PerPart
from vikt.solvers.certificate import Certificate, gradient_certificate
from vikt.solvers.conjugate_gradients import ConjugateGradients, dot
from vikt.solvers.intercepts import balanced_intercepts
from vikt.solvers.line_search import ENOUGH, backtracked
from vikt.solvers.newton_steps import ExactSteps, is_exact
from vikt.solvers.rounding import ROUNDING, value_rounding
from vikt.solvers.solution import OnRecord, Solution
from vikt.solvers.solver import Solver

_EXACT = np.dtype(np.float64)
_STEPS_IN_VAIN = 10
# The gradient of a step's solution, squared, as a share of what the proof needs.
_FARTHER = 0.25
# A product with the Hessian that lowers the objective by less than this share of what those before it did, on average,
# ends a step.
_LITTLE = 0.5
_REMEDY = "raise tol, or scale the features to about 1"


class Steps(Protocol):
    """A way to solve for Newton's step; gradients are by the weights of the centred columns.

    `dtype` is that of the fastest products, precise enough far from the optimum; `rounding` is the largest length that
    a gradient of 0 can have in these.
    """

    dtype: FloatType
    rounding: float

    def gradient(self, theta: Floats, residuals: PerPart[Reals]) -> Floats:
        """∂L̂/∂θ: the shape of θ. It is as rough as the type of the residuals."""
        ...

    def step(self, gradient: Floats, p: PerPart[Floats], goal: float, little: float) -> tuple[Floats, float]:
        """Δ, to a length of ∇L̂ + H·Δ below `goal` if not better, or until more work adds `little`; and -∇L̂ᵀΔ."""
        ...


def newton(
    objective: Objective,
    *,
    tol: float | None = None,
    epsilon: float = 1e-12,
    max_iter: int = 200,
    random_state: int = 0,
    theta: Floats | None = None,
    on_record: OnRecord | None = None,
) -> Solution:
    """Minimise by Newton's method: by rough products while these are precise enough, then by exact ones.

    The fit ends within `tol` of the optimum, by proof; or, where λ = 0, with a sum of squares of the gradient below
    `epsilon`. By default `tol` is 1e-7, or 1e-4 where rounding or `max_iter` ends the fit sooner. It starts at
    `theta`, takes at most `max_iter` steps, and draws nothing at random.
    """
    steps: Steps = ExactSteps(objective) if is_exact(objective) else ConjugateGradients(objective)
    theta = _start(objective) if theta is None else theta
    enough, tol = (LOOSE_TOL, TOL) if tol is None else (tol, tol)
    fit = _Fit(objective, steps, tol, enough, epsilon, theta, steps.dtype)
    while True:
        point = fit.look(on_record)
        if fit.is_rough and point.squares <= fit.least_rough_squares:
            fit.become_exact()
            continue
        wanted = fit.wanted(point)
        if objective.l2 and point.squares <= wanted:
            theta, proof = gradient_certificate(objective, fit.theta)
            if proof.proves(tol):
                return Solution(theta, proof, fit.curve, True, proof.success(tol))
            wanted = min(wanted, point.squares)
        step, decrement = fit.step(point, wanted)
        # No scale of a column makes the decrement small.
        slope = max(point.squares, decrement)
        if not objective.l2 and slope < epsilon:
            return fit.solution(True, "small_gradient", {"squares": slope, "epsilon": epsilon})
        if len(fit.curve) > max_iter:
            return fit.out_of_steps(max_iter)
        if fit.go(point, step, decrement):
            continue
        if fit.is_rough:
            fit.become_exact()
        elif fit.ends:
            return fit.best_end()
        else:
            fit.follow_the_gradient()


class _Point(NamedTuple):
    """The facts of one point: L̂, the probabilities, the gradient and its sum of squares."""

    value: float
    p: PerPart[Floats]
    gradient: Floats
    squares: float


@dataclass
class _Fit:
    """The current point of a fit and its history.

    `dtype` is that of the products, at first a rough one; a fit that rounding or the steps end has converged within
    `enough`. `nearest` is the θ of the least sum of squares.
    """

    objective: Objective
    steps: Steps
    tol: float
    enough: float
    epsilon: float
    theta: Floats
    dtype: FloatType
    curve: list[LossRecord] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    last_decrement: float = np.inf
    # The error of L̂ by rounding of the scores, and the first end: known once only the gradient leads the fit.
    blurred: float = 0.0
    ends: list[tuple[Floats, Certificate]] = field(default_factory=list)
    least_squares: float = np.inf
    begun: float = field(default_factory=perf_counter)

    def __post_init__(self) -> None:
        self.nearest = self.theta
        self.scores = self.objective.scores(self.theta.astype(self.dtype, copy=False))

    @property
    def is_rough(self) -> bool:
        return self.dtype != _EXACT

    @property
    def least_rough_squares(self) -> float:
        """The sum of squares below which a gradient may be nothing but the rounding of rough products."""
        return max(self.steps.rounding**2, 0.0 if self.objective.l2 else self.epsilon)

    def become_exact(self) -> None:
        self.dtype, self.scores = _EXACT, self.objective.scores(self.theta)
        # A rough value may be lower than any exact one.
        self.values.clear()

    def follow_the_gradient(self) -> None:
        """Keep the end by values, and go on: rounding of scores can hide a fall, above all in stiff directions."""
        self.ends.append(gradient_certificate(self.objective, self.theta))
        self.blurred, self.last_decrement = value_rounding(self.objective, self.theta), np.inf
        self.values.clear()

    def look(self, on_record: OnRecord | None) -> _Point:
        objective = self.objective
        if not self.is_rough:
            self.theta, self.scores = balanced_intercepts(objective, self.theta, self.scores)
        value = objective.value_from_scores(self.scores, self.theta)
        self.values.append(value)
        training_loss = value - objective.penalty.value(self.theta)
        self.curve.append(LossRecord(len(self.curve), training_loss, seconds=perf_counter() - self.begun))
        if on_record:
            on_record(self.curve[-1])
        p = objective.probabilities(self.scores)
        gradient = self.steps.gradient(self.theta, objective.parts.each(_residuals_at, objective.loss, p, self.dtype))
        point = _Point(value, p, gradient, dot(gradient, gradient))
        if point.squares < self.least_squares:
            self.least_squares, self.nearest = point.squares, self.theta
        return point

    def wanted(self, point: _Point) -> float:
        """The sum of squares of the gradient at which the fit ends."""
        objective = self.objective
        if not objective.l2:
            return self.epsilon
        return 4 * objective.l2 * self.tol * point.value / objective.penalty.largest_scale**2

    def step(self, point: _Point, wanted: float) -> tuple[Floats, float]:
        step, decrement = self.steps.step(
            point.gradient, point.p, np.sqrt(_FARTHER * wanted), 0.0 if self.ends else _LITTLE
        )
        if self.objective.has_dummy:
            # All classes' scores could rise together without effect.
            step[..., 0] = self.objective.loss.centred(step[..., 0])
        return step, decrement

    def go(self, point: _Point, step: Floats, decrement: float) -> bool:
        """Go along the step as far as L̂ falls; False where it does not fall by more than rounding.

        Where values no longer show which point is better, decrements still do, until only rounding is left.
        """
        at_rounding = decrement <= ROUNDING * point.value + self.blurred and decrement > self.last_decrement / 2
        if at_rounding or _stuck(self.values):
            return False
        rounding, value = ROUNDING / EPSILON * float(np.finfo(self.dtype).eps), point.value + self.blurred

        def point_at(length: float) -> tuple[Floats, PerPart[Floats]]:
            theta = self.theta + length * step
            return theta, self.objective.scores(theta.astype(self.dtype, copy=False))

        def is_lower(length: float, further: tuple[Floats, PerPart[Floats]]) -> bool:
            allowed = value - ENOUGH * length * decrement + rounding * value
            return self.objective.value_from_scores(further[1], further[0]) <= allowed

        better = backtracked(point_at, is_lower)
        if better is None:
            return False
        (self.theta, self.scores), self.last_decrement = better, decrement
        return True

    def solution(self, converged: bool, code: str, facts: dict[str, float | None]) -> Solution:
        theta, proof = gradient_certificate(self.objective, self.theta)
        return Solution(theta, proof, self.curve, converged, Reason(code, facts | {"relative": finite(proof.relative)}))

    def out_of_steps(self, max_iter: int) -> Solution:
        """The nearest point, if that is near enough, or else the last: badly scaled gradients rise and fall."""
        theta, proof = gradient_certificate(self.objective, self.nearest)
        if proof.proves(self.enough):
            return Solution(theta, proof, self.curve, True, proof.success(self.enough))
        return self.solution(False, "max_steps", {"max_iter": max_iter})

    def best_end(self) -> Solution:
        """The better of both ends, by its proof; a tie goes to this one."""
        ends = [gradient_certificate(self.objective, self.theta), *reversed(self.ends)]
        theta, proof = min(ends, key=lambda end: end[1].relative)
        reason = Reason("rounding", {"relative": finite(proof.relative)})
        return Solution(theta, proof, self.curve, proof.proves(self.enough), reason, remedy=_REMEDY)


def _start(objective: Objective) -> Floats:
    """Weights of 0, and the intercepts by which each row's probability of a class is the share of the class."""
    theta = np.zeros(objective.shape)
    if objective.has_dummy:
        shares = objective.parts.sums(_class_totals, objective.loss) / objective.total_weight
        theta[..., 0] = objective.loss.constant_scores(np.log(shares + EPSILON))
    return theta


def _stuck(values: list[float]) -> bool:
    """Whether the last steps have not lowered the objective by more than rounding."""
    before = values[:-_STEPS_IN_VAIN]
    return bool(before) and min(values) >= min(before) * (1 - ROUNDING)


# The work of one part.


def _residuals_at(part: Part, loss: Loss, p: Floats, dtype: FloatType) -> Reals:
    return loss.residuals_at(p, part.y).astype(dtype, copy=False)


def _class_totals(part: Part, loss: Loss) -> Floats:
    return loss.class_totals(part.y, part.weights)


NEWTON = Solver(newton, takes_offset=True, takes_start=True, takes_parts=True)
