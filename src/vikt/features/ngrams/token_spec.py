"""How texts are cut into units, without code."""

from __future__ import annotations

import unicodedata

import numpy as np

from vikt.arrays import Ints
from vikt.errors import UsageError
from vikt.features.ngrams import kernels
from vikt.features.ngrams.analyzers import ANALYZERS, Analyzer
from vikt.features.ngrams.characters import ALL_POINTS
from vikt.features.ngrams.spec import TokenSpec
from vikt.features.ngrams.tokens import Tokeniser


def token_spec(tokeniser: Tokeniser, stop_words: frozenset[str]) -> TokenSpec:
    """How a tokeniser cuts texts.

    Raises
    ------
    UsageError
        A function of Python's does.

    Examples
    --------
    >>> spec = token_spec(Tokeniser("char", lowercase=False), frozenset())
    >>> spec.kernel, [hex(point) for point in spec.first_points[:4]], spec.classes[:4].tolist()
    ('character_edges', ['0x0', '0x9', '0xe', '0x1c'], [1, 0, 1, 0])
    """
    if tokeniser.cut is not None:
        raise UsageError("these texts are cut by a function of Python's, which has no description without code")
    analyzer = ANALYZERS[tokeniser.analyzer]
    class_of = analyzer.characters(ALL_POINTS)
    first_points = np.flatnonzero(np.diff(class_of, prepend=class_of[:1] + 1))
    return TokenSpec(
        tokeniser.analyzer,
        analyzer.edges,
        analyzer.joiner,
        tokeniser.lowercase,
        analyzer.composed,
        tokeniser.strip_accents,
        tuple(sorted(stop_words)),
        first_points,
        class_of[first_points],
        _automaton(analyzer),
        unicodedata.unidata_version,
    )


def _automaton(analyzer: Analyzer) -> Ints:
    """For each class and state: the next state, whether a unit opens, whether one closes."""
    n_states = 3
    return np.array(
        [
            [
                ((action & kernels.NEXT) // 8, action >> kernels.OPENS & 1, action >> kernels.CLOSES & 1)
                for action in (of_class >> 8 * state for state in range(n_states))
            ]
            for of_class in analyzer.actions
        ]
    )
