"""Documents as features read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vikt.corpus.texts import Texts
from vikt.features.handmade.values import Values, joined_values, spelled_values, take_values


@dataclass(frozen=True)
class Measured:
    """The texts of documents, the values of each hand-made feature, and the groups that splits keep together.

    A group is a text, or the sentence of a token. No row depends on its neighbours any more.
    """

    texts: Texts
    values: tuple[Values, ...]
    groups: Texts

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: ArrayLike) -> Measured:
        rows = np.asarray(rows, dtype=np.int64)
        texts = self.texts.take(rows)
        groups = texts if self.groups is self.texts else self.groups.take(rows)
        return Measured(texts, tuple(take_values(values, rows) for values in self.values), groups)

    def run(self, first: int, last: int) -> Measured:
        """The documents first..last."""
        return self if (first, last) == (0, len(self)) else self.take(np.arange(first, last))

    @classmethod
    def joined(cls, several: Sequence[Measured]) -> Measured:
        """The documents of several, one after the other, all measured by the same features."""
        texts = Texts.joined([each.texts for each in several])
        are_groups = all(each.groups is each.texts for each in several)
        groups = texts if are_groups else Texts.joined([each.groups for each in several])
        columns = zip(*(each.values for each in several), strict=True)
        return cls(texts, tuple(joined_values(list(column)) for column in columns), groups)

    def contents(self) -> Texts:
        """The whole content of each row, as bytes."""
        if not self.values:
            return self.texts
        spelled = [self.texts, *map(spelled_values, self.values)]
        # A length before each, so that no two rows have the same bytes.
        return Texts.from_bytes(
            [b"".join(b"%d:%b" % (len(part), part) for part in parts) for parts in zip(*spelled, strict=True)]
        )
