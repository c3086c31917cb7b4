"""Compressed rows, moved together in their own memory."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vikt.features.rows import CompressedRows, moved_together


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=30))
def test_rows_moved_together_are_those_kept(rows):
    lengths = np.array([length for length, _ in rows], dtype=np.int64)
    kept = np.flatnonzero([is_kept for _, is_kept in rows])
    indptr = np.append(0, np.cumsum(lengths))
    values = np.arange(indptr[-1], dtype=np.float64)
    expected = [values[indptr[row] : indptr[row + 1]].tolist() for row in kept]
    made = CompressedRows(indptr, np.arange(indptr[-1], dtype=np.int32), values, int(indptr[-1]))
    moved = moved_together(made, kept)
    for entries in (moved.indices, moved.values):
        found = [entries[a:b].tolist() for a, b in zip(moved.indptr, moved.indptr[1:], strict=False)]
        assert found == expected
    assert np.shares_memory(moved.values, values) or not moved.values.size
