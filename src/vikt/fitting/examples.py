"""Labelled documents as a fit reads them: in canonical order, with the way back to the rows of the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from vikt.arrays import Classes, Floats, Ints, LabelArray, RowIndices, RowValues
from vikt.corpus.digests import ContentDigests, Digests
from vikt.corpus.groups import Grouping, joined_groups
from vikt.corpus.order import (
    canonical_order,
    content_ranks,
    group_ranks,
    merged_rows,
    split_folds,
    split_tenths,
)
from vikt.corpus.targets import Labels, TargetRows, TargetTable
from vikt.errors import DataError, ParameterError, UsageError
from vikt.features.measured import Measured
from vikt.model.classes import LabelledRows
from vikt.names import KIND_NAMES, TargetsName
from vikt.tables import counted

# The values of a column, None where one is missing.
Values = Sequence[str | None]

# Labels with fewer rows each than this may be no labels.
_FEW_ROWS = 3


@dataclass(frozen=True)
class Examples:
    """Labelled documents, ordered by content, so that no result depends on the order of the input.

    `y` is the number of each row's target in `targets`: of one class per row, or ordered ones, the index of its label.
    Rows of weight 0 are left out. Equal rows are adjacent and share a number in `contents`; rows that a split must keep
    together share a number in `groups`, and `grouping` tells of those that a column keeps together. `digests` are those
    of the contents, and `origin` is the number of each row in the input.
    """

    documents: Measured
    targets: TargetTable
    y: Classes
    weights: Floats
    contents: Ints
    groups: Ints
    digests: Digests
    origin: RowIndices
    n_input: int
    is_weighted: bool
    grouping: Grouping | None = None

    @classmethod
    def of(
        cls,
        documents: Measured,
        labels: Labels,
        sample_weight: RowValues = None,
        random_state: int = 0,
        groups: Values | None = None,
        kind: TargetsName = "classes",
        order: Sequence[object] | None = None,
        digest: type[Digests] = ContentDigests,
    ) -> Examples:
        """Order documents and their labels; `random_state` is the seed of the order, and `digest` its hash.

        `kind` and `order` say how labels are read: see `vikt.corpus.given_targets.target_rows`.

        Rows of one value in `groups` are kept together by every split, with all rows of a text that one of them has.

        Raises
        ------
        DataError
            The labels, weights or groups are invalid, or of another length than the documents; or a group is too large.
        """
        rows = LabelledRows.of(labels, sample_weight, len(documents), kind, order)
        _check_length(groups, rows.n_input)
        documents = documents if len(rows.kept) == rows.n_input else documents.take(rows.kept)
        grouping = None
        if groups is not None:
            joined, grouping = joined_groups(documents.groups, [groups[row] for row in rows.kept.tolist()])
            documents = replace(documents, groups=joined)
        # Counts of votes are weights too.
        is_weighted = sample_weight is not None or bool((rows.weights != 1).any())
        return cls.ordered(documents, rows, digest.of(documents.contents()), random_state, is_weighted, grouping)

    @classmethod
    def ordered(
        cls,
        documents: Measured,
        rows: LabelledRows,
        digests: Digests,
        random_state: int,
        is_weighted: bool,
        grouping: Grouping | None = None,
    ) -> Examples:
        """The examples of documents, which are those of the rows kept, and of the digests of their contents."""
        contents, keys = documents.contents(), digests.keys(random_state)
        place = canonical_order(keys, contents.__getitem__, rows.y, rows.weights)
        ordered = documents.take(place)
        ranks = content_ranks(keys[place], lambda i: contents[place[i]])
        together = ranks
        if ordered.values or ordered.groups is not ordered.texts:
            together = group_ranks(ordered.groups, type(digests).of(ordered.groups).keys(random_state))
        columns = rows.y[place], rows.weights[place], ranks, together, digests.take(place), rows.kept[place]
        return cls(ordered, rows.targets, *columns, rows.n_input, is_weighted, grouping)

    @classmethod
    def joined(cls, several: Sequence[Examples]) -> Examples:
        """Examples of one table of targets, all of one before all of the next in canonical order."""
        first, *others = several
        if not others:
            return first
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(each, name) for each in several]) for name in ("y", "weights", "origin")
        }
        for name in ("contents", "groups"):
            own = [getattr(each, name) for each in several]
            columns[name] = np.concatenate([each + start for each, start in zip(own, _starts(own), strict=True)])
        columns["documents"] = Measured.joined([each.documents for each in several])
        columns["digests"] = type(first.digests).of(columns["documents"].contents())
        return replace(first, n_input=sum(each.n_input for each in several), **columns)

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: RowIndices) -> Examples:
        """These rows; in rising order, they stay in canonical order."""
        columns = {name: getattr(self, name)[rows] for name in ("y", "weights", "contents", "groups", "origin")}
        return replace(self, documents=self.documents.take(rows), digests=self.digests.take(rows), **columns)

    def apart(self) -> Examples:
        """These rows without the bytes of others, which some of all rows still hold."""
        documents, n = self.documents, len(self)
        texts = documents.texts.run(0, n)
        groups = texts if documents.groups is documents.texts else documents.groups.run(0, n)
        return replace(self, documents=replace(documents, texts=texts, groups=groups))

    @property
    def classes(self) -> LabelArray:
        """The labels: (K,)."""
        return self.targets.labels

    @cached_property
    def strata(self) -> Ints:
        """The label that splits count each row to: (m,)."""
        return self.targets.strata(self.y)

    def merged(self) -> tuple[RowIndices, Floats]:
        """The first row of each run of equal rows with one target, and the joint weight of the run."""
        return merged_rows(self.contents, self.y, self.weights)

    def split(self, tenths: int) -> list[RowIndices]:
        """The remaining rows, then each tenth: stratified by label, groups kept together."""
        return split_tenths(self.groups, self.strata, tenths)

    def halves(self, rows: RowIndices) -> tuple[RowIndices, RowIndices]:
        """Two halves of some rows: stratified by label, groups kept together."""
        groups = np.unique(self.groups[rows], return_inverse=True)[1]
        first, second = split_folds(groups, self.strata[rows], 2) if len(rows) else (rows, rows)
        return rows[first], rows[second]

    def one_of_each_group(self, rows: RowIndices) -> RowIndices:
        """One of these rows for each of their groups, drawn at random: independent of each other, as groups are."""
        # The first in canonical order would have the first label of those that share a text.
        shuffled = np.random.default_rng(0).permutation(rows)
        return np.sort(shuffled[np.unique(self.groups[shuffled], return_index=True)[1]])

    def folds(self, rows: RowIndices, n_folds: int) -> list[tuple[RowIndices, RowIndices]]:
        """For each fold, the rows outside it and the rows in it. Raises ParameterError where a fold would be empty."""
        different, groups = np.unique(self.groups[rows], return_inverse=True)
        if n_folds > len(different):
            what = "different texts" if self.grouping is None else "groups"
            raise ParameterError(
                "folds", f"expected at most {len(different):,}, as many as there are {what}, found {n_folds:,}"
            )
        folds = (rows[fold] for fold in split_folds(groups, self.strata[rows], n_folds))
        return [(np.setdiff1d(rows, fold), fold) for fold in folds]

    @property
    def n_duplicates(self) -> int:
        """How many rows repeat the content of an earlier row, whatever their labels."""
        return len(self) - 1 - int(self.contents[-1])

    @property
    def n_groups(self) -> int:
        """How many sets of rows every split keeps together."""
        return int(self.groups.max()) + 1

    @property
    def class_counts(self) -> Ints:
        """The number of rows of each class, or with each label; of soft labels, the rows where it is most probable."""
        return self.targets.counts(self.y)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of contents and labels that does not depend on their order."""
        return self.digests.fingerprint(self.targets.spelled, self.y)

    @property
    def labels(self) -> LabelArray | TargetRows:
        """The label of each row, with the dtype of the input; or, of several or soft labels, the target of each."""
        return np.asarray(self.classes[self.y]) if self.targets.rows is None else TargetRows(self.targets, self.y)


