"""Test texts that stand in training too, however they are spaced."""

from __future__ import annotations

import pytest

from vikt.corpus.overlap import overlap
from vikt.corpus.texts import Texts

LONG = "the same forty words, " * 40


@pytest.mark.parametrize(
    ("training", "test", "shared", "alike"),
    [
        (LONG + "end", LONG + "end", 1, 0),
        (LONG + "end", LONG + "other", 0, 0),
        ("Hi" + " " * 500 + "there, how are you on this fine day?", "hi there, how are you on this fine day?", 1, 1),
        ("\ud800 " + "ж" * 300, " " * 200 + "\ud800 " + "Ж" * 300, 1, 1),
        ("STRASSE", "straße", 1, 1),
        ("STRASSE " * 40, "straße\x1c" * 40, 1, 1),
        ("a" * 127 + "é" + LONG, "A" * 127 + "É" + LONG, 1, 1),
        ("ab c", "a bc", 0, 0),
        ("  ", "\t", 0, 0),
    ],
    ids=[
        "equal",
        "other end",
        "blanks inside",
        "half a character",
        "letter of two",
        "letters of two",
        "letter at the edge",
        "words",
        "blank",
    ],
)
def test_texts_are_alike_but_for_case_and_white_space(training, test, shared, alike):
    found = overlap(Texts.from_strings([training, "x"]), Texts.from_strings([test, "y"]))
    assert (found.texts, found.shared, found.alike) == (2, shared, alike)
