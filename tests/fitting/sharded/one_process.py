"""An engine whose workers are all in this process, and see what the test lets them see."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from vikt.errors import ViktError
from vikt.fitting.sharded import cluster_rows


class OneProcess:
    """Workers by name.

    Attributes
    ----------
    there : list of str
        Their names.
    place_of : dict
        What a worker's work is done within, by its name: a callable that gives a context.
    done : list of (str, str)
        What was done, and by which worker.
    """

    def __init__(self, *there: str) -> None:
        self.there = list(there)
        self.place_of: dict[str, Any] = {}
        self.done: list[tuple[str, str]] = []

    def workers(self) -> list[str]:
        return [*self.there]

    def hold(self, value: object, worker: str | None = None) -> object:
        return value

    def start(self, name: str, work: Any, worker: str, arguments: Any) -> object:
        failed = next((each for each in arguments if isinstance(each, _Failed)), None)
        if failed:
            return failed
        self.done.append((name, worker))
        place: AbstractContextManager[object] = self.place_of.get(worker, nullcontext)()
        with place:
            try:
                return work(*arguments)
            except ViktError as error:
                return _Failed(error)

    def results(self, started: Any) -> list[Any]:
        for each in started:
            if isinstance(each, _Failed):
                raise each.error
        return list(started)

    def instead_of_dask(self, monkeypatch: Any) -> None:
        """Let fits use these workers, whatever the cluster they name."""

        @contextmanager
        def cluster_at(address: str) -> Any:
            yield self

        monkeypatch.setattr(cluster_rows, "cluster_at", cluster_at)


class _Failed:
    def __init__(self, error: ViktError) -> None:
        self.error = error
