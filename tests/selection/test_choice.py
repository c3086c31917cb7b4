"""The features by validation: what the choice, the weighting by Naive Bayes and a blend are, as facts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.special import softmax

import vikt
from vikt.features.handmade import Length
from vikt.features.text import TextFeatures
from vikt.fitting.examples import Examples
from vikt.fitting.fit import fit as fit_examples
from vikt.fitting.model import measured
from vikt.matrix import DenseMatrix
from vikt.model.naive_bayes import counts_by_class, log_count_ratios, penalty_scales
from vikt.names import TOL
from vikt.report.choices import features_sentence, recipe_name
from vikt.selection import features as choice
from vikt.selection.choices import FeatureChoice, RecipeLoss
from vikt.selection.recipes import CANDIDATES, USUAL_RECIPE, Recipe

NAMED = [
    {"analyzer": "word"},
    {"ngrams": (1, 1)},
    {"weighting": "counts"},
    {"hashing": 10},
    {"l2": 0.01},
    {"solver": "batch", "max_iter": 5},
]


@pytest.fixture
def chosen(monkeypatch, emails):
    """How a classifier is made that chooses features of the embedded e-mails, a few rows sufficing."""
    monkeypatch.setattr(choice, "LEAST_VALIDATION_ROWS", 20)
    texts, labels = emails

    def fit(order=None, *, threads=1, **options):
        order = range(len(texts)) if order is None else order
        classifier = vikt.TextClassifier(**options)
        classifier.threads = threads
        return classifier.fit([texts[i] for i in order], [labels[i] for i in order])

    return fit


@pytest.fixture
def blend(monkeypatch, chosen):
    """A classifier for which only one recipe is to be had, a blend."""
    monkeypatch.setattr(choice, "CANDIDATES", (Recipe("nb+word+char", (("nb", 0.75), ("word+char", 0.25))),))
    return chosen


def test_log_count_ratios_by_hand():
    #           good  bad
    presence = [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 1.0]]
    of_classes = np.eye(2)[[1, 1, 0, 0]]
    ratios = log_count_ratios(counts_by_class(DenseMatrix(np.array(presence)), of_classes))
    # p + 1 = (3, 2) of 5 in class 1, q + 1 = (1, 3) of 4 in class 0.
    by_hand = np.array([math.log((3 / 5) / (1 / 4)), math.log((2 / 5) / (3 / 4))])
    assert ratios == pytest.approx(np.array([-by_hand, by_hand]))


@pytest.mark.parametrize("K", [2, 3])
def test_columns_that_are_not_weighted_count_for_nothing(K):
    counts = np.random.default_rng(0).random((K, 4))
    scales = penalty_scales(counts, np.array([True, True, False, False]))
    alone = penalty_scales(counts[:, :2], np.array([True, True]))
    assert scales.shape == ((4,) if K == 2 else (K, 4))
    assert np.array_equal(scales, np.concatenate([alone, np.ones_like(alone)], axis=-1))


@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("options", [{}, {"solver": "newton"}, {"l1_ratio": 0.5}], ids=str)
def test_telling_words_are_presence_multiplied_by_its_ratio_for_each_class(emails, K, options):
    texts, labels = emails
    labels = [label if K == 2 or i % 3 else "third" for i, label in enumerate(labels)]
    known = {"analyzer": "word", "weighting": "nb", "min_df": 4, "l2": 0.01, "tol": 1e-9}
    classifier = vikt.TextClassifier(**known, **options).fit(texts, labels)
    rows = classifier.features_.transform(measured(texts, classifier.features_), np.float64)
    y = np.searchsorted(classifier.classes_, labels)
    presence = np.zeros((len(y), rows.n_features))
    presence[np.repeat(np.arange(len(y)), np.diff(rows.indptr)), rows.indices] = 1.0
    X = presence / np.maximum(np.sqrt(presence.sum(axis=1, keepdims=True)), 1e-12)
    assert np.abs(csr_matrix((rows.values, rows.indices, rows.indptr), X.shape) - X).max() < 1e-6
    # Each class's own columns: presence times how much each tells of that class.
    counts = np.array([presence[y == k].sum(axis=0) for k in range(K)])
    inside, outside = counts + 1, counts.sum(axis=0) - counts + 1
    inside, outside = inside / inside.sum(axis=1, keepdims=True), outside / outside.sum(axis=1, keepdims=True)
    r = np.maximum(np.abs(np.log(inside / outside)), 1e-2)
    l1 = options.get("l1_ratio", 0.0)
    # The binary model is softmax of ±θ/2 at twice λ, and at λ₁ itself.
    l2, l1 = 0.01 * (1 - l1) * (2 if K == 2 else 1), 2 * l1 * 0.01
    theta = classifier.theta_.astype(np.float64)
    theta = np.stack([-theta / 2, theta / 2]) if K == 2 else theta
    scores = X @ theta[:, 1:].T + theta[:, 0]
    p = softmax(scores, axis=1)
    slopes = (p - np.eye(K)[y]).T @ X / len(y) * r
    phi = theta[:, 1:] / r
    # The least subgradient of the loss and the penalty in those columns' weights is 0.
    steepest = np.abs(slopes + 2 * l2 * phi + l1 * np.sign(phi)) * (phi != 0)
    at_zero = np.maximum(np.abs(slopes) - l1, 0) * (phi == 0)
    assert max(steepest.max(), at_zero.max()) < 1e-5
    assert (p - np.eye(K)[y]).sum(axis=0) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("features", [None, [Length(name="length")]])
def test_a_blend_scores_the_weighted_sum_of_its_parts(blend, emails, features):
    settings = vikt.TextClassifier(features=features).settings()
    documents = measured(emails[0], TextFeatures(settings.features))
    examples = Examples.of(documents, emails[1])
    fitted = fit_examples(examples, examples.split(1), settings, keeps_objectives=True)
    assert [part.share for part in fitted.parts] == [0.75, 0.25]
    own = [part.share * part.features.scorer(part.theta.astype(np.float64)).scores(documents) for part in fitted.parts]
    scores = fitted.model.features.scorer(fitted.model.theta.astype(np.float64)).scores(documents)
    assert scores == pytest.approx(own[0] + own[1], rel=1e-5, abs=1e-5)
    # What was minimised is at its optimum there, and the dual variables are those of its rows.
    for part in fitted.parts:
        assert part.objective.value(part.theta.astype(np.float64)) == pytest.approx(part.certificate.value)
        assert len(part.solution.state.rows.groups.only.group_of) == part.objective.n_rows


def test_a_blend_is_explained_to_the_last_feature(blend, emails):
    classifier = blend()
    explanation = classifier.explain(emails[0][0])
    names = [part.feature for part in explanation.contributions]
    assert len(set(names)) == len(names)
    total = explanation.intercept + sum(part.contribution for part in explanation.contributions)
    assert total == pytest.approx(explanation.score)
    assert explanation.probability == pytest.approx(1 / (1 + math.exp(-explanation.score)))
    assert {name.split()[0] for name in names} >= {"presence", "characters"}


def test_each_part_of_a_blend_is_proven_and_the_worst_is_told(blend):
    classifier = blend()
    relative = [part["certificate"]["relative"] for part in classifier.parts_]
    assert all(0 <= one <= TOL * 1.01 for one in relative)
    assert classifier.certificate_ == max(relative)


@pytest.mark.parametrize("which", ["chosen", "blend"])
def test_rows_order_and_threads_change_not_one_byte(request, tmp_path, which):
    fit = request.getfixturevalue(which)
    for name, order, threads in (("a", None, 1), ("b", np.random.default_rng(1).permutation(400), 2)):
        fit(order, threads=threads).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("which", ["chosen", "blend"])
def test_saved_and_loaded_is_the_same(request, tmp_path, which, emails):
    classifier = request.getfixturevalue(which)()
    classifier.save(tmp_path / "m")
    loaded = vikt.load(tmp_path / "m")
    assert np.array_equal(loaded.predict_proba(emails[0]), classifier.predict_proba(emails[0]))
    assert loaded.feature_choice_ == classifier.feature_choice_
    assert loaded.record_ == classifier.record_
    assert loaded.parts_ == classifier.parts_
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()


def test_the_recipe_chosen_is_the_one_fitted(chosen):
    classifier = chosen()
    found = classifier.feature_choice_
    assert len(found.losses) == len(choice.CANDIDATES)
    assert recipe_name(found.recipe) in features_sentence(found)
    assert classifier.features_.settings.analyzer == found.recipe.analyzer


@pytest.mark.parametrize(("gains", "taken"), [([0.2, 0.3, 0.4], 0), ([0.0, 0.2, 0.3], 1), ([-0.1, -0.2, -0.3], 1)])
def test_it_takes_evidence_to_prefer_another_recipe_to_words_and_characters(gains, taken):
    """Mean gains and their standard errors: 0.3 ± 0.06, 0.17 ± 0.09, none."""
    characters, usual = choice.CANDIDATES[:2]
    losses = {characters: np.ones(3), usual: np.ones(3) + gains}
    tried = choice._Comparison(losses, np.ones(3), {})
    assert tried.best == (characters, usual)[taken]
    assert tried.least == (characters if sum(gains) > 0 else usual)


def test_a_sample_chooses_and_all_rows_are_fitted(chosen, monkeypatch):
    monkeypatch.setattr(choice, "SAMPLE_BYTES", (10_000, 2_000_000))
    classifier = chosen()
    found = classifier.feature_choice_
    assert found.sample.n_rows < found.n_rows == 360
    assert len(found.sample.losses) == len(choice.CANDIDATES)
    assert f"on {found.sample.n_rows} rows, {recipe_name(found.sample.recipe)} was" in features_sentence(found)
    assert classifier.data_["fitted_rows"] == 400


@pytest.mark.parametrize("options", NAMED, ids=lambda options: next(iter(options)))
@pytest.mark.filterwarnings("ignore::vikt.errors.ConvergenceWarning")
def test_naming_an_option_skips_the_choice(chosen, options):
    classifier = chosen(**options)
    assert classifier.feature_choice_ is None
    assert [part.analyzer.joiner for part in classifier.features_.parts] == [" "]


def test_few_texts_are_words(emails):
    classifier = vikt.TextClassifier().fit(*emails)
    assert classifier.feature_choice_ is None
    assert classifier.features_.settings.analyzer == "auto"


def test_a_plan_serves_other_examples(blend, emails):
    settings = vikt.TextClassifier().settings()

    def examples_of(texts, labels):
        return Examples.of(measured(texts, TextFeatures(settings.features)), labels)

    first = examples_of(*emails)
    fitted = fit_examples(first, first.split(1), settings)
    few = examples_of(["win money now", "lunch on friday", "free prize", "meeting at ten"] * 3, ["spam", "ham"] * 6)
    again = fit_examples(few, few.split(1), settings, plan=fitted.plan)
    assert [(part.name, part.share, part.penalty.l2) for part in again.record.parts] == [
        (part.name, part.share, part.penalty.l2) for part in fitted.record.parts
    ]


def test_the_reason_for_the_usual_features_names_the_best():
    losses = tuple(RecipeLoss(recipe, loss) for recipe, loss in zip(CANDIDATES[:2], (0.0204, 0.0258), strict=True))
    sentence = features_sentence(FeatureChoice(USUAL_RECIPE, losses, 300))
    reason = "the usual choice, since the best of 2 (characters, 0.0204) is ahead by less than two standard errors"
    assert sentence.endswith(f"validation log loss 0.0258, {reason}")
    assert features_sentence(FeatureChoice(CANDIDATES[0], losses, 300)).endswith("0.0204, best of 2")
