"""What is odd about labels: several in one, numbers with fractions, spellings that differ little."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.corpus.label_spelling import respelled
from vikt.corpus.numbers import number_of
from vikt.corpus.targets import TargetRows
from vikt.tables import counted, listed, quoted

_MARKS = {",": "commas", ";": "semicolons", "|": "bars"}
_MOST_SPELLINGS = 4


def label_notes(origin: str, labels: Iterable[str]) -> tuple[str, ...]:
    """Notes for the user on labels that make more classes than may be meant.

    Examples
    --------
    >>> label_notes("a.csv", ["joy", "fear", "joy,fear"])
    ("a.csv: labels hold commas, such as 'joy,fear'; each text has one label, so this makes 3 classes",)
    """
    classes = sorted(set(labels))
    return tuple(f"{origin}: {note}" for note in (*_joined(classes), *_fractions(classes), *_respelled(classes)))


def target_notes(origin: str, targets: TargetRows) -> tuple[str, ...]:
    """Notes for the user on labels of which little can be learnt, and on rows without any label.

    Examples
    --------
    >>> members = np.array([[1, 1], [1, 0], [1, 0]], dtype=bool)
    >>> target_notes("a.csv", TargetRows.of_sets(members, np.array(["joy", "love"])))
    ("a.csv: 1 label is on every row: 'joy'", "a.csv: 1 label is on one row only: 'love'")
    """
    return tuple(f"{origin}: {note}" for note in (*_counted(targets), *_respelled(sorted(targets.names))))


def _counted(targets: TargetRows) -> Iterator[str]:
    if targets.table.kind != "several":
        return
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


def notes_on_labels(origin: str, labels: NDArray[Any] | TargetRows) -> tuple[str, ...]:
    """The notes of `label_notes`, or those of `target_notes` where rows have targets of another kind."""
    return target_notes(origin, labels) if isinstance(labels, TargetRows) else label_notes(origin, labels.tolist())


def unknown_label_notes(origin: str, labels: Iterable[str], classes: Iterable[str]) -> tuple[str, ...]:
    """A note for the user where no label is a class of the model: another column may be meant.

    Examples
    --------
    >>> unknown_label_notes("a.csv", ["eel"], ["spam", "ham"])
    ("a.csv: no label is a class of the model ('ham', 'spam'), found 'eel'; is it the right column?",)
    """
    found, known = sorted(set(labels)), sorted(set(classes))
    if not found or set(found) & set(known):
        return ()
    classes_listed = listed([repr(label) for label in known])
    return (
        f"{origin}: no label is a class of the model ({classes_listed}), found {quoted(found[:_MOST_SPELLINGS])}; "
        "is it the right column?",
    )


def _joined(classes: list[str]) -> Iterator[str]:
    """A label is several if each of its pieces is, or is a piece of, another label."""
    for mark, name in _MARKS.items():
        pieces_of = {label: {piece.strip() for piece in label.split(mark)} for label in classes}
        counts = Counter(piece for pieces in pieces_of.values() for piece in pieces)
        joined = [label for label, pieces in pieces_of.items() if mark in label and _recur(pieces, counts)]
        if joined:
            yield (
                f"labels hold {name}, such as {joined[0]!r:.60}; each text has one label, so this makes "
                f"{len(classes):,} classes"
            )


def _recur(pieces: set[str], counts: Counter[str]) -> bool:
    return len(pieces) > 1 and all(counts[piece] > 1 for piece in pieces)


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
