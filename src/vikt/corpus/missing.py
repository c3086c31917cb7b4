"""Values that are missing, whoever says so."""

from __future__ import annotations

import numpy as np


def is_missing(value: object) -> bool:
    """Whether a value is None, NaN, NaT, pandas' NA or masked.

    Examples
    --------
    >>> [is_missing(value) for value in (None, float("nan"), np.datetime64("NaT"), "", 0)]
    [True, True, True, False, False]
    """
    # NumPy imports masked arrays where they are first named.
    if value is None or (isinstance(value, np.ndarray) and value is np.ma.masked):
        return True
    try:
        return bool(value != value)
    except TypeError:  # pandas' NA does not say whether it equals itself.
        return True
    except (ValueError, ArithmeticError):  # an array; a signalling NaN, which is not a missing value of anybody
        return False
