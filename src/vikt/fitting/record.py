"""The record of a fit: what was read, what was chosen, and what is proven of the result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vikt.arrays import Ints
from vikt.corpus.documents import TEXT_COLUMN
from vikt.decisions.record import CalibrationRecord
from vikt.errors import UsageError
from vikt.fitting.data_record import DataRecord
from vikt.fitting.part_record import PartRecord, number_or_nan
from vikt.mappings import Json, ReadJson
from vikt.model.penalties import split_strength
from vikt.names import KIND_NAMES, TargetKind, count
from vikt.selection.choices import FeatureChoice

if TYPE_CHECKING:
    pass


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
    what separated several labels in one value. `cluster_groups` is how many groups of rows the solver passes over at
    the same time, of a fit on a cluster.
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
    cluster_groups: int | None = None

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
            **({} if self.cluster_groups is None else {"cluster_groups": self.cluster_groups}),
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
            number_or_nan(metric["value"])
        calibration, separator = kept.get("calibration"), kept.get("labels_separator")
        if not (separator is None or (isinstance(separator, str) and separator)):
            raise ValueError("labels separated by nothing")
        groups = kept.get("cluster_groups")
        if groups is not None and not count(groups):
            raise ValueError("rows in no group")
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
            cluster_groups=groups,
        )
