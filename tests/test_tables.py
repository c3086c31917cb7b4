"""What is printed: names on one line, lists cut off, and no control characters."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest

from vikt.tables import CONTROLS, counted, escaped, escaped_json, label_line, listed, one_line, quoted, visible

CHARACTERS = list(map(chr, range(sys.maxunicode + 1)))
EXPLICIT_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_controls_separators_directions_and_halves_are_spelled_out():
    dangerous = [
        c
        for c in CHARACTERS
        if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(c) in EXPLICIT_DIRECTIONS
        or c in "\u200e\u200f\u061c\u200b\ufeff"
    ]
    assert [c for c in dangerous if not CONTROLS.match(c)] == ["\t", "\n"]
    spelled = escaped("".join(dangerous))
    assert spelled.replace("\t", "").replace("\n", "").isascii()
    assert one_line("\t\n\r\x85\u2028").isascii()


def test_what_is_written_stays():
    """Letters, marks, numbers, punctuation and symbols of every script, blanks, and what joins letters and emoji."""
    kept = "".join(c for c in CHARACTERS if unicodedata.category(c)[0] in "LMNPS" or unicodedata.category(c) == "Zs")
    kept += "\u200c\u200d\n\t"
    assert escaped(kept) == kept
    family = "\U0001f469\u200d\U0001f467"
    assert visible(family) == one_line(family) == family


def test_json_holds_the_same_values_once_escaped():
    values = {"a\x9b\n\t": "\x1b\u202e\ud800\U000e0041 é", "n": [1.5, None, True]}
    spelled = escaped_json(json.dumps(values, ensure_ascii=False, indent=1))
    assert json.loads(spelled) == values
    assert spelled.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("of the", "of the"),
        (" a b", "␣a␣b"),
        ("characters  lol", "characters␣␣lol"),
        ("a\tb\n", "a\\tb\\n"),
        ("a\u00a0b", "a\\xa0b"),
        ("\u3000", "\\u3000"),
        ("a\\b", "a\\b"),
    ],
)
def test_a_name_is_one_line_whose_spaces_can_be_told(name, shown):
    assert visible(name) == shown


def test_a_long_label_ends_in_an_ellipsis():
    assert label_line("x" * 60) == "x" * 60
    assert label_line("x" * 61) == "x" * 59 + "…"


def test_lists_tell_how_many_more_there_are():
    assert listed(["a"]) == "a"
    assert listed([str(i) for i in range(10)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
    assert quoted([]) == "none"
    assert quoted(range(1021)).endswith("19 and 1,001 more")


def test_nouns_agree_with_their_number():
    assert [counted(n, "class") for n in (0, 1, 2000)] == ["0 classes", "1 class", "2,000 classes"]
    assert counted(2, "row") == "2 rows"
