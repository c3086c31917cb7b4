"""The rows of a part of a recipe on the workers of a cluster, which learn the features and make the rows too.

Shards of text are read by the workers, from the work folder or at an address, as often as they are needed; the rows
made of them stay in the memory of the workers.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from vikt.corpus.storage import plain_name, storage_of
from vikt.errors import ParameterError, UsageError
from vikt.features.measured import Measured
from vikt.features.ngrams.turns import ShardTexts
from vikt.features.text import TextFeatures
from vikt.files.work_folder import WorkFolder
from vikt.fitting.sharded.reading_workers import ReadingWorkers, ShardPlace
from vikt.fitting.sharded.recipe_rows import ChosenRows, RecipeRows
from vikt.fitting.sharded.shard_store import stored_shards
from vikt.fitting.sharded.shard_work import Uses
from vikt.fitting.sharded.shards import ShardReader
from vikt.matrix import SparseMatrix
from vikt.model.objective import Objective
from vikt.parameters import GROUPS, PLACE, checked_value, optional
from vikt.parts import Part
from vikt.parts.cluster import OnCluster
from vikt.parts.dask_engine import cluster_at
from vikt.parts.engine import Engine
from vikt.parts.spread import Spread
from vikt.progress import Progress
from vikt.spool.spool import Spool
from vikt.tables import counted

S = TypeVar("S")

_LOG = logging.getLogger("vikt")

DEFAULT_GROUPS = 4
# Each group has this many shards at least, unless there would be more than a spool can have, so that all groups are of
# about the same size.
_SHARDS_PER_GROUP = 4


@dataclass(frozen=True)
class ClusterAddress:
    """Where a cluster is, and how its workers are used.

    Attributes
    ----------
    groups : int
        How many groups of shards a pass over the rows takes at the same time.
    shards : str, optional
        The address at which the workers read the shards; without one, they read the work folder.
    """

    address: str
    groups: int = DEFAULT_GROUPS
    shards: str | None = None

    def __post_init__(self) -> None:
        checked_value("groups", GROUPS, self.groups)

    @classmethod
    def of(cls, address: str | None, groups: int | None, shards: str | Path | None) -> ClusterAddress | None:
        """The cluster of a new fit, if it has one; parameters as of `TextClassifier.fit_files`.

        Raises
        ------
        ParameterError
            `groups` is not a number of groups, or `shards` is no address; or one of them is given without a cluster.
        MissingPackageError
            The address needs a package that is not installed.
        """
        if address is not None:
            place = checked_value("shards", optional(PLACE), shards)
            if place is not None:
                _check_place(place)
            return cls(address, DEFAULT_GROUPS if groups is None else groups, place)
        for name, value in (("groups", groups), ("shards", shards)):
            if value is not None:
                raise ParameterError(name, "is for rows on a cluster; give cluster=ADDRESS too, or leave it out")
        return None

    @contextmanager
    def opened(self) -> Iterator[Cluster]:
        """The cluster as the place of rows; errors as of `cluster_at`."""
        with cluster_at(self.address) as engine:
            _LOG.info(f"the cluster {self.address} has {counted(len(engine.workers()), 'worker')}")
            yield Cluster(engine, self.groups, self.shards)


def _check_place(shards: str) -> None:
    """Refuse what is no place for shards, whatever is there. Raises ParameterError, MissingPackageError."""
    try:
        storage_of(shards)
    except UsageError as error:
        raise ParameterError("shards", error.message) from None
    if os.path.isfile(plain_name(shards)):
        raise ParameterError("shards", f"{shards}: is a file, not a folder; name a folder or an address")


@dataclass(frozen=True)
class Cluster:
    """The workers of a cluster, as the place of rows."""

    engine: Engine
    groups: int
    shards: str | None = None

    def at(self, folder: WorkFolder) -> Cluster:
        place, workers = ShardPlace(folder, self.shards), self.engine.workers()
        for problem in place.problems(self.engine, workers).values():
            raise ParameterError(place.parameter, problem)
        return replace(self, engine=ReadingWorkers(self.engine, place, workers))

    def sharded(self, spool: Spool) -> Spool:
        # Workers may have another working directory.
        runs = tuple(run.absolute() for run in spool.runs)
        return replace(spool, runs=runs, least_shards=_SHARDS_PER_GROUP * self.groups)

    def rows(self, rows: RecipeRows) -> ClusterRows:
        return ClusterRows(self, rows)


@dataclass(frozen=True)
class ClusterRows:
    """The rows of a part of a recipe in the memory of the workers, made anew for each objective."""

    cluster: Cluster
    rows: RecipeRows

    @cached_property
    def reader(self) -> ShardReader:
        """What the workers read the shards with, once these are where it looks for them. Raises ViktError."""
        work, address = self.rows.work, self.cluster.shards
        return work.reader if address is None else work.reader._replace(source=stored_shards(work, address))

    @cached_property
    def features(self) -> TextFeatures:
        return self.rows.learnt(self._learn)

    def objective(self, number: int) -> Objective:
        self.rows.work.progress("making rows", 0, 0)
        uses, shards = self.rows.several[number], self._shards(number)
        rows = shards.each(_make_rows, self.reader, uses, self.rows.chosen, self.features)
        return self.rows.objective(OnCluster(shards.over(rows), self.cluster.groups))

    def _learn(self, features: TextFeatures) -> None:
        work, shards, uses = self.rows.work, self._shards(0), self.rows.several[0]
        # What each turn leads to comes here, so that no more are taken than there are groups.
        n_turns = min(len(self.cluster.engine.workers()), self.cluster.groups, shards.n_parts)
        turns = _WorkersTurns(shards, n_turns, self.reader, uses, work.progress)
        features.learn_over(turns, self.rows.n_documents, work.shards.spool.n_bytes)

    def _shards(self, number: int) -> Spread[int]:
        """The numbers of the shards that have rows of some of the uses."""
        rows = self.rows.work.usage.rows[:, self.rows.several[number]].sum(axis=1)
        shards = np.flatnonzero(rows[:, self.rows.present].any(axis=1))
        return Spread.of(self.cluster.engine, shards.tolist())


class _WorkersTurns(NamedTuple):
    """Goes through the texts of some uses in turns that workers take at the same time; see `Turns`."""

    shards: Spread[int]
    n_turns: int
    reader: ShardReader
    uses: Uses
    progress: Progress

    def __call__(self, stage: str, work: Callable[..., S], start: S, *arguments: object) -> list[S]:
        self.progress(stage, 0, 0)
        orders = [own.tolist() for own in np.array_split(np.arange(self.shards.n_parts), self.n_turns)]
        starts = [start] * self.n_turns
        states, _ = self.shards.turns(_OverTexts(work), starts, orders, self.reader, self.uses, *arguments)
        return states


@dataclass(frozen=True)
class _OverTexts(Generic[S]):
    """Work on texts as work on the number of their shard."""

    work: Callable[..., S]

    @property
    def __name__(self) -> str:
        return self.work.__name__

    def __call__(self, shard: int, state: S, reader: ShardReader, uses: Uses, *arguments: object) -> tuple[S, None]:
        texts = reader.examples(shard, uses).documents.texts
        return self.work(ShardTexts(shard, texts), state, *arguments), None


# The work of one shard.


def _make_rows(shard: int, reader: ShardReader, uses: Uses, chosen: ChosenRows, features: TextFeatures) -> Part:
    _, texts, y, weights = chosen.of(reader.examples(shard, uses))
    return Part(SparseMatrix(*features.transform(Measured(texts, (), texts))), y, weights)
