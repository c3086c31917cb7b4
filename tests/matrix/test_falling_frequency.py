"""Columns in another order: the same matrix, its most frequent columns first."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp

from vikt.matrix import SparseMatrix


@pytest.mark.parametrize("n_near", [30, 5], ids=["all are near", "some are near"])
def test_columns_by_falling_frequency_are_the_same_matrix(n_near):
    rng = np.random.default_rng(0)
    dense = np.where(rng.random((200, 30)) < rng.random(30), rng.random((200, 30)), 0)
    rows = sp.csr_array(dense)
    X = SparseMatrix(rows.indptr, rows.indices, rows.data, 30)
    ranked, rank = X.by_falling_frequency((1 << 19) // n_near)
    indptr, indices, values = ranked.compressed_rows()
    moved = np.zeros_like(dense)
    moved[np.repeat(np.arange(200), np.diff(indptr)), indices] = values
    np.testing.assert_array_equal(moved[:, rank], dense)
    assert (np.diff((moved != 0).sum(axis=0)) <= 0).all()
    for begin, end in pairwise(indptr):
        assert (np.diff((indices[begin:end] >= n_near).astype(int)) >= 0).all()
