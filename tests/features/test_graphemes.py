"""A symbol is an extended grapheme cluster (UAX #29), and one token of vikt's words."""

from __future__ import annotations

import random
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vikt
import vikt.compiled
from vikt.corpus.texts import Texts
from vikt.features.ngrams import tokens
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.pictographs import PICTOGRAPHS
from vikt.features.ngrams.weighting import WEIGHTINGS

SWEDEN, NORWAY = "\U0001f1f8\U0001f1ea", "\U0001f1f3\U0001f1f4"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
PIRATE, RAINBOW = "\U0001f3f4\u200d\u2620\ufe0f", "\U0001f3f3\ufe0f\u200d\U0001f308"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
ASTRONAUT, COUPLE = (
    "\U0001f469\U0001f3fd\u200d\U0001f680",
    "\U0001f9d1\U0001f3fb\u200d\u2764\ufe0f\u200d\U0001f9d1\U0001f3ff",
)
THUMB, DARK_THUMB, HEART, HEART_ON_FIRE = (
    "\U0001f44d",
    "\U0001f44d\U0001f3ff",
    "\u2764\ufe0f",
    "\u2764\ufe0f\u200d\U0001f525",
)
ONE, TWO, HASH, STAR = "1\ufe0f\u20e3", "2\ufe0f\u20e3", "#\ufe0f\u20e3", "*\u20e3"
EMOJI = [
    *(SWEDEN, NORWAY, ENGLAND, SCOTLAND, PIRATE, RAINBOW, FAMILY, ASTRONAUT, COUPLE),
    *(THUMB, DARK_THUMB, HEART, HEART_ON_FIRE, ONE, TWO, HASH, STAR),
]
PARTS = sorted(set("".join(EMOJI)) - set("12"))


def tokens_of(text: str, **options) -> list[str]:
    text = Texts.from_strings([text])
    return [name for name, _ in Ngrams("word", (1, 1), WEIGHTINGS["counts"], **options).places(text)]


@pytest.mark.parametrize("emoji", EMOJI, ids=ascii)
def test_an_emoji_is_one_token_wherever_it_stands(emoji):
    assert tokens_of(emoji) == [emoji]
    assert tokens_of(f"so {emoji} good") == ["so", emoji, "good"]
    assert tokens_of(f"!{emoji}{emoji}.") == ["!", emoji, emoji, "."]
    assert tokens_of(f"{emoji}good") == [emoji, "good"]


def test_emoji_side_by_side_are_told_apart():
    assert tokens_of("".join(EMOJI)) == EMOJI
    assert tokens_of("".join(EMOJI[::-1])) == EMOJI[::-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Regional indicators pair from the left; a mark ends a pair.
        (SWEDEN + "\U0001f1f3", [SWEDEN, "\U0001f1f3"]),
        ("\U0001f1f8\u0308\U0001f1ea", ["\U0001f1f8\u0308", "\U0001f1ea"]),
        # A joiner joins pictographs alone, and only one of them at a time.
        ("!\u200d!", ["!\u200d", "!"]),
        (THUMB + "\u200d!", [THUMB + "\u200d", "!"]),
        ("!\u200d" + THUMB, ["!\u200d", THUMB]),
        (THUMB + "\u200d\u200d" + THUMB, [THUMB + "\u200d\u200d", THUMB]),
        (SWEDEN + "\u200d" + THUMB, [SWEDEN + "\u200d", THUMB]),
        # A symbol takes marks and variation selectors.
        ("?\u0308\ufe0f?", ["?\u0308\ufe0f", "?"]),
        ("\U0001f3fd", ["\U0001f3fd"]),
        # Words stay words: they take marks, joiners and selectors; neither skin tones nor tags.
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"]),
        ("\u0915\u094d\u200d\u0937", ["\u0915\u094d\u200d\u0937"]),
        ("a\ufe0fb", ["a\ufe0fb"]),
        ("soft\u00adhyphen", ["soft", "hyphen"]),
        ("a\U0001f3fdb", ["a", "\U0001f3fd", "b"]),
        ("a\U000e0067b", ["a", "b"]),
        ("a\u200d" + THUMB, ["a\u200d", THUMB]),
        # A keycap ends the word that it stands in.
        ("day1\ufe0f\u20e3st 12\u20e33", ["day1\ufe0f\u20e3", "st", "12\u20e3", "3"]),
        # A letter of a script without spaces is a token, and takes what extends it.
        ("\u6f22\ufe00\u5b57", ["\u6f22\ufe00", "\u5b57"]),
    ],
    ids=ascii,
)
def test_where_tokens_end(text, expected):
    assert tokens_of(text) == expected


