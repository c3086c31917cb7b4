"""What is asked of a cluster: workers by name, and three verbs. Another engine is one more file like `dask_engine`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol


class Engine(Protocol):
    """Processes that work, each on one piece at a time.

    An engine raises what the work raises, and `ClusterError` where the cluster itself is gone.
    """

    def workers(self) -> list[str]:
        """The names of the workers there are now; waits a while for the first."""
        ...

    def hold(self, value: object, worker: str | None = None) -> object:
        """Leave a value with one worker, or with all of them, for as long as what is returned is referred to.

        That stands for the value as an argument. Work is given the value itself, which on one worker can keep what work
        changes in it.
        """
        ...

    def start(self, name: str, work: Callable[..., Any], worker: str, arguments: Sequence[object]) -> object:
        """Start work(*arguments) on a worker: what stands for its result, also as an argument of later work.

        Such an argument goes from worker to worker. `name` is what people see who watch the cluster.
        """
        ...

    def results(self, started: Sequence[object]) -> list[Any]:
        """What was returned by work that has been started; waits for it.

        Raises
        ------
        WorkersLostError
            Some workers are lost, or have lost what they held.
        """
        ...


class WorkersLostError(Exception):
    """Some workers are lost with what they kept.

    Parameters
    ----------
    workers : iterable of str
        Their names.
    """

    def __init__(self, workers: Iterable[str]) -> None:
        self.workers = frozenset(workers)
        super().__init__(", ".join(sorted(self.workers)))
