"""What every command shares: one line for each error, exit codes, progress."""

from __future__ import annotations

import functools
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from vikt import interruption
from vikt.errors import UsageError, ViktError

Command = TypeVar("Command", bound=Callable[..., Any])

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130


def guarded(command: Command) -> Command:
    """Turn the errors of a command into one line on stderr and an exit code; be silent on a closed pipe."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        warnings.showwarning = lambda message, *_: say(f"warning: {message}")
        warnings.simplefilter("always")
        _show_log(quiet=bool(kwargs.get("quiet")))
        try:
            with interruption.heeded():
                result = command(*args, **kwargs)
                sys.stdout.flush()
            return result
        except BrokenPipeError:
            # Python would report the error again when it closes the stream at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(0) from None
        except KeyboardInterrupt:
            say("interrupted; no file is left half-written")
            raise SystemExit(INTERRUPTED) from None
        except ViktError as error:
            say(f"vikt: {error}")
            raise SystemExit(WRONG_USAGE if isinstance(error, UsageError) else FAILED) from None
        except MemoryError:
            say("vikt: out of memory; use fewer rows, a higher --min-df or shorter n-grams")
            raise SystemExit(FAILED) from None
        except OSError as error:
            say(f"vikt: {error.filename or 'output'}: {error.strerror or error}")
            raise SystemExit(FAILED) from None

    return run  # type: ignore[return-value]


class _Messages(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())


def _show_log(quiet: bool) -> None:
    logger = logging.getLogger("vikt")
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    logger.handlers = [_Messages()]


def say(message: str) -> None:
    """Print a line on stderr."""
    print(message, file=sys.stderr, flush=True)


def print_json(content: object) -> None:
    """Print a result as JSON on stdout."""
    import json

    print(json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False))


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on stderr, on a terminal only; yields the function that updates it."""
    if quiet or not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("reading", total=None, count="")

        def update(stage: str, done: int, total: int) -> None:
            count = f"{done:,} of {total:,}" if total else f"{done:,}"
            bars.update(task, description=stage, completed=done, total=total or None, count=count)

        yield update
