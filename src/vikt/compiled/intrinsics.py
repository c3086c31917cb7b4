"""What kernels ask of the processor beyond Python: in plain Python here, one instruction in compiled code."""

from __future__ import annotations

import math
from typing import Any

from vikt.compiled.array_types import Array

# A mask that changes no index, and shows the compiler that none counts from the end.
FORWARD = 0x7FFFFFFFFFFFFFFF


def prefetch(array: Array, i: int) -> None:
    """Ask the memory for item i of an array (of row i, where it has rows), which will be needed soon."""


def word_at(text: Array, i: int) -> int:
    """Bytes i to i + 8 as one number, the first byte lowest."""
    return int.from_bytes(text[i : i + 8], "little", signed=True)


def two_to_the(n: Any) -> float:
    """2^n in single precision, for whole -126 ≤ n ≤ 127."""
    return math.ldexp(1.0, n)
