"""Strings that hold several labels between commas or other marks, where one label per row is expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from vikt.errors import DataError

# Values hold several labels where this share of them holds a comma, and nearly all of these only labels that recur.
_MANY, _NEARLY_ALL = 0.05, 0.9


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


def refuse_joined(n_rows: Mapping[str, int], where: str, advice: str) -> None:
    """Raise DataError where labels look like several between commas; the advice says how to read these.

    Parameters
    ----------
    n_rows : mapping of str to int
        The number of rows of each label.
    """
    n_with_comma = sum(n for label, n in n_rows.items() if "," in label)
    least = _MANY * sum(n_rows.values())
    if not n_with_comma or n_with_comma < least:
        return
    joined = joined_labels(n_rows, ",")
    if sum(n_rows[label] for label in joined) >= max(_NEARLY_ALL * n_with_comma, least):
        raise DataError(
            f"{where} look like several labels, such as {joined[0]!r:.60}; {advice}, or keep each value as one class",
            targets="classes",
        )
