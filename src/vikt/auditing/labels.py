"""Checks of the labels: how many rows each has, how they are spelled, in which order the rows are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vikt.auditing.finding import Found
from vikt.auditing.subject import MOST_EXAMPLES, LabelledTexts, Subject, agreeing
from vikt.corpus.label_spelling import misspelt, respelled
from vikt.names import LABEL_NOUNS
from vikt.tables import counted, label_line, listed

# A class of fewer texts has none in the tenths that are held out.
_FEWEST_TEXTS = 10
_REFUSED_BY = {"training": "training", "test": "a test"}
# Sorted rows change their label this rarely, of what rows in random order do; fewer changes prove nothing.
_FEW_CHANGES, _FEWEST_EXPECTED = 0.1, 20
# Labels of fewer rows may occur together by chance.
_FEWEST_TOGETHER = 5


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
    """Training data of a single class, or whose labels are each on every row or on none."""
    side = subject.training
    if side.kind == "several":
        if set(side.counts.values()) <= {0, len(side)}:
            yield side.found("no label distinguishes the training rows: each is on every row or on none")
    elif len(side.classes) == 1:
        yield side.found(
            f"all training rows have the label {label_line(side.classes[0])!r}; training needs two classes or more"
        )


def labels_of_every_row(subject: Subject) -> Iterator[Found]:
    """Labels that are on every row, of which nothing can be learnt, where a text has several."""
    side = subject.training
    constant = [label for label, n in side.counts.items() if n == len(side)]
    if side.kind == "several" and constant:
        yield side.found(
            f"{counted(len(constant), 'label')} {agreeing(constant, 'is', 'are')} on every training row and "
            f"always answered: {listed([repr(label) for label in constant])}"
        )


def labels_always_together(subject: Subject) -> Iterator[Found]:
    """Labels that are on the same rows: one of them may be another's name."""
    side = subject.training
    if side.kind != "several":
        return
    columns = np.packbits(side.targets.truth, axis=0).T
    n_rows = np.array(list(side.counts.values()))
    common = np.flatnonzero((n_rows >= _FEWEST_TOGETHER) & (n_rows < len(side)))
    together: dict[bytes, list[int]] = {}
    for k in common.tolist():
        together.setdefault(columns[k].tobytes(), []).append(k)
    groups = [group for group in together.values() if len(group) > 1]
    if groups:
        named = [f"{' and '.join(repr(side.classes[k]) for k in group)} ({n_rows[group[0]]:,})" for group in groups]
        members = [k for group in groups for k in group]
        yield side.found(
            f"{counted(len(members), 'label')} never {agreeing(members, 'occurs', 'occur')} without another: "
            f"{listed(named)}; one of them may be enough",
            side.having(members),
        )


def rows_without_labels(subject: Subject) -> Iterator[Found]:
    """Rows that have none of several labels."""
    for side in subject.sides:
        rows = np.setdiff1d(np.arange(len(side)), side.pairs[0])
        if len(rows):
            yield side.found(
                f"{side.counted(rows)} {agreeing(rows, 'has', 'have')} no label; {agreeing(rows, 'it is', 'they are')} "
                "fitted and tested as such",
                rows,
            )


# How programs write that a value is missing, in lower case.
_MISSING_WORDS = frozenset({"nan", "na", "n/a", "#n/a", "null", "none", "nil", "<na>", "nat"})


def labels_like_missing(subject: Subject) -> Iterator[Found]:
    """Labels that are written as programs write a missing value."""
    for side in subject.sides:
        alike = [k for k, label in enumerate(side.classes) if label.strip().lower() in _MISSING_WORDS]
        rows = side.having(alike)
        if len(rows):
            named = listed([repr(side.classes[k]) for k in alike])
            yield side.found(
                f"{counted(len(rows), f'{side.side} row')} {agreeing(rows, 'has', 'have')} the label {named}, which "
                f"many programs write for a missing value; here it is a {LABEL_NOUNS[side.kind]} like any other",
                rows,
            )


def few_rows(subject: Subject) -> Iterator[Found]:
    """Classes of so few different texts that none is held out."""
    side = subject.training
    rows, of_label = side.pairs
    classes = np.unique(np.stack([side.contents[rows], of_label]), axis=1)[1]
    n_texts = np.bincount(classes, minlength=len(side.classes))
    few = np.flatnonzero(n_texts < _FEWEST_TEXTS)
    if len(few):
        few = few[np.argsort(n_texts[few], kind="stable")]
        named = listed([f"{label_line(side.classes[k])} ({n_texts[k]})" for k in few])
        found = counted(len(few), LABEL_NOUNS[side.kind])
        yield side.found(
            f"{found} {agreeing(few, 'has', 'have')} fewer than {_FEWEST_TEXTS} different texts: {named}",
            side.having(few),
            shown=[int(own[0]) for k in few[:MOST_EXAMPLES] if len(own := side.having([k]))],
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
        rows = side.having([k for k, label in enumerate(side.classes) if label in meant])
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
    rows = side.having(strange)
    if len(rows):
        named = listed([repr(side.classes[k]) for k in strange])
        yield side.found(
            f"{counted(len(strange), 'label')} of {counted(len(rows), f'{side.side} row')} "
            f"{agreeing(strange, 'is', 'are')} not in {source}: {named}; the rows count as wrong",
            rows,
        )
