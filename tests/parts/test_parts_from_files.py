"""An objective whose rows lie in three files: the same optimum, proofs that hold, and the same bits from run to run."""

from __future__ import annotations

import pickle
import sys
from itertools import count

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from vikt.errors import UsageError
from vikt.matrix import design_matrix
from vikt.model.losses import cross_entropy_for
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part, PerPart, added
from vikt.parts.part import given_to
from vikt.solvers import SOLVERS, Settings, minimise
from vikt.solvers.certificate import dual_certificate, gradient_certificate
from vikt.solvers.gradient_descent import batch
from vikt.solvers.learning_rate import automatic_learning_rate
from vikt.solvers.newton import newton

N_PARTS = 3


class FromFiles:
    """Each part, and whatever belongs to its rows, is read from a file each time; work travels as bytes."""

    only = None

    def __init__(self, folder, parts):
        self._folder, self._numbers = folder, count()
        self._parts = [self._kept(part) for part in parts]
        X = parts[0].X
        self.n_features, self.has_dummy = X.n_features, X.has_dummy
        self.by_library, self.quick_dtype = X.by_library, X.quick_dtype
        self.n_rows = sum(part.X.n_rows for part in parts)
        self.total_weight = added(float(np.sum(part.weights)) for part in parts)
        self.has_offset = parts[0].offset is not None

    def _kept(self, value):
        path = self._folder / f"{next(self._numbers)}.pickle"
        path.write_bytes(pickle.dumps(value))
        return path

    def _done(self, work, arguments):
        for number, path in enumerate(self._parts):
            own = [_read(each) if hasattr(each, "read_bytes") else each for each in given_to(number, arguments)]
            run, own = pickle.loads(pickle.dumps((work, own)))
            yield run(_read(path), *own)

    def sums(self, work, *arguments):
        return added(self._done(work, arguments))

    def each(self, work, *arguments):
        return PerPart(tuple(map(self._kept, self._done(work, arguments))))


def _read(path):
    return pickle.loads(path.read_bytes())


def rows(classes, *, sparse=False, has_dummy=True, offset=False, m=83, n=6):
    """Some rows, ordered by class, so that most parts have not all classes."""
    random = np.random.default_rng(classes)
    X = random.normal(size=(m, n)) * (random.random((m, n)) < 0.7)
    y = np.sort(random.integers(classes, size=m))
    known = random.normal(size=m if classes == 2 else (m, classes)) if offset else None
    X = design_matrix(csr_matrix(X) if sparse else X, has_dummy=has_dummy)
    return Part(X, y, random.uniform(0.1, 3, m), known)


def in_parts(whole):
    cuts = np.array_split(np.arange(whole.X.n_rows), N_PARTS)
    offsets = [None if whole.offset is None else whole.offset[cut] for cut in cuts]
    return [
        Part(whole.X.take(cut), whole.y[cut], whole.weights[cut], offset)
        for cut, offset in zip(cuts, offsets, strict=True)
    ]


def objectives(folder, classes, *, l2=0.01, l1=0.0, **options):
    """The same objective of one part in memory, and of three in files."""
    whole = rows(classes, **options)
    loss, penalty = cross_entropy_for(classes), penalty_of(l2, l1, whole.X.has_dummy)
    return tuple(Objective(parts, loss, penalty) for parts in (InMemory(whole), FromFiles(folder, in_parts(whole))))


CASES = [
    {"classes": 2},
    {"classes": 4},
    {"classes": 2, "sparse": True},
    {"classes": 4, "sparse": True},
    {"classes": 3, "has_dummy": False},
    {"classes": 3, "offset": True, "sparse": True},
    {"classes": 2, "offset": True},
]


@pytest.fixture(params=["exact", "conjugate gradients"])
def steps(request, monkeypatch):
    monkeypatch.setattr(sys.modules["vikt.solvers.newton"], "is_exact", lambda objective: request.param == "exact")


@pytest.mark.usefixtures("steps")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_newton_reaches_the_optimum_of_one_part_with_a_proof(tmp_path, case):
    one, several = objectives(tmp_path, **case)
    expected, found, again = newton(one, tol=1e-12), newton(several, tol=1e-12), newton(several, tol=1e-12)
    assert found.converged
    assert found.certificate.relative <= 1e-12
    assert found.theta == pytest.approx(expected.theta, abs=1e-6)
    assert found.certificate.value == pytest.approx(expected.certificate.value, rel=1e-12)
    assert found.theta.tobytes() == again.theta.tobytes()
    assert found.certificate == again.certificate


