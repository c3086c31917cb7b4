"""Influence beside models that were trained without the row."""

from __future__ import annotations

import numpy as np
import pytest

import vikt
from vikt.errors import DataError, UsageError
from vikt.explanation.influence import log_odds, log_odds_gradient, row_effects
from vikt.matrix import design_matrix
from vikt.model.objective import Objective
from vikt.solvers import Settings, minimise


def rank_correlation(one, other):
    ranks = [np.argsort(np.argsort(values)) for values in (one, other)]
    return np.corrcoef(*ranks)[0, 1]


def left_out(X, y, weights, l2, row, start=None):
    """The optimum without a row, features and λ as they are."""
    keep = np.delete(np.arange(len(y)), row)
    objective = Objective.of(X.take(keep), y[keep], n_classes=int(y.max()) + 1, l2=l2, sample_weight=weights[keep])
    return minimise(objective, Settings(solver="newton", tol=1e-12), start=start).theta


@pytest.mark.parametrize("n_classes", [2, 3])
def test_effects_are_those_of_training_without_the_row(n_classes):
    random = np.random.default_rng(n_classes)
    dense = random.normal(size=(60, 4))
    y = np.argmax(dense[:, :n_classes] + random.normal(size=(60, n_classes)), axis=1)
    weights, l2 = random.choice([1.0, 2.0], 60), 0.02
    X = design_matrix(dense)
    objective = Objective.of(X, y, n_classes=n_classes, l2=l2, sample_weight=weights)
    theta = minimise(objective, Settings(tol=1e-12)).theta
    x = np.append(1.0, random.normal(size=4))
    scores = np.asarray(theta @ x)
    effects = row_effects(objective, theta, np.multiply.outer(log_odds_gradient(scores, 1), x))
    true = np.array(
        [log_odds(scores, 1) - log_odds(np.asarray(left_out(X, y, weights, l2, i) @ x), 1) for i in range(60)]
    )
    assert rank_correlation(effects, true) > 0.97
    assert effects == pytest.approx(true, abs=0.25 * np.abs(true).max())


@pytest.mark.parametrize("k", [0, 2])
def test_the_gradient_of_the_log_odds_is_their_slope(k):
    scores = np.array([0.5, -1.0, 2.0])
    slopes = [(log_odds(scores + 1e-6 * e, k) - log_odds(scores - 1e-6 * e, k)) / 2e-6 for e in np.eye(3)]
    assert log_odds_gradient(scores, k) == pytest.approx(slopes, abs=1e-8)
    p = np.exp(scores) / np.exp(scores).sum()
    assert log_odds(scores, k) == pytest.approx(np.log(p[k] / (1 - p[k])))
    assert np.isfinite(log_odds(np.array([1000.0, -1000.0, 0.0]), k))


@pytest.mark.parametrize("analyzer", ["word", "auto"])
def test_a_copy_of_the_text_speaks_for_its_label(emails, analyzer):
    texts, labels = emails
    text = texts[labels.index("spam")]
    classifier = vikt.TextClassifier(analyzer=analyzer, random_state=1)
    held_out, _ = classifier.fit_and_hold_out([*texts, text], [*labels, "spam"])
    found = classifier.influence(text, [*texts[::-1], text], [*labels[::-1], "spam"], label="spam", n=3)
    assert found.label == "spam"
    assert len(found.rows) == 6
    assert [row.effect > 0 for row in found.rows] == [True] * 3 + [False] * 3
    assert not {row.text for row in found.rows} & set(held_out)
    if text not in held_out:
        best = found.rows[0]
        assert (best.text, best.label, best.copies) == (text, "spam", 2)
    for row in found.rows:
        assert [*texts[::-1], text][row.row] == row.text


def test_both_classes_of_two_mirror_each_other(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(analyzer="word").fit(texts, labels)
    spam, ham = (classifier.influence("win a prize now", texts, labels, label=label, n=4) for label in ("spam", "ham"))
    assert spam.log_odds == -ham.log_odds
    assert [row.row for row in spam.rows[:4]] == [row.row for row in ham.rows[4:]]
    assert [row.effect for row in spam.rows[:4]] == pytest.approx([-row.effect for row in ham.rows[4:]])
    assert spam.log_odds == pytest.approx(classifier.decision_function(["win a prize now"])[0])


def test_other_rows_and_fits_without_an_optimum_are_refused(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(analyzer="word").fit(texts, labels)
    with pytest.raises(DataError, match=f"trained on {len(texts)} rows, found {len(texts) - 1}"):
        classifier.influence("win", texts[1:], labels[1:])
    sparse = vikt.TextClassifier(analyzer="word", l1_ratio=0.5).fit(texts, labels)
    with pytest.raises(UsageError, match="influence needs weights that minimise a loss with L2"):
        sparse.influence("win", texts, labels)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sms/sms.tsv", "trec/train.tsv"])
def test_rank_correlation_with_training_without_100_rows(corpus, name):
    lines = corpus(name).read_text(encoding="utf-8").splitlines()
    header, rows = lines[0].split("\t"), [line.split("\t") for line in lines[1:]]
    texts = [row[header.index("text")] for row in rows]
    labels = np.unique([row[header.index("label")] for row in rows], return_inverse=True)[1]
    X = design_matrix(vikt.TextVectorizer(analyzer="word", ngram_range=(1, 2), min_df=2).fit_transform(texts))
    K, weights, random = int(labels.max()) + 1, np.ones(len(texts)), np.random.default_rng(0)
    held, fitted = np.arange(3), np.arange(3, len(texts))
    X_held, X, y, weights = X.take(held), X.take(fitted), labels[fitted], weights[fitted]
    l2 = Objective.of(X, y, n_classes=K, l2=0.0).default_l2()
    objective = Objective.of(X, y, n_classes=K, l2=l2)
    theta = minimise(objective, Settings(solver="newton", tol=1e-12)).theta
    chosen = random.choice(len(y), 100, replace=False)
    without = [left_out(X, y, weights, l2, i, theta) for i in chosen]
    for row in range(len(held)):
        columns, values = X_held.row(row)
        x = np.zeros(X.n_features + 1)
        x[0], x[1 + columns] = 1.0, values
        scores = np.asarray(theta @ x)
        k = int(np.argmax(scores)) if K > 2 else int(scores > 0)
        effects = row_effects(objective, theta, np.multiply.outer(log_odds_gradient(scores, k), x))
        true = [log_odds(scores, k) - log_odds(np.asarray(other @ x), k) for other in without]
        assert rank_correlation(effects[chosen], true) > 0.95
