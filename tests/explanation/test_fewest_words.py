"""The fewest words whose removal changes an answer: each claim is tried out on the texts themselves."""

from __future__ import annotations

import json
import re
from itertools import combinations

import pytest

import vikt
from vikt.errors import UsageError
from vikt.explanation import fewest_words as module


@pytest.fixture(scope="module")
def spam(emails):
    return vikt.TextClassifier("word+char", l2=1e-4).fit(*emails)


def without(text, words):
    """The text without some words, by another way than the search's: mark by mark."""
    gone = {word.casefold() for word in words}
    marks = re.split(r"(\w+|[^\w\s])", text)
    return "".join("" if mark.casefold() in gone else mark for mark in marks)


def different_words(text):
    return sorted({word.casefold() for word in re.findall(r"\w+|[^\w\s]", text)})


def test_the_answer_changes_without_the_words_and_not_without_fewer(spam, emails):
    proven = 0
    for text in (" ".join(text.split()[:10]) for text in emails[0][:40]):
        found = spam.fewest_words(text)
        assert found.label == spam.predict([text])[0]
        assert found.n_words == len(different_words(text))
        if not found.words:
            continue
        assert found.text == without(text, found.words)
        assert spam.predict([found.text])[0] == found.label_after != found.label
        assert spam.predict_proba([found.text])[0].max() == pytest.approx(found.probability_after)
        for word in found.words:
            rest = [other for other in found.words if other != word]
            assert found.is_fewest or spam.predict([without(text, rest)])[0] == found.label
        if found.is_fewest and len(found.words) <= 3:
            sets = combinations(different_words(text), len(found.words) - 1)
            assert set(spam.predict([without(text, some) for some in sets])) == {found.label}
            proven += 1
    assert proven > 5


def test_one_word_that_tells_is_found_wherever_it_stands():
    classifier = vikt.TextClassifier("word", min_df=1, ngrams=(1, 1), l2=0.01)
    classifier.fit(["good day", "good", "a day", "day"], ["p", "p", "n", "n"])
    found = classifier.fewest_words("a Good, good day")
    assert (found.words, found.is_fewest, found.label, found.label_after) == (["Good"], True, "p", "n")
    assert found.text == "a ,  day"
    assert str(found).startswith("without 'Good' (1 of 4 different words, the fewest) the answer is n, probability")


def test_where_nothing_changes_the_answer_that_is_said(spam):
    for text in ("", "   "):
        found = spam.fewest_words(text)
        assert (found.words, found.is_fewest, found.text) == ([], False, text)
        assert str(found) == f"no words found whose removal changes the answer, {found.label}"


def test_a_search_that_is_cut_short_claims_nothing(spam, emails, monkeypatch):
    text = emails[0][1]
    assert len(spam.fewest_words(text).words) > 2
    monkeypatch.setattr(module, "_MOST_CHARACTERS", 3 * len(text))
    found = spam.fewest_words(text)
    assert not found.is_fewest
    assert spam.predict([found.text])[0] != found.label
    assert "there may be fewer" in str(found)


def test_columns_stay_as_they_are(emails):
    texts, labels = emails
    frame = {"text": texts, "length": [float(len(text)) for text in texts]}
    declared = [{"name": "length", "kind": "number"}, {"name": "long", "kind": "characters"}]
    classifier = vikt.TextClassifier("word", l2=1e-3, features=declared[:1]).fit(frame, labels)
    row = {"text": texts[1], "length": 80.0}
    found = classifier.fewest_words(row)
    assert found.label == classifier.predict({"text": [texts[1]], "length": [80.0]})[0]
    assert classifier.predict({"text": [found.text], "length": [80.0]})[0] == found.label_after


def test_a_model_without_a_text_has_no_words():
    classifier = vikt.TextClassifier("none", features=[{"name": "n", "kind": "number"}], l2=0.1)
    classifier.fit({"n": [0.0, 1.0, 2.0, 3.0]}, list("aabb"))
    with pytest.raises(UsageError, match="no words to remove"):
        classifier.fewest_words({"n": 1.0})


def test_the_command_says_the_same(spam, emails, tmp_path, run):
    spam.save(tmp_path / "m")
    text = emails[0][1]
    code, out, _ = run("explain", tmp_path / "m", text, "--fewest-words")
    assert code == 0
    assert out.rstrip().endswith(str(spam.fewest_words(text)))
    told = json.loads(run("explain", tmp_path / "m", text, "--fewest-words", "--json")[1])
    assert told["fewest_words"] == spam.fewest_words(text).to_json()
