"""Weights of rows and of classes: what they mean, what is shown and refused; classes that are rare, many, absent."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import sklearn.linear_model
import sklearn.naive_bayes
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_sample_weight

import vikt
from vikt.errors import DataError
from vikt.evaluation.evaluation import evaluate
from vikt.features.text import TextFeatures
from vikt.model.functions import log_softmax

POINTS = np.random.default_rng(0).integers(0, 3, size=(40, 5)).astype(float)


@st.composite
def weighted_rows(draw):
    """X, y and whole weights; some rows are equal, some weights 0, and at least two classes have a weight above 0."""
    m = draw(st.integers(4, 14))
    X = np.array(draw(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=m, max_size=m)), float)
    y = np.array(draw(st.lists(st.sampled_from("abc"), min_size=m, max_size=m)))
    weights = np.array(draw(st.lists(st.integers(0, 3), min_size=m, max_size=m)))
    assume(len(set(y[weights > 0])) > 1)
    return X, y, weights


@given(weighted_rows(), st.sampled_from([None, "balanced", {"a": 2.5}]))
@settings(max_examples=30, deadline=None)
def test_weight_two_is_the_row_twice_and_weight_zero_no_row(rows, class_weight):
    X, y, weights = rows
    assume(class_weight != {"a": 2.5} or "a" in y[weights > 0])
    again = np.repeat(np.arange(len(y)), weights)

    def model():
        return vikt.LogisticRegression(C=1.5, class_weight=class_weight)

    weighted, repeated = model().fit(X, y, weights), model().fit(X[again], y[again])
    assert weighted.classes_.tolist() == repeated.classes_.tolist()
    assert weighted.l2_ == pytest.approx(repeated.l2_, rel=1e-12)
    assert np.abs(weighted.predict_proba(X) - repeated.predict_proba(X)).max() < 1e-8


@given(weighted_rows(), st.sampled_from(["multinomial", "bernoulli"]))
@settings(max_examples=50, deadline=None)
def test_naive_bayes_counts_weights(rows, kind):
    X, y, weights = rows
    again = np.repeat(np.arange(len(y)), weights)
    weighted = vikt.NaiveBayes(kind).fit(X, y, weights)
    repeated = vikt.NaiveBayes(kind).fit(X[again], y[again])
    assert np.abs(weighted.predict_proba(X) - repeated.predict_proba(X)).max() < 1e-8
    theirs = {"multinomial": sklearn.naive_bayes.MultinomialNB, "bernoulli": sklearn.naive_bayes.BernoulliNB}[kind]()
    kept = weights > 0
    theirs.fit(X[kept], y[kept], weights[kept])
    assert np.abs(weighted.predict_proba(X) - theirs.predict_proba(X)).max() < 1e-8


@pytest.mark.parametrize(("labels", "tol", "apart"), [("ab", 1e-13, 1e-6), ("abc", 1e-8, 2e-4)])
@pytest.mark.parametrize("class_weight", [None, "balanced", {"a": 3.0, "b": 0.5}])
def test_a_weighted_fit_is_scikit_learns(labels, tol, apart, class_weight):
    y = np.array(list(labels) * 40)[:40]
    weights = np.random.default_rng(1).uniform(0, 4, size=40) * (np.arange(40) % 5 > 0)
    kept = weights > 0
    ours = vikt.LogisticRegression(C=0.7, class_weight=class_weight, tol=tol).fit(POINTS, y, weights)
    factors = class_weight or {}
    if class_weight == "balanced":
        # scikit-learn's counts rows; each class is to have the same total weight.
        factors = {label: 1 / weights[y == label].sum() for label in labels}
        factors = {label: factor * weights.sum() / len(labels) for label, factor in factors.items()}
    oracle = sklearn.linear_model.LogisticRegression(C=0.7, tol=1e-12, max_iter=1000, solver="newton-cg")
    oracle.fit(POINTS[kept], y[kept], weights[kept] * [factors.get(label, 1.0) for label in y[kept]])
    assert np.abs(ours.predict_proba(POINTS) - oracle.predict_proba(POINTS)).max() < apart


def test_balanced_is_scikit_learns_formula():
    y = np.array(["a"] * 20 + ["b"] * 12 + ["c"] * 8)
    balanced = vikt.LogisticRegression(class_weight="balanced").fit(POINTS, y)
    by_rows = vikt.LogisticRegression().fit(POINTS, y, compute_sample_weight("balanced", y))
    by_class = vikt.LogisticRegression(class_weight={"a": 40 / 60, "b": 40 / 36, "c": 40 / 24}).fit(POINTS, y)
    for other in (by_rows, by_class):
        assert np.abs(balanced.predict_proba(POINTS) - other.predict_proba(POINTS)).max() < 1e-8


@pytest.fixture
def given_vocabulary(monkeypatch):
    """Words and document frequencies of certain texts, for every classifier in the test."""

    def learn(texts):
        class Given(TextFeatures):
            def fit_transform(self, other, progress=None, **options):
                super().fit_transform(self.measure(vikt.corpus.documents.Documents.of(texts)))
                return self.transform(other)

        monkeypatch.setattr("vikt.fitting.prepare.TextFeatures", Given)

    return learn


@pytest.mark.parametrize("l2", [1e-2, 1e-5])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_weights_of_texts_with_a_given_vocabulary(emails, given_vocabulary, l2, class_weight):
    texts, labels = np.array(emails[0], object), np.array(emails[1])
    weights = np.arange(len(texts)) % 3
    again = np.repeat(np.arange(len(texts)), weights)
    given_vocabulary(texts)
    weighted = vikt.TextClassifier(l2=l2, class_weight=class_weight).fit(texts, labels, weights)
    repeated = vikt.TextClassifier(l2=l2, class_weight=class_weight).fit(texts[again], labels[again])
    assert np.abs(weighted.predict_proba(texts) - repeated.predict_proba(texts)).max() < 1e-8
    assert weighted.data_["rows_of_weight_0"] == np.count_nonzero(weights == 0)


def test_weight_zero_is_no_row_whatever_the_vocabulary(emails):
    texts, labels = np.array(emails[0], object), np.array(emails[1])
    kept = np.arange(len(texts)) % 4 > 0
    weighted = vikt.TextClassifier().fit(texts, labels, kept.astype(float))
    without = vikt.TextClassifier().fit(texts[kept], labels[kept])
    assert weighted.l2_ == without.l2_
    assert np.array_equal(weighted.predict_proba(texts), without.predict_proba(texts))


def test_document_frequencies_count_rows_not_weights():
    texts, labels = ["once more", "more", "less", "less"], ["a", "a", "b", "b"]
    assert "once" not in vikt.TextClassifier(l2=0.1).fit(texts, labels, [2, 1, 1, 1]).features_.names()
    assert "once" in vikt.TextClassifier(l2=0.1).fit([*texts, texts[0]], [*labels, "a"]).features_.names()


def test_factors_of_classes_are_weights_of_their_rows(emails):
    texts, labels = emails
    by_class = vikt.TextClassifier(l2=1e-4, class_weight={"spam": 5.0}).fit(texts, labels)
    by_row = vikt.TextClassifier(l2=1e-4).fit(texts, labels, [5.0 if label == "spam" else 1.0 for label in labels])
    assert np.abs(by_class.predict_proba(texts) - by_row.predict_proba(texts)).max() < 1e-8


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([1, -1, 1, 1], "-1.0 for row 1"),
        ([1, 1, math.nan, 1], "nan for row 2"),
        ([1, 1, 1, math.inf], "inf for row 3"),
        ([0, 0, 0, 0], "all 4 weights are zero"),
        ([1, 1], "expected 4 numbers"),
        (["1", "much", "1", "1"], "expected a number for each row"),
    ],
)
def test_weights_that_are_none(weights, said):
    for model, X in ((vikt.LogisticRegression(), np.eye(4)), (vikt.TextClassifier(l2=1.0), ["a b"] * 4)):
        with pytest.raises(DataError, match=said):
            model.fit(X, ["x", "y", "x", "y"], weights)


def test_a_class_weight_of_a_class_that_is_gone_is_kept_in_the_file(tmp_path):
    # All texts of "gone" are doubles of another class's, in the tenth that is tested.
    texts = [f"word{i} and word{i + 1}" for i in range(40)]
    labels = ["x" if i % 2 else "y" for i in range(40)]
    classifier = vikt.TextClassifier(min_df=1, class_weight={f"z{i}": 2.0 for i in range(40)})
    classifier.fit_and_hold_out(texts * 3 + texts, labels * 3 + [f"z{i}" for i in range(40)])
    assert len(classifier.classes_) < 42
    classifier.save(tmp_path / "m")
    assert vikt.load(tmp_path / "m").get_params() == classifier.get_params()


# What is shown


def table(path, rows, header="label\ttext\tweight"):
    path.write_text("\n".join([header, *("\t".join(map(str, row)) for row in rows)]) + "\n")
    return path


WORDS = ["sun", "rain", "wind", "snow", "hail", "fog", "ice", "dew"]
# Texts that say little about their labels: a quarter is "rare".
NOISE = [("rare" if i % 4 == 0 else "often", f"{WORDS[i % 8]} {WORDS[(i // 8) % 8]} {i}", 1) for i in range(400)]


def test_the_mean_probability_is_shown_beside_the_rate_where_weights_are_used(run, tmp_path):
    data, model = table(tmp_path / "d.tsv", NOISE), tmp_path / "m.vikt"
    assert "mean P" not in run("train", data, "-o", model, "-q", "--l2", "0.1")[1]
    for weights in (["--class-weight", "balanced"], ["--weight", "weight"]):
        code, out, _ = run("train", data, "-o", model, "-q", "--l2", "0.1", *weights)
        assert code == 0
        assert "mean P" in out
        assert ("trained with weights: mean P(" in out) == (weights[0] == "--class-weight")
        assert "mean P" in run("evaluate", model, data, "-q")[1]


def test_json_has_the_mean_probability_and_the_rate_always(run, tmp_path):
    data, model = table(tmp_path / "d.tsv", NOISE), tmp_path / "m.vikt"
    for weights, expected, weighted in (([], 0.25, False), (["--class-weight", "often=1,rare=3"], 0.5, True)):
        told = json.loads(run("train", data, "-o", model, "-q", "--json", "--l2", "0.1", *weights)[1])
        assert told["data"]["weighted"] == weighted
        rare, often = told["per_class"]["rare"], told["per_class"]["often"]
        assert rare["rate"] == 0.25
        assert rare["mean_probability"] + often["mean_probability"] == pytest.approx(1)
        assert rare["mean_probability"] == pytest.approx(expected, abs=0.05)


def test_the_weight_column_is_the_row_so_many_times(run, tmp_path):
    weighted = table(tmp_path / "w.tsv", [(label, text, 3 if label == "rare" else 1) for label, text, _ in NOISE])
    plain = table(tmp_path / "p.tsv", NOISE)
    options = ["-q", "--json", "--l2", "0.01"]
    by_row = json.loads(run("train", weighted, "--weight", "weight", "-o", tmp_path / "w.vikt", *options)[1])
    by_class = json.loads(run("train", plain, "--class-weight", "rare=3", "-o", tmp_path / "p.vikt", *options)[1])
    assert by_row["metrics"] == by_class["metrics"]
    assert by_row["model"]["loss"] == by_class["model"]["loss"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("-1", "'-1'"),
        ("nan", "'nan'"),
        ("inf", "'inf'"),
        ("", "''"),
        ("many", "'many'"),
        ("1_0", "'1_0'"),
        ("1,5", "'1,5'"),
    ],
)
def test_a_bad_weight_is_named_by_row(run, tmp_path, cell, said):
    rows = [(*row[:2], cell if i == 6 else 1) for i, row in enumerate(NOISE)]
    code, out, err = run("train", table(tmp_path / "d.tsv", rows), "--weight", "weight", "-o", tmp_path / "m", "-q")
    assert (code, out) == (1, "")
    assert f"row 7 has the weight {said}" in err
    assert len(err.splitlines()) == 1


def test_weights_that_leave_no_row(run, tmp_path):
    data = table(tmp_path / "d.tsv", [(*row[:2], 0) for row in NOISE])
    code, _, err = run("train", data, "--weight", "weight", "-o", tmp_path / "m", "-q")
    assert code == 1
    assert "all 400 weights are zero" in err
    code, _, err = run("train", data, "--weight", "wait", "-o", tmp_path / "m", "-q")
    assert code == 1
    assert "'wait'" in err


@pytest.mark.parametrize("given", ["often=2,seldom=3", "often=0", "often=-1", "often=x", "often", "equal"])
def test_class_weights_that_cannot_be(run, tmp_path, given):
    code, out, err = run("train", table(tmp_path / "d.tsv", NOISE), "--class-weight", given, "-o", tmp_path / "m", "-q")
    assert (code, out) == (2, "")
    assert "class" in err
    assert "Traceback" not in err


# Classes that are absent, unseen, rare, many


def test_a_class_missing_from_the_test_rows_has_no_recall_and_no_f1():
    # "eel" is predicted once and real nowhere: its precision is 0, and nothing says how well it would be found.
    found = evaluate(["cod", "dab", "dab"], ["cod", "dab", "eel"], np.log(np.eye(3) * 0.7 + 0.1)[[0, 1, 2]])
    assert found.per_class["eel"]["precision"] == 0
    assert math.isnan(found.per_class["eel"]["recall"])
    assert math.isnan(found.per_class["eel"]["f1"])
    # cod 1; dab 2·1/(2 + 1).
    assert found.macro_f1.value == pytest.approx((1 + 2 / 3) / 2)
    told = found.to_json()
    assert (told["per_class"]["eel"]["f1"], told["per_class"]["eel"]["reason"]) == (None, "no such row")
    assert told["per_class"]["eel"]["rate"] == 0


def test_the_report_says_which_classes_are_missing_and_which_labels_unseen(run, tmp_path):
    rows = [(f"class{k:02d}", f"word{k} again{k}") for k in range(12) for _ in range(3)]
    data = table(tmp_path / "d.tsv", rows, "label\ttext")
    test = table(tmp_path / "t.tsv", [*rows[:6], ("novel", "word1"), ("novel", "word2")], "label\ttext")
    code, out, _ = run("train", data, "--test", test, "-o", tmp_path / "m.vikt", "-q", "--l2", "1e-4")
    assert code == 0
    assert "10 classes have no row in the test: class02, " in out
    assert "class09 and 2 more; their recall and F1 are undefined, and macro F1 is the mean over the other 3" in out
    assert "label 'novel', in 2 test rows, was never seen in training: counted as wrong" in out
    assert "accuracy   0.7500" in out
    (line,) = [line for line in out.splitlines() if line.strip().startswith("class05") and " rows" not in line][:1]
    assert line.split()[2:4] == ["-", "-"]


def test_a_test_file_of_hardly_anything_but_unseen_labels(run, tmp_path):
    data = table(tmp_path / "d.tsv", NOISE)
    test = table(tmp_path / "t.tsv", [NOISE[0], *((f"id{i}", "sun", 1) for i in range(300))])
    options = ["train", data, "--test", test, "-o", tmp_path / "m.vikt", "-q", "--l2", "0.1"]
    code, out, _ = run(*options)
    assert code == 0
    assert "and 292 more such labels, in 292 test rows" in out
    told = json.loads(run(*options, "--json")[1])
    assert told["metrics"]["log_loss"]["left_out"] == 300
    assert len(told["unseen_labels"]) == 300


def test_the_confusions_of_many_labels_are_told_without_the_zeros():
    classes = [f"class{k:03d}" for k in range(201)]
    few, many = (evaluate(classes[:n], classes[:n], log_softmax(np.eye(n)[::-1])) for n in (200, 201))
    assert len(few.to_json()["confusion"]["matrix"]) == 200
    told = many.to_json()["confusion"]
    assert told["labels"] == classes
    assert told["entries"] == [[k, 200 - k, 1] for k in range(201)]
    assert "matrix" not in told


def test_classes_of_one_row_are_learnt_and_told(run, tmp_path):
    rows = [("often", f"{WORDS[i % 8]} {i}") for i in range(30)] + [("lone", "only one"), ("sole", "just one")]
    data = table(tmp_path / "d.tsv", rows, "label\ttext")
    code, out, _ = run("train", data, "-o", tmp_path / "m.vikt", "-q", "--min-df", 1, "--l2", "1e-6")
    assert code == 0
    assert "rare       2 classes with one row" in out
    assert "lone, sole" in out
    assert vikt.load(tmp_path / "m.vikt").predict(["only one", "just one", "snow 3"]).tolist() == [
        "lone",
        "sole",
        "often",
    ]


@pytest.mark.parametrize("n_classes", [250, pytest.param(2000, marks=pytest.mark.slow)])
def test_thousands_of_classes(run, tmp_path, n_classes):
    names = [f"class{k:04d}" for k in range(n_classes)]
    rows = [(name, f"w{k} {WORDS[(k + i) % 8]}") for k, name in enumerate(names) for i in range(3)]
    data, model = table(tmp_path / "d.tsv", rows, "label\ttext"), tmp_path / "m.vikt"
    options = ["train", data, "--test", data, "-o", model, "-q", "--l2", "1e-6", "--min-df", "1"]
    told = json.loads(run(*options, "--json")[1])
    assert told["metrics"]["accuracy"]["value"] == 1
    assert told["confusion"]["entries"] == [[k, k, 3] for k in range(n_classes)]
    report = run("evaluate", model, data, "-q")[1]
    assert len(report.splitlines()) < 100
    classifier = vikt.load(model)
    p = classifier.predict_proba([text for _, text in rows])
    assert np.abs(p.sum(axis=1) - 1).max() < 1e-9
    assert [classifier.class_names[k] for k in p.argmax(axis=1)] == [label for label, _ in rows]
    out = tmp_path / "out.jsonl"
    run("predict", model, data, "-o", out, "--proba")
    for k, line in enumerate(out.read_text().splitlines()[::601]):
        answer = json.loads(line)
        assert max(names, key=lambda name, answer=answer: answer[f"P({name})"]) == rows[k * 601][0]


def test_log_loss_is_said_as_it_is_however_confident():
    from vikt.report.evaluation import evaluation_lines

    found = evaluate(["a", "b"], ["a", "b"], log_softmax([[0.0, 1208.3], [0.0, 0.0]]))
    assert found.log_loss.value == pytest.approx((1208.3 + math.log(2)) / 2, rel=1e-15)
    found = evaluate(["a"], ["a", "b"], log_softmax([[0.0, 1208.3]]))
    assert found.to_json()["metrics"]["log_loss"]["value"] == 1208.3
    assert "log loss   1208.3000" in evaluation_lines(found)


def test_labels_of_several_types_are_refused():
    with pytest.raises(DataError, match="the number 1 in row 0 and the string 'x' in row 1"):
        vikt.TextClassifier().fit(["a", "b"], np.array([1, "x"], dtype=object))
