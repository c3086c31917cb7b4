"""What is kept of the rows that features are learnt from, so that they are packed without their texts.

All of it belongs to one run of learning, since another has other ids: the folder is emptied when learning starts, and
the features are written when it has ended.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vikt.arrays import Arrays, Floats, Ids, Ints
from vikt.features.ngrams.kept_entries import EntryWriter, KeptEntries, LearntNgrams
from vikt.features.packed import PackedRows, packed, packed_entries
from vikt.features.text import TextFeatures
from vikt.files.array_file import ArrayFile, write_arrays
from vikt.fitting.sharded.recipe_rows import LabelledTexts

_ROWS, _COLUMNS = "rows", "columns"


class RowsToPack(NamedTuple):
    """Rows of a shard that are to be packed.

    Attributes
    ----------
    offsets : (m+1,)
        Where each of their texts starts, and the last one ends.
    y, weights : (m,)
    packed : Callable
        Packs the rows first..last.
    """

    offsets: Ints
    y: Ints
    weights: Floats
    packed: Callable[[int, int], PackedRows]

    @classmethod
    def of_texts(cls, chosen: LabelledTexts, features: TextFeatures, threads: int) -> RowsToPack:
        """Rows that are packed by their texts."""
        _, texts, y, weights = chosen

        def of_texts(first: int, last: int) -> PackedRows:
            return packed(features, texts.take(np.arange(first, last)), threads=threads)

        return cls(texts.offsets, y, weights, of_texts)


@dataclass(frozen=True)
class LearntRows:
    """The folder, in which each shard has one of its own until it is packed."""

    folder: Path

    def empty(self) -> None:
        """Remove all that is kept."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove(self, shard: int) -> int:
        """Remove what is kept of a shard. Returns how many bytes that were."""
        folder = self._of_shard(shard)
        n_bytes = _n_bytes(folder)
        shutil.rmtree(folder, ignore_errors=True)
        return n_bytes

    @property
    def n_bytes(self) -> int:
        """The size of all files."""
        return _n_bytes(self.folder)

    def has_rows(self, shard: int) -> bool:
        """Whether it is kept which rows of a shard are to be packed."""
        return (self._of_shard(shard) / _ROWS).exists()

    def keep_rows(self, shard: int, chosen: LabelledTexts) -> None:
        """Keep which rows of a shard are to be packed."""
        path = self._of_shard(shard) / _ROWS
        path.parent.mkdir(parents=True, exist_ok=True)
        rows, texts, y, weights = chosen
        write_arrays(path, {"rows": rows, "offsets": texts.offsets, "y": y, "weights": weights}, {})

    def keeper(self, part: int, shard: int) -> EntryWriter:
        """What keeps the entries of a shard by a part of the n-grams."""
        return EntryWriter(self._of_shard(shard) / f"{part}")

    def keep_columns(self, of_parts: Iterable[Sequence[Ids]]) -> None:
        """Keep for each part and space the column of each id that was learnt."""
        arrays = {f"{p}.{space}": own for p, part in enumerate(of_parts) for space, own in enumerate(part)}
        write_arrays(self.folder / _COLUMNS, arrays, {})

    def ngrams(self, features: TextFeatures) -> list[LearntNgrams]:
        """The parts of the n-grams that were learnt; none if nothing is kept. Raises InputFileError."""
        path = self.folder / _COLUMNS
        if not path.exists():
            return []
        file = ArrayFile(path)
        arrays = file.read(file.names)
        return [LearntNgrams(part, _of_part(arrays, p)) for p, part in enumerate(features.parts)]

    def rows(self, shard: int, ngrams: Sequence[LearntNgrams], threads: int) -> RowsToPack | None:
        """The rows of a shard, by n-grams that are kept; None unless all is there. Raises InputFileError."""
        path = self._of_shard(shard) / _ROWS
        kept = [KeptEntries.found(path.parent / f"{part}") for part in range(len(ngrams))]
        whole = [entries for entries in kept if entries]
        if not ngrams or not path.exists() or len(whole) < len(kept):
            return None
        file = ArrayFile(path)
        rows, offsets, y, weights = file.read(file.names).values()

        def of_entries(first: int, last: int) -> PackedRows:
            return packed_entries(ngrams, whole, rows[first:last], threads=threads)

        return RowsToPack(offsets, y, weights, of_entries)

    def _of_shard(self, shard: int) -> Path:
        return self.folder / f"{shard:03}"


def _n_bytes(folder: Path) -> int:
    """The size of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _of_part(arrays: Arrays, part: int) -> list[Ids]:
    """The columns of the spaces of a part, in their order."""
    return [own for name, own in arrays.items() if name.startswith(f"{part}.")]
