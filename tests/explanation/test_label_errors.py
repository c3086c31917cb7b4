"""Label errors: out-of-fold probabilities, confident learning beside cleanlab, and errors that were planted."""

from __future__ import annotations

import numpy as np
import pytest

import vikt
from vikt.errors import DataError, ParameterError
from vikt.explanation.confident_learning import confident_classes, joint_shares
from vikt.explanation.suspicion import find_label_errors
from vikt.features.text import TextFeatures
from vikt.fitting.examples import Examples
from vikt.fitting.model import measured
from vikt.fitting.out_of_fold import OutOfFold, out_of_fold


def planted(labels, share, seed=0):
    """Labels of which a share is replaced by others, and which are."""
    random = np.random.default_rng(seed)
    labels = np.array(labels)
    classes = np.unique(labels)
    wrong = np.zeros(len(labels), dtype=bool)
    wrong[random.choice(len(labels), round(share * len(labels)), replace=False)] = True
    given = labels.copy()
    for i in np.flatnonzero(wrong):
        given[i] = random.choice(classes[classes != labels[i]])
    return given, wrong


def answered(texts, labels, folds, **options):
    settings = vikt.TextClassifier(**options).settings()
    examples = Examples.of(measured(texts, TextFeatures(settings.features)), labels)
    return examples, out_of_fold(examples, settings, folds=folds)


def probabilities_like(n_classes, n_rows, seed):
    """Labels of unequal classes, and probabilities that tell something of them."""
    random = np.random.default_rng(seed)
    y = random.choice(n_classes, n_rows, p=np.arange(1, n_classes + 1) / np.arange(1, n_classes + 1).sum())
    scores = random.normal(size=(n_rows, n_classes)) + 1.2 * np.eye(n_classes)[y]
    p = np.exp(scores)
    return y, p / p.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_thresholds_and_joint_are_those_of_cleanlab(n_classes):
    count = pytest.importorskip("cleanlab.count")
    y, p = probabilities_like(n_classes, 3000, n_classes)
    found = confident_classes(p, y, np.ones(len(y)))
    joint = joint_shares(y, found.guess, np.ones(len(y)), n_classes)
    assert found.thresholds == pytest.approx(count.get_confident_thresholds(y, p))
    # cleanlab rounds its counts to whole rows.
    assert joint == pytest.approx(count.estimate_joint(y, p), abs=2 / len(y))
    assert joint.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_suspected_rows_and_scores_are_those_of_cleanlab(n_classes, monkeypatch):
    pytest.importorskip("cleanlab")
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    y, p = probabilities_like(n_classes, 2000, 7 + n_classes)
    settings = vikt.TextClassifier().settings()
    texts = [f"row {i}" for i in range(len(y))]
    examples = Examples.of(measured(texts, TextFeatures(settings.features)), y)
    found = find_label_errors(examples, OutOfFold(np.log(p[examples.origin]), np.ones(len(y), dtype=bool)))
    expected = find_label_issues(y, p, filter_by="confident_learning", n_jobs=1)
    assert len(found) > 30
    assert sorted(found.rows) == np.flatnonzero(expected).tolist()
    assert found.all_scores == pytest.approx(get_label_quality_scores(y, p, method="self_confidence"), abs=1e-12)
    assert np.all(np.diff(found.scores) >= 0)
    assert np.all(p[found.rows, found.suggestions] > p[found.rows, y[found.rows]])


def test_a_weight_of_two_is_the_row_twice():
    y, p = probabilities_like(3, 200, 1)
    weights = np.where(np.arange(200) % 3 == 0, 2.0, 1.0)
    twice = np.repeat(np.arange(200), weights.astype(int))
    weighted, repeated = confident_classes(p, y, weights), confident_classes(p[twice], y[twice], np.ones(len(twice)))
    assert weighted.thresholds == pytest.approx(repeated.thresholds)
    assert repeated.guess.tolist() == weighted.guess[twice].tolist()
    joint = joint_shares(y, weighted.guess, weights, 3)
    assert joint == pytest.approx(joint_shares(y[twice], repeated.guess, np.ones(len(twice)), 3))


def test_out_of_fold_probabilities_are_those_of_fits_without_the_fold(emails):
    pytest.importorskip("sklearn")
    from sklearn.linear_model import LogisticRegression

    texts, labels = emails
    examples, found = answered(texts, labels, 5, analyzer="word", l2=1e-3)
    X = vikt.TextVectorizer(analyzer="word", ngram_range=(1, 2), min_df=2).fit_transform(
        [texts[i] for i in examples.origin]
    )
    for outside, inside in examples.folds(np.arange(len(examples)), 5):
        fitted = LogisticRegression(C=1 / (2 * 1e-3 * len(outside)), tol=1e-8, max_iter=1000)
        expected = fitted.fit(X[outside], examples.y[outside]).predict_proba(X[inside])
        # The fits are loose.
        assert np.exp(found.log_probabilities[inside]) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("analyzer", ["auto", "word"])
@pytest.mark.parametrize("weighting", ["nb", "tfidf"])
def test_nothing_is_learnt_from_what_is_answered(analyzer, weighting):
    """Each text has words of its own and a label by chance; its twin must not give its label away."""
    random = np.random.default_rng(0)
    texts = [f"w{i} x{i} y{i} {' '.join(random.choice(list('abcdefgh'), 5))}" for i in range(200)]
    labels = np.tile(random.integers(0, 2, len(texts)), 2)
    examples, found = answered(texts * 2, labels, 5, analyzer=analyzer, weighting=weighting, l2=1e-3)
    right = np.argmax(found.log_probabilities, axis=1) == examples.y
    assert right.mean() < 0.6


