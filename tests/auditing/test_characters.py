"""Checks for characters that should not be there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vikt

CLEAN = [
    "Plain text, with 1 < 2 and 3 > 2 & so on; a<b and c>d",
    "Crème brûlée à la carte, « voilà\u00a0», naïve façade, Œuvre",
    "IRMÃ, AMANHÃ, NÃO; Âge, Ânimo; ÉTÉ; Ærø Å ØL",
    "Größe, Straße, ÄÖÜ; þú ert góður; Łódź, żółć",
    "Việt Nam, Đà Nẵng, ƯỚC",
    "Привет, мир; Ελληνικά; 日本語のテキスト; ภาษาไทย; हिन्दी",
    "مرحبا\u200fبك; שלום\u200e; می\u200cخواهم; 👩\u200d🔬",
    "Price: 5 £, 20 °C, ½ × 3; “quoted” – dashed — … ™",
    "AT&T; R&D; fish &chips; x&y; <3 <- -> <>; if (a<b) { c>d }",
    "tabs\tand\nlines\r\n",
]


def found_in(code, texts):
    return [finding for finding in vikt.audit(texts, ["a", "b"] * (len(texts) // 2)).findings if finding.code == code]


@pytest.mark.parametrize("code", ["V131", "V132", "V133", "V134"])
def test_clean_texts_of_many_languages_have_no_fault(code):
    assert found_in(code, CLEAN) == []


@given(
    st.sampled_from(
        ["é", "ö", "ñ", "£", "°", "’", "“", "…", "™", "€", "š", "ğ", "при", "日本", "😀", "ﷺ" * 2, "שלום", "—"]
    ),
    st.sampled_from(["cp1252", "latin-1"]),
    st.text("abc XYZ", max_size=5),
)
def test_utf_8_read_as_another_encoding_is_found(character, encoding, around):
    try:
        broken = character.encode().decode(encoding)
    except UnicodeDecodeError:  # Windows-1252 has no characters for five bytes
        return
    [finding] = found_in("V131", [f"{around}{broken}{around}", "clean"])
    assert finding.rows == (0,)


def test_two_texts_one_after_the_other_make_no_fault():
    assert found_in("V131", ["IRMÃ", "©"]) == []
    assert found_in("V133", ["a <b", "r> c"]) == []


def test_lost_characters_are_found():
    [finding] = found_in("V132", ["caf\ufffd", "café"])
    assert finding.rows == (0,)


def test_html_is_found_and_counted_by_kind():
    texts = [
        "one<br />two<br />three",
        "fish &amp; chips",
        "<p class='x'>hello</P>",
        "&#39;quoted&#39;",
        "<b>",
        "1 &lt; 2",
    ]
    [finding] = found_in("V133", texts)
    assert finding.rows == (0, 1, 2, 3, 4, 5)
    assert "<br /> (2)" in finding.message
    assert "&#39; (2)" in finding.message


def test_names_in_angle_brackets_and_words_after_an_ampersand_are_no_html():
    assert found_in("V133", ["to <anna@kth.se>", "Johnson &Johnson; <unk> <name>"]) == []


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x92", "\u200b", "\ufeff", "\u202e", "\xad"])
def test_control_characters_are_found(character):
    [finding] = found_in("V134", ["clean", f"one{character}two"])
    assert finding.rows == (1,)
    assert character not in finding.message


def test_an_example_shows_the_fault_of_a_long_text():
    [finding] = found_in("V133", ["word " * 200 + "<br>" + " word" * 200, "clean"])
    assert "<br>" in finding.examples[0].text
    assert len(finding.examples[0].text) < 130
