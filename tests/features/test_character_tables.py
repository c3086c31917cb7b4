"""The tables of characters that the package holds are those that the running Python's Unicode data make."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from vikt.features.ngrams import characters
from vikt.features.ngrams.character_rules import ALL_POINTS, RULES
from vikt.features.ngrams.characters import ASCII

NAMES = ("word_characters", "pattern_characters", "space_characters")


@pytest.mark.skipif(
    not characters.tables_file(unicodedata.unidata_version).exists(), reason="no tables of this version of Unicode"
)
@pytest.mark.parametrize(("rule", "dtype"), RULES)
def test_held_tables_are_what_the_rules_make(rule, dtype):
    held = characters._shipped()[rule]
    assert held[1].dtype == dtype
    for n_points in (ASCII, 0x800, 0x10000, ALL_POINTS):
        made, found = rule(n_points), characters._table(rule, n_points)
        assert found.dtype == made.dtype == dtype
        assert np.array_equal(found, made)


def test_without_tables_of_the_running_version_they_are_made(monkeypatch):
    before = [getattr(characters, name)(0x800) for name in NAMES] + [characters.lower_case(), characters.joining()]
    monkeypatch.setattr(characters, "_shipped", dict)
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
