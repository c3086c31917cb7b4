"""A hash of each row, by which equal rows are found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vikt.compiled import compiled
from vikt.matrix import kernels
from vikt.matrix.design import DesignMatrix


def row_hashes(X: DesignMatrix) -> NDArray[np.int64]:
    """64 bits of the columns and values of each row's non-zeros: (m,). Rows that differ may, once in an age, collide.

    Examples
    --------
    >>> from vikt.matrix import DenseMatrix
    >>> hashes = row_hashes(DenseMatrix(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])))
    >>> bool(hashes[0] == hashes[2]), bool(hashes[0] == hashes[1])
    (True, False)
    """
    indptr, indices, values = X.compressed_rows()
    hashes = np.empty(X.n_rows, dtype=np.int64)
    compiled(kernels.__name__).row_hashes(indptr, indices, values.view(f"i{values.itemsize}"), hashes)
    return hashes
