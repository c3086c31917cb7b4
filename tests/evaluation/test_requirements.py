"""Quality gates: conditions on the figures of a test."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from vikt import TextClassifier
from vikt.errors import AimMissedError, ParameterError
from vikt.evaluation.evaluation import evaluate, evaluation_of
from vikt.evaluation.outcomes import Outcomes
from vikt.evaluation.requirements import checked_requirements, parsed_requirements

LABELS = ["ham"] * 6 + ["no answer"] * 4
PREDICTED = ["ham"] * 5 + ["no answer"] * 3 + ["ham"] * 2


def evaluation(classes=("eel", "ham", "no answer")):
    probabilities = np.array([[0.9 if name == label else 0.05 for name in classes] for label in PREDICTED])
    return evaluate(LABELS, list(classes), np.log(probabilities))


def checked(*texts):
    return checked_requirements(parsed_requirements(texts), evaluation())


FOUND = {
    "accuracy >= 0.7": 0.7,
    "precision(ham) >= 0.7": 5 / 7,
    "recall('no answer') >= 50%": 0.5,
    "f1(ham) > 0.7": 10 / 13,
    "log_loss < 5": -(7 * np.log(0.9) + 3 * np.log(0.05)) / 10,
    "micro_f1 >= 0.7": 0.7,
    "answered >= 1": 1.0,
    "accuracy_answered >= 0.7": 0.7,
}


@pytest.mark.parametrize("text", FOUND)
def test_a_figure_is_found_by_its_name(text):
    (found,) = checked(text)
    assert found.found.value == pytest.approx(FOUND[text])
    assert found.is_met
    assert found.found.low <= found.found.value <= found.found.high
    assert found.to_json()["met"] is True


def test_what_is_missed_is_said_with_what_was_found():
    (missed,) = checked("accuracy >= 0.71")
    assert not missed.is_met
    assert str(missed) == "accuracy >= 0.71 is not met: found 0.7000 (95%: 0.3968 to 0.8922)"


@pytest.mark.parametrize("text", ["recall(eel) >= 0", "precision(eel) >= 0", "f1(eel) >= 0"])
def test_an_undefined_figure_is_missed(text):
    (missed,) = checked(text)
    assert math.isnan(missed.found.value)
    assert not missed.is_met
    assert "is undefined (" in str(missed)
    assert missed.to_json()["value"] is None


def test_no_answers_are_counted():
    plain = Outcomes(
        LABELS, ["ham", "no answer"], np.log(np.full((10, 2), 0.5)), np.array([0] * 5 + [1] * 3 + [-1] * 2)
    )
    found = checked_requirements(
        parsed_requirements(["answered >= 0.9", "accuracy_answered >= 0.8"]), evaluation_of(plain)
    )
    assert [each.found.value for each in found] == [0.8, pytest.approx(7 / 8)]
    assert [each.is_met for each in found] == [False, True]


REFUSED = {
    "acuracy >= 0.9": r"no figure is called 'acuracy' \(did you mean 'accuracy'\?\); choose",
    "precision >= 0.9": "precision is a figure of one class, found none",
    "precision(hum) >= 0.9": r"no class is called 'hum' \(did you mean 'ham'\?\); choose",
    "brier(ham) >= 0.9": "precision, recall, f1, roc_auc or average_precision of one class",
    "precision(ham->eel) >= 0.9": "of one class",
    "accuracy": "a comparison such as accuracy >= 0.9",
    "accuracy = 0.9": "a comparison",
    "accuracy >= ninety": "character 13",
    "accuracy >= 90": "a rate of at most 1, found 90 in 'accuracy >= 90'; write 0.95 or 95%",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(ParameterError, match=REFUSED[text]) as raised:
        checked(text)
    assert raised.value.parameter == "require"


def test_the_method_raises_what_is_missed():
    texts, labels = ["win money", "lunch today"] * 5, ["spam", "ham"] * 5
    found = TextClassifier(min_df=1, l2=0.01).fit(texts, labels).evaluate(texts, labels)
    found.require("accuracy >= 1", "recall(spam) >= 100%")
    with pytest.raises(AimMissedError, match=r"^log_loss < 0\.0001 is not met: found .*; f1\(spam\) < 1 is not met"):
        found.require("accuracy >= 1", "log_loss < 0.0001", "f1(spam) < 1")


@pytest.fixture
def mails(tmp_path):
    lines = ["label\ttext"] + ["spam\twin money now", "ham\tlunch on friday"] * 30 + ["ham\twin a prize"]
    (tmp_path / "mails.tsv").write_text("\n".join(lines) + "\n")
    return tmp_path / "mails.tsv"


def test_the_command_ends_with_code_3_and_prints_its_results_all_the_same(run, mails, tmp_path):
    model = tmp_path / "m.vikt"
    assert run("train", mails, "-o", model, "--min-df", 1, "--l2", 0.01, "--test", mails, "-q")[0] == 0
    code, out, err = run("evaluate", model, mails, "--require", "accuracy >= 0.5", "-q")
    assert (code, err) == (0, "")
    assert "requirements" not in out
    code, out, err = run(
        "evaluate", model, mails, "--require", "log_loss < 0.0001", "--require", "accuracy >= 0.5", "--json", "-q"
    )
    found = json.loads(out)
    assert code == 3
    assert [(each["condition"], each["met"]) for each in found["requirements"]] == [
        ("log_loss < 0.0001", False),
        ("accuracy >= 0.5", True),
    ]
    assert found["requirements"][1]["value"] == found["metrics"]["accuracy"]["value"]
    assert len(err.splitlines()) == 1
    assert err.startswith("vikt: log_loss < 0.0001 is not met: found ")
    code, out, err = run("evaluate", model, mails, "--require", "acuracy >= 0.5", "-q")
    assert (code, out) == (2, "")
    assert err.startswith("vikt: --require: no figure is called 'acuracy' (did you mean 'accuracy'?); choose")


@pytest.mark.parametrize(("name", "mean"), [("recall", "balanced_accuracy"), ("precision", "macro_precision")])
def test_a_figure_of_one_class_needs_its_class(name, mean):
    with pytest.raises(ParameterError, match=rf"write {name}\(CLASS\), or {mean} for the mean"):
        checked(f"{name} >= 0.5")
    assert mean in evaluation().figures


@pytest.mark.parametrize("name", ["mean_absolute_error", "mean_absolute_error_in_numbers", "log_loss"])
def test_an_error_may_be_above_1(name):
    [condition] = parsed_requirements([f"{name} <= 1.5"])
    assert condition.value == 1.5
