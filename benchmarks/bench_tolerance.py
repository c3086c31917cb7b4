"""What each tolerance leaves of the distance to the optimal probabilities, and what it costs.

    python benchmarks/bench_tolerance.py [--repeats N] [--fits NAME ...] [--processes NAME ...]

A run of some problems replaces their rows in the results and keeps the others, so that the slow ones can be measured
by themselves and with fewer repeats; each row says how many it has.

Fits: `LogisticRegression(C=10, tol=...)` on texts, and C = 1 on rows that hold one word each, a word of their own, with
classes of equal size: these mirror each other, so that at the optimum all have one probability of their class. The
probabilities of the fitted rows are compared with those of a fit proven to 1e-10. The time is CPU time of one thread,
the sides in turn, medians; the ratio is to the time at 1e-4.

Processes: `vikt train` from file to model, with the features chosen for the small corpora and given, with λ, for the
large ones, where the fit is then the largest share of the process that it can be; and a scikit-learn pipeline of
`TextVectorizer` and `LogisticRegression` on the same files, from start to end.

Results go to benchmarks/results/tolerance.json; `python benchmarks/tables.py` puts them in docs/benchmarks.md.
"""

from __future__ import annotations

from measuring import DATA, RESULTS, in_turn, machine, print_rows, process, save, timed

# isort: split
import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

import vikt
from vikt.corpus.readers import read_table

TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
BASE = "0.0001"
EXACT = 1e-10
WORDS = {"analyzer": "pattern", "ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True}
CHARACTERS = {"analyzer": "char_wb", "ngram_range": (2, 4), "min_df": 2, "sublinear_tf": True}
CORPORA = {
    "SMS": ("sms/sms.tsv", "label", WORDS),
    "TREC label": ("trec/train.tsv", "label", WORDS),
    "TREC fine": ("trec/train.tsv", "fine", WORDS),
    "IMDB label": ("imdb/train.parquet", "label", WORDS),
    "languages": ("languages/train.tsv", "label", CHARACTERS),
}
MIRRORED = "one word each"
GIVEN = {
    "IMDB label": ["--analyzer", "word", "--l2", "2e-6"],
    "languages": ["--analyzer", "char_wb", "--ngrams", "2-4", "--l2", "1e-6"],
}
PIPELINE = """
import sys
from sklearn.pipeline import make_pipeline
import vikt
from vikt.corpus.readers import read_table
path, label, tol = sys.argv[1:4]
table = read_table(path)
model = make_pipeline(vikt.TextVectorizer(**{features}), vikt.LogisticRegression(C=10, tol=float(tol)))
model.fit(table.strings("text"), table.strings(label))
"""

Problem = tuple[str, Any, Any, float]


def problems(names: list[str]) -> Iterator[Problem]:
    """Names, rows, labels and C."""
    for name in filter(CORPORA.__contains__, names):
        path, label, features = CORPORA[name]
        table = read_table(DATA / path)
        yield name, vikt.TextVectorizer(**features).fit_transform(table.strings("text")), table.strings(label), 10.0
    if MIRRORED in names:
        yield from mirrored()


def mirrored() -> Iterator[Problem]:
    for n_classes in (2, 3):
        for n_rows in (600, 6000, 20_000):
            labels = [f"class {row % n_classes}" for row in range(n_rows)]
            rows = scipy.sparse.identity(n_rows, format="csr")
            yield f"{MIRRORED}, {n_rows:,}, {n_classes} classes", rows, labels, 1.0


def exact(X: Any, y: Any, C: float) -> Any:
    """The probabilities of a fit to 1e-10, which Newton's method ends from where the ascent has come."""
    model = vikt.LogisticRegression(C=C, tol=TOLERANCES[-1], warm_start=True).fit(X, y)
    model.set_params(solver="newton", tol=EXACT).fit(X, y)
    assert model.certificate_ <= EXACT
    return model.predict_proba(X)


def one_fit(X: Any, y: Any, C: float, tol: float, optimal: Any) -> dict[str, Any]:
    model, wall, cpu = timed(lambda: vikt.LogisticRegression(C=C, tol=tol).fit(X, y))
    assert model.certificate_ <= tol
    found = model.predict_proba(X)
    apart = np.abs(found - optimal)
    return {
        "wall_s": wall,
        "cpu_s": cpu,
        "certificate": model.certificate_,
        "passes": len(model.loss_curve_),
        "max": float(apart.max()),
        "mean": float(apart.mean()),
    }


def with_ratios(sides: dict[str, Any]) -> dict[str, Any]:
    base = sides[BASE]["cpu_s"]["median"]
    return {tol: side | {"times_base": side["cpu_s"]["median"] / base} for tol, side in sides.items()}


def bench_fit(problem: Problem, repeats: int) -> dict[str, Any]:
    name, X, y, C = problem
    optimal = exact(X, y, C)
    sides = {f"{tol:g}": partial(one_fit, X, y, C, tol, optimal) for tol in TOLERANCES}
    to = with_ratios(in_turn(sides, repeats))
    return {"problem": name, "rows": X.shape[0], "C": C, "repeats": repeats, "to": to}


def bench_process(name: str, repeats: int) -> dict[str, Any]:
    path, label, features = CORPORA[name]
    with tempfile.TemporaryDirectory() as folder:
        given = ["--text", "text", "--label", label, "-q", "-o", str(Path(folder, "model.vikt")), *GIVEN.get(name, [])]
        train = [sys.executable, "-m", "vikt", "train", str(DATA / path), *given, "--tol"]
        pipeline = [sys.executable, "-c", PIPELINE.replace("{features}", repr(features)), str(DATA / path), label]
        commands = {"train": train, "pipeline": pipeline}
        process([*train, BASE])  # once for the compiler
        measured = {
            side: with_ratios(in_turn(at_each(command), repeats, warm_up=False)) for side, command in commands.items()
        }
    return {"problem": name, "options": GIVEN.get(name, []), "repeats": repeats, **measured}


def at_each(command: list[str]) -> dict[str, Callable[[], dict[str, Any]]]:
    """The command at each tolerance, which is its last argument."""
    return {f"{tol:g}": partial(process, [*command, f"{tol:g}"]) for tol in TOLERANCES}


def report(results: dict[str, Any]) -> None:
    header = ["", *(f"tol {tol:g}" for tol in TOLERANCES)]
    for fact in ("max", "mean"):
        rows = [
            [row["problem"], *(f"{side[fact]['median']:.1e}" for side in row["to"].values())] for row in results["fits"]
        ]
        print_rows(f"{fact} distance of the probabilities", header, rows)
    rows = [[row["problem"], *(f"{side['times_base']:.2f}" for side in row["to"].values())] for row in results["fits"]]
    print_rows("CPU time of the fit, times that at 1e-4", header, rows)
    rows = [
        [f"{row['problem']}, {kind}", *(f"{side['times_base']:.2f}" for side in row[kind].values())]
        for row in results["processes"]
        for kind in ("train", "pipeline")
    ]
    print_rows("CPU time of the process, times that at 1e-4", header, rows)


def with_kept(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The rows measured, and those of other problems that an earlier run has left, in the order of the problems."""
    path = RESULTS / "tolerance.json"
    kept = json.loads(path.read_text())[kind] if path.exists() else []
    by_problem = {row["problem"]: row for row in [*kept, *rows]}
    order = [*CORPORA, MIRRORED]
    return sorted(by_problem.values(), key=lambda row: order.index(row["problem"].split(",")[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--fits", nargs="*", metavar="NAME", choices=[*CORPORA, MIRRORED], default=[*CORPORA, MIRRORED])
    parser.add_argument("--processes", nargs="*", metavar="NAME", choices=list(CORPORA), default=list(CORPORA))
    options = parser.parse_args()
    fits = [bench_fit(problem, options.repeats) for problem in problems(options.fits)]
    processes = [bench_process(name, options.repeats) for name in options.processes]
    results = {
        "machine": machine(dict.fromkeys(("numpy", "scikit-learn"), sys.executable)),
        "fits": with_kept(fits, "fits"),
        "processes": with_kept(processes, "processes"),
    }
    report(results)
    save("tolerance", results)


if __name__ == "__main__":
    main()
