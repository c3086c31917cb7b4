"""Blocks of features put beside each other are SciPy's hstack of them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from vikt.features.rows import CompressedRows, side_by_side


@pytest.mark.parametrize("n_rows", [0, 1, 255, 256, 257, 1000])
def test_blocks_side_by_side_are_scipys_hstack(n_rows):
    rng = np.random.default_rng(n_rows)
    matrices = [
        sp.random_array((n_rows, n), density=density, format="csr", dtype=np.float32, rng=rng)
        for n, density in ((7, 0.3), (40, 0.5), (3, 0.0))
    ]
    for matrix in matrices:
        matrix.sort_indices()
    blocks = [
        CompressedRows(one.indptr.astype(np.int64), one.indices.astype(np.int32), one.data, one.shape[1])
        for one in matrices
    ]
    indptr, indices, values, n_features = side_by_side(blocks)
    expected = sp.hstack(matrices, format="csr")
    assert n_features == expected.shape[1]
    for own, theirs in zip((indptr, indices, values), (expected.indptr, expected.indices, expected.data), strict=True):
        np.testing.assert_array_equal(own, theirs)
