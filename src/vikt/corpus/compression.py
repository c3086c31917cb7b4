"""Output that is compressed where the file's name says so."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_CODECS = {".gz": "gzip", ".zst": "zstd"}


class _KeptOpen(io.RawIOBase):
    """A stream that stays open when the compressor that writes to it is closed."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, content: ReadableBuffer) -> int:
        return self._stream.write(content)


@contextlib.contextmanager
def compressing(stream: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """A stream that compresses what is written to another, where the file's name ends in .gz or .zst.

    Examples
    --------
    >>> stream = io.BytesIO()
    >>> with compressing(stream, "out.txt.gz") as compressed:
    ...     _ = compressed.write(b"spam")
    >>> stream.getvalue()[:2].hex()
    '1f8b'
    """
    codec = next((codec for end, codec in _CODECS.items() if name.lower().endswith(end)), None)
    if codec is None:
        yield stream
        return
    import pyarrow as pa

    with pa.CompressedOutputStream(_KeptOpen(stream), codec) as compressed:
        yield compressed
