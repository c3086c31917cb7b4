"""Several labels per row: one fit of two classes for each label, over the same rows.

L̂(θ) = Σ_k L̂_k(θ_k): the labels share the rows and nothing else. So each is fitted until it is proven within `tol`
itself, and with B_k its bound the whole is within c = ΣB/(ΣL̂ - ΣB). What the fits have in common is made once: groups
of equal rows, and rows as the ascent reads them. Labels are taken some at a time, side by side in the same passes
where the ascent can do that, else one by one. Only for those in work are there α and scores; θ is collected in float32,
features × labels, and proven as it is collected.

A label on every row, or on none, has no optimum where the intercept is free: larger and larger intercepts lower its
loss. It is answered as constant: weights of 0, and an intercept of ± log(2W + 1). By it a row is like all others with
P = (W + ½)/(W + 1), which is how sure W rows of one kind can make one: the mean of a Beta(W + ½, ½), the posterior of
Jeffreys' prior (Krichevsky and Trofimov 1981).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Bools, Floats, Ints
from vikt.base import LossRecord
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.loss import Loss
from vikt.model.losses import BinaryCrossEntropy
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.names import TOL, Reason
from vikt.parts import InMemory, Part
from vikt.solvers.certificate import Certificate, certificate, certificate_nearby, no_certificate
from vikt.solvers.dual import Ascent, Pace, max_passes_unproven, no_worse_than_zero
from vikt.solvers.dual_state import DualState
from vikt.solvers.intercepts import balanced_intercepts
from vikt.solvers.rounding import in_float32
from vikt.solvers.solution import OnRecord, Solution, joined
from vikt.threads import divided, running

CONSTANT = "constant_label"
_FEATURES_AT_ONCE = 4096
# float32 numbers of two lines of memory, which the ascent adds to as fast as to one, and what it adds to in one step.
_SIDE_BY_SIDE, _AT_ONCE = 32, 8


class FitOne(Protocol):
    """The fit of one label: `vikt.solvers.minimise` with its settings."""

    def __call__(
        self, objective: Objective, *, validation: Objective | None = None, start: NDArray[Any] | None = None
    ) -> Solution: ...


class FittedLabel(NamedTuple):
    """The weights of one label, rounded to float32, their proof, and how the fit went."""

    theta: NDArray[np.float32]
    certificate: Certificate
    curve: Sequence[LossRecord]
    converged: bool
    reason: Reason
    remedy: str = "raise max_iter or tol, or strengthen the penalty"


@dataclass(frozen=True)
class Labels:
    """The objectives of labels, apart and some at a time; each has a λ of its own, `l2`: (K,)."""

    objective: Objective
    l2: Floats

    def one(self, k: int) -> Objective:
        """That of one label, as of two classes."""
        part = self.objective.rows
        own = replace(part, y=part.y[:, k].astype(np.int64), offset=None if part.offset is None else part.offset[:, k])
        return self._with(own, BinaryCrossEntropy(), k)

    def some(self, labels: list[int]) -> Objective:
        """That of several labels of the same λ and scales, without an offset."""
        part = self.objective.rows
        return self._with(replace(part, y=part.y[:, labels]), OneLossPerLabel(len(labels)), labels[0])

    def _with(self, part: Part, loss: Loss, k: int) -> Objective:
        penalty = self.objective.penalty
        scales = penalty.scales[k] if penalty.scales is not None and penalty.scales.ndim > 1 else penalty.scales
        return Objective(InMemory(part), loss, penalty_of(float(self.l2[k]), penalty.l1, penalty.has_dummy, scales))

    @property
    def can_lie_side_by_side(self) -> bool:
        """Whether one ascent can take several: sparse rows without an offset, a penalty alike for all but in λ."""
        parts, scales = self.objective.parts, self.objective.penalty.scales
        alike = scales is None or scales.ndim == 1
        return alike and not (parts.by_library or parts.has_offset or self.objective.l1) and bool(np.all(self.l2 > 0))

    def blocks(self, labels: Ints) -> list[list[int]]:
        """The labels as they lie side by side: of the same λ, in blocks of about the same size."""
        of_strength = [labels[self.l2[labels] == l2] for l2 in np.unique(self.l2[labels])]
        return [block for own in of_strength for block in blocks_of(own)]

    def constant(self) -> Bools:
        """Whether each label is on every row or on none, where the intercept is free: (K,)."""
        n_rows, n_with = self.objective.parts.sums(_counts)
        return np.asarray(((n_with == 0) | (n_with == n_rows)) & self.objective.has_dummy)

    def answered_as_constant(self, k: int) -> FittedLabel:
        objective, reason = self.one(k), Reason(CONSTANT)
        is_on_all = bool(objective.rows.y[objective.rows.weights > 0].all())
        theta = np.zeros(objective.shape, dtype=np.float32)
        theta[0] = np.log(2 * objective.total_weight + 1) * (1 if is_on_all else -1)
        return FittedLabel(theta, no_certificate(objective.value(theta), reason), [], True, reason)


def blocks_of(labels: Ints) -> list[list[int]]:
    """The labels as they lie side by side, in blocks of about the same size."""
    return [block.tolist() for block in np.array_split(labels, -(-len(labels) // _SIDE_BY_SIDE))]


@dataclass(frozen=True)
class Limits:
    """When an ascent ends, as of `vikt.solvers.dual`, and the seed of its order."""

    tol: float = TOL
    max_iter: int = 1000
    most_ahead: float = np.inf
    random_state: int = 0


def by_label(
    objective: Objective,
    fit_one: FitOne,
    limits: Limits,
    *,
    l2: Floats | None = None,
    ascends: bool = True,
    validation: Objective | None = None,
    theta: Floats | None = None,
    on_record: OnRecord | None = None,
) -> Solution:
    """Minimise the loss of several labels, each proven within `tol`.

    Parameters
    ----------
    objective : Objective
        Its loss is `OneLossPerLabel`.
    fit_one : callable
        The fit of one label by itself, where it cannot be side by side with others, or converges too slowly there.
    limits : Limits
        Those of labels side by side.
    l2 : (K,), optional
        λ of each label; that of the objective if not given.
    ascends : bool
        Whether labels are to be taken side by side where they can.
    validation : Objective, optional
        Rows for early stopping of a label by itself.
    theta : (K, n+1), optional
        Where to start.
    on_record : callable, optional
        Called with the records of labels side by side, as these are made.

    Returns
    -------
    Solution
        θ (K, n+1) in float32, whose memory is features × labels. Its certificate is that of the whole; the loss curve
        is the sum over labels, pass by pass, each as it ended once it has, with the seconds spent on all of them.
    """
    labels = Labels(objective, np.full(objective.loss.n_classes, objective.l2) if l2 is None else l2)
    alone = _Alone(labels, fit_one, None if validation is None else Labels(validation, labels.l2), theta)
    constant = labels.constant()
    blocks, fit = [[k] for k in np.flatnonzero(~constant).tolist()], alone.fit
    threads = objective.rows.X.threads
    if ascends and labels.can_lie_side_by_side and blocks:
        blocks = labels.blocks(np.flatnonzero(~constant))
        beside = DualState.at_zero(labels.some(blocks[0]), limits.tol) if len(blocks) > 1 else None
        fit = partial(_side_by_side, alone, beside, limits, threads if len(blocks) == 1 else 1, on_record)
    found = _Found.empty(objective)
    for k in np.flatnonzero(constant).tolist():
        found.keep([k], [labels.answered_as_constant(k)])
    with running(threads if len(blocks) > 1 else 1) as run:
        for block, fitted in zip(blocks, run(fit, blocks), strict=True):
            found.keep(block, fitted)
    return found.solution()


def rough_by_label(objective: Objective, limits: Limits, l2: Floats) -> NDArray[np.float32] | None:
    """θ (K, n+1) near the optimum of each label, without a proof; None where labels cannot lie side by side.

    Most of the time of a loose fit would be that of its proofs. A label on every row, or on none, has weights of 0.
    """
    labels = Labels(objective, l2)
    blocks = labels.blocks(np.flatnonzero(~labels.constant()))
    if not labels.can_lie_side_by_side:
        return None
    found = np.zeros((objective.shape[-1], len(l2)), dtype=np.float32).T
    if not blocks:
        return found
    beside = DualState.at_zero(labels.some(blocks[0]), limits.tol)

    def fit(block: list[int]) -> Floats:
        own = labels.some(block)
        state = DualState.at_zero(own, limits.tol, beside)
        theta = Ascent(own, state, limits.tol, limits.random_state).approach(limits.max_iter)
        # In so few passes the intercepts lag behind the weights.
        return balanced_intercepts(own, theta, own.scores(theta))[0]

    with running(objective.rows.X.threads) as run:
        for block, theta in zip(blocks, run(fit, blocks), strict=True):
            found[block] = theta
    return found


class _Alone(NamedTuple):
    """The fits of labels one by one."""

    labels: Labels
    fit_one: FitOne
    validation: Labels | None
    theta: Floats | None

    def fit(self, block: list[int]) -> list[FittedLabel]:
        return [self.fit_label(k, None if self.theta is None else self.theta[k]) for k in block]

    def fit_label(self, k: int, start: NDArray[Any] | None) -> FittedLabel:
        objective = self.labels.one(k)
        validation = None if self.validation is None else self.validation.one(k)
        solution = self.fit_one(objective, validation=validation, start=start)
        theta = in_float32(solution.theta)
        proof = certificate_nearby(objective, theta, solution.certificate)
        return FittedLabel(theta, proof, solution.loss_curve, solution.converged, solution.reason, solution.remedy)


def _side_by_side(
    alone: _Alone, beside: DualState | None, limits: Limits, threads: int, on_record: OnRecord | None, block: list[int]
) -> list[FittedLabel]:
    """The fits of a block of labels, in the same passes of one ascent; what is slow there is then fitted alone."""
    ascent = _BlockAscent(alone.labels, block, beside, limits, alone.theta)
    with running(threads) as run:
        while ascent.working:
            record = ascent.one_pass()
            if on_record:
                on_record(record)
            due = ascent.due()
            for at, proven in zip(due, run(ascent.proven, due), strict=True):
                ascent.take(at, *proven)
            ascent.narrow()
        slow = {at: alone.fit_label(block[at], theta) for at, theta in ascent.slow.items()}
    fitted = ascent.fitted | {at: ascent.continued(at, label) for at, label in slow.items()}
    return [fitted[at] for at in range(len(block))]


class _BlockAscent:
    """The ascent of a block of labels, each of which is left as it is once it is proven.

    `working` are the positions in the block of the labels that are not done, each with its column in the arrays of the
    ascent; `fitted` are those that are done, and `slow` the weights of those that would take too many passes more.
    """

    def __init__(
        self, labels: Labels, block: list[int], beside: DualState | None, limits: Limits, theta: Floats | None
    ) -> None:
        self.labels, self.block, self.limits = labels, block, limits
        objective = labels.some(block)
        if theta is None:
            state = DualState.at_zero(objective, limits.tol, beside)
        else:
            state = DualState.near(objective, theta[block], limits.tol, beside)
        self.ascent = Ascent(objective, state, limits.tol, limits.random_state)
        self.ascent.aim = np.full(state.layout.padded, limits.tol)
        self.begun, self.passes = perf_counter(), 0
        self.working = {at: at for at in range(len(block))}
        self.paces = [Pace(limits.tol) for _ in block]
        self.curves: list[list[LossRecord]] = [[] for _ in block]
        self.fitted: dict[int, FittedLabel] = {}
        self.slow: dict[int, NDArray[Any]] = {}

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
        """A proof: of a label that is done, or else of one that goes on."""
        tol, column = self.limits.tol, self.working[at]
        if not proof.proves(tol) and not self._ends(at):
            self.paces[at].missed(proof)
            self.ascent.aim[column] = min(self.ascent.aim[column], self.paces[at].goal)
            return
        del self.working[at]
        # Every row of it is negligible from now on.
        self.ascent.aim[column] = np.inf
        if proof.proves(tol):
            self.fitted[at] = FittedLabel(theta, proof, self.curves[at], True, proof.success(tol))
        elif self.passes >= self.limits.max_iter:
            self.fitted[at] = self._out_of_passes(at, theta, proof)
        else:
            self.slow[at] = theta

    def narrow(self) -> None:
        """Leave out labels that are done, where the machine then takes fewer steps; some stay to fill up its steps."""
        own = list(self.working.values())
        padded = -(-len(own) // _AT_ONCE) * _AT_ONCE
        if 0 < padded < len(self.ascent.aim):
            others = np.delete(np.arange(len(self.ascent.aim)), own)
            self.ascent.keep(np.concatenate([own, others[: padded - len(own)]]))
            self.working = {at: column for column, at in enumerate(self.working)}

    def _out_of_passes(self, at: int, theta: NDArray[np.float32], proof: Certificate) -> FittedLabel:
        objective = self.labels.one(self.block[at])
        best, proof = no_worse_than_zero(objective, theta.astype(np.float64), proof)
        theta = best.astype(np.float32)
        proof = certificate_nearby(objective, theta, proof)
        reason = max_passes_unproven(self.passes, proof)
        return FittedLabel(theta, proof, self.curves[at], proof.proves(self.limits.tol), reason)

    def continued(self, at: int, later: FittedLabel) -> FittedLabel:
        """A label that was slow, as it was then fitted alone."""
        return later._replace(curve=joined(self.curves[at], later.curve))


@dataclass
class _Found:
    """What is known of the labels so far: θ, and the rest of each."""

    objective: Objective
    theta: NDArray[np.float32]
    labels: dict[int, FittedLabel]

    @classmethod
    def empty(cls, objective: Objective) -> _Found:
        n_columns, n_labels = objective.shape[-1], objective.loss.n_classes
        return cls(objective, np.zeros((n_columns, n_labels), dtype=np.float32).T, {})

    def keep(self, block: list[int], fitted: Sequence[FittedLabel]) -> None:
        # Some features at a time: both sides are in the cache.
        for part in divided(self.theta.shape[1], -(-self.theta.shape[1] // _FEATURES_AT_ONCE)):
            self.theta[block, part] = [label.theta[part] for label in fitted]
        self.labels.update({k: label._replace(theta=label.theta[:0]) for k, label in zip(block, fitted, strict=True)})

    def solution(self) -> Solution:
        """That of the whole: proven as far as the labels are, and ended for the reason of the one proven least."""
        labels = [self.labels[k] for k in range(len(self.labels))]
        proofs = tuple(label.certificate for label in labels)
        sought = [label for label in labels if label.reason.code != CONSTANT] or labels
        least = max(sought, key=lambda label: (not label.converged, np.nan_to_num(label.certificate.relative)))
        return Solution(
            self.theta,
            certificate_of_all(proofs),
            _summed([label.curve for label in labels]),
            all(label.converged for label in labels),
            least.reason,
            remedy=least.remedy,
            by_label=proofs,
        )


def certificate_of_all(proofs: Sequence[Certificate]) -> Certificate:
    """c = ΣB/(ΣL̂ - ΣB) of several labels, those left out that are constant.

    Without a proof of any other one there is none of the whole, for the same reason.

    Examples
    --------
    >>> certificate_of_all([certificate(0.5, 0.1), certificate(1.5, 0.3)]).relative
    0.25
    """
    sought = [proof for proof in proofs if proof.reason is None or proof.reason.code != CONSTANT] or proofs
    value = sum(proof.value for proof in sought)
    unproven = next((proof.reason for proof in sought if proof.reason), None)
    return no_certificate(value, unproven) if unproven else certificate(value, sum(proof.bound for proof in sought))


def _summed(curves: Sequence[Sequence[LossRecord]]) -> list[LossRecord]:
    """The sum of loss curves, record by record; one that has ended goes on as it ended."""
    curves = [curve for curve in curves if curve]
    longest = max(curves, key=len, default=[])
    return [
        LossRecord(
            record.passes,
            sum(own.training_loss for own in at),
            None if any(own.validation_loss is None for own in at) else sum(own.validation_loss or 0.0 for own in at),
            sum(own.seconds for own in at),
        )
        for number, record in enumerate(longest)
        for at in [[curve[min(number, len(curve) - 1)] for curve in curves]]
    ]


# The work of one part.


def _counts(part: Part) -> tuple[int, Ints]:
    """The rows that have weight, and how many of them have each label: (K,)."""
    rows = part.weights > 0
    return int(np.count_nonzero(rows)), np.count_nonzero(part.y[rows] if not rows.all() else part.y, axis=0)
