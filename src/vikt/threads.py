"""Work on one thread or on several, its results in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from threading import Lock, get_ident
from typing import Any

# Like `map`, on several threads: yields the results in the order of the items.
Run = Callable[..., Iterable[Any]]


@contextmanager
def running(threads: int) -> Iterator[Run]:
    """Provide a function like `map` that runs on this thread or on several.

    An interruption (Ctrl-C) reaches all of them: each finishes its current call and starts no other.
    """
    if threads == 1:
        yield map
        return
    # Most processes work on one thread.
    from concurrent.futures import ThreadPoolExecutor

    calls = _Calls()
    with ThreadPoolExecutor(threads) as pool:
        try:
            yield lambda work, *items: pool.map(calls.interruptible(work), *items)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            calls.interrupt()
            raise


class _Calls:
    """The calls that threads have begun, which can be interrupted as Python itself interrupts the main thread alone.

    A thread that waits for work is left alone: the pool would print a traceback of what interrupts it there.
    """

    def __init__(self) -> None:
        self._threads = set[int]()
        self._is_interrupted = False
        self._lock = Lock()

    def interruptible(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """The work, as calls that `interrupt` reaches."""

        def call(*arguments: Any) -> Any:
            self._begin()
            try:
                return work(*arguments)
            finally:
                self._end()

        return call

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in every call that has begun, and in those to come."""
        from ctypes import c_ulong, py_object, pythonapi

        with self._lock:
            self._is_interrupted = True
            for thread in self._threads:
                pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread), py_object(KeyboardInterrupt))

    def _begin(self) -> None:
        with self._lock:
            if self._is_interrupted:
                raise KeyboardInterrupt
            self._threads.add(get_ident())

    def _end(self) -> None:
        # An interruption of the call is raised here at the latest, after the next call of a function.
        with self._lock:
            self._threads.discard(get_ident())


def divided(n: int, n_parts: int) -> list[slice]:
    """Divide the numbers from 0 to n - 1 into `n_parts` slices of about the same size.

    Examples
    --------
    >>> divided(5, 2)
    [slice(0, 2, None), slice(2, 5, None)]
    """
    edges = [n * part // n_parts for part in range(n_parts + 1)]
    return [slice(begin, end) for begin, end in pairwise(edges)]


def in_parts(n: int, threads: int, work: Callable[[slice], object]) -> None:
    """Divide the numbers from 0 to n - 1 among threads, and do the work of each slice on its own thread."""
    with running(threads) as run:
        list(run(work, divided(n, threads)))
