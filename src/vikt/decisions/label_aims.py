"""An aim for one of several labels, met by its threshold, as counted on rows that were answered out of fold."""

from __future__ import annotations

import numpy as np

from vikt.decisions.aims import Aim, ThresholdAim, rates
from vikt.decisions.held_out import position
from vikt.decisions.label_thresholds import LabelThresholds
from vikt.decisions.record import Estimate
from vikt.decisions.threshold_counts import GRID, ThresholdCounts
from vikt.errors import ParameterError
from vikt.tables import counted


def label_aim(aim: Aim, labels: tuple[str, ...]) -> tuple[ThresholdAim, int]:
    """An aim for one label, and the index of this label.

    Raises
    ------
    ParameterError
        The aim is not for one label, or there is no such label.
    """
    if not isinstance(aim, ThresholdAim):
        raise ParameterError(
            "aim",
            f"{aim} needs one class per text; with several labels, aim at the precision, recall or f1 of one, as in "
            f"precision({labels[0]}) >= 0.9",
        )
    return aim, position(labels, aim.classes[0], "label")


def aimed(
    aim: Aim, thresholds: LabelThresholds, counts: ThresholdCounts, labels: tuple[str, ...], n_rows: int
) -> tuple[LabelThresholds, dict[str, Estimate]]:
    """The thresholds with that of the aim's label replaced, and the figures of this label beside those before.

    `n_rows` is the number of rows that the counts are of.

    Raises
    ------
    ParameterError
        The aim is not for one label, or there is no such label.
    AimMissedError
        No threshold of the label meets it.

    Examples
    --------
    >>> from vikt.decisions.aims import parsed_aim
    >>> counts = ThresholdCounts.of_labels(np.array([[0.9], [0.7], [0.2]]), np.array([[True], [False], [True]]))
    >>> aim = parsed_aim(["precision(joy) >= 0.9"])
    >>> found, figures = aimed(aim, LabelThresholds.given(0.5, 1), counts, ("joy",), 3)
    >>> found.thresholds, figures["precision(joy)"].value, figures["recall(joy)"].value
    ((0.8909,), 1.0, 0.5)
    """
    of_label, k = label_aim(aim, labels)
    reached = counts.of(k)
    best = of_label.best(reached, counted(n_rows, "row") + " answered out of fold")
    found = thresholds.with_label(k, float(reached.probabilities[best]))
    figures = [_rates(counts, k, each.thresholds[k]) for each in (found, thresholds)]
    return found, of_label.compared(*figures)


def _rates(counts: ThresholdCounts, k: int, threshold: float) -> dict[str, Estimate]:
    at = min(int(np.searchsorted(GRID, threshold)), len(GRID) - 1)
    return rates(int(counts.correct[k, at]), int(counts.answered[k, at]), int(counts.real[k]))
