"""Smaller models: which features stay, what the weights become, and what is said of the result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import models_of_kinds
import vikt
from vikt.errors import ParameterError, UsageError
from vikt.files.model_file import load_model, save_model
from vikt.fitting.saved import SavedModel
from vikt.fitting.trained import load_trained
from vikt.shrinking.shrunk import file_size, kept_first, shrunk_to, shrunk_to_size
from vikt.shrinking.sizes import parsed_size


def saved(classifier):
    return SavedModel(classifier.model_, classifier.record_)


def loaded_again(model, path):
    save_model(path, *model.to_file(), force=True)
    return load_trained(path)


@pytest.fixture(scope="module")
def classifier(emails):
    return vikt.TextClassifier("word+char", min_df=1, l2=0.001).fit(*emails)


@pytest.fixture(scope="module")
def small(classifier):
    return shrunk_to(saved(classifier), 60)


OPTIONS = {
    "words": {"analyzer": "word"},
    "trigrams alone": {"analyzer": "word", "ngrams": (3, 3)},
    "characters": {"analyzer": "char_wb", "ngrams": (2, 4)},
    "counts": {"analyzer": "word", "weighting": "counts"},
    "nb": {"analyzer": "word", "weighting": "nb"},
    "hashed": {"analyzer": "word+char", "hashing": 12},
    "hand-made": {"analyzer": "word", "features": [{"name": "length", "kind": "length"}]},
    "calibrated": {"analyzer": "word", "calibrate": True},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_shrunk_model_is_a_model(emails, tmp_path, options):
    full = saved(vikt.TextClassifier(min_df=1, l2=0.001, **options).fit(*emails))
    small = shrunk_to(full, 20)
    again = loaded_again(small, tmp_path / "m.vikt")
    texts = [*emails[0], "", "never seen"]
    assert again.model.features.n_features == 20
    assert set(small.model.features.names()) <= set(full.model.features.names())
    np.testing.assert_array_equal(again.model.probabilities(texts), small.model.probabilities(texts))
    assert file_size(small) < file_size(full)


@pytest.mark.parametrize("kind", ["several", "ordered", "soft", "three classes"])
def test_every_kind_of_target(tmp_path, kind):
    texts = models_of_kinds.TEXTS
    shares = np.random.default_rng(0).dirichlet(np.ones(3), len(texts))
    made = {
        "several": lambda: models_of_kinds.several(tmp_path / "s.vikt"),
        "ordered": lambda: models_of_kinds.ordered(tmp_path / "o.vikt"),
        "soft": lambda: models_of_kinds.fitted(shares, targets="soft"),
        "three classes": lambda: models_of_kinds.fitted(list("abc") * 4),
    }
    full = saved(made[kind]())
    small = shrunk_to(full, 6)
    again = loaded_again(small, tmp_path / "small.vikt")
    assert again.model.kind == full.model.kind
    np.testing.assert_array_equal(again.model.probabilities(texts), small.model.probabilities(texts))
    if kind == "ordered":
        assert not again.model.intercept.any()


def test_all_features_are_the_same_model(classifier):
    full = saved(classifier)
    assert shrunk_to(full, full.model.features.n_features) is full
    assert shrunk_to_size(full, file_size(full)) is full


def test_smaller_models_are_nested(classifier):
    names = [set(shrunk_to(saved(classifier), n).model.features.names()) for n in (5, 10, 40)]
    assert names[0] < names[1] < names[2]


def test_what_is_dropped_of_counts_is_worth_its_mean(emails):
    """Where rows are not normalised, the features that stay add what they did, and the rest a constant."""
    full = saved(vikt.TextClassifier("word", ngrams=(1, 1), weighting="counts", min_df=1, l2=0.001).fit(*emails))
    small = shrunk_to(full, 15)
    place = {name: j for j, name in enumerate(full.model.features.names())}
    for name, weight in zip(small.model.features.names(), small.model.coef[0], strict=True):
        assert weight == full.model.coef[0][place[name]]
    [empty] = small.model.scores([""])
    for name, weight in zip(small.model.features.names(), small.model.coef[0], strict=True):
        assert small.model.scores([name])[0] - empty == pytest.approx(weight, abs=1e-6)


def test_the_features_that_move_scores_most_stay(emails):
    """The root mean square of θ_j·x_j: frequencies counted by hand, and idf by its formula."""
    texts, labels = emails
    classifier = vikt.TextClassifier("word", ngrams=(1, 1), min_df=1, l2=0.001).fit(texts, labels)
    names, m = classifier.get_feature_names_out().tolist(), len(texts)
    rows = classifier.model_.features.transform(classifier.model_.measured(texts))
    frequency = np.bincount(rows.indices, minlength=len(names))
    idf = np.log((1 + m) / (1 + frequency)) + 1
    moved = np.abs(classifier.coef_[0]) * idf * np.sqrt(frequency)
    kept = shrunk_to(saved(classifier), 12).model.features.names()
    assert set(kept) == {names[j] for j in np.argsort(-moved)[:12]}


def test_weights_make_up_for_shorter_rows(emails):
    """Rows of fewer features are divided by less, their length by idf²·df, and the weights by its root."""
    texts, labels = emails
    classifier = vikt.TextClassifier("word", ngrams=(1, 1), min_df=1, l2=0.001).fit(texts, labels)
    small = shrunk_to(saved(classifier), 12)
    names = classifier.get_feature_names_out().tolist()
    rows = classifier.model_.features.transform(classifier.model_.measured(texts))
    frequency = np.bincount(rows.indices, minlength=len(names))
    squares = frequency * (np.log((1 + len(texts)) / (1 + frequency)) + 1) ** 2
    kept = [names.index(name) for name in small.model.features.names()]
    expected = classifier.coef_[0][kept] * (squares[kept].sum() / squares.sum()) ** 0.25
    np.testing.assert_allclose(small.model.coef[0], expected, rtol=1e-5)


def test_what_no_feature_needs_leaves_the_vocabulary(classifier, small):
    for part in small.model.features.parts:
        needed = set()
        for path in (name for name in part.names()):
            units = path.split(" ") if part.analyzer.joiner else list(path)
            needed |= set(units)
        units = set(part.source.units.spellings(np.arange(part.source.units.n)))
        assert units == needed
    assert [part.source.units.n for part in small.model.features.parts] < [
        part.source.units.n for part in classifier.model_.features.parts
    ]


def test_hand_made_features_stay(emails):
    declared = [{"name": "length", "kind": "length"}, {"name": "money", "kind": "pattern", "pattern": "[$]"}]
    full = saved(vikt.TextClassifier("word", min_df=1, l2=0.001, features=declared).fit(*emails))
    assert shrunk_to(full, 3).model.features.names()[1:] == ["length", "money"]
    with pytest.raises(ParameterError, match=r"2 of them hand-made, which always stay\), found 2"):
        shrunk_to(full, 2)
    alone = saved(vikt.TextClassifier("none", l2=0.001, features=declared).fit(*emails))
    with pytest.raises(UsageError, match="nothing to shrink"):
        shrunk_to(alone, 1)


@pytest.mark.parametrize("n", [0, -1, 10**9])
def test_numbers_that_cannot_be_kept_are_refused(classifier, n):
    with pytest.raises(ParameterError, match="features: expected 1 to"):
        shrunk_to(saved(classifier), n)


def test_nothing_is_proven_of_the_result(classifier, small, tmp_path):
    tested = replace(saved(classifier), record=classifier.record_.with_test(1, {"accuracy": {"value": 1.0}}))
    record = shrunk_to(tested, 60).record
    assert record.metrics == {}
    assert all(np.isnan(part.relative) and np.isnan(part.bound) for part in record.parts)
    n = classifier.n_features_in_
    assert str(record.parts[0].reason) == f"the model was shrunk from {n:,} features after its fit"
    assert record.shrunk_from == n
    assert classifier.record_.shrunk_from is None
    assert shrunk_to(small, 30).record.shrunk_from == n
    assert loaded_again(small, tmp_path / "m.vikt").record == small.record


def test_what_needs_the_fit_is_refused(emails, small, tmp_path):
    save_model(tmp_path / "m.vikt", *small.to_file())
    model = vikt.load(tmp_path / "m.vikt")
    texts, labels = emails
    with pytest.raises(UsageError, match="an update needs the model as it was fitted"):
        model.update(texts, labels, add=(["new"], labels[:1]))
    with pytest.raises(UsageError, match="influence of training rows needs the model"):
        model.influence(texts[0], texts, labels)
    with pytest.raises(UsageError, match="a standard error needs the model"):
        model.standard_errors(texts, labels)


def test_a_shrunk_model_explains_its_answers(emails, small, tmp_path):
    save_model(tmp_path / "m.vikt", *small.to_file())
    model = vikt.load(tmp_path / "m.vikt")
    for text in emails[0][:5]:
        found = model.explain(text)
        total = found.intercept + sum(own.contribution for own in found.contributions)
        assert abs(total) == pytest.approx(abs(model.decision_function([text])[0]), abs=1e-5)


@pytest.mark.parametrize("share", [0.9, 0.5, 0.2])
def test_a_size_is_kept_and_used(classifier, share):
    full = saved(classifier)
    most = round(share * file_size(full))
    small = shrunk_to_size(full, most)
    assert file_size(small) <= most
    n = small.model.features.n_features
    assert file_size(shrunk_to(full, round(1.02 * n) + 1)) > most


def test_a_size_that_holds_nothing_is_refused(classifier):
    with pytest.raises(UsageError, match=r"1 of .* takes .* bytes, more than the 100 asked for"):
        shrunk_to_size(saved(classifier), 100)


@pytest.mark.parametrize(
    "typed", ["", "3", "3 apples", "-3MB", "0MB", "3MiB", "1e3kB", "MB", "nanMB", "١kB", "9" * 400 + "kB"]
)
def test_texts_that_are_no_sizes_are_refused(typed):
    with pytest.raises(ParameterError, match="expected a size such as 500kB or 3MB"):
        parsed_size(typed)


def test_the_bytes_do_not_depend_on_chance(classifier, tmp_path):
    paths = [tmp_path / "a.vikt", tmp_path / "b.vikt"]
    for path in paths:
        save_model(path, *shrunk_to(saved(classifier), 60).to_file())
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert load_model(paths[0])[1]["parts"][0]["certificate"]["relative"] is None


def test_a_classifier_makes_a_smaller_one(emails, classifier, tmp_path):
    small = classifier.shrink(features=50)
    assert (small.n_features_in_, classifier.n_features_in_ > 50) == (50, True)
    assert small.get_params() == classifier.get_params()
    small.save(tmp_path / "m.vikt")
    assert vikt.load(tmp_path / "m.vikt").predict(emails[0][:5]).tolist() == small.predict(emails[0][:5]).tolist()
    assert file_size(saved(classifier.shrink(size="100kB"))) <= 100_000
    for wrong in ({}, {"features": 3, "size": "1MB"}):
        with pytest.raises(UsageError, match="either a number of features or a size"):
            classifier.shrink(**wrong)


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("shrink", {"features": "50"}, "features: expected a whole number of 1 or more, found '50'"),
        ("shrink", {"features": 0.5}, "features: expected a whole number of 1 or more, found 0.5"),
        ("shrink", {"features": True}, "features: expected a whole number of 1 or more, found True"),
        ("shrink", {"size": 20_000}, "size: expected a size such as 500kB or 3MB, found 20000"),
        ("to_html", {"size": 20_000}, "size: expected a size such as 500kB or 3MB, found 20000"),
        ("to_html", {"name": 5}, "name: expected a string, found 5"),
        ("card", {"name": None}, "name: expected a string, found None"),
    ],
)
def test_arguments_of_other_types_are_refused(classifier, method, arguments, message):
    with pytest.raises(ParameterError, match=message):
        getattr(classifier, method)(**arguments)


def test_numbers_of_numpy_are_numbers(classifier):
    assert classifier.shrink(features=np.int64(50)).n_features_in_ == 50


def test_questions_keep_their_answers(corpus):
    """TREC: a tenth of the features loses little, and less than those of the largest weights do."""
    rows = [line.split("\t") for line in corpus("trec/train.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    test = [line.split("\t") for line in corpus("trec/test.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    classifier = vikt.TextClassifier("word", l2=5e-6, tol=1e-4).fit([row[2] for row in rows], [row[0] for row in rows])
    texts, labels = [row[2] for row in test], [row[0] for row in test]
    full = saved(classifier)
    n = full.model.features.n_features // 10
    largest = np.argsort(-np.abs(full.model.coef).max(axis=0))
    small, other = shrunk_to(full, n), kept_first(full, largest, n)
    assert np.mean(full.model.predicted(texts) == labels) - np.mean(small.model.predicted(texts) == labels) < 0.04
    place = [full.model.labels.index(label) for label in labels]
    losses = [-np.mean(own.model.log_probabilities(texts)[np.arange(len(place)), place]) for own in (small, other)]
    assert losses[0] < losses[1]
