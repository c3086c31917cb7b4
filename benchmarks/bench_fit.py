"""Fits against scikit-learn's default solver.

    python benchmarks/bench_fit.py [--skip-slow]

One thread everywhere. Both sides minimise the same objective on the same SciPy matrix, at C = 10. Ours, asked for 1e-4,
is timed from `fit` to weights, the ordering of rows and the certificate included, as the median of five fits after one
to warm up; scikit-learn's lbfgs, which takes minutes, once. How far each ends from the optimum is measured against a
fit of ours proven to 1e-6. Unequal: scikit-learn stops where its own tolerance says so, farther from the optimum than
we do; so we are also asked for the distance at which it stopped, which we prove and it does not.

Results go to benchmarks/results/fit.json; `python benchmarks/tables.py` puts them in docs/benchmarks.md and the README.
"""

from __future__ import annotations

from measuring import DATA, machine, save, timed

# isort: split
import argparse
import statistics
import sys
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression as Rival

import vikt
from vikt.corpus.readers import read_table
from vikt.matrix import design_matrix
from vikt.model.objective import Objective
from vikt.solvers.dual import dual

C = 10.0
TOL = 1e-4
REPEATS = 5


def load(corpus: str, label: str):
    """Texts and labels of a corpus's training file."""
    table = read_table(DATA / corpus)
    return table.strings("text"), np.array(table.strings(label))


def problems(skip_slow: bool):
    words = {"analyzer": "pattern", "ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True}
    characters = {"analyzer": "char_wb", "ngram_range": (2, 4), "min_df": 2, "sublinear_tf": True}
    yield "IMDB label (2 classes)", "imdb/train.parquet", "label", words
    yield "TREC fine (50 classes)", "trec/train.tsv", "fine", words
    if not skip_slow:
        yield "languages (45 classes)", "languages/train.tsv", "label", characters
        yield "IMDB rating (8 classes)", "imdb/train.parquet", "rating", words


def distance(X, y, theta, best):
    """L̂(θ)/L̂* - 1, with L̂* the value of the tight fit less its bound."""
    indices = np.unique(y, return_inverse=True)[1]
    n_classes = int(indices.max()) + 1
    objective = Objective.of(design_matrix(X), indices, n_classes=n_classes, l2=1 / (2 * C * len(y)))
    tight = best or dual(objective, tol=1e-6, max_iter=2000).certificate
    least = tight.value - tight.bound
    return objective.value(theta) / least - 1, tight


def bench_fit(name, corpus, label, features):
    texts, y = load(corpus, label)
    X = vikt.TextVectorizer(**features).fit_transform(texts)
    ours = [timed(lambda: vikt.LogisticRegression(C=C, tol=TOL).fit(X, y)) for _ in range(REPEATS + 1)][1:]
    model = ours[0][0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rival, rival_wall, rival_cpu = timed(lambda: Rival(C=C, max_iter=10_000).fit(X, y))
    own_distance, tight = distance(X, y, model.theta_, None)
    theirs = np.column_stack([rival.intercept_, rival.coef_])
    rival_distance, _ = distance(X, y, theirs[0] if len(theirs) == 1 else theirs, tight)
    as_near = [timed(lambda: vikt.LogisticRegression(C=C, tol=rival_distance).fit(X, y)) for _ in range(REPEATS)]
    wall, cpu = (statistics.median(run[i] for run in ours) for i in (1, 2))
    wall_as_near = statistics.median(run[1] for run in as_near)
    result = {
        "problem": name,
        "rows": X.shape[0],
        "features": X.shape[1],
        "non_zeros": int(X.nnz),
        "vikt": {
            "wall_s": wall,
            "cpu_s": cpu,
            "wall_s_all": [run[1] for run in ours],
            "certificate": model.certificate_,
            "distance": own_distance,
        },
        "scikit-learn": {"wall_s": rival_wall, "cpu_s": rival_cpu, "distance": rival_distance},
        "as_near": {"wall_s": wall_as_near, "certificate": as_near[0][0].certificate_},
        "times_faster": rival_wall / wall,
        "times_faster_as_near": rival_wall / wall_as_near,
    }
    print(
        f"{name}: vikt {wall:.2f} s at {own_distance:.1e} (proven {model.certificate_:.1e}), "
        f"scikit-learn {rival_wall:.1f} s at {rival_distance:.1e}: {rival_wall / wall:.0f} times; "
        f"asked for no more than that, vikt {wall_as_near:.2f} s: {rival_wall / wall_as_near:.0f} times",
        flush=True,
    )
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skip-slow", action="store_true", help="leave out what takes scikit-learn minutes")
    options = parser.parse_args()
    results = {
        "machine": machine(dict.fromkeys(("numpy", "scikit-learn"), sys.executable)),
        "fit": [bench_fit(*problem) for problem in problems(options.skip_slow)],
    }
    save("fit", results, partial=options.skip_slow)


if __name__ == "__main__":
    main()
