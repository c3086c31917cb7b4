"""What a fitted TextClassifier tells in scikit-learn's words, and what it answers beyond predict."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import vikt
from markup_checks import read_html
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
        assert len(lines) == 1 + len(found.features)
        assert lines[0].split()[:2] == [label, "θ_j"]
        assert f"{found.features[0][1]:+.2f}" in lines[1]


def test_the_strongest_features_speak_for_their_class(classifier, tmp_path, run):
    names, weights = classifier.get_feature_names_out(), classifier.coef_
    of_class = np.concatenate([-weights, weights]) if len(weights) == 1 else weights
    for label, own in zip(classifier.classes_, of_class, strict=True):
        expected = {name: weight for name, weight in zip(names, own, strict=True) if weight > 0}
        assert dict(classifier.strongest_features(label, n=len(names)).features) == pytest.approx(expected)
        assert len(expected) < len(names)
    classifier.save(tmp_path / "m")
    listed = run("inspect", tmp_path / "m")[1].split("strongest features of each class")[1]
    assert "+" in listed
    assert "-" not in listed


def test_a_frame_of_the_strongest_features(classifier):
    pytest.importorskip("pandas")
    frame = classifier.strongest_features("p", n=3).to_frame()
    assert list(frame.columns) == ["feature", "weight", "texts"]
    assert len(frame) == 3
    of_class = classifier.coef_[0] if len(classifier.classes_) == 2 else classifier.coef_[2]
    assert frame["weight"].tolist() == pytest.approx(np.sort(of_class)[::-1][:3].tolist())


def test_the_texts_that_hold_a_feature_are_counted_where_that_is_known(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier("word", ngrams=(1, 1), l2=1e-3)
    held_out, _ = classifier.fit_and_hold_out(texts, labels)
    fitted = [set(re.findall(r"\w+|[^\w\s]", text.lower())) for text in texts if text not in set(held_out)]
    found = classifier.strongest_features("spam", n=30)
    assert list(found.texts) == [sum(name in words for words in fitted) for name, _ in found.features]
    assert str(found).splitlines()[0].split() == ["spam", "θ_j", "texts"]
    unknown = vikt.TextClassifier("word", weighting="binary", l2=1e-3).fit(texts, labels).strongest_features("spam")
    assert unknown.texts == (None,) * 10
    assert "texts" not in str(unknown)


@pytest.mark.parametrize("n", [0, -1, 2.5, "3", True])
def test_a_number_of_features_is_a_whole_number(classifier, n):
    with pytest.raises(UsageError, match="n: expected a whole number of 1 or more"):
        classifier.strongest_features("p", n)


def test_an_unknown_class_is_named_with_those_there_are(classifier):
    with pytest.raises(UsageError, match="class_: the model has no class 'x'; choose from 'n', "):
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


def test_an_evaluation_as_a_frame_and_in_a_notebook(classifier):
    labels = [*LABELS[:5], "<new>"]
    found = classifier.evaluate(TEXTS, labels)
    frame = found.to_frame().set_index("class")
    assert frame["support"].to_dict() == {label: labels.count(label) for label in found.labels}
    assert frame["f1"]["p"] == found.per_class["p"]["f1"]
    assert np.isnan(frame["precision"]["<new>"])
    text, _ = read_html(found._repr_html_())
    assert f"{found.accuracy.value:.4f}" in text
    assert "label '<new>', in 1 test row" in text


def test_evaluate_of_labels_that_do_not_fit_is_refused(classifier):
    with pytest.raises(DataError, match="6 rows and 2 labels"):
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


@pytest.mark.parametrize(
    "options", [{"top": 1}, {"top": 2}, {"top": 9}, {"threshold": 0.6}, {"top": 2, "threshold": 0.4}]
)
def test_predict_answers_as_the_command_does(classifier, options, tmp_path, run):
    classifier.save(tmp_path / "m")
    (tmp_path / "texts.txt").write_text("".join(f"{text}\n" for text in TEXTS))
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    lines = run("predict", tmp_path / "m", tmp_path / "texts.txt", *flags)[1].splitlines()
    expected = [[label or None for label in line.split("\t")[::2]] for line in lines]
    found = classifier.predict(TEXTS, **options)
    K = len(classifier.classes_)
    assert found.shape == ((6, min(options["top"], K)) if "top" in options else (6,))
    assert found.reshape(6, -1).tolist() == expected


def test_labels_keep_their_type_unless_some_are_left_out():
    classifier = vikt.TextClassifier(min_df=1, l2=0.01).fit(TEXTS[:4], [1, 1, 0, 0])
    assert classifier.predict(TEXTS, top=2).dtype == classifier.classes_.dtype
    assert classifier.predict(["good", ""], threshold=0.6).tolist() == [1, None]
    assert classifier.predict(TEXTS, threshold=0).tolist() == classifier.predict(TEXTS).tolist()
    assert classifier.predict([], top=2).shape == (0, 2)


@pytest.mark.parametrize("options", [{"top": 0}, {"top": 1.5}, {"threshold": 1.1}, {"threshold": float("nan")}])
def test_an_invalid_top_or_threshold_is_named(classifier, options):
    [name] = options
    with pytest.raises(UsageError, match=f"^{name}: expected a"):
        classifier.predict(TEXTS, **options)


def test_evaluate_takes_labels_that_equal_the_classes():
    classifier = vikt.TextClassifier(min_df=1, l2=0.01).fit(TEXTS[:4], [1, 1, 0, 0])
    for labels in ([1.0, 1.0, 0.0, 0.0], [True, True, False, False], np.array([1, 1, 0, 0], np.int8)):
        assert (
            classifier.evaluate(TEXTS[:4], labels).to_json() == classifier.evaluate(TEXTS[:4], [1, 1, 0, 0]).to_json()
        )
    with pytest.raises(DataError, match="row 2 has no label"):
        classifier.evaluate(TEXTS[:4], [1, 1, None, 0])
    with pytest.raises(DataError, match="one label per row"):
        classifier.evaluate(TEXTS[:4], [[1, 1], [0, 0]])


def test_texts_held_out_are_strings_in_the_order_of_the_input(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(l2=1e-3)
    held, true = classifier.fit_and_hold_out(iter(texts), labels)
    assert isinstance(held, list)
    places = [texts.index(text) for text in held]
    assert places == sorted(places)
    assert [labels[i] for i in places] == true.tolist()


def test_columns_held_out_are_columns(emails):
    pd = pytest.importorskip("pandas")
    texts, labels = emails
    columns = {"text": texts, "number": list(range(400))}
    frame = pd.DataFrame(columns, index=np.arange(400)[::-1])
    features = [{"kind": "number", "name": "number"}]
    for source in (columns, frame):
        held, true = vikt.TextClassifier(features=features, l2=1e-3).fit_and_hold_out(source, labels)
        rows = list(held["number"])
        assert [texts[i] for i in rows] == list(held["text"])
        assert [labels[i] for i in rows] == true.tolist()
        assert type(held) is type(source)


def test_tokens_held_out_keep_their_neighbours():
    sentences = [["The", name, verb, "."] for name in ("Ann", "Bo", "Cy", "Di") for verb in ("ran", "sat", "fell")]
    tokens = [token for sentence in sentences for token in sentence]
    labels = ["name" if token[0] in "ABCD" else "other" for token in tokens]
    features = [{"kind": "category", "name": "previous", "offset": -1}]
    classifier = vikt.TextClassifier("none", features=features, l2=1e-3)
    held, true = classifier.fit_and_hold_out(tokens, labels)
    assert len(held) % 4 == 0
    assert classifier.predict(held).tolist() == true.tolist()


@pytest.mark.parametrize(
    ("trained", "given", "accuracy"),
    [
        (["caf\u00e9", "th\u00e9"], ["cafe\u0301", "the\u0301"], 1.0),
        (["cafe\u0301", "caf\u00e9"], ["cafe\u0301", "caf\u00e9"], 1.0),
        ([1, 0], ["1", "0"], 1.0),
        ([1, 0], [1.0, 0.0], 1.0),
        ([1, 0], ["1", "x"], 0.5),
        ([True, False], ["True", "False"], 1.0),
    ],
)
def test_score_and_evaluate_compare_labels_by_one_rule(trained, given, accuracy):
    """A label is a class that equals it or is written alike, composed or not."""
    made = vikt.TextClassifier(min_df=1, l2=0.01).fit(["good film", "bad film"] * 4, trained * 4)
    texts = ["good film", "bad film"]
    assert made.evaluate(texts, given).accuracy.value == made.score(texts, given) == accuracy


@pytest.mark.parametrize("method", ["score", "evaluate"])
def test_labels_that_are_no_classes_and_of_another_kind_are_refused(method):
    made = vikt.TextClassifier(min_df=1, l2=0.01).fit(["good film", "bad film"] * 4, [1, 0] * 4)
    with pytest.raises(DataError, match="labels holds strings such as 'p' and classes numbers such as 0"):
        getattr(made, method)(["good film"], ["p"])


def test_a_file_may_spell_a_label_otherwise_than_the_model(tmp_path, run):
    made = vikt.TextClassifier(min_df=1, l2=0.01).fit(["good film", "bad film"] * 4, ["cafe\u0301", "the\u0301"] * 4)
    made.save(tmp_path / "m")
    (tmp_path / "test.tsv").write_text("label\ttext\ncaf\u00e9\tgood film\nth\u00e9\tbad film\n", encoding="utf-8")
    _, out, _ = run("evaluate", tmp_path / "m", tmp_path / "test.tsv", "--json")
    assert json.loads(out)["metrics"]["accuracy"]["value"] == 1.0
    assert not json.loads(out)["unseen_labels"]
