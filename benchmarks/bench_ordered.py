"""What the order of levels is worth: IMDB's eight ratings by proportional odds, beside the multinomial's median.

    python benchmarks/bench_ordered.py [--rows N]

Both read one matrix of words and pairs of words (tf-idf) and prove 1e-4. C is chosen for each by the log loss of a
fifth of the training rows, and both are fitted to all rows at their own; a second comparison is at C·mean‖x‖² = 100,
the default without validation. Told are the errors of the median level, and of the most probable class, on the test
rows; the gain is the mean over test rows of how much farther the multinomial's median is from the truth, in levels,
with its bootstrap. Seconds are CPU seconds of the fit to all training rows, on one thread.

Results go to benchmarks/results/ordered.json, unless --rows leaves some out.
"""

from __future__ import annotations

from measuring import DATA, Measured, machine, print_rows, save, timed

# isort: split
import argparse
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.parquet as pq

import vikt
from vikt.arrays import Floats, Ints
from vikt.evaluation.level_figures import level_figures
from vikt.matrix import design_matrix
from vikt.metrics.bootstrap import cells_of, drawn_means
from vikt.metrics.intervals import percentile_interval
from vikt.model.objective import Objective
from vikt.model.ordered import ProportionalOdds, median_levels
from vikt.model.penalties import L2
from vikt.parts import InMemory, Part
from vikt.solvers import Settings, minimise

WORDS = {"analyzer": "pattern", "ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True}
TOL = 1e-4
STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
# Rows have length 1, so this is C·mean‖x‖² = 100.
DEFAULT = 100.0

# log P(level | x) of rows, (m, K).
Model = Callable[[Any], Floats]
Fit = Callable[[Any, Ints, float], Model]


def multinomial(X: Any, y: Ints, C: float) -> Model:
    return vikt.LogisticRegression(C=C, tol=TOL).fit(X, y).predict_log_proba


def proportional_odds(X: Any, y: Ints, C: float) -> Model:
    rows = InMemory(Part(design_matrix(X, has_dummy=True), y, np.ones(len(y))))
    start = ProportionalOdds.of_shares(np.bincount(y) / len(y))
    found = minimise(Objective(rows, start, L2(1 / (2 * C * len(y)))), Settings(tol=TOL))
    assert found.certificate.relative <= TOL
    assert found.thresholds is not None
    loss = ProportionalOdds(found.thresholds)
    return lambda other: loss.log_probabilities(design_matrix(other, has_dummy=True).scores(found.theta))


FITS: dict[str, Fit] = {"proportional odds": proportional_odds, "multinomial": multinomial}


def read(name: str, n_rows: int | None) -> tuple[list[str], Ints]:
    """Texts and ratings: all, or as many evenly spread over the file."""
    table = pq.read_table(DATA / "imdb" / f"{name}.parquet", columns=["text", "rating"]).to_pydict()
    step = max(1, len(table["text"]) // (n_rows or len(table["text"])))
    return table["text"][::step], np.array(table["rating"][::step], dtype=np.int64)


def chosen_strength(fit: Fit, X: Any, y: Ints) -> tuple[float, dict[str, float]]:
    """The C of the least log loss on a fifth of the rows, and that of each."""
    rows = np.random.default_rng(0).permutation(len(y))
    held, kept = rows[: len(y) // 5], rows[len(y) // 5 :]
    losses = {C: -float(np.mean(fit(X[kept], y[kept], C)(X[held])[np.arange(len(held)), y[held]])) for C in STRENGTHS}
    return min(losses, key=losses.__getitem__), {f"{C:g}": loss for C, loss in losses.items()}


def tested(log_p: Floats, y: Ints, numbers: Ints) -> Measured:
    def figures(answers: Ints) -> Measured:
        found = level_figures(cells_of(y, answers), len(numbers), numbers)
        return {name: figure.to_json() for name, figure in found.items()}

    return {
        "log_loss": -float(np.mean(log_p[np.arange(len(y)), y])),
        "median": figures(median_levels(log_p)),
        "most_probable": figures(log_p.argmax(axis=1)),
    }


def compared(strengths: dict[str, float], train: Any, test: Any, numbers: Ints) -> Measured:
    """Both at a C of their own: figures on the test rows, seconds, and the gain."""
    (X, y), (X_test, y_test) = train, test
    sides, errors = {}, {}
    for name, fit in FITS.items():
        model, wall, cpu = timed(lambda fit=fit, name=name: fit(X, y, strengths[name]))
        log_p = model(X_test)
        sides[name] = {"C": strengths[name], "wall_s": wall, "cpu_s": cpu, **tested(log_p, y_test, numbers)}
        errors[name] = np.abs(median_levels(log_p) - y_test).astype(float)
    gains = errors["multinomial"] - errors["proportional odds"]
    low, high = percentile_interval(drawn_means(gains))
    return {"sides": sides, "gain": {"value": float(gains.mean()), "low": low, "high": high}}


def report(results: Measured) -> None:
    header = [
        "",
        "C",
        "CPU s",
        "log loss",
        "mean error, levels",
        "stars",
        "kappa",
        "Spearman",
        "error of most probable",
    ]
    for about in ("chosen", "default"):
        rows = []
        for name, side in results[about]["sides"].items():
            of_median = [f"{figure['value']:.4f}" for figure in side["median"].values()]
            error, kappa, rho, stars = of_median
            most_probable = side["most_probable"]["mean_absolute_error"]["value"]
            figures = [f"{side['log_loss']:.4f}", error, stars, kappa, rho, f"{most_probable:.4f}"]
            rows.append([name, f"{side['C']:g}", f"{side['cpu_s']:.1f}", *figures])
        print_rows(f"IMDB's ratings, C {about}", header, rows)
        gain = results[about]["gain"]
        print(f"gain in mean error: {gain['value']:.4f} levels, {gain['low']:.4f} to {gain['high']:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int)
    options = parser.parse_args()
    (texts, ratings), (test_texts, test_ratings) = (read(name, options.rows) for name in ("train", "test"))
    numbers, y = np.unique(ratings, return_inverse=True)
    vectorizer = vikt.TextVectorizer(**WORDS)
    train = vectorizer.fit_transform(texts), y.astype(np.int64)
    test = vectorizer.transform(test_texts), np.searchsorted(numbers, test_ratings)
    for fit in FITS.values():
        fit(train[0][:500], train[1][:500], 1.0)  # once for the compiler
    searched = {name: chosen_strength(fit, *train) for name, fit in FITS.items()}
    results = {
        "machine": machine(dict.fromkeys(("numpy",), sys.executable)),
        "rows": len(texts),
        "test_rows": len(test_texts),
        "columns": train[0].shape[1],
        "levels": numbers.tolist(),
        "tol": TOL,
        "validation_log_loss": {name: losses for name, (_, losses) in searched.items()},
        "chosen": compared({name: C for name, (C, _) in searched.items()}, train, test, numbers),
        "default": compared(dict.fromkeys(FITS, DEFAULT), train, test, numbers),
    }
    report(results)
    save("ordered", results, partial=options.rows)


if __name__ == "__main__":
    main()
