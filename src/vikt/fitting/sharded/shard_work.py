"""What a fit from disk works on: the rows of shards by their use, and a folder for what is finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from vikt.arrays import Floats, Ints
from vikt.files.work_folder import WorkFolder
from vikt.fitting.examples import Examples
from vikt.fitting.settings import FitSettings
from vikt.fitting.sharded.memory_limit import MemoryLimit
from vikt.fitting.sharded.shards import ShardReader, Shards
from vikt.progress import Progress, no_progress
from vikt.selection.features import first_rows

# What rows are used for: the tenths of a split; some of these uses.
TRAINING, VALIDATION, TEST = range(3)
Uses = tuple[int, ...]


class Usage(NamedTuple):
    """The rows of each shard, use and class, (S, U, K), and their weights."""

    rows: Ints
    weights: Floats

    def present(self, uses: Sequence[int]) -> Ints:
        """The classes of the rows of some uses."""
        return np.flatnonzero(self.rows[:, uses].sum(axis=(0, 1)))

    def n_rows(self, uses: Sequence[int]) -> int:
        return int(self.rows[:, uses].sum())


@dataclass(frozen=True)
class ShardWork:
    """Shards, the settings of a fit, and the folder in which what is finished stays until all is done.

    Attributes
    ----------
    tenths : int
        How many tenths of the rows are not trained on: one validates, and a second one tests.
    threads : int
        How many threads work, if memory lets them.
    """

    shards: Shards
    settings: FitSettings
    folder: WorkFolder
    tenths: int
    memory: MemoryLimit
    threads: int = 1
    progress: Progress = no_progress

    @property
    def n_threads(self) -> int:
        """How many threads work."""
        return self.memory.threads(self.threads)

    @cached_property
    def usage(self) -> Usage:
        """How many rows of each class each shard has for each use."""
        kept = self.folder.once(
            "usage.json", lambda: {name: own.tolist() for name, own in self._count()._asdict().items()}
        )
        return Usage(np.array(kept["rows"], dtype=np.int64), np.array(kept["weights"], dtype=np.float64))

    def _count(self) -> Usage:
        counts, split = self.shards.counts, self.reader.split
        shape = len(self.shards), self.tenths + 1, len(self.shards.classes)
        usage = Usage(np.zeros(shape, dtype=np.int64), np.zeros(shape))
        for shard in range(len(self.shards)):
            part = split.only_part(shard)
            if part is not None:
                usage.rows[shard, part], usage.weights[shard, part] = counts.rows[shard], counts.weights[shard]
                continue
            self.progress("counting", shard, len(self.shards))
            for use, own in enumerate(self.reader.examples_apart(shard, [(use,) for use in range(shape[1])])):
                usage.rows[shard, use] = own.class_counts
                usage.weights[shard, use] = own.targets.totals(own.y, own.weights)
        return usage

    def held_out(self) -> Iterator[Examples]:
        """The rows held out for the test, shard by shard."""
        for shard in range(len(self.shards)):
            if self.usage.rows[shard, TEST].any():
                yield self.examples(shard, (TEST,))

    def sample(self, use: int, most_bytes: int) -> list[Examples]:
        """The first rows of a use, of at most `most_bytes` of text."""
        found: list[Examples] = []
        left = most_bytes
        for shard in np.flatnonzero(self.usage.rows[:, use].any(axis=1)).tolist():
            examples = self.examples(shard, (use,))
            n_bytes = np.diff(examples.documents.texts.offsets)
            rows = first_rows(n_bytes, np.arange(len(examples)), left)
            found.append(examples.take(rows).apart())
            left -= int(n_bytes[rows].sum())
            if len(rows) < len(examples) or left <= 0:
                break
        return found

    @cached_property
    def reader(self) -> ShardReader:
        """Reads the rows of a shard by their use."""
        return ShardReader(self.shards, self.shards.split(self.tenths), self.shards.spool)

    def examples(self, shard: int, uses: Uses) -> Examples:
        """The rows of some uses in a shard."""
        return self.reader.examples(shard, uses)

    def examples_apart(self, shard: int, several: Sequence[Uses]) -> Iterator[Examples]:
        """The rows of a shard for each of several uses that have rows anywhere in it; none if it has none of them."""
        if self.usage.rows[shard, [use for uses in several for use in uses]].any():
            yield from self.reader.examples_apart(shard, several)
