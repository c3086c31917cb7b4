"""The model file: arrays and a header, in safetensors' format. It knows nothing of classifiers and runs no code.

All metadata is one entry of JSON, sorted except that the digest comes first, so that the same model gives the same
bytes and every model starts alike. The digest covers the whole file, with zeros in its own place, and is checked before
anything is parsed, so any damage is refused. It is not a signature, so the claims of a header are checked too.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import os
import stat
import sys
from pathlib import Path

import numpy as np

from vikt.arrays import Arrays
from vikt.errors import (
    DamagedModelError,
    ForeignModelError,
    InputFileError,
    NewerModelError,
    OlderModelError,
    OutputFileError,
)
from vikt.files.replacement import check_replaceable, replacing
from vikt.mappings import Json

# A file names the format that can hold it: those that hold what the first of these cannot say so in their metadata.
OLDEST_FORMAT, FORMAT_VERSION = 5, 6
_READ = f"formats {OLDEST_FORMAT} to {FORMAT_VERSION}"
_ENTRY = "vikt"
_DIGEST_BYTES = 32
_NO_DIGEST = "0" * (2 * _DIGEST_BYTES)
# A header is parsed to objects, so its length bounds what they take: room for 100,000 classes.
_LONGEST_HEADER = 1 << 24
_START = b'{"__metadata__":{"vikt":"{\\"digest\\":\\"'
_DIGEST_AT = 8 + len(_START)
_DIGEST_END = _DIGEST_AT + 2 * _DIGEST_BYTES
_MOST_AXES = 8
# Of a file, mapped where it can be.
Content = bytearray | mmap.mmap
# In the order in which safetensors lays arrays out, so that each begins at a multiple of its entries' size.
_DTYPES = {"I64": np.int64, "F64": np.float64, "F32": np.float32, "I32": np.int32, "U8": np.uint8}
_DTYPE_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}


def save_model(path: str | Path, arrays: Arrays, metadata: Json, *, force: bool = False) -> None:
    """Write arrays and metadata to a file, whole or not at all.

    Raises
    ------
    OutputFileError
        The file cannot be written, or it would replace one that is not a vikt model and `force` is not given.
    """
    pieces = model_pieces(arrays, metadata)
    check_replaceable(Path(path), "a vikt model", is_model, force)
    with replacing(Path(path)) as file:
        file.writelines(pieces)


def model_pieces(arrays: Arrays, metadata: Json) -> list[memoryview]:
    """The bytes of a model file, piece by piece: the header, and the arrays as they are, which may fill memory.

    Raises
    ------
    OutputFileError
        The header is too long.
    """
    names = sorted(arrays, key=lambda name: ([*_DTYPE_NAMES].index(arrays[name].dtype), name))
    laid_out = {name: np.ascontiguousarray(arrays[name]) for name in names}
    header = _header(laid_out, metadata)
    if len(header) > 8 + _LONGEST_HEADER:
        raise OutputFileError("the names of classes and columns are longer than a model can hold; shorten them")
    pieces = [memoryview(header), *(array.reshape(-1).view(np.uint8).data for array in laid_out.values())]
    header[_DIGEST_AT:_DIGEST_END] = _digest(pieces)
    return pieces


def _header(arrays: Arrays, metadata: Json) -> bytearray:
    """What is before the arrays, with no digest yet; spaces fill it, so that the arrays begin at a multiple of 8."""
    text = json.dumps({"format": OLDEST_FORMAT, **metadata}, sort_keys=True, separators=(",", ":"))
    described: Json = {"__metadata__": {_ENTRY: f'{{"digest":"{_NO_DIGEST}",{text[1:]}'}}
    reached = 0
    for name, array in arrays.items():
        end = reached + array.nbytes
        described[name] = {
            "dtype": _DTYPE_NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [reached, end],
        }
        reached = end
    header = json.dumps(described, ensure_ascii=False, separators=(",", ":")).encode()
    padded = header.ljust(-(-len(header) // 8) * 8)
    return bytearray(len(padded).to_bytes(8, "little") + padded)


def load_model(path: str | Path) -> tuple[Arrays, Json]:
    """The arrays and the metadata of a model file; the arrays are mapped, not copied. "-" is standard input.

    Raises
    ------
    InputFileError
        There is no such file, or it cannot be read.
    ModelFileError
        It is not a vikt model, is damaged, or has another format.
    """
    content = _mapped(Path(path))
    end = _header_end(str(path), content)
    if content[_DIGEST_AT:_DIGEST_END] != _digest([memoryview(content)]):
        raise _damaged(path, "does not match its digest, so it is truncated or altered")
    try:
        header = json.loads(content[8:end])
        metadata = json.loads(header.pop("__metadata__")[_ENTRY])
        behind, ahead = OLDEST_FORMAT - metadata["format"], metadata["format"] - FORMAT_VERSION
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _damaged(path, "has a header that is not that of a model") from None
    if behind > 0:
        raise OlderModelError(
            f"{path}: was written in format {metadata['format']}, but this version reads {_READ}; train it again"
        )
    if ahead > 0:
        raise NewerModelError(
            f"{path}: was written in format {metadata['format']}, but this version reads {_READ}; update vikt"
        )
    try:
        return _arrays(content, end, header), metadata
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _damaged(path, "has arrays that do not fill the file one after the other") from None


def is_model(path: Path) -> bool:
    """Whether a file starts as a vikt model does."""
    try:
        _header_end(str(path), _mapped(path))
    except (ForeignModelError, DamagedModelError, InputFileError):
        return False
    return True


def _mapped(path: Path) -> Content:
    try:
        if str(path) == "-":
            return bytearray(sys.stdin.buffer.read())
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return bytearray(file.read())
            # A private mapping: processes share the pages, and kernels meet the writable arrays they were compiled for.
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except FileNotFoundError:
        raise InputFileError(f"{path}: there is no such model; check the path, or train one") from None
    except ValueError:
        raise ForeignModelError(f"{path}: is empty, so it is not a vikt model") from None
    except IsADirectoryError:
        raise InputFileError(f"{path}: is a folder; name a model file in it") from None
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None


def _header_end(path: str, content: Content) -> int:
    end = 8 + int.from_bytes(content[:8], "little")
    if content[8:_DIGEST_AT] != _START or not _DIGEST_END < end <= 8 + _LONGEST_HEADER:
        raise ForeignModelError(f"{path}: is not a vikt model; expected a file written by `vikt train`")
    if end > len(content):
        raise _damaged(path, "ends within its header, so it is truncated")
    return end


def _damaged(path: str | Path, found: str) -> DamagedModelError:
    return DamagedModelError(f"{path}: {found}; train or copy it again")


def _digest(pieces: list[memoryview]) -> bytes:
    """The digest of a file whose first piece holds the place of its digest."""
    first, *others = pieces
    digest = hashlib.blake2b(first[:_DIGEST_AT], digest_size=_DIGEST_BYTES)
    digest.update(_NO_DIGEST.encode())
    for piece in (first[_DIGEST_END:], *others):
        digest.update(piece)
    return digest.hexdigest().encode()


def _arrays(content: Content, start: int, header: Json) -> Arrays:
    """The arrays; an error where they do not fill the file one after the other, or an entry is invalid."""
    arrays, reached = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        (first, last), shape, dtype = entry["data_offsets"], entry["shape"], np.dtype(_DTYPES[entry["dtype"]])
        if len(shape) > _MOST_AXES or min(shape, default=0) < 0 or (start + first) % dtype.itemsize:
            raise ValueError(name)
        count = math.prod(shape)
        if first != reached or last - first != count * dtype.itemsize:
            raise ValueError(name)
        arrays[name] = np.frombuffer(content, dtype=dtype, count=count, offset=start + first).reshape(shape)
        reached = last
    if start + reached != len(content):
        raise ValueError("bytes that belong to no array")
    return arrays
