"""The rows of a spool as examples, a shard at a time; their split; and what a record tells of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Ints, LabelArray, RowIndices, distinct
from vikt.corpus.arrow import release_memory
from vikt.corpus.digests import ContentDigests, fingerprint_of
from vikt.corpus.label_arrays import spelled_labels
from vikt.corpus.order import group_strata, parts_of_groups, parts_of_ranks, rows_of_parts
from vikt.corpus.targets import OneLabel
from vikt.features.measured import Measured
from vikt.files.work_folder import WorkFolder
from vikt.fitting.examples import Examples
from vikt.mappings import Json
from vikt.model.classes import LabelledRows, all_weights_zero, check_two_classes
from vikt.progress import Progress, no_progress
from vikt.spool.rows import SpooledRows
from vikt.spool.spool import Spool
from vikt.spool.stored import ShardSource


class RowFacts(NamedTuple):
    """What a `DataRecord` tells of all rows, named as there."""

    rows: int
    rows_of_weight_0: int
    weighted: bool
    classes: dict[str, int]
    empty_texts: int
    duplicate_texts: int
    fingerprint: str
    digest: str | None
    blank_lines: int


class ShardCounts(NamedTuple):
    """What is counted in each shard.

    Attributes
    ----------
    groups : (S, K)
        How many groups of equal texts there are in each stratum of a split.
    rows, weights : (S, K)
        How many rows of each class there are, and their weights.
    """

    groups: Ints
    rows: Ints
    weights: Floats


@dataclass(frozen=True)
class Shards:
    """The rows of a spool in shards, which joined are the examples of all rows.

    Attributes
    ----------
    facts : RowFacts
        What is known of all rows.
    counts : ShardCounts
    """

    spool: Spool
    facts: RowFacts
    counts: ShardCounts

    @classmethod
    def of(cls, spool: Spool, progress: Progress = no_progress) -> Shards:
        """Count the rows of a spool, reading it once.

        Raises
        ------
        DataError
            They have fewer than two classes, or all weights are 0.
        OutputFileError
            A file of the spool is damaged.
        """
        if not len(spool.classes):
            raise all_weights_zero(spool.n_rows)
        check_two_classes(spool.classes)
        labels, n_empty, n_groups = spelled_labels(spool.classes), 0, 0
        total, counts = np.zeros(2, dtype=np.uint64), []
        for number in range(spool.n_shards):
            rows = spool.shard(number)
            examples = _examples(spool, rows)
            n_empty += examples.documents.texts.n_blank
            total += rows.digests.total(labels, rows.y)
            if len(examples):
                n_groups += examples.n_groups
            counts.append(_counts(examples))
            progress("counting", number + 1, spool.n_shards)
        facts = RowFacts(
            rows=spool.n_rows,
            rows_of_weight_0=spool.n_rows_of_weight_0,
            weighted=spool.is_weighted,
            classes=dict(zip(labels, spool.class_counts.tolist(), strict=True)),
            empty_texts=n_empty,
            duplicate_texts=int(spool.class_counts.sum()) - n_groups,
            fingerprint=fingerprint_of(total),
            digest=ContentDigests.name,
            blank_lines=spool.n_blank,
        )
        return cls(spool, facts, ShardCounts(*map(np.array, zip(*counts, strict=True))))

    @classmethod
    def once(cls, spool: Spool, folder: WorkFolder, progress: Progress) -> Shards:
        """The same, counted now or before."""

        def count() -> Json:
            shards = cls.of(spool, progress)
            counts = {name: own.tolist() for name, own in shards.counts._asdict().items()}
            return {"facts": shards.facts._asdict(), "counts": counts}

        kept = folder.once("counts.json", count)
        counts = {name: np.array(own) for name, own in kept["counts"].items()}
        return cls(spool, RowFacts(**kept["facts"]), ShardCounts(**counts))

    def __len__(self) -> int:
        return self.spool.n_shards

    @property
    def classes(self) -> LabelArray:
        """The labels: (K,)."""
        return self.spool.classes

    def examples(self, shard: int, source: ShardSource | None = None) -> Examples:
        """The rows of a shard in canonical order, with the targets of all rows; contents and groups count from 0.

        They are read from the spool, unless `source` says where else they are.
        """
        return _examples(self.spool, (source or self.spool).shard(shard))

    def n_shared(self, halves: NDArray[np.uint64]) -> int:
        """How many of other texts, given by their digests (m, 2), occur among the rows."""
        kinds = {"dtype": np.dtype([("low", np.uint64), ("high", np.uint64)])}
        others, is_shared = np.ascontiguousarray(halves).view(**kinds).ravel(), np.zeros(len(halves), dtype=bool)
        for shard in range(len(self)):
            own = self.spool.digests(shard).halves
            is_shared |= np.isin(others, np.ascontiguousarray(own).view(**kinds).ravel())
        return int(np.count_nonzero(is_shared))

    def split(self, tenths: int) -> ShardedSplit:
        """What tells the rows of a shard apart as `Examples.split` tells all rows."""
        groups = self.counts.groups
        return ShardedSplit(np.cumsum(groups, axis=0) - groups, groups.sum(axis=0), tenths)


class ShardedSplit(NamedTuple):
    """A split of all rows.

    `before` counts the groups of each stratum in the shards before each shard, (S, K), and `totals` all of them, (K,).
    """

    before: Ints
    totals: Ints
    tenths: int

    def only_part(self, shard: int) -> int | None:
        """The part that all rows of a shard are in, as the counts alone tell; None where there are several, or none."""
        before, after = np.concatenate([self.before[shard : shard + 2], [self.totals]])[:2]
        found = before < after
        ends = np.stack([before, after - 1])[:, found]
        parts = distinct(parts_of_ranks(ends, self.totals[found], self.tenths))
        return int(parts[0]) if len(parts) == 1 else None

    def rows(self, shard: int, examples: Examples) -> list[RowIndices]:
        """The rows of a shard that remain, then those in each tenth."""
        if not len(examples):
            return [np.empty(0, dtype=np.int64) for _ in range(self.tenths + 1)]
        part = parts_of_groups(_strata(examples), self.before[shard], self.totals, self.tenths)
        return rows_of_parts(part[examples.groups], self.tenths)


class ShardReader(NamedTuple):
    """Reads the rows of shards by their use: the number of their part in a split. It can be sent to other machines."""

    shards: Shards
    split: ShardedSplit
    source: ShardSource

    def examples(self, shard: int, uses: Sequence[int]) -> Examples:
        """The rows of some uses in a shard."""
        (found,) = self.examples_apart(shard, [uses])
        return found

    def examples_apart(self, shard: int, several: Sequence[Sequence[int]]) -> Iterator[Examples]:
        """The rows of a shard for each of several uses."""
        examples = self.shards.examples(shard, self.source)
        of_uses = self.split.rows(shard, examples)
        for uses in several:
            yield examples.take(np.sort(np.concatenate([of_uses[use] for use in uses])))


def _examples(spool: Spool, rows: SpooledRows) -> Examples:
    release_memory()
    labelled = LabelledRows(OneLabel(spool.classes), rows.y, rows.weights, rows.origin, rows.n_rows)
    documents = Measured(rows.texts, (), rows.texts)
    return Examples.ordered(documents, labelled, rows.digests, spool.seed, spool.is_weighted)


def _counts(examples: Examples) -> ShardCounts:
    groups = np.bincount(_strata(examples) if len(examples) else examples.y, minlength=len(examples.classes))
    return ShardCounts(groups, examples.class_counts, examples.targets.totals(examples.y, examples.weights))


def _strata(examples: Examples) -> Ints:
    return group_strata(examples.groups, examples.strata)
