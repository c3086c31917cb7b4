"""Dask as an engine: a local cluster of processes, or one that runs already.

Dask is to be told where everything is done: left to choose, it copies parts to whichever worker is idle. It then waits
for a worker that is gone instead of choosing another, so the engine looks whether the workers are still there.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait
from contextlib import contextmanager, nullcontext, suppress
from importlib import import_module
from importlib.util import find_spec
from time import monotonic, sleep
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

from vikt import interruption
from vikt.errors import ClusterError, MissingPackageError, ParameterError
from vikt.parts.engine import WorkersLostError
from vikt.version import __version__

_LOG = logging.getLogger("vikt")

_PACKAGES = {"Dask": "dask", "distributed": "distributed"}
_LOCAL = {
    # Dask lets a worker return all memory to the system at once, which takes longer to get back than work on a vector.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 1 << 28,
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 1 << 25,
    # Dask gives up a worker that is not back by then, which on a busy machine takes longer than its 15 s.
    "distributed.deploy.lost-worker-timeout": "1 day",
}
_SECONDS_TO_ANSWER = 10.0
_SECONDS_FOR_A_WORKER = 60.0
_SECONDS_BETWEEN_LOOKS = 0.5


@contextmanager
def cluster_at(address: str) -> Iterator[DaskEngine]:
    """The Dask cluster at an address, for as long as it is used.

    Parameters
    ----------
    address : str
        "local:4" starts four workers on this machine, one thread each, and ends them; "tcp://host:8786" is that of a
        scheduler that runs.

    Raises
    ------
    MissingPackageError
        Dask is not installed.
    ParameterError
        The address is neither of these.
    ClusterError
        No scheduler answers there.
    """
    missing = [package for package, module in _PACKAGES.items() if find_spec(module) is None]
    if missing:
        raise MissingPackageError.of_extra(f"the cluster {address}", missing, "cluster")
    local = re.fullmatch(r"local:([1-9]\d*)", address)
    if not local and not _is_of_scheduler(address):
        raise ParameterError(
            "cluster",
            "expected a scheduler's address such as 'tcp://host:8786', or 'local:4' for 4 workers on this machine "
            f"(at least 1), found {address!r}",
        )
    with _local_cluster(int(local[1])) if local else nullcontext(address) as place, _client(place, address) as client:
        yield DaskEngine(client, address)


def _is_of_scheduler(address: str) -> bool:
    """Whether Dask knows the protocol of an address and finds a host there, and a port where it needs one."""
    try:
        import_module("distributed.comm.addressing").get_address_host(address)
    except ValueError:
        return False
    return "://" in address


class DaskEngine:
    """Work on the workers of a Dask cluster, whose names are their addresses.

    Parameters
    ----------
    client : distributed.Client
    address : str
        What messages call the cluster.
    """

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        # The workers whose version is known, and those that were there last.
        self._known, self._last = set[str](), set[str]()
        # Those on which a future depends.
        self._workers_of: WeakKeyDictionary[Any, frozenset[str]] = WeakKeyDictionary()
        self._dask: Any = import_module("distributed")

    @property
    def dashboard(self) -> str:
        """The address of the page that shows what the cluster does."""
        return str(self._client.dashboard_link)

    def workers(self) -> list[str]:
        begun: float | None = None
        while not (there := self._there()):
            if begun is None:
                begun = monotonic()
                _LOG.info(f"the cluster {self._address} has no worker; waiting {_SECONDS_FOR_A_WORKER:.0f} s for one")
            elif monotonic() - begun > _SECONDS_FOR_A_WORKER:
                raise ClusterError(
                    f"the cluster {self._address} has no worker, and none joined within {_SECONDS_FOR_A_WORKER:.0f} s; "
                    "start some with `dask worker`"
                )
            sleep(_SECONDS_BETWEEN_LOOKS)
        self._check_versions(set(there) - self._known)
        self._last = set(there)
        return there

    def hold(self, value: object, worker: str | None = None) -> object:
        try:
            # A list, since Dask takes a list or a dict for several values.
            (held,) = self._client.scatter([value], workers=worker, broadcast=worker is None, hash=False)
        except Exception as error:
            # Whatever comes of a worker that is lost in the middle of it.
            if lost := ({worker} if worker else self._last).difference(self._there()):
                raise WorkersLostError(lost) from error
            raise
        self._workers_of[held] = frozenset([worker] if worker else [])
        return held

    def start(self, name: str, work: Callable[..., Any], worker: str, arguments: Sequence[object]) -> object:
        with self._told_if_gone():
            future = self._client.submit(work, *arguments, key=f"{name}-{uuid4().hex}", workers=[worker])
        before = [self._workers_of[each] for each in arguments if isinstance(each, self._dask.Future)]
        self._workers_of[future] = frozenset([worker]).union(*before)
        return future

    def results(self, started: Sequence[Any]) -> list[Any]:
        self._wait(started)
        with self._told_if_gone():
            gathering = asyncio.run_coroutine_threadsafe(self._gathered(started), self._client.loop.asyncio_loop)
        try:
            # What is large may take longer than any answer should.
            while not wait([gathering], timeout=_SECONDS_BETWEEN_LOOKS).done:
                self._check_there(started)
            with self._told_if_gone():
                return gathering.result()
        except self._dask.CancelledError:
            raise WorkersLostError(self._needed(started)) from None
        finally:
            gathering.cancel()

    def _wait(self, futures: Sequence[Any]) -> None:
        """Wait until all have ended well; raise what one raised."""
        while True:
            told, quiet = self._told_if_gone(), suppress(TimeoutError, self._dask.CancelledError)
            with told, quiet, self._client.as_current():
                self._dask.wait(futures, timeout=_SECONDS_BETWEEN_LOOKS)
            if not any(future.status == "pending" for future in futures):
                break
            self._check_there(futures)
        if lost := [future for future in futures if future.status in ("cancelled", "lost")]:
            self._check_there(lost)
            raise WorkersLostError(self._needed(lost))
        for future in futures:
            if future.status == "error":
                error = future.exception()
                killed = isinstance(error, self._dask.KilledWorker)
                raise WorkersLostError(self._needed([future])) if killed else error

    async def _gathered(self, futures: Sequence[Any]) -> list[Any]:
        return list(await self._client.gather(futures, asynchronous=True))

    def _check_there(self, futures: Sequence[Any]) -> None:
        if lost := self._needed(futures).difference(self._there()):
            raise WorkersLostError(lost)

    def _needed(self, futures: Sequence[Any]) -> set[str]:
        """The workers without which there are no results."""
        return {worker for future in futures for worker in self._workers_of[future]}

    def _there(self) -> list[str]:
        """The workers there are, but for those that have stopped working because their memory is full."""
        # Dask looks for a scheduler that it has lost, and gives up after a while; it then tells what it knew.
        while self._client.status == "connecting":
            sleep(_SECONDS_BETWEEN_LOOKS)
        if self._client.status != "running":
            raise self._gone(f"no answer for {_SECONDS_TO_ANSWER:.0f} s")
        with self._told_if_gone():
            workers = self._client.scheduler_info(n_workers=-1)["workers"]
        return sorted(worker for worker, facts in workers.items() if facts["status"] == "running")

    def _check_versions(self, new: set[str]) -> None:
        """Refuse workers that have another version of vikt, or none."""
        with self._told_if_gone():
            found = self._client.run(_version, workers=sorted(new), on_error="return") if new else {}
        if lost := {worker for worker, version in found.items() if isinstance(version, OSError)}:
            raise WorkersLostError(lost)
        for worker, version in found.items():
            if version != __version__:
                problem = f"version {version}" if isinstance(version, str) else f"no version that works ({version})"
                raise ClusterError(
                    f"the worker {worker} of the cluster {self._address} has {problem} of vikt; install {__version__}, "
                    "which is the one here"
                )
        self._known |= new

    @contextmanager
    def _told_if_gone(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError) as error:
            raise self._gone(error) from error

    def _gone(self, why: object) -> ClusterError:
        return ClusterError(f"the scheduler of the cluster {self._address} is gone ({why}); start it again")


@contextmanager
def _local_cluster(n_workers: int) -> Iterator[Any]:
    distributed: Any = import_module("distributed")
    # A worker that is lost is told by whoever needs it, and the rest of Dask's log is not about the user's work.
    options = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL}
    with import_module("dask").config.set(_LOCAL):
        with interruption.kept_from_helpers():
            try:
                cluster = distributed.LocalCluster(n_workers=n_workers, threads_per_worker=1, **options)
            except RuntimeError as error:
                raise ClusterError(
                    f"the workers of local:{n_workers} cannot be started ({error}); a script must do its work after "
                    "`if __name__ == '__main__':`, since its workers import it"
                ) from error
        try:
            yield cluster
        finally:
            # Dask fails to end a worker that is just being started; it ends with this process.
            with suppress(AssertionError):
                cluster.close()


@contextmanager
def _client(place: Any, address: str) -> Iterator[Any]:
    """A client of a cluster, or of the scheduler at an address."""
    distributed: Any = import_module("distributed")
    try:
        client = distributed.Client(place, timeout=_SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no scheduler answers at {address} within {_SECONDS_TO_ANSWER:.0f} s ({error}); start one with "
            "`dask scheduler`, or use 'local:4'"
        ) from error
    with client, _client_log_silenced():
        yield client


@contextmanager
def _client_log_silenced() -> Iterator[None]:
    """Let Dask's client log nothing: that a scheduler is lost, whoever needs it tells."""
    log = logging.getLogger("distributed.client")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _version() -> str:
    return __version__
