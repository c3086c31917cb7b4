"""The way from examples to a fitted model: prepare, choose a plan, fit its parts, blend them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vikt.arrays import RowIndices
from vikt.base import LossRecord
from vikt.corpus.label_arrays import spelled_labels
from vikt.decisions.decision import NO_CLASS, PLAIN, Decision
from vikt.decisions.held_out import HeldOut
from vikt.decisions.label_aims import LabelAim
from vikt.decisions.label_thresholds import LabelThresholds
from vikt.decisions.learning import calibrated
from vikt.decisions.record import CalibrationRecord
from vikt.decisions.rules import Median
from vikt.decisions.settings import DecisionSettings
from vikt.features.memory import log_memory
from vikt.features.settings import FeatureSettings
from vikt.fitting.data_record import DataRecord
from vikt.fitting.division import Division
from vikt.fitting.examples import Examples, labels_of_one_class
from vikt.fitting.model import FittedModel
from vikt.fitting.part_record import PartRecord
from vikt.fitting.parts import FittedPart, blend, fit_part
from vikt.fitting.prepare import Prepared, prepare
from vikt.fitting.record import FitRecord
from vikt.fitting.settings import FitSettings
from vikt.fitting.start import Start
from vikt.fitting.threshold_counts import threshold_counts
from vikt.names import TargetKind
from vikt.progress import Progress, no_progress
from vikt.selection.choices import PenaltyChoice
from vikt.selection.features import Trials
from vikt.selection.folds import Fold
from vikt.selection.plan import Plan, Split, choose_plan
from vikt.threads import running


@dataclass(frozen=True)
class Fit:
    """The outcome of a fit; its plan can serve another fit."""

    model: FittedModel
    record: FitRecord
    plan: Plan
    parts: tuple[FittedPart, ...]

    @property
    def loss_curve(self) -> list[LossRecord]:
        """The losses of the part proven least, with the seconds that the record leaves out."""
        return self.parts[self.record.least_proven_number].solution.loss_curve

    def warn_unless_converged(self) -> None:
        for part in self.parts:
            part.solution.warn_unless_converged()


def fit(
    examples: Examples,
    split: Split,
    settings: FitSettings,
    *,
    plan: Plan | None = None,
    threads: int = 1,
    progress: Progress = no_progress,
    keeps_objectives: bool = False,
    start: Start | None = None,
) -> Fit:
    """Choose a plan, unless there is one from an earlier fit, and fit it; then make the decision that is asked for.

    The rows of `split` are used as `Division` has them. `keeps_objectives` keeps the objectives and the dual variables
    in `Fit.parts`. `start` is an earlier model by the same plan, near whose weights the solver starts.

    Raises
    ------
    DataError
        The examples cannot be fitted.
    AimMissedError
        They can, but no decision meets its aim on the held-out rows.
    """
    kind = examples.targets.kind
    settings.check_kind(kind)
    settings, aim = settings.without_label_aim(kind)
    # Refused before the fits rather than after them.
    label_aim = None if aim is None else LabelAim.of(aim, tuple(spelled_labels(examples.classes)))
    division = Division.of(examples, split, settings)
    deciding = _deciding_rows(examples, division, settings.decision)
    _log_memory(examples, settings)
    if plan is None:
        plan = chosen_plan(examples, division, settings, threads, progress)
    decision, calibration = _DECISIONS.get(kind, PLAIN), None
    if kind == "several":
        fitted = examples.take(division.fitted)
        decision, calibration = _by_thresholds(fitted, settings, label_aim, plan, threads, progress)
    rows = division.fitted, division.stopping
    parts = _fitted_parts(examples, plan, settings, rows, threads, progress, keeps_objectives, start)
    model = _model(examples, settings, plan, parts)
    if settings.decision.holds_out:
        decision, calibration = calibrated(settings.decision, _held_out(model, examples, deciding, threads))
    record = FitRecord(
        settings.options,
        _data_record(examples, division, settings, plan, model.features.reads_text),
        model.features.settings.analyzer,
        tuple(map(PartRecord.of, parts)),
        plan.features,
        calibration=calibration,
    )
    return Fit(replace(model, decision=decision), record, plan, tuple(parts))


# What is answered where nothing else is asked for.
_DECISIONS: Mapping[TargetKind, Decision] = {"ordered": Decision(Median())}


def _deciding_rows(examples: Examples, division: Division, settings: DecisionSettings) -> RowIndices:
    """The held-out rows that a decision is made by. Raises UsageError where they cannot give what is asked for."""
    rows = examples.one_of_each_group(division.calibration) if settings.proves else division.calibration
    if settings.holds_out:
        settings.check(tuple(spelled_labels(examples.classes)), len(rows))
    return rows


def _by_thresholds(
    examples: Examples, settings: FitSettings, aim: LabelAim | None, plan: Plan, threads: int, progress: Progress
) -> tuple[Decision, CalibrationRecord | None]:
    """The threshold of each of several labels, and how an aim for one of them is met."""
    rule, n_labels = settings.targets.thresholds, examples.targets.n_labels
    if isinstance(rule, float) and aim is None:
        return Decision(LabelThresholds.given(rule, n_labels)), None
    counts = threshold_counts(examples, settings, plan, threads=threads, progress=progress)
    if isinstance(rule, float):
        thresholds = LabelThresholds.given(rule, n_labels)
    else:
        thresholds = LabelThresholds.chosen(counts, rule)
    if aim is None:
        return Decision(thresholds), None
    thresholds, calibration = aim.met(thresholds, counts, len(examples))
    return Decision(thresholds), calibration


def _model(examples: Examples, settings: FitSettings, plan: Plan, parts: Sequence[FittedPart]) -> FittedModel:
    """The model, which decides nothing yet."""
    features, theta = blend(replace(settings.features, analyzer=plan.recipe.analyzer), parts)
    return FittedModel(features, theta, examples.classes[parts[0].present], parts[0].loss)


def _data_record(
    examples: Examples, division: Division, settings: FitSettings, plan: Plan, reads_text: bool
) -> DataRecord:
    validates = settings.patience is not None or (plan.is_validated and settings.folds is None)
    return DataRecord.of(
        examples,
        reads_text=reads_text,
        weighted=examples.is_weighted or settings.class_weight is not None,
        training=len(division.training if validates else division.fitted),
        validation=len(division.validation) if validates else 0,
        fitted=len(division.fitted),
        calibration=len(division.calibration) if settings.decision.holds_out else None,
    )


def _held_out(model: FittedModel, examples: Examples, rows: RowIndices, threads: int) -> HeldOut:
    """What a plain model says of rows that it has not learnt from."""
    held = examples.take(rows)
    sceptic = replace(model, decision=replace(PLAIN, answers_unknown=False))
    answered = sceptic.answered(held.documents, threads)
    # A class whose texts are all held out is none of the model.
    position_of = {label: k for k, label in enumerate(model.classes.tolist())}
    y = np.array([position_of.get(label, NO_CLASS) for label in labels_of_one_class(held).tolist()], dtype=np.int64)
    return HeldOut(tuple(model.labels), answered.log_probabilities, y, answered.is_answered)


def chosen_plan(
    examples: Examples,
    division: Division,
    settings: FitSettings,
    threads: int,
    progress: Progress,
    check: Callable[[Prepared], None] | None = None,
) -> Plan:
    """The features and λ, as set or chosen by validation; `check` is called with what each fit is made from."""

    def fold_of(features: FeatureSettings, training: RowIndices, validation: RowIndices) -> Fold:
        prepared = prepare(examples, features, training, validation, settings.class_weight, threads, progress)
        if check is not None:
            check(prepared)
        return prepared.fold

    n_bytes = np.diff(examples.documents.texts.offsets)
    kind = examples.targets.kind
    trials = Trials(fold_of, examples.strata, n_bytes, settings.random_state, threads, progress, kind)
    return choose_plan(
        trials,
        settings.features,
        [division.split] if settings.folds is None else examples.folds(division.fitted, settings.folds),
        l2=settings.l2,
        one_standard_error=settings.one_standard_error,
        chooses_features=settings.chooses_features,
    )


def _fitted_parts(
    examples: Examples,
    plan: Plan,
    settings: FitSettings,
    rows: Split,
    threads: int,
    progress: Progress,
    keeps_objectives: bool,
    start: Start | None,
) -> list[FittedPart]:
    def fit_one(number: int, part: tuple[str, float], penalty: PenaltyChoice | None) -> FittedPart:
        features = replace(settings.features, analyzer=part[0])
        prepared = prepare(examples, features, *rows, settings.class_weight, threads, progress)
        classes = examples.classes[prepared.present]
        return fit_part(
            prepared,
            part,
            penalty,
            settings.solver,
            settings.l1_ratio,
            lambda record: progress("fitting", record.passes, 0),
            keeps_objectives,
            None if start is None else start.theta(number, prepared.features, classes),
        )

    with running(threads) as run:
        return list(run(fit_one, range(len(plan.penalties)), plan.recipe.shares, plan.penalties))


def _log_memory(examples: Examples, settings: FitSettings) -> None:
    # The parts of a blend are learnt one after the other; this one takes the most memory.
    widest = replace(settings.features, analyzer="word+char") if settings.chooses_features else settings.features
    log_memory(examples.documents.texts.n_bytes, widest)
