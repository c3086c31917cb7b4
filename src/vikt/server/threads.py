"""Work off the event loop: a thread does what waits for it, one batch after the other."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from vikt.server.problems import busy

Job = TypeVar("Job")


class WorkThread(Generic[Job]):
    """A thread, and the jobs that wait for it.

    Parameters
    ----------
    work : callable
        Jobs to what comes of each: a value, or an exception.
    most : int
        How many jobs may wait.
    together : int
        How many of them are done at a time.
    """

    def __init__(self, work: Callable[[Sequence[Job]], Sequence[object]], most: int, together: int = 1) -> None:
        self._work, self._most, self._together = work, most, together
        self._queue: SimpleQueue[tuple[Job, asyncio.Future[object]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    async def result(self, job: Job) -> Any:
        """What comes of a job. Raises ProblemError where too many wait, and what the job raises."""
        if self._queue.qsize() >= self._most:
            raise busy(f"{self._most} requests wait already; try again in a second")
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._queue.put((job, future))
        return await future

    def close(self) -> None:
        """Do what waits, and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_open = True
        while is_open:
            batch = [self._queue.get()]
            while len(batch) < self._together and not self._queue.empty():
                batch.append(self._queue.get())
            is_open = None not in batch
            # A client that has gone, or has waited too long, needs no answer.
            wanted = [entry for entry in batch if entry is not None and not entry[1].cancelled()]
            if wanted:
                jobs, futures = zip(*wanted, strict=True)
                # The loop is closed where a service was stopped before its work was done.
                with contextlib.suppress(RuntimeError):
                    futures[0].get_loop().call_soon_threadsafe(_settle, futures, self._outcomes(jobs))

    def _outcomes(self, jobs: Sequence[Job]) -> Sequence[object]:
        try:
            return self._work(jobs)
        except Exception as error:
            return [error] * len(jobs)


def _settle(futures: Sequence[asyncio.Future[object]], outcomes: Sequence[object]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def one_by_one(jobs: Sequence[Callable[[], object]]) -> list[object]:
    """The work of a thread whose jobs are functions."""
    return [_outcome(job) for job in jobs]


def _outcome(job: Callable[[], object]) -> object:
    try:
        return job()
    except Exception as error:
        return error
