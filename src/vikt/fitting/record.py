"""The record of a fit: what was read, what was chosen, and what is proven of the result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vikt.arrays import Ints
from vikt.base import LossRecord
from vikt.corpus.digests import DIGESTS
from vikt.corpus.documents import TEXT_COLUMN
from vikt.corpus.label_arrays import spelled_labels
from vikt.decisions.record import CalibrationRecord
from vikt.errors import UsageError
from vikt.mappings import Json, ReadJson
from vikt.model.penalties import split_strength
from vikt.names import KIND_NAMES, Reason, TargetKind, count, finite, number
from vikt.selection.choices import FeatureChoice, PenaltyChoice

if TYPE_CHECKING:
    from vikt.fitting.examples import Examples
    from vikt.fitting.parts import FittedPart
    from vikt.solvers.certificate import Certificate


# Of these there are no more than rows of the input, which those of the choices were before an update.
# The reasons why nothing is proven of a model that was shrunk.
_OF_SHRUNK = ("shrunk", "shrunk_and_quantised")
_OF_INPUT = (
    "rows_of_weight_0", "fitted_rows", "empty_texts", "duplicate_texts", "rows_without_labels", "group_values",
    "groups", "largest_group", "ungrouped_rows",
)  # fmt: skip


@dataclass(frozen=True)
class DataRecord:
    """The rows of the input, and their use.

    Training rows are learnt from while validation rows choose λ and the features; fitted rows are those of the final
    fit; calibration rows, which no fit learns from, make the decision, and are None where it is plain. `weighted` says
    whether rows or classes have weights; `classes` counts the rows of each class. Where a column groups the rows,
    `group_values` counts its values, `groups` what is left once those that share a text are joined, `largest_group` the
    rows of the largest, and `ungrouped_rows` those without a value. `rows_without_labels` is known where rows have
    several labels, and `mean_shares`, of each class, where labels are soft. `digest` names the hash that orders the
    rows, and that their fingerprint is made of: see `vikt.corpus.digests`.
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
    group_values: int | None = None
    groups: int | None = None
    largest_group: int | None = None
    ungrouped_rows: int | None = None
    calibration_rows: int | None = None
    rows_without_labels: int | None = None
    mean_shares: dict[str, float] | None = None
    digest: str | None = None

    @classmethod
    def of(
        cls,
        examples: Examples,
        *,
        reads_text: bool,
        weighted: bool,
        training: int,
        validation: int,
        fitted: int,
        calibration: int | None = None,
    ) -> DataRecord:
        return cls(
            rows=examples.n_input,
            rows_of_weight_0=examples.n_input - len(examples),
            weighted=weighted,
            classes=dict(zip(spelled_labels(examples.classes), examples.class_counts.tolist(), strict=True)),
            empty_texts=examples.documents.texts.n_blank if reads_text else 0,
            duplicate_texts=examples.n_duplicates,
            fingerprint=examples.fingerprint,
            digest=examples.digests.name,
            training_rows=training,
            validation_rows=validation,
            fitted_rows=fitted,
            **_grouping_facts(examples),
            calibration_rows=calibration,
            **_target_facts(examples),
        )

    def to_json(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if value is not None}

    @classmethod
    def from_json(cls, kept: ReadJson) -> DataRecord:
        data = cls(**kept)
        others = ("weighted", "classes", "fingerprint", "mean_shares", "digest")
        counts = {name: count(value) for name, value in kept.items() if name not in others}
        shares = [number(share) for share in (data.mean_shares or {}).values()]
        if not isinstance(data.weighted, bool) or not isinstance(data.fingerprint, str):
            raise ValueError("a record of other data")
        if data.digest not in DIGESTS:
            raise ValueError(f"rows hashed by {data.digest!r:.40}")
        of_input = [*map(count, data.classes.values()), *(counts.get(name, 0) for name in _OF_INPUT)]
        if max(of_input) > data.rows or data.rows_of_weight_0 == data.rows or not data.fitted_rows:
            raise ValueError(f"no rows, or counts beyond the {data.rows} rows there are")
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError("mean shares that are none")
        return data

    def check(self, kind: TargetKind, labels: Sequence[str]) -> None:
        """Raise ValueError where these are rows of other targets."""
        own = {"several": self.rows_without_labels, "soft": self.mean_shares}
        if [name for name, fact in own.items() if fact is not None] != [name for name in own if name == kind]:
            raise ValueError(f"rows of other targets than the {kind!r} ones of the model")
        # A class that only rows of the test have, or a level without rows, is none of the model.
        if not set(labels) <= self.classes.keys() & (self.mean_shares or self.classes).keys():
            raise ValueError("no rows of some labels of the model")


def _target_facts(examples: Examples) -> Json:
    targets, y = examples.targets, examples.y
    if targets.kind == "several":
        return {"rows_without_labels": int(np.count_nonzero(~targets.truth(y).any(axis=1)))}
    if targets.kind == "soft":
        means = targets.totals(y, examples.weights) / examples.weights.sum()
        return {"mean_shares": dict(zip(spelled_labels(examples.classes), means.tolist(), strict=True))}
    return {}


def _grouping_facts(examples: Examples) -> Json:
    found = examples.grouping
    if found is None:
        return {}
    return {
        "group_values": found.values,
        "groups": found.groups,
        "largest_group": found.largest,
        "ungrouped_rows": found.missing,
    }


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
                LossRecord(count(passes), _number(training), None if validation is None else number(validation))
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


