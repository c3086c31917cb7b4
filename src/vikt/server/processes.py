"""Several processes that do the same work, each replaced when it dies, all ended by a signal."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from vikt.errors import ServiceError
from vikt.server.logs import log, log_error

# One that ends earlier will not do better the next time.
_LEAST_SECONDS = 2.0
_SECONDS_TO_END = 5.0
_SECONDS_BETWEEN_LOOKS = 0.1


def supervised(work: Callable[[int], None], count: int, received: list[int], seconds: float) -> None:
    """Do `work(row)` in so many processes until one of the signals arrives that are collected in `received`.

    The processes then have `seconds` to end by themselves.

    Raises
    ------
    ServiceError
        A process ends as soon as it has started.
    """
    running: dict[int, tuple[int, float]] = {}
    try:
        for row in range(count):
            running[_started(work, row)] = row, time.monotonic()
        while not received:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            for pid in _ended(running):
                row, since = running.pop(pid)
                if time.monotonic() - since < _LEAST_SECONDS:
                    raise ServiceError("a process that answers ended as soon as it had started; see the log")
                log("worker replaced", "error", pid=pid)
                running[_started(work, row)] = row, time.monotonic()
    finally:
        _end(running, seconds)


def _started(work: Callable[[int], None], row: int) -> int:
    """A new process that does the work, and nothing after it."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work(row)
        code = 0
    except BaseException as error:
        log_error("worker failed", error)
    finally:
        os._exit(code)


def _ended(running: dict[int, tuple[int, float]]) -> list[int]:
    return [pid for pid in running if os.waitpid(pid, os.WNOHANG)[0]]


def _end(running: dict[int, tuple[int, float]], seconds: float) -> None:
    """End all processes, and kill those that take too long."""
    for pid in running:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds + _SECONDS_TO_END
    while running and time.monotonic() < deadline:
        for pid in _ended(running):
            del running[pid]
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
