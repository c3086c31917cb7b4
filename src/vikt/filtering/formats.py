"""The formats that are filtered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO

from vikt.corpus.dialect import Dialect
from vikt.filtering.arrow_files import ArrowSource
from vikt.filtering.lines import LinesSource
from vikt.filtering.source import Source

# What opens a stream of each format; it is given the name of the file, for messages, and its dialect.
SOURCES: Mapping[str, Callable[[BinaryIO, str, str, Dialect], Source]] = {
    "jsonl": LinesSource,
    "csv": LinesSource,
    "tsv": LinesSource,
    "parquet": ArrowSource,
    "arrow": ArrowSource,
}
