"""Several labels, soft and ordered ones in scikit-learn's tools, by its conventions for multilabel classifiers."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score, make_scorer
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_validate
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.utils import get_tags
from sklearn.utils.multiclass import type_of_target

import vikt
from models_of_kinds import LABELS, SETS, TEXTS
from vikt import LogisticRegression, TextClassifier, TextVectorizer

# Each text with a word of its own, so that no fold lacks rows of a label, and no label is told with certainty.
MANY = [f"{text} {word}" for word in ("one", "two", "three", "four") for text in TEXTS]
INDICATORS = MultiLabelBinarizer(classes=LABELS).fit_transform(SETS * 4)


def estimator(**parameters):
    return TextClassifier("word", **{"ngrams": (1, 1), "min_df": 1, "l2": 0.003, **parameters})


@pytest.fixture(scope="module")
def fitted():
    return estimator().fit(MANY, INDICATORS)


def test_an_indicator_matrix_goes_in_and_comes_out(fitted):
    answered = fitted.predict(MANY)
    assert fitted.classes_.tolist() == [0, 1, 2, 3]
    assert type_of_target(answered) == type_of_target(INDICATORS) == "multilabel-indicator"
    assert f1_score(INDICATORS, answered, average="micro") > 0.9
    assert fitted.predict_proba(MANY).shape == fitted.decision_function(MANY).shape == INDICATORS.shape


def test_lists_frames_dense_and_sparse_matrices_are_one(fitted):
    frame = pd.DataFrame(INDICATORS, columns=LABELS)
    for labels in (csr_matrix(INDICATORS), INDICATORS.astype(bool), frame, SETS * 4):
        other = estimator().fit(MANY, labels)
        assert np.array_equal(other.predict_proba(MANY), fitted.predict_proba(MANY))
        assert np.array_equal(other.predict(MANY), fitted.predict(MANY))
    # The last of these were lists.
    assert other.classes_.tolist() == LABELS
    assert other.predict_sets(["happy smile one"]) == [["joy"]]


def test_one_versus_rest_says_the_same_of_the_same_features(fitted):
    vectorizer = TextVectorizer()
    rest = OneVsRestClassifier(LogisticRegression(l2=0.003)).fit(vectorizer.fit_transform(MANY), INDICATORS)
    expected = rest.predict_proba(vectorizer.transform(TEXTS))
    assert fitted.predict_proba(TEXTS) == pytest.approx(expected, abs=1e-4)


def test_the_score_is_subset_accuracy(fitted):
    texts, truth = TEXTS, INDICATORS[: len(TEXTS)].copy()
    truth[::3, 0] ^= 1
    weights = np.arange(1.0, 1 + len(texts))
    for labels in (truth, csr_matrix(truth)):
        assert fitted.score(texts, labels) == accuracy_score(truth, fitted.predict(texts))
        weighted = accuracy_score(truth, fitted.predict(texts), sample_weight=weights)
        assert fitted.score(texts, labels, sample_weight=weights) == pytest.approx(weighted)
    named = estimator().fit(MANY, SETS * 4)
    assert named.score(texts, SETS) == accuracy_score(INDICATORS[: len(texts)], named.predict(texts))


@pytest.mark.filterwarnings("ignore:F-score is ill-defined:sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.filterwarnings("ignore:Jaccard is ill-defined:sklearn.exceptions.UndefinedMetricWarning")
def test_validation_with_multilabel_scorers():
    scorers = ["accuracy", "f1_micro", "f1_macro", "f1_samples", "jaccard_samples", "roc_auc", "average_precision"]
    found = cross_validate(estimator(), MANY, INDICATORS, cv=3, scoring=scorers, error_score="raise")
    assert {name: found[f"test_{name}"].min() > 0.6 for name in scorers} == dict.fromkeys(scorers, True)
    own = cross_validate(estimator(), MANY, INDICATORS, cv=3, error_score="raise")
    assert own["test_score"].tolist() == found["test_accuracy"].tolist()


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba", "decision_function"])
def test_predictions_of_validation(method):
    found = cross_val_predict(estimator(), MANY, INDICATORS, cv=KFold(2), method=method)
    half = len(MANY) // 2
    first = estimator().fit(MANY[half:], INDICATORS[half:])
    assert np.array_equal(found[:half], getattr(first, method)(MANY[:half]))


@pytest.mark.parametrize("labels", [INDICATORS, csr_matrix(INDICATORS)], ids=["dense", "sparse"])
def test_a_grid_over_thresholds_and_the_penalty(labels):
    grid = {"l2": [1e-3, 1e-1], "thresholds": ["label", 0.5]}
    search = GridSearchCV(estimator(), grid, cv=2, scoring="f1_micro", error_score="raise").fit(MANY, labels)
    assert search.best_params_["l2"] == 1e-3
    assert search.predict(MANY).shape == INDICATORS.shape


def test_clones_copies_pipelines_and_tags(fitted):
    again = clone(fitted).fit(MANY, INDICATORS)
    assert np.array_equal(pickle.loads(pickle.dumps(again)).predict(MANY), fitted.predict(MANY))
    piped = make_pipeline(estimator()).fit(MANY, INDICATORS)
    assert np.array_equal(piped.predict(MANY), fitted.predict(MANY))
    assert piped.score(MANY, INDICATORS) == fitted.score(MANY, INDICATORS)
    assert get_tags(fitted).classifier_tags.multi_label
    assert not get_tags(LogisticRegression()).classifier_tags.multi_label


def test_a_saved_model_answers_the_same(fitted, tmp_path):
    fitted.save(tmp_path / "m")
    found = vikt.load(tmp_path / "m")
    assert np.array_equal(found.predict(MANY), fitted.predict(MANY))
    assert found.thresholds_.tolist() == fitted.thresholds_.tolist()


def test_soft_labels_in_validation():
    shares = 0.1 + 0.8 * INDICATORS[:, [2]]
    shares = np.hstack([1 - shares, shares])
    found = cross_validate(estimator(), MANY, shares, cv=KFold(3), error_score="raise")
    assert found["test_score"].min() > 0.8
    model = estimator().fit(MANY, shares)
    modes = shares.argmax(axis=1)
    assert model.score(MANY, shares) == accuracy_score(modes, model.predict(MANY))
    assert model.score(MANY, modes) == model.score(MANY, shares)


def test_ordered_levels_in_validation():
    levels = INDICATORS[:, 2] + 2 * INDICATORS[:, 3]
    ordered = estimator(targets="ordered")
    scorers = {"accuracy": "accuracy", "mae": "neg_mean_absolute_error",
               "kappa": make_scorer(cohen_kappa_score, weights="quadratic"), "loss": "neg_log_loss"}  # fmt: skip
    found = cross_validate(ordered, MANY, levels, cv=3, scoring=scorers, error_score="raise")
    assert found["test_kappa"].min() > 0.5
    model = clone(ordered).fit(MANY, levels)
    assert model.score(MANY, levels) == accuracy_score(levels, model.predict(MANY))
    assert model.predict_proba(MANY).sum(axis=1) == pytest.approx(np.ones(len(MANY)))


def test_an_ordered_level_is_the_median_of_its_probabilities():
    levels = INDICATORS[:, 2] + 2 * INDICATORS[:, 3]
    model = estimator(targets="ordered", l2=0.1).fit(MANY, levels)
    up_to = np.cumsum(model.predict_proba(MANY), axis=1)
    assert model.predict(MANY).tolist() == (up_to >= 0.5).argmax(axis=1).tolist()
    scores = model.decision_function(MANY)
    assert model.predict(MANY).tolist() == np.searchsorted(model.cuts_, scores).tolist()
    assert up_to[:, :-1] == pytest.approx(1 / (1 + np.exp(scores[:, None] - model.cuts_)), abs=1e-12)
