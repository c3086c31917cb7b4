"""The types of arrays that kernels take: what their annotations say, and what they are compiled for.

Kernels also take `int` (of 64 bits), `float` (of double precision), `bool`, and NamedTuples of all of these; they
return such numbers, or tuples of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any


@dataclass(frozen=True)
class Choice:
    """One of several types of numbers, chosen by the arrays that come: a kernel is compiled once for each.

    All choices of the same name that one kernel has are made together, by position.
    """

    name: str
    dtypes: tuple[str, ...]


@dataclass(frozen=True)
class ArrayType:
    """The type of an array: the type of its numbers, and how many dimensions it has.

    It is aligned, and contiguous, rows first, unless it is `strided`.
    """

    dtype: str | Choice
    n_dimensions: int
    strided: bool = False


# An array as a kernel sees it: of NumPy, a memoryview, or compiled.
Array = Any

Bytes = Annotated[Array, ArrayType("uint8", 1)]
Int16s = Annotated[Array, ArrayType("int16", 1)]
Int32s = Annotated[Array, ArrayType("int32", 1)]
UInt32s = Annotated[Array, ArrayType("uint32", 1)]
Int64s = Annotated[Array, ArrayType("int64", 1)]
Float32s = Annotated[Array, ArrayType("float32", 1)]
Float64s = Annotated[Array, ArrayType("float64", 1)]

Int32Matrix = Annotated[Array, ArrayType("int32", 2)]
Int64Matrix = Annotated[Array, ArrayType("int64", 2)]
Float32Matrix = Annotated[Array, ArrayType("float32", 2)]
Float64Matrix = Annotated[Array, ArrayType("float64", 2)]

# One field of records, or any other array with gaps.
Float64Field = Annotated[Array, ArrayType("float64", 1, strided=True)]

# Numbers in either precision, and the integers that their bits spell.
_REAL, _BITS = Choice("real", ("float32", "float64")), Choice("real", ("int32", "int64"))
Reals = Annotated[Array, ArrayType(_REAL, 1)]
RealMatrix = Annotated[Array, ArrayType(_REAL, 2)]
Bits = Annotated[Array, ArrayType(_BITS, 1)]
BitsMatrix = Annotated[Array, ArrayType(_BITS, 2)]

# Numbers that are small as a rule, in no more bits than they need.
NarrowInts = Annotated[Array, ArrayType(Choice("narrow", ("int16", "int32")), 1)]

# Weights, whose precision is not that of the data.
WeightMatrix = Annotated[Array, ArrayType(Choice("weight", ("float32", "float64")), 2)]

# A number of single precision, within compiled code.
Float32 = Any
