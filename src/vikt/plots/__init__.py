"""Pictures by Matplotlib, which is imported when one is drawn.

Each function takes values and returns a `matplotlib.figure.Figure`, which needs no display: `figure.savefig("roc.pdf")`
saves it, a notebook shows it, and `svg` makes it part of a page. Beside its colour, each line has a dash or a marker,
and each class a shape, so that a picture can be read in grey.
"""

from vikt.plots.curves import label_reliability as label_reliability
from vikt.plots.curves import precision_recall as precision_recall
from vikt.plots.curves import reliability as reliability
from vikt.plots.curves import roc as roc
from vikt.plots.evaluation import confusion_matrix as confusion_matrix
from vikt.plots.evaluation import gathered as gathered
from vikt.plots.fit import loss_curve as loss_curve
from vikt.plots.fit import penalty_path as penalty_path
from vikt.plots.labels import f1_by_label as f1_by_label
from vikt.plots.lecture import curve as curve
from vikt.plots.lecture import decision_boundary as decision_boundary
from vikt.plots.lecture import descent as descent
from vikt.plots.lecture import logistic_curve as logistic_curve
from vikt.plots.lecture import loss_curves as loss_curves
from vikt.plots.svg import svg as svg
from vikt.plots.weights import strongest_features as strongest_features
from vikt.plots.weights import weights_path as weights_path

__all__ = [
    "confusion_matrix",
    "curve",
    "decision_boundary",
    "descent",
    "f1_by_label",
    "gathered",
    "label_reliability",
    "logistic_curve",
    "loss_curve",
    "loss_curves",
    "penalty_path",
    "precision_recall",
    "reliability",
    "roc",
    "strongest_features",
    "svg",
    "weights_path",
]
