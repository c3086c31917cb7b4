"""λ of several labels: each label's path is the one it has alone, and what is chosen is the best by their mean."""

from __future__ import annotations

import json
from importlib import import_module

import numpy as np
import pytest

import vikt
from vikt.matrix import DenseMatrix
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part
from vikt.selection.choices import PathPoint, PenaltyChoice
from vikt.selection.folds import Fold, weighted_mean
from vikt.selection.label_paths import LabelPath, judged_labels, walk_labels
from vikt.selection.penalty import choose_l2


def data(m=240, noise=(0.3, 1.0, 3.0, 1.0), seed=0, n=5):
    """Labels that are easier or harder to tell, so that they want penalties of their own."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(m, n))
    scores = X @ random.normal(size=(n, len(noise))) + np.array(noise) * random.logistic(size=(m, len(noise)))
    return X, scores > 0.5, random.integers(1, 3, size=m).astype(float)


def objective(X, y, weights, loss):
    return Objective(InMemory(Part(DenseMatrix(X), y, weights)), loss, penalty_of(0.0, 0.0, True, None))


def folds_of(X, truth, weights, k):
    """The only fold, or each of three."""
    made = []
    for fold in range(k):
        apart = np.arange(len(X)) % 3 == fold
        loss = OneLossPerLabel(truth.shape[1])
        made.append(Fold(*(objective(X[rows], truth[rows], weights[rows], loss) for rows in (~apart, apart))))
    return made


def test_a_walk_from_a_later_step_has_the_same_losses_there(closely):
    folds = folds_of(*data(), 1)
    whole, later = walk_labels(folds), walk_labels(folds, first=4)
    n_both = len(later.steps)
    assert later.steps == whole.steps[4 : 4 + n_both]
    assert n_both >= 3
    assert later.losses == pytest.approx(whole.losses[4 : 4 + n_both], rel=0.01)


@pytest.fixture
def closely(monkeypatch):
    """Fits as close as those of labels, which are in float32, can be."""
    monkeypatch.setattr("vikt.selection.path.PATH_TOL", 1e-5)
    monkeypatch.setattr("vikt.selection.label_paths.PATH_TOL", 1e-5)


@pytest.fixture
def one_by_one(closely, monkeypatch):
    """No label goes on for others."""
    monkeypatch.setattr(import_module("vikt.solvers.labels"), "_SIDE_BY_SIDE", 1)


def alone(folds, k):
    """The choice for one label as two classes."""
    return choose_l2(
        [
            Fold(*(Objective.of(
                part.rows.X, part.rows.y[:, k].astype(np.int64), n_classes=2, l2=0.0, sample_weight=part.rows.weights
            ) for part in fold))
            for fold in folds
        ]
    )  # fmt: skip


@pytest.mark.parametrize("k", [1, 3])
def test_the_curve_is_the_mean_of_those_of_the_labels_alone(one_by_one, k):
    folds = folds_of(*data(), k)
    choice = choose_l2(folds)
    curves = [alone(folds, label).curve for label in range(4)]
    longest = max(curves, key=len)
    assert [point.l2 for point in choice.curve] == pytest.approx([point.l2 for point in longest])
    # Beyond its end, the loss of a label is its last.
    losses = np.array(
        [
            [point.log_loss for point in curve] + [curve[-1].log_loss] * (len(longest) - len(curve))
            for curve in curves
        ]
    )  # fmt: skip
    assert [point.log_loss for point in choice.curve] == pytest.approx(losses.mean(axis=0), rel=1e-3)
    assert choice.l2 == pytest.approx(longest[int(losses.mean(axis=0).argmin())].l2)


def test_a_label_has_its_own_penalty_only_where_it_gains_more_than_chance(one_by_one):
    # The first label alone can be learnt, and all others gain by a stronger penalty, some by more than chance.
    folds = folds_of(*data(1500, (0.05, 20.0, 20.0, 20.0), n=40), 1)
    choice, own = choose_l2(folds), [alone(folds, label) for label in range(4)]
    assert len(choice.by_label) == 4
    assert choice.by_label[0] == choice.l2 == pytest.approx(own[0].l2)
    weak = [label for label in range(1, 4) if choice.by_label[label] == choice.l2]
    strong = [label for label in range(1, 4) if choice.by_label[label] == pytest.approx(own[label].l2)]
    assert weak
    assert strong
    assert len(weak) + len(strong) == 3


def test_labels_alike_have_one_penalty():
    X, truth, weights = data()
    assert choose_l2(folds_of(X, np.repeat(truth[:, :1], 3, axis=1), weights, 1)).by_label == ()


def test_the_standard_error_of_a_gain_is_that_of_the_paired_differences():
    random = np.random.default_rng(0)
    losses, weights = random.random((4, 50)), random.random(50) + 0.5
    path = LabelPath.of(losses, weights, 50)
    np.testing.assert_allclose(path.losses, [weighted_mean(row, weights).mean for row in losses])
    for i in range(4):
        for j in range(4):
            of_gain = path.covariances[i, i] + path.covariances[j, j] - 2 * path.covariances[i, j]
            expected = weighted_mean(losses[i] - losses[j], weights).standard_error
            assert np.sqrt(max(of_gain, 0)) == pytest.approx(expected, abs=1e-9)


def test_few_rows_of_a_label_are_no_ground_for_a_penalty_of_its_own():
    losses = np.array([np.full(50, 1.0), np.full(50, 0.5)])
    assert LabelPath.of(losses, np.ones(50), 10).own_step(0) == 1
    assert LabelPath.of(losses, np.ones(50), 9).own_step(0) == 0


def test_constant_labels_are_left_out():
    X, truth, weights = data()
    more = np.column_stack([truth, np.zeros(len(X), bool), np.ones(len(X), bool)])
    # All rows of this one are in the first fold.
    more = np.column_stack([more, np.arange(len(X)) % 9 == 0])
    assert judged_labels(folds_of(X, more, weights, 3)).tolist() == [0, 1, 2, 3]
    with_them, without = (choose_l2(folds_of(X, each, weights, 3)) for each in (more, truth))
    assert with_them.curve == without.curve
    assert with_them.by_label[:4] == without.by_label
    assert walk_labels(folds_of(X, more, weights, 3)).labels[4:] == (None, None, None)


def test_neither_threads_nor_the_order_of_labels_changes_the_choice():
    X, truth, weights = data()
    folds = folds_of(X, truth, weights, 1)
    choice = choose_l2(folds)
    assert choose_l2(folds, threads=2) == choice
    order = [2, 0, 3, 1]
    other = choose_l2(folds_of(X, truth[:, order], weights, 1))
    assert other.l2 == choice.l2
    assert other.by_label == tuple(choice.by_label[k] for k in order if choice.by_label)


def test_progress_counts_labels(monkeypatch):
    monkeypatch.setattr(import_module("vikt.solvers.labels"), "_SIDE_BY_SIDE", 2)
    seen = []
    choose_l2(folds_of(*data(), 1), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2, 4), (4, 4)]


@pytest.mark.parametrize("k", [1, 3])
def test_labels_side_by_side_have_the_losses_that_they_have_one_by_one(closely, request, k):
    folds = folds_of(*data(), k)
    together = walk_labels(folds)
    request.getfixturevalue("one_by_one")
    for one, other in zip(together.labels, walk_labels(folds).labels, strict=True):
        assert one.losses[:4] == pytest.approx(other.losses[:4], rel=1e-3)


def test_json_and_back():
    curve = tuple(PathPoint(10.0**i, 10.0**i, 10.0**-i, 0.5, 0.1) for i in range(3))
    choice = PenaltyChoice(0.1, "least_loss", curve, 1, (0.1, 0.01, 1.0))
    kept = json.loads(json.dumps(choice.to_json()))
    assert PenaltyChoice.from_json(kept) == choice
    with pytest.raises(ValueError, match="no choice of λ"):
        PenaltyChoice.from_json({**kept, "by_label": [0.1, 0.3]})


def test_without_a_label_to_judge_the_penalty_is_the_default():
    X, _, weights = data()
    constant = np.column_stack([np.zeros(len(X), bool), np.ones(len(X), bool)])
    assert choose_l2(folds_of(X, constant, weights, 1)).rule == "default"


@pytest.mark.parametrize("kind", ["several", "ordered"])
def test_features_are_chosen_without_telling_words(kind):
    random = np.random.default_rng(0)
    words = np.array(["alpha", "beta", "gamma", "delta", "epsilon", "zeta"])
    has = random.random((1500, 6)) < 0.4
    texts = [" ".join(random.permutation(words[row])) or "none" for row in has]
    labels = [[str(word) for word in words[:3][row[:3]]] for row in has]
    if kind == "ordered":
        labels = has[:, :3].sum(axis=1).tolist()
    found = vikt.TextClassifier(targets=kind).fit(texts, labels).record_.features
    assert {tried.recipe.analyzer for tried in found.losses} == {"word", "char_wb", "word+char"}
    assert found.log_loss < 0.2
