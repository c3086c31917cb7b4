"""Conditions and aims as they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikt.decisions.conditions import RELATIONS, Condition, Measure, parsed
from vikt.errors import UsageError

READ = {
    "accuracy >= 0.9": Condition(Measure("accuracy"), ">=", 0.9),
    "accuracy>=90%": Condition(Measure("accuracy"), ">=", 0.9),
    "accuracy ≥ 99.9%": Condition(Measure("accuracy"), ">=", 0.999),
    "precision(spam) >= 0.99": Condition(Measure("precision", ("spam",)), ">=", 0.99),
    "recall('no answer') >= .9": Condition(Measure("recall", ("no answer",)), ">=", 0.9),
    'recall("it\'s")>.5': Condition(Measure("recall", ("it's",)), ">", 0.5),
    "f1('it''s \"so\"')": Condition(Measure("f1", ('it\'s "so"',))),
    "cost(ham->spam) = 10": Condition(Measure("cost", ("ham", "spam")), "=", 10.0),
    " cost( 'a->b' → c )==1e1 ": Condition(Measure("cost", ("a->b", "c")), "=", 10.0),
    "f1": Condition(Measure("f1")),
    "f1(a-b)": Condition(Measure("f1", ("a-b",))),
    "recall(0.5)": Condition(Measure("recall", ("0.5",))),
    "recall('')": Condition(Measure("recall", ("",))),
    "recall(a) >= 90 %": Condition(Measure("recall", ("a",)), ">=", 0.9),
    "log_loss < 0.3": Condition(Measure("log_loss"), "<", 0.3),
}


@pytest.mark.parametrize("text", READ)
def test_a_condition_is_read(text):
    assert parsed(text) == READ[text]


REFUSED = {
    "": r"character 1: expected the name of a figure.*found the end",
    "(spam)": r"character 1: expected the name.*found '\('",
    "precision(spam >= 0.9": r"character 16: expected '\)' after 'spam'.*found '>='",
    "precision(no answer) >= 0.9": r"character 14: expected '\)' after 'no'.*in quotes.*found 'answer'",
    "precision() >= 0.9": r"character 11: expected the name of a class, found '\)'",
    "precision('spam) >= 0.9": r"character 11: the quote ' is never closed",
    "recall(it's) >= 0.9": r"character 10: the quote ' is never closed \(write a class that contains .* in quotes",
    "accuracy >= 9% %": r"expected a number",
    "accuracy 0.9": r"character 10: expected one of >= <= > < = after 'accuracy', found '0.9'",
    "accuracy >=": r"character 12: expected a number, such as 0.9 or 90%, found the end",
    "accuracy >= high": r"character 13: expected a number.*found 'high'",
    "accuracy >= nan": r"expected a number.*found 'nan'",
    "accuracy >= 1_0": r"expected a number.*found '1_0'",
    "accuracy >= 1e999": r"expected a finite number.*found '1e999'",
    "accuracy >= '0.9'": r"expected a number",
    "accuracy >= 0.9 0.8": r"character 17: expected the end, found '0.8'",
    "cost(a->b->c) = 1": r"character 10: expected '\)' after 'b'.*found '->'",
    "a -> b": r"character 3: expected one of",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_is_said_with_its_place(text):
    with pytest.raises(UsageError, match=REFUSED[text]):
        parsed(text)


names = st.from_regex(r"[a-z_][a-z0-9_]*", fullmatch=True)
measures = st.builds(Measure, names, st.lists(st.text(), max_size=2).map(tuple))
values = st.floats(allow_nan=False, allow_infinity=False)
conditions = st.builds(Condition, measures) | st.builds(Condition, measures, st.sampled_from([*RELATIONS, "="]), values)


@given(conditions)
def test_what_is_spelled_is_read_back(condition):
    assert parsed(str(condition)) == condition


def refusal(text):
    """What is said of a condition that is refused; empty where it is read."""
    try:
        parsed(text)
    except UsageError as error:
        return str(error)
    return ""


@given(st.text() | st.text("abc()'\"<>=->%. 0123456789"))
def test_any_text_is_read_or_refused_in_one_printable_line(text):
    said = refusal(text)
    assert said.isprintable()
    assert not said or "character" in said


def test_a_condition_holds_by_its_relation_and_never_for_nan():
    assert parsed("accuracy >= 0.9").holds(0.9)
    assert not parsed("accuracy > 0.9").holds(0.9)
    assert parsed("log_loss <= 0.9").holds(0.9)
    assert not parsed("log_loss < 0.9").holds(0.9)
    assert not any(parsed(f"accuracy {relation} 0.9").holds(float("nan")) for relation in RELATIONS)
