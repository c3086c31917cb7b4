"""Sizes of files as people type them."""

from __future__ import annotations

import math
import re

from vikt.errors import ParameterError

_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?([a-z]+)")


def parsed_size(typed: str) -> int:
    """A number of bytes, with its unit: B, kB, MB or GB, each a thousand of the one before.

    Raises
    ------
    ParameterError
        It is something else.

    Examples
    --------
    >>> parsed_size("500kB"), parsed_size("3 MB"), parsed_size("1.5mb")
    (500000, 3000000, 1500000)
    """
    found = _SIZE.fullmatch(typed.strip().lower()) if isinstance(typed, str) else None
    unit = _UNITS.get(found[2]) if found else None
    n_bytes = float(found[1]) * unit if found and unit else 0.0
    if not 0.5 < n_bytes < math.inf:
        raise ParameterError("size", f"expected a size such as 500kB or 3MB, found {typed!r:.40}")
    return round(n_bytes)
