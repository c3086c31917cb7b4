"""How texts are cut into units: words, characters, characters within words. One table, used everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from vikt.features.ngrams.character_kernels import bounded_character_edges, character_edges
from vikt.features.ngrams.character_rules import CharacterClasses
from vikt.features.ngrams.characters import pattern_characters, space_characters, word_characters
from vikt.features.ngrams.token_kernels import CLOSES, OPENS, word_edges


@dataclass(frozen=True)
class Analyzer:
    """A way to cut a text into units.

    Attributes
    ----------
    edges : str
        The kernel that finds the units.
    characters : Callable
        Makes the table of character classes that the kernel reads, for a number of code points.
    actions : tuple of int
        The automaton that finds words: the action of each class of characters, by state.
    joiner : str
        Joins the units of an n-gram in its name.
    lowercase : bool
        Whether upper case is lowered by default.
    composed : bool
        Whether the text is put into NFC first.
    shortest_whole : int, optional
        A word with at least this many units, but fewer than the shortest n-gram, counts as one n-gram.
    """

    edges: Callable[..., int]
    characters: Callable[[int], CharacterClasses]
    actions: tuple[int, ...] = (0, 0)
    joiner: str = ""
    lowercase: bool = True
    composed: bool = True
    shortest_whole: int | None = None


def _automaton(*classes: tuple[tuple[int, int, int], ...]) -> tuple[int, ...]:
    """One number per class of characters, as the kernel reads it.

    It holds for each state the next state, whether a token opens, and whether one closes.
    """
    return tuple(
        sum(
            (8 * state | opens << OPENS | closes << CLOSES) << 8 * place
            for place, (state, opens, closes) in enumerate(of_class)
        )
        for of_class in classes
    )


# States: outside; in a word; in a token that no letter joins, unless that is a pictograph; in a pictograph; after its
# joiner; in half a flag. So a symbol is an extended grapheme cluster of Unicode's UAX #29.
_WORDS = _automaton(
    ((0, 0, 0), (0, 0, 1), (0, 0, 1), (0, 0, 1), (0, 0, 1), (0, 0, 1)),  # separates
    ((1, 1, 0), (1, 0, 0), (1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1)),  # word
    ((2, 1, 0), (2, 1, 1), (2, 1, 1), (2, 1, 1), (2, 1, 1), (2, 1, 1)),  # symbol
    ((1, 1, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0), (2, 0, 0), (2, 0, 0)),  # extends
    ((2, 1, 0), (2, 1, 1), (2, 1, 1), (2, 1, 1), (2, 1, 1), (2, 1, 1)),  # single
    ((3, 1, 0), (3, 1, 1), (3, 1, 1), (3, 1, 1), (3, 0, 0), (3, 1, 1)),  # pictograph
    ((2, 1, 0), (2, 1, 1), (2, 0, 0), (3, 0, 0), (2, 0, 0), (2, 0, 0)),  # modifier
    ((1, 1, 0), (1, 0, 0), (2, 0, 0), (4, 0, 0), (2, 0, 0), (2, 0, 0)),  # joiner
    ((5, 1, 0), (5, 1, 1), (5, 1, 1), (5, 1, 1), (5, 1, 1), (2, 0, 0)),  # regional
    ((0, 0, 0), (0, 0, 1), (2, 0, 0), (3, 0, 0), (2, 0, 0), (2, 0, 0)),  # tag
    ((2, 1, 0), (2, 0, 0), (2, 0, 0), (3, 0, 0), (2, 0, 0), (2, 0, 0)),  # keycap
)
# States: outside, inside.
_RUNS = _automaton(
    ((0, 0, 0), (0, 0, 1)),  # separates
    ((1, 1, 0), (1, 0, 0)),  # word
)
# States: outside, after one character, after more: a token of one character opens, but never closes.
_RUNS_OF_TWO = _automaton(
    ((0, 0, 0), (0, 0, 0), (0, 0, 1)),  # separates
    ((1, 1, 0), (2, 0, 0), (2, 0, 0)),  # word
)
_CHARACTERS = Analyzer(character_edges, space_characters, lowercase=False)
_BOUNDED = Analyzer(bounded_character_edges, space_characters, lowercase=False, shortest_whole=3)
_PATTERN = Analyzer(word_edges, pattern_characters, _RUNS_OF_TWO, joiner=" ", composed=False)

# "pattern" is scikit-learn's word pattern `(?u)\b\w\w+\b`, and `\w+` with any length. Those and the characters as
# typed skip NFC, so that columns agree with scikit-learn's.
ANALYZERS: dict[str, Analyzer] = {
    "word": Analyzer(word_edges, word_characters, _WORDS, joiner=" "),
    "char": _CHARACTERS,
    "char_wb": _BOUNDED,
    "pattern": _PATTERN,
    "pattern_any_length": replace(_PATTERN, actions=_RUNS),
    "char_as_typed": replace(_CHARACTERS, composed=False),
    "char_wb_as_typed": replace(_BOUNDED, composed=False),
}
