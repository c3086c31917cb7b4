"""Normalisation equals the running Python's, for every character and in hostile company; oracles are its functions."""

from __future__ import annotations

import itertools
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import strip_accents_ascii, strip_accents_unicode

from vikt.compiled import compiled
from vikt.corpus.texts import Texts
from vikt.errors import UsageError
from vikt.features.ngrams import normalise as module
from vikt.features.ngrams import normalising_kernels
from vikt.features.ngrams.characters import joining, lower_case, no_joining, same_characters
from vikt.features.ngrams.normalise import compose, normalise
from vikt.features.ngrams.normalising_kernels import lower_ascii, lower_in_place

MODES = [(True, True), (True, False), (False, True)]
# All planes but those without a character, 4 to 13, and those for private use, of which the last point stands here.
EVERY_POINT = [*range(0x40000), *range(0xE0000, 0xF0000), sys.maxunicode]
MARKS = "\u0301\u0323\u0345\u0307\u0327\u093c\u05b7\u05c1\u0e38\u0e48\u3099\u0f71\u0f72\u0653\u0338"
TROUBLE = (
    "aAsSiIqΣσςΑάΆ\u03b9ʹ' \n0İıßẞKÅÅéÉếẾêǅÑ\u1e9b\ufb01\u0130\u023aȾ"
    + MARKS
    + "각가각\ud7a4ᆧ\u09be\u09c7\u09cb\u0bbe\u0bc6क\u0928\u0929ยกか\u304cﾞ漢\uf900\U0002f800"
    + "\U00010400\U0001f600\U000e0041\U0010ffff\ud83d\ude00\udfff\x00\x7f\x80"
)
HOSTILE = st.text(st.sampled_from(TROUBLE) | st.characters(exclude_categories=[]), max_size=12)


def nfc(text):
    return unicodedata.normalize("NFC", text)


EXPECTED = {
    (True, True): lambda text: nfc(nfc(text).lower()),
    (True, False): str.lower,
    (False, True): nfc,
}


def strings(texts):
    return [text.decode("utf-8", "surrogatepass") for text in texts]


@pytest.fixture(params=["by tables", "one by one"])
def every_way(request, monkeypatch):
    monkeypatch.setattr(module, "_FEW_BYTES", {"by tables": 0, "one by one": 1 << 62}[request.param])


def assert_equal_to_python(texts, lowercase, composed):
    found = strings(normalise(Texts.from_strings(texts), lowercase=lowercase, composed=composed))
    assert found == list(map(EXPECTED[lowercase, composed], texts))


def assert_lines_equal_to_python(lines, lowercase, composed):
    """Each line is a text, with its line break; Python does them all in one go, since nothing joins a line break."""
    content = lines.encode("utf-8", "surrogatepass")
    offsets = np.append(0, 1 + np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n")))
    found = normalise(Texts(content, offsets), lowercase=lowercase, composed=composed)
    assert found.content == EXPECTED[lowercase, composed](lines).encode("utf-8", "surrogatepass")
    assert np.array_equal(found.offsets[1:], 1 + np.flatnonzero(np.frombuffer(found.content, np.uint8) == ord("\n")))


@pytest.mark.parametrize(("lowercase", "composed"), MODES)
@pytest.mark.parametrize("around", ["{}", "É{}\u0301"])
def test_every_character_alone_and_between_letters(lowercase, composed, around):
    lines = "".join(around.format(chr(point)) + "\n" for point in EVERY_POINT)
    assert_lines_equal_to_python(lines, lowercase, composed)


def test_a_line_break_joins_nothing():
    for point in EVERY_POINT[:0x34000:7]:
        assert EXPECTED[True, True](f"\n{chr(point)}\n") == f"\n{EXPECTED[True, True](chr(point))}\n"


@pytest.mark.parametrize("lowercase", [True, False])
def test_every_letter_with_every_mark(lowercase):
    """All that occurs in a canonical decomposition, or has one, before all that can come second; and all of jamo."""
    decomposed = {chr(point): unicodedata.normalize("NFD", chr(point)) for point in EVERY_POINT}
    joined = [c for c, parts in decomposed.items() if len(parts) > 1 and not "가" <= c <= "힣"]
    letters = {*joined, *(c for whole in joined for c in decomposed[whole])}
    marks = {c for whole in joined for c in decomposed[whole][1:]}
    jamo = [chr(point) for point in (*range(0x10FF, 0x1203), *range(0xAC00, 0xAC03))]
    pairs = [*itertools.product(letters, marks), *itertools.product(jamo, jamo)]
    assert len(pairs) > 150_000
    assert_lines_equal_to_python("".join(letter + mark + "\n" for letter, mark in pairs), lowercase, True)


@pytest.mark.parametrize("joining_of", [joining, no_joining])
def test_tables_settle_most_characters(joining_of):
    texts = Texts.from_strings(map(chr, EVERY_POINT))
    assert undone_of(texts, lower_case(), joining_of()).sum() < 1200


@pytest.mark.parametrize(("lowercase", "composed"), MODES)
@given(texts=st.lists(HOSTILE, max_size=8))
def test_hostile_texts(lowercase, composed, texts):
    with pytest.MonkeyPatch.context() as patch:
        for few in (0, 1 << 62):
            patch.setattr(module, "_FEW_BYTES", few)
            assert_equal_to_python(texts, lowercase, composed)


@given(texts=st.lists(HOSTILE, min_size=1, max_size=8), lowercase=st.booleans(), composed=st.booleans())
def test_kernels_do_the_same_uncompiled_over_plain_memory(texts, lowercase, composed):
    encoded = Texts.from_strings(texts)
    lower_of = lower_case() if lowercase else same_characters()
    joining_of = joining() if composed else no_joining()
    plain, undone = bytearray(encoded.content), bytearray(len(texts))
    lower_in_place(*map(memoryview, (plain, encoded.offsets, lower_of, joining_of, undone)))
    array, also_undone = np.frombuffer(bytearray(encoded.content), np.uint8), np.zeros(len(texts), np.uint8)
    compiled(normalising_kernels.__name__).lower_in_place(array, encoded.offsets, lower_of, joining_of, also_undone)
    assert (plain, undone) == (array.tobytes(), also_undone.tobytes())
    lower_ascii(memoryview(plain))
    compiled(normalising_kernels.__name__).lower_ascii(array)
    assert plain == array.tobytes() == array.tobytes().lower()


def undone_of(texts, lower_of, joining_of):
    content, undone = np.frombuffer(bytearray(texts.content), np.uint8), np.zeros(len(texts), np.uint8)
    compiled(normalising_kernels.__name__).lower_in_place(content, texts.offsets, lower_of, joining_of, undone)
    return undone


@pytest.mark.parametrize(("lowercase", "composed"), MODES)
def test_languages_of_every_script(corpus, every_way, lowercase, composed):
    lines = corpus("languages/test.tsv").read_text(encoding="utf-8").split("\n")
    assert_equal_to_python(lines, lowercase, composed)
    assert_equal_to_python([line.upper() for line in lines], lowercase, composed)
    assert_equal_to_python([unicodedata.normalize("NFD", line) for line in lines], lowercase, composed)


def test_few_texts_of_any_language_are_left_to_python(corpus):
    lines = corpus("languages/train.tsv").read_text(encoding="utf-8").split("\n")
    undone = undone_of(Texts.from_strings(lines), lower_case(), joining())
    assert undone.mean() < 0.02


@pytest.mark.usefixtures("every_way")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ΟΔΟΣ", "οδος"),
        ("ΣΑΣ ΣΑΣ", "σας σας"),
        ("Σ", "σ"),
        ("ΑΣ.", "ας."),
        ("ΑΣ\u0301", "ας\u0301"),
        ("ΑΣ'Α", "ασ'α"),
        ("İ", "i̇"),
        ("STRAẞE", "straße"),
        ("ȺȾ", "ⱥⱦ"),
        ("e\u0301", "é"),
        ("É\u0323", "ẹ\u0301"),
        ("H\u0331", "ẖ"),
        ("ᄀ" + "ᅡ" + "ᆨ", "각"),
        ("가" + "ᆨ", "각"),
        ("\u09c7\u09be", "\u09cb"),
        ("\u0958", "\u0915\u093c"),
        ("Å", "å"),
        ("\ud83d\ude00", "\ud83d\ude00"),
    ],
)
def test_known_cases(text, expected):
    assert strings(normalise(Texts.from_strings([text, "B"]), lowercase=True, composed=True)) == [expected, "b"]


