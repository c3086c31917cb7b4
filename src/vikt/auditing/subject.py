"""What is audited: labelled texts, with the test and the model that go with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from vikt.arrays import Bools, Classes, Ints, LabelArray, RowIndices
from vikt.auditing.distinct import DistinctTexts, distinct_texts
from vikt.auditing.finding import Example, Found, Side
from vikt.auditing.near import NearTwins, near_twins
from vikt.corpus.digests import ContentDigests
from vikt.corpus.documents import Documents
from vikt.corpus.given_targets import given_targets
from vikt.corpus.label_arrays import checked_labels
from vikt.corpus.missing import is_missing
from vikt.corpus.order import group_ranks
from vikt.corpus.overlap import NOWHERE, Twins, twins
from vikt.corpus.targets import OneLabel, TargetRows
from vikt.corpus.texts import Texts
from vikt.errors import DataError
from vikt.explanation.label_errors import LabelErrors
from vikt.fitting.saved import SavedModel
from vikt.model.classes import check_one_label_per_row
from vikt.names import TargetKind, TargetsName
from vikt.tables import counted

MOST_EXAMPLES = 5
# What a row of several labels is said to have where it has none.
NO_LABELS = "no labels"
_WIDEST_EXCERPT, _BEFORE = 120, 30
# The first bytes of a text show whether it is blank, but for few texts.
_OPENING = 64


class Unlabelled(NamedTuple):
    """Rows without a label: their numbers, and the places of the first."""

    rows: tuple[int, ...]
    places: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class LabelledTexts:
    """Labelled texts as checks read them.

    Attributes
    ----------
    side : {"training", "test"}
    documents : Documents
    targets : TargetRows
        What each row is labelled with: a class, several labels or shares of classes. Levels of an order are classes.
    number : callable
        From the position of a row among those given to its number in messages.
    origin : (m,)
        The position of each row among those given.
    unlabelled : Unlabelled
        The rows left out, since they have no label.
    """

    side: Side
    documents: Documents
    targets: TargetRows
    number: Callable[[int], int]
    origin: RowIndices
    unlabelled: Unlabelled

    @classmethod
    def of(
        cls,
        side: Side,
        documents: Documents,
        labels: object,
        number: Callable[[int], int] = int,
        kind: TargetsName = "auto",
    ) -> LabelledTexts:
        """Label documents; `kind` says how labels are read, as in `vikt.corpus.given_targets.target_rows`.

        Raises
        ------
        DataError
            There are none, or none has a label, or there is not one per row, or one cannot be read.
        """
        given = given_targets(labels, "classes" if kind == "ordered" else kind)
        check_one_label_per_row(given, len(documents))
        if not len(given):
            raise DataError(f"{documents.origin}: expected {side} texts, found none; give at least one")
        targets = given.read().targets
        if not isinstance(targets, TargetRows):
            return cls._of_one(side, documents, targets, number)
        targets = replace(targets, table=targets.table.renamed(np.array(targets.names, dtype=object)))
        if targets.table.rows is None:
            return cls._of_one(side, documents, targets.table.labels[targets.y], number)
        return cls(side, documents, targets, number, np.arange(len(given)), Unlabelled((), ()))

    @classmethod
    def _of_one(
        cls, side: Side, documents: Documents, array: LabelArray, number: Callable[[int], int]
    ) -> LabelledTexts:
        """Documents that have one label each, or none, which are left out."""
        lacks = np.array([is_missing(label) or str(label).isspace() or str(label) == "" for label in array.tolist()])
        kept, lacking = np.flatnonzero(~lacks), np.flatnonzero(lacks)
        if not len(kept):
            raise DataError(f"{documents.origin}: none of its {counted(len(array), 'row')} has a label; label them")
        unlabelled = Unlabelled(tuple(map(number, lacking.tolist())), tuple(map(documents.place, lacking.tolist()[:5])))
        if len(lacking):
            documents, array = documents.take(kept), array[kept]
        given = checked_labels(array, f"{side} labels", kept)
        spelled = np.array([str(label) for label in given.tolist()], dtype=object)
        classes, y = np.unique(spelled, return_inverse=True)
        targets = TargetRows(OneLabel(classes), y.astype(np.int64))
        return cls(side, documents, targets, number, kept, unlabelled)

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def kind(self) -> TargetKind:
        return self.targets.table.kind

    @property
    def classes(self) -> list[str]:
        """The labels, sorted: (K,)."""
        return self.targets.names

    @cached_property
    def y(self) -> Classes:
        """A number for what each row is labelled with: a class, a set of labels, or the most probable class: (m,)."""
        return self.targets.table.strata(self.targets.y) if self.kind == "soft" else self.targets.y

    @cached_property
    def pairs(self) -> tuple[Ints, Ints]:
        """The rows and the indices of their labels, a pair for each label of each row."""
        return self.targets.table.pairs(self.targets.y)

    def having(self, labels: Sequence[int] | Ints) -> Ints:
        """The rows that have one of some labels, by the indices of these."""
        rows, of_label = self.pairs
        return np.unique(rows[np.isin(of_label, labels)])

    @cached_property
    def texts(self) -> Texts:
        return self.documents.strings()

    @cached_property
    def is_blank(self) -> Bools:
        """Whether each text is empty or white space: (m,)."""
        return np.array([is_blank(text) for text in self.texts], dtype=bool)

    @cached_property
    def first_rows(self) -> Ints:
        """The first row of each text that is not blank, rising."""
        first = np.unique(self.contents, return_index=True)[1]
        return np.sort(first[~self.is_blank[first]])

    def rows_of_texts(self, first_rows: Ints) -> Ints:
        """All rows that hold the texts of some of the `first_rows`."""
        return np.flatnonzero(np.isin(self.contents, self.contents[first_rows]))

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows of each label; of soft ones, those where it is the most probable."""
        return dict(zip(self.classes, self.targets.table.counts(self.targets.y).tolist(), strict=True))

    @cached_property
    def contents(self) -> Ints:
        """A number for each row, equal for equal texts: (m,)."""
        return group_ranks(self.texts, ContentDigests.of(self.texts).keys(0))

    @property
    def labels(self) -> LabelArray | TargetRows:
        """The label of each row, (m,); or, of several or soft labels, what each is labelled with."""
        return np.array(self.classes, dtype=object)[self.y] if self.targets.table.rows is None else self.targets

    def numbers(self, rows: Ints) -> tuple[int, ...]:
        """The numbers of rows in messages."""
        return tuple(map(self.number, self.origin[rows].tolist()))

    def counted(self, rows: Sized) -> str:
        """The number of rows, in words, such as '3 training texts'."""
        return counted(len(rows), f"{self.side} text")

    def label(self, row: int) -> str:
        """What a row is labelled with: its class, its labels in a line, or its most probable class."""
        _, own = self.targets.table.pairs(self.targets.y[[row]])
        return ", ".join(self.classes[k] for k in own.tolist()) or NO_LABELS

    def place(self, row: int) -> str:
        """The place of a row, without the name of the file where there is only one."""
        return self.documents.place(row).removeprefix(f"{self.documents.origin}, ")

    def example(self, row: int, remark: str = "", at: int = 0) -> Example:
        """A row to look at: its text from a little before the character `at` on."""
        return Example(
            self.place(row), text_around(self.texts[row].decode("utf-8", "replace"), at), self.label(row), remark
        )

    def found(
        self,
        message: str,
        rows: Sequence[int] | Ints = (),
        remark: Callable[[int], str] = lambda row: "",
        at: Callable[[int], int] = lambda row: 0,
        shown: Sequence[int] | Ints | None = None,
    ) -> Found:
        """A finding of some rows.

        Parameters
        ----------
        message : str
        rows : sequence of int
            Their positions.
        remark : callable
            What is special about a row.
        at : callable
            The character of its text that an excerpt must show.
        shown : sequence of int, optional
            The rows of which the first are examples; by default `rows`.
        """
        numbers = self.numbers(np.asarray(rows, dtype=np.int64))
        few = np.asarray(rows if shown is None else shown, dtype=np.int64)[:MOST_EXAMPLES].tolist()
        return Found(self.side, message, numbers, tuple(self.example(row, remark(row), at(row)) for row in few))


