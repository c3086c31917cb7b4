"""A folder for work that is too large for memory: it is kept while the work is unfinished, so that it can resume."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vikt.errors import DataError, OutputFileError
from vikt.files.replacement import explained, replacing
from vikt.mappings import Json, ReadJson
from vikt.tables import setting, size

try:
    import fcntl
except ImportError:  # Windows has no such locks.
    fcntl = None  # type: ignore[assignment]

_JOB, _LOCK = "job.json", "lock"


@dataclass(frozen=True)
class WorkFolder:
    """The folder of one job, which no other process works in.

    Attributes
    ----------
    path : Path
    """

    path: Path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def folder(self, name: str) -> Path:
        """A folder within, which is made."""
        made = self.path / name
        made.mkdir(exist_ok=True)
        return made

    def emptied(self, name: str) -> Path:
        """A folder within, of which nothing is kept."""
        shutil.rmtree(self.path / name, ignore_errors=True)
        return self.folder(name)

    def remove(self, name: str = "") -> None:
        """Remove a folder within, if it is there, or all."""
        _remove(self.path / name)

    def once(self, name: str, make: Callable[[], Json]) -> ReadJson:
        """What was made and written down, now or before."""
        path = self.path / name
        if not path.exists():
            write_json(path, make())
        return read_json(path)


@contextmanager
def work_folder(path: Path, job: Json, *, restart: bool = False) -> Iterator[WorkFolder]:
    """The folder of a job, new or with what was done of it, which is removed at the end.

    If the work fails, the folder stays, so that the work can resume, unless the data are at fault.

    Parameters
    ----------
    job : mapping
        What makes the results what they are, as JSON holds it: the folder of another job is refused.
    restart : bool
        Remove what was done before.

    Raises
    ------
    OutputFileError
        The folder holds something else, or the work of another job; or another process works there.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        names = {found.name for found in path.iterdir()}
    except OSError as error:
        raise OutputFileError(f"{path}: cannot be a work folder ({error.strerror}); choose another") from None
    if names and not names & {_JOB, _LOCK}:
        raise OutputFileError(f"{path}: holds files of something else; choose an empty folder for the work")
    with _locked(path):
        _check_same(path, job, restart)
        try:
            yield WorkFolder(path)
        except DataError:
            # The same job would fail again.
            _remove(path)
            raise
        _remove(path)


def read_json(path: Path) -> ReadJson:
    """The content of a small file. Raises OutputFileError where it is damaged."""
    try:
        found: ReadJson = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise OutputFileError(f"{path}: cannot be read ({error}); start anew", restart=True) from None
    return found


def write_json(path: Path, content: Json) -> None:
    """Write a small file, whole or not at all."""
    with replacing(path) as file:
        file.write(json.dumps(content).encode())


def has_work(path: Path) -> bool:
    """Whether any work was done: the file of a job says only what was asked."""
    return any(found.is_file() and found.name not in (_JOB, _LOCK) for found in path.rglob("*"))


def _check_same(path: Path, job: Json, restart: bool) -> None:
    kept = path / _JOB
    if restart or not has_work(path):
        _empty(path, but=_LOCK)
    if not kept.exists():
        write_json(kept, job)
        return
    before, now = read_json(kept), json.loads(json.dumps(job))
    differing = [name for name in {**now, **before} if before.get(name) != now.get(name)]
    if differing:
        name = differing[0]
        raise OutputFileError(
            f"{path}: holds unfinished work of another command: its {name} was {setting(before.get(name))}, and is now "
            f"{setting(now.get(name))}; repeat that command, or start anew",
            restart=True,
        )


def _remove(folder: Path) -> None:
    """Remove a folder, if it is there. One that a link points to is emptied, so that the link leads somewhere."""
    if folder.is_symlink():
        with suppress(OSError):
            _empty(folder)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path, but: str = "") -> None:
    """Remove what a folder holds but for a file of one name."""
    for found in folder.iterdir():
        if found.is_dir() and not found.is_symlink():
            shutil.rmtree(found)
        elif found.name != but:
            found.unlink()


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    with explained(path / _LOCK):
        file = (path / _LOCK).open("wb")
    with file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OutputFileError(
                    f"{path}: another process works in this folder; wait for it, or choose another folder"
                ) from None
            except OSError:
                pass  # Some file systems know no locks.
        yield file


def check_room(folder: Path, needed: float, content: str, remedy: str) -> None:
    """Raise OutputFileError where the disk of a folder has too little room for the bytes that are needed."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OutputFileError(
            f"{folder}: expected room for about {size(needed)} of {content}, found {size(free)} free; make room, "
            f"{remedy}"
        )
