"""What readers notice in a file: how often, where first, and the sentence for the user."""

from __future__ import annotations

from dataclasses import dataclass, field

from vikt.tables import counted

# The noun that is counted, and the sentence.
_SENTENCES = {
    "separator": ("line", "using the delimiter {examples} named on the first line"),
    "mark": ("byte-order mark", "dropped {n} inside the file (first: line {first}), usually left by concatenation"),
    "header": ("repeated header line", "skipped {n} (first: line {first})"),
    "span": (
        "row",
        "{rows:,} rows in {lines:,} lines; {n} on several lines (first: from line {first}); if this is unintended, "
        "look for a stray quotation mark",
    ),
    "quote": (
        "value",
        "{n} with blanks before a quotation mark (first: row {first}), such as {examples}; both are part of the value: "
        "write no blanks there",
    ),
    "joined": (
        "label",
        "{n} with a comma, semicolon or colon (first: line {first}), such as {examples}; each is one label",
    ),
}
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
    ('a.csv: dropped 1 byte-order mark inside the file (first: line 3), usually left by concatenation',)
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
        return tuple(f"{origin}: {_sentence(kind, remark, rows, lines)}" for kind, remark in self._kinds.items())


def _sentence(kind: str, remark: Remark, rows: int, lines: int) -> str:
    noun, sentence = _SENTENCES[kind]
    examples = ", ".join(f"{example!r:.60}" for example in remark.examples)
    return sentence.format(
        n=counted(remark.n, noun), first=f"{remark.first:,}", examples=examples, rows=rows, lines=lines
    )
