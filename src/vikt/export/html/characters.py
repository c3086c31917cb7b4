"""Facts of characters for the engine, from the Unicode of the running Python, so that the browser's does not matter."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable
from itertools import count, islice, takewhile

import numpy as np

from vikt.arrays import Bools, Bytes, Ints
from vikt.export.html.header import Characters, Section
from vikt.export.html.payload import Payload
from vikt.features.ngrams.character_rules import ALL_POINTS

_SIGMA, _FINAL_SIGMA = "Σ", "ς"


def character_facts(payload: Payload) -> Characters:
    """What normalising needs. Syllables of Hangul are left out, since they follow a formula."""
    lower, special = _lower_case()
    cased, ignorable = _properties()
    pairs, others = _compositions()
    firsts, classes = _combining_classes()
    return {
        "lower": lower,
        "special": special,
        "cased": payload.rising(_turns(cased)),
        "ignorable": payload.rising(_turns(ignorable)),
        "pairs": _sections(payload, pairs),
        "others": _sections(payload, others),
        "combining": {"firstPoints": payload.rising(firsts), "classes": payload.section(classes.tobytes())},
    }


def _sections(payload: Payload, triples: Ints) -> list[Section]:
    wholes, ones, others = triples.T
    return [payload.rising(wholes), payload.counts(ones), payload.counts(others)]


@functools.cache
def _lower_case() -> tuple[list[tuple[int, int, int, int]], dict[str, str]]:
    """Runs of characters with the same distance to their lower case; and the longer lower case of others."""
    changed = {c: lowered for c in map(chr, range(ALL_POINTS)) if (lowered := c.lower()) != c}
    distances = {ord(c): ord(lowered) - ord(c) for c, lowered in changed.items() if len(lowered) == 1}
    points, runs, i = sorted(distances), [], 0
    while i < len(points):
        lengths = {step: _length(points, i, distances, step) for step in (1, 2)}
        step = max(lengths, key=lengths.__getitem__)
        runs.append((points[i], step, lengths[step], distances[points[i]]))
        i += lengths[step]
    return runs, {c: lowered for c, lowered in changed.items() if len(lowered) > 1}


def _length(points: list[int], i: int, distances: dict[int, int], step: int) -> int:
    """How many points from the i-th on follow each other by a step, with the same distance."""
    first = points[i]
    distant = takewhile(lambda point: distances[point] == distances[first], islice(points, i, None))
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(distant, count(first, step), strict=False)))


@functools.cache
def _properties() -> tuple[Bools, Bools]:
    """For each character whether it is cased, and whether it is ignorable and not cased."""
    characters = list(map(chr, range(ALL_POINTS)))
    cased = _of_all((c + _SIGMA).lower()[-1] == _FINAL_SIGMA for c in characters)
    # A sigma is final after a cased letter, whatever ignorable characters are between.
    passed = _of_all(("a" + c + _SIGMA).lower()[-1] == _FINAL_SIGMA for c in characters)
    return cased, passed & ~cased


@functools.cache
def _compositions() -> tuple[Ints, Ints]:
    """Characters and what they are made of, 0 for no second part: those that NFC composes, and the others."""
    pairs: list[tuple[int, int, int]] = []
    others: list[tuple[int, int, int]] = []
    for c in map(chr, range(ALL_POINTS)):
        one, *more = unicodedata.decomposition(c).split() or [""]
        # A word in angle brackets begins what is only similar.
        if one and not one.startswith("<"):
            own = pairs if unicodedata.normalize("NFC", c) == c else others
            own.append((ord(c), int(one, 16), int(more[0], 16) if more else 0))
    return np.array(pairs, dtype=np.int64), np.array(others, dtype=np.int64)


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
