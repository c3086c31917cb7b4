"""Passes of dual ascent change the same bits, whatever compiled them, and for whichever processor."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse import random as random_sparse

from vikt.compiled import compiled
from vikt.compiled.building import jit, object_file
from vikt.compiled.calling import Kernels
from vikt.compiled.loading import of_object, processor, processors
from vikt.matrix.convert import design_matrix
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part
from vikt.solvers import dual_layouts
from vikt.solvers.dual import Ascent
from vikt.solvers.dual_state import DualState


def rows(m=200, n=60):
    return design_matrix(csr_matrix(random_sparse(m, n, 0.2, "csr", random_state=0)))


def of_classes(n_classes):
    random = np.random.default_rng(n_classes)
    y = random.integers(n_classes, size=200)
    return Objective.of(rows(), y, n_classes=n_classes, l2=0.001, sample_weight=random.uniform(0.3, 2, 200))


def scaled():
    """One class against the others by scales that differ by class, as naive Bayes' ratios do."""
    scales = np.random.default_rng(5).uniform(0.5, 2, (3, 60)).astype(np.float32)
    random = np.random.default_rng(3)
    part = Part(rows(), random.integers(3, size=200), np.ones(200))
    return Objective(InMemory(part), of_classes(3).loss, penalty_of(0.001, 0.0, True, scales))


def of_labels():
    has_it = np.random.default_rng(1).random((200, 5)) < np.linspace(0.1, 0.6, 5)
    penalty = penalty_of(0.001, 0.0, True, None)
    return Objective(InMemory(Part(rows(), has_it, np.ones(200))), OneLossPerLabel(5), penalty)


PROBLEMS = {
    "two": (lambda: of_classes(2), 1e-4),
    "two, in double precision": (lambda: of_classes(2), 1e-9),
    "three": (lambda: of_classes(3), 1e-4),
    "forty-five": (lambda: of_classes(45), 1e-4),
    "scaled by class": (scaled, 1e-4),
    "labels": (of_labels, 1e-4),
}


@functools.cache
def compiled_for(cpu, module_name):
    return Kernels(module_name, of_object(object_file(module_name, cpu)))


when_called = functools.cache(jit)


def state_after_passes(objective, tol, compiled):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dual_layouts, "compiled", compiled)
        ascent = Ascent(objective, DualState.at_zero(objective, tol), tol, 0)
        sums = [np.stack(ascent.one_pass()).tobytes() for _ in range(4)]
    state = ascent.state
    return [*sums, state.theta.tobytes(), state.intercepts.tobytes(), state.alpha_scores.only.tobytes()]


@pytest.mark.slow
@pytest.mark.skipif(processor() == processors()[-1], reason="this processor has no more than the least")
@pytest.mark.parametrize("problem", PROBLEMS)
def test_passes_are_the_same_on_every_processor(problem):
    make, tol = PROBLEMS[problem]
    best, least = [state_after_passes(make(), tol, functools.partial(compiled_for, cpu)) for cpu in processors()]
    assert best == least


@pytest.mark.slow
@pytest.mark.parametrize("problem", PROBLEMS)
def test_passes_are_the_same_compiled_ahead_and_when_called(problem):
    make, tol = PROBLEMS[problem]
    assert state_after_passes(make(), tol, when_called) == state_after_passes(make(), tol, compiled)
