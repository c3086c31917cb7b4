"""Conversion of a SciPy sparse matrix, an array or a data frame to a design matrix, with checks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import AnyArray, MatrixLike, Reals, SparseLike
from vikt.corpus.documents import LARGEST
from vikt.corpus.frames import array_of, frame_of, number_array
from vikt.errors import DataError, NotNumbersError
from vikt.matrix.dense import DenseMatrix
from vikt.matrix.sparse import SparseMatrix

_MOST_COLUMNS = 1 << 31
# "argument must be …" is what scikit-learn's checks expect.
_EXPECTED = "X must hold numbers (argument must be a string or a number)"


def design_matrix(
    X: MatrixLike, *, has_dummy: bool = True, n_features: int | None = None, owner: str = "X", threads: int = 1
) -> SparseMatrix | DenseMatrix:
    """A design matrix of the rows of X; float32 stays float32, all else becomes float64.

    Parameters
    ----------
    X : array_like or SciPy sparse, (m, n)
    has_dummy : bool
        Whether the dummy feature stands before the columns.
    n_features : int, optional
        The number of columns that X must have.
    owner : str
        The name of the caller, for messages.
    threads : int
        The number of threads for a sparse matrix.

    Raises
    ------
    DataError
        X is not two-dimensional, is empty, does not hold finite numbers of at most `LARGEST`, or has another width.
    """
    matrix = _sparse(X, has_dummy, threads) if isinstance(X, SparseLike) else _dense(X, has_dummy)
    if matrix.n_rows == 0 or matrix.n_features == 0:
        raise DataError(
            f"found array with {matrix.n_rows} sample(s) and {matrix.n_features} feature(s) "
            f"(shape={matrix.n_rows, matrix.n_features}) while a minimum of 1 is required by {owner}."
        )
    if n_features is not None and matrix.n_features != n_features:
        raise DataError(f"X has {matrix.n_features} features, but {owner} is expecting {n_features} features as input")
    # The extremes are enough to find NaN and infinity, and need no copy.
    extremes = np.abs([matrix.values.min(initial=0), matrix.values.max(initial=0)])
    largest = extremes.max()
    if not np.isfinite(largest):
        raise DataError("Input X contains NaN or infinity; fill in or drop those rows")
    if largest > LARGEST:
        raise DataError(
            f"X holds numbers as large as {largest:.3g}, whose squares leave the range of the solvers; "
            f"scale its columns below {LARGEST:g}"
        )
    return matrix


def _sparse(X: SparseLike, has_dummy: bool, threads: int) -> SparseMatrix:
    rows = X.tocsr()
    if np.iscomplexobj(rows.data):
        raise DataError("Complex data not supported; take real and imaginary parts as features")
    if not (rows.has_canonical_format and np.all(rows.data)):
        is_users_own = rows is X
        rows = rows.copy() if is_users_own else rows
        rows.sum_duplicates()
        rows.eliminate_zeros()
    if rows.shape[1] > _MOST_COLUMNS:
        raise DataError(f"X has {rows.shape[1]:,} columns; at most {_MOST_COLUMNS:,} can be numbered")
    return SparseMatrix(rows.indptr, rows.indices, _floats(rows.data), rows.shape[1], has_dummy, threads)


def _dense(X: ArrayLike, has_dummy: bool) -> DenseMatrix:
    values = _array(X)
    if np.iscomplexobj(values):
        raise DataError("Complex data not supported; take real and imaginary parts as features")
    if values.ndim != 2:
        raise DataError(
            f"Expected 2D array, got {values.ndim}D array instead. Reshape your data with X.reshape(-1, 1) "
            "if it has a single feature or X.reshape(1, -1) if it is a single sample"
        )
    return DenseMatrix(np.ascontiguousarray(_floats(values)), has_dummy)


def _array(X: ArrayLike) -> AnyArray:
    frame = frame_of(X)
    try:
        # Of frames, pandas' alone become arrays without dates that turn into numbers among others.
        if frame is None or frame.is_pandas:
            values = np.asarray(X)
            if frame is None or values.dtype != object:
                return values
        # Types of pandas' own that may be missing, and frames that are not arrays.
        return array_of(X)
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise NotNumbersError(f"{_EXPECTED}, in rows of one length: {reason:.200}; convert it") from None


def _floats(values: AnyArray) -> Reals:
    if values.dtype == np.float32:
        return values.astype(np.float32, copy=False)
    return number_array(values, _EXPECTED).astype(np.float64, copy=False)
