"""Facts of characters for the engine, from the Unicode of the running Python, so that the browser's does not matter."""

from __future__ import annotations

import functools
import unicodedata

import numpy as np

from vikt.arrays import Bools, Ints
from vikt.export.html.payload import Payload
from vikt.features.ngrams.characters import ALL_POINTS

_SIGMA, _FINAL_SIGMA = "Σ", "ς"


def character_facts(payload: Payload) -> dict[str, object]:
    """What normalising needs, as sections of a payload.

    `lower` has runs of characters whose lower case is one character, each a first character, a step from one to the
    next, how many there are, and how far away their lower case is. The lower case of a capital sigma depends on the
    characters around it that are `cased` and not `ignorable`. Those that are `unassigned` stay as they are in NFC,
    whatever a later version of Unicode makes of them.
    """
    facts = _facts()
    return {
        "unicode": unicodedata.unidata_version,
        "lower": [payload.counts(own) for own in facts.lower.T],
        "special": facts.special,
        **{name: payload.rising(_turns(getattr(facts, name))) for name in ("cased", "ignorable", "unassigned")},
    }


class _Facts:
    def __init__(self) -> None:
        characters = list(map(chr, range(ALL_POINTS)))
        changed = {c: lowered for c in characters if (lowered := c.lower()) != c}
        self.lower = _runs({ord(c): ord(lowered) for c, lowered in changed.items() if len(lowered) == 1})
        self.special = {c: lowered for c, lowered in changed.items() if len(lowered) > 1}
        # A sigma is final after a cased letter, whatever ignorable characters are between.
        self.cased = np.array([(c + _SIGMA).lower()[-1] == _FINAL_SIGMA for c in characters])
        skipped = np.array([("a" + c + _SIGMA).lower()[-1] == _FINAL_SIGMA for c in characters])
        self.ignorable = skipped & ~self.cased
        self.unassigned = np.array([unicodedata.category(c) == "Cn" for c in characters])


_facts = functools.cache(_Facts)


def _runs(lower_of: dict[int, int]) -> Ints:
    """Runs of characters in the same steps whose lower case is as far away: first, step, number, twice the distance.

    The distance is even where the lower case comes after, and odd where it comes before.
    """
    points = sorted(lower_of)
    distances = [lower_of[point] - point for point in points]
    runs, i = [], 0
    while i < len(points):
        step, end = max(((step, _end(points, distances, i, step)) for step in (1, 2)), key=lambda found: found[1])
        distance = distances[i]
        runs.append((points[i], step, end - i, 2 * distance if distance > 0 else -2 * distance - 1))
        i = end
    return np.array(runs)


def _end(points: list[int], distances: list[int], first: int, step: int) -> int:
    end = first + 1
    while end < len(points) and points[end] == points[end - 1] + step and distances[end] == distances[first]:
        end += 1
    return end


def _turns(is_of: Bools) -> Ints:
    """Where a property of characters turns from false to true or back, starting from false."""
    return np.flatnonzero(np.diff(is_of, prepend=False))
