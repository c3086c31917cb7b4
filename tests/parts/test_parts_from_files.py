"""An objective whose rows lie in three files: the same optimum, proofs that hold, and the same bits from run to run."""

from __future__ import annotations

import pickle
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import vikt
from vikt.errors import UsageError
from vikt.matrix import design_matrix
from vikt.model.losses import cross_entropy_for
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part, PerPart, added
from vikt.parts.part import given_to
from vikt.solvers import SOLVERS, Settings, minimise
from vikt.solvers.certificate import dual_certificate, gradient_certificate
from vikt.solvers.dual import Ascent, dual
from vikt.solvers.dual_state import DualState
from vikt.solvers.gradient_descent import batch
from vikt.solvers.learning_rate import automatic_learning_rate
from vikt.solvers.newton import newton

N_PARTS = 3


class FromFiles:
    """Each part, and whatever belongs to its rows, is read from a file each time; work travels as bytes."""

    only, n_turns = None, 1

    def __init__(self, folder, parts):
        self._folder, self._numbers = folder, count()
        self._parts = [self._kept(part) for part in parts]
        X = parts[0].X
        self.n_features, self.has_dummy = X.n_features, X.has_dummy
        self.by_library, self.quick_dtype = X.by_library, X.quick_dtype
        self.n_parts = len(parts)
        self.n_rows = sum(part.X.n_rows for part in parts)
        self.total_weight = added(float(np.sum(part.weights)) for part in parts)
        self.has_offset = parts[0].offset is not None

    def _kept(self, value):
        path = self._folder / f"{next(self._numbers)}.pickle"
        path.write_bytes(pickle.dumps(value))
        return path

    def _done(self, number, work, arguments):
        own = [self._made(number, each) for each in given_to(number, arguments)]
        run, own = pickle.loads(pickle.dumps((work, own)))
        return run(_read(self._parts[number]), *own)

    def _made(self, number, own):
        if isinstance(own, Derived):
            return self._done(number, own.work, own.arguments)
        return _read(own) if hasattr(own, "read_bytes") else own

    def sums(self, work, *arguments):
        return added(self._done(number, work, arguments) for number in range(self.n_parts))

    def each(self, work, *arguments):
        return PerPart(tuple(self._kept(self._done(number, work, arguments)) for number in range(self.n_parts)))

    def derived(self, work, *arguments):
        return PerPart((Derived(work, arguments),) * self.n_parts)

    def turns(self, work, carried, orders, *arguments):
        ((carried,), (order,)), kept = (carried, orders), {}
        for number in order:
            carried, own = self._done(number, work, (carried, *arguments))
            kept[number] = self._kept(own)
        return [carried], PerPart(tuple(kept[number] for number in range(self.n_parts)))


class Derived(NamedTuple):
    """What is made anew at each use."""

    work: Any
    arguments: tuple


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


WITHOUT_OFFSET = [case for case in CASES if "offset" not in case]


@pytest.mark.parametrize("case", WITHOUT_OFFSET, ids=str)
def test_dual_ascent_reaches_the_optimum_of_one_part_with_a_proof(tmp_path, case):
    one, several = objectives(tmp_path, **case)
    expected, found, again = newton(one, tol=1e-12), dual(several, tol=1e-6), dual(several, tol=1e-6)
    assert found.converged
    assert found.certificate.relative <= 1e-6
    assert found.certificate.value - expected.certificate.value <= found.certificate.bound
    assert one.value(found.theta) == pytest.approx(found.certificate.value, rel=1e-12)
    assert found.theta.tobytes() == again.theta.tobytes()
    assert found.certificate == again.certificate


@pytest.mark.parametrize("case", WITHOUT_OFFSET, ids=str)
def test_dual_ascent_takes_the_steps_of_the_same_parts_in_memory(tmp_path, case):
    whole, (_, in_files) = rows(**case), objectives(tmp_path, **case)
    in_memory = Objective(InMemory(*in_parts(whole)), in_files.loss, in_files.penalty)
    found, expected = dual(in_files, tol=1e-4), dual(in_memory, tol=1e-4)
    assert len(found.loss_curve) == len(expected.loss_curve)
    assert found.theta.tobytes() == expected.theta.tobytes()


@pytest.mark.parametrize("n_turns", [2, 3])
@pytest.mark.parametrize("case", WITHOUT_OFFSET, ids=str)
def test_turns_at_the_same_time_reach_the_optimum_with_a_proof(case, n_turns):
    whole = rows(**case)
    several = objective_of(InMemory(*in_parts(whole), n_turns=n_turns), case["classes"])
    best = newton(objective_of(InMemory(whole), case["classes"]), tol=1e-12).certificate
    found, again = dual(several, tol=1e-6), dual(several, tol=1e-6)
    assert found.certificate.proves(1e-6)
    assert found.certificate.value - best.value <= found.certificate.bound
    assert found.theta.tobytes() == again.theta.tobytes()


