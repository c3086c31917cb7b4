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
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Reals
from vikt.base import LossRecord
from vikt.model.objective import Objective
from vikt.solvers.certificate import Certificate, certificate, certificate_nearby, no_certificate
from vikt.solvers.labels import CONSTANT, FittedLabel, LabelObjectives, blocks_of, constant_labels
from vikt.solvers.rounding import in_float32
from vikt.solvers.side_by_side import Limits, approach_side_by_side, fit_side_by_side, shared_state
from vikt.solvers.solution import OnRecord, Solution
from vikt.threads import divided, running

_FEATURES_AT_ONCE = 4096


class FitOne(Protocol):
    """The fit of one label: `vikt.solvers.minimise` with its settings."""

    def __call__(
        self, objective: Objective, *, validation: Objective | None = None, start: Reals | None = None
    ) -> Solution: ...


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
    labels = LabelObjectives(objective, np.full(objective.loss.n_classes, objective.l2) if l2 is None else l2)
    alone = _Alone(labels, fit_one, None if validation is None else LabelObjectives(validation, labels.l2), theta)
    constant = constant_labels(objective)
    varying, threads = np.flatnonzero(~constant), objective.rows.X.threads
    blocks, fit = [[k] for k in varying.tolist()], alone.fit
    if ascends and labels.can_lie_side_by_side:
        blocks = blocks_of(varying)
        own = threads if len(blocks) == 1 else 1
        beside = shared_state(labels, blocks, limits)
        fit = partial(fit_side_by_side, labels, alone.fit_label, limits, theta, beside, own, on_record)
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
    labels = LabelObjectives(objective, l2)
    if not labels.can_lie_side_by_side:
        return None
    blocks = blocks_of(np.flatnonzero(~constant_labels(objective)))
    fit = partial(approach_side_by_side, labels, limits, shared_state(labels, blocks, limits))
    found = np.zeros((objective.shape[-1], len(l2)), dtype=np.float32).T
    with running(objective.rows.X.threads) as run:
        for block, theta in zip(blocks, run(fit, blocks), strict=True):
            found[block] = theta
    return found


class _Alone(NamedTuple):
    """The fits of labels one by one."""

    labels: LabelObjectives
    fit_one: FitOne
    validation: LabelObjectives | None
    theta: Floats | None

    def fit(self, block: list[int]) -> list[FittedLabel]:
        return [self.fit_label(k, None if self.theta is None else self.theta[k]) for k in block]

    def fit_label(self, k: int, start: Reals | None) -> FittedLabel:
        objective = self.labels.one(k)
        validation = None if self.validation is None else self.validation.one(k)
        solution = self.fit_one(objective, validation=validation, start=start)
        theta = in_float32(solution.theta)
        proof = certificate_nearby(objective, theta, solution.certificate)
        return FittedLabel(theta, proof, solution.loss_curve, solution.converged, solution.reason, solution.remedy)


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
    """The sum of loss curves, record by record; one that has ended keeps its last value."""
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
