"""Bytes out: packed on their way where a file's name says so."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import IO, Any

_CODECS = {".gz": "gzip", ".zst": "zstd"}


class _KeptOpen(io.RawIOBase):
    """A stream that outlives the packer that writes to it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        return self._stream.write(content)


@contextlib.contextmanager
def packing(stream: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """What packs all that is written on its way to a stream, where a file's name ends in .gz or .zst.

    Examples
    --------
    >>> stream = io.BytesIO()
    >>> with packing(stream, "out.txt.gz") as packed:
    ...     _ = packed.write(b"spam")
    >>> stream.getvalue()[:2].hex()
    '1f8b'
    """
    codec = next((codec for end, codec in _CODECS.items() if name.lower().endswith(end)), None)
    if codec is None:
        yield stream
        return
    import pyarrow as pa

    with pa.CompressedOutputStream(_KeptOpen(stream), codec) as packed:
        yield packed
