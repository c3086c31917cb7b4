"""What is odd about labels: several in one, numbers with fractions, spellings that differ little."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator

import numpy as np

from vikt.arrays import LabelArray
from vikt.corpus.joined_labels import MARKS, joined_labels
from vikt.corpus.label_spelling import respelled
from vikt.corpus.numbers import number_of
from vikt.corpus.targets import TargetRows
from vikt.errors import DataError
from vikt.tables import counted, listed, quoted

_MOST_SPELLINGS = 4
_SEPARATE = "set labels_separator={mark!r}"


def label_notes(origin: str, labels: Iterable[str], advice: str = _SEPARATE) -> tuple[str, ...]:
    """Notes for the user on labels that make more classes than may be meant.

    `advice` says how to read several labels per text, perhaps with `{mark!r}` for the mark between them.

    Examples
    --------
    >>> label_notes("a.csv", ["pos", "neg", "Neg"])
    ("a.csv: labels differ only by case or blanks: 'Neg', 'neg'; each is a class of its own",)
    """
    classes = sorted(set(labels))
    joined = (
        f"labels hold {MARKS[mark]}, such as {label!r:.60}; each text has one label, so this makes {len(classes):,} "
        f"classes; for several labels per text {advice.format(mark=mark)}"
        for mark, label in _joined(classes)
    )
    return tuple(f"{origin}: {note}" for note in (*joined, *_fractions(classes), *_respelled(classes)))


def target_notes(origin: str, targets: TargetRows, separator: str | None = None) -> tuple[str, ...]:
    """Notes for the user on labels of which little can be learnt, on rows without any label, on an idle separator.

    Examples
    --------
    >>> members = np.array([[1, 1], [1, 0], [1, 0]], dtype=bool)
    >>> target_notes("a.csv", TargetRows.of_sets(members, np.array(["joy", "love"])))
    ("a.csv: 1 label is on every row: 'joy'", "a.csv: 1 label is on one row only: 'love'")
    """
    names = sorted(targets.names)
    is_of_sets = targets.table.kind == "several"
    of_sets = (*_rare_or_constant(targets), *_unseparated("labels", names), *_with_comma(names)) if is_of_sets else ()
    return tuple(f"{origin}: {note}" for note in (*of_sets, *_idle(targets, separator), *_respelled(names)))


def _idle(targets: TargetRows, separator: str | None) -> Iterator[str]:
    if separator is not None and not np.any(targets.truth.sum(axis=1) > 1):
        yield f"labels_separator={separator!r} separates nothing: no row has more than one label"


def _rare_or_constant(targets: TargetRows) -> Iterator[str]:
    n_rows = targets.table.totals(targets.y, np.ones(len(targets))).astype(int)
    for where, are_there in {
        "on every row": n_rows == len(targets),
        "on one row only": n_rows == 1,
        "on no row": n_rows == 0,
    }.items():
        names = [name for name, is_there in zip(targets.names, are_there, strict=True) if is_there]
        if names:
            verb = "is" if len(names) == 1 else "are"
            shown = listed([f"{name!r:.60}" for name in names], _MOST_SPELLINGS)
            yield f"{counted(len(names), 'label')} {verb} {where}: {shown}"
    n_without = int(np.count_nonzero(~targets.truth.any(axis=1)))
    if n_without:
        yield f"{counted(n_without, 'row')} {'has' if n_without == 1 else 'have'} no label"


def notes_on_labels(origin: str, labels: LabelArray | TargetRows, separator: str | None = None) -> tuple[str, ...]:
    """The notes of `label_notes`, or those of `target_notes` where rows have targets of another kind."""
    if isinstance(labels, TargetRows):
        return target_notes(origin, labels, separator)
    return label_notes(origin, labels.tolist())


def unknown_label_notes(
    origin: str, labels: Iterable[str], classes: Iterable[str], advice: str = _SEPARATE
) -> tuple[str, ...]:
    """Notes for the user where no label is a class of the model, or an unknown one consists of several of them.

    `advice` is that of `label_notes`.

    Examples
    --------
    >>> unknown_label_notes("a.csv", ["eel"], ["spam", "ham"])
    ("a.csv: no label is a class of the model ('ham', 'spam'), found 'eel'; is it the right column?",)
    """
    found, known = sorted(set(labels)), sorted(set(classes))
    if not found or set(found) & set(known):
        joined = _unseparated("labels unseen in training", sorted({*found, *known}), known, advice)
        return tuple(f"{origin}: {note}" for note in joined)
    classes_listed = listed([repr(label) for label in known])
    return (
        f"{origin}: no label is a class of the model ({classes_listed}), found {quoted(found[:_MOST_SPELLINGS])}; "
        "is it the right column?",
    )


def notes_on_tested_labels(
    origin: str, labels: Iterable[str], classes: Collection[str], advice: str = _SEPARATE
) -> tuple[str, ...]:
    """The notes of `unknown_label_notes` on the labels of a test.

    Raises
    ------
    DataError
        No label is a class of the model, so that every answer would be wrong.

    Examples
    --------
    >>> notes_on_tested_labels("a.csv", ["spam", "eel"], ["spam", "ham"])
    ()
    """
    found = set(labels)
    notes = unknown_label_notes(origin, found, classes, advice)
    if found and found.isdisjoint(classes):
        raise DataError(notes[0])
    return notes


def _joined(classes: list[str], known: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Marks that join labels, each with the first label that it joins and that is not known."""
    for mark in MARKS:
        first = next((label for label in joined_labels(classes, mark) if label not in known), None)
        if first is not None:
            yield mark, first


def _unseparated(which: str, labels: list[str], known: Collection[str] = (), advice: str = _SEPARATE) -> Iterator[str]:
    for mark, label in _joined(labels, known):
        yield (
            f"{which} hold {MARKS[mark]}, such as {label!r:.60}, of which each part is a label too; separate them, or "
            f"{advice.format(mark=mark)}"
        )


def _with_comma(labels: list[str]) -> Iterator[str]:
    """Labels that no line and no CSV file of answers could hold."""
    torn = [f"{label!r:.60}" for label in labels if "," in label]
    if torn:
        holds = "holds" if len(torn) == 1 else "hold"
        yield (
            f"{counted(len(torn), 'label')} {holds} a comma, so answers can only be written as JSON, Parquet or Arrow: "
            f"{listed(torn, _MOST_SPELLINGS)}"
        )


def _fractions(classes: list[str]) -> Iterator[str]:
    numbers = [number_of(label) for label in classes]
    broken = next((label for label, number in zip(classes, numbers, strict=True) if number % 1), None)
    if broken is not None and all(map(math.isfinite, numbers)):
        yield (
            f"labels are numbers with fractions, such as {broken}; each number is a class of its own, so this makes "
            f"{len(classes):,} classes"
        )


def _respelled(classes: list[str]) -> Iterator[str]:
    alike = [label for group in respelled(classes) for label in group]
    if alike:
        shown = listed([repr(label) for label in alike], _MOST_SPELLINGS)
        yield f"labels differ only by case or blanks: {shown}; each is a class of its own"