def labels_of_one_class(examples: Examples) -> LabelArray:
    """The label of each row: (m,). Raises UsageError where rows have several or soft labels."""
    labels = examples.labels
    if isinstance(labels, TargetRows):
        raise UsageError(f"this needs one class per text, found {KIND_NAMES[examples.targets.kind]}")
    return labels


def _starts(several: Sequence[Ints]) -> Ints:
    """What is added to the numbers of each, so that no two have one in common."""
    return np.cumsum([0, *(own.max(initial=-1) + 1 for own in several[:-1])])


def _check_length(groups: Values | None, n_rows: int) -> None:
    if groups is not None and len(groups) != n_rows:
        raise DataError(
            f"groups: expected a value for each of {counted(n_rows, 'row')}, found {len(groups):,}; give as many"
        )


def check_testable(examples: Examples, test: Sequence[int] | RowIndices) -> None:
    """Raise DataError unless there are test rows."""
    if not len(test):
        n, n_classes = len(examples), len(examples.classes)
        if examples.grouping is not None:
            n_groups = counted(examples.n_groups, "group")
            raise DataError(
                f"{n_groups} of {counted(n, 'text')} in {counted(n_classes, 'class')} are too few to hold out a tenth "
                "of the groups of each class for a test; give separate test data, or ten groups of a class"
            )
        raise too_few_to_test(n, examples.n_duplicates, n_classes)


def too_few_to_test(n_texts: int, n_duplicates: int, n_classes: int) -> DataError:
    """The error where no tenth of any class can be held out."""
    alike = f", {n_duplicates:,} of them duplicates of others," if n_duplicates else ""
    remedy = "check the column of the labels, or " if n_classes > n_texts / _FEW_ROWS else ""
    return DataError(
        f"{counted(n_texts, 'text')} of {counted(n_classes, 'class')}{alike} are too few to hold out a tenth of each "
        f"class for a test; {remedy}give separate test data, or ten texts of a class"
    )
