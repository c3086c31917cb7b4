"""Naive Bayes against scikit-learn, and as a model of the joint probability."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.naive_bayes import BernoulliNB, MultinomialNB

from vikt.errors import UsageError
from vikt.matrix import design_matrix
from vikt.model.linear import LinearModel
from vikt.model.naive_bayes import NAIVE_BAYES

REFERENCES = {"multinomial": MultinomialNB, "bernoulli": BernoulliNB}


@pytest.mark.parametrize("kind", list(NAIVE_BAYES))
@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("alpha", [1.0, 0.01])
def test_equals_scikit_learn(kind, form, classes, alpha):
    random = np.random.default_rng(classes)
    counts = random.poisson(0.7, size=(60, 12)).astype(float)
    counts = np.minimum(counts, 1) if kind == "bernoulli" else counts
    y, weights = np.arange(60) % classes, random.random(60) + 0.1
    X = design_matrix(form(counts))
    model = LinearModel(NAIVE_BAYES[kind](X, y, classes, weights, alpha))
    reference = REFERENCES[kind](alpha=alpha).fit(counts, y, sample_weight=weights)
    assert model.log_probabilities(X) == pytest.approx(reference.predict_log_proba(counts), abs=1e-10)
    assert model.scores(X) == pytest.approx(reference.predict_joint_log_proba(counts), abs=1e-10)


def test_the_joint_probability_of_every_document_and_class_sums_to_one():
    """Bernoulli Naive Bayes is a distribution over all (x, y): that is what generative means."""
    x = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 0]], dtype=float)
    theta = NAIVE_BAYES["bernoulli"](design_matrix(x), np.array([0, 1, 1, 0]), 2, np.ones(4))
    every = design_matrix(np.array(list(itertools.product([0.0, 1.0], repeat=3))))
    assert np.exp(LinearModel(theta).scores(every)).sum() == pytest.approx(1)


def test_smoothing_must_be_positive():
    X = design_matrix(np.eye(2))
    for alpha in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(UsageError, match="alpha: expected a number above 0"):
            NAIVE_BAYES["multinomial"](X, np.array([0, 1]), 2, np.ones(2), alpha)
