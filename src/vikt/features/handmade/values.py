"""The values of hand-made features: one for each row, whatever their type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vikt.arrays import Floats, RowIndices
from vikt.corpus.documents import Pairs
from vikt.corpus.texts import Texts

Values = Floats | Texts | Pairs


def take_values(values: Values, rows: RowIndices) -> Values:
    """The values of some rows, in that order."""
    if isinstance(values, Texts):
        return values.take(rows)
    if not isinstance(values, Pairs):
        return values[rows]
    lengths = values.offsets[rows + 1] - values.offsets[rows]
    offsets = np.r_[0, np.cumsum(lengths)].astype(np.int64)
    places = np.repeat(values.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
    return Pairs(offsets, values.indices[places], values.values[places], values.zero)


def joined_values(several: Sequence[Any]) -> Values:
    """The values of several inputs, one after the other, all of one kind."""
    first = several[0]
    if isinstance(first, Texts):
        return Texts.joined(list(several))
    if not isinstance(first, Pairs):
        return np.concatenate(several)
    lengths = np.concatenate([np.diff(values.offsets) for values in several])
    return Pairs(
        np.r_[0, np.cumsum(lengths)].astype(np.int64),
        np.concatenate([values.indices for values in several]),
        np.concatenate([values.values for values in several]),
        next((values.zero for values in several if values.zero is not None), None),
    )


def spelled_values(values: Values) -> Texts:
    """The values as bytes, one text per row; equal values have equal bytes."""
    if isinstance(values, Texts):
        return values
    if not isinstance(values, Pairs):
        width = int(np.prod(values.shape[1:]))
        rows = np.ascontiguousarray(values.reshape(len(values), width) + 0.0)  # plus zero: -0 is 0
        return Texts(rows.tobytes(), np.arange(len(rows) + 1, dtype=np.int64) * rows.strides[0])
    edges = zip(values.offsets[:-1].tolist(), values.offsets[1:].tolist(), strict=True)
    return Texts.from_bytes([values.indices[a:b].tobytes() + values.values[a:b].tobytes() for a, b in edges])