def test_agrees_with_another_implementation_of_grapheme_clusters():
    regex = pytest.importorskip("regex")
    chance = random.Random(0)
    extending = ["\u200d"] * 4 + ["\ufe0f", "\u0301", "\u200c", "\u20e3", "\U0001f3fd"]
    for _ in range(2000):
        drawn = (chance.choice(PARTS + EMOJI + extending) for _ in range(chance.randrange(12)))
        text = unicodedata.normalize("NFC", chance.choice([".", THUMB, *SWEDEN]) + "".join(drawn))
        # A digit is a word character; what extends the one word of this text is the keycap's alone.
        text = text.replace("1", "").replace("2", "")
        assert tokens_of(text) == regex.findall(r"\X", text), ascii(text)


def test_the_table_of_pictographs_has_what_unicode_calls_so():
    points = {point for points in PICTOGRAPHS for point in points}
    assert points >= set(map(ord, "\u00a9\u00ae\u2122\u2620\u2640\u2642\u2764\U0001f308\U0001f44d\U0001f680\U0001f9d1"))
    # Neither letters nor punctuation of words, nor the parts that have rules of their own.
    assert not points & set(map(ord, "aZ09#*!?.\u20e3\u200d\ufe0f\U0001f1f8\U0001f3fd"))


@settings(max_examples=30, deadline=None)
@given(
    texts=st.lists(
        st.lists(st.sampled_from([*PARTS, *EMOJI, "a", "1", " ", "\u6f22", "\u0301"])).map("".join), max_size=9
    )
)
def test_plain_and_compiled_kernels_cut_alike(texts):
    found = []
    for kernels_of in (vikt.compiled.plain, vikt.compiled.compiled):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(tokens, "kernels_for", lambda name, work=0, kernels_of=kernels_of: kernels_of(name))
            found.append([tokens_of(text) for text in texts])
    assert found[0] == found[1]


@pytest.mark.parametrize("n_bytes", [1, 40, 1 << 18])
def test_portions_cut_no_cluster(monkeypatch, n_bytes):
    texts = Texts.from_strings([FAMILY * 20, f"a{ENGLAND}", SWEDEN * 99, "", ONE + COUPLE])
    monkeypatch.setattr(tokens, "_BYTES_AT_A_TIME", n_bytes)
    fitted, rows = Ngrams("word", (1, 1), WEIGHTINGS["counts"]).fit_transform(texts)
    assert set(fitted.names()) == {FAMILY, "a", ENGLAND, SWEDEN, ONE, COUPLE}
    assert sorted(rows.values.tolist()) == [1, 1, 1, 1, 20, 99]


def test_a_long_text_of_emoji_has_one_token_for_each():
    # More than a portion, in one text.
    assert set(tokens_of(FAMILY * 12_000)) == {FAMILY}


def test_flags_fall_into_buckets_of_their_own():
    texts = Texts.from_strings([SWEDEN, NORWAY, ENGLAND, SCOTLAND])
    hashed, rows = Ngrams("word", (1, 1), WEIGHTINGS["counts"], hashing=20).fit_transform(texts)
    assert (rows.n_features, rows.values.tolist()) == (4, [1, 1, 1, 1])
    assert set(hashed.spellings(texts.run(0, 1)).values()) == {SWEDEN}


def test_a_classifier_tells_flags_apart_and_names_them(tmp_path):
    flags = {"se": SWEDEN, "no": NORWAY, "en": ENGLAND, "sc": SCOTLAND}
    texts = [f"{'go ' * i}{flag}{flag}" for i in range(1, 6) for flag in flags.values()]
    classifier = vikt.TextClassifier(analyzer="word", ngrams=(1, 1), min_df=1, l2=1e-3).fit(texts, [*flags] * 5)
    classifier.save(tmp_path / "flags.vikt")
    again = vikt.load(tmp_path / "flags.vikt")
    assert again.predict(list(flags.values())).tolist() == [*flags]
    assert np.array_equal(again.predict_proba(texts), classifier.predict_proba(texts))
    for label, flag in flags.items():
        assert again.strongest_features(label, 1).features[0][0] == flag
        [part] = again.explain(f"{flag}").contributions
        assert part.feature == flag
