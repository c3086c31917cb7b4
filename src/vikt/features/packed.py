"""Rows of n-grams at four bytes an entry: counts, from which fitted features remake the weighted rows bit by bit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Arrays, Floats, Ids, Ints, Reals
from vikt.compiled import compiled
from vikt.corpus.texts import Texts
from vikt.errors import UsageError
from vikt.features import packing_kernels
from vikt.features.ngrams.kept_entries import KeptEntries, LearntNgrams
from vikt.features.ngrams.ngrams import FittedNgrams
from vikt.features.ngrams.row_kernels import CountArrays
from vikt.features.ngrams.token_kernels import LOW_MASK
from vikt.features.ngrams.weighting import Weighting
from vikt.features.packing_kernels import MOST_COLUMNS, PackedCounts, PartWeights
from vikt.features.text import TextFeatures
from vikt.threads import running

_BITS_OF_COUNT = 8
_NO_IDS, _NO_INTS = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64)
_LARGEST_COUNT = (1 << _BITS_OF_COUNT) - 1
# What numbers of 16 bits can tell apart.
_MOST_NARROW = 1 << 15


class PackedPart(NamedTuple):
    """The rows of one part of the n-grams, columns rising.

    Attributes
    ----------
    lengths : (m,)
        How many entries each row has.
    words : array
        The column and the count of each entry; see `packing_kernels.PackedCounts`.
    large_at, large : arrays
        Which entries have counts that 8 bits cannot hold, and these counts.
    scales : (m,)
        What the weights of each row are multiplied by. The sum that it is made of is in the order of the text, which
        the counts no longer tell.
    """

    lengths: Ids
    words: NDArray[np.uint32]
    large_at: Ints
    large: Ints
    scales: Floats


@dataclass(frozen=True)
class PackedRows:
    """Rows of counts: those of each part of the n-grams, which are to stand side by side."""

    parts: tuple[PackedPart, ...]

    @property
    def n_entries(self) -> int:
        return sum(len(part.words) for part in self.parts)

    def to_arrays(self) -> Arrays:
        return {f"{p}.{name}": array for p, part in enumerate(self.parts) for name, array in part._asdict().items()}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The inverse of `to_arrays`."""
        n_parts = len(arrays) // len(PackedPart._fields)
        return cls(tuple(PackedPart(*(arrays[f"{p}.{name}"] for name in PackedPart._fields)) for p in range(n_parts)))


def packed(features: TextFeatures, texts: Texts, *, threads: int = 1) -> PackedRows:
    """The counts of n-grams in texts, by features that are fitted. Raises UsageError as `check_packable` does."""
    check_packable(features)
    with running(threads) as run:
        return PackedRows(tuple(_joined(map(_packed, part.counted(texts, run))) for part in features.parts))


def packed_entries(
    parts: Sequence[LearntNgrams], kept: Sequence[KeptEntries], documents: Ints, *, threads: int = 1
) -> PackedRows:
    """The same of some documents of a shard, from the entries that were kept of each part while it was learnt."""
    with running(threads) as run:
        both = zip(parts, kept, strict=True)
        return PackedRows(tuple(_joined(map(_packed, part.counted(own, documents, run))) for part, own in both))


def check_packable(features: TextFeatures) -> None:
    """Raise UsageError where the columns of some n-grams cannot be numbered in 24 bits, or there are other features."""
    if features.encoders:
        names = ", ".join(feature.name for feature in features.settings.handmade)
        raise UsageError(f"rows on disk hold n-grams alone, found hand-made features: {names}; leave them out")
    widest = max(part.n_columns for part in features.parts)
    if widest > MOST_COLUMNS:
        raise UsageError(
            f"rows on disk have room for {MOST_COLUMNS:,} different n-grams, found {widest:,}; drop rarer ones with a "
            "higher min_df, or hash them"
        )


def _packed(rows: CountArrays) -> PackedPart:
    counts = rows.entries & LOW_MASK
    large_at = np.flatnonzero(counts > _LARGEST_COUNT)
    words = (rows.entries >> 32 << _BITS_OF_COUNT | counts).astype(np.uint32)
    words[large_at] = rows.entries[large_at] >> 32 << _BITS_OF_COUNT
    return PackedPart(rows.lengths.astype(np.int32), words, large_at, counts[large_at], rows.scales)


def _joined(pieces: Iterable[PackedPart]) -> PackedPart:
    several = [PackedPart(_NO_IDS, _NO_IDS.view(np.uint32), _NO_INTS, _NO_INTS, np.empty(0)), *pieces]
    starts = np.cumsum([0, *(len(piece.words) for piece in several)])
    return PackedPart(
        np.concatenate([piece.lengths for piece in several]),
        np.concatenate([piece.words for piece in several]),
        np.concatenate([piece.large_at + start for piece, start in zip(several, starts, strict=False)]),
        np.concatenate([piece.large for piece in several]),
        np.concatenate([piece.scales for piece in several]),
    )


class _Part(NamedTuple):
    """How the counts of a part are weighted."""

    weighting: Weighting
    weights: PartWeights

    @classmethod
    def of(cls, part: FittedNgrams, first: int) -> Self:
        weighting = part.weighting
        idf = part.idf if weighting.inverse_document_frequency else np.ones(part.n_columns)
        idfs, idf_of = np.unique(idf, return_inverse=True)
        numbers = idf_of.astype(np.int16 if len(idfs) <= _MOST_NARROW else np.int32)
        return cls(weighting, PartWeights(weighting.count_weights(_LARGEST_COUNT), idfs, numbers, first))

    def write(self, rows: PackedPart, begins: Ints, indices: Ids, values: Reals) -> None:
        edges = _edges(rows.lengths)
        counts = PackedCounts(edges, rows.words.view(np.int32), rows.scales)
        compiled(packing_kernels.__name__).unpack_rows(counts, self.weights, begins, indices, values)
        if len(rows.large):
            row = np.searchsorted(edges, rows.large_at, side="right") - 1
            columns = rows.words[rows.large_at] >> _BITS_OF_COUNT
            weight = self.weighting.weights(rows.large) * self.weights.idfs[self.weights.idf_of[columns]]
            values[rows.large_at + begins[row] - edges[row]] = rows.scales[row] * weight


@dataclass(frozen=True)
class RowDecoder:
    """Makes weighted rows of packed ones: to the last bit those of `TextFeatures.transform`."""

    parts: tuple[_Part, ...]
    n_features: int

    @classmethod
    def of(cls, features: TextFeatures) -> Self:
        firsts = np.cumsum([0, *(part.n_columns for part in features.parts)]).tolist()
        return cls(tuple(map(_Part.of, features.parts, firsts)), features.n_ngrams)

    def write_rows(self, arrays: Arrays, indices: Ids, values: Reals) -> Ints:
        """Write the columns and values of the rows in the arrays of `PackedRows`; return where each row begins.

        Returns
        -------
        (m+1,)
            Row i has the entries from the i-th number to the next.
        """
        rows = PackedRows.from_arrays(arrays).parts
        # Each row has the entries of the first part, then those of the second, and so on.
        edges = _edges(np.stack([part.lengths for part in rows], axis=1).ravel())
        for p, (part, own) in enumerate(zip(self.parts, rows, strict=True)):
            part.write(own, edges[p : -1 : len(rows)].copy(), indices, values)
        return edges[:: len(rows)].copy()


def _edges(lengths: Ids) -> Ints:
    edges = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=edges[1:])
    return edges
