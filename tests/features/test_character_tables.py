"""The tables of characters that the package holds are those that the running Python's Unicode data make."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from vikt.features.ngrams import characters
from vikt.features.ngrams.character_rules import ALL_POINTS, PYTHON, RULES, distance_to_lower_case
from vikt.features.ngrams.characters import ASCII

# Of Python 3.11 to 3.15.
VERSIONS = ("14.0.0", "15.0.0", "15.1.0", "16.0.0", "17.0.0")
NAMES = ("word_characters", "pattern_characters", "space_characters")


@pytest.mark.skipif(not characters.tables_file(PYTHON.version).exists(), reason="no tables of this version of Unicode")
@pytest.mark.parametrize(("rule", "dtype"), RULES)
def test_held_tables_are_what_the_rules_make(rule, dtype):
    held = characters._held(PYTHON.version)[rule]
    assert held[1].dtype == dtype
    for n_points in (ASCII, 0x800, 0x10000, ALL_POINTS):
        made, found = rule(n_points, PYTHON), characters._table(rule, n_points)
        assert found.dtype == made.dtype == dtype
        assert np.array_equal(found, made)


def test_without_tables_of_the_running_version_they_are_made(monkeypatch):
    before = [getattr(characters, name)(0x800) for name in NAMES] + [characters.lower_case(), characters.joining()]
    monkeypatch.setattr(characters, "_held", lambda version: {})
    after = [getattr(characters, name).__wrapped__(0x800) for name in NAMES]
    after += [characters.lower_case.__wrapped__(), characters.joining.__wrapped__()]
    for held, made in zip(before, after, strict=True):
        assert held.dtype == made.dtype
        assert np.array_equal(held, made)


def test_lower_case_is_pythons_where_it_fits():
    lower = characters.lower_case()
    for letter, expected in (("Å", "å"), ("Ж", "ж"), ("a", "a"), ("中", "中"), ("\U00010400", "\U00010428")):
        assert chr(lower[ord(letter)]) == expected
    # Of other length, or by the letters around it.
    assert [lower[ord(letter)] for letter in "İΣ\u2126"] == [-1, -1, -1]


def lower_case_of(version):
    """The distances to lower case that differ from 0, by code point."""
    starts, entries = characters._held(version)[distance_to_lower_case]
    table = np.repeat(entries, np.diff(np.append(starts, ALL_POINTS)))
    return {int(point): int(table[point]) for point in np.flatnonzero(table)}


def test_later_versions_keep_lower_case_as_unicode_promises_and_add_new_letters():
    found = [lower_case_of(version) for version in VERSIONS]
    for earlier, later in pairwise(found):
        assert earlier.items() <= later.items()
    # Garay, which came with Unicode 16.0: capital and small letter A.
    assert [0x10D50 in lower for lower in found] == [False, False, False, True, True]
    assert 0x10D50 + found[-1][0x10D50] == 0x10D70
