"""Replace a file whole or not at all: write a temporary file in the same folder, and rename it at the end."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from vikt.errors import OutputFileError, ViktError

try:
    import fcntl
except ImportError:  # Windows has no such locks: there, temporary files of killed processes stay.
    fcntl = None  # type: ignore[assignment]

_PARTIAL = ".vikt-partial"


class Replacements:
    """Files that are replaced one after the other: what killed processes left is looked for once in each folder."""

    def __init__(self) -> None:
        self._searched = set[Path]()

    def replacing(self, path: Path) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Write to a temporary file and rename it at the end, so that the file it replaces stays whole until then.

        A link stays one: the file that it points to is replaced, and keeps its permissions.

        Raises
        ------
        OutputFileError
            The folder is missing or cannot be written, or the disk is full.
        """
        return _replacing(path, self._search)

    def _search(self, folder: Path) -> None:
        if folder not in self._searched:
            self._searched.add(folder)
            _remove_stale(folder)


def replacing(path: Path) -> contextlib.AbstractContextManager[IO[bytes]]:
    """Replace a single file, as `Replacements` does."""
    return Replacements().replacing(path)


@contextlib.contextmanager
def _replacing(path: Path, search: Callable[[Path], None]) -> Iterator[IO[bytes]]:
    temporary = None
    try:
        with explained(path):
            if path.exists() and not path.is_file():
                # A device or a pipe is written to, never replaced.
                with path.open("wb") as device:
                    yield device
                return
            target = Path(os.path.realpath(path))
            search(target.parent)
            file, temporary = _new_in(target.parent)
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if fcntl is None:
                    file.close()  # Windows renames no open file.
                os.chmod(temporary, stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask())
                os.replace(temporary, target)
    finally:
        if temporary is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say what to do where the system refuses to write a file. Raises OutputFileError."""
    try:
        yield
    except OSError as error:
        if isinstance(error, ViktError):
            raise
        raise OutputFileError(f"{path}: cannot be written: {_advice(error, path)}") from None


def check_replaceable(path: Path, kind: str, is_own: Callable[[Path], bool], force: bool) -> None:
    """Refuse to replace a file that is not of a kind, such as "a vikt model"; devices and pipes are written to.

    Raises
    ------
    OutputFileError
        The file exists, `is_own` is false of it, and so is `force`.
    """
    if path.is_file() and not force and not is_own(path):
        raise OutputFileError(f"{path}: exists and is not {kind}; choose another file, or overwrite it", force=True)


def _new_in(folder: Path) -> tuple[IO[bytes], str]:
    """A new hidden file in a folder, locked while it is open: a killed process holds no lock.

    Its name is short, so that it is none too long where that of the file is not.
    """
    while True:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=_PARTIAL)
        with contextlib.suppress(OSError, AttributeError):  # Some file systems know no locks.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return open(descriptor, "wb"), name
        # Another process took the file for stale before it was locked.
        os.close(descriptor)


def _remove_stale(folder: Path) -> None:
    """Remove the temporary files of killed processes: those that nobody locks."""
    for left in folder.glob(f".*{_PARTIAL}"):
        with contextlib.suppress(OSError, AttributeError), left.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _advice(error: OSError, path: Path) -> str:
    advice = {
        errno.ENOSPC: "the disk is full; make room or choose another folder",
        errno.ENOENT: _advice_on_folder(path.parent),
        errno.EACCES: f"no permission to write in {path.parent}; choose another folder",
        errno.EROFS: f"{path.parent} is read-only; choose another folder",
        errno.ENOTDIR: f"{path.parent} is not a folder; choose another",
        errno.EISDIR: "it is a folder; name a file",
    }
    return advice.get(error.errno or 0, str(error.strerror or error))


def _advice_on_folder(folder: Path) -> str:
    if folder.is_dir():  # of a file system that takes no new files, such as /proc
        return f"the folder {folder} takes no files; choose another"
    return f"the folder {folder} does not exist; create it first"
