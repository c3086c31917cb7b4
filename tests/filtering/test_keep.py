"""Conditions on what is kept: read, refused with their place, and held against answers worked out by hand."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_of_kinds import LEVELS, fitted, ordered, several
from vikt.corpus.documents import Documents
from vikt.corpus.texts import Texts
from vikt.decisions.decision import Decision
from vikt.errors import ParameterError
from vikt.filtering.keep import KeepCondition
from vikt.filtering.predictions import Predictions

TEXTS = ["glad and happy day", "sad rain", "love", "", "angry", "happy love smile", "rain rain rain"]


@pytest.fixture(scope="module")
def one():
    """A classifier of three classes, one of which has a name that needs quotes."""
    return fitted(["joy", "no joy", "fear"] * 4)


@pytest.fixture(scope="module")
def of_several(tmp_path_factory):
    return several(tmp_path_factory.mktemp("model") / "m.vikt")


@pytest.fixture(scope="module")
def of_levels(tmp_path_factory):
    return ordered(tmp_path_factory.mktemp("model") / "m.vikt")


def held(typed, classifier, texts=TEXTS):
    judged = Predictions(classifier.model_, Documents(Texts.from_strings(texts), {}))
    return KeepCondition.of(typed, classifier.model_).condition.holds(judged).tolist()


def column(classifier, label):
    return classifier.predict_proba(TEXTS)[:, classifier.classes_.tolist().index(label)]


def test_comparisons_are_those_of_what_the_classifier_answers(one):
    joy, predicted = column(one, "joy"), one.predict(TEXTS)
    least = np.median(joy)
    assert held(f"P(joy) >= {float(least)!r}", one) == (joy >= least).tolist()
    assert held("P('no joy')<30%", one) == (column(one, "no joy") < 0.3).tolist()
    assert held("predicted == joy", one) == (predicted == "joy").tolist()
    assert held("predicted != 'no joy'", one) == (predicted != "no joy").tolist()
    assert held("probability > 0.4", one) == (one.predict_proba(TEXTS).max(axis=1) > 0.4).tolist()
    assert held("length > 4", one) == [len(text) > 4 for text in TEXTS]


def test_length_counts_characters(one):
    assert held("length == 3", one, ["två", "日本語", "four", "👍👍👍"]) == [True, True, False, True]


def test_and_binds_closer_than_or_and_not_closest(one):
    long, happy = np.array(held("length > 6", one)), np.array(held("predicted = joy", one))
    likely = np.array(held("P(joy) > 0.4", one))
    assert held("length > 6 or predicted = joy and P(joy) > 0.4", one) == (long | happy & likely).tolist()
    assert held("(length > 6 or predicted = joy) and P(joy) > 0.4", one) == ((long | happy) & likely).tolist()
    assert held("not length > 6 and predicted = joy", one) == (~long & happy).tolist()
    assert held("not (length > 6 and not not predicted = joy)", one) == (~(long & happy)).tolist()


def test_several_labels_are_asked_for_by_in(of_several):
    given_labels = of_several.predict_sets(TEXTS)
    assert held("'joy' in labels", of_several) == ["joy" in own for own in given_labels]
    assert held("love in labels and not joy in labels", of_several) == [
        "love" in own and "joy" not in own for own in given_labels
    ]
    assert held("P(love) > 0.4", of_several) == (column(of_several, "love") > 0.4).tolist()


def test_levels_of_an_order_can_be_compared(of_levels):
    found = of_levels.predict(TEXTS)
    for level in LEVELS:
        assert held(f"predicted >= {level}", of_levels) == (found >= level).tolist()
        assert held(f"predicted < {level}", of_levels) == (found < level).tolist()


def test_a_text_without_an_answer_is_predicted_as_nothing(one):
    model = replace(one.model_, decision=Decision(confidence=0.7))
    judged = Predictions(model, Documents(Texts.from_strings(TEXTS), {}))
    answered = [label is not None for label in model.predicted(TEXTS)]
    typed = "predicted == joy or predicted == fear or predicted == 'no joy'"
    assert KeepCondition.of(typed, model).condition.holds(judged).tolist() == answered
    assert not all(answered)
    assert any(answered)


@given(st.lists(st.booleans(), min_size=3, max_size=3), st.randoms(use_true_random=False))
def test_any_condition_is_what_python_makes_of_it(one, truths, chance):
    """Conditions of "length >= 0" and "length < 0", which hold always and never, are Python's of True and False."""

    def condition(depth):
        if depth == 0 or chance.random() < 0.2:
            truth = chance.choice(truths)
            return ("length >= 0" if truth else "length < 0"), str(truth)
        word = chance.choice(["and", "or", "not"])
        mine, python = condition(depth - 1)
        if word == "not":
            return f"not ({mine})", f"not ({python})"
        other, other_python = condition(depth - 1)
        bracketed = chance.random() < 0.5
        start, end = ("(", ")") if bracketed else ("", "")
        return f"{start}{mine} {word} {other}{end}", f"{start}{python} {word} {other_python}{end}"

    mine, python = condition(4)
    assert held(mine, one, ["a"]) == [eval(python)]


