"""What is told of models of soft labels: of shares of 0 and 1 the same as of classes."""

from __future__ import annotations

import numpy as np
import pytest

import vikt
from models_of_kinds import SETS, TEXTS

CLASSES = {2: [int("love" in own) for own in SETS], 3: [len(own) for own in SETS]}


def fit(labels, **parameters):
    return vikt.TextClassifier("word", ngrams=(1, 1), min_df=1, l2=0.003, tol=1e-10, **parameters).fit(TEXTS, labels)


@pytest.fixture(params=[2, 3], scope="module")
def both(request):
    """Models of classes and of the same shares, each with its labels."""
    classes = CLASSES[request.param]
    shares = np.eye(request.param)[classes]
    return (fit(classes), classes), (fit(shares, targets="soft"), shares)


def test_explanations(both):
    (hard, _), (soft, _) = both
    for text in (*TEXTS, "happy love and rain"):
        for label, against in ((None, None), (1, None), (0, 1)):
            expected, found = (model.explain(text, label=label, against=against) for model in (hard, soft))
            assert found.label == expected.label
            assert found.score == pytest.approx(expected.score, abs=1e-4)
            assert found.probability == pytest.approx(expected.probability, abs=1e-5)
            assert {part.feature for part in found.contributions} == {part.feature for part in expected.contributions}


def test_influence(both):
    (hard, classes), (soft, shares) = both
    expected = hard.influence("happy love and rain", TEXTS, classes, n=3)
    found = soft.influence("happy love and rain", TEXTS, shares, n=3)
    assert [row.row for row in found.rows] == [row.row for row in expected.rows]
    effects = [row.effect for row in expected.rows]
    assert [row.effect for row in found.rows] == pytest.approx(effects, rel=1e-3)
    assert found.log_odds == pytest.approx(expected.log_odds, abs=1e-4)


def test_the_influence_of_rows_of_shares_is_what_leaving_them_out_changes():
    shares = np.random.default_rng(0).dirichlet([2, 2], 120)
    rng = np.random.default_rng(1)
    words = np.array(sorted({word for text in TEXTS for word in text.split()}))
    texts = [" ".join(rng.choice(words, 4)) for _ in range(120)]
    model = vikt.TextClassifier("word", weighting="binary", ngrams=(1, 1), min_df=1, l2=0.01, tol=1e-10)
    model.fit(texts, shares)
    [most, *_] = model.influence("happy love", texts, shares, label=1, n=1).rows
    rest = [i for i in range(120) if i != most.row]
    # λ is per row, so that of the penalty of all rows stays as it is.
    without = vikt.TextClassifier("word", weighting="binary", ngrams=(1, 1), min_df=1, l2=0.01 * 120 / 119, tol=1e-10)
    without.fit([texts[i] for i in rest], shares[rest])
    odds = [np.log(p / (1 - p)) for p in (m.predict_proba(["happy love"])[0, 1] for m in (model, without))]
    assert most.effect == pytest.approx(odds[0] - odds[1], rel=0.1)
