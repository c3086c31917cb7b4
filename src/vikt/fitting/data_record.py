"""The record of the rows of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vikt.corpus.digests import DIGESTS
from vikt.corpus.label_arrays import spelled_labels
from vikt.mappings import Json, ReadJson
from vikt.names import TargetKind, count, number

if TYPE_CHECKING:
    from vikt.fitting.examples import Examples

# Counts that are at most the number of rows of the input; the other counts can be those before an update.
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
