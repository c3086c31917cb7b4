"""What each row of a fit is used for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vikt.arrays import RowIndices
from vikt.errors import DataError
from vikt.fitting.examples import Examples
from vikt.fitting.settings import FitSettings
from vikt.selection.plan import Split
from vikt.tables import counted


class Division(NamedTuple):
    """The rows of a fit by their use.

    Attributes
    ----------
    training, validation : RowIndices
        Learnt from while the others choose.
    calibration : RowIndices
        Half of the validation rows where a decision is to be made; no fit learns from them.
    fitted, stopping : RowIndices
        Learnt from in the final fit: both of the first, unless early stopping holds out the validation rows.
    """

    training: RowIndices
    validation: RowIndices
    calibration: RowIndices
    fitted: RowIndices
    stopping: RowIndices

    @classmethod
    def of(cls, examples: Examples, split: Split, settings: FitSettings) -> Division:
        """The rows that a split trains and validates on, by their use.

        Raises
        ------
        DataError
            There are too few rows to hold some out.
        """
        training, validation = split
        calibration = validation[:0]
        if settings.decision.holds_out:
            validation, calibration = examples.halves(validation)
            if not len(calibration):
                raise _too_few(examples, "hold out a twentieth for calibration")
        if settings.patience is None:
            both = np.sort(np.concatenate([training, validation]))
            return cls(training, validation, calibration, both, validation[:0])
        if not len(validation):
            raise _too_few(examples, "hold out the tenth that patience validates on")
        return cls(training, validation, calibration, training, validation)

    @property
    def split(self) -> Split:
        """The rows that are learnt from while λ and the features are chosen, and those that choose."""
        return self.training, self.validation


def _too_few(examples: Examples, purpose: str) -> DataError:
    if examples.grouping is None:
        return DataError(f"too few texts to {purpose}; give more texts")
    n_groups = counted(examples.n_groups, "group")
    return DataError(f"{n_groups} are too few to {purpose}; group the rows by a column of more values, or give more")
