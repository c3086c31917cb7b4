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
    sigma depends on the characters around it that are `cased` and not `ignorable`. `pairs` are characters that NFC
    composes, each with its two parts; `others`, each with one part or two, never occur in NFC. `combining` has the
    classes by which marks are ordered. Syllables of Hangul are left out, since they follow a formula.
    """
    lower, special = _lower_case()
    firsts, classes = _combining_classes()
    return {
        "lower": lower,
        "special": special,
        "combining": {"firstPoints": payload.rising(firsts), "classes": payload.section(classes.tobytes())},
        **{name: payload.rising(_turns(is_of)) for name, is_of in _properties().items()},
        **{name: _sections(payload, triples) for name, triples in _compositions().items()},
    }


def _sections(payload: Payload, triples: Ints) -> list[int]:
    wholes, ones, others = triples.T
    return [payload.rising(wholes), payload.counts(ones), payload.counts(others)]


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
    return {"cased": cased, "ignorable": passed & ~cased}


@functools.cache
def _compositions() -> dict[str, Ints]:
    """Characters and what they are made of, 0 for no second part: those that NFC composes, and the others."""
    triples: dict[str, list[tuple[int, int, int]]] = {"pairs": [], "others": []}
    for c in map(chr, range(ALL_POINTS)):
        one, *more = unicodedata.decomposition(c).split() or [""]
        # A word in angle brackets begins what is only similar.
        if one and not one.startswith("<"):
            kind = "pairs" if unicodedata.normalize("NFC", c) == c else "others"
            triples[kind].append((ord(c), int(one, 16), int(more[0], 16) if more else 0))
    return {kind: np.array(own, dtype=np.int64) for kind, own in triples.items()}


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
