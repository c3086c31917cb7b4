"""Where files are: on this machine, or at addresses such as s3://bucket/corpus that fsspec knows."""

from __future__ import annotations

import glob
import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from vikt.corpus.decompression import decompressed
from vikt.corpus.read_stream import open_input, reading_failed
from vikt.errors import InputFileError, MissingPackageError, OutputFileError, UsageError, ViktError
from vikt.files.replacement import replacing

_LOCAL = "file://"
_BUFFER = 1 << 20


class Storage(Protocol):
    """Files by their addresses; an address holds / between folders."""

    def resolved(self, name: str) -> str:
        """The one address of a file or folder, however it is named."""
        ...

    def is_folder(self, address: str) -> bool: ...

    def is_file(self, address: str) -> bool: ...

    def within(self, folder: str) -> list[str]:
        """The addresses of all files in a folder and those below it, sorted."""
        ...

    def matching(self, pattern: str) -> list[str]:
        """The addresses of the files that match a pattern, sorted."""
        ...

    def open(self, address: str) -> BinaryIO:
        """A file's bytes, decompressed. Raises InputFileError."""
        ...

    def size(self, address: str) -> int | None:
        """The number of bytes of a file; None where there is none."""
        ...

    def version(self, address: str) -> str:
        """What differs once a file is changed."""
        ...

    def content(self, address: str) -> bytes | None:
        """The bytes of a small file; None where there is none."""
        ...

    def writing(self, address: str) -> AbstractContextManager[IO[bytes]]:
        """A stream to a file that is there as a whole at the end, or not at all. Raises OutputFileError."""
        ...

    def remove(self, address: str) -> None:
        """Remove a file if it is there."""
        ...


class LocalStorage:
    """The files of this machine."""

    def resolved(self, name: str) -> str:
        return os.path.realpath(name.removeprefix(_LOCAL))

    def is_folder(self, address: str) -> bool:
        return os.path.isdir(address)

    def is_file(self, address: str) -> bool:
        return os.path.isfile(address)

    def within(self, folder: str) -> list[str]:
        return sorted(os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names)

    def matching(self, pattern: str) -> list[str]:
        return sorted(found for found in glob.glob(pattern, recursive=True) if os.path.isfile(found))

    def open(self, address: str) -> BinaryIO:
        return open_input(Path(address))

    def size(self, address: str) -> int | None:
        with suppress(OSError):
            return os.stat(address).st_size
        return None

    def version(self, address: str) -> str:
        found = os.stat(address)
        return f"{found.st_size}-{found.st_mtime_ns}"

    def content(self, address: str) -> bytes | None:
        with suppress(FileNotFoundError):
            return Path(address).read_bytes()
        return None

    @contextmanager
    def writing(self, address: str) -> Iterator[IO[bytes]]:
        try:
            os.makedirs(os.path.dirname(address), exist_ok=True)
        except OSError as error:
            raise OutputFileError(f"{os.path.dirname(address)}: cannot be made a folder ({error.strerror})") from None
        with replacing(Path(address)) as file:
            yield file

    def remove(self, address: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(address)


class RemoteStorage:
    """The files of one file system of fsspec.

    A file that is written is committed at its end, so that nobody sees half of one where the system allows for that.
    """

    def __init__(self, system: Any) -> None:
        self._system = system

    def resolved(self, name: str) -> str:
        return str(self._system.unstrip_protocol(self._system._strip_protocol(name)))

    def is_folder(self, address: str) -> bool:
        return bool(self._system.isdir(address))

    def is_file(self, address: str) -> bool:
        return bool(self._system.isfile(address))

    def within(self, folder: str) -> list[str]:
        return self._addresses(self._system.find(folder))

    def matching(self, pattern: str) -> list[str]:
        return [address for address in self._addresses(self._system.glob(pattern)) if self.is_file(address)]

    def open(self, address: str) -> BinaryIO:
        try:
            return decompressed(io.BufferedReader(self._system.open(address, "rb"), _BUFFER))
        except OSError as error:
            raise reading_failed(address, error) from None

    def size(self, address: str) -> int | None:
        with suppress(FileNotFoundError):
            return int(self._system.size(address))
        return None

    def version(self, address: str) -> str:
        return str(self._system.ukey(address))

    def content(self, address: str) -> bytes | None:
        with suppress(FileNotFoundError):
            return bytes(self._system.cat_file(address))
        return None

    @contextmanager
    def writing(self, address: str) -> Iterator[IO[bytes]]:
        file: Any = None
        try:
            self._system.makedirs(address.rpartition("/")[0], exist_ok=True)
            file = self._system.open(address, "wb", autocommit=False)
            yield file
            file.close()
            file.commit()
            file = None
        except OSError as error:
            if isinstance(error, ViktError):
                raise
            raise OutputFileError(f"{address}: cannot be written ({error})") from None
        finally:
            if file is not None:
                file.discard()

    def remove(self, address: str) -> None:
        with suppress(FileNotFoundError):
            self._system.rm_file(address)

    def _addresses(self, paths: list[str]) -> list[str]:
        return sorted(map(self.resolved, paths))


def storage_of(name: str) -> Storage:
    """Where a file or folder of that name is.

    Raises
    ------
    MissingPackageError
        fsspec, or the package that it needs for the address, is not installed.
    UsageError
        fsspec does not know such addresses.

    Examples
    --------
    >>> type(storage_of("corpus/a.jsonl")).__name__, type(storage_of("memory://corpus")).__name__
    ('LocalStorage', 'RemoteStorage')
    """
    if "://" not in name or name.startswith(_LOCAL):
        return LocalStorage()
    try:
        import fsspec
    except ImportError:
        raise MissingPackageError(
            f"{name}: addresses need fsspec, which is not installed: pip install 'vikt[remote]'"
        ) from None
    try:
        return RemoteStorage(fsspec.core.url_to_fs(name)[0])
    except ImportError as error:
        raise MissingPackageError(f"{name}: {error}") from None
    except ValueError as error:
        raise UsageError(f"{name}: is no address that can be read ({error}); check it") from None


def opened_or_refused(storage: Storage, address: str) -> BinaryIO:
    """A file's bytes; refuses one that has gone since it was found."""
    if not storage.is_file(address):
        raise InputFileError(f"{address}: there is no such file; check the path")
    return storage.open(address)
