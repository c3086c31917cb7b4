"""What belongs to the rows of parts on disk: kept beside them, or made anew while a part is in memory."""

from __future__ import annotations

import pickle
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Generic, TypeVar

from vikt.files.replacement import explained
from vikt.parts.part import Part, given_to

T = TypeVar("T")

# Most of what belongs to rows is small where rows are few, and opening a file takes longer than reading it.
_IN_MEMORY = 1 << 24


class Scratch:
    """Values that are kept as long as they are referred to: a few MB in memory, and files for the others.

    The files lie in a folder of their own, which ends with the last of them.
    """

    def __init__(self, folder: Path) -> None:
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(dir=folder))
        self._numbers, self._left = count(), _IN_MEMORY
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def kept(self, value: T) -> Stored[T]:
        """Keep a value. Raises OutputFileError where it cannot be written; the disk may be full."""
        content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        if len(content) <= self._left:
            self._left -= len(content)
            kept = Stored[T](self, content)
            weakref.finalize(kept, self._give_back, len(content))
            return kept
        path = self._folder / str(next(self._numbers))
        kept = Stored[T](self, path)
        weakref.finalize(kept, path.unlink, missing_ok=True)
        with explained(path):
            path.write_bytes(content)
        return kept

    def _give_back(self, n_bytes: int) -> None:
        self._left += n_bytes


@dataclass(frozen=True, eq=False)
class Stored(Generic[T]):
    """A value as bytes, in memory or in a file."""

    scratch: Scratch
    place: bytes | Path

    @property
    def value(self) -> T:
        content = self.place if isinstance(self.place, bytes) else self.place.read_bytes()
        return pickle.loads(content)  # type: ignore[no-any-return]


class Later(Generic[T]):
    """What is made of a part when it is first an argument, while the part is in memory anyway, and then kept."""

    def __init__(self, scratch: Scratch, work: Callable[..., T], arguments: tuple[object, ...]) -> None:
        self._scratch, self._work, self._arguments = scratch, work, arguments
        self._kept: Stored[T] | None = None

    def of(self, part: Part) -> T:
        if self._kept is not None:
            return self._kept.value
        value = self._work(part, *(given_value(part, argument) for argument in self._arguments))
        self._kept = self._scratch.kept(value)
        # What it was made of is no longer needed for it.
        self._arguments = ()
        return value


@dataclass(frozen=True)
class Derived(Generic[T]):
    """What is made anew of a part wherever it is an argument."""

    work: Callable[..., T]
    arguments: tuple[object, ...]

    def of(self, part: Part) -> T:
        return self.work(part, *(given_value(part, argument) for argument in self.arguments))


def own_arguments(part: Part, number: int, arguments: Iterable[object]) -> list[object]:
    """The arguments of a part's work, its own element of each `PerPart` read or made."""
    return [given_value(part, argument) for argument in given_to(number, arguments)]


def given_value(part: Part, argument: Any) -> Any:
    """What an argument stands for, read or made."""
    if isinstance(argument, Later | Derived):
        return argument.of(part)
    return argument.value if isinstance(argument, Stored) else argument
