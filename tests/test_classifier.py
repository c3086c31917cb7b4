"""TextClassifier: the promises, on the embedded sample and on real corpora."""

from __future__ import annotations

import numpy as np
import pytest

import vikt
from vikt.errors import ClassesError, ConvergenceWarning, DataError, EmptyVocabularyError, NotFittedError, UsageError
from vikt.evaluation.evaluation import evaluate
from vikt.report.choices import penalty_sentence


def rows_of(path, label):
    header, *lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    names = header.split("\t")
    rows = [line.split("\t") for line in lines]
    return [row[names.index("text")] for row in rows], [row[names.index(label)] for row in rows]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"analyzer": "word+char"},
        {"weighting": "counts", "analyzer": "char_wb"},
        {"folds": 3},
        {"folds": 4, "one_standard_error": True, "class_weight": "balanced"},
    ],
)
def test_the_order_of_rows_changes_not_one_byte_of_the_file(emails, tmp_path, options):
    texts, labels = emails
    for name, order in (("a", np.arange(400)), ("b", np.random.default_rng(1).permutation(400))):
        classifier = vikt.TextClassifier(**options)
        classifier.fit([texts[i] for i in order], [labels[i] for i in order])
        classifier.save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    "options",
    [{}, {"analyzer": "word+char", "ngrams": (1, 1), "class_weight": {"spam": 2.0}}, {"l2": 0.0, "solver": "batch"}],
)
@pytest.mark.filterwarnings("ignore::vikt.errors.ConvergenceWarning")
def test_saved_and_loaded_is_the_same(emails, tmp_path, options):
    texts, labels = emails
    classifier = vikt.TextClassifier(max_iter=50, **options).fit(texts, labels)
    classifier.save(tmp_path / "m")
    loaded = vikt.load(tmp_path / "m")
    assert np.array_equal(loaded.predict_proba(texts), classifier.predict_proba(texts))
    assert loaded.get_params() == classifier.get_params()
    assert loaded.certificate_ == classifier.certificate_ or np.isnan(loaded.certificate_)
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()


@pytest.mark.parametrize(
    "labels", [[0, 1] * 10, [True, False] * 10, ["ja", "nej"] * 10, np.array(["a", "b"] * 10, object)]
)
def test_labels_keep_their_type(labels, tmp_path):
    texts = ["ja ja", "nej tack"] * 10
    classifier = vikt.TextClassifier(l2=0.01).fit(texts, labels)
    classifier.save(tmp_path / "m")
    for one in (classifier, vikt.load(tmp_path / "m")):
        assert one.predict(texts).tolist() == list(labels)
        assert one.classes_.dtype == classifier.classes_.dtype


