"""Fitted n-grams of fewer columns: what no column needs any more leaves the vocabulary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vikt.arrays import Ids, Ints
from vikt.features.ngrams.ngrams import FittedNgrams
from vikt.features.ngrams.token_kernels import NONE


def pruned(ngrams: FittedNgrams, columns: Ints) -> FittedNgrams:
    """The n-grams of these columns alone, numbered in this order.

    Shorter n-grams that longer ones start with stay in the vocabulary, without a column.
    """
    number_of = np.full(ngrams.n_columns, NONE, dtype=np.int32)
    number_of[columns] = np.arange(len(columns))
    numbers = [_numbered(own, number_of) for own in ngrams.columns]
    source, old_ids = ngrams.source.kept([_with_number(own) for own in numbers])
    kept = tuple(own[ids] for own, ids in zip(numbers, old_ids, strict=True))
    return replace(ngrams, source=source, columns=kept, idf=ngrams.idf[columns])


def _numbered(columns: Ids, number_of: Ids) -> Ids:
    """The new column of each id, NONE where it has none."""
    numbers = np.full(len(columns), NONE, dtype=np.int32)
    known = columns != NONE
    numbers[known] = number_of[columns[known]]
    return numbers


def _with_number(numbers: Ids) -> Ints:
    """The ids that have a column, by their columns, so that frequent n-grams stay close together."""
    ids = np.flatnonzero(numbers != NONE)
    return ids[np.argsort(numbers[ids])]
