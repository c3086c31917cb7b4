"""The class that is answered: one decision for every method and command, kept in the model file."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikt import TextClassifier, load
from vikt.answers.of_kinds import answers_by
from vikt.decisions.decision import NO_ANSWER, PLAIN, Decision
from vikt.decisions.rules import ClassThreshold, LeastCost, MostProbable
from vikt.errors import DamagedModelError
from vikt.evaluation.outcomes import outcomes
from vikt.files.model_file import load_model, save_model

TEXTS = ["win money now", "lunch on friday", "win a prize", "the report", "a new dog", "the old cat"] * 3
LABELS = ["spam", "ham", "spam", "ham", "pets", "pets"] * 3


@pytest.fixture(scope="module")
def plain():
    return TextClassifier(min_df=1, l2=0.01).fit(TEXTS, LABELS)


def decided(classifier, decision):
    """The same classifier with another decision."""
    other = TextClassifier(**classifier.get_params())
    other.model_ = replace(classifier.model_, decision=decision)
    other.record_, other.loss_curve_ = classifier.record_, classifier.loss_curve_
    return other


probabilities = st.lists(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), min_size=1, max_size=8).map(
    lambda rows: np.array(rows) / np.sum(rows, axis=1, keepdims=True)
)


@given(probabilities, st.floats(0, 1), st.integers(0, 2))
def test_a_threshold_answers_its_class_from_there_on_and_else_the_best_other(rows, threshold, k):
    found = ClassThreshold(k, threshold).choices(np.log(rows)).tolist()
    for row, choice in zip(np.exp(np.log(rows)), found, strict=True):
        others = [j for j in range(3) if j != k]
        assert choice == (k if row[k] >= threshold else max(others, key=lambda j: row[j]))


@given(probabilities, st.lists(st.floats(0.1, 50), min_size=9, max_size=9))
def test_the_least_cost_is_that_of_the_matrix_of_costs(rows, costs):
    matrix = np.array(costs).reshape(3, 3)
    np.fill_diagonal(matrix, 0)
    pairs = tuple((k, j, matrix[k, j]) for k in range(3) for j in range(3) if k != j)
    rule = LeastCost((1.0, 1.0, 1.0), pairs)
    expected = np.exp(np.log(rows)) @ matrix
    own = np.take_along_axis(expected, rule.choices(np.log(rows))[:, None], axis=1)[:, 0]
    assert np.allclose(own, expected.min(axis=1))
    real, answered = np.repeat(np.arange(3), 3), np.tile(np.arange(3), 3)
    assert rule.costs(real, answered).tolist() == matrix.ravel().tolist()


@given(probabilities)
def test_equal_costs_are_the_plain_decision(rows):
    assert LeastCost((2.0,) * 3).choices(np.log(rows)).tolist() == MostProbable().choices(np.log(rows)).tolist()


def test_every_method_answers_by_the_decision(plain):
    # At a threshold of 0 the class is always answered.
    classifier = decided(plain, Decision(rule=ClassThreshold(1, 0.0)))
    texts = ["win money now", "the report", ""]
    assert classifier.predict(texts).tolist() == ["pets"] * 3
    assert classifier.predict(texts, top=2)[:, 0].tolist() == ["pets"] * 3
    assert classifier.explain("win money now").label == "pets"
    assert classifier.score(texts, ["pets", "ham", "pets"]) == pytest.approx(2 / 3)
    assert outcomes(classifier.model_, texts, ["ham"] * 3).predicted.tolist() == [1, 1, 1]
    answers = answers_by(classifier.model_, top=3)
    assert answers.by_column(texts)["predicted"] == ["pets"] * 3
    own = classifier.predict_proba(texts)
    assert list(answers.by_column(texts)["probability"]) == own[:, 1].tolist()
    # The others follow, the most probable first.
    assert answers.by_column(texts)["predicted_2"][0] == "spam"
    assert plain.predict(texts).tolist() == plain.classes_[own.argmax(axis=1)].tolist()


def test_a_text_without_a_known_feature_is_not_answered(plain):
    classifier = decided(plain, Decision(answers_unknown=False))
    texts = ["win money now", "zzz qqq", "", "dog"]
    assert classifier.predict(texts).tolist() == ["spam", None, None, "pets"]
    assert classifier.predict(texts, top=2)[1].tolist() == [None, None]
    assert outcomes(classifier.model_, texts, ["ham"] * 4).predicted.tolist() == [2, NO_ANSWER, NO_ANSWER, 1]
    lines = answers_by(classifier.model_).lines(texts, as_json=True).decode().splitlines()
    assert [json.loads(line)["predicted"] for line in lines] == ["spam", None, None, "pets"]
    assert answers_by(classifier.model_).lines(texts, as_json=False).decode().splitlines()[1].startswith("\t")
    assert plain.predict(texts).dtype == plain.classes_.dtype
    assert None not in plain.predict(texts).tolist()
    assert classifier.score(texts, ["spam", "spam", "spam", "pets"]) == 0.5


def test_contributions_that_cancel_out_are_known_features():
    classifier = TextClassifier(min_df=1, l2=0.01, ngrams=(1, 1), weighting="binary")
    classifier.fit(["good good", "bad bad"] * 2, ["pos", "neg"] * 2)
    theta = np.array([0.5, 1.0, -1.0], dtype=np.float32)
    model = replace(classifier.model_, theta=theta, decision=Decision(answers_unknown=False))
    assert model.scores(["good bad"]).tolist() == model.scores([""]).tolist()
    assert model.answered(["good bad", "nothing"]).is_answered.tolist() == [True, False]


def test_only_what_is_surer_than_the_confidence_is_answered(plain):
    largest = plain.predict_proba(TEXTS).max(axis=1)
    confidence = float(np.median(largest))
    classifier = decided(plain, Decision(confidence=confidence))
    answered = [label is not None for label in classifier.predict(TEXTS).tolist()]
    assert answered == (largest > confidence).tolist()
    assert 0 < sum(answered) < len(TEXTS)


def test_the_temperature_moves_probabilities_and_no_answer(plain):
    classifier = decided(plain, Decision(temperature=2.0))
    scores = plain.decision_function(TEXTS) / 2
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert np.allclose(classifier.predict_proba(TEXTS), expected)
    assert classifier.predict(TEXTS).tolist() == plain.predict(TEXTS).tolist()
    assert classifier.explain(TEXTS[0]).probability == pytest.approx(expected[0].max(), rel=1e-6)


DECISIONS = [
    Decision(rule=ClassThreshold(2, 0.25), answers_unknown=False),
    Decision(rule=LeastCost((1.0, 2.0, 3.0), ((0, 2, 10.0),)), temperature=1.5),
    Decision(confidence=0.875, set_threshold=0.125, answers_unknown=False),
]


@pytest.mark.parametrize("decision", DECISIONS)
def test_the_file_keeps_the_decision(plain, tmp_path, decision):
    decided(plain, decision).save(tmp_path / "m")
    assert load(tmp_path / "m").model_.decision == decision


def test_a_plain_model_has_no_decision_in_its_file(plain, tmp_path):
    plain.save(tmp_path / "m")
    header = load_model(tmp_path / "m")[1]
    assert not {"decision", "calibration"} & set(header)
    assert not {"aim", "coverage", "max_error", "calibrate"} & set(header["options"])
    assert "calibration_rows" not in header["data"]
    assert load(tmp_path / "m").model_.decision is not None
    assert load(tmp_path / "m").model_.decision == PLAIN


DAMAGES = [
    {"rule": {"kind": "luck"}},
    {"rule": {"kind": "class_threshold", "class": "eel", "threshold": 0.5}},
    {"rule": {"kind": "class_threshold", "class": "ham", "threshold": 1.5}},
    {"rule": {"kind": "class_threshold", "class": "ham", "threshold": "0.5"}},
    {"rule": {"kind": "least_cost", "by_class": [1, 1], "pairs": []}},
    {"rule": {"kind": "least_cost", "by_class": [1, 1, -1], "pairs": []}},
    {"rule": {"kind": "least_cost", "by_class": [1, 1, 1], "pairs": [["ham", "spam"]]}},
    {"rule": None},
    {"temperature": 0},
    {"temperature": 1e-300},
    {"temperature": None},
    {"confidence": 2},
    {"confidence": None},
    {"set_threshold": -1},
    {"set_threshold": True},
    {"answers_unknown": 1},
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_decision_is_refused(plain, tmp_path, damage):
    decided(plain, DECISIONS[0]).save(tmp_path / "m")
    arrays, header = load_model(tmp_path / "m")
    arrays = {name: array.copy() for name, array in arrays.items()}
    for kept in ({**header["decision"], **damage}, [], "plain", {}):
        save_model(tmp_path / "damaged", arrays, {**header, "decision": kept})
        with pytest.raises(DamagedModelError):
            load(tmp_path / "damaged")


RECORD_DAMAGES = [
    {"aim": 3},
    {"estimates": [{"name": "f1(spam)"}]},
    {"estimates": None},
    {"rows": -1},
    {"temperature": {"temperature": "hot"}},
    {"sets": {"coverage": 0.9}},
    {"sets": {"coverage": 0.9, "threshold": 0.5, "mean_size": "1", "single": 1}},
    {"error": {"max_error": 0.1}},
    {"error": []},
]


@pytest.fixture(scope="module")
def calibrated():
    random = np.random.default_rng(0)
    labels = [["ham", "spam"][k] for k in random.integers(2, size=400)]
    texts = [f"{label if random.random() < 0.9 else 'ham'} word{random.integers(50)}" for label in labels]
    return TextClassifier("word", aim="f1(spam)", coverage=0.8).fit(texts, labels)


def test_the_file_keeps_the_record_of_the_decision(calibrated, tmp_path):
    calibrated.save(tmp_path / "m")
    loaded = load(tmp_path / "m")
    assert loaded.record_.calibration == calibrated.record_.calibration
    assert loaded.record_.calibration.estimates["f1(spam)"].value > 0.8
    assert (loaded.aim, loaded.coverage) == ("f1(spam)", 0.8)
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()


@pytest.mark.parametrize("damage", RECORD_DAMAGES)
def test_a_damaged_record_of_the_decision_is_refused(calibrated, tmp_path, damage):
    calibrated.save(tmp_path / "m")
    arrays, header = load_model(tmp_path / "m")
    arrays = {name: array.copy() for name, array in arrays.items()}
    for kept in ({**header["calibration"], **damage}, [], "none", {}):
        save_model(tmp_path / "damaged", arrays, {**header, "calibration": kept})
        with pytest.raises(DamagedModelError):
            load(tmp_path / "damaged")


@pytest.mark.parametrize("labels", [[0, 1], [True, False], [1.5 * 2, 4.0]])
def test_an_aim_names_classes_of_any_type_as_they_are_written(labels):
    random = np.random.default_rng(0)
    y = [labels[k] for k in random.integers(2, size=400)]
    texts = [f"{label if random.random() < 0.9 else labels[0]}x word{random.integers(50)}" for label in y]
    classifier = TextClassifier("word", aim=f"f1({labels[1]})").fit(texts, y)
    assert classifier.predict(["qqq", f"{labels[1]}x"]).tolist() == [None, labels[1]]
