"""Answers only where the model is confident enough for their error to be bounded.

A few shares of the held-out rows are tried, the most confident rows of each. Above the confidence that ends a share the
rows are a sample of all texts above it, so the errors among them bound the error there (Clopper and Pearson 1934). The
bounds hold for all shares at once with 95% confidence, since each has 1/G of the 5% where G are tried (Bonferroni); the
largest share whose bound is low enough is taken. Geifman and El-Yaniv 2017, Selective classification.
"""

from __future__ import annotations

import math

import numpy as np

from vikt.arrays import Bools, Floats
from vikt.decisions.record import ErrorRecord
from vikt.errors import AimMissedError
from vikt.metrics.intervals import clopper_pearson_upper

# The probability that a bound does not hold.
RISK = 0.05
_SHARES = 20


def least_rows(max_error: float, tried: int) -> int:
    """The fewest rows that, all answered rightly, bound the error where `tried` shares are tried.

    Examples
    --------
    >>> least_rows(0.02, 1)
    149
    """
    return math.ceil(math.log(RISK / tried) / math.log1p(-max_error))


def check_rows(max_error: float, n_rows: int) -> None:
    """Raise AimMissedError where `n_rows` are too few to bound the error, were every answer right."""
    if n_rows < least_rows(max_error, 1):
        raise AimMissedError(
            f"max_error={max_error:g} needs {least_rows(max_error, 1):,} held-out rows or more, found {n_rows:,}; "
            "allow more errors, or give more labelled texts"
        )


def bounded(max_error: float, confidences: Floats, is_wrong: Bools, n_rows: int) -> ErrorRecord:
    """The largest share of the rows that can be answered with the error bounded.

    Parameters
    ----------
    confidences, is_wrong : (m,)
        Of the rows that can be answered: the probability of the answer, and whether it is wrong.
    n_rows : int
        The number of all rows.

    Raises
    ------
    AimMissedError
        There is none.
    """
    check_rows(max_error, len(confidences))
    falling = np.sort(confidences)[::-1]
    lowest = 1.0
    shares = _shares(max_error, len(falling))
    for answered in shares:
        confidence = 0.0 if answered == len(falling) else float(falling[answered])
        # Strictly above: the rows up there are then a sample of all texts up there.
        above = confidences > confidence
        n_answered, errors = int(above.sum()), int((above & is_wrong).sum())
        bound = clopper_pearson_upper(errors, n_answered, 1 - RISK / len(shares))
        if bound <= max_error:
            return ErrorRecord(max_error, confidence, len(shares), n_rows, n_answered, errors, bound)
        lowest = min(lowest, bound)
    raise AimMissedError(
        f"max_error={max_error:g} cannot be met: on {n_rows:,} held-out rows, the error of even the surest "
        f"answers can only be proven to be at most {lowest:.4f}; allow more errors, or give more labelled texts"
    )


def _shares(max_error: float, n: int) -> list[int]:
    """Numbers of rows to answer, the most first: as many as could all pass, were no answer wrong."""
    steps = sorted({math.ceil(n * step / _SHARES) for step in range(1, _SHARES + 1)}, reverse=True)
    passing = (tried for tried in range(len(steps), 0, -1) if steps[tried - 1] >= least_rows(max_error, tried))
    return steps[: next(passing)]
