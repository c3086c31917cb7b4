"""Test texts that also occur in the training data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vikt.corpus.texts import Texts

_OPENING_LETTERS, _OPENING_BYTES = 24, 128


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


def overlap(training: Texts, test: Texts) -> Overlap:
    """The overlap of test and training texts; texts of white space are left out.

    Examples
    --------
    >>> str(overlap(Texts.from_strings(["Hi there", "Bye"]), Texts.from_strings(["hi  THERE", "Bye", "New"])))
    '2 of 3 test texts also occur in the training data (1 differs only in case or white space)'
    """
    # Few texts open alike, and whole texts take long to fold.
    training_openings, test_openings = list(map(_opening, training)), list(map(_opening, test))
    common = set(training_openings) & set(test_openings)
    candidates = [text for text, opening in zip(training, training_openings, strict=True) if opening in common]
    tested = [text for text, opening in zip(test, test_openings, strict=True) if opening in common]
    same, alike = _shared(candidates, tested, lambda text: text), _shared(candidates, tested, _folded)
    return Overlap(len(test), alike, alike - same)


def _shared(training: list[bytes], test: list[bytes], key_of: Callable[[bytes], object]) -> int:
    # Only the test texts, which are fewer, are remembered.
    keys = [key_of(text) for text in test if text.strip()]
    wanted = set(keys)
    found = {key for key in map(key_of, training) if key in wanted}
    return sum(key in found for key in keys)


def _opening(text: bytes) -> str:
    """The first letters of a text without case and white space, from its first bytes if these hold enough."""
    letters = _letters(text[:_OPENING_BYTES])
    return letters if len(letters) == _OPENING_LETTERS else _letters(text)


def _letters(text: bytes) -> str:
    return "".join(text.decode("utf-8", "ignore").casefold().split())[:_OPENING_LETTERS]


def _folded(text: bytes) -> str:
    return " ".join(text.decode("utf-8", "surrogatepass").casefold().split())
