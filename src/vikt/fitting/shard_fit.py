"""The way from shards of examples to a fitted model: that of `vikt.fitting.fit`, with the rows on disk.

A sample of the rows, in memory, chooses the features and λ. The vocabulary of each part is then learnt from all rows to
be fitted. These are packed into counts of n-grams, in which λ is compared with its neighbours by all validation rows,
and which the solver reads shard by shard. What is finished stays in a folder, so that interrupted work can go on.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Ints
from vikt.corpus.texts import Texts, portions
from vikt.errors import ClassesError, OutputFileError, ParameterError
from vikt.features.memory import entries_per_byte, memory_resident
from vikt.features.packed import RowDecoder, check_packable, packed
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.files.array_file import ArrayFile, write_arrays
from vikt.files.model_file import save_model
from vikt.files.work_folder import WorkFolder, free_space, read_json, write_json
from vikt.fitting.data_record import DataRecord
from vikt.fitting.division import Division
from vikt.fitting.examples import Examples, too_few_to_test
from vikt.fitting.fit import chosen_plan
from vikt.fitting.model import FittedModel
from vikt.fitting.part_record import PartRecord
from vikt.fitting.parts import FittedPart, blend, fit_part
from vikt.fitting.prepare import Prepared, learnt_scales, scaled, with_scales
from vikt.fitting.record import FitRecord
from vikt.fitting.refitted import plan_of
from vikt.fitting.saved import SavedModel
from vikt.fitting.settings import FitSettings
from vikt.fitting.shards import ShardedSplit, Shards
from vikt.fitting.trained import load_trained
from vikt.mappings import Json
from vikt.matrix import SparseMatrix
from vikt.model.classes import class_factors
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.model.targets import loss_of
from vikt.names import DECISION_PARAMETERS, KIND_NAMES
from vikt.parts import InMemory, Part
from vikt.parts.disk import OnDisk, write_part
from vikt.progress import Progress, no_progress
from vikt.selection.choices import PenaltyChoice
from vikt.selection.features import SAMPLE_BYTES, first_rows
from vikt.selection.folds import Fold
from vikt.selection.penalty import choose_l2_near
from vikt.selection.plan import Plan
from vikt.tables import size

# Parameters that need all rows in memory, and the solvers that do not.
_IN_MEMORY = (
    "features", "folds", "one_standard_error", "l1_ratio", "patience", *DECISION_PARAMETERS, "order", "thresholds",
)  # fmt: skip
_SOLVERS = ("auto", "dual", "newton")
# Packed rows are read piece by piece: so many entries in a piece, about, and numbers of all classes.
_ENTRIES_PER_PIECE, _NUMBERS_PER_PIECE = 1 << 22, 1 << 22
_BYTES_PER_ENTRY = 4
# Bytes at the peak, measured: whatever the rows, for the choice of features, and for a further thread; for each weight,
# and for each weight of the rough fits to the sample.
_FIXED, _OF_CHOICE, _PER_THREAD = 450_000_000, 250_000_000, 400_000_000
_PER_WEIGHT, _PER_ROUGH_WEIGHT = 120, 40
# What a process takes that has read nothing yet.
_AT_START = 150_000_000
# A share of the memory given, from which on a vocabulary that grows is given up.
_MOST_RESIDENT = 0.95
# What rows are used for: the tenths of a split; some of these uses.
TRAINING, VALIDATION, TEST = range(3)
Uses = tuple[int, ...]
_FITTED = (TRAINING, VALIDATION)


def check_fits_shards(settings: FitSettings) -> None:
    """Raise ParameterError where a parameter needs all rows in memory."""
    needy = next((name for name in _IN_MEMORY if settings.options.get(name)), None)
    if needy is not None:
        raise ParameterError(needy, "needs all rows in memory; leave it out, or fit without a limit of memory")
    kind = settings.targets.kind
    if kind != "auto" and kind != "classes":
        raise ParameterError("targets", f"{KIND_NAMES[kind]} need all rows in memory; fit without a limit of memory")
    if settings.solver.solver not in _SOLVERS:
        able = ", ".join(map(repr, _SOLVERS))
        raise ParameterError(
            "solver", f"{settings.solver.solver!r} needs all rows in memory; choose from {able}, or fit without a limit"
        )


def check_memory(memory: int, settings: FitSettings) -> None:
    """Raise ParameterError where a fit takes more memory than that, whatever the rows."""
    needed = _least_memory(settings)
    if memory < needed:
        raise ParameterError("memory", f"expected {size(needed)} or more, found {size(memory)}; give as much")


def threads_within(memory: int, settings: FitSettings, threads: int) -> int:
    """How many of some threads can work at once in this much memory; no result depends on it."""
    return min(threads, 1 + max(memory - _least_memory(settings), 0) // _PER_THREAD)


def held_before() -> int:
    """The bytes that this process holds for something else than a fit that is to begin."""
    return max(memory_resident() - _AT_START, 0)


def _least_memory(settings: FitSettings) -> int:
    return _FIXED + (_OF_CHOICE if settings.chooses_features else 0)


class Usage(NamedTuple):
    """The rows of each shard, use and class, (S, U, K), and their weights."""

    rows: Ints
    weights: Floats

    def present(self, uses: Sequence[int]) -> Ints:
        """The classes of the rows of some uses."""
        return np.flatnonzero(self.rows[:, uses].sum(axis=(0, 1)))

    def n_rows(self, uses: Sequence[int]) -> int:
        return int(self.rows[:, uses].sum())


@dataclass(frozen=True)
class ShardFit:
    """A fit of shards; what is finished stays in a folder until all is done.

    Attributes
    ----------
    tenths : int
        How many tenths of the rows are not trained on: one validates, and a second one tests.
    memory : int
        The most bytes to take. Where they are few, fewer threads work.
    held : int
        The bytes that the process holds for something else, which are not counted.
    """

    shards: Shards
    settings: FitSettings
    folder: WorkFolder
    tenths: int
    memory: int
    threads: int = 1
    progress: Progress = no_progress
    held: int = 0

    def fitted(self) -> SavedModel:
        """The model of the training and validation rows, by the plan that these have chosen.

        Raises
        ------
        DataError
            The rows cannot be fitted, or are too few to hold out a tenth.
        ParameterError
            A class of the weights is unknown, for which the folder is removed; or memory cannot hold the features.
        """
        usage = self.usage
        self._check_class_weight()
        if self.tenths > TRAINING + 1 and not usage.n_rows([TEST]):
            facts = self.shards.facts
            raise too_few_to_test(int(usage.rows.sum()), facts.duplicate_texts, len(facts.classes))
        plan = self.plan
        return self._blended(plan, self._parts(plan, "part", _FITTED, chooses=True))

    def refitted(self, first: SavedModel) -> SavedModel:
        """A model of all rows, by the plan of the first fit."""
        plan = plan_of(first.record)
        return self._blended(plan, self._parts(plan, "refit", (*_FITTED, TEST), chooses=False))

    def held_out(self) -> Iterator[Examples]:
        """The rows held out for the test, shard by shard."""
        for shard in range(len(self.shards)):
            if self.usage.rows[shard, TEST].any():
                yield self.examples(shard, (TEST,))

    def n_shared(self, halves: NDArray[np.uint64]) -> int:
        """How many of other texts, given by their digests (m, 2), occur among the rows."""
        kinds = {"dtype": np.dtype([("low", np.uint64), ("high", np.uint64)])}
        others, is_shared = np.ascontiguousarray(halves).view(**kinds).ravel(), np.zeros(len(halves), dtype=bool)
        for shard in range(len(self.shards)):
            own = self.shards.spool.shard(shard).digests.halves
            is_shared |= np.isin(others, np.ascontiguousarray(own).view(**kinds).ravel())
        return int(np.count_nonzero(is_shared))

    @cached_property
    def usage(self) -> Usage:
        """How many rows of each class each shard has for each use."""
        kept = self.folder.once(
            "usage.json", lambda: {name: own.tolist() for name, own in self._count()._asdict().items()}
        )
        return Usage(np.array(kept["rows"], dtype=np.int64), np.array(kept["weights"], dtype=np.float64))

    @cached_property
    def plan(self) -> Plan:
        """The features and λ, as set or chosen by validation on a sample."""
        return Plan.from_json(self.folder.once("plan.json", lambda: self._chosen_plan().to_json()))

    def _count(self) -> Usage:
        n_classes = len(self.shards.facts.classes)
        rows, weights = [], []
        for shard in range(len(self.shards)):
            self.progress("counting", shard, len(self.shards))
            examples = self.shards.examples(shard)
            uses = self._split.rows(shard, examples)
            rows.append([np.bincount(examples.y[own], minlength=n_classes) for own in uses])
            weights.append([np.bincount(examples.y[own], examples.weights[own], n_classes) for own in uses])
        return Usage(np.array(rows), np.array(weights))

    def _chosen_plan(self) -> Plan:
        training, validation = (self._sample(use, most) for use, most in zip(_FITTED, SAMPLE_BYTES, strict=True))
        sample = Examples.joined([*training, *validation])
        split = np.split(np.arange(len(sample)), [sum(map(len, training))])
        division = Division.of(sample, (split[0], split[1]), self.settings)

        def check(prepared: Prepared) -> None:
            self.check_width(prepared.features, prepared.present, _PER_ROUGH_WEIGHT)

        return chosen_plan(sample, division, self.settings, self.threads, self.progress, check)

    def check_width(self, features: TextFeatures, present: Ints, per_weight: int) -> None:
        """Refuse more weights than memory can hold. Raises ParameterError."""
        n_scores = math.prod(loss_of("classes", len(present)).columns)
        needed = _FIXED + features.n_features * n_scores * per_weight
        if needed > self.memory:
            raise ParameterError(
                "memory",
                f"expected about {size(needed)} for {features.n_features:,} features of {len(present)} classes, found "
                f"{size(self.memory)}; give as much, and the work goes on from here, or take fewer features, by a "
                "higher min_df or hashing",
            )

    def _sample(self, use: int, most_bytes: int) -> list[Examples]:
        """The first rows of a use, of at most so many bytes of text."""
        found: list[Examples] = []
        left = most_bytes
        for shard in np.flatnonzero(self.usage.rows[:, use].any(axis=1)).tolist():
            examples = self.examples(shard, (use,))
            n_bytes = np.diff(examples.documents.texts.offsets)
            rows = first_rows(n_bytes, np.arange(len(examples)), left)
            found.append(examples.take(rows).apart())
            left -= int(n_bytes[rows].sum())
            if len(rows) < len(examples) or left <= 0:
                break
        return found

    @cached_property
    def _split(self) -> ShardedSplit:
        return self.shards.split(self.tenths)

    def examples(self, shard: int, uses: Uses) -> Examples:
        """The rows of some uses in a shard."""
        (found,) = self.examples_apart(shard, [uses])
        return found

    def examples_apart(self, shard: int, several: Sequence[Uses]) -> Iterator[Examples]:
        """The rows of a shard for each of several uses that have rows anywhere in it; none if it has none of them."""
        if not self.usage.rows[shard, [use for uses in several for use in uses]].any():
            return
        examples = self.shards.examples(shard)
        of_uses = self._split.rows(shard, examples)
        for uses in several:
            yield examples.take(np.sort(np.concatenate([of_uses[use] for use in uses])))

    def _check_class_weight(self) -> None:
        classes = self.shards.classes
        try:
            class_factors(self.settings.class_weight, classes, np.arange(len(classes)), np.ones(len(classes)))
        except ParameterError:
            # Another command is needed, which could not go on from here.
            self.folder.remove()
            raise

    def _parts(self, plan: Plan, name: str, uses: Uses, chooses: bool) -> list[SavedModel]:
        """The parts of the recipe, each a model by itself of the rows of some uses."""
        parts = enumerate(zip(plan.recipe.shares, plan.penalties, strict=True))
        return [self._part(f"{name}{number}", *part, penalty, uses, chooses) for number, (part, penalty) in parts]

    def _part(
        self, name: str, recipe: str, share: float, penalty: PenaltyChoice | None, uses: Uses, chooses: bool
    ) -> SavedModel:
        """A part of the recipe, as it was finished before, or fitted now."""
        path = self.folder / f"{name}.vikt"
        if not path.exists():
            if chooses and self._validates and (penalty is None or penalty.is_validated):
                penalty = self._confirmed(f"{name}-choice", recipe, penalty)
            fitted = self._fitted(name, (recipe, share), penalty, uses)
            fitted.solution.warn_unless_converged()
            save_model(path, *self._saved(fitted, uses).to_file())
            self.folder.remove(name)
        return load_trained(path)

    @property
    def _validates(self) -> bool:
        """Whether the validation rows can tell λ: of two classes or more that are trained on."""
        training, validation = (self.usage.present([use]) for use in _FITTED)
        return len(np.intersect1d(training, validation)) > 1

    def _confirmed(self, name: str, recipe: str, penalty: PenaltyChoice | None) -> PenaltyChoice:
        """λ by all validation rows, near the one that a sample has chosen, if any."""

        def choose() -> Json:
            rows = _PackedRows(self, name, recipe, [(TRAINING,), (VALIDATION,)])
            rows.make()
            chosen = choose_l2_near(
                scaled(Fold(rows.objective(0), rows.objective(1)), rows.features),
                None if penalty is None else penalty.l2,
                random_state=self.settings.random_state,
                progress=lambda done, total: self.progress("choosing λ", done, total),
            )
            return chosen.to_json()

        chosen = PenaltyChoice.from_json(self.folder.once(f"{name}.json", choose))
        self.folder.remove(name)
        return chosen

    def _fitted(self, name: str, part: tuple[str, float], penalty: PenaltyChoice | None, uses: Uses) -> FittedPart:
        rows = _PackedRows(self, name, part[0], [uses])
        rows.make()
        objective = rows.objective(0)
        objective = with_scales(objective, learnt_scales(rows.features, objective))
        return fit_part(
            Prepared(rows.features, Fold(objective, _without_rows(objective)), rows.present),
            part,
            penalty,
            self.settings.solver,
            self.settings.l1_ratio,
            lambda record: self.progress("fitting", record.passes, 0),
        )

    def _saved(self, fitted: FittedPart, uses: Uses) -> SavedModel:
        classes = self.shards.classes[fitted.present]
        theta = np.ascontiguousarray(fitted.theta.T).T
        data = self._data(uses, is_validated=fitted.penalty.is_validated)
        record = FitRecord(self.settings.options, data, fitted.name, (PartRecord.of(fitted),))
        return SavedModel(FittedModel(fitted.features, theta, classes, fitted.loss), record)

    def _data(self, uses: Uses, is_validated: bool) -> DataRecord:
        n_training, n_validation = (self.usage.n_rows([use]) for use in _FITTED)
        facts = self.shards.facts
        return DataRecord(
            **{**facts._asdict(), "weighted": facts.weighted or self.settings.class_weight is not None},
            training_rows=n_training if is_validated else n_training + n_validation,
            validation_rows=n_validation if is_validated else 0,
            fitted_rows=self.usage.n_rows(uses),
        )

    def _blended(self, plan: Plan, parts: Sequence[SavedModel]) -> SavedModel:
        records = tuple(record for part in parts for record in part.record.parts)
        features, theta = blend(
            replace(self.settings.features, analyzer=plan.recipe.analyzer),
            [
                _Blended(record.share, part.model.features, part.model.theta)
                for part, record in zip(parts, records, strict=True)
            ],
        )
        first = parts[0]
        model = FittedModel(features, np.ascontiguousarray(theta.T).T, first.model.classes, first.model.loss)
        record = replace(first.record, analyzer=model.features.settings.analyzer, parts=records, features=plan.features)
        return SavedModel(model, record)


class _Blended(NamedTuple):
    """A part of a blend: its share of the score, and its model."""

    share: float
    features: TextFeatures
    theta: NDArray[np.float32]


@dataclass(frozen=True)
class _PackedRows:
    """The rows of several uses by the features of a part of a recipe, packed in a folder of their own.

    Features, classes and the factors of their weights are those of the first uses. Rows of other classes are left out.
    """

    whole: ShardFit
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
            self._check_room(self.whole.shards.spool.n_bytes * entries_per_byte(self._settings) * _BYTES_PER_ENTRY)
        self.whole.check_width(self.features, self.present, _PER_WEIGHT)
        for shard in range(len(self.whole.shards)):
            self.whole.progress("packing", shard, len(self.whole.shards))
            if not self._listed(shard).exists():
                apart = enumerate(self.whole.examples_apart(shard, self.several))
                names = [self._write(f"{shard:03}-{number}", examples) for number, examples in apart]
                write_json(self._listed(shard), {"pieces": names})
                self._check_room(self._left(shard))

    def objective(self, number: int) -> Objective:
        """What is minimised over the rows of some of the uses, with λ = 0."""
        listed = [read_json(self._listed(shard))["pieces"] for shard in range(len(self.whole.shards))]
        paths = [self._folder / name for of_uses in listed if of_uses for name in of_uses[number]]
        parts = OnDisk(paths, self._decoder, self._scratch, threads=self.whole.threads)
        return Objective(parts, loss_of("classes", len(self.present)), penalty_of(0.0, 0.0, True))

    @cached_property
    def features(self) -> TextFeatures:
        """The features, learnt from the first rows."""
        whole, path = self.whole, self._folder / "features"
        if path.exists():
            kept = ArrayFile(path)
            return TextFeatures.from_arrays(self._settings, kept.read(kept.names))
        features = TextFeatures(self._settings)
        features.learn_over(
            self._texts,
            whole.usage.n_rows(self.several[0]),
            lambda done, total: whole.progress("features", done, total),
            threads=whole.threads,
        )
        check_packable(features)
        write_arrays(path, features.to_arrays(), {})
        return features

    @cached_property
    def present(self) -> Ints:
        """The classes of the first rows."""
        return self.whole.usage.present(self.several[0])

    @property
    def _settings(self) -> FeatureSettings:
        return replace(self.whole.settings.features, analyzer=self.recipe)

    @cached_property
    def _folder(self) -> Path:
        return self.whole.folder.folder(self.name)

    @property
    def _scratch(self) -> Path:
        return self._folder / "scratch"

    @cached_property
    def _decoder(self) -> RowDecoder:
        return RowDecoder.of(self.features)

    def _texts(self) -> Iterator[Texts]:
        for shard in range(len(self.whole.shards)):
            # How many n-grams there are is known only while they are learnt.
            if memory_resident() - self.whole.held > _MOST_RESIDENT * self.whole.memory:
                raise ParameterError(
                    "memory",
                    f"{size(self.whole.memory)} cannot hold the n-grams of {self.recipe!r}; give more, and the work "
                    "goes on from here, or take fewer features, by a higher min_df or hashing",
                )
            for examples in self.whole.examples_apart(shard, self.several[:1]):
                yield examples.documents.texts

    @cached_property
    def _factors(self) -> Floats:
        """The factor of the weights of each class."""
        weights = self.whole.usage.weights[:, self.several[0]].sum(axis=(0, 1))
        class_weight, classes = self.whole.settings.class_weight, self.whole.shards.classes
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
                made = packed(self.features, texts.take(np.arange(first, last)), threads=self.whole.threads)
                write_part(path, self._decoder, made.to_arrays(), made.n_entries, y[own], weights[own])
        return names

    def _left(self, shard: int) -> float:
        """The bytes of the rows of further shards, if they take as much as those up to this one."""
        rows = self.whole.usage.rows[:, [use for uses in self.several for use in uses]].sum(axis=(1, 2))
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


def _without_rows(objective: Objective) -> Objective:
    """An objective of the same columns and loss without any row."""
    none = np.empty(0)
    X = SparseMatrix(np.zeros(1, dtype=np.int64), none.astype(np.int32), none.astype(np.float32), objective.n_features)
    return Objective(InMemory(Part(X, none.astype(np.int64), none)), objective.loss, objective.penalty)
