"""The standard streams and the arguments of the process: UTF-8, and open, whatever the shell has done."""

from __future__ import annotations

import io
import os
import sys


def use_utf8() -> None:
    """Start Python anew in UTF-8 mode where the locale has it read arguments and file names in another encoding.

    They are UTF-8 nearly everywhere, whatever the locale says, and Python has decoded them before any code runs.
    """
    encoding = sys.getfilesystemencoding().lower()
    if encoding not in ("utf-8", "utf8") and sys.executable:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def open_standard_streams() -> None:
    """Put a stream that fails in the place of one that the shell has closed, and write UTF-8.

    Otherwise the next file opened would take its number, and results would be lost without a word. Only what stderr
    is told may be lost.
    """
    sys.stdin = sys.stdin or open(_placed(0, os.O_WRONLY), encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(_placed(1, os.O_RDONLY), "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(_placed(2, os.O_WRONLY), "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    # Unbuffered, as PYTHONUNBUFFERED has it, a write may end before all is written, and raise nothing.
    if isinstance(getattr(sys.stdout, "buffer", None), io.RawIOBase):
        sys.stdout = open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")


def _placed(number: int, access: int) -> int:
    """The null device, opened for the other direction than the stream's, under the stream's number."""
    descriptor = os.open(os.devnull, access)
    if descriptor != number:
        os.dup2(descriptor, number)
        os.close(descriptor)
    return number
