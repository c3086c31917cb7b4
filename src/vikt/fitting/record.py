"""The record of a fit: what was read, what was chosen, and what is proven of the result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vikt.fitting.examples import Examples, spelled_labels
from vikt.fitting.parts import FittedPart
from vikt.model.penalties import split_strength
from vikt.names import Reason
from vikt.selection.features import FeatureChoice
from vikt.selection.penalty import PenaltyChoice
from vikt.solvers import LossRecord


@dataclass(frozen=True)
class DataRecord:
    """The rows that came in and what became of them.

    Attributes
    ----------
    rows, rows_of_weight_0 : int
        Those that came in, and those of them that were left out.
    weighted : bool
        Whether rows or classes have weights.
    classes : dict of str to int
        Rows of each class.
    empty_texts, duplicate_texts : int
    fingerprint : str
        A digest that does not depend on the order of the rows.
    training_rows, validation_rows, fitted_rows : int
        Those to learn from while λ and features are chosen, those that choose, and those fitted in the end.
    test_rows, blank_lines : int or None
        Where a command counted them.
    """

    rows: int
    rows_of_weight_0: int
    weighted: bool
    classes: dict[str, int]
    empty_texts: int
    duplicate_texts: int
    fingerprint: str
    training_rows: int
    validation_rows: int
    fitted_rows: int
    test_rows: int | None = None
    blank_lines: int | None = None

    @classmethod
    def of(
        cls, examples: Examples, *, reads_text: bool, weighted: bool, training: int, validation: int, fitted: int
    ) -> DataRecord:
        return cls(
            rows=examples.n_given,
            rows_of_weight_0=examples.n_given - len(examples),
            weighted=weighted,
            classes=dict(zip(spelled_labels(examples.classes), examples.class_counts.tolist(), strict=True)),
            empty_texts=examples.documents.texts.n_blank if reads_text else 0,
            duplicate_texts=examples.n_duplicates,
            fingerprint=examples.fingerprint,
            training_rows=training,
            validation_rows=validation,
            fitted_rows=fitted,
        )

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class PartRecord:
    """What is known of one part of a model.

    Attributes
    ----------
    name : str
        In `RECIPES`.
    share : float
        Of the score.
    penalty : PenaltyChoice
        λ, and how it was chosen.
    relative, bound, loss : float
        The certificate: c in L̂ ≤ (1 + c)·L̂*, the bound on L̂ - L̂*, and L̂. The first two are nan where nothing is proven.
    reason : Reason or None
        Why nothing is proven; None where something is.
    passes : int
        Over the data.
    stopping_reason : Reason
    loss_curve : tuple of LossRecord
        Without seconds, which differ from run to run.
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
        )

    def to_json(self) -> dict[str, Any]:
        """Finite numbers or null, never NaN or Infinity."""
        certificate = {
            "relative": _finite(self.relative),
            "bound": _finite(self.bound),
            "reason": self.reason and self.reason.to_json(),
        }
        return {
            "name": self.name,
            "share": self.share,
            "penalty": self.penalty.to_json(),
            "certificate": certificate,
            "loss": self.loss,
            "passes": self.passes,
            "stopping_reason": self.stopping_reason.to_json(),
            "loss_curve": [list(record[:3]) for record in self.loss_curve],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> PartRecord:
        certificate = kept["certificate"]
        bound = math.nan if certificate["bound"] is None else certificate["bound"]
        # A bound above the loss itself is a proof, but of no relative distance.
        unbounded = math.nan if math.isnan(bound) else math.inf
        return cls(
            kept["name"],
            kept["share"],
            PenaltyChoice.from_json(kept["penalty"]),
            unbounded if certificate["relative"] is None else certificate["relative"],
            bound,
            kept["loss"],
            certificate["reason"] and Reason.from_json(certificate["reason"]),
            kept["passes"],
            Reason.from_json(kept["stopping_reason"]),
            tuple(LossRecord(*record) for record in kept["loss_curve"]),
        )


@dataclass(frozen=True)
class FitRecord:
    """What is known of a fit: facts, from which every sentence, file, report and card is made.

    Attributes
    ----------
    options : dict
        The parameters of the fit, as JSON holds them.
    data : DataRecord
    analyzer : str
        The recipe of all features, as chosen.
    parts : tuple of PartRecord
        One, or those of a blend.
    features : FeatureChoice or None
        How the recipe was chosen, where it was.
    columns : dict
        The names of the columns trained on, where there were columns.
    metrics : dict
        The figures of a test, where there was one.
    """

    options: dict[str, Any]
    data: DataRecord
    analyzer: str
    parts: tuple[PartRecord, ...]
    features: FeatureChoice | None = None
    columns: dict[str, str | None] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)

    @property
    def least_proven(self) -> PartRecord:
        """The part of the largest certificate, or of none; a tie goes to the first."""
        return self.parts[self.least_proven_number]

    @property
    def least_proven_number(self) -> int:
        """Its place among the parts."""
        relative = [math.inf if math.isnan(part.relative) else part.relative for part in self.parts]
        return relative.index(max(relative))

    def parameters(self, label_of: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the fit; `label_of` gives the labels by their names, of the type they came in."""
        ngrams, class_weight = self.options["ngrams"], self.options["class_weight"]
        if isinstance(class_weight, list):
            class_weight = {label_of.get(name, name): factor for name, factor in class_weight}
        return {**self.options, "ngrams": ngrams and tuple(ngrams), "class_weight": class_weight}

    @property
    def l1(self) -> float:
        """λ₁ of the part proven least."""
        return split_strength(self.least_proven.penalty.l2, self.options["l1_ratio"])[1]

    def to_json(self) -> dict[str, Any]:
        """The record as files and `--json` hold it."""
        return {
            "options": self.options,
            "data": self.data.to_json(),
            "analyzer": self.analyzer,
            "parts": [part.to_json() for part in self.parts],
            "feature_choice": self.features and self.features.to_json(),
            "columns": self.columns,
            "metrics": self.metrics,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> FitRecord:
        """A record as `to_json` gave it."""
        chosen = kept["feature_choice"]
        return cls(
            kept["options"],
            DataRecord(**kept["data"]),
            kept["analyzer"],
            tuple(map(PartRecord.from_json, kept["parts"])),
            chosen and FeatureChoice.from_json(chosen),
            kept["columns"],
            kept["metrics"],
        )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
