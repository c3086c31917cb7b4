"""How a table written as text is laid out: the delimiter, quotation marks, and whether it has a header."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from vikt.errors import ParameterError

# What a table may be divided by, if not by its format's own delimiter.
_USUAL = (";", "\t", "|", ",")


@dataclass(frozen=True)
class Dialect:
    """How the values of a CSV or TSV file are divided, where it differs from what the format says.

    Parameters
    ----------
    delimiter : str, optional
        The character between values: by default a comma in CSV, a tab in TSV.
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
    >>> Dialect("\\t").format
    'tsv'
    """

    delimiter: str | None = None
    quoting: bool | None = None
    header: bool | None = None

    def __post_init__(self) -> None:
        delimiter = self.delimiter
        if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
            raise ParameterError(
                "delimiter", f"expected one character, such as ; or a tab, found {delimiter!r:.60}; name another"
            )

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


DEFAULT_DIALECT = Dialect()
CSV = Dialect(",", quoting=True)
TSV = Dialect("\t", quoting=False)


def other_delimiter(line: str) -> str | None:
    """The delimiter of a line that its format's own does not divide, if it holds one.

    Examples
    --------
    >>> other_delimiter("label;text")
    ';'
    """
    return next((other for other in _USUAL if other in line), None)
