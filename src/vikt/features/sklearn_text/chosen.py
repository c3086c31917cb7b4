"""Terms that are chosen before rows are weighed: the user's vocabulary, or the most frequent terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats, Ids, Ints, Reals
from vikt.corpus.texts import Texts
from vikt.errors import EmptyVocabularyError, UsageError
from vikt.features.ngrams.ngrams import FittedNgrams
from vikt.features.ngrams.spec import NgramSpec
from vikt.features.ngrams.weighting import Weighting
from vikt.features.rows import CompressedRows

Terms = dict[str, int]


class FittedTerms(Protocol):
    """What a vectorizer has learnt: `FittedNgrams` or `ChosenTerms`."""

    @property
    def n_columns(self) -> int: ...

    @property
    def idf(self) -> Floats: ...

    def with_idf(self, idf: Floats) -> Self: ...

    def names(self, columns: ArrayLike | None = None) -> list[str]:
        """The terms of some columns, or of all of them."""
        ...

    def transform(self, texts: Texts, *, threads: int = 1) -> CompressedRows: ...


def checked_terms(vocabulary: Any) -> Terms:
    """The column of each term of a user's vocabulary.

    Raises
    ------
    UsageError
        The vocabulary is invalid.
    EmptyVocabularyError
        The vocabulary is empty.
    """
    if isinstance(vocabulary, str) or not isinstance(vocabulary, Iterable) or getattr(vocabulary, "ndim", 1) != 1:
        raise UsageError(f"vocabulary: expected a mapping or a collection of terms, found {vocabulary!r:.60}")
    if not isinstance(vocabulary, Mapping):
        listed = sorted(vocabulary) if isinstance(vocabulary, (set, frozenset)) else list(vocabulary)
        vocabulary = {term: column for column, term in enumerate(listed)}
        if len(vocabulary) < len(listed):
            twice = next(term for column, term in enumerate(listed) if vocabulary[term] != column)
            raise UsageError(f"vocabulary: Duplicate term in vocabulary: {twice!r}")
    if not vocabulary:
        raise EmptyVocabularyError("vocabulary: empty vocabulary passed to fit; list terms, or use None to learn them")
    for term in vocabulary:
        if not isinstance(term, str):
            raise UsageError(f"vocabulary: expected strings as terms, found {term!r}")
    columns = set(vocabulary.values())
    if len(columns) < len(vocabulary):
        raise UsageError("vocabulary: Vocabulary contains repeated indices; give each term a column of its own")
    missing = next((column for column in range(len(vocabulary)) if column not in columns), None)
    if missing is not None:
        raise UsageError(f"vocabulary: Vocabulary of size {len(vocabulary)} doesn't contain index {missing}")
    return {term: int(column) for term, column in vocabulary.items()}


@dataclass(frozen=True, eq=False)
class ChosenSpec:
    """Chosen terms without code: n-grams are counted by `counting`, and those without a column dropped before weighing.

    Attributes
    ----------
    counting : NgramSpec
    columns : (n,)
        The column of each of its columns, -1 for those that are dropped.
    weighting : Weighting
    normalised : bool
        Whether rows have length 1.
    idf : (k,)
    """

    counting: NgramSpec
    columns: Ids
    weighting: Weighting
    normalised: bool
    idf: Floats


@dataclass(frozen=True, eq=False)
class ChosenTerms:
    """Terms chosen beforehand, with the column of each. `FittedNgrams` counts others too, and these are dropped.

    Unlike in `FittedNgrams`, terms that are dropped do not add to the length of a row.
    """

    counting: FittedNgrams
    terms: Terms
    weighting: Weighting
    normalised: bool
    idf: Floats

    @cached_property
    def column_of(self) -> Ids:
        """The column of each term that is counted, -1 where it is not chosen."""
        return np.array([self.terms.get(name, -1) for name in self.counting.names()], dtype=np.int32)

    @property
    def n_columns(self) -> int:
        return len(self.terms)

    def names(self, columns: ArrayLike | None = None) -> list[str]:
        """The terms of some columns, or of all of them."""
        names = sorted(self.terms, key=self.terms.__getitem__)
        return names if columns is None else [names[column] for column in np.asarray(columns).tolist()]

    def with_idf(self, idf: Floats) -> Self:
        return replace(self, idf=idf)

    def fit_transform(self, texts: Texts, *, threads: int = 1) -> tuple[Self, CompressedRows]:
        """Learn the document frequencies, and return the rows of the texts."""
        return self.fit_counts(self.counting.transform(texts, threads=threads), self.column_of)

    def fit_counts(self, counts: CompressedRows, column_of: Ids) -> tuple[Self, CompressedRows]:
        """Learn the document frequencies from counts whose columns become `column_of`, -1 for those not chosen."""
        chosen = self._chosen(counts, column_of)
        frequency = np.bincount(chosen.indices, minlength=self.n_columns)
        fitted = self.with_idf(self.weighting.idf(frequency, len(counts.indptr) - 1))
        return fitted, fitted._weighed(chosen)

    def transform(self, texts: Texts, *, threads: int = 1) -> CompressedRows:
        return self._weighed(self._chosen(self.counting.transform(texts, threads=threads), self.column_of))

    def spec(self) -> ChosenSpec:
        return ChosenSpec(self.counting.spec(), self.column_of, self.weighting, self.normalised, self.idf)

    def _chosen(self, counts: CompressedRows, column_of: Ids) -> CompressedRows:
        columns = column_of[counts.indices]
        kept = columns >= 0
        indptr = np.concatenate([[0], np.cumsum(kept)])[counts.indptr]
        return CompressedRows(indptr, columns[kept], counts.values[kept], self.n_columns)

    def _weighed(self, counts: CompressedRows) -> CompressedRows:
        whole = counts.values.astype(np.int64)
        values = self.weighting.count_weights(int(whole.max(initial=0)))[whole] * self.idf[counts.indices]
        if self.normalised:
            values = normalised_values(counts.indptr, values, np.square, 0.5)
        return counts._replace(values=values)


def normalised_values(indptr: Ints, values: Reals, addend: Callable[[Reals], Reals], power: float) -> Floats:
    """The values of each row divided by (Σ addend(value))^power; an empty row stays empty."""
    lengths = np.diff(indptr)
    filled = lengths > 0
    if not filled.any():
        return np.asarray(values)
    norms = np.add.reduceat(addend(values), indptr[:-1][filled]) ** power
    return np.asarray(values / np.repeat(norms, lengths[filled]))
