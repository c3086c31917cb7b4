"""The ascent of several labels side by side, in the same passes over rows that they share.

What the fits have in common is made once: groups of equal rows, and rows as the ascent reads them. Only for the labels
in work are there α and scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Reals
from vikt.base import LossRecord
from vikt.names import TOL
from vikt.solvers.certificate import Certificate, certificate, certificate_nearby
from vikt.solvers.dual import Ascent, max_passes_unproven, no_worse_than_zero
from vikt.solvers.dual_layouts import padded
from vikt.solvers.dual_state import DualState
from vikt.solvers.intercepts import balanced_intercepts
from vikt.solvers.labels import FittedLabel, LabelObjectives
from vikt.solvers.pace import Pace
from vikt.solvers.solution import OnRecord, joined
from vikt.threads import running


@dataclass(frozen=True)
class Limits:
    """When an ascent ends, as of `vikt.solvers.dual`, and the seed of its order."""

    tol: float = TOL
    max_iter: int = 1000
    most_ahead: float = np.inf
    random_state: int = 0


def shared_state(labels: LabelObjectives, blocks: Sequence[list[int]], limits: Limits) -> DualState | None:
    """The state that lends all blocks what depends on the rows alone; None where no second block asks for it."""
    return DualState.at_zero(labels.some(blocks[0]), limits.tol) if len(blocks) > 1 else None


def fit_side_by_side(
    labels: LabelObjectives,
    fit_alone: Callable[[int, Reals | None], FittedLabel],
    limits: Limits,
    theta: Floats | None,
    beside: DualState | None,
    threads: int,
    on_record: OnRecord | None,
    block: list[int],
) -> list[FittedLabel]:
    """The fits of a block of labels, from `theta` (K, n+1) if given; one that is slow here is finished by itself."""
    ascent = _BlockAscent(labels, block, beside, limits, theta)
    with running(threads) as run:
        while ascent.working:
            record = ascent.one_pass()
            if on_record:
                on_record(record)
            due = ascent.due()
            for at, proven in zip(due, run(ascent.proven, due), strict=True):
                ascent.take(at, *proven)
            ascent.narrow()
        for at, start in ascent.slow.items():
            ascent.continued(at, fit_alone(block[at], start))
    return [ascent.fitted[at] for at in range(len(block))]


def approach_side_by_side(
    labels: LabelObjectives, limits: Limits, beside: DualState | None, block: list[int]
) -> Floats:
    """Weights of a block of labels near their optimum, without a proof: (k, n+1)."""
    objective = labels.some(block)
    state = DualState.at_zero(objective, limits.tol, beside, labels.l2[block])
    theta = Ascent(objective, state, limits.tol, limits.random_state).approach(limits.max_iter)
    # In so few passes the intercepts lag behind the weights.
    return balanced_intercepts(objective, theta, objective.scores(theta))[0]


class _BlockAscent:
    """The ascent of a block of labels, each of which is left as it is once it is proven.

    `working` are the positions in the block of the labels that are not done, each with its column in the arrays of the
    ascent; `fitted` are those that are done, and `slow` the weights of those that would take too many passes more.
    """

    def __init__(
        self, labels: LabelObjectives, block: list[int], beside: DualState | None, limits: Limits, theta: Floats | None
    ) -> None:
        self.labels, self.block, self.limits = labels, block, limits
        objective = labels.some(block)
        if theta is None:
            state = DualState.at_zero(objective, limits.tol, beside, labels.l2[block])
        else:
            state = DualState.near(objective, theta[block], limits.tol, beside, labels.l2[block])
        self.ascent = Ascent(objective, state, limits.tol, limits.random_state)
        self.begun, self.passes = perf_counter(), 0
        self.working = {at: at for at in range(len(block))}
        self.paces = [Pace(limits.tol) for _ in block]
        self.curves: list[list[LossRecord]] = [[] for _ in block]
        self.fitted: dict[int, FittedLabel] = {}
        self.slow: dict[int, Reals] = {}

    def one_pass(self) -> LossRecord:
        """Visit every row once; the time is shared by all labels of the block."""
        done = self.ascent.one_pass()
        self.passes, seconds = self.passes + 1, perf_counter() - self.begun
        for at, column in self.working.items():
            self.paces[at].take(float(done.gap[column] / done.value[column]))
            self.curves[at].append(LossRecord(self.passes, float(done.loss[column]), seconds=seconds / len(self.block)))
        return LossRecord(self.passes, sum(curve[-1].training_loss for curve in self.curves), seconds=seconds)

    def due(self) -> list[int]:
        """The labels to be proven: those that seem to be near enough, or have no pass to come."""
        return [at for at in self.working if self.paces[at].is_near or self._ends(at)]

    def _ends(self, at: int) -> bool:
        return self.passes >= self.limits.max_iter or self.paces[at].passes_ahead() > self.limits.most_ahead

    def proven(self, at: int) -> tuple[NDArray[np.float32], Certificate]:
        """θ(α) of a label, rounded, and its proof."""
        objective = self.labels.one(self.block[at])
        exact, proof = self.ascent.prove_label(objective, self.working[at])
        theta = exact.astype(np.float32)
        # The weights are float32 already; the intercept leaves its optimum, where the loss curves by this at most.
        moved = objective.loss.steepest / 2 * float(np.sum((theta - exact) ** 2))
        return theta, certificate(proof.value + moved, proof.bound + moved)

    def take(self, at: int, theta: NDArray[np.float32], proof: Certificate) -> None:
        """A proof: of a label that is done, or else of one that continues."""
        tol, column = self.limits.tol, self.working[at]
        if not proof.proves(tol) and not self._ends(at):
            self.paces[at].missed(proof)
            self.ascent.lower_aim(self.paces[at].goal, column)
            return
        del self.working[at]
        self.ascent.leave(column)
        if proof.proves(tol):
            self.fitted[at] = FittedLabel(theta, proof, self.curves[at], True, proof.success(tol))
        elif self.passes >= self.limits.max_iter:
            self.fitted[at] = self._out_of_passes(at, theta, proof)
        else:
            self.slow[at] = theta

    def narrow(self) -> None:
        """Leave out labels that are done, where the machine then takes fewer steps; some stay to fill up its steps."""
        own = list(self.working.values())
        before, after = len(self.ascent.aim), padded(len(own))
        if 0 < after < before:
            others = np.delete(np.arange(before), own)
            self.ascent.keep(np.concatenate([own, others[: after - len(own)]]))
            self.working = {at: column for column, at in enumerate(self.working)}

    def _out_of_passes(self, at: int, theta: NDArray[np.float32], proof: Certificate) -> FittedLabel:
        objective = self.labels.one(self.block[at])
        best, proof = no_worse_than_zero(objective, theta.astype(np.float64), proof)
        theta = best.astype(np.float32)
        proof = certificate_nearby(objective, theta, proof)
        reason = max_passes_unproven(self.passes, proof)
        return FittedLabel(theta, proof, self.curves[at], proof.proves(self.limits.tol), reason)

    def continued(self, at: int, later: FittedLabel) -> None:
        """Take a label that was slow here, as it was then fitted alone."""
        self.fitted[at] = later._replace(curve=joined(self.curves[at], later.curve))