def objective_of(parts, classes):
    return Objective(parts, cross_entropy_for(classes), penalty_of(0.01, 0.0, parts.has_dummy))


def test_there_are_no_more_turns_than_parts():
    assert InMemory(*in_parts(rows(2)), n_turns=8).n_turns == N_PARTS


@pytest.mark.parametrize(("classes", "shape"), [(2, (6,)), (3, (3, 6))])
def test_dual_ascent_over_parts_heeds_the_scales_of_the_penalty(tmp_path, classes, shape):
    scales = np.random.default_rng(5).uniform(0.5, 2, shape).astype(np.float32)
    whole, penalty = rows(classes, sparse=True), penalty_of(0.01, 0.0, True, scales)
    several = Objective(FromFiles(tmp_path, in_parts(whole)), cross_entropy_for(classes), penalty)
    best = newton(Objective(InMemory(whole), several.loss, penalty), tol=1e-12).certificate
    found = dual(several, tol=1e-6).certificate
    assert found.relative <= 1e-6
    assert found.value - best.value <= found.bound


@pytest.mark.parametrize("classes", [2, 4])
def test_dual_ascent_over_parts_resumes_near_the_optimum_and_with_a_weaker_penalty(tmp_path, classes):
    _, several = objectives(tmp_path, classes=classes)
    found = dual(several, tol=1e-6)
    assert len(dual(several, tol=1e-6, theta=found.theta).loss_curve) <= 2
    weaker = several.with_l2(several.l2 / 2)
    state = found.state.weakened(weaker.l2)
    theta = Ascent(weaker, state, 1e-6, 0).theta()
    assert theta == pytest.approx(Ascent(several, found.state, 1e-6, 0).theta(), abs=1e-6)
    resumed = dual(weaker, tol=1e-6, state=state)
    assert resumed.converged
    assert resumed.certificate.value == pytest.approx(newton(weaker, tol=1e-9).certificate.value, rel=2e-6)


@pytest.mark.parametrize("n_turns", [1, 2, 3])
def test_a_pass_keeps_the_weights_of_its_dual_point(n_turns):
    """θ - s·μ and the tracked θ·μ are those of α, of whichever parts; the intercept alone moves after the pass."""
    several = objective_of(InMemory(*in_parts(rows(3)), n_turns=n_turns), 3)
    ascent = Ascent(several, DualState.at_zero(several, 1e-4), 1e-4, 0)
    for _ in range(3):
        ascent.one_pass()
    state = ascent.state
    alpha = several.parts.each(_alpha_of_rows, state.alpha_scores, state.rows.groups)
    residuals = several.parts.each(_dual_residuals, several.loss, alpha)
    plain = -several.weighted_sum(residuals)[:, 1:] / (2 * several.l2)
    off = -several.weighted_sum(residuals)[:, :1] / (2 * several.l2)
    theta = ascent.theta()[:, 1:]
    assert theta == pytest.approx(plain - off * several.column_means, abs=1e-4)
    assert np.abs(off).max() > 1e-4
    assert state.intercepts[3, :3] == pytest.approx(theta @ several.column_means, abs=1e-4)


def _alpha_of_rows(part, alpha_scores, groups):
    return alpha_scores[groups.group_of][:, :3].astype(float)


def _dual_residuals(part, loss, alpha_scores):
    return loss.residuals(alpha_scores, part.y)


def test_dual_ascent_over_parts_takes_no_offset(tmp_path):
    _, several = objectives(tmp_path, classes=2, offset=True)
    with pytest.raises(UsageError, match="solver 'dual' cannot take an offset"):
        minimise(several, Settings(solver="dual"))


@pytest.mark.slow
@pytest.mark.parametrize(("label", "most"), [("label", 6), ("rating", 7)])
def test_sixteen_parts_of_real_text_need_hardly_more_passes_than_one(corpus, label, most):
    table = pytest.importorskip("pyarrow.parquet").read_table(corpus("imdb/train.parquet"))
    X = vikt.TextVectorizer(analyzer="pattern", ngram_range=(1, 2), min_df=2).fit_transform(table["text"].to_pylist())
    names, y = np.unique(table[label].to_pylist(), return_inverse=True)
    whole = Part(design_matrix(X), y, np.ones(len(y)))
    pieces = [
        Part(whole.X.take(own), y[own], whole.weights[own])
        for own in np.array_split(np.argsort(whole.X.row_hashes(), kind="stable"), 16)
    ]
    loss, penalty = cross_entropy_for(len(names)), penalty_of(1 / (2 * len(y)), 0.0, True)
    one, found = (dual(Objective(parts, loss, penalty), tol=1e-4) for parts in (InMemory(whole), InMemory(*pieces)))
    assert found.certificate.relative <= 1e-4
    assert len(found.loss_curve) <= most
    assert abs(found.certificate.value - one.certificate.value) <= max(found.certificate.bound, one.certificate.bound)


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


@pytest.mark.parametrize("case", WITHOUT_OFFSET, ids=str)
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
