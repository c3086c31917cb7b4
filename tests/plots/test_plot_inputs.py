"""A picture of the wrong thing: one message that names what was expected and what was found."""

from __future__ import annotations

import re

import pytest

from vikt import plots
from vikt.errors import UsageError
from vikt.metrics.calibration import reliability_curve
from vikt.metrics.curves import precision_recall_curve, roc_curve

ROC = roc_curve(["spam", "ham"], [0.9, 0.1], "spam")
PRECISION_RECALL = precision_recall_curve(["spam", "ham"], [0.9, 0.1], "spam")
RELIABILITY = reliability_curve([True, False], [0.9, 0.1])


@pytest.mark.parametrize(
    "value", [3, "text", object(), {"a": 1}, [[1, 2], [3]]], ids=lambda value: type(value).__name__
)
@pytest.mark.parametrize(
    "draw",
    [
        plots.roc,
        plots.precision_recall,
        plots.reliability,
        plots.label_reliability,
        plots.f1_by_label,
        plots.penalty_path,
        plots.loss_curve,
        plots.strongest_features,
        lambda value: plots.confusion_matrix(value, ["ham", "spam"]),
        lambda value: plots.gathered(value, ["ham", "spam"]),
        lambda value: plots.weights_path(value, value, value),
        lambda value: plots.decision_boundary(value, value, value),
        lambda value: plots.descent(value, {"batch": [[1, 1], [0, 0]]}),
        lambda value: plots.curve(value, (0, 1)),
        lambda value: plots.curve(abs, value),
        lambda value: plots.svg(value, "title"),
    ],
)
def test_a_wrong_type_is_refused(draw, value):
    with pytest.raises(UsageError, match=r"expected .*found"):
        draw(value)


@pytest.mark.parametrize(
    ("draw", "curve", "message"),
    [
        (plots.roc, PRECISION_RECALL, "roc: expected a RocCurve, found a PrecisionRecallCurve; give Evaluation.roc"),
        (plots.precision_recall, ROC, "precision_recall: expected a PrecisionRecallCurve, found a RocCurve"),
        (plots.reliability, ROC, "reliability: expected a Reliability, found a RocCurve"),
        (plots.roc, RELIABILITY, "roc: expected a RocCurve, found a Reliability"),
        (plots.loss_curve, [1.0], "loss_curve: expected a LossRecord, found a float; give classifier.loss_curve_"),
        (plots.logistic_curve, [1.0], "marked: expected a dict, found a list"),
        (plots.penalty_path, None, "penalty_path: expected a PenaltyChoice, found NoneType; give classifier.choice_"),
    ],
)
def test_a_curve_of_another_kind_is_not_drawn(draw, curve, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        draw(curve)