class UpdateRecord(NamedTuple):
    """How many rows an update added and forgot; `kept_out` of the added have the text of a row held out for a test."""

    added: int
    forgotten: int
    kept_out: int


@dataclass(frozen=True)
class FitRecord:
    """The facts of a fit, from which every sentence, file, report and card is made.

    `options` are the parameters as JSON holds them; `analyzer` is the recipe of features, as chosen; `columns` are the
    names of the columns of the training data, by role; `metrics` are the figures of the test. `updates` have taken
    place since the features and λ were chosen; `data` then counts the rows as they are now. As no split of these rows
    finds what is not fitted, `held_out` has a key for each row that tests, and `unfitted` those of all groups that are
    not fitted, both sorted. `calibration` is how the decision was made, None for a plain one. `labels_separator` is
    what separated several labels in one value.
    """

    options: Json
    data: DataRecord
    analyzer: str
    parts: tuple[PartRecord, ...]
    features: FeatureChoice | None = None
    columns: dict[str, str | None] = field(default_factory=dict)
    metrics: Json = field(default_factory=dict)
    updates: tuple[UpdateRecord, ...] = ()
    held_out: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64), compare=False)
    unfitted: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64), compare=False)
    calibration: CalibrationRecord | None = None
    labels_separator: str | None = None

    @property
    def text_column(self) -> str:
        """The column that held the texts."""
        return self.columns.get("text") or TEXT_COLUMN

    @property
    def least_proven(self) -> PartRecord:
        """The part with the largest certificate, or with none; a tie goes to the first."""
        return self.parts[self.least_proven_number]

    @property
    def least_proven_number(self) -> int:
        relative = [math.inf if math.isnan(part.relative) else part.relative for part in self.parts]
        return relative.index(max(relative))

    @property
    def l1(self) -> float:
        return split_strength(self.least_proven.penalty.l2, self.options["l1_ratio"])[1]

    @property
    def shrunk_from(self) -> int | None:
        """How many features the model had before it was shrunk; None of a model as it was fitted."""
        return self.parts[0].shrunk_from

    def refuse_shrunk(self, work: str) -> None:
        """Raise UsageError, which names the work that is refused, of a model that was shrunk."""
        if self.shrunk_from is not None:
            raise UsageError(
                f"{work} needs the model as it was fitted, but this one was shrunk from {self.shrunk_from:,} features; "
                "use the model that it was made from"
            )

    def with_test(self, n_rows: int, metrics: Json) -> FitRecord:
        """The record with the figures of a test of `n_rows` rows."""
        return replace(self, data=replace(self.data, test_rows=n_rows), metrics=metrics)

    def parameters(self, label_of: Mapping[str, object]) -> Json:
        """The parameters of the fit; `label_of` maps the labels as strings to the labels themselves."""
        ngrams, class_weight = self.options["ngrams"], self.options["class_weight"]
        if isinstance(class_weight, list):
            class_weight = {label_of.get(name, name): factor for name, factor in class_weight}
        return {**self.options, "ngrams": ngrams and tuple(ngrams), "class_weight": class_weight}

    def to_json(self) -> dict[str, object]:
        return {
            "options": self.options,
            "data": self.data.to_json(),
            "analyzer": self.analyzer,
            "parts": [part.to_json() for part in self.parts],
            "feature_choice": self.features and self.features.to_json(),
            "columns": self.columns,
            "metrics": self.metrics,
            **({"updates": [update._asdict() for update in self.updates]} if self.updates else {}),
            **({} if self.calibration is None else {"calibration": self.calibration.to_json()}),
            **({} if self.labels_separator is None else {"labels_separator": self.labels_separator}),
        }

    def check(self, kind: TargetKind, labels: Sequence[str]) -> None:
        """Raise ValueError where this is the record of another model than one of these labels, of targets of a kind."""
        if self.options.get("targets", "auto") not in ("auto", kind):
            raise ValueError(f"options for targets other than the {kind!r} ones of the model")
        if self.labels_separator is not None and kind != "several":
            raise ValueError(f"a separator of labels for {KIND_NAMES[kind]}")
        self.data.check(kind, labels)
        for part in self.parts:
            part.check(kind, len(labels))

    @classmethod
    def from_json(cls, kept: ReadJson) -> FitRecord:
        chosen = kept["feature_choice"]
        if not kept["parts"] or not all(name is None or isinstance(name, str) for name in kept["columns"].values()):
            raise ValueError("no parts, or columns without names")
        for metric in kept["metrics"].values():
            _number(metric["value"])
        calibration, separator = kept.get("calibration"), kept.get("labels_separator")
        if not (separator is None or (isinstance(separator, str) and separator)):
            raise ValueError("labels separated by nothing")
        return cls(
            kept["options"],
            DataRecord.from_json(kept["data"]),
            kept["analyzer"],
            tuple(map(PartRecord.from_json, kept["parts"])),
            chosen and FeatureChoice.from_json(chosen),
            kept["columns"],
            kept["metrics"],
            tuple(UpdateRecord(**{name: count(n) for name, n in own.items()}) for own in kept.get("updates", [])),
            calibration=None if calibration is None else CalibrationRecord.from_json(calibration),
            labels_separator=separator,
        )


def _none(value: object) -> float:
    """What is not known, as nan. Raises ValueError where there is a value."""
    if value is not None:
        raise ValueError(f"{value!r:.40} is given where nothing is known")
    return math.nan


def _number(value: object) -> float:
    """A number read from JSON, where null stands for one that is not finite."""
    return math.nan if value is None else number(value)
