"""Checks for empty texts, and for texts that occur in the data again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from vikt.arrays import Bools, Ints
from vikt.auditing.finding import Found
from vikt.auditing.near import MOST_COMPARED
from vikt.auditing.subject import LabelledTexts, Subject, agreeing
from vikt.corpus.overlap import NOWHERE
from vikt.tables import counted, label_line


def empty_texts(subject: Subject) -> Iterator[Found]:
    """Texts that are empty, or white space."""
    for side in subject.sides:
        rows = np.flatnonzero(side.is_blank)
        if len(rows):
            yield side.found(f"{side.counted(rows)} {agreeing(rows, 'is', 'are')} empty or white space", rows)


def duplicates(subject: Subject) -> Iterator[Found]:
    """Texts that repeat an earlier one under the same label."""
    for side in subject.sides:
        pairs = np.stack([side.contents, side.y])
        _, first, of_row = np.unique(pairs, axis=1, return_index=True, return_inverse=True)
        earlier = first[of_row.ravel()]
        rows = np.flatnonzero((earlier != np.arange(len(side))) & ~side.is_blank)
        if len(rows):
            yield side.found(
                f"{side.counted(rows)} {agreeing(rows, 'repeats', 'repeat')} an earlier text with the same label",
                rows,
                partial(_as_earlier, side, earlier),
            )


def conflicting_labels(subject: Subject) -> Iterator[Found]:
    """Equal texts under several labels."""
    for side in subject.sides:
        contents = np.unique(np.stack([side.contents, side.y]), axis=1)[0]
        n_labels = np.bincount(contents, minlength=len(side))
        rows = np.flatnonzero((n_labels[side.contents] > 1) & ~side.is_blank)
        if len(rows):
            different, first = np.unique(side.contents[rows], return_index=True)
            # Rows of one text are shown together, in the order in which the texts first occur.
            rank = first[np.searchsorted(different, side.contents[rows])]
            yield side.found(
                f"{side.counted(different)} {agreeing(different, 'occurs', 'occur')} under several labels, in "
                f"{len(rows):,} rows, which no model can get all right",
                rows,
                shown=rows[np.argsort(rank, kind="stable")],
            )


def test_in_training(subject: Subject) -> Iterator[Found]:
    """Test texts that training has too."""
    if subject.test is not None:
        same = subject.twins.same
        yield from _seen(subject.training, subject.test, same, same != NOWHERE)


def test_in_training_but_for_case(subject: Subject) -> Iterator[Found]:
    """Test texts that training has with other case or white space."""
    if subject.test is not None:
        same, alike = subject.twins
        is_meant = (same == NOWHERE) & (alike != NOWHERE)
        yield from _seen(subject.training, subject.test, alike, is_meant, " with other case or white space")


def _seen(training: LabelledTexts, test: LabelledTexts, twin: Ints, is_meant: Bools, how: str = "") -> Iterator[Found]:
    rows = np.flatnonzero(is_meant)
    if not len(rows):
        return
    n_other = sum(test.label(row) != training.label(int(twin[row])) for row in rows.tolist())
    yield test.found(
        f"{len(rows):,} of {counted(len(test), 'test text')} also {agreeing(rows, 'occurs', 'occur')} in the training "
        f"data{how}" + (f", {n_other:,} of them under another label" if n_other else ""),
        rows,
        lambda row: f"as {training.place(int(twin[row]))}, labelled {label_line(training.label(int(twin[row])))}",
    )


def _as_earlier(side: LabelledTexts, earlier: Ints, row: int) -> str:
    return f"as {side.place(int(earlier[row]))}"


def near_duplicates(subject: Subject) -> Iterator[Found]:
    """Training texts that are nearly an earlier one."""
    distinct, n = subject.distinct, len(subject.distinct.training)
    yield from _near(subject, subject.training, distinct.training, subject.near_twins.rows[:n], "an earlier text")


def near_test_in_training(subject: Subject) -> Iterator[Found]:
    """Test texts that are nearly a text of training."""
    if subject.test is not None:
        distinct, n = subject.distinct, len(subject.distinct.training)
        yield from _near(subject, subject.test, distinct.test, subject.near_twins.rows[n:], "a training text")


def _near(subject: Subject, side: LabelledTexts, texts: Ints, twin: Ints, of_what: str) -> Iterator[Found]:
    """The rows of texts that have a twin, by its number among the distinct texts."""
    near = twin != NOWHERE
    if not near.any():
        return
    training, n_cut = subject.training, subject.near_twins.n_cut
    rows = side.rows_of_texts(texts[near])
    # From the content of a text to the training row of its twin.
    row_of = dict(zip(side.contents[texts[near]].tolist(), subject.distinct.training[twin[near]].tolist(), strict=True))
    n_other = sum(side.label(row) != training.label(row_of[int(side.contents[row])]) for row in rows.tolist())
    yield side.found(
        f"{side.counted(rows)} {agreeing(rows, 'is', 'are')} nearly {of_what}"
        + (f", {n_other:,} of them under another label" if n_other else "")
        + (f" ({n_cut:,} texts were compared with only {MOST_COMPARED:,} similar ones)" if n_cut else ""),
        rows,
        partial(_as_twin, side, training, row_of),
    )


def _as_twin(side: LabelledTexts, training: LabelledTexts, row_of: dict[int, int], row: int) -> str:
    twin = row_of[int(side.contents[row])]
    return f"like {training.place(twin)}, labelled {label_line(training.label(twin))}"
