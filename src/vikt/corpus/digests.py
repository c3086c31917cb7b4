"""Hashes of rows, which order them, and which tell whether others are the same.

A model file names the hash that its rows were ordered by, since another one gives another order and other splits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Ints, RowIndices
from vikt.corpus.texts import Texts

Keys = NDArray[np.uint64]


class Digests(Protocol):
    """What the contents of rows hash to: equal rows alike."""

    name: ClassVar[str | None]

    @classmethod
    def of(cls, contents: Texts) -> Self: ...

    def take(self, rows: RowIndices) -> Self:
        """The digests of some rows."""
        ...

    def keys(self, seed: int) -> Keys:
        """A seeded hash of each row, without label and weight: (m,)."""
        ...

    def labelled_keys(self, labels: Sequence[str], y: Ints, seed: int) -> Keys:
        """A seeded hash of each row and of its label, which is labels[y]: (m,)."""
        ...

    def fingerprint(self, labels: Sequence[str], y: Ints) -> str:
        """A hash of all rows with their labels that does not depend on their order."""
        ...


@dataclass(frozen=True)
class ContentDigests:
    """The 128-bit BLAKE2b of each row, as two numbers: (m, 2). Whatever else is asked for is computed from these.

    Examples
    --------
    >>> digests = ContentDigests.of([b"Buy now", b"Hello"])
    >>> digests.fingerprint(["ham", "spam"], np.array([1, 0]))
    '...'
    """

    halves: NDArray[np.uint64]
    name: ClassVar[str | None] = "blake2b-128"

    @classmethod
    def of(cls, contents: Iterable[bytes]) -> Self:
        digests = b"".join([blake2b(content, digest_size=16).digest() for content in contents])
        return cls(np.frombuffer(digests, dtype="<u8").astype(np.uint64).reshape(-1, 2))

    def take(self, rows: RowIndices) -> ContentDigests:
        return ContentDigests(self.halves[rows])

    def keys(self, seed: int) -> Keys:
        salt = blake2b(_seed_bytes(seed), digest_size=8).digest()
        return _scrambled(self.halves[:, 0] ^ np.frombuffer(salt, dtype="<u8").astype(np.uint64))

    def labelled_keys(self, labels: Sequence[str], y: Ints, seed: int) -> Keys:
        return self._labelled(labels, y).keys(seed)

    def fingerprint(self, labels: Sequence[str], y: Ints) -> str:
        return fingerprint_of(self.total(labels, y))

    def total(self, labels: Sequence[str], y: Ints) -> Keys:
        """What adds up, over parts of the rows, to that of all, whose `fingerprint_of` is their fingerprint: (2,)."""
        # As the old sum of digests, it tells how often a row occurs, unlike an exclusive or.
        return np.asarray(self._labelled(labels, y).halves.sum(axis=0))

    def _labelled(self, labels: Sequence[str], y: Ints) -> ContentDigests:
        of_labels = ContentDigests.of(label.encode("utf-8", "surrogatepass") for label in labels)
        # Scrambled before the sum: a text may be the label of another, whose text is this one's label.
        return ContentDigests(_scrambled(_scrambled(self.halves) + of_labels.halves[y]))


@dataclass(frozen=True)
class SeededDigests:
    """The hashes of model files that name none: each is computed from the contents anew."""

    contents: Texts
    name: ClassVar[str | None] = None

    @classmethod
    def of(cls, contents: Texts) -> Self:
        return cls(contents)

    def take(self, rows: RowIndices) -> SeededDigests:
        return SeededDigests(self.contents.take(rows))

    def keys(self, seed: int) -> Keys:
        return _salted(self.contents, seed)

    def labelled_keys(self, labels: Sequence[str], y: Ints, seed: int) -> Keys:
        starts = [label.encode() + b"\0" for label in labels]
        return _salted((starts[k] + content for content, k in zip(self.contents, y.tolist(), strict=True)), seed)

    def fingerprint(self, labels: Sequence[str], y: Ints) -> str:
        ends = [b"\0" + label.encode("utf-8", "surrogatepass") for label in labels]
        rows = (content + ends[k] for content, k in zip(self.contents, y.tolist(), strict=True))
        total = sum(int.from_bytes(blake2b(row, digest_size=16).digest(), "little") for row in rows)
        return f"{total % (1 << 128):032x}"


def fingerprint_of(total: Keys) -> str:
    """The fingerprint of rows by their `ContentDigests.total`."""
    low, high = total.tolist()
    return f"{high:016x}{low:016x}"


# By the name in a model file.
DIGESTS: Mapping[str | None, type[Digests]] = {own.name: own for own in (ContentDigests, SeededDigests)}


def _salted(contents: Iterable[bytes], seed: int) -> Keys:
    salt = _seed_bytes(seed)
    digests = b"".join([blake2b(content, digest_size=8, salt=salt).digest() for content in contents])
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def _seed_bytes(seed: int) -> bytes:
    return seed.to_bytes(8, "little", signed=True)


def _scrambled(numbers: Keys) -> Keys:
    """Other numbers for these, different for different ones: each bit depends on all."""
    # The finaliser of SplitMix64: Steele, Lea and Flood 2014.
    numbers = (numbers ^ numbers >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ numbers >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return numbers ^ numbers >> np.uint64(31)
