"""How a table written as text is laid out: the delimiter, quotation marks, and whether it has a header."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from vikt.errors import ParameterError

_SPELLINGS = {"\\t": "\t", "tab": "\t"}
# What a table may be divided by, if not by its format's own delimiter.
_USUAL = (";", "\t", "|", ",")


@dataclass(frozen=True)
class Dialect:
    """How the values of a CSV or TSV file are divided, where it differs from what the format says.

    Parameters
    ----------
    delimiter : str, optional
        The character between values: by default a comma in CSV, a TAB in TSV. "tab" and a backslash with t are a TAB.
    quoting : bool, optional
        Whether quotation marks enclose values, as RFC 4180 has it: by default in CSV, and not in TSV.
    header : bool, optional
        Whether the first row names the columns; without a header they are named 1, 2 and so on. By default it does, and
        the command line refuses a first row that looks like data.

    Raises
    ------
    ParameterError
        The delimiter is not one character, or is a quotation mark or a line end.

    Examples
    --------
    >>> Dialect("tab").delimiter
    '\\t'
    """

    delimiter: str | None = None
    quoting: bool | None = None
    header: bool | None = None

    def __post_init__(self) -> None:
        if self.delimiter is None:
            return
        delimiter = _SPELLINGS.get(self.delimiter.lower(), self.delimiter)
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise ParameterError(
                "delimiter", f"expected one character, such as ; or tab, found {self.delimiter!r:.60}; name another"
            )
        object.__setattr__(self, "delimiter", delimiter)

    def of_format(self, usual: Dialect) -> Self:
        """The dialect, with what it leaves open as a format has it."""
        return replace(
            self,
            delimiter=self.delimiter or usual.delimiter,
            quoting=usual.quoting if self.quoting is None else self.quoting,
        )

    @property
    def format(self) -> str | None:
        """The format of a file that no name shows, if a delimiter is given."""
        return self.delimiter and ("tsv" if self.delimiter == "\t" else "csv")


AS_USUAL = Dialect()
CSV = Dialect(",", quoting=True)
TSV = Dialect("\t", quoting=False)


def delimiter_argument(delimiter: str) -> str:
    """The argument that names a delimiter, for messages.

    Examples
    --------
    >>> delimiter_argument(TSV.delimiter), delimiter_argument(";")
    ("delimiter='tab'", "delimiter=';'")
    """
    return f"delimiter={('tab' if delimiter == TSV.delimiter else delimiter)!r}"


def other_delimiter(line: str) -> str | None:
    """The delimiter of a line that its format's own does not divide, if it holds one.

    Examples
    --------
    >>> other_delimiter("label;text")
    ';'
    """
    return next((other for other in _USUAL if other in line), None)
