"""How answers are written: as the values of a table, as fields between tabs, or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, Protocol

from vikt.corpus.read_json import spell
from vikt.tables import check_joinable, escaped_json, one_line


class Spelling(Protocol):
    """Writes numbers, and labels by their positions; the last of `labels` stands for no label."""

    labels: list[Any]

    def members(self, own: Sequence[int]) -> Any:
        """The labels of one text, where it has several."""
        ...

    def conformal_set(self, own: Sequence[int]) -> Any:
        """A set of labels that holds the real one."""
        ...

    def numbers(self, own: Sequence[float]) -> Any:
        """A number for each of several labels."""
        ...


class AsValues:
    """As Python holds them: strings, None for no label, lists.

    Examples
    --------
    >>> spelling = AsValues(["joy", "love"])
    >>> spelling.members([1, 0]), spelling.numbers([0.75, 0.5])
    (['love', 'joy'], [0.75, 0.5])
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.labels: list[str | None] = [*names, None]

    def members(self, own: Sequence[int]) -> list[str | None]:
        return [self.labels[k] for k in own]

    conformal_set = members

    def numbers(self, own: Sequence[float]) -> list[float]:
        return list(own)


class AsJson:
    """As JSON, in UTF-8.

    Examples
    --------
    >>> spelling = AsJson(["joy", "love"])
    >>> spelling.members([1, 0]), spelling.numbers([0.75, 0.5])
    (b'["love", "joy"]', b'[0.75, 0.5]')
    """

    number: ClassVar[str] = "%a"

    def __init__(self, names: Sequence[str]) -> None:
        self.labels = [encoded(escaped_json(spell(label))) for label in [*names, None]]

    def members(self, own: Sequence[int]) -> bytes:
        return b"[%b]" % b", ".join([self.labels[k] for k in own])

    conformal_set = members

    def numbers(self, own: Sequence[float]) -> bytes:
        return f"[{', '.join(map(repr, own))}]".encode()


class AsFields:
    """As fields between tabs, in UTF-8: an empty one where there is no label, several labels with commas between them.

    Examples
    --------
    >>> spelling = AsFields(["joy", "love"])
    >>> spelling.members([1, 0]), spelling.members([]), spelling.numbers([0.75, 0.5])
    (b'love,joy', b'', b'0.75,0.5')
    """

    number: ClassVar[str] = "%.12g"

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self.labels = [encoded(one_line(label)) for label in [*names, ""]]

    def members(self, own: Sequence[int]) -> bytes:
        """The labels with commas between them. Raises DataError where any label of the model holds one."""
        return b",".join([self._joinable[k] for k in own])

    @cached_property
    def _joinable(self) -> list[bytes]:
        check_joinable(self._names)
        return self.labels

    def conformal_set(self, own: Sequence[int]) -> bytes:
        return self._in_json.members(own)

    @cached_property
    def _in_json(self) -> AsJson:
        return AsJson(self._names)

    def numbers(self, own: Sequence[float]) -> bytes:
        return ",".join([f"{value:.12g}" for value in own]).encode()


def encoded(text: str) -> bytes:
    """UTF-8, in which halves of characters stay as they are."""
    return text.encode("utf-8", "surrogatepass")
