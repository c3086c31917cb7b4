"""Numbers as files spell them."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
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


def exact_number_of(spelled: str) -> Decimal | None:
    """The finite number that a string spells, to the digit; None if it spells none.

    Examples
    --------
    >>> exact_number_of("+1") == exact_number_of("1.0"), exact_number_of("1_0")
    (True, None)
    """
    try:
        value = None if "_" in spelled else Decimal(spelled)
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() else None
