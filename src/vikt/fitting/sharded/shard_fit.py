"""The way from shards of examples to a fitted model: that of `vikt.fitting.fit`, with the rows on disk or on a cluster.

A sample of the rows, in memory, chooses the features and λ. The vocabulary of each part is then learnt from all rows to
be fitted, of which rows of features are made where they are to lie. In these λ is compared with its neighbours by all
validation rows, and the solver goes through them shard by shard. What is finished stays in a folder, so that
interrupted work can resume.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.errors import ParameterError
from vikt.features.text import TextFeatures
from vikt.files.model_file import save_model
from vikt.files.snapshot import SnapshotFile
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
from vikt.fitting.sharded.recipe_rows import FeatureRows, RecipeRows, RowPlace
from vikt.fitting.sharded.shard_work import TEST, TRAINING, VALIDATION, ShardWork, Uses
from vikt.fitting.trained import load_trained
from vikt.mappings import Json
from vikt.matrix import SparseMatrix
from vikt.model.classes import class_factors
from vikt.model.objective import Objective
from vikt.names import DECISION_PARAMETERS, KIND_NAMES
from vikt.parts import InMemory, Part
from vikt.selection.choices import PenaltyChoice
from vikt.selection.features import SAMPLE_BYTES
from vikt.selection.folds import Fold
from vikt.selection.penalty import choose_l2_near
from vikt.selection.plan import Plan

# Parameters that need all rows in memory, and the solvers that do not.
_IN_MEMORY = (
    "features", "folds", "one_standard_error", "l1_ratio", "patience", *DECISION_PARAMETERS, "order", "thresholds",
)  # fmt: skip
_SOLVERS = ("auto", "dual", "newton")
_FITTED = (TRAINING, VALIDATION)


def check_fits_shards(settings: FitSettings, otherwise: str) -> None:
    """Raise ParameterError where a parameter needs all rows in memory; `otherwise` says how these are fitted there."""
    needy = next((name for name in _IN_MEMORY if settings.options.get(name)), None)
    if needy is not None:
        raise ParameterError(needy, f"needs all rows in memory; leave it out, or {otherwise}")
    kind = settings.targets.kind
    if kind != "auto" and kind != "classes":
        raise ParameterError("targets", f"{KIND_NAMES[kind]} need all rows in memory; {otherwise}")
    if settings.solver.solver not in _SOLVERS:
        able = ", ".join(map(repr, _SOLVERS))
        raise ParameterError(
            "solver",
            f"{settings.solver.solver!r} needs all rows in memory; choose from {able}, or {otherwise}",
        )


@dataclass(frozen=True)
class ShardFit:
    """A fit of shards, which resumes from what is finished in the folder of the work."""

    work: ShardWork
    place: RowPlace

    def fitted(self) -> SavedModel:
        """The model of the training and validation rows, by the plan that these have chosen.

        Raises
        ------
        DataError
            The rows cannot be fitted, or are too few to hold out a tenth.
        ParameterError
            A class of the weights is unknown, or memory cannot hold the features.
        """
        usage = self.work.usage
        self._check_class_weight()
        if self.work.tenths > TRAINING + 1 and not usage.n_rows([TEST]):
            facts = self.work.shards.facts
            raise too_few_to_test(int(usage.rows.sum()), facts.duplicate_texts, len(facts.classes))
        plan = self.plan
        return self._blended(plan, self._parts(plan, "part", _FITTED, chooses=True))

    def refitted(self, first: SavedModel) -> SavedModel:
        """A model of all rows, by the plan of the first fit."""
        plan = plan_of(first.record)
        return self._blended(plan, self._parts(plan, "refit", (*_FITTED, TEST), chooses=False))

    @cached_property
    def plan(self) -> Plan:
        """The features and λ, as set or chosen by validation on a sample."""
        return Plan.from_json(self.work.folder.once("plan.json", lambda: self._chosen_plan().to_json()))

    def _chosen_plan(self) -> Plan:
        training, validation = (self.work.sample(use, most) for use, most in zip(_FITTED, SAMPLE_BYTES, strict=True))
        sample = Examples.joined([*training, *validation])
        split = np.split(np.arange(len(sample)), [sum(map(len, training))])
        division = Division.of(sample, (split[0], split[1]), self.work.settings)

        def check(prepared: Prepared) -> None:
            self.work.memory.check_weights(prepared.features, len(prepared.present), is_rough=True)

        return chosen_plan(sample, division, self.work.settings, self.work.n_threads, self.work.progress, check)

    def _check_class_weight(self) -> None:
        classes = self.work.shards.classes
        class_factors(self.work.settings.class_weight, classes, np.arange(len(classes)), np.ones(len(classes)))

    def _parts(self, plan: Plan, name: str, uses: Uses, chooses: bool) -> list[SavedModel]:
        """The parts of the recipe, each a model by itself of the rows of some uses."""
        parts = enumerate(zip(plan.recipe.shares, plan.penalties, strict=True))
        return [self._part(f"{name}{number}", *part, penalty, uses, chooses) for number, (part, penalty) in parts]

    def _part(
        self, name: str, recipe: str, share: float, penalty: PenaltyChoice | None, uses: Uses, chooses: bool
    ) -> SavedModel:
        """A part of the recipe, as it was finished before, or fitted now."""
        path = self.work.folder / f"{name}.vikt"
        if not path.exists():
            if chooses and self._validates and (penalty is None or penalty.is_validated):
                penalty = self._confirmed(f"{name}-choice", recipe, penalty)
            self._fit_to_file(path, name, (recipe, share), penalty, uses)
            self.work.folder.remove(name)
        return load_trained(path)

    def _fit_to_file(
        self, path: Path, name: str, part: tuple[str, float], penalty: PenaltyChoice | None, uses: Uses
    ) -> None:
        """A part as a model file; what it was fitted with is gone from memory before the file is read."""
        fitted = self._fitted(name, part, penalty, uses)
        fitted.solution.warn_unless_converged()
        save_model(path, *self._saved(fitted, uses).to_file())

    @property
    def _validates(self) -> bool:
        """Whether the validation rows can tell λ: of two classes or more that are trained on."""
        training, validation = (self.work.usage.present([use]) for use in _FITTED)
        return len(np.intersect1d(training, validation)) > 1

    def _confirmed(self, name: str, recipe: str, penalty: PenaltyChoice | None) -> PenaltyChoice:
        """λ by all validation rows, near the one that a sample has chosen, if any."""

        def choose() -> Json:
            rows = self._rows(RecipeRows(self.work, name, recipe, [(TRAINING,), (VALIDATION,)]))
            chosen = choose_l2_near(
                scaled(Fold(rows.objective(0), rows.objective(1)), rows.features),
                None if penalty is None else penalty.l2,
                random_state=self.work.settings.random_state,
                progress=lambda done, total: self.work.progress("choosing λ", done, total),
            )
            return chosen.to_json()

        chosen = PenaltyChoice.from_json(self.work.folder.once(f"{name}.json", choose))
        self.work.folder.remove(name)
        return chosen

    def _fitted(self, name: str, part: tuple[str, float], penalty: PenaltyChoice | None, uses: Uses) -> FittedPart:
        chosen = RecipeRows(self.work, name, part[0], [uses])
        rows = self._rows(chosen)
        objective = rows.objective(0)
        objective = with_scales(objective, learnt_scales(rows.features, objective))
        return fit_part(
            Prepared(rows.features, Fold(objective, _without_rows(objective)), chosen.present),
            part,
            penalty,
            self.work.settings.solver,
            self.work.settings.l1_ratio,
            lambda record: self.work.progress("fitting", record.passes, 0),
            checkpoint=SnapshotFile(self.work.folder.folder(name) / "ascent"),
        )

    def _rows(self, chosen: RecipeRows) -> FeatureRows:
        chosen.check_classes()
        return self.place.rows(chosen)

    def _saved(self, fitted: FittedPart, uses: Uses) -> SavedModel:
        classes = self.work.shards.classes[fitted.present]
        features, theta = blend(self.work.settings.features, [fitted])
        data = self._data(uses, is_validated=fitted.penalty.is_validated)
        columns = self.work.shards.spool.columns_by_role
        record = FitRecord(
            self.work.settings.options,
            data,
            fitted.name,
            (PartRecord.of(fitted),),
            columns=columns,
            cluster_groups=self.place.groups,
        )
        return SavedModel(FittedModel(features, theta, classes, fitted.loss), record)

    def _data(self, uses: Uses, is_validated: bool) -> DataRecord:
        n_training, n_validation = (self.work.usage.n_rows([use]) for use in _FITTED)
        facts = self.work.shards.facts
        return DataRecord(
            **{**facts._asdict(), "weighted": facts.weighted or self.work.settings.class_weight is not None},
            training_rows=n_training if is_validated else n_training + n_validation,
            validation_rows=n_validation if is_validated else 0,
            fitted_rows=self.work.usage.n_rows(uses),
        )

    def _blended(self, plan: Plan, parts: Sequence[SavedModel]) -> SavedModel:
        records = tuple(record for part in parts for record in part.record.parts)
        features, theta = blend(
            replace(self.work.settings.features, analyzer=plan.recipe.analyzer),
            [
                _Blended(record.share, part.model.features, part.model.theta)
                for part, record in zip(parts, records, strict=True)
            ],
        )
        first = parts[0]
        model = FittedModel(features, theta, first.model.classes, first.model.loss)
        record = replace(first.record, analyzer=model.features.settings.analyzer, parts=records, features=plan.features)
        return SavedModel(model, record)


class _Blended(NamedTuple):
    """A part of a blend: its share of the score, and its model."""

    share: float
    features: TextFeatures
    theta: NDArray[np.float32]


def _without_rows(objective: Objective) -> Objective:
    """An objective of the same columns and loss without any row."""
    none = np.empty(0)
    X = SparseMatrix(np.zeros(1, dtype=np.int64), none.astype(np.int32), none.astype(np.float32), objective.n_features)
    return Objective(InMemory(Part(X, none.astype(np.int64), none)), objective.loss, objective.penalty)
