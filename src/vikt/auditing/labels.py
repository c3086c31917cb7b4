"""Checks of the labels: how many rows each has, how they are spelled, in which order the rows are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vikt.arrays import Ints
from vikt.auditing.finding import Found
from vikt.auditing.subject import MOST_EXAMPLES, LabelledTexts, Subject, agreeing
from vikt.corpus.label_spelling import misspelt, respelled
from vikt.tables import counted, label_line, listed

# A class of fewer texts has none in the tenths that are held out.
_FEWEST_TEXTS = 10
_REFUSED_BY = {"training": "training", "test": "a test"}
# Sorted rows change their label this rarely, of what rows in random order do; fewer changes prove nothing.
_FEW_CHANGES, _FEWEST_EXPECTED = 0.1, 20


def missing_labels(subject: Subject) -> Iterator[Found]:
    """Rows without a label, which training refuses; the other checks pass over them."""
    for side in subject.sides:
        lacking, places = side.unlabelled
        if lacking:
            named = listed([place.removeprefix(f"{side.documents.origin}, ") for place in places])
            more = f" and {len(lacking) - len(places):,} more" if len(lacking) > len(places) else ""
            yield Found(
                side.side,
                f"{counted(len(lacking), f'{side.side} row')} {agreeing(lacking, 'has', 'have')} no label, which "
                f"{_REFUSED_BY[side.side]} refuses: {named}{more}; the other checks leave "
                f"{agreeing(lacking, 'it', 'them')} out",
                lacking,
            )


def one_class(subject: Subject) -> Iterator[Found]:
    """Training data of a single class."""
    side = subject.training
    if len(side.classes) == 1:
        yield side.found(
            f"all training rows have the label {label_line(side.classes[0])!r}; training needs two classes or more"
        )


# How programs write that a value is missing, in lower case.
_MISSING_WORDS = frozenset({"nan", "na", "n/a", "#n/a", "null", "none", "nil", "<na>", "nat"})


def labels_like_missing(subject: Subject) -> Iterator[Found]:
    """Labels that are written as programs write a missing value."""
    for side in subject.sides:
        alike = [k for k, label in enumerate(side.classes) if label.strip().lower() in _MISSING_WORDS]
        rows: Ints = np.flatnonzero(np.isin(side.y, alike))
        if len(rows):
            named = listed([repr(side.classes[k]) for k in alike])
            yield side.found(
                f"{counted(len(rows), f'{side.side} row')} {agreeing(rows, 'has', 'have')} the label {named}, which "
                "many programs write for a missing value; here it is a class like any other",
                rows,
            )


def few_rows(subject: Subject) -> Iterator[Found]:
    """Classes of so few different texts that none is held out."""
    side = subject.training
    classes = np.unique(np.stack([side.contents, side.y]), axis=1)[1]
    n_texts = np.bincount(classes, minlength=len(side.classes))
    few = np.flatnonzero(n_texts < _FEWEST_TEXTS)
    if len(few):
        few = few[np.argsort(n_texts[few], kind="stable")]
        named = listed([f"{label_line(side.classes[k])} ({n_texts[k]})" for k in few])
        yield side.found(
            f"{counted(len(few), 'class')} {agreeing(few, 'has', 'have')} fewer than {_FEWEST_TEXTS} different texts: "
            f"{named}",
            np.flatnonzero(np.isin(side.y, few)),
            shown=[int(np.argmax(side.y == k)) for k in few[:MOST_EXAMPLES]],
        )


def label_spelling(subject: Subject) -> Iterator[Found]:
    """Labels that differ by case, blanks or one letter, over training and test together."""
    counts: dict[str, int] = {}
    for side in subject.sides:
        for label, count in side.counts.items():
            counts[label] = counts.get(label, 0) + count
    groups = respelled(counts)
    alike = [sorted(group, key=lambda label: (counts[label], label)) for group in groups]
    meant = {label for group in alike for label in group[:-1]} | {rare for rare, _ in misspelt(counts)}
    pairs = [*alike, *misspelt(counts)]
    for side in subject.sides:
        rows = np.flatnonzero(np.isin(side.y, [k for k, label in enumerate(side.classes) if label in meant]))
        if len(rows):
            named = listed([" and ".join(f"{label!r} ({counts[label]:,})" for label in pair) for pair in pairs])
            yield side.found(
                f"{counted(len(meant), 'label')} {agreeing(meant, 'differs', 'differ')} from another only by case, "
                f"blanks or one letter: {named}",
                rows,
            )


def sorted_rows(subject: Subject) -> Iterator[Found]:
    """Rows in the order of their labels."""
    for side in subject.sides:
        shares = np.bincount(side.y) / max(len(side), 1)
        expected = len(side) * (1 - float(np.sum(shares**2)))
        changes = int(np.count_nonzero(np.diff(side.y)))
        if expected >= _FEWEST_EXPECTED and changes <= _FEW_CHANGES * expected:
            yield side.found(
                f"the rows are sorted by label: the label changes {counted(changes, 'time')} in {len(side):,} rows, "
                f"against {expected:,.0f} in random order; vikt orders rows by itself, other programs may not"
            )


def unseen_labels(subject: Subject) -> Iterator[Found]:
    """Labels of the test that training does not have."""
    if subject.test is not None:
        yield from unknown_labels(subject.test, subject.training.classes, "the training data")


def unknown_labels(side: LabelledTexts, classes: list[str], source: str) -> Iterator[Found]:
    """Labels that are none of these classes."""
    known = set(classes)
    strange = [k for k, label in enumerate(side.classes) if label not in known]
    rows: Ints = np.flatnonzero(np.isin(side.y, strange))
    if len(rows):
        named = listed([repr(side.classes[k]) for k in strange])
        yield side.found(
            f"{counted(len(strange), 'label')} of {counted(len(rows), f'{side.side} row')} "
            f"{agreeing(strange, 'is', 'are')} not in {source}: {named}; the rows count as wrong",
            rows,
        )
