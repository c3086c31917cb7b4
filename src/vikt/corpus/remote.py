"""The files of a file system that fsspec knows; whatever errors it has are told as vikt's."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING, Any, cast

from vikt.corpus.refusing import refusing
from vikt.errors import MissingPackageError, OutputFileError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_BUFFER = 1 << 20
# What systems tell of a file that differs once it is changed; other facts, such as when it was read, may differ anyway.
_VERSION = (
    "size", "ETag", "etag", "md5Hash", "content_md5", "generation",
    "LastModified", "Last-Modified", "last_modified", "mtime", "updated", "created",
)  # fmt: skip
_writing = partial(refusing, kind=OutputFileError, deed="written")


def missing_package(address: str, error: ImportError) -> MissingPackageError:
    """What to install for an address that fsspec cannot use because a package is missing."""
    registry = import_module("fsspec.registry").known_implementations
    protocol = address.partition("://")[0].rpartition("::")[2]
    package = registry.get(protocol, {"class": ""})["class"].partition(".")[0]
    # Those of fsspec's own systems are named by its error alone.
    if package in ("", "fsspec") or find_spec(package) is not None:
        return MissingPackageError(f"the address {address} needs a further package: {error}")
    return MissingPackageError(f"the address {address} needs {package}, which is not installed: pip install {package}")


class RemoteStorage:
    """The files of one file system of fsspec.

    A file that is written is committed at its end, so that nobody sees half of one where the system allows for that.
    """

    def __init__(self, system: Any) -> None:
        self._system = system

    def located(self, name: str) -> str:
        return self.resolved(name)

    def resolved(self, name: str) -> str:
        return str(self._system.unstrip_protocol(self._system._strip_protocol(name)))

    def is_folder(self, address: str) -> bool:
        with refusing(address):
            return bool(self._system.isdir(address))

    def is_file(self, address: str) -> bool:
        # The systems' own `isfile` takes any error for an absence.
        with refusing(address), suppress(FileNotFoundError):
            return bool(self._system.info(address)["type"] == "file")
        return False

    def within(self, folder: str) -> list[str]:
        # `find` leaves out folders that cannot be read.
        with refusing(folder):
            walked = self._system.walk(folder, on_error="raise")
            return self._addresses([f"{parent}/{name}" for parent, _, names in walked for name in names if name])

    def matching(self, pattern: str) -> list[str]:
        with refusing(pattern):
            return [address for address in self._addresses(self._system.glob(pattern)) if self.is_file(address)]

    def stored(self, address: str) -> io.BufferedReader:
        with refusing(address):
            return io.BufferedReader(_Reading(self._system.open(address, "rb"), address), _BUFFER)

    def size(self, address: str) -> int | None:
        with refusing(address), suppress(FileNotFoundError):
            size = self._system.size(address)
            return None if size is None else int(size)
        return None

    def version(self, address: str) -> str:
        with refusing(address):
            facts = self._system.info(address)
        return ", ".join(f"{name} {facts[name]}" for name in _VERSION if facts.get(name) is not None)

    def content(self, address: str) -> bytes | None:
        with refusing(address), suppress(FileNotFoundError):
            return bytes(self._system.cat_file(address))
        return None

    @contextmanager
    def writing(self, address: str) -> Iterator[IO[bytes]]:
        with _writing(address):
            self._system.makedirs(address.rpartition("/")[0], exist_ok=True)
            file = self._system.open(address, "wb", autocommit=False)
        try:
            yield cast("IO[bytes]", _Writing(file, address))
            with _writing(address):
                file.close()
                file.commit()
        except BaseException:
            # What went wrong before is what is told.
            with suppress(Exception):
                file.discard()
            raise

    def remove(self, address: str) -> None:
        with refusing(address, OutputFileError, "removed"), suppress(FileNotFoundError):
            self._system.rm_file(address)

    def remove_folder(self, address: str) -> None:
        with refusing(address, OutputFileError, "removed", "remove it yourself"), suppress(FileNotFoundError):
            self._system.rm(address, recursive=True)

    def _addresses(self, paths: list[str]) -> list[str]:
        return sorted(map(self.resolved, paths))


class _Reading(io.RawIOBase):
    """A remote file that is read."""

    def __init__(self, file: IO[bytes], address: str) -> None:
        self._file, self._address, self._place = file, address, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def readinto(self, room: WriteableBuffer) -> int:
        view = memoryview(room).cast("B")
        with refusing(self._address):
            found = self._file.read(len(view))
        view[: len(found)] = found
        self._place += len(found)
        return len(found)

    def tell(self) -> int:
        return self._place

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        with refusing(self._address):
            self._place = int(self._file.seek(place, whence))
        return self._place

    def close(self) -> None:
        super().close()
        with refusing(self._address):
            self._file.close()


class _Writing(io.RawIOBase):
    """A remote file that is written; whoever opened it closes it."""

    def __init__(self, file: IO[bytes], address: str) -> None:
        self._file, self._address = file, address

    def writable(self) -> bool:
        return True

    def write(self, content: ReadableBuffer) -> int:
        with _writing(self._address):
            return int(self._file.write(content))

    def tell(self) -> int:
        return int(self._file.tell())
