"""The workers of a cluster that can read the shards of text: each is asked before it gets work."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vikt.corpus.storage import storage_of
from vikt.errors import ClusterError, InputFileError, OutputFileError, ViktError
from vikt.files.work_folder import WorkFolder
from vikt.fitting.sharded.shard_store import within
from vikt.parts.engine import Engine, WorkersLostError

_LOG = logging.getLogger("vikt")

_SHARED_FOLDER = "name a folder that this machine shares with all workers"


@dataclass(frozen=True)
class ShardPlace:
    """Where the workers read the shards: at an address, or else in the folder of the work."""

    folder: WorkFolder
    address: str | None

    @property
    def parameter(self) -> str:
        """The parameter that names it."""
        return "work_dir" if self.address is None else "shards"

    def problems(self, engine: Engine, workers: Iterable[str]) -> dict[str, str]:
        """Those of some workers that cannot read what this process has written there, and why.

        Raises
        ------
        OutputFileError
            This process cannot write there.
        """
        asked = list(workers)
        try:
            with self._token() as token:
                check = [*token, self._remedy]
                told = engine.results([engine.start("check-folder", _problem, worker, check) for worker in asked])
        except WorkersLostError as error:
            return self.problems(engine, [worker for worker in asked if worker not in error.workers])
        return {
            worker: f"the worker {worker} cannot read the shards of text: {problem}"
            for worker, problem in zip(asked, told, strict=True)
            if problem
        }

    @property
    def _remedy(self) -> str:
        """What helps where a worker finds nothing there, or something else."""
        other = "give shards=ADDRESS" if self.address is None else "an address that all of them reach"
        return f"{_SHARED_FOLDER}, or {other}"

    @contextmanager
    def _token(self) -> Iterator[tuple[str, bytes]]:
        """A file there with a content that no other has."""
        content = self.folder.token.read_bytes()
        if self.address is None:
            yield str(self.folder.token.absolute()), content
            return
        name = within(self.address, f"vikt-token-{secrets.token_hex(8)}")
        storage = storage_of(name)
        with storage.writing(name) as file:
            file.write(content)
        try:
            yield name, content
        finally:
            storage.remove(name)


def _problem(address: str, content: bytes, remedy: str) -> str:
    """Why a worker does not find a content in a file, and what helps; empty where it finds it."""
    try:
        found = storage_of(address).content(address)
    except ViktError as error:
        return error.message
    if found is None:
        return f"{address}: there is no such file; {remedy}"
    return "" if found == content else f"{address}: is not the file of this machine; {remedy}"


class ReadingWorkers:
    """Those workers of an engine that can read a place; the others get no work.

    Parameters
    ----------
    engine : Engine
    place : ShardPlace
    able : iterable of str
        The workers that are known to read there.
    """

    def __init__(self, engine: Engine, place: ShardPlace, able: Iterable[str]) -> None:
        self._engine, self._place, self._able = engine, place, set(able)
        self._problems: dict[str, str] = {}

    def workers(self) -> list[str]:
        there = self._engine.workers()
        self._ask([worker for worker in there if worker not in self._able | self._problems.keys()])
        able = [worker for worker in there if worker in self._able]
        if not able:
            raise ClusterError(self._problems[there[0]])
        return able

    def hold(self, value: object, worker: str | None = None) -> object:
        return self._engine.hold(value, worker)

    def start(self, name: str, work: Callable[..., Any], worker: str, arguments: Sequence[object]) -> object:
        return self._engine.start(name, work, worker, arguments)

    def results(self, started: Sequence[object]) -> list[Any]:
        try:
            return self._engine.results(started)
        except (InputFileError, OutputFileError) as error:
            # A worker may have been replaced by another of its name, or have lost what it could read.
            if unable := self._ask(self._able.intersection(self._engine.workers())):
                raise WorkersLostError(unable) from error
            raise

    def _ask(self, workers: Iterable[str]) -> list[str]:
        """Note which of some workers can read there, and tell of those that cannot."""
        asked = sorted(workers)
        problems = self._place.problems(self._engine, asked) if asked else {}
        for problem in problems.values():
            _LOG.warning("%s; it gets no work", problem)
        self._able = self._able.union(asked).difference(problems)
        self._problems |= problems
        return list(problems)
