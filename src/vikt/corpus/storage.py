"""Where files are: on this machine, or at addresses such as s3://bucket/corpus that fsspec knows."""

from __future__ import annotations

import glob
import io
import os
import shutil
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from vikt.corpus.decompression import decompressed
from vikt.corpus.read_stream import open_stored
from vikt.corpus.refusing import refusing
from vikt.corpus.remote import RemoteStorage, missing_package
from vikt.errors import InputFileError, MissingPackageError, OutputFileError, UsageError
from vikt.files.replacement import Replacements

_LOCAL = "file://"
_ALLOW = "allow it with chmod u+rx, or name the files by a pattern"
_LEAVE_OUT = "allow it with chmod u+rx, or write a pattern that leaves it out"


class Storage(Protocol):
    """Files by their addresses; an address holds / between folders."""

    def located(self, name: str) -> str:
        """The whole address of a file or folder as it is named: no links are followed."""
        ...

    def resolved(self, name: str) -> str:
        """The one address of a file or folder, however it is named."""
        ...

    def is_folder(self, address: str) -> bool: ...

    def is_file(self, address: str) -> bool: ...

    def within(self, folder: str) -> list[str]:
        """The addresses of all files in a folder and those below it, sorted. Raises InputFileError."""
        ...

    def matching(self, pattern: str) -> list[str]:
        """The addresses of the files that match a pattern, sorted."""
        ...

    def stored(self, address: str) -> io.BufferedReader:
        """A stream of the bytes that are stored. Raises InputFileError, also where they are read."""
        ...

    def size(self, address: str) -> int | None:
        """The number of bytes of a file; None where there is no file, or its size is not told."""
        ...

    def version(self, address: str) -> str:
        """What differs once a file is changed."""
        ...

    def content(self, address: str) -> bytes | None:
        """The bytes of a file; None where there is none."""
        ...

    def writing(self, address: str) -> AbstractContextManager[IO[bytes]]:
        """A stream to a file that is there as a whole at the end, or not at all. Raises OutputFileError."""
        ...

    def remove(self, address: str) -> None:
        """Remove a file if it is there."""
        ...

    def remove_folder(self, address: str) -> None:
        """Remove a folder with all files in it, if it is there. Raises OutputFileError."""
        ...


class LocalStorage:
    """The files of this machine."""

    def __init__(self) -> None:
        self._replacements = Replacements()

    def located(self, name: str) -> str:
        return os.path.join(os.getcwd(), plain_name(name))

    def resolved(self, name: str) -> str:
        return os.path.realpath(plain_name(name))

    def is_folder(self, address: str) -> bool:
        return os.path.isdir(address)

    def is_file(self, address: str) -> bool:
        return os.path.isfile(address)

    def within(self, folder: str) -> list[str]:
        return sorted(os.path.join(parent, name) for parent, names in _walk(folder) for name in names)

    def matching(self, pattern: str) -> list[str]:
        _refuse_unreadable(pattern)
        return sorted(found for found in glob.glob(pattern, recursive=True) if os.path.isfile(found))

    def stored(self, address: str) -> io.BufferedReader:
        return open_stored(Path(address))

    def size(self, address: str) -> int | None:
        with suppress(OSError):
            return os.stat(address).st_size
        return None

    def version(self, address: str) -> str:
        with refusing(address):
            found = os.stat(address)
        return f"{found.st_size}-{found.st_mtime_ns}"

    def content(self, address: str) -> bytes | None:
        with refusing(address), suppress(FileNotFoundError):
            return Path(address).read_bytes()
        return None

    @contextmanager
    def writing(self, address: str) -> Iterator[IO[bytes]]:
        folder = os.path.dirname(address)
        with refusing(folder, OutputFileError, "created", "choose another folder"):
            os.makedirs(folder, exist_ok=True)
        with self._replacements.replacing(Path(address)) as file:
            yield file

    def remove(self, address: str) -> None:
        with refusing(address, OutputFileError, "removed"), suppress(FileNotFoundError):
            os.unlink(address)

    def remove_folder(self, address: str) -> None:
        with refusing(address, OutputFileError, "removed", "remove it yourself"), suppress(FileNotFoundError):
            shutil.rmtree(address)


def _walk(folder: str) -> Iterator[tuple[str, list[str]]]:
    """Each folder and the names of its files; links are followed at the end, so that no folder is read twice.

    A folder that is also reached by a link thus has its own name.
    """
    seen, entries = set[str](), deque([folder])
    while entries:
        for parent, folders, names in os.walk(entries.popleft(), onerror=_refuse):
            place = os.path.realpath(parent)
            if place in seen:
                folders.clear()
                continue
            seen.add(place)
            folders.sort()
            entries += filter(os.path.islink, [os.path.join(parent, name) for name in folders])
            yield parent, names


def _refuse(error: OSError) -> None:
    with refusing(str(error.filename), remedy=_ALLOW):
        raise error


def _refuse_unreadable(pattern: str) -> None:
    """Refuse folders that a pattern leads to and that cannot be read: `glob` leaves them out."""
    parts = pattern.split(os.sep)
    searched = [parts[:i] for i, part in enumerate(parts) if glob.has_magic(part)]
    searched += [parts[: i + 1] for i, part in enumerate(parts) if part == "**"]
    for above in searched:
        for folder in glob.iglob(os.sep.join([*above, ""]), recursive=True) if above else [os.curdir]:
            with refusing(folder, remedy=_LEAVE_OUT):
                os.scandir(folder).close()


def is_address(name: str) -> bool:
    """Whether a name is an address, of another system perhaps.

    Examples
    --------
    >>> is_address("s3://bucket/a.csv"), is_address("file:///a.csv"), is_address("a.csv")
    (True, True, False)
    """
    return "://" in name


def plain_name(name: str) -> str:
    """A name as it is, but the path of a file of this machine at an address.

    Examples
    --------
    >>> plain_name("file:///a.csv"), plain_name("s3://bucket/a.csv")
    ('/a.csv', 's3://bucket/a.csv')
    """
    return name.removeprefix(_LOCAL)


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
    if not is_address(plain_name(name)):
        return LocalStorage()
    try:
        import fsspec
    except ImportError:
        raise MissingPackageError.of_extra(f"the address {name}", ["fsspec"], "remote") from None
    with refusing(name):
        try:
            return RemoteStorage(fsspec.core.url_to_fs(name)[0])
        except ImportError as error:
            raise missing_package(name, error) from None
        except ValueError as error:
            raise UsageError(f"{name}: is not an address that can be read ({error}); check it") from None


def opened_or_refused(storage: Storage, address: str) -> BinaryIO:
    """A file's bytes, decompressed; refuses one that has gone since it was found."""
    if not storage.is_file(address):
        raise InputFileError(f"{address}: there is no such file; check the path")
    return decompressed(storage.stored(address))
