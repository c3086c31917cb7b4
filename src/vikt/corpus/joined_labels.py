"""Strings that hold several labels, between commas or other marks or as a printed list."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping

from vikt.errors import DataError

# What joins several labels in one value, and what many of each are called.
MARKS = {",": "commas", ";": "semicolons", "|": "bars"}

# Values hold several labels where this share of them holds a mark, and nearly all of these only labels that recur.
_MANY, _NEARLY_ALL = 0.05, 0.9
# Lists, sets, tuples and mappings as Python, NumPy and JSON print them.
_PRINTED = re.compile(r"""\[[\d\s,.]*\]|[\[({]\s*["'].*[\])}]""", re.DOTALL)


def joined_labels(labels: Collection[str], mark: str) -> list[str]:
    """The different labels that a mark divides into several, of which each is, or is part of, another label too.

    Examples
    --------
    >>> joined_labels(["joy;fear", "joy", "fear", "a;b"], ";")
    ['joy;fear']
    """
    pieces_of = {label: {piece.strip() for piece in label.split(mark)} for label in labels}
    counts = Counter(piece for pieces in pieces_of.values() for piece in pieces)
    return [
        label
        for label, pieces in pieces_of.items()
        if len(pieces) > 1 and all(piece and counts[piece] > 1 for piece in pieces)
    ]


def mark_between(label: str, known: Collection[str]) -> str | None:
    """The mark that divides a label into several, all of them known; None where there is none.

    Examples
    --------
    >>> mark_between("joy; fear", ["joy", "fear"]), mark_between("joy; awe", ["joy", "fear"])
    (';', None)
    """
    return next(
        (mark for mark in MARKS if mark in label and all(piece.strip() in known for piece in label.split(mark))), None
    )


def refuse_joined(n_rows: Mapping[str, int], where: str, advice: str) -> None:
    """Raise DataError where labels look like several between commas, semicolons or bars.

    Parameters
    ----------
    n_rows : mapping of str to int
        The number of rows of each label.
    where : str
        The place of the labels.
    advice : str
        What to do about them, perhaps with `{mark!r}` for the mark between them.
    """
    least = _MANY * sum(n_rows.values())
    for mark in MARKS:
        n_marked = sum(n for label, n in n_rows.items() if mark in label)
        if not n_marked or n_marked < least:
            continue
        joined = joined_labels(n_rows, mark)
        if sum(n_rows[label] for label in joined) >= max(_NEARLY_ALL * n_marked, least):
            raise DataError(
                f"{where} look like several labels, such as {joined[0]!r:.60}; {advice.format(mark=mark)}, or keep "
                "each value as one class",
                targets="classes",
            )


def refuse_printed(n_rows: Mapping[str, int], where: str, advice: str) -> None:
    """Raise DataError where labels are strings such as "['joy', 'fear']"; parameters are those of `refuse_joined`."""
    printed = [label for label in n_rows if _PRINTED.fullmatch(label.strip())]
    if printed and sum(n_rows[label] for label in printed) >= _MANY * sum(n_rows.values()):
        raise DataError(
            f"{where} are printed lists or mappings, such as {printed[0]!r:.60}; {advice}, or keep each value as one "
            "class",
            targets="classes",
        )
