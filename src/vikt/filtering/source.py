"""What the formats have in common: a file is read in pieces, and each piece written without the rows that are dropped.

Pieces of a file are of one kind: bytes of text files, tables of Arrow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import IO, Any, Protocol

from vikt.corpus.read_tables import Table
from vikt.filtering.row_filter import KeptRows

# A piece ends at this many rows, or at about 16 MB.
ROWS_PER_PIECE = 4_000

# What is written of a piece.
Content = Any


class Piece(Protocol):
    """Some rows of a file."""

    @property
    def table(self) -> Table:
        """The rows as the model reads them."""
        ...

    def kept(self, kept: KeptRows) -> Content:
        """What is written of them."""
        ...


class Source(Protocol):
    """A file that is filtered."""

    def pieces(self) -> Iterator[Piece]:
        """All rows, in order; a file without rows has one piece without rows, or none."""
        ...

    def writing(self, stream: IO[bytes]) -> AbstractContextManager[Callable[[Content], object]]:
        """What writes pieces to a stream, as a file of the same format."""
        ...
