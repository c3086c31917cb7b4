"""Figures, labels and lists in aligned columns of plain text; columns as a data frame."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vikt.errors import DataError, MissingPackageError

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_CLASSES_IN_A_MATRIX = 12
MOST_CLASSES_LISTED = 60
MOST_NAMED = 8
MOST_QUOTED = 20
NO_ANSWER_NAME = "no answer"
_WIDEST_QUOTED = 60
_WIDEST_LABEL = 60
# Control characters but for line feeds and tabs, characters that set the direction of writing or are invisible,
# separators of lines, and halves of characters. What joins letters and emoji is none of them.
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
# White space other than the blank, which would break a line or could not be told from a blank.
_OTHER_SPACES = re.compile(r"[^\S ]")


def index_place(row: int) -> str:
    """The place of a row of texts that came from Python, for messages: its index, from 0."""
    return f"index {row}"


class Lists(list[list[str]]):
    """A column of a table whose values are lists."""


class Joined(list[list[Any]]):
    """A column of lists of labels, which CSV and TSV join by a separator.

    Examples
    --------
    >>> Joined([["joy", "love"], []]).fields, JoinedNumbers([[0.9, 0.5]], ";").fields
    (['joy,love', ''], ['0.9;0.5'])
    """

    def __init__(self, values: Iterable[list[Any]], separator: str = ",") -> None:
        super().__init__(values)
        self.separator = separator

    @property
    def fields(self) -> list[str]:
        """Each list as one string. Raises DataError where a value holds the separator."""
        check_joinable({str(value) for values in self for value in values}, self.separator)
        return [self.separator.join(map(str, value)) for value in self]


class JoinedNumbers(Joined):
    """A column of lists of numbers, such as the probabilities of labels."""


def check_joinable(labels: Iterable[str], separator: str = ",", **remedy: object) -> None:
    """Raise DataError where a label holds what is to separate labels, so that nobody could tell them apart.

    `remedy` are the arguments by which JSON or Parquet are written.
    """
    torn = min((label for label in labels if separator in label), default=None)
    if torn is not None:
        raise DataError(
            f"the label {torn!r:.60} holds {separator!r}, which separates the labels of a text; write JSON or Parquet",
            **remedy,
        )


def columns(rows: list[list[str]], left: int = 1) -> str:
    """Rows of strings in columns, the first `left` of them aligned to the left, the rest to the right."""
    from rich.cells import cell_len

    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell + " " * (width - cell_len(cell)) if c < left else " " * (width - cell_len(cell)) + cell
            for c, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)


def figure(value: float | None) -> str:
    """Four decimals, without a sign where they are all 0; a dash where there is no value.

    Examples
    --------
    >>> figure(0.5), figure(-0.00001), figure(None)
    ('0.5000', '0.0000', '-')
    """
    return "-" if value is None or value != value else f"{value:z.4f}"


def counted(count: int, name: str) -> str:
    """A number with a noun, singular or plural."""
    return f"{count:,} {name if count == 1 else plural(name)}"


def plural(name: str) -> str:
    """The plural of a noun."""
    return name + ("es" if name.endswith("s") else "s")


def size(n_bytes: float) -> str:
    """A number of bytes in the unit that suits it: bytes, kB, MB or GB.

    Examples
    --------
    >>> size(33_130_347), size(2_400_000_000), size(123_456), size(9_000), size(10)
    ('33.1 MB', '2.4 GB', '123 kB', '9.0 kB', '10 bytes')
    """
    if n_bytes < 1_000:
        return counted(round(n_bytes), "byte")
    if n_bytes < 999_500:
        return f"{n_bytes / 1e3:.{0 if n_bytes >= 1e4 else 1}f} kB"
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"


def setting(value: object) -> str:
    """The value of an option in a message.

    Examples
    --------
    >>> setting(["a.csv", "b.csv"]), setting({"spam": 2.0}), setting(True), setting(None)
    ("'a.csv', 'b.csv'", 'spam=2.0', 'on', 'not given')
    """
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return quoted(value)
    if isinstance(value, dict):
        return listed([f"{name}={own}" for name, own in value.items()], MOST_QUOTED)
    return "not given" if value is None else f"{value!r:.{_WIDEST_QUOTED}}"


def listed(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """The first of the names, and how many more there are.

    Examples
    --------
    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def quoted(names: Iterable[object]) -> str:
    """Names in a message, as Python writes them; "none" where there are none.

    Examples
    --------
    >>> quoted(["text", 1])
    "'text', 1"
    """
    return listed([f"{name!r:.{_WIDEST_QUOTED}}" for name in names], MOST_QUOTED) or "none"


def cut(line: str, widest: int) -> str:
    """A line of bounded width, with an ellipsis where its end is cut off.

    Examples
    --------
    >>> cut("classification", 6)
    'class…'
    """
    return line if len(line) <= widest else line[: widest - 1] + "…"


def label_line(label: str) -> str:
    """A label, or the name of a feature, on one line of bounded width."""
    return cut(visible(label), _WIDEST_LABEL)


def answer_line(label: str | None) -> str:
    """A label answered, or that there is none, on one line of bounded width."""
    return NO_ANSWER_NAME if label is None else label_line(label)


def visible(name: str) -> str:
    """A name on one line: without control characters, and with marks for blanks where some could not be seen.

    Those are blanks at its start or end, or beside each other.
    """
    marked = name.replace(" ", "␣") if name.strip() != name or "  " in name else name
    return _OTHER_SPACES.sub(_spelled, escaped(marked))


def escaped(text: str) -> str:
    r"""Text with its control characters spelled out; line feeds and tabs stay.

    Examples
    --------
    >>> print(escaped("\x1b[31mred"))
    \x1b[31mred
    """
    return CONTROLS.sub(_spelled, text)


def one_line(text: str) -> str:
    r"""Text as a field between tabs: control characters, tabs and line ends are spelled out.

    Examples
    --------
    >>> print(one_line("a\tb"))
    a\tb
    """
    return escaped(text).replace("\t", "\\t").replace("\n", "\\n")


def escaped_json(spelled: str) -> str:
    r"""JSON with the control characters of its strings escaped; it holds the same values.

    Examples
    --------
    >>> print(escaped_json('"\u202e"'))
    "\u202e"
    """
    return CONTROLS.sub(lambda found: json.dumps(found[0])[1:-1], spelled)


def _spelled(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]


def data_frame(columns: Mapping[str, Sequence[object]]) -> DataFrame:
    """Columns as a pandas data frame.

    Raises
    ------
    MissingPackageError
        pandas is not installed.

    Examples
    --------
    >>> data_frame({"class": ["spam", "ham"], "rows": [2, 3]})
      class  rows
    0  spam     2
    1   ham     3
    """
    try:
        import pandas
    except ImportError:
        raise MissingPackageError("pandas is not installed, and a data frame needs it: pip install pandas") from None
    return pandas.DataFrame(dict(columns))
