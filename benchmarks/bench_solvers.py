"""Solvers at the same objective: seconds to a relative distance from the optimum, against scikit-learn and LIBLINEAR.

    python benchmarks/bench_solvers.py [--quick] [--only WORD] [--liblinear]

One thread everywhere, one matrix for all. Ours is `solver="auto"`, timed to a distance that it proves, what it prepares
(checks of the matrix, equal rows, ordering) and the proof included; both are told apart too. Peers stop where their own
default tolerance says, so they are timed once, and their distance is computed against a fit of ours at tol = 1e-9.
LIBLINEAR's -s 7 and -s 0 have no free intercept unless -R is given, which -s 7 does not know: it minimises another
objective there, so its distance may stay large. Its time includes its conversion of the matrix.

Results go to benchmarks/results/solvers.json, unless --quick or --only leaves something out.
"""

from __future__ import annotations

from measuring import in_turn, machine, print_rows, save, timed

# isort: split
import argparse
import sys
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression as Rival

import vikt
from bench_fit import load
from vikt.matrix import design_matrix
from vikt.model.objective import Objective
from vikt.solvers import Settings, minimise
from vikt.solvers.certificate import gradient_certificate

DISTANCES = (1e-2, 1e-4, 1e-6)
REFERENCE = 1e-9
WORDS = {"analyzer": "pattern", "ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True}
CHARACTERS = {"analyzer": "char_wb", "ngram_range": (2, 4), "min_df": 2, "sublinear_tf": True}
# Takes scikit-learn minutes at one C; `bench_fit.py` measures it there.
MINUTES = 3_000_000


def texts_of(corpus, label, features):
    def make():
        texts, y = load(corpus, label)
        return vikt.TextVectorizer(**features).fit_transform(texts), np.unique(y, return_inverse=True)[1]

    return make


def embeddings():
    """100,000 rows of 384 float32 numbers, and 10 classes drawn from a model of them."""
    random = np.random.default_rng(0)
    X = random.standard_normal((100_000, 384), dtype=np.float32)
    scores = X @ (0.15 * random.standard_normal((384, 10), dtype=np.float32))
    return X, (scores + random.gumbel(size=scores.shape)).argmax(axis=1)


PROBLEMS = {
    "digits": lambda: load_digits(return_X_y=True),
    "SMS": texts_of("sms/sms.tsv", "label", WORDS),
    "TREC fine": texts_of("trec/train.tsv", "fine", WORDS),
    "dense 100,000 × 384": embeddings,
    "IMDB label": texts_of("imdb/train.parquet", "label", WORDS),
    "languages": texts_of("languages/train.tsv", "label", CHARACTERS),
    "IMDB rating": texts_of("imdb/train.parquet", "rating", WORDS),
}
QUICK = ("digits", "SMS", "TREC fine", "dense 100,000 × 384", "IMDB label")


def ours(X, y, C, tol):
    """A side for `in_turn`: a whole fit, its preparation and its proof timed by themselves too."""

    def run():
        def fit():
            objective = Objective(design_matrix(X), y, n_classes=int(y.max()) + 1, l2=1 / (2 * C * len(y)))
            return objective, minimise(objective, Settings(tol=tol))

        (objective, solution), wall, cpu = timed(fit)
        _, _, prepared = timed(lambda: design_matrix(X))
        _, _, proof = timed(lambda: gradient_certificate(objective, solution.theta))
        return {
            "wall_s": wall,
            "cpu_s": cpu,
            "preparation_s": prepared,
            "proof_s": proof,
            "proven": solution.certificate.relative,
            "records": len(solution.loss_curve),
        }

    return run


def scikit_learn(solver):
    def fit(X, y, C):
        model = Rival(C=C, solver=solver, max_iter=10_000).fit(X, y)
        return np.column_stack([model.intercept_, model.coef_]).astype(np.float64)

    return fit


def liblinear(solver):
    def fit(X, y, C):
        from liblinear.liblinearutil import train

        model = train(y.astype(float), X, f"-s {solver} -c {C} -B 1 -q" + (" -R" if solver == 0 else ""))
        weights, bias = model.get_decfun(label_idx=0)
        sign = 1 if model.get_labels()[0] == 1 else -1
        return sign * np.array([[bias, *weights]])

    return fit


def peers_of(X, y, with_liblinear):
    yield "lbfgs", scikit_learn("lbfgs")
    if X.shape[1] * (int(y.max()) + 1) < 1000:
        yield "newton-cholesky", scikit_learn("newton-cholesky")
    else:
        yield "newton-cg", scikit_learn("newton-cg")
    if with_liblinear and y.max() == 1:
        yield "LIBLINEAR -s 7", liblinear(7)
        yield "LIBLINEAR -s 0 -R", liblinear(0)


def bench(problem, X, y, C, repeats, with_liblinear, slow):
    sides = {f"{tol:g}": ours(X, y, C, tol) for tol in DISTANCES}
    own = in_turn(sides, repeats)
    objective = Objective(design_matrix(X), y, n_classes=int(y.max()) + 1, l2=1 / (2 * C * len(y)))
    proof = minimise(objective, Settings(tol=REFERENCE)).certificate
    least = proof.value - proof.bound
    peers = {}
    work = getattr(X, "nnz", X.size) * (int(y.max()) + 1)
    for name, fit in peers_of(X, y, with_liblinear) if slow or work < 20 * MINUTES else ():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theta, wall, cpu = timed(lambda fit=fit: fit(X, y, C))
        distance = objective.value(theta[0] if len(theta) == 1 else theta) / least - 1
        peers[name] = {"wall_s": wall, "cpu_s": cpu, "distance": distance}
    told = ", ".join(f"{name} {row['cpu_s']:.2f} s at {row['distance']:.0e}" for name, row in peers.items())
    print(
        f"{problem}, C = {C:g}: " + " / ".join(f"{row['cpu_s']['median']:.2f}" for row in own.values()),
        told,
        flush=True,
    )
    return {"problem": problem, "C": C, "reference": proof.relative, "vikt": own, "peers": peers}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer problems, C = 1 and 10, three repeats")
    parser.add_argument("--only", default="", metavar="WORD", help="problems whose name holds it")
    parser.add_argument("--liblinear", action="store_true", help="also LIBLINEAR, from the package liblinear-official")
    given = parser.parse_args()
    names = [name for name in (QUICK if given.quick else PROBLEMS) if given.only in name]
    cases = []
    for name in names:
        X, y = PROBLEMS[name]()
        for C in (1.0, 10.0) if given.quick else (0.1, 1.0, 10.0, 100.0):
            cases.append(bench(name, X, y, C, 3 if given.quick else 5, given.liblinear, not given.quick))
    header = ["problem", "C", *(f"to {tol:g}" for tol in DISTANCES), "lbfgs", "its distance"]
    print_rows("CPU seconds", header, [row_of(case) for case in cases])
    if given.quick or given.only:
        print("not saved, as something was left out")
        return
    save("solvers", {"machine": machine(dict.fromkeys(("numpy", "scikit-learn"), sys.executable)), "cases": cases})


def row_of(case):
    rival = case["peers"].get("lbfgs")
    own = [f"{row['cpu_s']['median']:.2f}" for row in case["vikt"].values()]
    told = [f"{rival['cpu_s']:.2f}", f"{rival['distance']:.0e}"] if rival else ["-", "-"]
    return [case["problem"], f"{case['C']:g}", *own, *told]


if __name__ == "__main__":
    main()
