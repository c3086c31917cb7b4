"""Where a command writes: to stdout, or to a file that it may replace."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from vikt.corpus.read_stream import open_input
from vikt.errors import OutputFileError, UsageError
from vikt.files.replacement import check_replaceable, replacing

_BYTES_LOOKED_AT = 1 << 16
_COLUMNS = (b"predicted", b"probability")
_ANSWER = re.compile(rb"[^\t\n]*\t(?:0\.\d+|\d(?:\.\d+)?e-\d+)\s")


def is_standard(path: Path | None) -> bool:
    """Whether a command writes to stdout: no file is named, or -."""
    return path is None or str(path) == "-"


@contextmanager
def writing(path: Path | None) -> Iterator[IO[bytes]]:
    """A stream to stdout, or to a file that is replaced at the end."""
    if path is None or is_standard(path):
        yield sys.stdout.buffer
    else:
        with replacing(path) as file:
            yield file


def check_output(
    path: Path | None, inputs: Iterable[str], kind: str, is_own: Callable[[Path], bool], force: bool
) -> None:
    """Refuse a file that cannot or must not be written, before the work rather than after it.

    Parameters
    ----------
    inputs : iterable of str
        The files and folders that the command reads: they are never overwritten.
    kind : str
        What the command writes, for the message; `is_own` tells such a file, which is replaced without `force`.

    Raises
    ------
    UsageError
        The file is one of the inputs.
    OutputFileError
        The folder is missing or read-only, the file is a folder, or it must not be replaced.
    """
    if path is None or is_standard(path):
        return
    if any(_is_read_from(path, name) for name in inputs):
        raise UsageError(f"{path}: is an input, so it cannot be the output too; choose another file with -o")
    # Where the path is a link, the file that it points to is replaced.
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise OutputFileError(
            f"{path}: the folder {folder} does not exist; create it, or choose another folder with -o"
        )
    if path.is_dir():
        raise OutputFileError(f"{path}: is a folder; name a file with -o, such as {path / 'FILE'}")
    if not path.exists() and not os.access(folder, os.W_OK):
        raise OutputFileError(f"{path}: the folder {folder} cannot be written; choose another folder with -o")
    check_replaceable(path, kind, is_own, force)


def holds_answers(path: Path) -> bool:
    """Whether a file is empty, or looks like one that `vikt predict` has written."""
    try:
        with open_input(path) as stream:
            start = stream.readline(_BYTES_LOOKED_AT)
            if start.startswith((b"PAR1", b"ARROW1")):
                # Their columns are named at the end.
                start = (start + stream.read())[-_BYTES_LOOKED_AT:]
    except OSError:
        return False
    return not start or all(name in start for name in _COLUMNS) or _ANSWER.match(start) is not None


def _is_read_from(path: Path, name: str) -> bool:
    """Whether a file is an input, or a document in a class's folder of one."""
    if name == "-":
        return _is_redirected_from(path)
    if not path.is_file() or not os.path.exists(name):
        return False
    if os.path.isdir(name):
        return os.path.samefile(name, Path(os.path.realpath(path)).parent.parent)
    return os.path.samefile(path, name)


def _is_redirected_from(path: Path) -> bool:
    """Whether the shell redirects standard input from a file."""
    try:
        return path.is_file() and os.path.samestat(path.stat(), os.fstat(sys.stdin.fileno()))
    except (OSError, ValueError):  # a stream without a descriptor
        return False
