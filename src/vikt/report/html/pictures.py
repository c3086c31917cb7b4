"""Figures as parts of a page, with the numbers behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vikt import plots
from vikt.evaluation.evaluation import Evaluation
from vikt.evaluation.of_labels import LabelEvaluation
from vikt.fitting.part_record import PartRecord
from vikt.metrics.calibration import Reliability
from vikt.metrics.curves import Curve, PrecisionRecallCurve, RocCurve
from vikt.metrics.intervals import f1_ends
from vikt.plots.evaluation import gathered
from vikt.plots.labels import MOST_LABELS
from vikt.report.html.blocks import Picture, Table
from vikt.tables import NO_ANSWER_NAME, figure, label_line, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

# Points of a curve in the table behind it; the curve itself has more.
_MOST_ROWS = 25
_MOST_CLASSES = 12


def reliability_picture(curve: Reliability) -> Picture:
    """How often answers of each confidence are right."""
    return _calibration_picture(
        curve,
        plots.reliability(curve),
        "How often answers of each confidence are right, with 95% intervals, and how many rows have it.",
        ["confidence", "share that is right", "rows"],
    )


def label_reliability_picture(curve: Reliability) -> Picture:
    """How often a text has a label that is given each probability."""
    return _calibration_picture(
        curve,
        plots.label_reliability(curve),
        "How often a text has a label that the model gives each probability, over all labels, with 95% intervals, and "
        "how many pairs of a text and a label there are.",
        ["probability", "share that has the label", "pairs"],
    )


def _calibration_picture(curve: Reliability, drawn: Figure, caption: str, columns: list[str]) -> Picture:
    points = zip(curve.confidence.tolist(), curve.accuracy.tolist(), curve.rows.tolist(), strict=True)
    rows = [[figure(confidence), figure(share), f"{n:,}"] for confidence, share, n in points]
    caption += " The dots of a calibrated model lie on the dotted line."
    return _picture(drawn, "Calibration", caption, columns, rows)


def f1_picture(evaluation: LabelEvaluation) -> Picture:
    """F1 of the labels with the most rows, the best first."""
    known = [k for k in np.argsort(-evaluation.f1, kind="stable").tolist() if evaluation.support[k]]
    low, high = f1_ends(*evaluation.counts)
    rows = [
        [
            label_line(evaluation.labels[k]),
            figure(evaluation.f1[k]),
            f"{figure(low[k])} to {figure(high[k])}",
            f"{evaluation.support[k]:,}",
        ]
        for k in known
    ]
    few = f" The {MOST_LABELS} labels with the most rows are drawn." if len(known) > MOST_LABELS else ""
    return _picture(
        plots.f1_by_label(evaluation),
        f"F1 of each {evaluation.noun}",
        f"F1 of each {evaluation.noun} with its 95% interval, and how many rows have it.{few}",
        [evaluation.noun, "F1", "95%", "rows"],
        rows,
    )


def roc_picture(curve: RocCurve, of: str, noun: str, threshold: float | None = None) -> Picture:
    """The receiver operating characteristic of a class, or the mean of all, with the point of the threshold."""
    return _curve_picture(
        plots.roc(curve, threshold=threshold),
        "ROC curve",
        f"Share of {of or f'each {noun}'} found, against the share of other rows taken for it, at each "
        f"threshold{_mean(of, noun)}.",
        ["false positive rate", "true positive rate"],
        curve,
    )


def precision_recall_picture(
    curve: PrecisionRecallCurve, of: str, noun: str, threshold: float | None = None
) -> Picture:
    """Precision against recall of a class, or the mean of all, with the point of the threshold."""
    return _curve_picture(
        plots.precision_recall(curve, threshold=threshold),
        "Precision-recall curve",
        f"Share of the answers {of or f'of each {noun}'} that are right, against the share of its rows found, at each "
        f"threshold{_mean(of, noun)}.",
        ["recall", "precision"],
        curve,
    )


def path_picture(part: PartRecord) -> Picture:
    """The validation loss along λ."""
    choice = part.penalty
    rows = [
        [
            f"{point.l2:.3g}",
            f"{point.strength:.3g}",
            figure(point.log_loss),
            figure(point.standard_error),
            "chosen" if point.l2 == choice.l2 else "",
        ]
        for point in choice.curve
    ]
    return _picture(
        plots.penalty_path(choice),
        "Validation log loss along λ",
        "The log loss on validation rows for each λ that was tried, with its standard error.",
        ["λ", "C·mean‖x‖²", "validation log loss", "standard error", "choice"],
        rows,
    )


def loss_picture(part: PartRecord) -> Picture:
    """The loss after each pass."""
    kept = part.loss_curve[:: max(1, len(part.loss_curve) // _MOST_ROWS)]
    has_validation = any(record.validation_loss is not None for record in kept)
    rows = [
        [
            f"{record.passes:,}",
            f"{record.training_loss:.6g}",
            *["–" if record.validation_loss is None else f"{record.validation_loss:.6g}"] * has_validation,
        ]
        for record in kept
    ]
    return _picture(
        plots.loss_curve(part.loss_curve, part.stopping_reason),
        "The loss after each pass",
        "The mean loss after each pass over the data.",
        ["passes", "training loss", *["validation loss"] * has_validation],
        rows,
    )


def confusion_picture(evaluation: Evaluation) -> Picture:
    """The confusion matrix of the labels with the most rows, and of all others as one."""
    counts, labels = gathered(evaluation.entries, evaluation.labels, _MOST_CLASSES)
    names = [label_line(label) for label in labels]
    if not evaluation.n_unanswered:
        counts = counts[:, :-1]
    answers = [*names, NO_ANSWER_NAME][: counts.shape[1]]
    rows = [[name, *(f"{count:,}" for count in row)] for name, row in zip(names, counts.tolist(), strict=True)]
    return _picture(
        plots.confusion_matrix(counts, labels),
        "Confusion matrix",
        "Rows by real label and answer: the labels with the most rows, and all others as one.",
        ["real \\ answered", *answers],
        rows,
    )


def _picture(drawn: Figure, title: str, caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Picture:
    return Picture(plots.svg(drawn, title, caption), title, caption, Table.of(title, columns, rows))


def _curve_picture(drawn: Figure, title: str, caption: str, columns: Sequence[str], curve: Curve) -> Picture:
    thin = curve.thinned(_MOST_ROWS)
    points = [[figure(x), figure(y)] for x, y in zip(thin.x.tolist(), thin.y.tolist(), strict=True)]
    return _picture(drawn, title, caption, columns, points)


def _mean(of: str, noun: str) -> str:
    return "" if of else f", mean over the {plural(noun)}"
