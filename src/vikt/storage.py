"""The model file: arrays and a header, in safetensors' format. It knows no class and runs no code.

All metadata is one entry of sorted JSON, so that the same model gives the same bytes. It holds a digest over the whole
file (its own place taken as zeros): any damage is refused, always.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import mmap
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from vikt.errors import DamagedModelError, ForeignModelError, InputFileError, NewerModelError, OutputFileError

FORMAT_VERSION = 1

_ENTRY = "vikt"
_DIGEST_BYTES = 32
_NO_DIGEST = "0" * (2 * _DIGEST_BYTES)
_DIGEST_MARK = b'\\"digest\\":\\"'
_LONGEST_HEADER = 100_000_000
_DTYPES = {"F64": np.float64, "F32": np.float32, "I64": np.int64, "I32": np.int32, "U8": np.uint8}


def save_model(path: str | Path, arrays: dict[str, Any], metadata: dict[str, Any], *, force: bool = False) -> None:
    """Write arrays and metadata to a file, whole or not at all.

    Raises
    ------
    OutputFileError
        The file cannot be written, or something that is no vikt model stands there and `force` is not given.
    """
    from safetensors.numpy import save

    said = json.dumps(
        {**metadata, "digest": _NO_DIGEST, "format": FORMAT_VERSION}, sort_keys=True, separators=(",", ":")
    )
    content = bytearray(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, {_ENTRY: said}))
    place = _digest_place(content)
    content[place : place + 2 * _DIGEST_BYTES] = _digest(content).encode()
    path = Path(path)
    if path.exists() and not force and not is_model(path):
        raise OutputFileError(
            f"{path}: stands there and is no vikt model; name another file, or replace it with --force"
        )
    with replacing(path) as file:
        file.write(content)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Write beside a file and put it in its place at the end, so that what stood there stays whole until then.

    Raises
    ------
    OutputFileError
        The folder is missing or cannot be written, or the disk is full.
    """
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = file.name
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        if isinstance(error, OutputFileError):
            raise
        raise OutputFileError(f"{path}: cannot be written: {_advice(error, path)}") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


def load_model(path: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays and the metadata of a model file; the arrays are mapped, not copied.

    Raises
    ------
    InputFileError
        There is no such file, or it cannot be read.
    ModelFileError
        It is no vikt model, is damaged, or is of a later format.
    """
    content = _mapped(Path(path))
    header, begin = _header(str(path), content)
    said = header.pop("__metadata__")[_ENTRY]
    _check_digest(str(path), content)
    metadata = json.loads(said)
    if metadata["format"] > FORMAT_VERSION:
        raise NewerModelError(
            f"{path}: written in format {metadata['format']}, this version reads up to {FORMAT_VERSION}; update vikt"
        )
    return {name: _array(content, begin, entry) for name, entry in header.items()}, metadata


def is_model(path: Path) -> bool:
    """Whether a file begins as a vikt model does."""
    try:
        _header(str(path), _mapped(path))
    except (ForeignModelError, DamagedModelError, InputFileError):
        return False
    return True


def _mapped(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            # A private mapping: processes share the pages, and kernels meet the writable arrays they were compiled for.
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except FileNotFoundError:
        raise InputFileError(f"{path}: there is no such model; train one with `vikt train -o {path} DATA`") from None
    except ValueError:
        raise ForeignModelError(f"{path}: the file is empty, and no vikt model") from None
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read: {error.strerror}") from None


def _header(path: str, content: Any) -> tuple[dict[str, Any], int]:
    foreign = ForeignModelError(f"{path}: is no vikt model; expected a file written by `vikt train`")
    length = int.from_bytes(content[:8], "little")
    if len(content) < 16 or not 2 <= length <= _LONGEST_HEADER or content[8:9] != b"{":
        raise foreign
    if 8 + length > len(content):
        raise DamagedModelError(f"{path}: ends within its header, so it is truncated; train or copy it again")
    try:
        header = json.loads(content[8 : 8 + length].decode("utf-8"))
        said = header["__metadata__"][_ENTRY]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise foreign from None
    if not isinstance(said, str) or list(header["__metadata__"]) != [_ENTRY]:
        raise foreign
    return header, 8 + length


def _check_digest(path: str, content: Any) -> None:
    place = _digest_place(content)
    told = content[place : place + 2 * _DIGEST_BYTES] if place > 0 else b""
    if told != _digest(content).encode():
        raise DamagedModelError(
            f"{path}: does not match its digest, so it is truncated or altered; train or copy it again"
        )


def _digest_place(content: Any) -> int:
    """Where the digest stands: nothing before it in the header can spell its name, as keys are sorted and escaped."""
    found = content.find(_DIGEST_MARK)
    return int(found) + len(_DIGEST_MARK)


def _digest(content: Any) -> str:
    place = _digest_place(content)
    digest = hashlib.blake2b(content[:place], digest_size=_DIGEST_BYTES)
    digest.update(_NO_DIGEST.encode())
    digest.update(memoryview(content)[place + 2 * _DIGEST_BYTES :])
    return digest.hexdigest()


def _array(content: Any, begin: int, entry: dict[str, Any]) -> Any:
    first, last = entry["data_offsets"]
    dtype = np.dtype(_DTYPES[entry["dtype"]])
    count = (last - first) // dtype.itemsize
    return np.frombuffer(content, dtype=dtype, count=count, offset=begin + first).reshape(entry["shape"])


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _advice(error: OSError, path: Path) -> str:
    advice = {
        errno.ENOSPC: "the disk is full; make room or choose another folder",
        errno.ENOENT: f"there is no folder {path.parent}; make it first",
        errno.EACCES: f"no permission to write in {path.parent}; choose another folder",
        errno.EROFS: f"{path.parent} is read-only; choose another folder",
        errno.ENOTDIR: f"{path.parent} is no folder; choose another",
        errno.EISDIR: "it is a folder; name a file",
    }
    return advice.get(error.errno or 0, str(error.strerror or error))
