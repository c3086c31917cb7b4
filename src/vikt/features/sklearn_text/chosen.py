"""Terms that were chosen before the rows are weighed: a vocabulary that is given, or the most frequent terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.corpus.texts import Texts
from vikt.errors import EmptyVocabularyError, UsageError
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.weighting import Weighting
from vikt.features.rows import Rows

Terms = dict[str, int]


def given_terms(vocabulary: Any) -> Terms:
    """A vocabulary of the user's as the column of each term.

    Raises
    ------
    UsageError
        It is no vocabulary.
    EmptyVocabularyError
        It has no term.
    """
    if isinstance(vocabulary, str) or not isinstance(vocabulary, Iterable):
        raise UsageError(f"vocabulary: expected a mapping or a collection of terms, found {vocabulary!r:.60}")
    if not isinstance(vocabulary, Mapping):
        listed = sorted(vocabulary) if isinstance(vocabulary, (set, frozenset)) else list(vocabulary)
        vocabulary = {term: column for column, term in enumerate(listed)}
        if len(vocabulary) < len(listed):
            twice = next(term for column, term in enumerate(listed) if vocabulary[term] != column)
            raise UsageError(f"vocabulary: Duplicate term in vocabulary: {twice!r}")
    if not vocabulary:
        raise EmptyVocabularyError("vocabulary: empty vocabulary passed to fit; give terms, or None to learn them")
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


class ChosenTerms:
    """Terms chosen beforehand, in an order of their own: others are counted by `Ngrams` too, and dropped.

    Parameters
    ----------
    counting : Ngrams
        Has learnt the terms that texts can have, and perhaps others.
    terms : dict of str to int
        The column of each term.
    weighting : Weighting
        What a count is worth; other than in `Ngrams`, what is dropped has no part in a row's length.
    """

    def __init__(self, counting: Ngrams, terms: Terms, weighting: Weighting, normalised: bool) -> None:
        self.counting, self.terms, self.weighting, self.normalised = counting, terms, weighting, normalised
        self.column_of = np.array([terms.get(name, -1) for name in counting.names()], dtype=np.int32)
        self.idf: NDArray[np.float64] = np.ones(len(terms))

    @property
    def n_columns(self) -> int:
        return len(self.terms)

    def names(self) -> list[str]:
        return sorted(self.terms, key=self.terms.__getitem__)

    def fit_transform(self, texts: Texts) -> Rows:
        return self.learn(self.counting.transform(texts), self.column_of)

    def learn(self, counts: Rows, column_of: NDArray[np.int32]) -> Rows:
        """Take the document frequencies from counts whose columns are `column_of`, -1 for those not chosen."""
        chosen = self._chosen(counts, column_of)
        frequency = np.bincount(chosen.indices, minlength=self.n_columns)
        self.idf = self.weighting.idf(frequency, len(counts.indptr) - 1)
        return self._weighed(chosen)

    def transform(self, texts: Texts) -> Rows:
        return self._weighed(self._chosen(self.counting.transform(texts), self.column_of))

    def _chosen(self, counts: Rows, column_of: NDArray[np.int32]) -> Rows:
        columns = column_of[counts.indices]
        kept = columns >= 0
        indptr = np.concatenate([[0], np.cumsum(kept)])[counts.indptr]
        return Rows(indptr, columns[kept], counts.values[kept], self.n_columns)

    def _weighed(self, counts: Rows) -> Rows:
        whole = counts.values.astype(np.int64)
        values = self.weighting.count_weights(int(whole.max(initial=0)))[whole] * self.idf[counts.indices]
        if self.normalised:
            values = normalised_rows(counts.indptr, values, np.square, 0.5)
        return counts._replace(values=values)


class UnsmoothedWeighting(Weighting):
    """idf = ln(m / df) + 1."""

    def idf(self, document_frequency: NDArray[np.int64], n_documents: int) -> NDArray[np.float64]:
        if not self.inverse_document_frequency:
            return np.ones(len(document_frequency))
        return np.log(n_documents / document_frequency) + 1


def normalised_rows(indptr: NDArray[Any], values: Any, part: Callable[[Any], Any], power: float) -> NDArray[np.float64]:
    """Each row divided by (Σ part(value))^power; one without values stays."""
    lengths = np.diff(indptr)
    filled = lengths > 0
    if not filled.any():
        return np.asarray(values)
    norms = np.add.reduceat(part(values), indptr[:-1][filled]) ** power
    return np.asarray(values / np.repeat(norms, lengths[filled]))
