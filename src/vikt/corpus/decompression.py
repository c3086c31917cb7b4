"""Input that is compressed by gzip or Zstandard, known by its first bytes, and that must not expand without bound."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# A few kilobytes can expand to terabytes. Text that is worth reading shrinks to a hundredth at most.
MOST_EXPANSION = 250
EXPANDED_FREELY = 1 << 28
_BUFFER = 1 << 16


class ExpansionError(OSError):
    """Content that expands to much more than its size."""

    def __init__(self) -> None:
        super().__init__(
            f"it expands to more than {MOST_EXPANSION} times its size, which ordinary data never do; if that is "
            "intended, decompress or rewrite it first"
        )


def check_expansion(expanded: int, stored: int) -> None:
    """Refuse content of `expanded` bytes that are far more than the `stored` ones.

    Raises
    ------
    ExpansionError
        These are more than MOST_EXPANSION times as many, and more than EXPANDED_FREELY.
    """
    if expanded > max(EXPANDED_FREELY, MOST_EXPANSION * stored):
        raise ExpansionError


def decompressed(stream: io.BufferedReader) -> BinaryIO:
    """A stream that decompresses another as it is read; the stream itself where it is not compressed.

    Whatever the codec, damage is an OSError where it is read, and so are a truncated end and an expansion without
    bound.
    """
    start = stream.peek(4)
    codec = next((codec for mark, codec in _CODECS.items() if start.startswith(mark)), None)
    if codec is None:
        return stream
    counted = _Counted(stream)
    return io.BufferedReader(_Expanded(codec(counted), counted), _BUFFER)


class _Codec(Protocol):
    """What decompresses a stream."""

    def readinto(self, buffer: WriteableBuffer, /) -> int: ...

    def close(self) -> None: ...


class _Counted:
    """The bytes of a stream as a codec reads them, counted."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream, self.n_bytes, self.closed = stream, 0, False

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read1(_BUFFER if size < 0 else size)
        self.n_bytes += len(content)
        return content

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True
        self._stream.close()


class _Expanded(io.RawIOBase):
    """What a codec makes of a stream, as long as that is in proportion."""

    def __init__(self, codec: _Codec, source: _Counted) -> None:
        self._codec, self._source, self._n_bytes = codec, source, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        n = self._codec.readinto(buffer)
        self._n_bytes += n
        check_expansion(self._n_bytes, self._source.n_bytes)
        return n

    def close(self) -> None:
        super().close()
        self._codec.close()
        self._source.close()


class _Gzip:
    """gzip, decompressed; zeros after its end, as on tapes, are padding."""

    def __init__(self, stream: _Counted) -> None:
        import gzip

        self._file = gzip.GzipFile(fileobj=cast(BinaryIO, stream))

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        import zlib

        try:
            return self._file.readinto(buffer)
        except EOFError:
            raise OSError("Truncated compressed stream") from None
        except zlib.error as error:
            raise OSError(str(error)) from None

    def close(self) -> None:
        self._file.close()


def _zstandard(stream: _Counted) -> _Codec:
    import pyarrow as pa

    return cast(_Codec, pa.CompressedInputStream(stream, "zstd"))


# Frames that decoders skip (RFC 8878) may stand before those of Zstandard.
_SKIPPABLE = [bytes([first]) + b"\x2a\x4d\x18" for first in range(0x50, 0x60)]
_CODECS: Mapping[bytes, Callable[[_Counted], _Codec]] = {
    b"\x1f\x8b": _Gzip,
    **dict.fromkeys([b"\x28\xb5\x2f\xfd", *_SKIPPABLE], _zstandard),
}
