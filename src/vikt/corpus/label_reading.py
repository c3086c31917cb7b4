"""How the labels of a file are to be read, and which columns hold them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from vikt.corpus.columns import composed, missing_column
from vikt.corpus.label_order import check_takes_order
from vikt.errors import ColumnError, ParameterError, UsageError
from vikt.names import TargetKind, TargetsName, nearest
from vikt.tables import quoted

# What separates the names of several columns of labels.
_BETWEEN_COLUMNS = ","
# A column of shares, such as `vikt predict --proba` writes, after its prefix if it has one.
_SHARE = re.compile(r"(?P<prefix>.*?)P\((?P<label>.+)\)", re.DOTALL)
# The columns that `vikt predict` writes.
_ANSWER = re.compile(r"(predicted|probability)(_\d+)?|set|P\(.+\)", re.DOTALL)
# How further rows of each kind of target are read: a level that training did not have is like any other label.
_READ_AS: dict[TargetKind, TargetsName] = {
    "classes": "classes",
    "several": "several",
    "soft": "soft",
    "ordered": "classes",
}


@dataclass(frozen=True)
class LabelReading:
    """How the labels of a file are to be read.

    Attributes
    ----------
    targets : {"auto", "classes", "several", "soft", "ordered"}
        As what kind of target; "auto" takes what the file shows.
    separator : str, optional
        What separates several labels in one value.
    order : tuple of str
        The levels of ordered labels, from the lowest to the highest; none where labels are numbers.
    or_one_class : bool
        Whether one class per row is taken in place of its shares: a model of shares can be tested on either.

    Raises
    ------
    UsageError
        A separator or an order is given for another kind of target, or both are given.

    Examples
    --------
    >>> LabelReading(separator=",").kind, LabelReading(order=("low", "high")).kind, LabelReading().kind
    ('several', 'ordered', 'auto')
    """

    targets: TargetsName = "auto"
    separator: str | None = None
    order: tuple[str, ...] = ()
    or_one_class: bool = False

    def __post_init__(self) -> None:
        if self.separator is not None and self.targets not in ("auto", "several"):
            raise UsageError(
                f"labels_separator={self.separator!r} separates several labels, but targets={self.targets!r} is given; "
                "drop one of them"
            )
        if self.separator is not None and not self.separator:
            raise UsageError("labels_separator: expected what separates labels, found nothing; write ',' or ';'")
        if self.order:
            check_takes_order(self.targets)
        if self.order and self.separator is not None:
            raise ParameterError(
                "order",
                f"is for ordered labels, but labels_separator={self.separator!r} separates several labels; "
                "drop one of them",
            )

    @property
    def kind(self) -> TargetsName:
        """The kind of target, which a separator or an order says too."""
        return "several" if self.separator is not None else "ordered" if self.order else self.targets

    @classmethod
    def of_trained(cls, kind: TargetKind, separator: str | None) -> Self:
        """How further rows of a model of a kind are read; the separator is theirs, or else that of its training.

        Raises UsageError where one label per row has a separator.
        """
        if separator is not None and kind != "several":
            raise UsageError(
                f"labels_separator={separator!r} separates several labels, but the model answers one label for each "
                "text; leave it out"
            )
        return cls(_READ_AS[kind], separator, or_one_class=kind == "soft")


# One label per row, whatever the file shows.
ONE_LABEL = LabelReading("classes")


def column_parts(name: str) -> list[str]:
    """The names of columns that one name separates by commas; the name itself where there is none.

    Examples
    --------
    >>> column_parts("love, joy"), column_parts("tags")
    (['love', 'joy'], ['tags'])
    """
    return [part.strip() for part in name.split(_BETWEEN_COLUMNS)]


def label_columns(names: Sequence[str], label: str, origin: str) -> list[str]:
    """The columns that hold the labels: the one of that name, or else those whose names it separates by commas.

    Raises
    ------
    ColumnError
        There is no such column.

    Examples
    --------
    >>> label_columns(["text", "joy", "love"], "love, joy", "a.csv"), label_columns(["a,b", "a", "b"], "a,b", "a.csv")
    (['joy', 'love'], ['a,b'])
    """
    label = composed(label)
    if label in names:
        return [label]
    parts = set(column_parts(label)) - {""}
    if len(parts) < 2:
        raise missing_column(label, names, origin)
    missing = sorted(parts - set(names))
    if missing:
        raise _missing_columns(missing, names, origin)
    return sorted(parts)


def _missing_columns(missing: list[str], names: Sequence[str], origin: str) -> ColumnError:
    """The error for columns of labels that are missing; those that hold their shares are the nearest."""
    share_of = {match["label"]: name for name in names if (match := _SHARE.fullmatch(name)) is not None}
    near = [share_of.get(name) or nearest(name, names) for name in missing]
    if len(missing) == 1 and missing[0] not in share_of:
        return missing_column(missing[0], names, origin)
    hint = f"did you mean {', '.join(map(repr, near))}?" if all(near) else "choose among these"
    return ColumnError(f"{origin}: expected columns {quoted(missing)}, found {quoted(names)}; {hint}")


def share_columns(names: Sequence[str]) -> list[str]:
    """The columns named P(class), as `vikt predict --proba` writes them, or else those after the one prefix it had.

    Examples
    --------
    >>> share_columns(["text", "predicted", "probability", "P(spam)", "P(ham)"])
    ['P(ham)', 'P(spam)']
    >>> share_columns(["text", "topic_predicted", "topic_P(art)", "topic_P(law)"])
    ['topic_P(art)', 'topic_P(law)']
    """
    found = [[name for name in sorted(names) if _prefix(name) == prefix] for prefix in _prefixes(names)]
    return found[0] if found[0] or len(found) != 2 else found[1]


def without_answers(names: Sequence[str]) -> list[str]:
    """The columns that `vikt predict` has not written.

    Examples
    --------
    >>> without_answers(["mail", "topic_predicted", "topic_P(art)", "topic_P(law)"])
    ['mail']
    """
    prefixes = _prefixes(names)
    return [
        name
        for name in names
        if not any(name.startswith(prefix) and _ANSWER.fullmatch(name, len(prefix)) for prefix in prefixes)
    ]


def shared_labels(columns: Sequence[str]) -> list[str] | None:
    """The classes whose shares columns hold by their names, after one prefix; None where the names do not say so.

    Examples
    --------
    >>> shared_labels(["topic_P(art)", "topic_P(law)"]), shared_labels(["art", "law"])
    (['art', 'law'], None)
    """
    matches = [match for name in columns if (match := _SHARE.fullmatch(name)) is not None]
    if len(matches) < len(columns) or len({match["prefix"] for match in matches}) != 1:
        return None
    return [match["label"] for match in matches]


def _prefix(name: str) -> str | None:
    match = _SHARE.fullmatch(name)
    return None if match is None else match["prefix"]


def _prefixes(names: Sequence[str]) -> list[str]:
    """The prefixes of the answers of `vikt predict` among columns: none first, then others."""
    found = {prefix for name in names if (prefix := _prefix(name)) and f"{prefix}predicted" in names}
    return ["", *sorted(found)]
