"""A folder for work that is too large for memory: it is kept while the work is unfinished, so that it can resume."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from vikt.errors import DataError, OutputFileError, UsageError
from vikt.files.replacement import explained, replacing
from vikt.mappings import Json, ReadJson
from vikt.tables import setting, size

try:
    import fcntl
except ImportError:  # Windows has no such locks.
    fcntl = None  # type: ignore[assignment]

_JOB, _LOCK, _REFUSED = "job.json", "lock", "refused"

# Removes what the work in a folder has left elsewhere.
Discard = Callable[[Path], None]


def _nothing_elsewhere(path: Path) -> None:
    pass


@dataclass(frozen=True)
class WorkFolder:
    """The folder of one job, which no other process works in.

    Attributes
    ----------
    path : Path
    discard : callable
        Called with the path before the work in the folder is removed.
    """

    path: Path
    discard: Discard = _nothing_elsewhere

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    @property
    def token(self) -> Path:
        """A file with a content that no other folder has."""
        return self.path / _LOCK

    def folder(self, name: str) -> Path:
        """A folder within, which is made."""
        made = self.path / name
        made.mkdir(exist_ok=True)
        return made

    def remove(self, name: str) -> None:
        """Remove a folder within, if it is there."""
        _remove(self.path / name)

    def clear(self) -> None:
        """Remove all that was done, as far as it can be removed."""
        with suppress(OSError):
            self.keep_only()

    def keep_only(self, names: Collection[str] = ()) -> None:
        """Remove all that was done, but for what has one of these names."""
        self.discard(self.path)
        _empty(self.path, but=[_LOCK, *names])

    def end(self) -> None:
        """Remove the folder."""
        self.discard(self.path)
        _remove(self.path)

    def once(self, name: str, make: Callable[[], Json]) -> ReadJson:
        """What was made and written down, now or before."""
        path = self.path / name
        if not path.exists():
            write_json(path, make())
        return read_json(path)


@contextmanager
def work_folder(
    path: Path,
    job: Json,
    *,
    shared: Collection[str] = (),
    restart: bool = False,
    discard: Discard = _nothing_elsewhere,
) -> Iterator[WorkFolder]:
    """The folder of a job, new or with what was done of it, which is removed at the end.

    If the work fails, what was done stays, so that the work can resume. If the data are at fault, all of it is removed;
    if the options are, a job with other options may take the folder over, and finds what is shared.

    Parameters
    ----------
    job : mapping
        What makes the results what they are, as JSON holds it: the folder of another job is refused.
    shared : collection of str
        The files and folders within that tell by themselves whether they fit a job.
    restart : bool
        Remove what was done before.
    discard : callable
        Removes what the work has left elsewhere; called with the path before the work in the folder is removed.

    Raises
    ------
    OutputFileError
        The folder holds something else, or the work of another job; or another process works there; or somebody
        removes it during the work.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        names = {found.name for found in path.iterdir()}
    except FileExistsError:
        raise OutputFileError(f"{path}: is a file, not a folder; choose another place for the work") from None
    except OSError as error:
        raise OutputFileError(f"{path}: cannot be a work folder ({error.strerror}); choose another") from None
    if names and not names & {_JOB, _LOCK}:
        raise OutputFileError(f"{path}: holds files of something else; choose an empty folder for the work")
    folder = WorkFolder(path, discard)
    with _locked(path):
        _take(folder, job, shared, restart)
        try:
            with _told_if_removed(path):
                yield folder
            folder.end()
        except DataError:
            # The same job would fail again.
            folder.end()
            raise
        except UsageError:
            with suppress(OSError):
                (path / _REFUSED).touch()
            raise
        finally:
            if not has_work(path):
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
    """Whether any work was done: the file of a job says only what was asked, and hidden files are unfinished."""
    own = (_JOB, _LOCK, _REFUSED)
    return any(found.is_file() and found.name not in own and found.name[0] != "." for found in path.rglob("*"))


def _take(folder: WorkFolder, job: Json, shared: Collection[str], restart: bool) -> None:
    """Give a folder to a job: what was done of it stays, what was done of another one goes. Raises OutputFileError."""
    kept, refused = folder / _JOB, folder / _REFUSED
    if restart or not has_work(folder.path):
        folder.keep_only()
    before = read_json(kept) if kept.exists() else None
    differing = None if before is None else _differing(before, json.loads(json.dumps(job)))
    if differing and not refused.exists():
        raise OutputFileError(
            f"{folder.path}: holds unfinished work of another command: {differing}; repeat that command, or start anew",
            restart=True,
        )
    if differing or before is None:
        folder.keep_only(shared)
        write_json(kept, job)
    refused.unlink(missing_ok=True)


def _differing(before: ReadJson, now: ReadJson) -> str | None:
    """The first difference of two jobs in words, if there is any."""
    name = next((name for name in {**now, **before} if before.get(name) != now.get(name)), None)
    if name is None:
        return None
    return f"its {name} was {setting(before.get(name))}, and is now {setting(now.get(name))}"


@contextmanager
def _told_if_removed(path: Path) -> Iterator[None]:
    """Raise OutputFileError where an error comes of the folder having been removed."""
    try:
        yield
    except OSError as error:
        if (path / _LOCK).exists():
            raise
        raise OutputFileError(
            f"{path}: this work folder was removed during the work; run the same work again, which starts anew"
        ) from error


def _remove(folder: Path) -> None:
    """Remove a folder, if it is there. One that a link points to is emptied, so that the link leads somewhere."""
    if folder.is_symlink():
        with suppress(OSError):
            _empty(folder)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path, but: Collection[str] = ()) -> None:
    """Remove what a folder holds but for what has one of these names."""
    for found in folder.iterdir():
        if found.name in but:
            continue
        if found.is_dir() and not found.is_symlink():
            shutil.rmtree(found)
        else:
            found.unlink()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with explained(path / _LOCK):
        # What another process wrote stays, until it is known that there is none.
        file = (path / _LOCK).open("ab")
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
        with explained(path / _LOCK):
            file.truncate(0)
            file.write(secrets.token_bytes())
            file.flush()
            os.fsync(file.fileno())
        yield


def check_room(folder: Path, needed: float, content: str, remedy: str) -> None:
    """Raise OutputFileError where the disk of a folder has too little room for the bytes that are needed."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OutputFileError(
            f"{folder}: expected room for about {size(needed)} of {content}, found {size(free)} free; make room, "
            f"{remedy}"
        )
