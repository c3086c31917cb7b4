"""Labelled documents as a fit reads them: in canonical order, with the way back to the rows that came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vikt.arrays import Classes, Floats, Ints, RowIndices, RowValues
from vikt.corpus.order import (
    canonical_order,
    content_ranks,
    fingerprint,
    group_ranks,
    merged_rows,
    row_keys,
    split_folds,
    split_tenths,
)
from vikt.errors import DataError
from vikt.features.measured import Measured
from vikt.model.classes import encode_labels, label_array, row_weights


@dataclass(frozen=True)
class Examples:
    """Labelled documents, ordered by what they say, so that no result depends on the order they came in.

    Attributes
    ----------
    documents : Measured
        m rows.
    classes : (K,)
        The labels, sorted.
    y : (m,)
        The class index of each row.
    weights : (m,)
        All above 0: rows of weight 0 are left out.
    contents : (m,)
        A number for each row, equal where rows say the same; equal rows stand together.
    groups : (m,)
        A number for each row, equal for rows that a split must keep together.
    origin : (m,)
        The number that each row had among the rows that came in.
    n_given : int
        How many rows came in.
    is_weighted : bool
        Whether weights were given.
    """

    documents: Measured
    classes: NDArray[Any]
    y: Classes
    weights: Floats
    contents: Ints
    groups: Ints
    origin: RowIndices
    n_given: int
    is_weighted: bool

    @classmethod
    def of(
        cls, documents: Measured, labels: ArrayLike, sample_weight: RowValues = None, random_state: int = 0
    ) -> Examples:
        """Order documents and their labels.

        Parameters
        ----------
        documents : Measured
        labels : (m,)
        sample_weight : (m,), optional
        random_state : int
            The seed of the order.

        Raises
        ------
        DataError
            The labels or weights are invalid, or of another length than the documents.
        """
        labels, n_given = label_array(labels), len(documents)
        if labels.ndim != 1 or len(labels) != n_given:
            raise DataError(f"{n_given} texts and labels of shape {labels.shape}: expected one label for each text")
        weights = row_weights(sample_weight, n_given)
        kept = np.flatnonzero(weights > 0)
        classes, y = encode_labels(labels[kept])
        contents = documents.contents() if len(kept) == n_given else documents.take(kept).contents()
        keys = row_keys(contents, random_state)
        order = canonical_order(keys, contents.__getitem__, y, weights[kept])
        ordered = documents.take(kept[order])
        ranks = content_ranks(keys[order], lambda i: contents[order[i]])
        groups = ranks
        if ordered.values or ordered.groups is not ordered.texts:
            groups = group_ranks(ordered.groups, row_keys(ordered.groups, random_state))
        is_weighted = sample_weight is not None
        origin = kept[order]
        return cls(ordered, classes, y[order], weights[origin], ranks, groups, origin, n_given, is_weighted)

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: RowIndices) -> Examples:
        """The rows named; in rising order, they stay in canonical order."""
        return Examples(
            self.documents.take(rows),
            self.classes,
            self.y[rows],
            self.weights[rows],
            self.contents[rows],
            self.groups[rows],
            self.origin[rows],
            self.n_given,
            self.is_weighted,
        )

    def merged(self) -> tuple[RowIndices, Floats]:
        """The first row of each run of equal rows with one label, and the joint weight of the run."""
        return merged_rows(self.contents, self.y, self.weights)

    def split(self, tenths: int) -> list[RowIndices]:
        """The rows that remain, then as many tenths, stratified by label, groups kept together."""
        return split_tenths(self.groups, self.y, tenths)

    def folds(self, rows: RowIndices, n_folds: int) -> list[tuple[RowIndices, RowIndices]]:
        """For each fold, those of the rows that are not in it, and those that are."""
        _, groups = np.unique(self.groups[rows], return_inverse=True)
        apart = [rows[fold] for fold in split_folds(groups, self.y[rows], n_folds)]
        return [(np.setdiff1d(rows, fold), fold) for fold in apart]

    @property
    def n_duplicates(self) -> int:
        """How many rows say what a row before them says, whatever their labels."""
        return len(self) - 1 - int(self.contents[-1])

    @property
    def class_counts(self) -> Ints:
        """Rows of each class: (K,)."""
        return np.bincount(self.y, minlength=len(self.classes))

    @cached_property
    def fingerprint(self) -> str:
        """A digest of contents and labels that does not depend on their order."""
        return fingerprint(self.documents.contents(), self.labels.tolist())

    @property
    def labels(self) -> NDArray[Any]:
        """The label of each row, of the type it came in."""
        return np.asarray(self.classes[self.y])


def spelled_labels(classes: NDArray[Any]) -> list[str]:
    """Labels as they are written."""
    return [str(label) for label in classes.tolist()]


def check_testable(examples: Examples, test: Sequence[int] | RowIndices) -> None:
    """Refuse rows too few to keep a tenth of for testing.

    Raises
    ------
    DataError
        No row is kept.
    """
    if not len(test):
        raise DataError(
            f"{len(examples)} texts, {examples.n_duplicates} of them duplicates of others, are too few to "
            "keep a tenth of each class for testing; give test data of their own, or more texts"
        )