@pytest.mark.usefixtures("steps")
@pytest.mark.parametrize("classes", [2, 3])
def test_columns_that_are_constant_over_all_parts_or_in_one(tmp_path, classes):
    whole = rows(classes)
    X = np.column_stack([whole.X.values, np.full(83, 1e3), np.r_[np.full(40, 7.0), np.zeros(43)]])
    whole = Part(design_matrix(X), whole.y, whole.weights)
    loss, penalty = cross_entropy_for(classes), penalty_of(0.01, 0.0, True)
    one, several = (
        newton(Objective(parts, loss, penalty), tol=1e-9)
        for parts in (InMemory(whole), FromFiles(tmp_path, in_parts(whole)))
    )
    assert several.converged
    assert several.certificate.value == pytest.approx(one.certificate.value, rel=1e-9)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_batch_descent_takes_the_steps_of_one_part(tmp_path, case):
    one, several = objectives(tmp_path, **case)
    expected, found, again = (batch(each, max_iter=10, validation=each) for each in (one, several, several))
    assert found.theta == pytest.approx(expected.theta, abs=1e-12)
    assert found.theta.tobytes() == again.theta.tobytes()
    losses = [[record[1:3] for record in solution.loss_curve] for solution in (found, expected)]
    assert np.array(losses[0]) == pytest.approx(np.array(losses[1]), rel=1e-12)


@pytest.mark.parametrize("l1", [0.0, 0.02])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_gradients_certificate_holds_anywhere(tmp_path, case, l1):
    one, several = objectives(tmp_path, l1=l1, **case)
    best = minimise(one, Settings(tol=1e-10)).certificate
    for spread in (0.0, 0.1, 2.0):
        theta = np.random.default_rng(1).normal(0, spread, one.shape)
        expected, found = gradient_certificate(one, theta), gradient_certificate(several, theta)
        assert found[0] == pytest.approx(expected[0], abs=1e-9)
        assert found[1].bound == pytest.approx(expected[1].bound, rel=1e-9)
        assert found[1].value - best.value <= found[1].bound
        assert found[1] == gradient_certificate(several, theta)[1]


@pytest.mark.parametrize("case", [case for case in CASES if "offset" not in case], ids=str)
def test_the_duals_certificate_holds_at_any_alpha(tmp_path, case):
    one, several = objectives(tmp_path, **case)
    best = minimise(one, Settings(tol=1e-10)).certificate
    for spread in (0.0, 0.3, 3.0):
        alpha = np.random.default_rng(2).normal(0, spread, (83, *one.loss.columns))
        cuts = np.array_split(np.arange(83), N_PARTS)
        in_files = PerPart(tuple(several.parts._kept(alpha[cut]) for cut in cuts))
        expected, found = dual_certificate(one, PerPart((alpha,))), dual_certificate(several, in_files)
        assert found[0] == pytest.approx(expected[0], abs=1e-9)
        assert found[1].bound == pytest.approx(expected[1].bound, rel=1e-9)
        assert found[1].value - best.value <= found[1].bound
        assert found[1] == dual_certificate(several, in_files)[1]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_means_and_sizes_are_those_of_all_rows(tmp_path, case):
    one, several = objectives(tmp_path, **case)
    assert several.total_weight == pytest.approx(one.total_weight)
    assert several.column_means == pytest.approx(one.column_means)
    assert several.default_l2() == pytest.approx(one.default_l2())
    for size in (1, 10, 83):
        assert automatic_learning_rate(several, size) == pytest.approx(automatic_learning_rate(one, size))


def test_separable_classes_are_noticed(tmp_path):
    y = np.repeat([0, 1], 10)
    whole = Part(design_matrix((y - 0.5)[:, None] + np.linspace(0, 0.1, 20)[:, None]), y, np.ones(20))
    parts = FromFiles(tmp_path, in_parts(whole))
    solution = minimise(Objective(parts, cross_entropy_for(2), penalty_of(0.0, 0.0, True)), Settings())
    assert not solution.converged
    assert "the training rows are separable" in str(solution.reason)


def test_auto_chooses_a_solver_that_takes_parts(tmp_path):
    one, several = objectives(tmp_path, 3, sparse=True)
    solution = minimise(several, Settings())
    assert solution.converged
    assert several.value(solution.theta) <= one.value(minimise(one, Settings(tol=1e-8)).theta) * (1 + 1e-4)


@pytest.mark.parametrize("name", [name for name, solver in SOLVERS.items() if not solver.takes_parts])
def test_a_solver_that_needs_all_rows_says_so(tmp_path, name):
    _, several = objectives(tmp_path, 2)
    with pytest.raises(UsageError, match=f"solver '{name}' cannot take rows in several parts; .* 'newton', 'batch'"):
        minimise(several, Settings(solver=name))


def test_a_single_sum_is_left_as_it_is():
    sums = np.ones(3)
    assert added([sums]) is sums
    assert added([(1, 2.5), (3, 4.5), (5, 6.5)]) == (9, 13.5)
