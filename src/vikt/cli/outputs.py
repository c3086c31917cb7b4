"""Where a command writes: to stdout, or to a file that it may replace."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from vikt.cli.console import say, show
from vikt.errors import OutputFileError, UsageError
from vikt.files.model_file import model_pieces, save_model
from vikt.files.replacement import check_replaceable, replacing
from vikt.fitting.saved import SavedModel


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


def save_or_print(saved: SavedModel, path: Path, force: bool) -> None:
    """Write a model to a file, or to stdout."""
    if is_standard(path):
        sys.stdout.buffer.writelines(model_pieces(*saved.to_file()))
    else:
        save_model(path, *saved.to_file(), force=force)


def check_one_on_stdout(output: Path, as_json: bool) -> None:
    """Refuse a model and JSON on one stream."""
    if as_json and is_standard(output):
        raise UsageError("-o - and --json both write to standard output; name a file for the model")


def show_beside(output: Path, blocks: Iterable[str], quiet: bool) -> None:
    """Print the blocks that are not empty: on stdout, or on stderr where the model is on stdout."""
    text = "\n\n".join(filter(None, blocks))
    if not is_standard(output):
        show(text)
    elif not quiet:
        say(text)


def is_empty(path: Path) -> bool:
    """Whether a file holds nothing."""
    return path.stat().st_size == 0


def check_output(
    path: Path | None,
    inputs: Iterable[str],
    force: bool,
    kind: str = "empty",
    is_own: Callable[[Path], bool] = is_empty,
    option: str = "-o",
) -> None:
    """Refuse a file that cannot or must not be written, before the work rather than after it.

    Parameters
    ----------
    inputs : iterable of str
        The files and folders that the command reads: they are never overwritten.
    kind : str
        What may be replaced without `force`, for the message; `is_own` tells such a file.
    option : str
        The option that names the file, for the message.

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
        raise UsageError(f"{path}: is an input, so it cannot be the output too; choose another file with {option}")
    # Where the path is a link, the file that it points to is replaced.
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise OutputFileError(
            f"{path}: the folder {folder} does not exist; create it, or choose another folder with {option}"
        )
    if path.is_dir():
        raise OutputFileError(f"{path}: is a folder; name a file with {option}, such as {path / 'FILE'}")
    if not path.exists() and not os.access(folder, os.W_OK):
        raise OutputFileError(f"{path}: the folder {folder} is not writable; choose another folder with {option}")
    check_replaceable(path, kind, is_own, force)


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
