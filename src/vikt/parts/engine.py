"""What is asked of a cluster: workers by name, and three verbs. Another engine is one more file like `dask_engine`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol


class Engine(Protocol):
    """Processes that work, each on one piece at a time.

    An engine raises what the work raises, and `ClusterError` where the cluster itself is gone.
    """

    def workers(self) -> list[str]:
        """The names of the workers there are now; waits a while for the first."""
        ...

    def hold(self, value: object, worker: str | None = None) -> object:
        """Leave a value with one worker, or with all of them: what stands for it as an argument, for as long as it is.

        Work is given the value itself, which on one worker can keep what work changes in it.
        """
        ...

    def map(self, name: str, work: Callable[..., Any], arguments: Mapping[str, Sequence[object]]) -> dict[str, Any]:
        """work(*arguments) on each of some workers, at the same time: what each returns.

        `name` is what people see who watch the cluster.

        Raises
        ------
        WorkersLostError
            Some are lost, or have lost what they held.
        """
        ...

    def carry(
        self, name: str, work: Callable[..., Any], start: object, stages: Sequence[tuple[str, Sequence[object]]]
    ) -> Any:
        """work(carried, *arguments) on one worker after another: what the last returns.

        `carried` is what the one before returned, sent from worker to worker; the start for the first. Raises as `map`.
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