@pytest.mark.usefixtures("every_way")
def test_long_runs_of_marks():
    text = "é" + "\u0301\u0323" * 5000
    assert strings(normalise(Texts.from_strings([text]), lowercase=False, composed=True)) == [compose(text)]
    assert compose(text) == "ẹ" + "\u0323" * 4999 + "\u0301" * 5001


@pytest.mark.usefixtures("every_way")
def test_empty_texts_and_texts_left_to_python_keep_their_places():
    texts = ["", "ΑΣ", "", "B", "É", "", "İ", "İ", "é", ""]
    assert_equal_to_python(texts, True, True)
    assert_equal_to_python([], True, True)
    assert_equal_to_python(["", ""], True, True)


def test_the_texts_given_stay_as_they_are(every_way):
    texts = Texts.from_strings(["ÀÉ", "ΑΣ"])
    content, offsets = texts.content, texts.offsets.copy()
    normalise(texts, lowercase=True, composed=True)
    assert (texts.content, texts.offsets.tolist()) == (content, offsets.tolist())
    assert strings(texts) == ["ÀÉ", "ΑΣ"]


@pytest.mark.parametrize(("name", "theirs"), [("unicode", strip_accents_unicode), ("ascii", strip_accents_ascii)])
class TestAccents:
    @pytest.mark.parametrize("lowercase", [True, False])
    @given(texts=st.lists(HOSTILE, max_size=8))
    def test_hostile_texts(self, name, theirs, lowercase, texts):
        found = normalise(Texts.from_strings(texts), lowercase=lowercase, composed=False, strip_accents=name)
        assert strings(found) == [theirs(text.lower() if lowercase else text) for text in texts]

    def test_every_character(self, name, theirs):
        texts = ["".join(map(chr, EVERY_POINT[start : start + 0x1000])) for start in EVERY_POINT[::0x1000]]
        found = normalise(Texts.from_strings(texts), lowercase=False, composed=False, strip_accents=name)
        assert strings(found) == list(map(theirs, texts))

    def test_composed_again(self, name, theirs):
        texts = ["Ñandú 각 É\u0323", "ascii"]
        found = normalise(Texts.from_strings(texts), lowercase=True, composed=True, strip_accents=name)
        assert strings(found) == [nfc(theirs(nfc(text).lower())) for text in texts]


def test_unknown_accents_are_refused():
    with pytest.raises(UsageError, match=r"strip_accents: 'latin' is not known; choose from 'unicode', 'ascii'"):
        normalise(Texts.from_strings(["a"]), lowercase=True, composed=True, strip_accents="latin")


def test_nothing_asked_is_nothing_changed():
    texts = Texts.from_strings(["e\u0301É"])
    found = normalise(texts, lowercase=False, composed=False)
    assert found.content == texts.content
    # The caller may add to the content of what is found.
    assert found is not texts
