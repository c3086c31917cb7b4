"""A fit whose ascent takes several turns at the same time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import random as random_sparse

from vikt.matrix import design_matrix
from vikt.model.losses import cross_entropy_for
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part
from vikt.solvers import Settings, minimise
from vikt.solvers.dual import dual


class Counted(InMemory):
    """Parts that count the passes over them."""

    n_passes = 0

    def turns(self, work, carried, orders, *arguments):
        self.n_passes += 1
        return super().turns(work, carried, orders, *arguments)


def objective_in(n_turns, l2):
    random = np.random.default_rng(0)
    X = random_sparse(240, 60, density=0.1, random_state=0, format="csr")
    y = random.integers(2, size=240)
    cuts = np.array_split(np.arange(240), 8)
    parts = Counted(*(Part(design_matrix(X[cut]), y[cut], np.ones(len(cut))) for cut in cuts), n_turns=n_turns)
    return Objective(parts, cross_entropy_for(2), penalty_of(l2, 0.0, parts.has_dummy))


@pytest.mark.parametrize("l2", [1e-3, 1e-4])
def test_a_slow_ascent_is_finished_by_newtons_method(l2):
    ascent = dual(objective_in(8, l2), tol=1e-6, max_iter=80)
    assert not ascent.converged
    objective = objective_in(8, l2)
    found = minimise(objective, Settings(tol=1e-6))
    assert found.certificate.proves(1e-6)
    assert objective.parts.n_passes <= 60
    best = minimise(objective_in(1, l2), Settings(tol=1e-8)).certificate
    assert 0 <= found.certificate.value - best.value + best.bound <= found.certificate.bound + best.bound


@pytest.mark.parametrize("most", [5, 20])
def test_no_more_passes_than_allowed(most):
    objective = objective_in(8, 1e-3)
    found = minimise(objective, Settings(tol=1e-6, max_iter=most))
    assert not found.converged
    assert len(found.loss_curve) == objective.parts.n_passes == most
