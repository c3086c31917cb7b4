"""The rows of a part of a recipe, packed in files that the solver reads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from vikt.corpus.texts import Texts, portions
from vikt.features.memory import entries_per_byte
from vikt.features.ngrams.turns import OneTurn
from vikt.features.packed import RowDecoder, check_packable, packed
from vikt.features.text import TextFeatures
from vikt.files.work_folder import WorkFolder, check_room, read_json, write_json
from vikt.fitting.examples import Examples
from vikt.fitting.sharded.recipe_rows import RecipeRows
from vikt.fitting.sharded.shard_work import ShardWork
from vikt.model.objective import Objective
from vikt.parts.disk import OnDisk, write_part
from vikt.spool.spool import Spool

# Packed rows are read in pieces of about this many entries, and no more numbers of all classes.
_ENTRIES_PER_PIECE, _NUMBERS_PER_PIECE = 1 << 22, 1 << 22
_BYTES_PER_ENTRY = 4


class Disk:
    """The disk of this machine, as the place of rows."""

    groups = None

    def check(self, folder: WorkFolder) -> None:
        pass

    def sharded(self, spool: Spool) -> Spool:
        return spool

    def rows(self, rows: RecipeRows) -> PackedRows:
        packed_rows = PackedRows(rows)
        packed_rows.make()
        return packed_rows


@dataclass(frozen=True)
class PackedRows:
    """The rows of a part of a recipe, packed in a folder of their own."""

    rows: RecipeRows

    def make(self) -> None:
        """Learn the features and write the rows, as far as it is not done. Raises as `RowPlace.rows` does."""
        shutil.rmtree(self._scratch, ignore_errors=True)  # of work that was killed
        if not self._listed(0).exists():
            self._check_room(self.work.shards.spool.n_bytes * entries_per_byte(self.rows.settings) * _BYTES_PER_ENTRY)
        features = self.features
        for shard in range(len(self.work.shards)):
            self.work.progress("packing", shard, len(self.work.shards))
            if not self._is_written(shard):
                apart = enumerate(self.work.examples_apart(shard, self.rows.several))
                names = [self._write(f"{shard:03}-{number}", examples, features) for number, examples in apart]
                write_json(self._listed(shard), {"pieces": names})
                self._check_room(self._left(shard))

    def objective(self, number: int) -> Objective:
        """What is minimised over the rows of some of the uses, with λ = 0."""
        listed = [read_json(self._listed(shard))["pieces"] for shard in range(len(self.work.shards))]
        paths = [self._folder / name for of_uses in listed if of_uses for name in of_uses[number]]
        decoder = self._decoder  # takes its memory before the rows do
        room = self.work.memory.room_for_rows(self.features, len(self.rows.present))
        parts = OnDisk(paths, decoder, self._scratch, threads=self.work.n_threads, room=room)
        return self.rows.objective(parts)

    @property
    def work(self) -> ShardWork:
        return self.rows.work

    @cached_property
    def features(self) -> TextFeatures:
        return self.rows.learnt(self._learn)

    @property
    def _folder(self) -> Path:
        return self.rows.folder

    @property
    def _scratch(self) -> Path:
        return self._folder / "scratch"

    @cached_property
    def _decoder(self) -> RowDecoder:
        return RowDecoder.of(self.features)

    def _learn(self, features: TextFeatures) -> None:
        features.learn_over(
            OneTurn(self._texts),
            self.rows.n_documents,
            self.work.shards.spool.n_bytes,
            most_bytes=self.work.memory.counters,
            threads=self.work.n_threads,
        )
        check_packable(features)

    def _texts(self, stage: str) -> Iterator[Texts]:
        for shard in range(len(self.work.shards)):
            self.work.progress(stage, shard, len(self.work.shards))
            # How many n-grams there are is known only while they are learnt.
            self.work.memory.check_resident(self.rows.recipe)
            for examples in self.work.examples_apart(shard, self.rows.several[:1]):
                yield examples.documents.texts

    def _listed(self, shard: int) -> Path:
        """The file that names those of a shard, once they are all there."""
        return self._folder / f"{shard:03}.json"

    def _is_written(self, shard: int) -> bool:
        """Whether all files of a shard are there; one that was damaged may have been removed."""
        path = self._listed(shard)
        return path.exists() and all(
            (self._folder / name).exists() for names in read_json(path)["pieces"] for name in names
        )

    def _write(self, name: str, examples: Examples, features: TextFeatures) -> list[str]:
        """Write rows in pieces that are small in memory; the names of these."""
        texts, y, weights = self.rows.chosen.of(examples)
        most_bytes = max(int(_ENTRIES_PER_PIECE / entries_per_byte(self.rows.settings)), 1)
        names: list[str] = []
        for first, last in portions(texts.offsets, most_bytes, _NUMBERS_PER_PIECE // len(self.rows.present)):
            names.append(f"{name}-{len(names):03}")
            path, own = self._folder / names[-1], slice(first, last)
            if not path.exists():
                made = packed(features, texts.take(np.arange(first, last)), threads=self.work.n_threads)
                write_part(path, self._decoder, made.to_arrays(), made.n_entries, y[own], weights[own])
        return names

    def _left(self, shard: int) -> float:
        """The bytes of the rows of further shards, if they take as much as those up to this one."""
        rows = self.work.usage.rows[:, [use for uses in self.rows.several for use in uses]].sum(axis=(1, 2))
        written = sum(path.stat().st_size for path in self._folder.iterdir())
        return float(written * rows[shard + 1 :].sum() / max(rows[: shard + 1].sum(), 1))

    def _check_room(self, needed: float) -> None:
        check_room(self._folder, needed, "packed rows", "and run the same work again to resume")
