"""How a text falls into units: words, characters, characters within words. One table, used by everyone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from vikt.errors import check_known
from vikt.features import kernels
from vikt.features.characters import Table, pattern_characters, space_characters, word_characters


@dataclass(frozen=True)
class Analyzer:
    """How a text falls into units.

    Attributes
    ----------
    edges : str
        The kernel that finds the units.
    characters : Callable
        The table of character classes that the kernel goes by.
    joiner : str
        What stands between the units of an n-gram in its name.
    min_characters : int
        Shorter tokens are dropped.
    lowercase : bool
        Whether upper case is lowered unless told otherwise.
    composed : bool
        Whether the text is brought to NFC first.
    keep_short : bool
        Whether a run of units shorter than the shortest n-gram counts as one.
    """

    edges: str
    characters: Callable[[], Table]
    joiner: str = ""
    min_characters: int = 1
    lowercase: bool = True
    composed: bool = True
    keep_short: bool = False


_CHARACTERS = Analyzer(kernels.character_edges.__name__, space_characters, lowercase=False)
_BOUNDED = Analyzer(kernels.bounded_character_edges.__name__, space_characters, lowercase=False, keep_short=True)

_PATTERN = Analyzer(kernels.word_edges.__name__, pattern_characters, joiner=" ", min_characters=2, composed=False)

# "pattern" is scikit-learn's word pattern `(?u)\b\w\w+\b`, of any length `\w+`. They and the characters as typed are
# without NFC, so that columns agree with scikit-learn's.
ANALYZERS: dict[str, Analyzer] = {
    "word": Analyzer(kernels.word_edges.__name__, word_characters, joiner=" "),
    "char": _CHARACTERS,
    "char_wb": _BOUNDED,
    "pattern": _PATTERN,
    "pattern_any_length": replace(_PATTERN, min_characters=1),
    "char_as_typed": replace(_CHARACTERS, composed=False),
    "char_wb_as_typed": replace(_BOUNDED, composed=False),
}


def analyzer_named(name: str) -> Analyzer:
    """The analyzer of that name.

    Raises
    ------
    UsageError
        There is none; the message lists those there are.
    """
    check_known("analyzer", name, ANALYZERS)
    return ANALYZERS[name]
