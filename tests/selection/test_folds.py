"""λ by folds: nothing is validated on what was learnt from it, and the curve is what independent code finds."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import sem
from sklearn.linear_model import LogisticRegression as Reference
from sklearn.metrics import log_loss

import vikt
from vikt.corpus.digests import ContentDigests
from vikt.corpus.order import group_ranks, split_folds
from vikt.errors import UsageError
from vikt.features.handmade import Category
from vikt.fitting import fit
from vikt.matrix import DenseMatrix
from vikt.model.losses import cross_entropy_for
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part
from vikt.report.choices import penalty_sentence
from vikt.selection.choices import PathPoint
from vikt.selection.folds import Fold, RoughFit, mean_loss, validation_loss, weighted_mean
from vikt.selection.penalty import choose_l2, choose_l2_near, largest_within_one_standard_error

# The splits


@given(
    rows=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=1, max_size=120), folds=st.integers(2, 7)
)
def test_folds_are_a_partition_of_whole_groups_even_in_size_and_stratified(rows, folds):
    texts, y = [str(text).encode() for text, _ in rows], np.array([label for _, label in rows])
    parts = split_folds(group_ranks(texts, ContentDigests.of(texts).keys(0)), y, folds)
    assert len(parts) == folds
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(rows)))
    groups = [{texts[i] for i in part} for part in parts]
    sizes = [len(held) for held in groups]
    assert sum(sizes) == len(set(texts))
    assert max(sizes) - min(sizes) <= 1
    commonest = {text: np.bincount([label for other, label in rows if str(other).encode() == text]) for text in texts}
    for label in range(4):
        counts = [sum(commonest[text].argmax() == label for text in held) for held in groups]
        assert max(counts) - min(counts) <= 1


@pytest.fixture
def learnt(monkeypatch):
    """The groups (texts, or sentences) fitted and kept apart, at each time that features are learnt."""
    seen, made = [], fit.prepare

    def prepare(examples, settings, training, apart, *options):
        groups = examples.documents.groups
        seen.append([{bytes(groups[i]) for i in rows} for rows in (training, apart)])
        return made(examples, settings, training, apart, *options)

    monkeypatch.setattr(fit, "prepare", prepare)
    return seen


def test_tokens_of_one_sentence_are_in_one_fold(learnt):
    random = np.random.default_rng(0)
    tokens = [token for _ in range(90) for token in [*random.choice(["he", "Åsa", "ran", "to", "Rome"], 6), "."]]
    labels = ["name" if token[0].isupper() else "other" for token in tokens]
    neighbour = Category(name="before", offset=-1)
    vikt.TextClassifier(analyzer="none", features=[neighbour, Category(name="itself")], folds=3).fit(tokens, labels)
    assert len(learnt) == 4
    for training, validation in learnt[:3]:
        assert not training & validation
        assert all(sentence.count(b"\n") > 1 for sentence in validation)


def test_rows_held_out_are_in_no_fold_and_features_are_learnt_once_for_each(emails, learnt):
    texts, labels = emails
    classifier = vikt.TextClassifier(folds=4)
    held, _ = classifier.fit_and_hold_out([*texts, *texts[:50]], [*labels, *labels[:50]])
    *folds, (fitted, nothing) = learnt
    assert (len(folds), nothing) == (4, set())
    for training, validation in folds:
        assert not training & validation
        assert training | validation == fitted
    assert sum(len(validation) for _, validation in folds) == len(fitted)
    assert not fitted & {text.encode() for text in held}
    assert classifier.data_["fitted_rows"] == classifier.data_["training_rows"]
    assert classifier.data_["validation_rows"] == 0


# The loss and its standard error


@given(st.lists(st.floats(0, 10), min_size=2, max_size=30))
def test_the_standard_error_of_equal_weights_is_scipys(values):
    found = weighted_mean(np.array(values), np.full(len(values), 3.0))
    assert found.mean == pytest.approx(np.mean(values))
    assert found.standard_error == pytest.approx(sem(values), abs=1e-12)


@pytest.fixture
def exact_path(monkeypatch):
    """Each fit of the path to the end: that its habit is to stop at a hundredth is another matter."""
    monkeypatch.setattr("vikt.selection.path.PATH_TOL", 1e-10)
    monkeypatch.setattr("vikt.selection.path._MOST_PASSES", 600)


def folds_of(classes, m=150, k=3, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(m, 5))
    y = np.argmax(X @ random.normal(size=(5, classes)) + random.gumbel(size=(m, classes)), axis=1)
    y[: 3 * classes] = np.tile(np.arange(classes), 3)
    made = []
    for fold in range(k):
        apart = np.arange(m) % k == fold
        parts = [
            Objective.of(DenseMatrix(X[rows]), y[rows], n_classes=classes, l2=0.0, sample_weight=np.ones(rows.sum()))
            for rows in (~apart, apart)
        ]
        made.append(Fold(*parts))
    return made


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("k", [1, 3])
def test_the_curve_is_that_of_scikit_learn_at_the_same_penalties(exact_path, classes, k):
    folds = folds_of(classes)[:k]
    choice = choose_l2(folds)
    # Weaker penalties than these take the ascent more passes than a test has.
    for point in [point for point in choice.curve[::3] if point.strength <= 100]:
        losses = []
        for fold in folds:
            C = 1 / (2 * point.l2 * fold.training.total_weight)
            model = Reference(C=C, tol=1e-10, max_iter=1000).fit(fold.training.rows.X.values, fold.training.rows.y)
            apart = fold.validation.rows
            losses.append(-model.predict_log_proba(apart.X.values)[range(len(apart.y)), apart.y])
        assert point.log_loss == pytest.approx(np.mean([of_fold.mean() for of_fold in losses]), rel=1e-4)
        error = sem([of_fold.mean() for of_fold in losses]) if k > 1 else sem(losses[0])
        assert point.standard_error == pytest.approx(error, rel=1e-3)
    norms = [np.mean(np.sum(fold.training.rows.X.values**2, axis=1)) for fold in folds]
    for point in choice.curve:
        assert point.C * np.mean(norms) == pytest.approx(point.strength)
        assert point.l2 == pytest.approx(1 / (2 * point.C * np.mean([len(fold.training.rows.y) for fold in folds])))
    least = min(point.log_loss for point in choice.curve)
    assert choice.l2 == next(point.l2 for point in choice.curve if point.log_loss == least)


def test_the_path_ends_by_the_mean_after_three_worse_values():
    losses = [point.log_loss for point in choose_l2(folds_of(3)).curve]
    assert len(losses) - 1 - np.argmin(losses) == 3


def test_folds_fitted_side_by_side_choose_the_same():
    assert choose_l2(folds_of(3), threads=2) == choose_l2(folds_of(3))


@given(st.lists(st.tuples(st.floats(0.1, 2), st.floats(0, 0.5)), min_size=1, max_size=12))
def test_one_standard_error_takes_the_largest_penalty_that_is_near_enough(points):
    curve = [PathPoint(10.0**i, 10.0**i, 10.0**-i, *point) for i, point in enumerate(points)]
    best = min(curve, key=lambda point: point.log_loss)
    found = largest_within_one_standard_error(curve)
    assert found.l2 >= best.l2
    assert found.log_loss <= best.log_loss + best.standard_error
    assert all(point.log_loss > best.log_loss + best.standard_error for point in curve if point.l2 > found.l2)


@pytest.mark.parametrize("folds", [None, 5])
def test_one_standard_error_of_texts(emails, folds):
    best, strong = (
        vikt.TextClassifier(folds=folds, one_standard_error=wanted).fit(*emails) for wanted in (False, True)
    )
    assert best.choice_.curve == strong.choice_.curve
    assert strong.l2_ == largest_within_one_standard_error(best.choice_.curve).l2 > best.l2_
    assert (best.choice_.rule, strong.choice_.rule) == ("least_loss", "one_standard_error")
    assert "within one standard error" in penalty_sentence(strong.choice_)


# Weights


def test_factors_of_classes_are_weights_of_rows_where_penalties_are_chosen_too(emails):
    texts, labels = emails
    by_class = vikt.TextClassifier(class_weight={"spam": 3.0}).fit(texts, labels)
    by_row = vikt.TextClassifier().fit(texts, labels, [3.0 if label == "spam" else 1.0 for label in labels])
    assert by_class.choice_.curve == by_row.choice_.curve
    assert by_class.choice_.curve != vikt.TextClassifier().fit(texts, labels).choice_.curve


@pytest.mark.parametrize("folds", [None, 3])
def test_weight_two_is_the_row_twice_in_the_curve_and_its_standard_errors(emails, exact_path, folds):
    texts, labels = emails
    twice = np.arange(400) % 3 == 0
    options = {"weighting": "counts", "min_df": 1, "folds": folds}
    weighted = vikt.TextClassifier(**options).fit(texts, labels, 1.0 + twice)
    doubled = vikt.TextClassifier(**options).fit(np.repeat(texts, 1 + twice).tolist(), np.repeat(labels, 1 + twice))
    assert np.allclose(weighted.choice_.curve, doubled.choice_.curve, rtol=1e-4, atol=0)


# What is kept, told and refused


def test_the_curve_is_kept_in_the_file(emails, tmp_path):
    classifier = vikt.TextClassifier(folds=3).fit(*emails)
    classifier.save(tmp_path / "m.vikt")
    loaded = vikt.load(tmp_path / "m.vikt")
    assert loaded.choice_ == classifier.choice_
    assert all(point.standard_error > 0 for point in loaded.choice_.curve)
    assert "in 3 folds" in penalty_sentence(loaded.choice_)


def test_the_command_line_shows_the_curve(run, emails, tmp_path):
    data, model = tmp_path / "d.tsv", tmp_path / "m.vikt"
    data.write_text("label\ttext\n" + "".join(f"{b}\t{a}\n" for a, b in zip(*emails, strict=True)), encoding="utf-8")
    options = ["train", data, "-o", model, "-q", "--folds", 3, "--one-standard-error"]
    code, out, err = run(*options, "--refit-all")
    assert (code, "standard error" in out, "<- chosen" in out) == (0, True, True), err
    told = json.loads(run(*options, "--json")[1])["model"]["parts"]
    kept = json.loads(run("inspect", model, "--json")[1])["parts"]
    assert told == kept
    assert {"l2", "C", "strength", "log_loss", "standard_error"} == set(kept[0]["penalty"]["path"][0])
    assert "standard error" in run("inspect", model)[1]
    code, _, err = run("train", data, "-o", model, "-q", "--folds", 3, "--l2", "1e-4")
    assert code == 2
    assert "pass only one" in err


@pytest.mark.parametrize("folds", [1, 0, -3, 2.5, "five"])
def test_folds_that_cannot_be(folds):
    with pytest.raises(UsageError, match="folds"):
        vikt.TextClassifier(folds=folds).fit(["a", "b"], [0, 1])


@pytest.mark.parametrize("options", [{"folds": 3}, {"one_standard_error": True}])
def test_folds_with_a_given_penalty_are_refused(options):
    with pytest.raises(UsageError, match=r"l2=0\.1 already sets it; pass only one"):
        vikt.TextClassifier(l2=0.1, **options).fit(["a", "b"], [0, 1])


def test_more_folds_than_different_texts_are_refused():
    texts, labels = ["a b", "c d", "a d", "c c"] * 2, ["x", "y", "x", "y"] * 2
    with pytest.raises(UsageError, match=r"folds: expected at most 4, .*, found 5"):
        vikt.TextClassifier(min_df=1, folds=5).fit(texts, labels)
    assert vikt.TextClassifier(min_df=1, folds=4).fit(texts, labels).choice_.n_folds in (1, 4)


def test_too_few_texts_for_so_many_folds_take_the_default_penalty():
    classifier = vikt.TextClassifier(min_df=1, folds=3).fit(["a b", "c d", "a d", "c c"], ["x", "y", "x", "y"])
    assert classifier.choice_.rule == "default"


def test_a_class_of_one_text_is_left_out_where_its_fold_is_validated(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(folds=3).fit([*texts, "quite another thing"], [*labels, "other"])
    assert len(classifier.choice_.curve) > 3
    assert len(classifier.classes_) == 3


def test_early_stopping_keeps_its_rows_out_of_every_fold(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(solver="minibatch", patience=3, folds=3, max_iter=20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        classifier.fit(texts, labels)
    assert classifier.data_["validation_rows"] == 40
    assert classifier.data_["training_rows"] == 360


def test_one_fold_is_a_hold_out():
    fold = folds_of(2)[0]
    found = validation_loss([fold], [RoughFit(np.zeros(6), fold.training.loss)])
    assert found.mean == pytest.approx(log_loss(fold.validation.rows.y, np.full(50, 0.5)))


@pytest.fixture(scope="module", params=[2, 3])
def overfitting(request):
    """A fold of many columns, whose loss falls along the path and rises again, and the choice along the whole of it."""
    random, classes = np.random.default_rng(0), request.param
    X = random.normal(size=(600, 120))
    y = np.argmax(X @ random.normal(size=(120, classes)) / 6 + random.gumbel(size=(600, classes)), axis=1)
    apart = np.arange(600) % 3 == 0
    fold = Fold(*(Objective.of(DenseMatrix(X[rows]), y[rows], n_classes=classes, l2=0.0) for rows in (~apart, apart)))
    return fold, choose_l2([fold])


@pytest.mark.parametrize("steps_off", [-9, -2, -1, 0, 1, 3])
def test_a_walk_from_near_by_finds_what_the_whole_path_finds(overfitting, steps_off):
    fold, whole = overfitting
    near = choose_l2_near(fold, whole.l2 * 10 ** (steps_off / 4))
    assert (near.rule, near.l2) == ("least_loss", whole.l2)
    # A stronger and a weaker neighbour were tried and were worse.
    strengths = [point.strength for point in near.curve]
    assert strengths.index(near.chosen.strength) == len(strengths) - 2 > 0
    if steps_off == 0:
        assert len(near.curve) == 3


def test_a_walk_ends_with_the_path(overfitting):
    fold, whole = overfitting
    assert choose_l2_near(fold, None) == whole
    # Where a first value is the best of its walk, there is nothing before it.
    assert choose_l2_near(fold, 1e6).curve[0] == whole.curve[0]


def test_a_validation_loss_is_the_same_over_rows_in_several_parts():
    random = np.random.default_rng(0)
    X, y, weights = random.normal(size=(60, 4)), random.integers(0, 3, 60), random.random(60)
    pieces = [slice(0, 25), slice(25, 30), slice(30, 60)]
    parts = [Part(DenseMatrix(X[piece]), y[piece], weights[piece]) for piece in pieces]
    rows = Objective(InMemory(*parts), cross_entropy_for(3), penalty_of(0.0, 0.0, True))
    theta = random.normal(size=(3, 5))
    whole = Objective.of(DenseMatrix(X), y, n_classes=3, l2=0.0, sample_weight=weights)
    losses = whole.losses(whole.scores(theta)).only
    assert mean_loss(rows, theta) == pytest.approx(weighted_mean(losses, weights), rel=1e-12)
