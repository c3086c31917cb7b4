"""Counts of what was read and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vikt.arrays import Bools
from vikt.mappings import Json, ReadJson
from vikt.names import count


@dataclass(frozen=True)
class Tally:
    """How many documents, and parts of them, were read and kept, by label too; tallies add up.

    `by_label` has the parts read and kept for each label that is answered, `unanswered` those without an answer.

    Examples
    --------
    >>> total = Tally(2, 1, 2, 1, 30, {"spam": (2, 1)}) + Tally(1, 1, 1, 1, 5, {"ham": (1, 1)})
    >>> total.share, total.by_label
    (0.6666666666666666, {'spam': (2, 1), 'ham': (1, 1)})
    """

    documents: int = 0
    kept: int = 0
    parts: int = 0
    kept_parts: int = 0
    n_bytes: int = 0
    by_label: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    unanswered: tuple[int, int] = (0, 0)

    @property
    def share(self) -> float | None:
        """The share of documents that is kept; None where there are none."""
        return self.kept / self.documents if self.documents else None

    def __add__(self, other: Tally) -> Tally:
        labels = dict.fromkeys([*self.by_label, *other.by_label])
        return Tally(
            self.documents + other.documents,
            self.kept + other.kept,
            self.parts + other.parts,
            self.kept_parts + other.kept_parts,
            self.n_bytes + other.n_bytes,
            {label: _added(self.by_label.get(label), other.by_label.get(label)) for label in labels},
            _added(self.unanswered, other.unanswered),
        )

    def to_json(self) -> Json:
        """The counts by name."""
        return {
            "documents": self.documents,
            "kept": self.kept,
            "share": self.share,
            "parts": self.parts,
            "kept_parts": self.kept_parts,
            "bytes": self.n_bytes,
            "by_label": {label: _as_json(own) for label, own in self.by_label.items()},
            "unanswered": _as_json(self.unanswered),
        }

    @classmethod
    def from_json(cls, kept: ReadJson) -> Tally:
        """The inverse of `to_json`. Raises ValueError, KeyError or TypeError where it is none."""
        by_label = {str(label): _of_json(own) for label, own in kept["by_label"].items()}
        documents, n_kept, parts, kept_parts, n_bytes = (
            count(kept[name]) for name in ("documents", "kept", "parts", "kept_parts", "bytes")
        )
        return cls(documents, n_kept, parts, kept_parts, n_bytes, by_label, _of_json(kept["unanswered"]))


def counts_by_label(labels: Sequence[str], answers: Bools, is_kept: Bools) -> dict[str, tuple[int, int]]:
    """How many texts each label is answered for, and how many of these are kept."""
    counts = zip(answers.sum(axis=0).tolist(), answers[is_kept].sum(axis=0).tolist(), strict=True)
    return dict(zip(labels, counts, strict=True))


def counts_unanswered(answers: Bools, is_kept: Bools) -> tuple[int, int]:
    """How many texts no label is answered for, and how many of these are kept."""
    has_none = ~answers.any(axis=1)
    return int(has_none.sum()), int((has_none & is_kept).sum())


def _as_json(counts: tuple[int, int]) -> dict[str, int]:
    return {"parts": counts[0], "kept": counts[1]}


def _of_json(kept: ReadJson) -> tuple[int, int]:
    return count(kept["parts"]), count(kept["kept"])


def _added(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int]:
    (n, kept), (m, also_kept) = one or (0, 0), other or (0, 0)
    return n + m, kept + also_kept
