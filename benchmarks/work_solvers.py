"""What bench_solvers.py times: the problems, and on each a fit of vikt's, of scikit-learn's and of LIBLINEAR's.

A side is called to do its work once; it tells its seconds, and how far from the optimum it ended.
"""

from __future__ import annotations

from measuring import Measured, clocked, timed

# isort: split
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from typing import Any
from unittest.mock import patch

import numpy as np
import scipy.sparse as sp
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression as Rival
from sklearn.linear_model import LogisticRegressionCV as RivalPath
from sklearn.metrics import accuracy_score, log_loss
from threadpoolctl import threadpool_limits

import vikt
from bench_fit import load
from vikt.corpus.order import split_folds
from vikt.matrix import design_matrix
from vikt.model.objective import Objective
from vikt.selection.folds import Fold
from vikt.selection.penalty import choose_l2
from vikt.solvers import Settings, minimise

WORDS = {"analyzer": "pattern", "ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True}
CHARACTERS = {"analyzer": "char_wb", "ngram_range": (2, 4), "min_df": 2, "sublinear_tf": True}
# What distances are measured against is proven to this.
REFERENCE = 1e-9

Data = tuple[Any, Any]
Side = Callable[[], Measured]


def text(file: str, label: str, features: dict[str, Any]) -> Data:
    texts, labels = load(file, label)
    return vikt.TextVectorizer(**features).fit_transform(texts), np.unique(labels, return_inverse=True)[1]


def embeddings() -> Data:
    """100,000 rows of 384 float32 numbers, and 10 classes drawn from a model of them."""
    random = np.random.default_rng(0)
    X = random.standard_normal((100_000, 384), dtype=np.float32)
    scores = X @ (0.15 * random.standard_normal((384, 10), dtype=np.float32))
    return X, (scores + random.gumbel(size=scores.shape)).argmax(axis=1)


class Reference:
    """An objective and the least that it can be, by proof.

    LIBLINEAR's -s 7 penalises the intercept: its objective is that of a column of ones and no intercept.
    """

    def __init__(self, X: Any, y: Any, C: float, free_intercept: bool = True) -> None:
        rows = X if free_intercept else sp.hstack([X, np.ones((len(y), 1))], format="csr")
        matrix = design_matrix(rows, has_dummy=free_intercept)
        self.objective = Objective.of(matrix, y, n_classes=int(y.max()) + 1, l2=1 / (2 * C * len(y)))
        proof = minimise(self.objective, Settings(tol=REFERENCE)).certificate
        self.proven, self.least = proof.relative, proof.value - proof.bound

    def distance(self, theta: Any) -> float:
        """L̂(θ)/L̂* - 1, the intercept first; too large by what the reference leaves unproven, never too small."""
        theta = np.asarray(theta, dtype=np.float64)
        return float(self.objective.value(theta.reshape(self.objective.shape)) / self.least - 1)


_DUAL, _NEWTON = import_module("vikt.solvers.dual"), import_module("vikt.solvers.newton")
STAGES = [
    ("solving", import_module("vikt.estimators"), "minimise"),
    ("ordering", _DUAL.DualState, "at_zero"),
    ("proof", _DUAL, "dual_certificate"),
    ("proof", _DUAL, "gradient_certificate"),
    ("proof", _NEWTON, "gradient_certificate"),
]


@contextmanager
def stages_timed() -> Iterator[Counter[str]]:
    """CPU seconds that a fit of vikt's spends in each of `STAGES`."""
    spent: Counter[str] = Counter()

    def watched(stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            result, _, cpu = clocked(partial(work, *arguments, **options))
            spent[stage] += cpu
            return result

        return run

    with ExitStack() as stack:
        for stage, owner, name in STAGES:
            stack.enter_context(patch.object(owner, name, watched(stage, getattr(owner, name))))
        yield spent


def vikt_fit(X: Any, y: Any, C: float, tol: float, reference: Reference | None, threads: int = 1) -> Measured:
    """From what the user brings to weights with their proof; dense rows are the linear algebra library's, on as many
    threads."""
    own = vikt.LogisticRegression(C=C, tol=tol, threads=threads)
    with threadpool_limits(threads), stages_timed() as spent:
        model, wall, cpu = timed(lambda: own.fit(X, y))
    return {
        "wall_s": wall,
        "cpu_s": cpu,
        "preparation_s": cpu - spent["solving"] + spent["ordering"],
        "passes_s": spent["solving"] - spent["ordering"] - spent["proof"],
        "proof_s": spent["proof"],
        "passes": int(model.n_iter_[0]),
        "proven": model.certificate_,
        "distance": reference.distance(model.theta_) if reference else model.certificate_,
    }


def sklearn_fit(X: Any, y: Any, C: float, solver: str, tol: float, reference: Reference) -> Measured:
    # More passes of saga than it makes by default would bring it no nearer in a time worth comparing.
    rival = Rival(C=C, solver=solver, tol=tol, max_iter=100 if solver == "saga" else 10_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, wall, cpu = timed(lambda: rival.fit(X, y))
    theta = np.column_stack([model.intercept_, model.coef_])
    return {"wall_s": wall, "cpu_s": cpu, "distance": reference.distance(theta)}


def liblinear_fit(X: Any, y: Any, C: float, options: str, reference: Reference | None) -> Measured:
    """Its conversion of the matrix and its training; how far it ends where the objective is known."""
    from liblinear.liblinearutil import parameter, problem, train

    converted, wall, conversion = timed(lambda: problem(y.astype(float), X))
    asked = parameter(f"{options} -c {C} -B 1 -q")
    model, more, training = timed(lambda: train(converted, asked))
    told = {"wall_s": wall + more, "cpu_s": conversion + training, "conversion_s": conversion, "training_s": training}
    if reference is None:
        return told
    sign = 1 if model.get_labels()[0] == 1 else -1
    weights = sign * np.ctypeslib.as_array(model.w, (X.shape[1] + 1,))
    free = reference.objective.rows.X.has_dummy
    return told | {"distance": reference.distance(np.roll(weights, 1) if free else weights)}


def path_data(file: str, label: str, test_file: str | None) -> tuple[Data, Data]:
    """Rows to learn from and rows held out: those of the test file, or a fifth drawn."""
    texts, labels = load(file, label)
    if test_file:
        held, truth = load(test_file, label)
    else:
        order = np.random.default_rng(0).permutation(len(texts))
        apart, rest = np.sort(order[: len(order) // 5]), np.sort(order[len(order) // 5 :])
        held, truth = [texts[i] for i in apart], labels[apart]
        texts, labels = [texts[i] for i in rest], labels[rest]
    vectorizer = vikt.TextVectorizer(**WORDS)
    classes, y = np.unique(labels, return_inverse=True)
    return (vectorizer.fit_transform(texts), y), (vectorizer.transform(held), np.searchsorted(classes, truth))


def vikt_path(train: Data, test: Data, folds: list[Data]) -> Measured:
    X, y = train

    def fit() -> tuple[Any, int]:
        matrix = design_matrix(X)

        def objective(rows: Any) -> Objective:
            return Objective.of(matrix.take(rows), y[rows], n_classes=int(y.max()) + 1, l2=0.0)

        choice = choose_l2([Fold(objective(rest), objective(apart)) for rest, apart in folds])
        return vikt.LogisticRegression(l2=choice.l2).fit(X, y), len(choice.curve)

    (model, tried), wall, cpu = timed(fit)
    return {"wall_s": wall, "cpu_s": cpu, "tried": tried, "C": 1 / (2 * model.l2_ * len(y)), **held_out(model, test)}


def sklearn_path(train: Data, test: Data, folds: list[Data]) -> Measured:
    options = {"l1_ratios": (0.0,), "scoring": "neg_log_loss", "use_legacy_attributes": False}
    rival = RivalPath(Cs=20, cv=folds, max_iter=10_000, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, wall, cpu = timed(lambda: rival.fit(*train))
    return {"wall_s": wall, "cpu_s": cpu, "tried": 20, "C": float(np.ravel(model.C_)[0]), **held_out(model, test)}


def held_out(model: Any, test: Data) -> Measured:
    p = model.predict_proba(test[0])
    return {"log_loss": float(log_loss(test[1], p)), "accuracy": float(accuracy_score(test[1], p.argmax(axis=1)))}


def five_folds(y: Any) -> list[Data]:
    """The same for both sides: of each, the rows to fit and the rows kept apart."""
    rows = np.arange(len(y))
    return [(np.setdiff1d(rows, apart), apart) for apart in split_folds(rows, y, 5)]


PROBLEMS: dict[str, Callable[[], Data]] = {
    "digits": lambda: load_digits(return_X_y=True),
    "SMS": lambda: text("sms/sms.tsv", "label", WORDS),
    "TREC fine": lambda: text("trec/train.tsv", "fine", WORDS),
    "IMDB label": lambda: text("imdb/train.parquet", "label", WORDS),
    "IMDB rating": lambda: text("imdb/train.parquet", "rating", WORDS),
    "languages": lambda: text("languages/train.tsv", "label", CHARACTERS),
    "dense 100,000 × 384": embeddings,
}
PATHS = {"SMS": ("sms/sms.tsv", "label", None), "TREC label": ("trec/train.tsv", "label", "trec/test.tsv")}
