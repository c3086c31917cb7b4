"""Texts as one run of UTF-8 bytes and the offset of each: no Python string per row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from io import BytesIO

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Ints
from vikt.corpus.arrow import ArrowColumn
from vikt.corpus.missing import is_missing
from vikt.errors import DataError
from vikt.tables import one_line

# The look-behind keeps the time linear.
# As a regular expression: a word, or one mark or pictograph.
WORD_OR_MARK = r"\w+|[^\w\s]"
_RETURNS = re.compile(rb"(?<!\r)\r+(?=\n)")


class Texts:
    """A sequence of texts held as bytes. Some of the texts of another sequence share its bytes.

    Parameters
    ----------
    held : bytes
        The texts in UTF-8, one after the other unless `starts` says where each is.
    offsets : NDArray[np.int64]
        (m + 1,); text i is content[offsets[i]:offsets[i + 1]].
    starts : NDArray[np.int64], optional
        (m,); text i starts at held[starts[i]].

    Examples
    --------
    >>> texts = Texts.from_strings(["ett", "två"])
    >>> len(texts), texts[1].decode()
    (2, 'två')
    """

    def __init__(self, held: bytes, offsets: Ints, starts: Ints | None = None) -> None:
        self.offsets = offsets
        self._held, self._starts = held, offsets[:-1] if starts is None else starts
        self._is_whole = starts is None

    @classmethod
    def from_bytes(cls, pieces: list[bytes]) -> Texts:
        """The texts with these bytes."""
        offsets = np.zeros(len(pieces) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces)), out=offsets[1:])
        return cls(b"".join(pieces), offsets)

    @classmethod
    def from_strings(cls, strings: Iterable[str] | Texts) -> Texts:
        """The texts of strings; a lone surrogate keeps its three bytes, so that nothing is lost.

        Raises
        ------
        DataError
            An item is missing or is not a string; the message has its number.
        """
        if isinstance(strings, Texts):
            return strings
        content, ends, missing = BytesIO(), [0], list[int]()
        for string in strings:
            try:
                ends.append(ends[-1] + content.write(str.encode(string, "utf-8", "surrogatepass")))
            except TypeError:
                if not is_missing(string):
                    raise DataError(
                        f"text {len(ends) - 1}: expected a string, found {type(string).__name__} "
                        f"({one_line(f'{string!r:.60}')}); drop the row or convert it to a string"
                    ) from None
                missing.append(len(ends) - 1)
                ends.append(ends[-1])
        if missing:
            raise missing_text(missing[0], len(missing))
        return cls(content.getvalue(), np.array(ends, dtype=np.int64))

    @classmethod
    def of_lines(cls, block: bytes) -> Texts:
        """The lines of a block; each ends with a line feed, and the carriage returns before it are not text.

        Examples
        --------
        >>> list(Texts.of_lines(b"one\\r\\n\\ntwo"))
        [b'one', b'', b'two']
        """
        if block and not block.endswith(b"\n"):
            block += b"\n"
        block = block.replace(b"\r\n", b"\n")
        if b"\r\n" in block:
            block = _RETURNS.sub(b"", block)
        ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n"))
        # The content has no line ends, of which there is one for each line before an offset.
        offsets = np.zeros(len(ends) + 1, dtype=np.int64)
        offsets[1:] = ends - np.arange(len(ends))
        return cls(block.translate(None, b"\n"), offsets)

    @classmethod
    def from_arrow(cls, array: ArrowColumn) -> Texts:
        """The texts of a PyArrow large_string array or chunked array without nulls."""
        chunks = [_of_chunk(chunk) for chunk in getattr(array, "chunks", [array]) if len(chunk)]
        lengths = [np.diff(offsets) for offsets, _ in chunks]
        return cls(
            b"".join([content[offsets[0] : offsets[-1]] for offsets, content in chunks]),
            np.concatenate([np.zeros(1, dtype=np.int64), *lengths]).cumsum(),
        )

    @classmethod
    def joined(cls, several: list[Texts]) -> Texts:
        """Several sequences one after the other."""
        if len(several) == 1:
            return several[0]
        shifts = np.cumsum([0, *(texts.n_bytes for texts in several)])
        offsets = [texts.offsets[1:] + shift for texts, shift in zip(several, shifts, strict=False)]
        return cls(b"".join(texts.content for texts in several), np.concatenate([[0], *offsets]).astype(np.int64))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, i: int) -> bytes:
        start = self._starts[i]
        return self._held[start : start + self.offsets[i + 1] - self.offsets[i]]

    def __iter__(self) -> Iterator[bytes]:
        held, ends = self._held, self._starts + np.diff(self.offsets)
        return (held[a:b] for a, b in zip(self._starts.tolist(), ends.tolist(), strict=True))

    @property
    def content(self) -> bytes:
        """All texts, one after the other; copied where they share the bytes of others."""
        return self._held if self._is_whole else self.run(0, len(self)).content

    @property
    def n_bytes(self) -> int:
        """The length of all texts."""
        return int(self.offsets[-1])

    def strings(self) -> list[str]:
        """The texts as Python strings."""
        return [text.decode("utf-8", "surrogatepass") for text in self]

    def take(self, rows: ArrayLike) -> Texts:
        """Some texts, in that order; no byte is copied."""
        rows = np.asarray(rows, dtype=np.int64)
        offsets = np.append(0, np.cumsum(np.diff(self.offsets)[rows]))
        return Texts(self._held, offsets, self._starts[rows])

    def run(self, first: int, last: int) -> Texts:
        """The texts first..last, one after the other in memory."""
        if self._is_whole and (first, last) == (0, len(self)):
            return self
        offsets = self.offsets[first : last + 1] - self.offsets[first]
        starts = self._starts[first:last]
        ends = starts + np.diff(offsets)
        # Neighbours are copied together.
        opens, closes = np.ones((2, last - first), dtype=bool)
        opens[1:] = closes[:-1] = starts[1:] != ends[:-1]
        held = self._held
        edges = zip(starts[opens].tolist(), ends[closes].tolist(), strict=True)
        return Texts(b"".join([held[a:b] for a, b in edges]), offsets)

    @property
    def lengths(self) -> Ints:
        """The number of characters of each text: (m,).

        Examples
        --------
        >>> Texts.from_strings(["två", "", "ett ord"]).lengths.tolist()
        [3, 0, 7]
        """
        lengths = np.zeros(len(self), dtype=np.int64)
        filled = np.flatnonzero(np.diff(self.offsets))
        if len(filled):
            # All bytes of a character but the first are 10xxxxxx.
            starts = (np.frombuffer(self.content, dtype=np.uint8) & 0xC0) != 0x80
            lengths[filled] = np.add.reduceat(starts[: self.n_bytes], self.offsets[filled], dtype=np.int64)
        return lengths

    @property
    def n_blank(self) -> int:
        """How many texts are empty, or contain only ASCII white space."""
        bytes_ = np.frombuffer(self._held or b" ", dtype=np.uint8)
        opening = bytes_[np.minimum(self._starts, len(bytes_) - 1)]
        is_candidate = (np.diff(self.offsets) == 0) | (opening <= ord(" "))
        return sum(not self[i].strip() for i in np.flatnonzero(is_candidate).tolist())


def portions(offsets: Ints, n_bytes: int, most: int) -> Iterator[tuple[int, int]]:
    """Texts first..last of each portion: about n_bytes, at least one text and at most `most` texts.

    Examples
    --------
    >>> list(portions(np.array([0, 3, 6, 20, 21]), 5, 10))
    [(0, 2), (2, 3), (3, 4)]
    """
    first, n = 0, len(offsets) - 1
    if 0 < n <= most and offsets[n] - offsets[0] < n_bytes:
        yield 0, n
        return
    while first < n:
        last = int(np.searchsorted(offsets, offsets[first] + n_bytes))
        last = min(max(last, first + 1), n, first + most)
        yield first, last
        first = last


def missing_text(first: int, count: int) -> DataError:
    """The error for texts that are missing: the number of the first, and how many there are."""
    return DataError(
        f"text {first} is missing ({count} in all, counted from 0); drop such rows, or give them an empty text"
    )


def _of_chunk(array: ArrowColumn) -> tuple[Ints, memoryview]:
    """The offsets of a PyArrow array, and the buffer that they point into."""
    _, offsets, content = array.buffers()
    return np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1], memoryview(
        content or b""
    )
