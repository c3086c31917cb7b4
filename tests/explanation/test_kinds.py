"""What is told of models of several labels and of ordered levels."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest

import vikt
from markup_checks import read_html
from models_of_kinds import CUTS, LABELS, LEVELS, SETS, TEXTS, THRESHOLDS, binary, fitted, ordered, several
from vikt.errors import ParameterError, UsageError

TEXT = "happy love and rain"


@pytest.fixture(scope="module")
def of_sets(tmp_path_factory):
    return several(tmp_path_factory.mktemp("several") / "m")


@pytest.fixture(scope="module")
def of_levels(tmp_path_factory):
    return ordered(tmp_path_factory.mktemp("ordered") / "m")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_each_of_several_labels_is_explained_as_its_own_logistic_regression(of_sets):
    for k, label in enumerate(LABELS):
        found, alone = of_sets.explain(TEXT, label=label), binary(label).explain(TEXT, label=True)
        assert found.contributions == alone.contributions
        assert (found.score, found.intercept, found.probability) == (alone.score, alone.intercept, alone.probability)
        assert found.probability == pytest.approx(sigmoid(found.score), rel=1e-12)
        assert found.emphasis == alone.emphasis
        assert (found.about.threshold, found.is_answered) == (THRESHOLDS[k], found.probability >= THRESHOLDS[k])


def test_those_of_several_labels_are_explained_that_are_answered_the_most_probable_first(of_sets):
    probabilities = {label: binary(label).predict_proba([TEXT])[0, 1] for label in LABELS}
    answered = [label for label, least in zip(LABELS, THRESHOLDS, strict=True) if probabilities[label] >= least]
    found = of_sets.explain(TEXT)
    assert len(answered) > 1
    assert [one.label for one in found] == sorted(answered, key=probabilities.get, reverse=True)
    assert found.to_json() == {"labels": [one.to_json() for one in found]}
    assert f"joy  probability {probabilities['joy']:.4f}, answered at 0.6000 or more" in str(found)
    assert found.to_json()["labels"][0]["threshold"] in THRESHOLDS


def test_a_frame_holds_the_contributions_to_each_label_one_after_the_other(of_sets):
    pytest.importorskip("pandas")
    found = of_sets.explain("glad and happy love")
    frame = found.to_frame()
    assert list(frame.columns) == ["label", "feature", "weight", "value", "contribution"]
    assert list(dict.fromkeys(frame["label"])) == [one.label for one in found]
    assert len(found) > 1
    for one in found:
        own = frame[frame["label"] == one.label].drop(columns="label").reset_index(drop=True)
        assert own.equals(one.to_frame())


def test_where_none_of_several_labels_is_answered_the_most_probable_is_explained(tmp_path):
    explained = several(tmp_path / "m", thresholds=[1.0] * 4).explain(TEXT)
    assert str(explained).startswith("no label is answered; the most probable one is explained\n\n")
    [found] = explained
    assert not found.is_answered
    assert ", below its threshold of 1.0000: not answered" in str(found)
    probabilities = [binary(label).predict_proba([TEXT])[0, 1] for label in LABELS]
    assert found.label == LABELS[int(np.argmax(probabilities))]


def test_a_notebook_shows_each_of_several_labels(of_sets):
    page, titles = read_html(of_sets.explain(TEXT)._repr_html_())
    assert all(one.label in page for one in of_sets.explain(TEXT))
    assert page.count(TEXT) == len(of_sets.explain(TEXT))
    assert titles


def test_the_command_explains_what_python_does_of_several_labels(of_sets, tmp_path, run):
    of_sets.save(tmp_path / "m")
    assert json.loads(run("explain", tmp_path / "m", TEXT, "--json")[1]) == of_sets.explain(TEXT).to_json()
    told = run("explain", tmp_path / "m", TEXT)[1]
    assert told == "\n".join(f"{TEXT}\n\n{one}\n" for one in of_sets.explain(TEXT))
    one = run("explain", tmp_path / "m", TEXT, "--label", "anger", "--json")[1]
    assert json.loads(one) == of_sets.explain(TEXT, label="anger").to_json()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--label", "joy", "--against", "love"], "--against: each of several labels is answered independently"),
        (["--fewest-words"], "a model of several labels has no fewest words that change an answer"),
        (["--label", "hate"], "--label: the model has no class 'hate'; choose from 'anger', 'grief', 'joy', 'love'"),
    ],
)
def test_what_does_not_apply_to_several_labels_is_refused(of_sets, tmp_path, run, arguments, message):
    of_sets.save(tmp_path / "m")
    code, out, err = run("explain", tmp_path / "m", TEXT, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_influence_on_levels_is_refused_before_any_row_is_read(of_levels, tmp_path, run):
    with pytest.raises(UsageError, match="a model of ordered labels has no influence of training rows; "):
        of_levels.influence(TEXT, None, None)
    with pytest.raises(UsageError, match="a model of ordered labels has no standard errors; train "):
        of_levels.standard_errors(None, None)
    of_levels.save(tmp_path / "m")
    code, _, err = run("explain", tmp_path / "m", TEXT, "--because", "2", "--data", tmp_path / "missing.csv")
    assert (code, "a model of ordered labels has no " in err) == (2, True), err


@pytest.mark.parametrize("label", LABELS)
def test_influence_and_standard_errors_of_one_of_several_labels_are_those_of_its_own_two_classes(label):
    model, apart, has = fitted(SETS, thresholds=0.5), binary(label), [label in own for own in SETS]
    found = model.influence(TEXT, TEXTS, SETS, label=label, n=12)
    alone = apart.influence(TEXT, TEXTS, has, label=True, n=12)
    assert [row.row for row in found.rows] == [row.row for row in alone.rows]
    assert [row.effect for row in found.rows] == pytest.approx([row.effect for row in alone.rows], abs=1e-4)
    assert found.log_odds == pytest.approx(alone.log_odds, abs=1e-4)
    errors, of_classes = model.standard_errors(TEXTS, SETS, label=label), apart.standard_errors(TEXTS, has)
    assert errors.reference == f"rows without {label}"
    assert [own.feature for own in errors.weights] == [own.feature for own in of_classes.weights]
    for name in ("weight", "standard_error"):
        own, other = ([getattr(each, name) for each in these.weights] for these in (errors, of_classes))
        assert own == pytest.approx(other, abs=1e-4)


def test_the_label_must_be_one_that_a_model_of_several_can_judge():
    sets = [["joy", "always"] if "joy" in own else ["love", "always"] for own in SETS[:-1]] + [
        ["joy", "love", "always"]
    ]
    model = fitted(sets, thresholds=0.5)
    for ask in (model.standard_errors, partial(model.influence, TEXT)):
        with pytest.raises(UsageError, match="the label 'always' is on every training row or on none"):
            ask(TEXTS, sets, label="always")
    with pytest.raises(
        ParameterError, match="label: each of several labels has standard errors of its own; name one of 'always', "
    ):
        model.standard_errors(TEXTS, sets)
    with pytest.raises(ParameterError, match="label: is for a model of several labels; leave it out"):
        binary("joy").standard_errors(TEXTS, SETS, label=True)


def test_the_command_names_the_rows_that_speak_for_one_of_several_labels(tmp_path, run):
    model = fitted(SETS, thresholds=0.5)
    model.save(tmp_path / "m")
    rows = [json.dumps({"text": text, "label": own}) for text, own in zip(TEXTS, SETS, strict=True)]
    (tmp_path / "data.jsonl").write_text("\n".join(rows) + "\n")
    because = "--because", "2", "--data", tmp_path / "data.jsonl", "--json"
    for label in ((), ("--label", "anger")):
        code, out, err = run("explain", tmp_path / "m", TEXT, *because, *label)
        assert code == 0, err
        found = model.influence(TEXT, TEXTS, SETS, label=(label or (None, None))[1], n=2)
        told = json.loads(out)["because"]
        assert [row["effect"] for row in told["rows"]] == [row.effect for row in found.rows]
        assert told["rows"][0]["place"].endswith(f"data.jsonl, row {found.rows[0].row + 1}")


def test_the_strongest_features_of_each_of_several_labels(of_sets, tmp_path, run):
    of_sets.save(tmp_path / "m")
    inspected = json.loads(run("inspect", tmp_path / "m", "--json")[1])
    assert inspected["targets"] == "several"
    assert inspected["thresholds"]["thresholds"] == dict(zip(LABELS, THRESHOLDS, strict=True))
    for label in LABELS:
        strongest = binary(label).strongest_features(True).features
        assert of_sets.strongest_features(label).features == strongest
        assert inspected["strongest"][label] == [list(pair) for pair in strongest]
    printed = run("inspect", tmp_path / "m")[1]
    assert "strongest features of each label" in printed
    assert "thresholds each label has its own: anger 0.5, grief 0.3, joy 0.6" in printed


def test_the_one_score_of_levels_is_explained_whatever_the_level(of_levels):
    weights = dict(zip(of_levels.get_feature_names_out(), of_levels.coef_[0], strict=True))
    score = of_levels.decision_function([TEXT])[0]
    for level in [None, *LEVELS]:
        found = of_levels.explain(TEXT, label=level)
        assert found.score == pytest.approx(score, abs=1e-6)
        assert found.score == pytest.approx(sum(part.contribution for part in found.contributions), abs=1e-12)
        assert {part.feature: part.weight for part in found.contributions} == pytest.approx(
            {part.feature: weights[part.feature] for part in found.contributions}
        )
        below = [sigmoid(cut - found.score) for cut in CUTS]
        chances = np.diff([0.0, *below, 1.0])
        k = int(np.searchsorted(CUTS, found.score)) if level is None else LEVELS.index(level)
        assert found.label == str(LEVELS[k])
        assert found.probability == pytest.approx(chances[k], abs=1e-6)


def test_levels_are_shown_with_the_cuts_between_them(of_levels, tmp_path, run):
    of_levels.save(tmp_path / "m")
    found = of_levels.explain(TEXT)
    levels = "1 up to -0.6000, 2 up to +0.1000, 3 up to +0.9000, 4 above"
    assert f"levels by score: {levels}" in str(found)
    assert "(intercept)" not in str(found)
    assert "score, larger for higher levels" in str(found)
    assert found.to_json()["cuts"] == list(CUTS)
    page, _ = read_html(found._repr_html_())
    assert "for higher levels" in page
    assert levels in page
    assert run("explain", tmp_path / "m", TEXT)[1] == f"{TEXT}\n\n{found}\n"
    assert f"levels     by score: {levels}; the median level is answered" in run("inspect", tmp_path / "m")[1]
    told = json.loads(run("inspect", tmp_path / "m", "--json")[1])
    assert (told["targets"], told["cuts"]) == ("ordered", list(CUTS))
    assert sorted(told["strongest"]) == ["1", "4"]


def test_features_speak_for_the_lowest_or_the_highest_level(of_levels):
    higher = of_levels.strongest_features(4, n=100).features
    lower = of_levels.strongest_features(1, n=100).features
    weights = dict(zip(of_levels.get_feature_names_out(), of_levels.coef_[0].tolist(), strict=True))
    assert dict(higher) == {name: weight for name, weight in weights.items() if weight > 0}
    assert dict(lower) == {name: -weight for name, weight in weights.items() if weight < 0}
    with pytest.raises(UsageError, match=r"class_: '2' is between other levels, .*; choose from 1, 4"):
        of_levels.strongest_features(2)


def test_no_level_stands_against_another(of_levels):
    with pytest.raises(UsageError, match="against: ordered levels share one score, so one level cannot be explained"):
        of_levels.explain(TEXT, label=1, against=4)


def test_the_fewest_words_that_change_the_level_answered(of_levels):
    found = of_levels.fewest_words("happy happy sad")
    assert found.words
    assert found.is_fewest
    before, after = of_levels.predict(["happy happy sad", found.text])
    assert (found.label, found.label_after) == (str(before), str(after))
    assert before != after


def test_the_attributes_of_levels_and_of_several_labels(of_sets, of_levels):
    n = of_sets.n_features_in_
    assert (of_sets.coef_.shape, of_sets.intercept_.shape) == ((4, n), (4,))
    assert of_sets.thresholds_.tolist() == list(THRESHOLDS)
    assert (of_levels.coef_.shape, of_levels.intercept_.tolist()) == ((1, n), [0.0])
    assert of_levels.cuts_.tolist() == list(CUTS)
    assert of_levels.classes_.tolist() == LEVELS
    assert not hasattr(of_sets, "cuts_")
    assert not hasattr(of_levels, "thresholds_")
    with pytest.raises(vikt.errors.NotFittedError):
        _ = vikt.TextClassifier().cuts_
