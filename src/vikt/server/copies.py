"""Private copies of model files, one per version, which the processes of a service map and share.

A file that is truncated while it is mapped kills the processes that read it, and one that is overwritten changes under
them. So a service maps no file that anybody else writes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vikt.errors import InputFileError, OutputFileError

try:
    import fcntl
except ImportError:  # Windows has no such locks, and one process serves there.
    fcntl = None  # type: ignore[assignment]

# Names of models start with a letter or a digit, so no folder of theirs has these names.
_PREFIX, _LOCK, _OWNER = "vikt-serve-", ".lock", ".owner"
# Opening a pipe would otherwise wait for someone who writes to it.
_READ_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def version_of(path: Path) -> str:
    """What tells the present content of a file from an earlier one; empty where there is no file."""
    try:
        return _version(path.stat())
    except OSError:
        return ""


def _version(status: os.stat_result) -> str:
    return f"{status.st_dev:x}-{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"


@dataclass(frozen=True)
class Copies:
    """A folder of copies, which several processes fill."""

    folder: Path

    def of(self, name: str, path: Path) -> tuple[str, Path]:
        """The version of a model's file and the copy of it, which is made unless there is one.

        Raises
        ------
        InputFileError
            The file cannot be read, or was written while it was copied.
        OutputFileError
            The copy cannot be written.
        """
        with self._locked(), _opened(path) as source:
            version = _version(os.fstat(source.fileno()))
            copy = self.folder / name / f"{version}.vikt"
            if not copy.exists():
                self._write(source, copy)
            if _version(os.fstat(source.fileno())) != version:
                copy.unlink()
                raise InputFileError(f"{path}: was written while it was read; replace it by renaming a new file")
        return version, copy

    def _write(self, source: IO[bytes], copy: Path) -> None:
        unfinished = copy.with_suffix(".unfinished")
        try:
            copy.parent.mkdir(exist_ok=True)
            with unfinished.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            # Which of two copies is older must not depend on how often the file system's clock ticks.
            os.utime(unfinished, ns=(now := time.time_ns(), now))
            unfinished.rename(copy)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise OutputFileError(
                f"{self.folder}: cannot hold a copy of the model ({error.strerror}); "
                "make room, or name another folder in TMPDIR"
            ) from None

    def drop_older(self, name: str, version: str) -> None:
        """Remove the copies of a model's earlier versions; those who have mapped one keep its content.

        Later ones stay: another process may be about to read one.
        """
        folder = self.folder / name
        # Cleaners of temporary files may have removed any of them.
        with self._locked(), contextlib.suppress(FileNotFoundError):
            made = (folder / f"{version}.vikt").stat().st_mtime_ns
            for copy in folder.glob("*.vikt"):
                if copy.stat().st_mtime_ns < made:
                    copy.unlink()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Wait for another process that makes a copy: it may be the same."""
        # Cleaners of temporary files may have removed the folder, and then anybody could make one of its name.
        self.folder.mkdir(0o700, exist_ok=True)
        if fcntl is not None and self.folder.lstat().st_uid != os.getuid():
            raise OutputFileError(f"{self.folder}: belongs to another user; remove it, or restart the service")
        with (self.folder / _LOCK).open("ab") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """A file to read. Raises InputFileError where it cannot be read, or is a pipe, a folder or a device."""
    try:
        descriptor = os.open(path, _READ_AT_ONCE)
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputFileError(f"{path}: is not a regular file; put a model file in its place")
    with open(descriptor, "rb") as source:
        yield source


@contextlib.contextmanager
def copies() -> Iterator[Copies]:
    """A new folder of copies, removed at the end; those that killed services have left are removed at the start."""
    _remove_stale(Path(tempfile.gettempdir()))
    try:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        raise OutputFileError(
            f"{tempfile.gettempdir()}: cannot hold copies of the models ({error.strerror}); name a folder in TMPDIR"
        ) from None
    with (folder / _OWNER).open("ab") as held:
        if fcntl is not None:
            fcntl.flock(held, fcntl.LOCK_SH)
        try:
            yield Copies(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_stale(parent: Path) -> None:
    """Remove the folders of this user that no process holds."""
    if fcntl is None:
        return
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError), (folder / _OWNER).open("r+b") as held:
            if folder.lstat().st_uid == os.getuid():
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
