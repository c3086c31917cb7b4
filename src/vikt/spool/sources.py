"""The files that are spooled: what tells that one has changed, and its rows in batches."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO

from vikt.corpus.decompression import decompressed
from vikt.corpus.dialect import Dialect
from vikt.corpus.read_labelled import drop_blank_lines
from vikt.corpus.read_stream import STANDARD_INPUT
from vikt.corpus.read_tables import Table
from vikt.corpus.readers import no_rows, read_batches
from vikt.corpus.sources import is_pipe
from vikt.corpus.storage import is_address, storage_of

# By the first of them the columns are found.
_ROWS_PER_BATCH = 4_000


@dataclass
class Source:
    """A file, here or at an address, a folder with a folder per class, or a pipe, which can be read once.

    Attributes
    ----------
    name : str
        As the user names it; "-" is standard input.
    format : str, optional
    dialect : Dialect
        See `vikt.corpus.readers.read_table`.
    position : int
        How many of its bytes are read.
    """

    name: str
    format: str | None
    dialect: Dialect
    position: int = 0
    _names: Sequence[str] = ()
    _pipe: Iterator[Table] | None = None

    @property
    def origin(self) -> str:
        """Its name in messages."""
        return STANDARD_INPUT if self.name == "-" else self.name

    @property
    def is_pipe(self) -> bool:
        """Whether it can be read only once."""
        return is_pipe(self.name)

    @property
    def n_bytes(self) -> int | None:
        """How many bytes it has; None where it does not say."""
        sizes = [None] if self.is_pipe else [storage_of(self.name).size(name) for name in self._files()]
        return None if None in sizes else sum(filter(None, sizes))

    @property
    def version(self) -> str:
        """What differs once it is changed; nothing is known of a pipe. Raises InputFileError where there is no file."""
        if self.is_pipe:
            return "a pipe"
        storage, files = storage_of(self.name), self._files()
        if files == [self.name]:
            storage.stored(self.name).close()
        told = "\n".join(f"{storage.version(name)} {name}" for name in files)
        return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()

    def first_rows(self) -> Table:
        """Some rows from its start, at least one. Raises DataError where there are none, or as `batches` does."""
        batches = self._read(None)
        first = next(batches, None)
        if first is None or not first.n_rows:
            raise no_rows(self.name)
        if self.is_pipe:
            self._pipe = chain([first], batches)
        self._names = first.names
        return drop_blank_lines(first)

    def batches(self, columns: Sequence[str], n_read: int) -> Iterator[Table]:
        """Its rows from the start, or after some batches that were read before, with these columns or all.

        Raises
        ------
        ViktError
            As `vikt.corpus.readers.read_table` does.
        """
        wanted = columns if set(columns) <= set(self._names) else None
        batches = self._read(wanted) if self._pipe is None else self._pipe
        return map(drop_blank_lines, islice(batches, n_read, None))

    def _files(self) -> list[str]:
        """The file itself, or those in the folder."""
        # What is at an address is a file; to ask whether it is a folder can mean to read all of it.
        if is_address(self.name) or not os.path.isdir(self.name):
            return [self.name]
        return storage_of(self.name).within(self.name)

    def _read(self, wanted: Sequence[str] | None) -> Iterator[Table]:
        self.position = 0
        file: io.BufferedReader | None = None

        def opening(name: str) -> BinaryIO:
            nonlocal file
            file = storage_of(name).stored(name)
            return decompressed(file)

        for batch in read_batches(
            self.name, wanted, _ROWS_PER_BATCH, format=self.format, dialect=self.dialect, opening=opening
        ):
            if file is None:
                self.position += batch.arrow.nbytes
            elif not self.is_pipe:
                self.position = max(self.position, file.tell())
            yield batch