def test_probabilities_are_probabilities_and_threads_and_batches_change_nothing(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(l2=1e-5).fit(texts, labels)
    many = [*texts, "", " \n", "zzzqqq", "\x00", "😀" * 50] * 25
    p = classifier.predict_proba(many)
    assert p.min() >= 0
    assert p.max() <= 1
    assert np.abs(p.sum(axis=1) - 1).max() < 1e-12
    assert np.array_equal(p[:3], np.concatenate([classifier.predict_proba([text]) for text in texts[:3]]))
    classifier.threads = 2
    assert np.array_equal(classifier.predict_proba(many), p)


def test_the_certificate_is_that_of_the_rounded_model(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(l2=1e-4, tol=1e-6).fit(texts, labels)
    tighter = vikt.TextClassifier(l2=1e-4, tol=1e-9).fit(texts, labels)
    assert classifier.theta_.dtype == np.float32
    assert classifier.loss_ - tighter.loss_ <= classifier.bound_
    assert classifier.certificate_ < 2e-6


def test_rows_held_out_were_not_learnt_from(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(min_df=1, ngrams=(1, 1))
    held, held_labels = classifier.fit_and_hold_out(texts, labels)
    assert len(held) == len(held_labels) == 40
    assert classifier.data_["fitted_rows"] == 360
    again = vikt.TextClassifier(min_df=1, ngrams=(1, 1), l2=classifier.l2_)
    kept = [i for i, text in enumerate(texts) if text not in set(held)]
    again.fit([texts[i] for i in kept], [labels[i] for i in kept])
    assert np.abs(again.predict_proba(texts) - classifier.predict_proba(texts)).max() < 0.01


def test_an_explanation_sums_to_the_score(emails):
    texts, labels = emails
    for analyzer in ("word", "char_wb", "word+char"):
        classifier = vikt.TextClassifier(analyzer, l2=1e-4).fit(texts, labels)
        for text in ["Click the button, win $1,000!", "", "İstanbul ve ΣΊΣΥΦΟΣ", texts[3]]:
            explanation = classifier.explain(text)
            total = explanation.intercept + sum(part.contribution for part in explanation.contributions)
            assert explanation.score == pytest.approx(total, abs=1e-12)
            p = classifier.predict_proba([text])[0]
            assert explanation.probability == pytest.approx(p.max())
            assert explanation.label == classifier.predict([text])[0]
            assert 1 / (1 + np.exp(-explanation.score)) == pytest.approx(p.max(), rel=1e-5)
            assert len(explanation.emphasis) == len(explanation.text)


def test_emphasis_falls_on_the_words_that_count():
    texts = ["good film", "good fun", "bad film", "bad fun"]
    explanation = vikt.TextClassifier(ngrams=(1, 1), l2=0.01).fit(texts, list("ppnn")).explain("A GOOD film")
    assert explanation.text == "A GOOD film"
    assert min(explanation.emphasis[2:6]) > 0.1
    assert max(np.abs(explanation.emphasis[:2])) == 0
    assert sum(explanation.emphasis) == pytest.approx(sum(part.contribution for part in explanation.contributions))


def test_weight_zero_is_no_row_and_weight_two_is_the_row_twice(emails):
    texts, labels = emails
    weights = np.arange(400) % 3
    weighted = vikt.TextClassifier(min_df=1, ngrams=(1, 1), l2=1e-3, tol=1e-9).fit(texts, labels, weights)
    kept = np.flatnonzero(weights)
    assert weighted.data_["rows_of_weight_0"] == 400 - len(kept)
    uniform = vikt.TextClassifier(min_df=1, ngrams=(1, 1), l2=1e-3, tol=1e-9)
    uniform.fit([texts[i] for i in kept], [labels[i] for i in kept], np.full(len(kept), 7.0))
    plain = vikt.TextClassifier(min_df=1, ngrams=(1, 1), l2=1e-3, tol=1e-9)
    plain.fit([texts[i] for i in kept], [labels[i] for i in kept])
    assert np.abs(uniform.predict_proba(texts) - plain.predict_proba(texts)).max() < 1e-4


@pytest.mark.parametrize("seed", range(3))
def test_a_class_that_only_doubles_others_may_be_gone_from_the_rows_to_fit(seed):
    texts = [f"word{i} and word{i + 1}" for i in range(40)]
    labels = ["x" if i % 2 else "y" for i in range(40)]
    doubled = [text for text in texts for _ in range(3)]
    threefold = [label for label in labels for _ in range(3)]
    classifier = vikt.TextClassifier(min_df=1, random_state=seed, class_weight="balanced")
    held, true = classifier.fit_and_hold_out([*doubled, *texts], [*threefold, *(f"z{i}" for i in range(40))])
    assert len(classifier.classes_) < 42
    p = classifier.predict_proba(held)
    assert p.shape == (len(held), len(classifier.classes_))
    assert set(true) - set(classifier.classes_.tolist())
    assert classifier.certificate_ <= 1e-3


def test_early_stopping_keeps_its_validation_rows(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(
        solver="minibatch", patience=1, l2=0.0, max_iter=400, learning_rate=20.0, batch_size=16
    )
    classifier.fit(texts, labels)
    assert classifier.data_["fitted_rows"] == classifier.data_["training_rows"] == 360
    assert all(record.validation_loss is not None for record in classifier.loss_curve_)


def test_too_few_rows_to_validate_on_take_the_default_penalty():
    classifier = vikt.TextClassifier(min_df=1).fit(["a b", "c d", "a d"], ["x", "y", "x"])
    assert classifier.choice_.rule == "default"
    assert "by default" in penalty_sentence(classifier.choice_)
    assert classifier.l2_ == pytest.approx(1 / (2 * 100 * 3))


@pytest.mark.parametrize(
    ("options", "texts", "labels", "error", "message"),
    [
        ({}, ["a", "b"], ["x", "x"], ClassesError, "two classes"),
        ({}, [], [], ClassesError, "two classes"),
        ({}, ["a", "b"], ["x"], DataError, "2 rows and 1 label;"),
        ({}, ["a", None], ["x", "y"], DataError, r"text 1 is missing \(1 in all, counted from 0\)"),
        ({}, "a text", ["x"], DataError, "sequence of strings"),
        ({"min_df": 1}, ["", " "], ["x", "y"], EmptyVocabularyError, "no vocabulary"),
        ({}, ["a", "b"], ["x", "y"], EmptyVocabularyError, "min_df=2"),
        ({"l2": -1}, ["a", "b"], ["x", "y"], UsageError, "a number of at least 0"),
        ({"l2": "no"}, ["a", "b"], ["x", "y"], UsageError, "a number of at least 0, or 'auto', found 'no'"),
        ({"analyzer": "sentence"}, ["a", "b"], ["x", "y"], UsageError, "analyzer"),
        ({"weighting": "bm25"}, ["a", "b"], ["x", "y"], UsageError, "weighting"),
        ({"min_df": 0}, ["a", "b"], ["x", "y"], UsageError, "min_df"),
        ({"solver": "dual", "l2": 0, "min_df": 1}, ["a", "b"], ["x", "y"], UsageError, "λ > 0"),
    ],
)
def test_what_cannot_be_is_refused_by_name(options, texts, labels, error, message):
    with pytest.raises(error, match=message):
        vikt.TextClassifier(**options).fit(texts, labels)


def test_before_fit():
    with pytest.raises(NotFittedError):
        vikt.TextClassifier().predict(["a"])


def test_a_fit_cut_short_says_so(emails):
    with pytest.warns(ConvergenceWarning, match="max_iter = 1"):
        vikt.TextClassifier(l2=1e-7, max_iter=1).fit(*emails)


def accuracy_on(path_train, path_test, label, **options):
    classifier = vikt.TextClassifier(**options).fit(*rows_of(path_train, label))
    texts, labels = rows_of(path_test, label)
    return evaluate(labels, classifier.classes_, classifier.predict_log_proba(texts)).accuracy.value


@pytest.mark.slow
def test_trec(corpus):
    files = corpus("trec/train.tsv"), corpus("trec/test.tsv")
    assert accuracy_on(*files, "label") >= 0.89
    assert accuracy_on(*files, "fine") >= 0.80


@pytest.mark.slow
def test_sms(corpus):
    texts, labels = rows_of(corpus("sms/sms.tsv"), "label")
    found = []
    for seed in range(5):
        classifier = vikt.TextClassifier(random_state=seed)
        held, true = classifier.fit_and_hold_out(texts, labels)
        found.append(classifier.score(held, true))
    assert np.mean(found) >= 0.984


@pytest.mark.slow
def test_languages(corpus):
    files = corpus("languages/train.tsv"), corpus("languages/test.tsv")
    assert accuracy_on(*files, "label", analyzer="char_wb", ngrams=(2, 4)) >= 0.943


@pytest.mark.slow
@pytest.mark.parametrize(("label", "least"), [("label", 0.908), ("rating", 0.465)])
def test_imdb(corpus, label, least):
    import pyarrow.parquet as pq

    train, test = (pq.read_table(corpus(f"imdb/{name}.parquet")) for name in ("train", "test"))
    classifier = vikt.TextClassifier().fit(train["text"].to_pylist(), train[label].to_pylist())
    assert classifier.score(test["text"].to_pylist(), test[label].to_pylist()) >= least
