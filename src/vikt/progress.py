"""Progress for people: a bar on a terminal, a line for each stage elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vikt.errors import UsageError

# Called with (stage, done, total); total is 0 where it is not known.
Progress = Callable[[str, int, int], None]


def no_progress(stage: str, done: int, total: int) -> None:
    """Report progress to nobody."""


@contextmanager
def progress_reporter(progress: Progress | bool) -> Iterator[Progress]:
    """The function to report progress to: the one given, the one that shows it on stderr (True), or nobody (False).

    Raises
    ------
    UsageError
        It is neither a function nor True or False.

    Examples
    --------
    >>> with progress_reporter(print) as report:
    ...     report("reading", 1, 3)
    reading 1 3
    """
    if progress is True:
        with bar() if is_terminal() else lines() as report:
            yield report
    elif progress is False:
        yield no_progress
    elif callable(progress):
        yield progress
    else:
        raise UsageError(f"progress: expected True, False or a function, found {progress!r:.60}")


def is_terminal() -> bool:
    """Whether stderr is a terminal; in a notebook it is none."""
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def bar() -> Iterator[Progress]:
    """A progress bar on stderr, which disappears at the end."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    # In a notebook's shell, Rich would ask for widgets.
    with Bars(*columns, console=Console(stderr=True, force_jupyter=False), transient=True) as bars:
        task = bars.add_task("reading", total=None, count="")

        def update(stage: str, done: int, total: int) -> None:
            count = f"{done:,} of {total:,}" if total else f"{done:,}"
            bars.update(task, description=stage, completed=done, total=total or None, count=count)

        yield update


@contextmanager
def lines() -> Iterator[Progress]:
    """A line on stderr when each stage starts for the first time."""
    stages: set[str] = set()

    def update(stage: str, done: int, total: int) -> None:
        if stage not in stages and sys.stderr is not None:
            stages.add(stage)
            print(f"{stage} ...", file=sys.stderr, flush=True)

    yield update
