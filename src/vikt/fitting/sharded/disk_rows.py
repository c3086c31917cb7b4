"""The rows of a part of a recipe, packed in files that the solver reads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vikt.corpus.texts import portions
from vikt.features.memory import entries_per_byte
from vikt.features.ngrams.kept_entries import LearntNgrams
from vikt.features.ngrams.turns import OneTurn, ShardTexts
from vikt.features.packed import RowDecoder, check_packable
from vikt.features.text import TextFeatures
from vikt.files.work_folder import WorkFolder, check_room, read_json, write_json
from vikt.fitting.sharded.learnt_rows import LearntRows, RowsToPack
from vikt.fitting.sharded.recipe_rows import RecipeRows
from vikt.fitting.sharded.shard_work import ShardWork
from vikt.model.objective import Objective
from vikt.parts.disk import OnDisk, most_rows, write_part
from vikt.spool.spool import Spool

# Packed rows are read in pieces of about this many entries, and no more numbers of all classes.
_ENTRIES_PER_PIECE, _NUMBERS_PER_PIECE = 1 << 22, 1 << 22
# What is kept of an entry until it is packed, which then takes less.
_BYTES_PER_ENTRY = 5


class Disk:
    """The disk of this machine, as the place of rows."""

    groups = None

    def at(self, folder: WorkFolder) -> Disk:
        return self

    def sharded(self, spool: Spool) -> Spool:
        return spool

    def rows(self, rows: RecipeRows) -> DiskRows:
        disk_rows = DiskRows(rows)
        disk_rows.make()
        return disk_rows


@dataclass(frozen=True)
class DiskRows:
    """The rows of a part of a recipe, packed in a folder of their own."""

    rows: RecipeRows

    def make(self) -> None:
        """Learn the features and write the rows, as far as it is not done. Raises as `RowPlace.rows` does."""
        shutil.rmtree(self._scratch, ignore_errors=True)  # of work that was killed
        if not self._listed(0).exists():
            self._check_room(self.work.shards.spool.n_bytes * entries_per_byte(self.rows.settings) * _BYTES_PER_ENTRY)
        ngrams = self._learnt.ngrams(self.features)
        kept = self._learnt.n_bytes
        for shard in range(len(self.work.shards)):
            self.work.progress("packing", shard, len(self.work.shards))
            if not self._is_written(shard):
                write_json(self._listed(shard), {"pieces": self._write(shard, ngrams)})
                kept -= self._learnt.remove(shard)
                # What is kept makes room.
                self._check_room(self._left(shard) - kept)
        self._learnt.empty()

    def objective(self, number: int) -> Objective:
        """What is minimised over the rows of some of the uses, with λ = 0."""
        listed = [read_json(self._listed(shard))["pieces"] for shard in range(len(self.work.shards))]
        paths = [self._folder / name for of_uses in listed for name in of_uses[number]]
        decoder = self._decoder  # takes its memory before the rows do
        room = self.work.memory.room_for_rows(self.features, len(self.rows.present), most_rows(paths))
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

    @property
    def _learnt(self) -> LearntRows:
        return LearntRows(self._folder / "learnt")

    @cached_property
    def _decoder(self) -> RowDecoder:
        return RowDecoder.of(self.features)

    def _learn(self, features: TextFeatures) -> None:
        self._learnt.empty()
        columns = features.learn_over(
            OneTurn(self._texts),
            self.rows.n_documents,
            self.work.shards.spool.n_bytes,
            most_bytes=self.work.memory.counters,
            threads=self.work.n_threads,
            keeper_of=self._learnt.keeper,
        )
        check_packable(features)
        self._learnt.keep_columns(columns)

    def _texts(self, stage: str) -> Iterator[ShardTexts]:
        for shard in range(len(self.work.shards)):
            self.work.progress(stage, shard, len(self.work.shards))
            # How many n-grams there are is known only while they are learnt.
            self.work.memory.check_resident(self.rows.recipe)
            for examples in self.work.examples_apart(shard, self.rows.several[:1]):
                if not self._learnt.has_rows(shard):
                    self._learnt.keep_rows(shard, self.rows.chosen.of(examples))
                yield ShardTexts(shard, examples.documents.texts)

    def _listed(self, shard: int) -> Path:
        """The file that names those of a shard, once they are all there."""
        return self._folder / f"{shard:03}.json"

    def _is_written(self, shard: int) -> bool:
        """Whether all files of a shard are there; one that was damaged may have been removed."""
        path = self._listed(shard)
        return path.exists() and all(
            (self._folder / name).exists() for names in read_json(path)["pieces"] for name in names
        )

    def _write(self, shard: int, ngrams: Sequence[LearntNgrams]) -> list[list[str]]:
        """Write the rows of a shard, those that were learnt from by what is kept of them; the names by the uses."""
        kept = self._learnt.rows(shard, ngrams, self.work.n_threads)
        first = [kept] if kept else self._of_texts(shard, 0)
        others = (self._of_texts(shard, number) for number in range(1, len(self.rows.several)))
        return [
            [name for rows in own for name in self._pieces(f"{shard:03}-{number}", rows)]
            for number, own in enumerate([first, *others])
        ]

    def _of_texts(self, shard: int, number: int) -> Iterator[RowsToPack]:
        """The rows of some of the uses in a shard, if it has any, by their texts."""
        for examples in self.work.examples_apart(shard, [self.rows.several[number]]):
            yield RowsToPack.of_texts(self.rows.chosen.of(examples), self.features, self.work.n_threads)

    def _pieces(self, name: str, rows: RowsToPack) -> list[str]:
        """Write rows in pieces that are small in memory; the names of these."""
        most_bytes = max(int(_ENTRIES_PER_PIECE / entries_per_byte(self.rows.settings)), 1)
        names: list[str] = []
        for first, last in portions(rows.offsets, most_bytes, _NUMBERS_PER_PIECE // len(self.rows.present)):
            names.append(f"{name}-{len(names):03}")
            path, own = self._folder / names[-1], slice(first, last)
            if not path.exists():
                made = rows.packed(first, last)
                write_part(path, self._decoder, made.to_arrays(), made.n_entries, rows.y[own], rows.weights[own])
        return names

    def _left(self, shard: int) -> float:
        """The bytes of the rows of further shards, if they take as much as those up to this one."""
        rows = self.work.usage.rows[:, [use for uses in self.rows.several for use in uses]].sum(axis=(1, 2))
        written = sum(path.stat().st_size for path in self._folder.iterdir())
        return float(written * rows[shard + 1 :].sum() / max(rows[: shard + 1].sum(), 1))

    def _check_room(self, needed: float) -> None:
        check_room(self._folder, needed, "packed rows", "and run the same work again to resume")
