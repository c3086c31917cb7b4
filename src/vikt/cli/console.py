"""What every command shares: one line for each error, exit codes, output on the terminal, progress."""

from __future__ import annotations

import errno
import functools
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from vikt import interruption
from vikt.errors import AimMissedError, ParameterError, UsageError, ViktError
from vikt.names import PARAMETERS
from vikt.tables import escaped, escaped_json

if TYPE_CHECKING:
    from vikt.progress import Progress

Command = TypeVar("Command", bound=Callable[..., Any])

FAILED, WRONG_USAGE, AIM_MISSED, INTERRUPTED = 1, 2, 3, 130

_OPTIONS = (*PARAMETERS, "labels_separator", "memory", "work_dir", "cluster", "shards")
_NO_WORDS = "|".join(name for name in _OPTIONS if "_" in name or name in ("l2", "tol"))
# A parameter that is set, or one whose name is no word of English.
_PARAMETER = re.compile(rf"(?<![\w'\"./-])(?:(?P<set>{'|'.join(_OPTIONS)}) ?= ?|(?P<name>{_NO_WORDS})(?![\w.:/-]))")


def guarded(command: Command) -> Command:
    """Show the warnings, notes and errors of a command on stderr, and heed Ctrl-C while it works."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        warnings.showwarning = lambda message, *_: say(f"warning: {in_options(str(message))}")
        # Those of other packages for programmers, such as DeprecationWarning, are not for users of a command.
        warnings.simplefilter("ignore")
        for kind in (UserWarning, RuntimeWarning):
            warnings.simplefilter("always", kind)
        _show_log(quiet=bool(kwargs.get("quiet")))
        with reported(), interruption.heeded():
            result = command(*args, **kwargs)
            sys.stdout.flush()
        return result

    return run  # type: ignore[return-value]


@contextmanager
def reported() -> Iterator[None]:
    """Turn an error into one line on stderr and an exit code; be silent where stdout is a closed pipe."""
    try:
        yield
    except BrokenPipeError:
        _discard(sys.stdout)
        raise SystemExit(0) from None
    except KeyboardInterrupt as error:
        say("; ".join(["interrupted", "no partial file was left", *map(str, error.args)]))
        raise SystemExit(INTERRUPTED) from None
    except ViktError as error:
        say(f"vikt: {_worded(error)}")
        raise SystemExit(_exit_code(error)) from None
    except MemoryError:
        say("vikt: out of memory; use fewer rows, a higher --min-df or shorter n-grams, or train from disk by --memory")
        raise SystemExit(FAILED) from None
    except OSError as error:
        if not error.filename:
            _discard(sys.stdout)
        reason = "it is closed" if error.errno == errno.EBADF else error.strerror or error
        say(f"vikt: {error.filename or 'standard output'}: {reason}")
        raise SystemExit(FAILED) from None


def _exit_code(error: ViktError) -> int:
    codes = {UsageError: WRONG_USAGE, AimMissedError: AIM_MISSED}
    return next((code for kind, code in codes.items() if isinstance(error, kind)), FAILED)


def _worded(error: ViktError) -> str:
    """The message of an error, with the arguments of a function that solve it as options."""
    if isinstance(error, ParameterError):
        return f"{option_of(error.parameter)}: {in_options(error.problem)}"
    message, options = in_options(error.message), " ".join(_option(*argument) for argument in error.remedy.items())
    return f"{message} with {options}" if options else message


def _option(name: str, value: object) -> str:
    """An argument of a function as an option of the command line.

    Examples
    --------
    >>> _option("format", "csv"), _option("delimiter", ";"), _option("header", False), _option("text", ...)
    ('--format csv', "--delimiter ';'", '--no-header', '--text')
    """
    import shlex

    option = option_of(name)
    if value is True or value is ...:
        return option
    if value is False:
        return option.replace("--", "--no-", 1)
    return option + " " + ("tab" if value == "\t" else shlex.quote(str(value)))


def in_options(message: str) -> str:
    """A message with the options of the command line in the place of parameters; what is quoted or in a path stays.

    Examples
    --------
    >>> in_options("data/l2.csv: no word is in min_df=2 texts; lower min_df, or name the column 'min_df'")
    "data/l2.csv: no word is in --min-df 2 texts; lower --min-df, or name the column 'min_df'"
    """
    return _PARAMETER.sub(lambda found: option_of(found["name"] or found["set"]) + " " * bool(found["set"]), message)


def option_of(parameter: str) -> str:
    """The option of the command line that sets a parameter.

    Examples
    --------
    >>> option_of("min_df"), option_of("random_state")
    ('--min-df', '--seed')
    """
    return "--seed" if parameter == "random_state" else f"--{parameter.replace('_', '-')}"


def _discard(stream: TextIO) -> None:
    """Drop what a stream still holds, and all that follows: Python would report the error again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class _Messages(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(in_options(record.getMessage()))


def _show_log(quiet: bool) -> None:
    logger = logging.getLogger("vikt")
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    logger.handlers = [_Messages()]


def say(message: str) -> None:
    """Print a line on stderr. Where nobody reads it, the work goes on."""
    try:
        print(escaped(message), file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)


def say_notes(notes: Iterable[str], quiet: bool) -> None:
    """Print notes for the user on stderr, a line each, unless they want quiet."""
    # Also where nothing is said: a generator of notes may do the work that they are about.
    for note in notes:
        if not quiet:
            say(in_options(note))


def show(text: str) -> None:
    """Print a result for people on stdout, its control characters spelled out."""
    print(escaped(text))


def print_json(content: object) -> None:
    """Print a result as JSON on stdout."""
    import json

    spelled = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
    print(escaped_json(spelled))


def progress(quiet: bool) -> AbstractContextManager[Progress]:
    """A progress bar on stderr, on a terminal only; enter it for the function that updates it."""
    from vikt.progress import is_terminal, progress_reporter

    return progress_reporter(is_terminal() and not quiet)