def agreeing(things: Sized, singular: str, plural: str) -> str:
    """A verb in the number of its subject."""
    return singular if len(things) == 1 else plural


def is_blank(text: bytes) -> bool:
    """Whether a text is empty or white space.

    Examples
    --------
    >>> is_blank("\u3000".encode()), is_blank(b"a")
    (True, False)
    """
    return not (text[:_OPENING].decode("utf-8", "ignore").strip() or text.decode("utf-8", "ignore").strip())


def text_around(text: str, at: int = 0) -> str:
    """A part of a text of bounded length, with the character `at`; an ellipsis where something is left out.

    Examples
    --------
    >>> text_around("a" * 200)[-2:], text_around("short")
    ('a…', 'short')
    """
    first = max(0, at - _BEFORE) if at > _WIDEST_EXCERPT - _BEFORE else 0
    last = first + _WIDEST_EXCERPT
    return "…" * (first > 0) + text[first:last] + "…" * (last < len(text))


@dataclass(frozen=True, eq=False)
class Subject:
    """What is audited: training texts, and where there are any the test texts and the model.

    `label_errors` are those of the training texts, where they were looked for.
    """

    training: LabelledTexts
    test: LabelledTexts | None = None
    model: SavedModel | None = None
    label_errors: LabelErrors | None = None

    @cached_property
    def twins(self) -> Twins:
        """For each test row the training row that holds its text."""
        test = Texts.from_bytes([]) if self.test is None else self.test.texts
        return twins(self.training.texts, test)

    @cached_property
    def distinct(self) -> DistinctTexts:
        """The different texts of training, and those of the test that training does not have."""
        training, test = self.training.first_rows, np.empty(0, dtype=np.int64)
        texts = [self.training.texts.take(training)]
        if self.test is not None:
            test = self.test.first_rows
            test = test[self.twins.alike[test] == NOWHERE]
            texts.append(self.test.texts.take(test))
        return distinct_texts(training, test, Texts.joined(texts))

    @cached_property
    def near_twins(self) -> NearTwins:
        """For each distinct text the nearest earlier one of training that is nearly the same."""
        return near_twins(self.distinct.rows, len(self.distinct.training))

    @property
    def sides(self) -> list[LabelledTexts]:
        """The training texts and, if there are any, the test texts."""
        return [self.training] if self.test is None else [self.training, self.test]
