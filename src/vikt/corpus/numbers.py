"""Numbers as files spell them."""

from __future__ import annotations

import math
from typing import Any


def number_of(value: Any) -> float:
    """A value or its spelling as a number, and NaN if it is not one; underscores are spelled in Python's code alone.

    Examples
    --------
    >>> [number_of(value) for value in ("1e3", 2, "1_0", "ham", None)]
    [1000.0, 2.0, nan, nan, nan]
    """
    if isinstance(value, str) and "_" in value:
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
