"""Work on one thread or on several, its results in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

# Does something for each item, on as many threads as there are, and hands out the results in order.
Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@contextmanager
def running(threads: int) -> Iterator[Run]:
    """Hands out what runs a function over items, on this thread or on several."""
    if threads == 1:
        yield map
        return
    with ThreadPoolExecutor(threads) as pool:
        yield pool.map
