"""Texts that are nearly the same: all pairs of rows of features whose cosine is above a limit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vikt.arrays import Ints
from vikt.auditing import kernels
from vikt.compiled import kernels_for
from vikt.features.rows import CompressedRows

NOWHERE = kernels.NONE
# Texts whose rows of features have this cosine, or a larger one, are nearly the same.
NEAR = 0.8
# With how many rows that share a rare feature a row is compared: it bounds the time where thousands are alike.
MOST_COMPARED = 1000


class NearTwins(NamedTuple):
    """For each row the nearest earlier one, (m,), NOWHERE if none is near; how many rows had too many to compare."""

    rows: Ints
    n_cut: int


def near_twins(rows: CompressedRows, n_older: int) -> NearTwins:
    """For each row the nearest of the rows before it, and before `n_older`, that is nearly the same.

    The search is complete but for texts of which `n_cut` counts those without a twin.

    Parameters
    ----------
    rows : CompressedRows
        Of length 1, columns from the commonest feature to the rarest.

    Examples
    --------
    >>> half = np.sqrt(0.5).astype(np.float32)
    >>> values, indices = np.array([half, half, 1, half, half]), np.array([0, 1, 2, 0, 1], dtype=np.int32)
    >>> near_twins(CompressedRows(np.array([0, 2, 3, 5]), indices, values, 3), 3).rows.tolist()
    [-1, -1, 0]
    """
    work, m = kernels_for(kernels.__name__, 10 * len(rows.indices)), len(rows.indptr) - 1
    starts, first_of = np.empty(m, dtype=np.int64), np.zeros(rows.n_features + 1, dtype=np.int64)
    work.rare_ends(rows.indptr, rows.values, starts)
    work.holders(rows.indptr, rows.indices, starts, min(n_older, m), first_of)
    room = int(first_of[-1])
    partner = np.empty(m, dtype=np.int64)
    n_cut = work.near_rows(
        rows.indptr, rows.indices, rows.values, starts,
        first_of, first_of.copy(), np.empty(room, dtype=np.int32), np.empty(room, dtype=np.float32),
        n_older, NEAR, MOST_COMPARED, np.zeros(m), np.empty(m, dtype=np.int64), partner,
    )  # fmt: skip
    return NearTwins(partner, int(n_cut))
