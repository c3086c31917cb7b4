"""An aim for one of several labels, met by its threshold, as counted on rows that were answered out of fold."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vikt.decisions.aims import Aim, ThresholdAim, rates
from vikt.decisions.held_out import position
from vikt.decisions.label_thresholds import LabelThresholds
from vikt.decisions.record import CalibrationRecord, Estimate
from vikt.decisions.threshold_counts import GRID, ThresholdCounts
from vikt.errors import ParameterError
from vikt.tables import counted


def aim_of_one_label(aim: Aim) -> ThresholdAim:
    """An aim that the threshold of one label can meet. Raises ParameterError for any other."""
    if not isinstance(aim, ThresholdAim):
        raise ParameterError(
            "aim",
            "f1 (macro_f1) and cost need one class per text; with several labels, aim at the precision, recall or f1 "
            "of one, as in f1(LABEL) or precision(LABEL) >= 0.9",
        )
    return aim


class LabelAim(NamedTuple):
    """An aim for one label, the index of this label, and its name."""

    aim: ThresholdAim
    k: int
    label: str

    @classmethod
    def of(cls, aim: Aim, labels: tuple[str, ...]) -> LabelAim:
        """An aim for one of several labels.

        Raises
        ------
        ParameterError
            The aim is not for one label, or there is no such label.
        """
        of_label = aim_of_one_label(aim)
        k = position(labels, of_label.classes[0], "label")
        return cls(of_label, k, labels[k])

    def met(
        self, thresholds: LabelThresholds, counts: ThresholdCounts, n_rows: int
    ) -> tuple[LabelThresholds, CalibrationRecord]:
        """The thresholds with that of the label replaced, and the record of its figures beside those before.

        `n_rows` is the number of rows that the counts are of.

        Raises
        ------
        AimMissedError
            No threshold of the label meets the aim.

        Examples
        --------
        >>> from vikt.decisions.aims import parsed_aim
        >>> counts = ThresholdCounts.of_labels(np.array([[0.9], [0.7], [0.2]]), np.array([[True], [False], [True]]))
        >>> aim = LabelAim.of(parsed_aim(["precision(joy) >= 0.9"]), ("joy",))
        >>> found, record = aim.met(LabelThresholds.given(0.5, 1), counts, 3)
        >>> found.thresholds, record.estimates["precision(joy)"].value, record.estimates["recall(joy)"].value
        ((0.8909,), 1.0, 0.5)
        """
        reached = counts.of(self.k)
        best = self.aim.best(reached, counted(n_rows, "row") + " answered out of fold")
        found = thresholds.with_label(self.k, float(reached.probabilities[best]))
        figures = [_rates(counts, self.k, each.thresholds[self.k]) for each in (found, thresholds)]
        rows = {self.label: int(counts.real[self.k])}
        return found, CalibrationRecord(n_rows, str(self.aim), self.aim.compared(*figures), rows)


def _rates(counts: ThresholdCounts, k: int, threshold: float) -> dict[str, Estimate]:
    at = min(int(np.searchsorted(GRID, threshold)), len(GRID) - 1)
    return rates(int(counts.correct[k, at]), int(counts.answered[k, at]), int(counts.real[k]))
