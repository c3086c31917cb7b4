"""Work on one thread or on several, its results in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from threading import get_ident
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

    working: list[int] = []
    with ThreadPoolExecutor(threads, initializer=lambda: working.append(get_ident())) as pool:
        try:
            yield pool.map
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            _interrupt(working)
            raise


def _interrupt(threads: list[int]) -> None:
    """Raise KeyboardInterrupt in threads, which Python itself raises in the main one alone."""
    from ctypes import c_ulong, py_object, pythonapi

    for thread in threads:
        pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread), py_object(KeyboardInterrupt))


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
