"""What readers notice in a file: how often, where first, and the sentence for the user."""

from __future__ import annotations

from dataclasses import dataclass, field

from vikt.tables import counted

_SENTENCES = {
    "separator": "the first line names the delimiter {examples}, which is used",
    "mark": "{n} inside the file dropped, the first on line {first}; joined files have them",
    "header": "{n} equal to the header passed over, the first is line {first}",
    "span": "{rows:,} rows of {lines:,} lines; {n} on several lines, the first from line {first} on; if that is not "
    "meant, a stray quotation mark opens the value",
    "quote": "{n} with blanks before a quotation mark, the first in row {first}: {examples}; both are part of "
    "the value: write no blanks there",
    "joined": "{n} with a comma, semicolon or colon, the first on line {first}: {examples}; each is one label",
}
_NOUNS = {
    "mark": "byte-order mark", "header": "line", "span": "row", "quote": "value", "joined": "label",
}  # fmt: skip
_MOST_EXAMPLES = 3


@dataclass
class Remark:
    """How often something was noticed, the number of the first line or row, and a few examples."""

    first: int
    n: int = 0
    examples: dict[str, None] = field(default_factory=dict)


class Remarks:
    """What was noticed in a file, by kind.

    Examples
    --------
    >>> remarks = Remarks()
    >>> remarks.add("mark", 3)
    >>> remarks.sentences("a.csv", rows=5, lines=6)
    ('a.csv: 1 byte-order mark inside the file dropped, the first on line 3; joined files have them',)
    """

    def __init__(self) -> None:
        self._kinds: dict[str, Remark] = {}

    def add(self, kind: str, place: int, example: str = "", times: int = 1) -> None:
        """Remember something of a kind in a line or row; a few of its examples are kept."""
        remark = self._kinds.setdefault(kind, Remark(place))
        remark.n += times
        if len(remark.examples) < _MOST_EXAMPLES:
            remark.examples[example] = None

    def sentences(self, origin: str, rows: int, lines: int) -> tuple[str, ...]:
        """A sentence for each kind."""
        return tuple(
            f"{origin}: "
            + _SENTENCES[kind].format(
                n=counted(remark.n, _NOUNS.get(kind, "")),
                first=f"{remark.first:,}",
                examples=", ".join(f"{example!r:.60}" for example in remark.examples),
                rows=rows,
                lines=lines,
            )
            for kind, remark in self._kinds.items()
        )
