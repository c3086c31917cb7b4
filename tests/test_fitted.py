"""What a fitted TextClassifier tells in scikit-learn's words, and what it answers beyond predict."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import vikt
from vikt.errors import DataError, NotFittedError, UsageError
from vikt.fitting.model import measured

TEXTS, LABELS = ["good film", "good fun", "bad film", "bad fun", "so so", "so la la"], list("ppnnoo")


@pytest.fixture(scope="module", params=[4, 6], ids=["two classes", "three classes"])
def classifier(request):
    return vikt.TextClassifier("word+char", min_df=1, l2=0.01).fit(TEXTS[: request.param], LABELS[: request.param])


def rows_of(classifier, texts):
    rows = classifier.features_.transform(measured(texts, classifier.features_))
    return csr_matrix((rows.values, rows.indices, rows.indptr), (len(texts), rows.n_features))


def test_the_weights_are_those_of_the_scores(classifier):
    K = len(classifier.classes_)
    n = classifier.n_features_in_
    assert classifier.coef_.shape == ((1, n) if K == 2 else (K, n))
    assert classifier.intercept_.shape == ((1,) if K == 2 else (K,))
    scores = rows_of(classifier, TEXTS) @ classifier.coef_.T + classifier.intercept_
    found = classifier.decision_function(TEXTS)
    assert found.shape == ((6,) if K == 2 else (6, K))
    assert np.allclose(found, scores[:, 0] if K == 2 else scores, atol=1e-5)


def test_the_class_of_the_highest_score_is_predicted(classifier):
    scores = classifier.decision_function(TEXTS)
    best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
    assert classifier.classes_[best].tolist() == classifier.predict(TEXTS).tolist()


def test_decision_function_of_no_texts_has_no_rows(classifier):
    K = len(classifier.classes_)
    assert classifier.decision_function([]).shape == ((0,) if K == 2 else (0, K))


def test_names_stand_in_the_order_of_the_columns(classifier):
    names = classifier.get_feature_names_out()
    assert names.shape == (classifier.n_features_in_,)
    assert names.dtype == object
    row = rows_of(classifier, ["film"])
    own = [name for name in names[row.indices] if not name.startswith("characters ")]
    assert own == ["film"]


def test_the_strongest_features_are_those_of_inspect(classifier, tmp_path, run):
    classifier.save(tmp_path / "m")
    inspected = json.loads(run("inspect", tmp_path / "m", "--json")[1])["strongest"]
    for label in classifier.classes_:
        found = classifier.strongest_features(label, n=10)
        assert [list(pair) for pair in found.features] == inspected[label]
        lines = str(found).splitlines()
        assert len(lines) == 11
        assert lines[0].split() == [label, "θ_j"]
        assert f"{found.features[0][1]:+.2f}" in lines[1]


def test_a_frame_of_the_strongest_features(classifier):
    pytest.importorskip("pandas")
    frame = classifier.strongest_features("p", n=3).to_frame()
    assert list(frame.columns) == ["feature", "weight"]
    assert len(frame) == 3
    of_class = classifier.coef_[0] if len(classifier.classes_) == 2 else classifier.coef_[2]
    assert frame["weight"].tolist() == pytest.approx(np.sort(of_class)[::-1][:3].tolist())


@pytest.mark.parametrize("n", [0, -1, 2.5, "3", True])
def test_a_number_of_features_is_a_whole_number(classifier, n):
    with pytest.raises(UsageError, match="n: expected a whole number of 1 or more"):
        classifier.strongest_features("p", n)


def test_an_unknown_class_is_named_with_those_there_are(classifier):
    with pytest.raises(UsageError, match="no class 'x'; choose from 'n', "):
        classifier.strongest_features("x")


def test_evaluate_gives_the_figures_of_the_command(classifier, tmp_path, run):
    labels = [*LABELS[:5], "new"]
    classifier.save(tmp_path / "m")
    (tmp_path / "test.tsv").write_text("label\ttext\n" + "".join(map("{}\t{}\n".format, labels, TEXTS)))
    found = classifier.evaluate(TEXTS, labels)
    _, out, _ = run("evaluate", tmp_path / "m", tmp_path / "test.tsv", "-q")
    assert str(found) == out.split("\n", 1)[1].rstrip("\n")
    told = json.loads(run("evaluate", tmp_path / "m", tmp_path / "test.tsv", "-q", "--json")[1])
    assert found.to_json() == {name: value for name, value in told.items() if name != "model"}
    assert found.accuracy.value == pytest.approx(classifier.score(TEXTS, labels))
    assert found.accuracy.low < found.accuracy.value < found.accuracy.high


def test_evaluate_of_labels_that_do_not_fit_is_refused(classifier):
    with pytest.raises(DataError, match="expected"):
        classifier.evaluate(TEXTS, LABELS[:2])
    with pytest.raises(DataError, match="found none"):
        classifier.evaluate([], [])


@pytest.mark.parametrize("name", ["coef_", "intercept_", "n_features_in_", "classes_"])
def test_before_the_fit_there_is_nothing_to_tell(name):
    unfitted = vikt.TextClassifier()
    assert not hasattr(unfitted, name)
    for call in (unfitted.get_feature_names_out, lambda: unfitted.decision_function(["a"])):
        with pytest.raises(NotFittedError):
            call()
