"""The memory that a fit from disk may take, and what it can hold; no result depends on it."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

from vikt.errors import ParameterError
from vikt.features.memory import bytes_of, give_memory_back, memory_available, memory_resident
from vikt.features.text import TextFeatures
from vikt.fitting.settings import FitSettings
from vikt.model.targets import loss_of
from vikt.spool.spool import Spool
from vikt.tables import size

# Bytes at the peak, measured: whatever the rows, for the choice of features, and for a further thread; for each weight,
# and for each weight of the rough fits to the sample.
_FIXED, _OF_CHOICE, _PER_THREAD = 400_000_000, 250_000_000, 400_000_000
_PER_WEIGHT, _PER_ROUGH_WEIGHT = 120, 40
# The bytes of weights that the least limit has room for.
_LEAST_OF_WEIGHTS = 50_000_000
# What a fit allocates once it has begun, besides its weights and rows; for each row of the part at hand, and for each
# score of these, of which a proof has several arrays at once.
_OF_FIT, _PER_ROW, _PER_SCORE = 60_000_000, 40, 48
# For each byte of a shard beyond its usual size, which the fixed ones include.
_PER_EXCESS_BYTE = 2
# What a process takes that has read nothing yet.
_AT_START = 150_000_000
# What is enough for any text that a single machine reads.
_MOST_COUNTERS = 1 << 29
# The share of the limit at which a vocabulary that grows is given up, and to which rows are kept.
_MOST_RESIDENT = 0.95
# The share of free memory that rows are kept in.
_MOST_FREE = 0.5
_REMEDY = "raise the limit to resume from here, or keep fewer features with a higher min_df or with hashing=BITS"


@dataclass(frozen=True)
class MemoryLimit:
    """The most bytes that a fit takes, and the least that it needs, whatever the rows.

    `held` are the bytes that the process holds for something else, which are not counted.
    """

    n_bytes: int
    least: int
    held: int

    @classmethod
    def of(cls, memory: str | int | None, settings: FitSettings) -> MemoryLimit:
        """The limit of a fit that is to begin; None is no limit. Raises ParameterError where no fit keeps to it."""
        without_choice = _FIXED + _LEAST_OF_WEIGHTS
        least = without_choice + (_OF_CHOICE if settings.chooses_features else 0)
        n_bytes = sys.maxsize if memory is None else bytes_of(memory)
        if n_bytes < least:
            cheaper = f", or set analyzer='word', which needs {size(without_choice)}" if least > without_choice else ""
            raise ParameterError(
                "memory", f"expected at least {size(least)}, found {size(n_bytes)}; raise the limit{cheaper}"
            )
        return cls(n_bytes, least, max(memory_resident() - _AT_START, 0))

    def threads(self, threads: int) -> int:
        """How many of some threads can work at once."""
        return min(threads, 1 + (self.n_bytes - self.least) // _PER_THREAD)

    @property
    def counters(self) -> int:
        """What may be taken by counters that tell rare n-grams."""
        return min(self.n_bytes // 4, _MOST_COUNTERS)

    def check_shards(self, spool: Spool) -> None:
        """Refuse shards that are too large to be in memory one at a time. Raises ParameterError."""
        needed = self.least + _PER_EXCESS_BYTE * spool.excess_per_shard
        if needed > self.n_bytes:
            raise ParameterError(
                "memory",
                f"{size(spool.n_bytes)} of text need about {size(needed)}, but the limit is {size(self.n_bytes)}; "
                "raise the limit to resume from here",
            )

    def check_weights(self, features: TextFeatures, n_classes: int, *, is_rough: bool = False) -> None:
        """Refuse more weights than there is room for, in a final fit or a rough one. Raises ParameterError."""
        per_weight = _PER_ROUGH_WEIGHT if is_rough else _PER_WEIGHT
        needed = _FIXED + _n_weights(features, n_classes) * per_weight
        if needed > self.n_bytes:
            raise ParameterError(
                "memory",
                f"{features.n_features:,} features and {n_classes} classes need about {size(needed)}, but the limit is "
                f"{size(self.n_bytes)}; {_REMEDY}",
            )

    def room_for_rows(self, features: TextFeatures, n_classes: int, most_rows: int) -> int:
        """The bytes that are left for rows in a fit that is to begin; 0 where the system does not say what is taken.

        The largest part of the rows, which are at hand one after the other, has `most_rows`.
        """
        give_memory_back()
        resident = memory_resident()
        if not resident:
            return 0
        at_hand = most_rows * (_PER_ROW + _PER_SCORE * _n_scores(n_classes))
        needed = _OF_FIT + _n_weights(features, n_classes) * _PER_WEIGHT + at_hand
        left = int(_MOST_RESIDENT * self.n_bytes) - (resident - self.held) - needed
        return max(min(left, int(_MOST_FREE * memory_available())), 0)

    def check_resident(self, recipe: str) -> None:
        """Refuse a vocabulary that grows beyond the limit while it is learnt. Raises ParameterError."""
        if memory_resident() - self.held > _MOST_RESIDENT * self.n_bytes:
            raise ParameterError(
                "memory",
                f"the n-grams of {recipe!r} do not fit into {size(self.n_bytes)}; {_REMEDY}",
            )


def _n_weights(features: TextFeatures, n_classes: int) -> int:
    return features.n_features * _n_scores(n_classes)


def _n_scores(n_classes: int) -> int:
    """How many scores a row has."""
    return math.prod(loss_of("classes", n_classes).columns)
