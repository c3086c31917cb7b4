"""Rows that are read only where a product needs their entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Ids, Ints, Reals
from vikt.matrix import SparseMatrix

_ENTRIES = ("indptr", "indices", "values")
# Where each row begins, and the columns and values of all entries.
Entries = tuple[Ints, Ids, Reals]


class StoredRows(SparseMatrix):
    """Compressed rows whose entries are read when they are first asked for; their norms and hashes are known.

    Parameters
    ----------
    n_rows, n_features : int
    has_dummy : bool
    threads : int
    squared_norms, row_hashes : (m,)
    read : callable
        Gives the entries.
    """

    def __init__(
        self,
        n_rows: int,
        n_features: int,
        has_dummy: bool,
        threads: int,
        squared_norms: Floats,
        row_hashes: NDArray[np.int64],
        read: Callable[[], Entries],
    ) -> None:
        self.n_rows, self.n_features, self.has_dummy, self.threads = n_rows, n_features, has_dummy, threads
        self._read = read
        # The cached properties need not be computed.
        vars(self).update(_squared_norms=squared_norms, _row_hashes=row_hashes)

    def __getattr__(self, name: str) -> Any:
        if name not in _ENTRIES:
            raise AttributeError(name)
        self.indptr, self.indices, self.values = self._read()
        return vars(self)[name]
