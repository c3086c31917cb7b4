"""What a report consists of: sections of blocks, each a value that the template of its name prints.

Texts are as the data hold them: the templates escape markup, and control characters are spelled out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from vikt.explanation.highlight import Run
from vikt.tables import label_line

_MOST_ROWS_AT_SIGHT = 15


class Block:
    """A piece of a section; the file `templates/blocks/TEMPLATE.html.j2` prints it."""

    template: ClassVar[str]


@dataclass(frozen=True)
class Prose(Block):
    """A paragraph."""

    text: str
    template: ClassVar[str] = "prose"


@dataclass(frozen=True)
class Note(Block):
    """A remark that a reader must not overlook; `level` is "info", "warning" or "error"."""

    text: str
    level: str = "info"
    template: ClassVar[str] = "note"


class Tile(NamedTuple):
    """A figure in large letters: its name, its value, and what bounds it."""

    name: str
    value: str
    detail: str = ""


@dataclass(frozen=True)
class Tiles(Block):
    """Figures in large letters, side by side."""

    tiles: tuple[Tile, ...]
    template: ClassVar[str] = "tiles"


class Cell(NamedTuple):
    """A cell of a table: its text, the anchor that it links to, and a share from 0 to 1 that is drawn as a bar."""

    text: str
    target: str = ""
    share: float | None = None


# A cell, or a text that is one.
Content = Cell | str


class Column(NamedTuple):
    """The heading of a column; words are aligned to the left, numbers to the right."""

    name: str
    is_words: bool = False


@dataclass(frozen=True)
class Table(Block):
    """Rows under headings; the first cell of each row is its heading."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    template: ClassVar[str] = "table"

    @classmethod
    def of(cls, caption: str, columns: Iterable[Column | str], rows: Iterable[Sequence[Content]]) -> Table:
        """A table whose first column holds words, and the others numbers unless a `Column` says otherwise."""
        headings = [
            Column(column, is_words=c == 0) if isinstance(column, str) else column for c, column in enumerate(columns)
        ]
        filled = (tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows)
        return cls(caption, tuple(headings), tuple(filled))


class Square(NamedTuple):
    """A cell of a matrix: its rows, its share of the row, and the anchor of what lies behind it."""

    n_rows: int
    share: float
    target: str
    is_right: bool


@dataclass(frozen=True)
class Matrix(Block):
    """The confusion matrix: a row for each real label, a column for each answer."""

    caption: str
    rows: tuple[str, ...]
    answers: tuple[str, ...]
    squares: tuple[tuple[Square, ...], ...]
    template: ClassVar[str] = "matrix"


class Word(NamedTuple):
    """A feature, its weight, and its share of the largest weight shown."""

    name: str
    weight: str
    share: float


@dataclass(frozen=True)
class Words(Block):
    """For each class, the features that speak most for it."""

    classes: tuple[tuple[str, tuple[Word, ...]], ...]
    template: ClassVar[str] = "words"


@dataclass(frozen=True)
class Facts(Block):
    """Names and what is true of them."""

    facts: tuple[tuple[str, str], ...]
    template: ClassVar[str] = "facts"


@dataclass(frozen=True)
class Typed(Block):
    """What is typed at a prompt, or read by a program, in letters of one width."""

    text: str
    template: ClassVar[str] = "typed"


@dataclass(frozen=True)
class Picture(Block):
    """A figure as SVG, which says itself what it shows, its title and caption, and the numbers behind it."""

    svg: str
    title: str
    caption: str
    numbers: Table
    template: ClassVar[str] = "picture"


@dataclass(frozen=True)
class Row(Block):
    """Blocks side by side, where there is room."""

    blocks: tuple[Block, ...]
    template: ClassVar[str] = "row"


@dataclass(frozen=True)
class Example(Block):
    """A document: where it stands, what is said of it, and its text in runs of one shade, cut to a bounded length."""

    place: str
    facts: tuple[tuple[str, str], ...]
    runs: tuple[Run, ...]
    n_before: int = 0
    n_after: int = 0
    reasons: tuple[tuple[str, str], ...] = ()
    template: ClassVar[str] = "example"


@dataclass(frozen=True)
class Fold(Block):
    """Blocks that a reader opens.

    `anchor` names their place, for links; `level` is the severity of a finding: "note", "warning" or "error".
    """

    summary: str
    blocks: tuple[Block, ...]
    anchor: str = ""
    detail: str = ""
    level: str = ""
    template: ClassVar[str] = "fold"


def folded(table: Table) -> Block:
    """A table, which a reader opens where it is long."""
    return table if len(table.rows) <= _MOST_ROWS_AT_SIGHT else Fold(table.caption, (table,))


@dataclass(frozen=True)
class Section:
    """A part of the report under a heading; `anchor` names its place."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """A report: its title, three sentences that say what it is about and how good that is, and its sections."""

    title: str
    sentences: tuple[str, ...]
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]

    @classmethod
    def of(
        cls,
        title: str,
        sentences: Iterable[str],
        tiles: Iterable[Tile],
        sections: Iterable[Section | None],
    ) -> Page:
        """A page without the sections that have nothing to show."""
        shown = (section for section in sections if section is not None and section.blocks)
        return cls(title, tuple(sentences), tuple(tiles), tuple(shown))


def name_of(label: str) -> str:
    """A label, or the name of a feature or column, between quotation marks, on one line of bounded width."""
    return f"“{label_line(label)}”"
