"""Texts as one run of UTF-8 bytes and the offsets at which each begins: no Python string a row."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.errors import DataError


class Texts:
    """A sequence of texts held as bytes.

    Attributes
    ----------
    content : bytes
        All texts, one after the other, in UTF-8.
    offsets : NDArray[np.int64]
        (m + 1,); text i is content[offsets[i]:offsets[i + 1]].

    Examples
    --------
    >>> texts = Texts.from_strings(["ett", "två"])
    >>> len(texts), texts[1].decode()
    (2, 'två')
    """

    def __init__(self, content: bytes, offsets: NDArray[np.int64]) -> None:
        self.content = content
        self.offsets = offsets

    @classmethod
    def from_bytes(cls, pieces: list[bytes]) -> Texts:
        offsets = np.zeros(len(pieces) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces)), out=offsets[1:])
        return cls(b"".join(pieces), offsets)

    @classmethod
    def from_strings(cls, strings: Iterable[str] | Texts) -> Texts:
        """Encode strings; a lone surrogate keeps its three bytes, so that nothing is lost.

        Raises
        ------
        DataError
            An item is no string; the message tells which.
        """
        if isinstance(strings, Texts):
            return strings
        if isinstance(strings, (str, bytes)):
            raise DataError(
                f"texts: expected a sequence of strings, found one {type(strings).__name__}; "
                "write [text] for a single text"
            )
        return cls.from_bytes([_encode(i, string) for i, string in enumerate(strings)])

    @classmethod
    def of_lines(cls, block: bytes) -> Texts:
        """The lines of a block; a line feed ends one, or a carriage return and line feed.

        Examples
        --------
        >>> list(Texts.of_lines(b"one\\r\\n\\ntwo"))
        [b'one', b'', b'two']
        """
        block = block.replace(b"\r\n", b"\n")
        ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n"))
        if block and not block.endswith(b"\n"):
            ends = np.append(ends, len(block))
        # Each line end before an offset is left out of the content.
        offsets = np.zeros(len(ends) + 1, dtype=np.int64)
        offsets[1:] = ends - np.arange(len(ends))
        return cls(block.translate(None, b"\n"), offsets)

    @classmethod
    def from_arrow(cls, array: Any) -> Texts:
        """The texts of a PyArrow large_string array or chunked array without nulls; its bytes are not copied apart."""
        if hasattr(array, "combine_chunks"):
            array = array.combine_chunks()
        if len(array) == 0:
            return cls(b"", np.zeros(1, dtype=np.int64))
        _, offset_buffer, content = array.buffers()
        offsets = np.frombuffer(offset_buffer, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
        if content is None:
            return cls(b"", np.zeros(len(array) + 1, dtype=np.int64))
        return cls(content[offsets[0] : offsets[-1]].to_pybytes(), offsets - offsets[0])

    @classmethod
    def joined(cls, several: list[Texts]) -> Texts:
        """Several sequences one after the other."""
        if len(several) == 1:
            return several[0]
        shifts = np.cumsum([0, *(len(texts.content) for texts in several)])
        offsets = [texts.offsets[1:] + shift for texts, shift in zip(several, shifts, strict=False)]
        return cls(b"".join(texts.content for texts in several), np.concatenate([[0], *offsets]).astype(np.int64))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, i: int) -> bytes:
        return self.content[self.offsets[i] : self.offsets[i + 1]]

    def __iter__(self) -> Iterator[bytes]:
        edges = self.offsets.tolist()
        content = self.content
        return (content[a:b] for a, b in itertools.pairwise(edges))

    def take(self, rows: Any) -> Texts:
        """The texts named, in that order."""
        rows = np.asarray(rows, dtype=np.int64)
        if len(rows) and rows[0] >= 0 and np.all(rows[1:] - rows[:-1] == 1):
            return self._run(int(rows[0]), int(rows[-1]) + 1)
        return Texts.from_bytes([self[i] for i in rows])

    def _run(self, first: int, last: int) -> Texts:
        if (first, last) == (0, len(self)):
            return self
        offsets = self.offsets[first : last + 1]
        return Texts(self.content[offsets[0] : offsets[-1]], offsets - offsets[0])


def _encode(row: int, string: str) -> bytes:
    if not isinstance(string, str):
        raise DataError(
            f"text {row}: expected a string, found {type(string).__name__} ({string!r:.60}); "
            "drop the row or convert it to a string"
        )
    return string.encode("utf-8", "surrogatepass")