@pytest.mark.parametrize("of_type", [str, int, bool])
def test_planted_errors_come_first_and_suggestions_keep_the_type_of_the_labels(emails, of_type):
    texts, labels = emails
    labels = np.array(labels) if of_type is str else (np.array(labels) == "spam").astype(of_type)
    given, wrong = planted(labels, 0.05)
    found = vikt.TextClassifier(analyzer="word").label_errors(texts, given)
    ranked = np.argsort(found.all_scores)
    assert wrong[ranked[: len(texts) // 10]].sum() >= 0.7 * wrong.sum()
    assert found.suggestions.dtype == given.dtype
    is_found = wrong[found.rows]
    assert is_found.mean() > 0.6
    assert found.suggestions[is_found].tolist() == labels[found.rows[is_found]].tolist()
    assert found.labels.tolist() == given[found.rows].tolist()
    assert found.texts == tuple(texts[i] for i in found.rows)
    assert 0.02 < found.estimated_share < 0.12


def test_the_order_of_the_rows_does_not_matter(emails):
    texts, labels = emails
    given, _ = planted(labels, 0.05)
    order = np.random.default_rng(1).permutation(len(texts))
    classifier = vikt.TextClassifier(analyzer="word")
    one = classifier.label_errors(texts, given)
    other = classifier.label_errors([texts[i] for i in order], given[order])
    assert order[other.rows].tolist() == one.rows.tolist()
    assert other.scores.tobytes() == one.scores.tobytes()
    assert other.all_scores.tobytes() == one.all_scores[order].tobytes()


def test_a_fitted_classifier_keeps_its_choices_and_is_not_changed(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(analyzer="word", l2=1e-3).fit(texts, labels)
    theta = classifier.theta_.copy()
    found = classifier.label_errors(texts, labels)
    assert (
        found.all_scores.tobytes()
        == vikt.TextClassifier(analyzer="word", l2=1e-3).label_errors(texts, labels).all_scores.tobytes()
    )
    assert classifier.theta_.tobytes() == theta.tobytes()


def test_classes_of_one_text_are_out_of_reach_and_said_to_be(emails):
    texts, labels = emails
    texts, labels = [*texts, "One of a kind.", "One of a kind.", "Alone."], [*labels, "rare", "rare", "lone"]
    found = vikt.TextClassifier(analyzer="word", l2=1e-3).label_errors(texts, labels)
    assert found.out_of_reach == {"lone": 1, "rare": 2}
    assert np.flatnonzero(np.isnan(found.all_scores)).tolist() == [len(texts) - 3, len(texts) - 2, len(texts) - 1]
    assert "out of reach: 3 rows whose label no other text has (lone, rare)" in repr(found)
    assert not set(found.suggestions) & {"rare", "lone"}


def test_many_classes_with_few_rows_each(corpus):
    lines = corpus("trec/train.tsv").read_text(encoding="utf-8").splitlines()[1:801]
    fine, texts = zip(*(line.split("\t")[1:] for line in lines), strict=True)
    assert len(set(fine)) > 30
    given, wrong = planted(fine, 0.05)
    found = vikt.TextClassifier(analyzer="word").label_errors(list(texts), given)
    ranked = np.argsort(found.all_scores, kind="stable")
    assert wrong[ranked[: len(texts) // 10]].sum() >= 0.5 * wrong.sum()


def test_too_few_texts_are_refused():
    classifier = vikt.TextClassifier(analyzer="word", min_df=1)
    with pytest.raises(ParameterError, match="folds: expected at most 4, as many as there are different texts"):
        classifier.label_errors(["a b", "c d", "e f", "g h"], [0, 0, 1, 1])
    with pytest.raises(DataError, match="no two classes here have several texts"):
        classifier.label_errors(["a b", "c d"], [0, 1], folds=2)
    with pytest.raises(ParameterError, match="folds: expected a whole number of 2 or more"):
        classifier.label_errors(["a b", "c d"], [0, 1], folds=1)


def test_results_as_json_and_as_a_frame(emails):
    pytest.importorskip("pandas")
    texts, labels = emails
    given, _ = planted(labels, 0.05)
    found = vikt.TextClassifier(analyzer="word").label_errors(texts, given)
    frame = found.to_frame()
    assert list(frame.columns) == ["row", "label", "suggestion", "score", "text"]
    assert frame["text"].tolist() == [texts[i] for i in frame["row"]]
    as_json = found.to_json()
    assert as_json["rows"] == len(texts)
    assert as_json["suspected"][0] == {
        "row": frame["row"][0],
        "label": frame["label"][0],
        "suggestion": frame["suggestion"][0],
        "score": frame["score"][0],
    }
    assert repr(found).startswith(f"{len(found):,} of {len(texts):,} labels suspected; an estimated ")
    assert "<table" in found._repr_html_()


@pytest.mark.slow
def test_flipped_labels_of_imdb(corpus):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(corpus("imdb/train.parquet"))
    texts, labels = table["text"].to_pylist(), np.array(table["label"].to_pylist())
    given, wrong = planted(labels, 0.05)
    ranked = np.argsort(vikt.TextClassifier().label_errors(texts, given).all_scores, kind="stable")
    assert wrong[ranked[: len(ranked) // 10]].sum() >= 0.84 * wrong.sum()
    assert wrong[ranked[: len(ranked) // 50]].mean() >= 0.86
