"""Texts to weighted n-grams: normalise, cut into units, count, weigh."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.compiled import compiled
from vikt.corpus.texts import Texts
from vikt.errors import DamagedModelError, EmptyVocabularyError, UsageError
from vikt.features import kernels
from vikt.features.analyzers import Analyzer, analyzer_named
from vikt.features.normalise import normalise
from vikt.features.rows import Rows
from vikt.features.vocabulary import Vocabulary
from vikt.features.weighting import Weighting

_BYTES_AT_A_TIME = 1 << 20

Progress = Callable[[int, int], None]


@dataclass
class Units:
    """The units of a run of documents, and where in the text they stand."""

    units: NDArray[np.int32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    edges: NDArray[np.int64]


class Ngrams:
    """One part of the features: the n-grams of one analyzer.

    Parameters
    ----------
    analyzer : str
        A name in `ANALYZERS`.
    ngrams : tuple of int
        The shortest and the longest n-gram.
    weighting : Weighting
        What a count is worth.
    min_df : int or float
        Features in fewer documents are dropped; a float is a share of the documents.
    max_df : int or float
        Features in more documents are dropped.
    max_features : int, optional
        Only the most frequent are kept.
    lowercase : bool, optional
        Whether case is lowered; the analyzer's own habit if not given.
    alphabetical : bool
        Columns in the order of their names, else by falling document frequency, which keeps the weights that a solver
        needs most often close together.
    dtype : type
        Of the values.
    """

    def __init__(
        self,
        analyzer: str,
        ngrams: tuple[int, int],
        weighting: Weighting,
        *,
        min_df: float = 1,
        max_df: float = 1.0,
        max_features: int | None = None,
        lowercase: bool | None = None,
        alphabetical: bool = False,
        dtype: Any = np.float32,
    ) -> None:
        self.analyzer: Analyzer = analyzer_named(analyzer)
        self.ngrams = _checked_range(ngrams)
        self.weighting = weighting
        self.min_df, self.max_df, self.max_features = min_df, max_df, max_features
        self.lowercase = self.analyzer.lowercase if lowercase is None else lowercase
        self.alphabetical = alphabetical
        self.dtype = dtype
        self.vocabulary = Vocabulary.empty()
        self.idf: NDArray[np.float64] = np.empty(0)

    def fit_transform(self, texts: Texts, progress: Progress | None = None) -> Rows:
        """Learn the vocabulary and the document frequencies, and return the rows.

        Raises
        ------
        EmptyVocabularyError
            No feature is left.
        """
        learning = Vocabulary.empty()
        nodes, counts, indptr, frequency = self._count(texts, learning, True, progress)
        columns = self._columns(learning, frequency, len(texts))
        self.vocabulary = learning.pruned(columns)
        self.idf = self.weighting.idf(frequency[columns], len(texts))
        renumbered = np.full(learning.n_nodes, len(columns), dtype=np.int32)
        renumbered[columns] = np.arange(len(columns), dtype=np.int32)
        del learning
        np.take(renumbered, nodes, out=nodes, mode="clip")
        indptr, indices, counts = self._selected(nodes, counts, indptr)
        sort_indices(indptr, indices, counts, len(columns))
        return self._weighed(indptr, indices, counts)

    def transform(self, texts: Texts, progress: Progress | None = None) -> Rows:
        """The rows of texts by the vocabulary learnt; n-grams outside it are no features.

        Indices stand in order of first use within a row, since sorting them would cost more than what follows.
        """
        nodes, counts, indptr, _ = self._count(texts, self.vocabulary, False, progress)
        return self._weighed(*self._selected(nodes, counts, indptr))

    @property
    def n_columns(self) -> int:
        return self.vocabulary.n_columns

    def names(self, columns: Any = None) -> list[str]:
        """The n-grams of all columns, or of those given."""
        return self.vocabulary.names(self.analyzer.joiner, columns)

    def spellings(self, text: Texts) -> dict[str, str]:
        """What is behind the names of a text's features, where they are not the n-grams themselves."""
        return {}

    def said(self) -> str:
        """What the user should be told of what was learnt; nothing where there is nothing to tell."""
        return ""

    def to_arrays(self) -> dict[str, Any]:
        """What was learnt, as arrays for a file."""
        learnt = self.vocabulary
        return {"pool": learnt.pool, "pool_offsets": learnt.pool_offsets, "keys": learnt.keys, "idf": self.idf}

    def restore(self, arrays: dict[str, Any]) -> None:
        """Take up what `to_arrays` gave.

        Raises
        ------
        DamagedModelError
            The arrays do not fit together.
        """
        self._restore_idf(arrays["idf"])
        pool, offsets, keys = (arrays[name] for name in ("pool", "pool_offsets", "keys"))
        self.vocabulary = Vocabulary.from_file(pool, offsets, keys, len(self.idf), self.ngrams[1])

    def _restore_idf(self, idf: Any) -> None:
        if idf.dtype != np.float64 or idf.ndim != 1:
            raise DamagedModelError(f"inverse document frequencies of shape {idf.shape} and {idf.dtype}")
        self.idf = idf

    def occurrences(self, text: Texts) -> list[tuple[str, list[tuple[int, int]]]]:
        """Every n-gram of the first text where it stands: its name, and the byte spans of its units.

        The spans are of the normalised text. Meant for explaining one text, not for many.
        """
        normalised = self.normalised(text)
        found = self.units(normalised, 0, 1, self.vocabulary, False)
        n_bytes = int(normalised.offsets[1])
        spans = list(zip(found.starts.tolist(), found.ends.tolist(), strict=True))[: int(found.edges[-1])]
        content = self._padded(normalised).tobytes()
        units = [content[a:b].decode("utf-8", "surrogatepass") for a, b in spans]
        occurrences = []
        for i in range(len(units)):
            for n in range(1, self.ngrams[1] + 1):
                if i + n > len(units) or units[i + n - 1] == "":
                    break
                places = [span for span in spans[i : i + n] if span[0] < n_bytes]
                occurrences.append((self.analyzer.joiner.join(units[i : i + n]), places))
        return occurrences

    def lengths(self, texts: Texts) -> NDArray[np.int64]:
        """How many units each text falls into: (m,)."""
        normalised, lengths = self.normalised(texts), np.zeros(len(texts), dtype=np.int64)
        for first, last in _portions(normalised.offsets):
            lengths[first:last] = np.diff(self.units(normalised, first, last, self.vocabulary, False).edges)
        return lengths

    def orders(self) -> NDArray[np.int64]:
        """How many units each column's n-gram has: (n,)."""
        return np.asarray((self.vocabulary.paths(np.arange(self.vocabulary.n_columns)) >= 0).sum(axis=1))

    def normalised(self, texts: Texts) -> Texts:
        return normalise(texts, lowercase=self.lowercase, composed=self.analyzer.composed)

    def units(self, normalised: Texts, first: int, last: int, vocabulary: Vocabulary, learn: bool) -> Units:
        """Cut documents first..last of normalised texts into units, learning new ones if asked."""
        n_bytes = int(normalised.offsets[last] - normalised.offsets[first])
        room = 2 * (n_bytes + last - first) + 2
        found = Units(
            np.empty(room, dtype=np.int32),
            np.empty(room, dtype=np.int64),
            np.empty(room, dtype=np.int64),
            np.empty(last - first + 1, dtype=np.int64),
        )
        text = self._padded(normalised)
        n_tokens = getattr(_kernels(), self.analyzer.edges)(
            text,
            normalised.offsets,
            first,
            last,
            self.analyzer.characters(),
            self.analyzer.min_characters,
            found.starts,
            found.ends,
            found.edges,
        )
        if learn:
            vocabulary.reserve(n_tokens, n_bytes + 1, 0)
        vocabulary.n_units = _kernels().intern_units(
            text,
            found.starts,
            found.ends,
            n_tokens,
            learn,
            vocabulary.unit_slots,
            vocabulary.hashes,
            vocabulary.pool,
            vocabulary.pool_offsets,
            vocabulary.n_units,
            found.units,
        )
        return found

    def _padded(self, normalised: Texts) -> NDArray[np.uint8]:
        """The bytes of the texts with a space behind them, for units that the text does not spell."""
        if len(normalised.content) == normalised.offsets[-1]:
            normalised.content += b" "
        return np.frombuffer(normalised.content, dtype=np.uint8)

    def _count(
        self, texts: Texts, vocabulary: Vocabulary, learn: bool, progress: Progress | None
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
        normalised = self.normalised(texts)
        records = np.full((vocabulary.n_nodes, 3), kernels.NONE, dtype=np.int32)
        all_nodes: list[NDArray[np.int32]] = []
        all_counts: list[NDArray[np.int32]] = []
        indptr = np.zeros(len(texts) + 1, dtype=np.int64)
        orders = self.ngrams[1] - self.ngrams[0] + 1
        for first, last in _portions(normalised.offsets):
            found = self.units(normalised, first, last, vocabulary, learn)
            n_units = int(found.edges[-1])
            if learn:
                vocabulary.reserve(0, 0, n_units * self.ngrams[1])
                records = _longer(records, len(vocabulary.keys))
            nodes = np.empty(n_units * orders + n_units, dtype=np.int32)
            counts = np.empty(len(nodes), dtype=np.int32)
            ends = np.empty(last - first, dtype=np.int64)
            n, vocabulary.n_nodes = _kernels().count_ngrams(
                found.units,
                found.edges,
                first,
                last,
                *self.ngrams,
                self.analyzer.keep_short,
                learn,
                vocabulary.node_slots,
                vocabulary.keys,
                records,
                vocabulary.n_nodes,
                nodes,
                counts,
                ends,
            )
            indptr[first + 1 : last + 1] = indptr[first] + ends
            all_nodes.append(nodes[:n].copy())
            all_counts.append(counts[:n].copy())
            if progress:
                progress(last, len(texts))
        frequency = records[: vocabulary.n_nodes, kernels.FREQUENCY].astype(np.int64)
        return _joined(all_nodes), _joined(all_counts), indptr, frequency

    def _columns(self, learning: Vocabulary, frequency: NDArray[np.int64], n_documents: int) -> NDArray[np.int64]:
        lowest, highest = (_documents(share, n_documents) for share in (self.min_df, self.max_df))
        if highest < lowest:
            raise UsageError(
                f"max_df={self.max_df} keeps features in at most {highest} documents, which is below "
                f"min_df={self.min_df}, at least {lowest}; raise one or lower the other"
            )
        columns = np.flatnonzero((frequency > 0) & (frequency >= lowest) & (frequency <= highest))
        if not len(columns):
            raise EmptyVocabularyError(
                f"no vocabulary is left: {np.count_nonzero(frequency)} different n-grams in {n_documents} texts, "
                f"none in at least min_df={self.min_df} of them; lower min_df, or look at the texts"
            )
        by_frequency = columns[np.argsort(-frequency[columns], kind="stable")][: self.max_features]
        return learning.alphabetical(by_frequency) if self.alphabetical else by_frequency

    def _selected(
        self, nodes: NDArray[np.int32], counts: NDArray[np.int32], indptr: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
        new_indptr = np.zeros_like(indptr)
        n_columns = self.vocabulary.n_columns
        _kernels().select_columns(nodes, counts, indptr, n_columns, new_indptr, nodes, counts)
        return new_indptr, nodes[: new_indptr[-1]], counts[: new_indptr[-1]]

    def _weighed(self, indptr: NDArray[np.int64], indices: NDArray[np.int32], counts: NDArray[np.int32]) -> Rows:
        values = np.empty(len(indices), dtype=self.dtype)
        count_weight = self.weighting.count_weights(int(counts.max(initial=0)))
        _kernels().weigh(indptr, indices, counts, count_weight, self.idf, self.weighting.normalised, values)
        return Rows(indptr, indices, values, self.n_columns)


def sort_indices(indptr: NDArray[np.int64], indices: NDArray[np.int32], values: NDArray[Any], n_columns: int) -> None:
    """Let the indices rise within each row, in place: to columns and back, which takes linear time."""
    column_ends = np.zeros(n_columns + 1, dtype=np.int64)
    np.cumsum(np.bincount(indices, minlength=n_columns), out=column_ends[1:])
    by_column = np.empty_like(indices), np.empty_like(values)
    _kernels().transpose(indptr, indices, values, column_ends[:-1].copy(), *by_column)
    _kernels().transpose(column_ends, *by_column, indptr[:-1].copy(), indices, values)


def _joined(pieces: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    """The pieces in one array, each given up as soon as it is copied: at no time do all stand there twice."""
    joined = np.empty(sum(map(len, pieces)), dtype=np.int32)
    end = len(joined)
    while pieces:
        piece = pieces.pop()
        joined[end - len(piece) : end] = piece
        end -= len(piece)
    return joined


def _kernels() -> Any:
    return compiled(kernels.__name__)


def _portions(offsets: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of documents of about a megabyte: scratch space stays in the cache, and progress can be told."""
    first, n = 0, len(offsets) - 1
    while first < n:
        last = int(np.searchsorted(offsets, offsets[first] + _BYTES_AT_A_TIME))
        last = min(max(last, first + 1), n, first + _BYTES_AT_A_TIME // 16)
        yield first, last
        first = last


def _longer(records: NDArray[np.int32], size: int) -> NDArray[np.int32]:
    if len(records) >= size:
        return records
    longer = np.empty((size, records.shape[1]), dtype=np.int32)
    longer[: len(records)] = records
    return longer


def _documents(share: float, n_documents: int) -> float:
    return share * n_documents if isinstance(share, float) else share


def _checked_range(ngrams: tuple[int, int]) -> tuple[int, int]:
    shortest, longest = ngrams
    if not 1 <= shortest <= longest:
        raise UsageError(f"ngrams: expected two numbers, 1 <= shortest <= longest, found {ngrams}; write (1, 2), say")
    return int(shortest), int(longest)
