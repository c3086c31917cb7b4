"""Lines of a stream as texts, as many at a time as have arrived: no Python object per line."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO, Protocol, cast

from vikt.corpus.read_stream import STANDARD_INPUT, check_length, decoded, reading_failed
from vikt.corpus.texts import Texts

_BYTES_AT_A_TIME = 1 << 20


class _ReadsOnce(Protocol):
    """A buffered stream, which can read what has arrived."""

    def read1(self, size: int, /) -> bytes:
        """Up to `size` bytes, with one call of the system at most."""
        ...


def read_arrived(stream: IO[bytes], origin: str = STANDARD_INPUT) -> Iterator[Texts]:
    """The lines that have arrived, without waiting for more: a slow pipe is answered at once, a fast one in batches.

    Parameters
    ----------
    stream : BinaryIO
        A buffered one, which has `read1`.
    origin : str
        Its name, for messages.

    Raises
    ------
    EncodingError
        A line is not UTF-8; the message names it. The lines before it have been handed out.
    InputFileError
        Reading failed.

    Examples
    --------
    >>> import io
    >>> [list(texts) for texts in read_arrived(io.BytesIO(b"one\\r\\ntwo"))]
    [[b'one'], [b'two']]
    """
    n_lines = n_bytes = 0
    for block in _whole_lines(stream, origin):
        start = 0
        if not n_bytes:
            # What a file is, if not UTF-8, shows at its start.
            decoded(_line(block, 0), origin, 1)
            start = len(codecs.BOM_UTF8) if block.startswith(codecs.BOM_UTF8) else 0
        end = _end_of_utf8(block)
        texts = Texts.of_lines(block[start:end])
        yield texts
        n_lines += len(texts)
        if end < len(block):
            decoded(_line(block, end), origin, n_lines + 1, n_bytes + end)
        n_bytes += len(block)


def _whole_lines(stream: IO[bytes], origin: str) -> Iterator[bytes]:
    """What has arrived, up to the last line end in it; at the end of the stream the rest."""
    pieces = []
    while chunk := _arrived(stream, origin):
        whole, end, rest = chunk.rpartition(b"\n")
        if not end:
            pieces.append(chunk)
            check_length(sum(map(len, pieces)), origin)
            continue
        yield b"".join([*pieces, whole, end])
        pieces = [rest] if rest else []
    if pieces:
        yield b"".join(pieces)


def _arrived(stream: IO[bytes], origin: str) -> bytes:
    try:
        return bytes(cast(_ReadsOnce, stream).read1(_BYTES_AT_A_TIME))
    except OSError as error:
        raise reading_failed(origin, error) from None


def _end_of_utf8(block: bytes) -> int:
    """The start of the first line that is not UTF-8, or the end of the block."""
    try:
        block.decode()
    except UnicodeDecodeError as error:
        return block.rfind(b"\n", 0, error.start) + 1
    return len(block)


def _line(block: bytes, start: int) -> bytes:
    """The line from `start` on, with its end."""
    return block[start : block.find(b"\n", start) + 1 or None]
