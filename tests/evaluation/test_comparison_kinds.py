"""Models of several, soft or ordered labels compared: figures against scikit-learn, intervals by drawing rows."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, f1_score, hamming_loss, log_loss

import vikt
from vikt.corpus.texts import Texts
from vikt.errors import DataError, UsageError
from vikt.evaluation.comparison import compare
from vikt.evaluation.several import SetOutcomes

LABELS = ["joy", "love", "pride"]
WORDS = [f"w{i}" for i in range(30)]
TELLING = ["w1", "w2", "w3"]


def sets_sample(seed, m, strength_a=1.0, strength_b=1.0):
    """Rows of labels, and the probabilities that two models give them, which err together more often than chance."""
    rng = np.random.default_rng(seed)
    real, common = rng.random((m, 3)) < [0.5, 0.3, 0.1], rng.normal(size=(m, 3))
    scores = [strength * (2.0 * real - 1) + common + rng.normal(size=(m, 3)) for strength in (strength_a, strength_b)]
    return real, [1 / (1 + np.exp(-own)) for own in scores]


def compared(real, a, b):
    sides = [SetOutcomes(LABELS, real, own >= 0.5, np.log(own)) for own in (a, b)]
    return compare(*sides, Texts.from_strings([f"text {row}" for row in range(len(real))]))


def test_the_figures_of_several_labels_are_those_of_scikit_learn():
    real, (a, b) = sets_sample(0, 300)
    found = compared(real, a, b)
    for side, own in (("a", a), ("b", b)):
        answers = own >= 0.5
        expected = {
            "micro_f1": f1_score(real, answers, average="micro"),
            "macro_f1": f1_score(real, answers, average="macro"),
            "hamming_loss": hamming_loss(real, answers),
            "subset_accuracy": accuracy_score(real, answers),
            "log_loss": log_loss(real.ravel(), own.ravel()),
        }
        assert {name: getattr(found.differences[name], side) for name in found.differences} == pytest.approx(expected)
    right_a, right_b = ((own >= 0.5) == real for own in (a, b))
    right_a, right_b = right_a.all(axis=1), right_b.all(axis=1)
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    assert (found.only_a_right, found.only_b_right) == (only_a, only_b)
    assert found.p_value == pytest.approx(binomtest(only_a, only_a + only_b).pvalue)
    assert found.n_disagreements == int(((a >= 0.5) != (b >= 0.5)).any(axis=1).sum())


def figures(real, answers):
    """Micro and macro F1, Hamming loss and subset accuracy."""
    both, either = 2 * (real & answers).sum(axis=0), real.sum(axis=0) + answers.sum(axis=0)
    return both.sum() / either.sum(), np.mean(both / either), np.mean(real != answers), (real == answers).all(1).mean()


def test_the_intervals_of_several_labels_are_those_of_rows_drawn_for_both():
    real, (a, b) = sets_sample(1, 250, 0.6, 1.2)
    found = compared(real, a, b).differences
    rng, answers = np.random.default_rng(5), [own >= 0.5 for own in (a, b)]
    drawn = []
    for _ in range(400):
        rows = rng.integers(250, size=250)
        a, b = (figures(real[rows], own[rows]) for own in answers)
        drawn.append(np.subtract(b, a))
    expected = np.quantile(drawn, [0.025, 0.975], axis=0).T
    for name, ends in zip(("micro_f1", "macro_f1", "hamming_loss", "subset_accuracy"), expected, strict=True):
        assert (found[name].low, found[name].high) == pytest.approx(ends, abs=0.02)
    assert {name: found[name].better for name in found} == dict.fromkeys(found, "B")


def test_no_order_of_the_rows_changes_a_comparison_of_several_labels():
    real, (a, b) = sets_sample(2, 60)
    first, order = compared(real, a, b).to_json(), np.random.default_rng(0).permutation(60)
    again = compared(real[order], a[order], b[order]).to_json()
    assert again["differences"] == first["differences"]
    assert again["confusions"] == first["confusions"]


def test_labels_that_one_model_never_saw_count_as_not_answered_by_it():
    real, (a, b) = sets_sample(3, 80)
    narrow = SetOutcomes(["joy", "love", "pride"], real, a[:, :2] >= 0.5, np.log(a[:, :2]))
    found = compare(narrow, SetOutcomes(LABELS, real, b >= 0.5, np.log(b)), Texts.from_strings([""] * 80))
    answers = np.column_stack([a[:, :2] >= 0.5, np.zeros(80, dtype=bool)])
    assert found.differences["micro_f1"].a == pytest.approx(f1_score(real, answers, average="micro"))
    assert found.differences["log_loss"].b == pytest.approx(log_loss(real[:, :2].ravel(), b[:, :2].ravel()))
    assert "leaves out 1 label that one of them never saw" in found.differences["log_loss"].reason
    assert found.unseen_a == {"pride": int(real[:, 2].sum())}


@pytest.fixture(scope="module")
def texts():
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, 8)) for _ in range(200)]


def members_of(texts):
    return np.array([[word in text.split() for word in TELLING] for text in texts])


def test_two_classifiers_of_several_labels_are_compared(texts):
    labels = [np.array(TELLING)[row].tolist() for row in members_of(texts)]
    words, letters = (
        vikt.TextClassifier(name, min_df=1, l2=l2).fit(texts[:120], labels[:120])
        for name, l2 in (("word", 1e-3), ("char", 1.0))
    )
    found = vikt.compare(words, letters, texts[120:], iter(labels[120:]))
    assert found.differences["subset_accuracy"].better == "A"
    answered = words.evaluate(texts[120:], labels[120:]).figures
    assert found.differences["micro_f1"].a == pytest.approx(answered["micro_f1"].value)
    assert "subset accuracy" in str(found)
    assert json.loads(found.examples[0].label) == labels[120:][found.examples[0].row]
    with pytest.raises(UsageError, match="compare: A answers several labels for each text, and B one"):
        vikt.compare(words, vikt.TextClassifier("word", min_df=1, l2=1.0).fit(texts, ["a", "b"] * 100), texts, labels)
    with pytest.raises(DataError, match="answers several labels for each text, found one label for each"):
        vikt.compare(words, letters, texts, ["w1"] * 200)


def test_models_of_shares_are_compared_by_cross_entropy_and_by_the_most_probable_class(texts):
    shares = 1.0 + 3 * members_of(texts)
    shares /= shares.sum(axis=1, keepdims=True)
    modes = shares.argmax(axis=1)
    soft = vikt.TextClassifier("word", min_df=1, l2=1e-3).fit(texts[:120], shares[:120])
    hard = vikt.TextClassifier("word", min_df=1, l2=1e-3).fit(texts[:120], modes[:120])
    found = vikt.compare(soft, hard, texts[120:], shares[120:]).differences
    for side, own in (("a", soft), ("b", hard)):
        probabilities = own.predict_proba(texts[120:])
        cross_entropies = -(shares[120:] * np.log(probabilities)).sum(axis=1)
        assert getattr(found["log_loss"], side) == pytest.approx(cross_entropies.mean())
        brier = ((shares[120:] - probabilities) ** 2).sum(axis=1).mean()
        assert getattr(found["brier"], side) == pytest.approx(brier)
        assert getattr(found["accuracy"], side) == np.mean(probabilities.argmax(axis=1) == modes[120:])
    of_classes = vikt.compare(soft, hard, texts[120:], modes[120:]).differences
    assert of_classes["log_loss"].a == pytest.approx(log_loss(modes[120:], soft.predict_proba(texts[120:])))


def test_the_median_of_levels_is_compared_with_answers_of_classes(texts):
    levels = members_of(texts).sum(axis=1)
    options = {"analyzer": "word", "min_df": 1, "l2": 1e-3}
    ordered = vikt.TextClassifier(targets="ordered", **options).fit(texts[:120], levels[:120])
    classes = vikt.TextClassifier(**options).fit(texts[:120], levels[:120])
    for a, b in ((ordered, classes), (classes, ordered)):
        found = vikt.compare(a, b, texts[120:], levels[120:]).differences["mean_absolute_error"]
        expected = [np.abs(own.predict(texts[120:]) - levels[120:]).mean() for own in (a, b)]
        assert [found.a, found.b] == pytest.approx(expected)
    assert "mean_absolute_error" not in vikt.compare(classes, classes, texts, levels).differences
