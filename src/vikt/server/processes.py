"""Several processes that do the same work, each replaced when it dies, all ended by a signal."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from vikt.errors import ServiceError
from vikt.server.logs import log, log_error

# A worker that ends earlier than this will hardly do better the next time.
_LEAST_SECONDS = 2.0
_MOST_PAUSE = 30.0
_SECONDS_TO_END = 5.0
_SECONDS_BETWEEN_LOOKS = 0.1


class _Run(NamedTuple):
    """A run of a worker: the row that it works on, when it starts, and the pause before that."""

    row: int
    starts: float
    pause: float = 0.0
    is_first: bool = False


def supervised(work: Callable[[int], None], count: int, received: list[int], seconds: float) -> None:
    """Do `work(row)` in `count` processes, one for each row, until a signal is in `received`.

    The processes then have `seconds` to end by themselves; a second signal kills them.

    Raises
    ------
    ServiceError
        A process ends as soon as it has first started.
    """
    waiting = [_Run(row, time.monotonic(), is_first=True) for row in range(count)]
    running: dict[int, _Run] = {}
    try:
        while not received:
            for run in [run for run in waiting if run.starts <= time.monotonic()]:
                waiting.remove(run)
                running[_started(work, run.row)] = run
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            waiting += [_next(pid, run) for pid, run in _take_ended(running).items()]
    finally:
        _end(running, received, seconds)


def _next(pid: int, run: _Run) -> _Run:
    """What follows a run that has ended: another, after a pause that grows while the runs are short."""
    now = time.monotonic()
    is_short = now - run.starts < _LEAST_SECONDS
    if is_short and run.is_first:
        raise ServiceError("a worker exited right after it started; see the log")
    pause = min(max(1.0, 2 * run.pause), _MOST_PAUSE) if is_short else 0.0
    log("worker replaced", "error", pid=pid, pause_seconds=pause)
    return _Run(run.row, now + pause, pause)


def _started(work: Callable[[int], None], row: int) -> int:
    """A new process that does the work, and nothing after it."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()
        work(row)
        code = 0
    except BaseException as error:
        log_error("worker failed", error)
    finally:
        os._exit(code)


def _end_after(parent: int) -> None:
    """End this process once its parent has gone."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _take_ended(running: dict[int, _Run]) -> dict[int, _Run]:
    """Remove the processes that have ended, and return them."""
    ended = [pid for pid in running if os.waitpid(pid, os.WNOHANG)[0]]
    return {pid: running.pop(pid) for pid in ended}


def _end(running: dict[int, _Run], received: list[int], seconds: float) -> None:
    """End all processes; kill those that take too long, or all of them at a second signal."""
    try:
        for pid in running:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds + _SECONDS_TO_END
        while running and time.monotonic() < deadline and len(received) < 2:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            _take_ended(running)
    finally:
        for pid in running:
            os.kill(pid, signal.SIGKILL)
