"""The bootstrap of means: what theory says of it, at any number of rows and in any order."""

from __future__ import annotations

import numpy as np
import pytest

from vikt.metrics.bootstrap import drawn_means


@pytest.mark.parametrize("m", [2_000, 200_000])
def test_means_spread_as_their_standard_error_says(m):
    rng = np.random.default_rng(0)
    values = rng.exponential(size=m)
    # One value far from the others, as a loss can be.
    values[0] = 500.0
    drawn = drawn_means(values, draws=4000)
    assert drawn.mean() == pytest.approx(values.mean(), abs=4 * values.std() / np.sqrt(m * 4000))
    assert drawn.std() == pytest.approx(values.std() / np.sqrt(m), rel=0.05)
    assert drawn_means(rng.permutation(values), draws=50).tolist() == drawn_means(values, draws=50).tolist()


@pytest.mark.parametrize("m", [10, 200_000])
def test_values_that_are_alike_have_one_mean(m):
    assert np.unique(drawn_means(np.full(m, 0.3), draws=10)) == pytest.approx([0.3])
