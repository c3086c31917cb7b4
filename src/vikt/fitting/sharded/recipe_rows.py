"""The rows for the features of a part of a recipe: which they are, and what is the same of them wherever they lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from vikt.arrays import Floats, Ints, RowIndices
from vikt.corpus.texts import Texts
from vikt.errors import ClassesError
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.files.array_file import ArrayFile, write_arrays
from vikt.files.work_folder import WorkFolder
from vikt.fitting.examples import Examples
from vikt.fitting.sharded.shard_work import ShardWork, Uses
from vikt.model.classes import class_factors
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.model.targets import loss_of
from vikt.parts import Parts
from vikt.spool.spool import Spool


class FeatureRows(Protocol):
    """The rows of several uses by the features of a part of a recipe, once they are made."""

    @property
    def features(self) -> TextFeatures:
        """Those learnt from the rows of the first uses."""
        ...

    def objective(self, number: int) -> Objective:
        """What is minimised over the rows of some of the uses, with λ = 0."""
        ...


class RowPlace(Protocol):
    """Where the rows of a fit lie."""

    @property
    def groups(self) -> int | None:
        """How many groups of the rows a fit passes over at the same time, on which it depends; None on one machine."""
        ...

    def at(self, folder: WorkFolder) -> RowPlace:
        """The same place, for work in a folder.

        Raises
        ------
        ParameterError
            A machine of it cannot read the shards of that work.
        OutputFileError
            They cannot be written where it is to read them.
        """
        ...

    def sharded(self, spool: Spool) -> Spool:
        """The same rows in the shards that are worked on there."""
        ...

    def rows(self, rows: RecipeRows) -> FeatureRows:
        """The rows of a part of a recipe, made there as far as it is not done.

        Raises
        ------
        ParameterError
            Memory cannot hold the features.
        OutputFileError
            The disk is full.
        """
        ...


@dataclass(frozen=True)
class RecipeRows:
    """The rows of several uses, and the part of a recipe whose features they are to have.

    Features, classes and the factors of their weights are those of the first uses. Rows of other classes are left out.
    `name` is that of a folder for what is made of them.
    """

    work: ShardWork
    name: str
    recipe: str
    several: Sequence[Uses]

    @cached_property
    def present(self) -> Ints:
        """The classes of the first rows."""
        return self.work.usage.present(self.several[0])

    @property
    def n_documents(self) -> int:
        """How many rows the features are learnt from."""
        return self.work.usage.n_rows(self.several[0])

    @property
    def settings(self) -> FeatureSettings:
        return replace(self.work.settings.features, analyzer=self.recipe)

    @cached_property
    def folder(self) -> Path:
        return self.work.folder.folder(self.name)

    @cached_property
    def chosen(self) -> ChosenRows:
        """What is taken of examples."""
        weights = self.work.usage.weights[:, self.several[0]].sum(axis=(0, 1))
        class_weight, classes = self.work.settings.class_weight, self.work.shards.classes
        factors = class_factors(class_weight, classes, np.arange(len(classes)), weights)
        return ChosenRows(self.present, np.asarray(factors[self.present]))

    def check_classes(self) -> None:
        """Raise ClassesError where the first rows have fewer than two classes."""
        if len(self.present) < 2:
            raise ClassesError("the rows to fit have fewer than two classes left; give more texts of each class")

    def learnt(self, learn: Callable[[TextFeatures], None]) -> TextFeatures:
        """The features, which are learnt unless they were before, and kept in the folder.

        Raises ParameterError where the memory of this process cannot hold their weights.
        """
        features = self._learnt(learn)
        self.work.memory.check_weights(features, len(self.present))
        return features

    def _learnt(self, learn: Callable[[TextFeatures], None]) -> TextFeatures:
        path = self.folder / "features"
        if path.exists():
            kept = ArrayFile(path)
            return TextFeatures.from_arrays(self.settings, kept.read(kept.names))
        features = TextFeatures(self.settings)
        learn(features)
        write_arrays(path, features.to_arrays(), {})
        return features

    def objective(self, parts: Parts) -> Objective:
        """What is minimised over rows, with λ = 0."""
        return Objective(parts, loss_of("classes", len(self.present)), penalty_of(0.0, 0.0, True))


class LabelledTexts(NamedTuple):
    """Which rows of examples are taken, their texts, the numbers of their classes among those present, and weights."""

    rows: RowIndices
    texts: Texts
    y: Ints
    weights: Floats


class ChosenRows(NamedTuple):
    """Which classes have rows, and the factor of the weights of each."""

    present: Ints
    factors: Floats

    def of(self, examples: Examples) -> LabelledTexts:
        """The rows of these classes without those that repeat another, in whose place its weight is larger."""
        own = np.flatnonzero(np.isin(examples.y, self.present))
        first, weights = examples.take(own).merged()
        rows = own[first]
        y = np.searchsorted(self.present, examples.y[rows])
        return LabelledTexts(rows, examples.documents.texts.take(rows), y, weights * self.factors[y])
