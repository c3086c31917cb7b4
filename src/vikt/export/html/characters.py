"""Facts of characters for the engine, from the Unicode of the running Python, so that the browser's does not matter."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable

import numpy as np

from vikt.arrays import Bools, Bytes, Ints
from vikt.export.html.payload import Payload
from vikt.features.ngrams.characters import ALL_POINTS

_SIGMA, _FINAL_SIGMA = "Σ", "ς"


def character_facts(payload: Payload) -> dict[str, object]:
    """What normalising needs.

    `lower` has runs of characters whose lower case is one character: the first, the step from one to the next, how many
    there are, and how far away their lower case is. `special` has those whose lower case is longer. That of a capital
    sigma depends on the characters around it that are `cased` and not `ignorable`. What is `unassigned` stays as it is
    in NFC, whatever a later version of Unicode makes of it. `combining` has the classes by which marks are ordered.
    """
    lower, special = _lower_case()
    places = {name: payload.rising(_turns(is_of)) for name, is_of in _properties().items()}
    firsts, classes = _combining_classes()
    combining = {"firstPoints": payload.rising(firsts), "classes": payload.section(classes.tobytes())}
    return {"lower": lower, "special": special, "combining": combining, **places}


@functools.cache
def _lower_case() -> tuple[list[tuple[int, int, int, int]], dict[str, str]]:
    """Runs of characters with the same distance to their lower case; and the longer lower case of others."""
    changed = {c: lowered for c in map(chr, range(ALL_POINTS)) if (lowered := c.lower()) != c}
    distances = {ord(c): ord(lowered) - ord(c) for c, lowered in changed.items() if len(lowered) == 1}
    points, runs, i = sorted(distances), [], 0
    while i < len(points):
        n, step = max((_length(points[i:], distances, step), -step) for step in (1, 2))
        runs.append((points[i], -step, n, distances[points[i]]))
        i += n
    return runs, {c: lowered for c, lowered in changed.items() if len(lowered) > 1}


def _length(points: list[int], distances: dict[int, int], step: int) -> int:
    """How many of the first points follow each other by a step, with the same distance."""
    first, n = points[0], 1
    while n < len(points) and points[n] == first + n * step and distances[points[n]] == distances[first]:
        n += 1
    return n


@functools.cache
def _properties() -> dict[str, Bools]:
    """For each character whether it has a property that matters."""
    characters = list(map(chr, range(ALL_POINTS)))
    cased = _of_all((c + _SIGMA).lower()[-1] == _FINAL_SIGMA for c in characters)
    # A sigma is final after a cased letter, whatever ignorable characters are between.
    passed = _of_all(("a" + c + _SIGMA).lower()[-1] == _FINAL_SIGMA for c in characters)
    unassigned = _of_all(unicodedata.category(c) == "Cn" for c in characters)
    return {"cased": cased, "ignorable": passed & ~cased, "unassigned": unassigned}


@functools.cache
def _combining_classes() -> tuple[Ints, Bytes]:
    """Runs of characters of one combining class: the first of each run, and the class."""
    classes = np.fromiter(map(unicodedata.combining, map(chr, range(ALL_POINTS))), dtype=np.uint8, count=ALL_POINTS)
    firsts = np.flatnonzero(np.diff(classes, prepend=1))
    return firsts, classes[firsts]


def _of_all(is_of: Iterable[bool]) -> Bools:
    return np.fromiter(is_of, dtype=bool, count=ALL_POINTS)


def _turns(is_of: Bools) -> Ints:
    """Where a property of characters turns from false to true or back, starting from false."""
    return np.flatnonzero(np.diff(is_of, prepend=False))
