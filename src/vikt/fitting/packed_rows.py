"""The rows of a fit from disk by the features of a part of its recipe, packed in files that the solver reads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from vikt.arrays import Floats, Ints
from vikt.corpus.texts import Texts, portions
from vikt.errors import ClassesError, OutputFileError
from vikt.features.memory import entries_per_byte
from vikt.features.packed import RowDecoder, check_packable, packed
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.files.array_file import ArrayFile, write_arrays
from vikt.files.work_folder import free_space, read_json, write_json
from vikt.fitting.examples import Examples
from vikt.fitting.shard_work import ShardWork, Uses
from vikt.model.classes import class_factors
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.model.targets import loss_of
from vikt.parts.disk import OnDisk, write_part
from vikt.tables import size

# Packed rows are read in pieces of about this many entries, and no more numbers of all classes.
_ENTRIES_PER_PIECE, _NUMBERS_PER_PIECE = 1 << 22, 1 << 22
_BYTES_PER_ENTRY = 4


@dataclass(frozen=True)
class PackedRows:
    """The rows of several uses by the features of a part of a recipe, packed in a folder of their own.

    Features, classes and the factors of their weights are those of the first uses. Rows of other classes are left out.
    """

    work: ShardWork
    name: str
    recipe: str
    several: Sequence[Uses]

    def make(self) -> None:
        """Learn the features and write the rows, as far as it is not done.

        Raises
        ------
        ClassesError
            The first rows have fewer than two classes.
        ParameterError
            Memory cannot hold the features.
        OutputFileError
            The disk is full.
        """
        if len(self.present) < 2:
            raise ClassesError("the rows to fit have fewer than two classes left; give more texts of each class")
        shutil.rmtree(self._scratch, ignore_errors=True)  # of work that was killed
        if not self._listed(0).exists():
            self._check_room(self.work.shards.spool.n_bytes * entries_per_byte(self._settings) * _BYTES_PER_ENTRY)
        self.work.memory.check_weights(self.features, len(self.present))
        for shard in range(len(self.work.shards)):
            self.work.progress("packing", shard, len(self.work.shards))
            if not self._listed(shard).exists():
                apart = enumerate(self.work.examples_apart(shard, self.several))
                names = [self._write(f"{shard:03}-{number}", examples) for number, examples in apart]
                write_json(self._listed(shard), {"pieces": names})
                self._check_room(self._left(shard))

    def objective(self, number: int) -> Objective:
        """What is minimised over the rows of some of the uses, with λ = 0."""
        listed = [read_json(self._listed(shard))["pieces"] for shard in range(len(self.work.shards))]
        paths = [self._folder / name for of_uses in listed if of_uses for name in of_uses[number]]
        parts = OnDisk(paths, self._decoder, self._scratch, threads=self.work.n_threads)
        return Objective(parts, loss_of("classes", len(self.present)), penalty_of(0.0, 0.0, True))

    @cached_property
    def features(self) -> TextFeatures:
        """The features, learnt from the first rows."""
        work, path = self.work, self._folder / "features"
        if path.exists():
            kept = ArrayFile(path)
            return TextFeatures.from_arrays(self._settings, kept.read(kept.names))
        features = TextFeatures(self._settings)
        features.learn_over(
            self._texts,
            work.usage.n_rows(self.several[0]),
            lambda done, total: work.progress("features", done, total),
            threads=work.n_threads,
        )
        check_packable(features)
        write_arrays(path, features.to_arrays(), {})
        return features

    @cached_property
    def present(self) -> Ints:
        """The classes of the first rows."""
        return self.work.usage.present(self.several[0])

    @property
    def _settings(self) -> FeatureSettings:
        return replace(self.work.settings.features, analyzer=self.recipe)

    @cached_property
    def _folder(self) -> Path:
        return self.work.folder.folder(self.name)

    @property
    def _scratch(self) -> Path:
        return self._folder / "scratch"

    @cached_property
    def _decoder(self) -> RowDecoder:
        return RowDecoder.of(self.features)

    def _texts(self) -> Iterator[Texts]:
        for shard in range(len(self.work.shards)):
            # How many n-grams there are is known only while they are learnt.
            self.work.memory.check_resident(self.recipe)
            for examples in self.work.examples_apart(shard, self.several[:1]):
                yield examples.documents.texts

    @cached_property
    def _factors(self) -> Floats:
        """The factor of the weights of each class."""
        weights = self.work.usage.weights[:, self.several[0]].sum(axis=(0, 1))
        class_weight, classes = self.work.settings.class_weight, self.work.shards.classes
        return np.asarray(class_factors(class_weight, classes, np.arange(len(classes)), weights)[self.present])

    def _listed(self, shard: int) -> Path:
        """The file that names those of a shard, once they are all there."""
        return self._folder / f"{shard:03}.json"

    def _write(self, name: str, examples: Examples) -> list[str]:
        """Write rows in pieces that are small in memory; the names of these."""
        examples = examples.take(np.flatnonzero(np.isin(examples.y, self.present)))
        rows, weights = examples.merged()
        texts, y = examples.documents.texts.take(rows), np.searchsorted(self.present, examples.y[rows])
        weights = weights * self._factors[y]
        most_bytes = max(int(_ENTRIES_PER_PIECE / entries_per_byte(self._settings)), 1)
        names: list[str] = []
        for first, last in portions(texts.offsets, most_bytes, _NUMBERS_PER_PIECE // len(self.present)):
            names.append(f"{name}-{len(names):03}")
            path, own = self._folder / names[-1], slice(first, last)
            if not path.exists():
                made = packed(self.features, texts.take(np.arange(first, last)), threads=self.work.n_threads)
                write_part(path, self._decoder, made.to_arrays(), made.n_entries, y[own], weights[own])
        return names

    def _left(self, shard: int) -> float:
        """The bytes of the rows of further shards, if they take as much as those up to this one."""
        rows = self.work.usage.rows[:, [use for uses in self.several for use in uses]].sum(axis=(1, 2))
        written = sum(path.stat().st_size for path in self._folder.iterdir())
        return float(written * rows[shard + 1 :].sum() / max(rows[: shard + 1].sum(), 1))

    def _check_room(self, needed: float) -> None:
        """Raise OutputFileError where the disk has too little room for packed rows."""
        free = free_space(self._folder)
        if needed > free:
            raise OutputFileError(
                f"{self._folder}: expected room for about {size(needed)} of packed rows, found {size(free)} free; make "
                "room, and the same work goes on from here"
            )
