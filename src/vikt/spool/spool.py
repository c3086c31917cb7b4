"""A spool: the rows of an input on disk, in shards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from vikt.arrays import Ints, LabelArray
from vikt.corpus.columns import Columns
from vikt.corpus.digests import ContentDigests
from vikt.spool.rows import BYTES_PER_ROW, N_BUCKETS, SpooledRows, read_buckets, read_digests
from vikt.spool.tally import Tally

# A shard takes at most this much on average, and more than half of it where there are several; with as many shards as
# there can be, it may take more.
_BYTES_PER_SHARD = 1 << 25


@dataclass(frozen=True)
class Spool:
    """The rows of an input whose weight is above 0, on disk, in shards.

    All rows of one text are in one shard, and the keys of a shard's rows are above those of the shards before it. How
    many shards there are depends on the number of rows, the length of their texts and `least_shards` alone.

    Attributes
    ----------
    columns : Columns
        Those of the text and the label.
    weight : str, optional
        That of the weights.
    seed : int
        Of the keys.
    notes : tuple of str
        Sentences for the user.
    n_rows, n_rows_of_weight_0, n_blank : int
        Rows of the input, those that are left out, and lines that were skipped.
    n_bytes : int
        The length of the texts.
    classes : (K,)
        The labels, sorted.
    class_counts : (K,)
        The rows of each.
    least_shards : int
        How many shards there are at least, however short the texts are.
    """

    columns: Columns
    weight: str | None
    seed: int
    notes: tuple[str, ...]
    n_rows: int
    n_rows_of_weight_0: int
    n_blank: int
    n_bytes: int
    classes: LabelArray
    class_counts: Ints
    runs: tuple[Path, ...]
    _class_of: Ints
    least_shards: int = 1

    @classmethod
    def of(
        cls, runs: list[Path], tally: Tally, columns: Columns, weight: str | None, seed: int, notes: tuple[str, ...]
    ) -> Spool:
        kept = {label: found.kept for label, found in sorted(tally.labels.items()) if found.kept}
        number_of = {label: number for number, label in enumerate(kept)}
        # No row has a label whose rows all have the weight 0.
        class_of = [number_of.get(label, -1) for label in tally.labels]
        return cls(
            columns,
            weight,
            seed,
            notes,
            tally.rows,
            tally.rows_of_weight_0,
            tally.blank_lines,
            tally.n_bytes,
            np.array(list(kept), dtype=object),
            np.array(list(kept.values()), dtype=np.int64),
            tuple(runs),
            np.array(class_of, dtype=np.int64),
        )

    @property
    def is_weighted(self) -> bool:
        """Whether rows have weights."""
        return self.weight is not None

    @property
    def columns_by_role(self) -> dict[str, str | None]:
        """The names of the columns, as a record of a fit has them."""
        weight = {} if self.weight is None else {"weight": self.weight}
        return {"text": self.columns.text, "label": self.columns.label, **weight}

    @cached_property
    def n_shards(self) -> int:
        """A power of two, at most 256."""
        n = 1
        while n < N_BUCKETS and (n < self.least_shards or self._n_bytes_in_all > n * _BYTES_PER_SHARD):
            n *= 2
        return n

    @property
    def excess_per_shard(self) -> int:
        """What a shard takes beyond its most, on average: more than 0 only where there are as many as there can be."""
        return max(self._n_bytes_in_all // self.n_shards - _BYTES_PER_SHARD, 0)

    @property
    def _n_bytes_in_all(self) -> int:
        return self.n_bytes + BYTES_PER_ROW * int(self.class_counts.sum())

    def shard(self, number: int) -> SpooledRows:
        """The rows of a shard, in no order, with the numbers of their classes. Raises OutputFileError."""
        rows = read_buckets(self.runs, *self._buckets(number))
        return rows._replace(y=self._class_of[rows.y])

    def digests(self, number: int) -> ContentDigests:
        """The digests of a shard's rows, in no order, read without their texts. Raises OutputFileError."""
        return read_digests(self.runs, *self._buckets(number))

    def _buckets(self, number: int) -> tuple[int, int]:
        """The first bucket of a shard, and the one after its last."""
        width = N_BUCKETS // self.n_shards
        return number * width, (number + 1) * width
