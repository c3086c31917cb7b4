"""The record of the fit of one part of a model, and the proof of each of several labels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from vikt.base import LossRecord
from vikt.mappings import ReadJson
from vikt.names import Reason, TargetKind, count, finite, number
from vikt.selection.choices import PenaltyChoice

if TYPE_CHECKING:
    from vikt.fitting.parts import FittedPart
    from vikt.solvers.certificate import Certificate

# The reasons why nothing is proven of a model that was shrunk.
_OF_SHRUNK = ("shrunk", "shrunk_and_quantised")


class LabelProof(NamedTuple):
    """The certificate of one of several labels, as in `PartRecord`."""

    relative: float
    bound: float
    loss: float
    reason: Reason | None

    @classmethod
    def of(cls, proof: Certificate) -> LabelProof:
        return cls(proof.relative, proof.bound, proof.value, proof.reason)

    def to_json(self) -> dict[str, object]:
        """Finite numbers or null, never NaN or Infinity."""
        return {
            "relative": finite(self.relative),
            "bound": finite(self.bound),
            "loss": finite(self.loss),
            "reason": self.reason and self.reason.to_json(),
        }

    @classmethod
    def from_json(cls, kept: ReadJson) -> LabelProof:
        """The inverse of `to_json`. Raises ValueError, KeyError or TypeError where it is none."""
        reason = None if kept["reason"] is None else Reason.from_json(kept["reason"])
        if reason:
            return cls(_none(kept["relative"]), _none(kept["bound"]), number(kept["loss"]), reason)
        # A bound above the loss itself is a proof, but of no relative distance.
        relative = math.inf if kept["relative"] is None else number(kept["relative"])
        proof = cls(relative, number(kept["bound"]), number(kept["loss"]), None)
        if min(proof.relative, proof.bound) < 0:
            raise ValueError("a loss below the least")
        return proof


@dataclass(frozen=True)
class PartRecord:
    """The facts of one part of a model: its name in `RECIPES` and share of the score, λ, the certificate, the fit.

    The certificate is `relative`, c in L̂ ≤ (1 + c)·L̂*; `bound`, on L̂ - L̂*; and `loss`, L̂. Without a proof, the first
    two are nan and `reason` says why. The loss curve has no seconds, which differ from run to run. Several labels are
    each proven by themselves, `by_label`, in their order.
    """

    name: str
    share: float
    penalty: PenaltyChoice
    relative: float
    bound: float
    loss: float
    reason: Reason | None
    passes: int
    stopping_reason: Reason
    loss_curve: tuple[LossRecord, ...] = ()
    by_label: tuple[LabelProof, ...] = ()

    @property
    def shrunk_from(self) -> int | None:
        """How many features the model had before it was shrunk; None of a model as it was fitted."""
        reason = self.reason
        return int(reason.facts["features"] or 0) if reason is not None and reason.code in _OF_SHRUNK else None

    @classmethod
    def of(cls, part: FittedPart) -> PartRecord:
        proof, solution = part.certificate, part.solution
        curve = tuple(record._replace(seconds=0.0) for record in solution.loss_curve)
        return cls(
            part.name,
            part.share,
            part.penalty,
            proof.relative,
            proof.bound,
            proof.value,
            proof.reason,
            int(curve[-1].passes),
            solution.reason,
            curve,
            tuple(map(LabelProof.of, solution.by_label)),
        )

    def to_json(self) -> dict[str, object]:
        """Finite numbers or null, never NaN or Infinity."""
        certificate = {
            "relative": finite(self.relative),
            "bound": finite(self.bound),
            "reason": self.reason and self.reason.to_json(),
        }
        return {
            "name": self.name,
            "share": self.share,
            "penalty": self.penalty.to_json(),
            "certificate": certificate,
            "loss": finite(self.loss),
            "passes": self.passes,
            "stopping_reason": self.stopping_reason.to_json(),
            "loss_curve": [[record.passes, *map(finite, record[1:3])] for record in self.loss_curve],
            **({"certificates": [proof.to_json() for proof in self.by_label]} if self.by_label else {}),
        }

    @classmethod
    def from_json(cls, kept: ReadJson) -> PartRecord:
        """The inverse of `to_json`. Raises ValueError, KeyError or TypeError where it is none."""
        proof = LabelProof.from_json({**kept["certificate"], "loss": kept["loss"]})
        return cls(
            str(kept["name"]),
            number(kept["share"]),
            PenaltyChoice.from_json(kept["penalty"]),
            *proof,
            count(kept["passes"]),
            Reason.from_json(kept["stopping_reason"]),
            tuple(
                LossRecord(count(passes), number_or_nan(training), None if validation is None else number(validation))
                for passes, training, validation in kept["loss_curve"]
            ),
            tuple(map(LabelProof.from_json, kept.get("certificates", []))),
        )

    def unproven(self, reason: Reason) -> PartRecord:
        """The part once it was changed after its fit: of what it is now, nothing is proven."""
        by_label = tuple(own._replace(relative=math.nan, bound=math.nan, reason=reason) for own in self.by_label)
        return replace(
            self, relative=math.nan, bound=math.nan, reason=reason, stopping_reason=reason, by_label=by_label
        )

    def check(self, kind: TargetKind, n_labels: int) -> None:
        """Raise ValueError where the part was fitted to other targets."""
        if len(self.by_label) != (n_labels if kind == "several" else 0):
            raise ValueError(f"{len(self.by_label)} labels proven by themselves, of {n_labels} {kind!r} ones")
        if len(self.penalty.by_label) not in (0, len(self.by_label)):
            raise ValueError(f"{len(self.penalty.by_label)} labels with λ of their own, of {n_labels} {kind!r} ones")


def _none(value: object) -> float:
    """What is not known, as nan. Raises ValueError where there is a value."""
    if value is not None:
        raise ValueError(f"{value!r:.40} is given where nothing is known")
    return math.nan


def number_or_nan(value: object) -> float:
    """A number read from JSON, where null stands for one that is not finite."""
    return math.nan if value is None else number(value)
