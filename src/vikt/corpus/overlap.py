"""Test texts that also occur in the training data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vikt.arrays import Ints
from vikt.corpus.texts import Texts

NOWHERE = -1
_OPENING, _OPENING_BYTES = 24, 128
_ASCII_BLANKS = bytes(byte for byte in range(128) if chr(byte).isspace())


@dataclass(frozen=True)
class Overlap:
    """How many of `texts` test texts occur in training: in all, and of these with other case or white space."""

    texts: int
    shared: int
    alike: int

    def __str__(self) -> str:
        occur, differ = (verb + "s" * (n == 1) for verb, n in (("occur", self.shared), ("differ", self.alike)))
        sentence = f"{self.shared:,} of {self.texts:,} test texts also {occur} in the training data"
        return sentence + (f" ({self.alike:,} {differ} only in case or white space)" if self.alike else "")

    def to_json(self) -> dict[str, int]:
        """The counts by name."""
        return {"test_texts_in_training": self.shared, "test_texts_in_training_but_for_case_and_space": self.alike}


class Twins(NamedTuple):
    """The first training row with the text of each test row, and with its text but for case and white space.

    NOWHERE where there is none, (m,) each. Texts of white space have none.
    """

    same: Ints
    alike: Ints


def overlap(training: Texts, test: Texts) -> Overlap:
    """The overlap of test and training texts; texts of white space are left out.

    Examples
    --------
    >>> str(overlap(Texts.from_strings(["Hi there", "Bye"]), Texts.from_strings(["hi  THERE", "Bye", "New"])))
    '2 of 3 test texts also occur in the training data (1 differs only in case or white space)'
    """
    same, alike = (int(np.count_nonzero(rows != NOWHERE)) for rows in twins(training, test))
    return Overlap(len(test), alike, alike - same)


def twins(training: Texts, test: Texts) -> Twins:
    """For each test text the training row that holds it.

    Examples
    --------
    >>> twins(Texts.from_strings(["Hi there", "Bye"]), Texts.from_strings(["hi  THERE", "Bye", "New"]))
    Twins(same=array([-1,  1, -1]), alike=array([ 0,  1, -1]))
    """
    # Few texts open alike, and whole texts take long to fold.
    training_openings, test_openings = list(map(_opening, training)), list(map(_opening, test))
    common = set(training_openings) & set(test_openings)
    candidates, tested = (
        np.array([row for row, opening in enumerate(openings) if opening in common], dtype=np.int64)
        for openings in (training_openings, test_openings)
    )
    found = []
    for key_of in (bytes, folded):
        rows = np.full(len(test), NOWHERE, dtype=np.int64)
        rows[tested] = _first_rows(training, candidates, [test[row] for row in tested.tolist()], key_of)
        found.append(rows)
    return Twins(*found)


def _first_rows(training: Texts, rows: Ints, test: list[bytes], key_of: Callable[[bytes], object]) -> list[int]:
    """For each test text the first of these rows with its key."""
    # Only the test texts, which are fewer, are remembered.
    keys = [key_of(text) if text.strip() else None for text in test]
    first_of: dict[object, int] = dict.fromkeys(keys, NOWHERE)
    for row in rows[::-1].tolist():
        key = key_of(training[row])
        if key in first_of:
            first_of[key] = row
    return [first_of[key] for key in keys]


def _opening(text: bytes) -> bytes:
    """The start of a text without case and white space, from its first bytes if these hold enough."""
    letters = _letters(text[:_OPENING_BYTES])
    return (letters if len(letters) >= _OPENING else _letters(text))[:_OPENING]


def _letters(text: bytes) -> bytes:
    if text.isascii():
        return text.lower().translate(None, _ASCII_BLANKS)
    return "".join(text.decode("utf-8", "ignore").casefold().split()).encode()


def folded(text: bytes) -> str:
    """A text without case, and with single blanks for white space.

    Examples
    --------
    >>> folded(b" Hi  THERE")
    'hi there'
    """
    return " ".join(text.decode("utf-8", "surrogatepass").casefold().split())
