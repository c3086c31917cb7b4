"""The types of arrays and of what becomes one, each named once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Numbers in either precision.
Reals = NDArray[np.float32 | np.float64]
FloatType = np.dtype[np.float32 | np.float64]
# θ, rounded for a file or not.
Weights = Reals
# An array of any type, of which nothing is computed but what all types allow.
AnyArray = NDArray[np.generic]
# Labels or classes, in the type in which they were given.
LabelArray = AnyArray
# What a model file keeps, by name; whoever reads an array knows its type.
Arrays = dict[str, NDArray[Any]]
# Ids of n-grams and columns of features, of which there are at most 2^31.
Ids = NDArray[np.int32]
# Indices of columns, in any type of integers.
Indices = NDArray[np.integer]
# Columns of a matrix: by number, by a mask, or all of a range.
Columns = slice | Indices | NDArray[np.bool_]
# The class index of each row: 0 or 1 for two classes, 0 to K-1 for more.
Classes = NDArray[np.int64]
# What a loss is to predict of each row, one entry (or row of entries) a data point, as the loss reads it: `Classes`.
Targets = NDArray[Any]
# Bytes of UTF-8, and classes of characters.
Bytes = NDArray[np.uint8]
# Rows of a matrix or of a corpus, by number.
RowIndices = NDArray[np.int64]
# r of a penalty: (n,) or (K, n).
Scales = NDArray[np.float32]


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """The distinct values, ascending.

    Examples
    --------
    >>> distinct(np.array([2, 0, 2]))
    array([0, 2])
    """
    # NumPy imports its masked arrays where nothing but the values is asked for.
    return np.unique(values, return_index=True)[0]


@runtime_checkable
class SparseLike(Protocol):
    """A sparse matrix or array of SciPy, in any of its formats."""

    def tocsr(self) -> csr_matrix:
        """The same matrix in compressed rows."""
        ...


MatrixLike = ArrayLike | SparseLike
# A number for each row; None for ones, or for zeros where scores are offset.
RowValues = ArrayLike | None
# A value for each row that splits keep together, or the column that holds them; None for no groups.
Groups = ArrayLike | str | None
# "balanced", or factors by class; None for no weights.
ClassWeight = str | Mapping[Any, float] | None
