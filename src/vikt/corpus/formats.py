"""Which format a source has, by what the user says of it and by its name."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from vikt.corpus.dialect import Dialect
from vikt.corpus.read_stream import suffix_of
from vikt.names import FormatName

# The formats that a dialect means something to.
DELIMITED = ("csv", "tsv")

# The format of each suffix.
FORMATS = {f".{name}": name for name in get_args(FormatName)} | {
    ".ndjson": "jsonl",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".svm": "svmlight",
    ".libsvm": "svmlight",
}


def format_of(source: str | Path, given: str | None, dialect: Dialect) -> str | None:
    """The format of a source: as given, or as its name shows; a delimiter makes a table of text of another name.

    It is None where only its first bytes can show the format.

    Examples
    --------
    >>> format_of("a.txt", None, Dialect()), format_of("a.txt", None, Dialect(";")), format_of("-", None, Dialect())
    ('txt', 'csv', None)
    """
    named = given or FORMATS.get(suffix_of(source))
    return dialect.format or named if given is None and named in (None, "txt") else named