REFUSED = {
    "": r"character 1: expected P\(CLASS\), predicted, probability, length or 'not', as in .*, found the end",
    "P(spma) < 0.1": r"character 3: the model has no class 'spma'; choose from",
    "P(jy) < 0.1": r"character 3: the model has no class 'jy' \(did you mean 'joy'\?\); choose from fear, joy, no joy",
    "P(no joy) < 0.1": r"character 6: expected '\)' after|character 3: the model has no class 'no'",
    "P(joy) < 2": r"character 10: expected a probability from 0 to 1, found 2; write 0.95 or 95%",
    "P(joy) < joy": r"character 10: expected a number",
    "P(joy)": r"character 7: expected one of .* for a comparison, as in P\(fear\) > 0.5, found the end",
    "P joy < 0.1": r"character 3: expected '\(' after P",
    "0.1 > P(joy)": r"character 1: expected P\(CLASS\).*, as in P\(fear\) > 0.5, found '0.1'",
    "length > many": r"character 10: expected a number, such as 200, found 'many'",
    "predicted in joy": r"character 11: expected one of = != after 'predicted', as in predicted == fear, found 'in'",
    "P(joy) < 0.1 and": r"character 17: expected .*found the end",
    "P(joy) < 0.1 P(joy) > 0": r"character 14: expected 'and', 'or' or the end, found 'P'",
    "(P(joy) < 0.1": r"character 14: expected '\)' after the condition",
    "predicted > joy": r"character 11: expected one of = != after 'predicted'",
    "predicted == 'joy": r"character 14: the quote ' is never closed",
    "'joy' in labels": r"character 10: labels needs a model with several labels; .*write predicted == 'joy'",
    "probabilty < 1": r"character 1: expected .*found 'probabilty' \(did you mean 'probability'\?\)",
    "__import__('os')": r"character 1: expected",
    "not " * 60 + "length > 1": r"at most 50 conditions within one another",
    "(" * 100_000: r"at most 50 conditions within one another",
}


@pytest.mark.parametrize("typed", REFUSED, ids=lambda typed: typed[:20])
def test_what_is_wrong_is_said_with_its_place(one, typed):
    with pytest.raises(ParameterError, match=REFUSED[typed]) as refused:
        KeepCondition.of(typed, one.model_)
    assert refused.value.parameter == "keep"


def test_quantities_of_one_label_are_refused_of_several(of_several):
    for typed in ("predicted == joy", "probability > 0.5"):
        with pytest.raises(ParameterError, match=r"character 1: .*one label per text; this model gives several labels"):
            KeepCondition.of(typed, of_several.model_)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(one, typed):
    with contextlib.suppress(ParameterError):
        KeepCondition.of(typed, one.model_)
