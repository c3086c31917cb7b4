"""Standard errors against statsmodels, and against the second derivative taken by differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.stats import norm

import vikt
from vikt.errors import DataError, UsageError
from vikt.explanation.inference import inference, standard_errors
from vikt.matrix import DenseMatrix
from vikt.model.objective import Objective
from vikt.solvers import Settings, minimise


def rows(classes, m=300, n=3):
    random = np.random.default_rng(classes)
    X = random.normal(size=(m, n)) * [1.0, 20.0, 0.1][:n] + 1
    scores = X @ random.normal(size=(n, classes)) / [1.0] + random.gumbel(size=(m, classes)) * 8
    return X, scores.argmax(axis=1)


def test_two_classes_are_as_statsmodels_has_them():
    sm = pytest.importorskip("statsmodels.api")
    X, y = rows(2)
    model = vikt.LogisticRegression(l2=0, tol=1e-12).fit(X, y)
    found = standard_errors(model, X, y).weights
    theirs = sm.Logit(y, sm.add_constant(X)).fit(disp=0)
    for own, expected in (
        ([weight.weight for weight in found], theirs.params),
        ([weight.standard_error for weight in found], theirs.bse),
        ([weight.z for weight in found], theirs.tvalues),
        ([weight.p for weight in found], theirs.pvalues),
        ([np.log(weight.odds_ratios[1:]) for weight in found], theirs.conf_int()),
    ):
        assert np.allclose(own, expected, rtol=1e-4)


def test_more_classes_are_as_statsmodels_has_them():
    sm = pytest.importorskip("statsmodels.api")
    X, y = rows(3)
    model = vikt.LogisticRegression(l2=0, tol=1e-12).fit(X, np.array(["a", "b", "c"])[y])
    found = standard_errors(model, X, np.array(["a", "b", "c"])[y])
    theirs = sm.MNLogit(y, sm.add_constant(X)).fit(disp=0)
    assert found.reference == "a"
    assert [own.label for own in found.weights] == ["b"] * 4 + ["c"] * 4
    assert np.allclose([own.weight for own in found.weights], theirs.params.T.ravel(), rtol=1e-3, atol=1e-5)
    assert np.allclose([own.standard_error for own in found.weights], theirs.bse.T.ravel(), rtol=1e-4)


def test_weights_of_rows_are_rows():
    X, y = rows(2)
    times = np.random.default_rng(0).integers(0, 4, len(y))
    model = vikt.LogisticRegression(l2=0, tol=1e-12).fit(X, y, sample_weight=times)
    once = standard_errors(model, X, y, sample_weight=times)
    repeated = standard_errors(model, np.repeat(X, times, axis=0), np.repeat(y, times))
    assert np.allclose(*([own.standard_error for own in found.weights] for found in (once, repeated)))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("l2", [0.01, 1e-4])
def test_with_a_penalty_they_are_those_of_the_second_derivative(classes, l2):
    X, y = rows(classes)
    X = X / X.std(axis=0)
    objective = Objective.of(DenseMatrix(X), y, n_classes=classes, l2=l2)
    theta = minimise(objective, Settings("newton", tol=1e-12)).theta
    found = inference(objective, theta, ["a", "b", "c"], list("uvw")[:classes])
    flat, step = theta.ravel(), 1e-4
    slopes = [
        (objective.gradient((flat + d).reshape(theta.shape)) - objective.gradient((flat - d).reshape(theta.shape)))
        / (2 * step)
        for d in step * np.eye(flat.size)
    ]
    covariance = np.linalg.pinv(len(y) * np.array([slope.ravel() for slope in slopes]), rcond=1e-7)
    contrasts = np.eye(4)
    if classes > 2:
        contrasts = np.vstack([np.eye(12)[4 * k + j] - np.eye(12)[j] for k in (1, 2) for j in range(4)])
    expected = np.sqrt(np.diag(contrasts @ covariance @ contrasts.T))
    assert np.allclose([own.standard_error for own in found.weights], expected, rtol=1e-4)
    assert found.note.startswith(f"approximate: λ = {l2:.3g}")


def test_the_interval_covers_as_often_as_it_says():
    random, truth, covered = np.random.default_rng(1), np.array([0.5, -1.0]), 0
    for _ in range(100):
        X = random.normal(size=(200, 2))
        y = random.random(200) < 1 / (1 + np.exp(-X @ truth))
        model = vikt.LogisticRegression(l2=0).fit(X, y)
        covered += sum(
            np.log(own.odds_ratios[1]) <= theta <= np.log(own.odds_ratios[2])
            for own, theta in zip(standard_errors(model, X, y).weights[1:], truth, strict=True)
        )
    assert abs(covered / 200 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 200)


def test_the_table_and_the_frame():
    X, y = rows(2)
    names = ["age", "<b>", "dose"]
    frame = dict(zip(names, X.T, strict=True))
    pd = pytest.importorskip("pandas")
    model = vikt.LogisticRegression(l2=0).fit(pd.DataFrame(frame), y)
    found = standard_errors(model, pd.DataFrame(frame), y)
    assert str(found).splitlines()[0] == "odds against 0"
    assert [line.split()[0] for line in str(found).splitlines()[2:]] == ["(intercept)", *names]
    table = found.to_frame()
    assert table["feature"].tolist() == ["(intercept)", *names]
    assert np.allclose(table["p"], 2 * norm.sf(np.abs(table["z"])))
    assert np.allclose(table["odds_ratio"], np.exp(table["weight"]))
    assert "&lt;b&gt;" in found._repr_html_()


def test_what_has_no_standard_errors_is_refused():
    X, y = rows(2)
    fitted = vikt.LogisticRegression(l2=0).fit(X, y)
    with pytest.raises(DataError, match="standard errors from the optimum of these rows"):
        standard_errors(fitted, X[:200], y[:200])
    with pytest.raises(DataError, match="are not those of the model"):
        standard_errors(fitted, X, y + 1)
    with pytest.raises(UsageError, match="found L1"):
        standard_errors(vikt.LogisticRegression(l1_ratio=0.5).fit(X, y), X, y)
    with pytest.raises(UsageError, match="found class_weight='balanced'; fit without it"):
        standard_errors(vikt.LogisticRegression(class_weight="balanced").fit(X, y), X, y)
    doubled = np.hstack([X, X[:, :1]])
    with pytest.raises(DataError, match="columns depend on one another"):
        standard_errors(vikt.LogisticRegression(l2=0).fit(doubled, y), doubled, y)
    wide = np.random.default_rng(0).normal(size=(20, 2000))
    large = vikt.LogisticRegression().fit(wide, y[:20])
    with pytest.raises(UsageError, match="found 2,001 weights"):
        standard_errors(large, wide, y[:20])


def test_a_classifier_of_texts_has_those_of_its_rows_of_features(emails):
    texts, labels = emails
    frame = {"text": texts, "n": [float(len(text)) for text in texts], "m": [float(text.count("!")) for text in texts]}
    declared = [{"name": name, "kind": "number"} for name in ("n", "m")]
    classifier = vikt.TextClassifier("none", features=declared, l2=1e-3).fit(frame, labels)
    found = classifier.standard_errors(frame, labels)
    made = classifier.features_.transform(classifier.model_.measured(frame), np.float64)
    X = csr_matrix((made.values, made.indices, made.indptr), (len(texts), made.n_features))
    plain = standard_errors(vikt.LogisticRegression(l2=1e-3).fit(X, labels), X, labels)
    assert [own.feature for own in found.weights] == ["(intercept)", *classifier.get_feature_names_out()]
    assert [own.label for own in found.weights] == ["spam"] * 3
    for name in ("weight", "standard_error"):
        assert np.allclose(*([getattr(own, name) for own in each.weights] for each in (found, plain)), rtol=1e-3)
    with pytest.raises(DataError, match="trained on"):
        classifier.standard_errors({name: column[1:] for name, column in frame.items()}, labels[1:])


def test_class_weights_of_a_classifier_of_texts_are_refused(emails):
    classifier = vikt.TextClassifier("word", l2=1e-3, class_weight={"spam": 2.0}).fit(*emails)
    with pytest.raises(UsageError, match="found class_weight="):
        classifier.standard_errors(*emails)


def test_a_blend_has_no_one_loss_whose_information_it_is(emails):
    classifier = vikt.TextClassifier("word", l2=1e-3).fit(*emails)
    record = classifier.record_
    classifier.record_ = replace(record, parts=record.parts * 2)
    with pytest.raises(UsageError, match="a blend"):
        classifier.standard_errors(*emails)
