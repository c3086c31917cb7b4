"""The figures that the aim of a model is about, on a test."""

from __future__ import annotations

import numpy as np

from vikt.decisions.conditions import parsed
from vikt.decisions.record import MEAN_COST
from vikt.decisions.rules import LeastCost
from vikt.evaluation.evaluation import Evaluation
from vikt.evaluation.figures import Figure
from vikt.evaluation.of_labels import LabelEvaluation
from vikt.evaluation.requirements import Requirement, figure_of
from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord
from vikt.metrics.classification import exact_mean
from vikt.metrics.intervals import mean_interval


def aim_figures(model: FittedModel, record: FitRecord, evaluation: LabelEvaluation) -> dict[str, Figure]:
    """The figures of the aim on a test, by the names of the estimates on held-out rows; none without an aim."""
    found = record.calibration
    return {
        name: _mean_cost(model, evaluation)
        if name == MEAN_COST and isinstance(evaluation, Evaluation)
        else figure_of(parsed(name).measure, evaluation)
        for name in (found.estimates if found else ())
    }


def tested_aim(model: FittedModel, record: FitRecord, evaluation: LabelEvaluation) -> Requirement | None:
    """The aim as a condition on the test; None where there is none, or it names no value to reach."""
    found = record.calibration
    condition = None if found is None else found.condition
    if condition is None:
        return None
    return Requirement(condition, aim_figures(model, record, evaluation)[str(condition.measure)])


def _mean_cost(model: FittedModel, evaluation: Evaluation) -> Figure:
    """The mean cost of the answers to rows of known labels, by the costs of the rule."""
    place_of = {label: place for place, label in enumerate(model.labels)}
    places = np.array([place_of.get(label, -1) for label in evaluation.labels], dtype=np.int64)
    real, answered, rows = evaluation.entries.T
    counts = (answered >= 0) & (places[real] >= 0)
    rule = model.decision.rule
    if not isinstance(rule, LeastCost) or not counts.any():
        return Figure(np.nan, np.nan, np.nan, "no row of a known label is answered")
    costs = np.repeat(rule.costs(places[real[counts]], places[answered[counts]]), rows[counts])
    low, high = mean_interval(costs)
    return Figure(exact_mean(costs), max(low, 0.0), high)
