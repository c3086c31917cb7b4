"""The figures of the probabilities, whatever class is answered: their losses, areas, calibration and curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vikt.arrays import Floats, Ints, Targets
from vikt.evaluation.figures import Figure, bootstrapped, joined, named_classes, share
from vikt.evaluation.one_versus_rest import OneVersusRest, one_versus_rest
from vikt.mappings import Json
from vikt.metrics.areas import Area
from vikt.metrics.bootstrap import drawn_means
from vikt.metrics.calibration import N_BINS, Reliability, error_of, reliability_curve
from vikt.metrics.classification import exact_mean, log_losses
from vikt.metrics.intervals import logit_interval
from vikt.metrics.probabilities import brier_scores, entropies, top_k_hits
from vikt.tables import counted

_MOST_PROBABLE = 3
# A standard error below this is what rounding leaves of 0.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class ProbabilityFigures:
    """Figures by name, each class against the rest, and the calibration of the most probable class.

    Of soft labels, the calibration compares its probability with its mean share.
    """

    figures: dict[str, Figure]
    against_rest: OneVersusRest
    reliability: Reliability


@dataclass(frozen=True)
class _Known:
    """The rows whose label the model knows: the notes about the others, and the facts of each figure."""

    notes: dict[str, bool]
    facts: Json

    @classmethod
    def of(cls, n_rows: int, left_out: int) -> _Known:
        notes = {
            "every row has a label unseen in training": not n_rows,
            f"leaves out {counted(left_out, 'row')} with labels unseen in training": left_out > 0,
        }
        return cls(notes, {"rows": n_rows, "left_out": left_out})


def probability_figures(
    y: Ints, truth: Targets, log_probabilities: Floats, classes: list[str], left_out: int
) -> ProbabilityFigures:
    """The figures of the rows whose label the model knows.

    Parameters
    ----------
    y : ndarray of int, (m,)
        The index of each row's real class; of soft labels the most probable.
    truth : ndarray of int, (m,), or of float, (m, K)
        The same, or the shares of soft labels, which log loss and Brier score compare the probabilities with.
    log_probabilities : ndarray, (m, K)
        log P(class | text).
    classes : list of str, (K,)
    left_out : int
        The rows of labels unseen in training, which are not among the m. They count as wrong in top-k accuracy.
    """
    probabilities = np.exp(log_probabilities)
    known = _Known.of(len(y), left_out)
    # Rounding can carry a sum of probabilities above 1.
    confidence = np.minimum(probabilities.max(axis=1), 1.0)
    reliability = reliability_curve(_shares_of(log_probabilities.argmax(axis=1), truth), confidence)
    against_rest = one_versus_rest(y, probabilities)
    figures = {
        "log_loss": log_loss_figure(log_losses(truth, log_probabilities), left_out, _entropy(truth)),
        "brier": mean_of_rows(brier_scores(truth, probabilities), known.notes, known.facts),
        **_areas(against_rest, classes, known),
        "calibration_error": _calibration_error(reliability, known),
    }
    if len(classes) > 2:
        k = min(_MOST_PROBABLE, len(classes) - 1)
        hits = int(top_k_hits(y, log_probabilities, k).sum())
        figures["top_k_accuracy"] = share(hits, len(y) + left_out, k=k)
    return ProbabilityFigures(figures, against_rest, reliability)


def _shares_of(answers: Ints, truth: Targets) -> Targets:
    """The share of the class that is answered in each row; where a row has one class, whether it is that: (m,)."""
    return answers == truth if truth.ndim == 1 else truth[np.arange(len(answers)), answers]


def _entropy(truth: Targets) -> float:
    """The mean entropy of shares; 0 where each row has one class."""
    return exact_mean(entropies(truth)) if truth.ndim == 2 and len(truth) else 0.0


def log_loss_figure(losses: Floats, left_out: int, entropy: float = 0.0) -> Figure:
    """The mean of the losses of the rows whose label the model knows, (m,), of which others were left out.

    `entropy` is that of soft labels, which no loss is below.
    """
    known = _Known.of(len(losses), left_out)
    if not entropy:
        return mean_loss(losses, known.notes, known.facts)
    notes = known.notes | {f"the entropy of the shares, its least value, is {entropy:.4f}": True}
    return mean_loss(losses, notes, known.facts | {"entropy": entropy})


def mean_loss(losses: Floats, notes: Mapping[str, bool], facts: Json) -> Figure:
    """The mean of the losses of rows, (m,), some of which may be infinite; notes and facts as of `bootstrapped`."""
    infinite = int(np.isinf(losses).sum())
    if not infinite:
        return mean_of_rows(losses, notes, facts)
    about = {f"the label of {counted(infinite, 'row')} has probability 0": True}
    return Figure(math.inf, reason=joined(about | dict(notes)), facts=facts)


def mean_of_rows(values: Floats, notes: Mapping[str, bool], facts: Json) -> Figure:
    """The mean of a value of each row, (m,); notes and facts as of `bootstrapped`."""
    if len(values) < 2:
        reason = joined({"one row gives no interval": len(values) == 1} | dict(notes))
        return Figure(float(values[0]) if len(values) else math.nan, reason=reason, facts=facts)
    return bootstrapped(exact_mean(values), drawn_means(values), notes, facts)


def _calibration_error(reliability: Reliability, known: _Known) -> Figure:
    notes = known.notes | {"it has no interval, since its bootstrap is biased": len(reliability.rows) > 0}
    return Figure(error_of(reliability), reason=joined(notes), facts=known.facts | {"bins": N_BINS})


def _areas(against_rest: OneVersusRest, classes: list[str], known: _Known) -> dict[str, Figure]:
    """The areas of the second of two classes, or the means over the classes that some rows have and others have not."""
    is_defined, curves = against_rest.is_defined, against_rest.curves
    about = {"class": classes[1]} if len(classes) == 2 else {"classes": int(is_defined.sum())}
    facts = known.facts | about
    if curves is None:
        notes = known.notes | {"all rows are of one class": known.facts["rows"] > 0}
        return dict.fromkeys(("roc_auc", "average_precision"), Figure(math.nan, reason=joined(notes), facts=facts))
    notes = known.notes | {
        f"leaves out {named_classes(classes, ~is_defined)}, which no row has": not is_defined.all(),
    }
    return {
        "roc_auc": _area(curves.roc_area, notes, facts),
        "average_precision": _area(curves.precision_recall_area, notes, facts),
    }


def _area(area: Area, notes: dict[str, bool], facts: Json) -> Figure:
    has_none = area.standard_error < _ROUNDING
    reason = joined(notes | {"its standard error is 0, which gives no interval": has_none})
    if has_none:
        return Figure(area.value, reason=reason, facts=facts)
    low, high = logit_interval(area.value, area.standard_error)
    return Figure(area.value, min(low, area.value), max(high, area.value), reason, facts)
