"""Solvers at the same objective: seconds to a relative distance from the optimum, against scikit-learn and LIBLINEAR.

    python benchmarks/bench_solvers.py [--slow] [--quick] [--only WORD]

One thread everywhere: peers and the linear algebra library are held to one. Then ours to 1e-4 on two threads, the
library's too, in wall seconds: a pass of dual ascent stays on one. All read one matrix in memory; making features is
not counted. Seconds are CPU seconds of the process, and wall seconds beside them.

Ours is `LogisticRegression(C, tol)`, from that matrix to weights: checks, order of rows, equal rows, passes and the
proof of the distance, each told apart too. "To 1e-4" means that so much was asked for and proven. Peers prove nothing:
each is run at several of its tolerances, its distance is measured against a fit of ours proven to 1e-9, and its seconds
to a distance are those of its quickest run that ended there or nearer; nothing is interpolated, on either side. A
peer's single run is also set against our quickest fit that ended as near.

What takes less than 1.5 s is then done three times more, all sides in turn, and the median told; the rest once.

Unequal:
- LIBLINEAR, on two classes: `-s 0 -R` leaves the intercept free, as we do. `-s 7` penalises it, which is another
  objective; its distance is measured at its own, whose optimum is found with a column of ones and no intercept. Its
  conversion of the matrix is counted, and told apart. scikit-learn's solver "liblinear" is an older copy of it.
- LIBLINEAR on IMDB's ratings and languages fits one class against the rest, which is another problem: seconds alone.
- scikit-learn's default takes minutes on these two: it is run with --slow, at C = 10, and left out otherwise.
- Ours takes minutes from 1e-4 to 1e-6 on languages at C = 100: with --slow alone.
- saga stops after its default of 100 passes.
- The path: ours ends after three worse λ in a row, and goes with each as far as a hint of 1e-2, which proves nothing,
  before the last fit, which is proven to 1e-4;
  LogisticRegressionCV solves all its 20 to its tolerance. Their grids differ; folds, matrix and criterion (log loss)
  are the same. Equal rows may lie in different folds.

Results go to benchmarks/results/solvers.json, unless --quick or --only leaves something out;
`python benchmarks/tables.py` puts them in
docs/benchmarks.md, `python benchmarks/plot_solvers.py` draws them.
"""

from __future__ import annotations

from measuring import Measured, in_turn, machine, print_rows, save

# isort: split
import argparse
import sys
from functools import partial
from importlib.util import find_spec
from typing import Any

from work_solvers import (
    PATHS,
    PROBLEMS,
    Reference,
    Side,
    five_folds,
    liblinear_fit,
    path_data,
    sklearn_fit,
    sklearn_path,
    vikt_fit,
    vikt_path,
)

TWO_THREADS = "vikt, two threads"
DISTANCES = (1e-2, 1e-4, 1e-6)
# So that each distance of a peer's finds one of ours close by.
DECADES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
STRENGTHS = (0.1, 1.0, 10.0, 100.0)

LIBLINEAR = {
    "LIBLINEAR -s 0 -R": ("-s 0 -R", (1, 0.1, 0.01, 0.001)),
    "LIBLINEAR -s 7": ("-s 7", (10, 1, 0.1, 0.01)),
}
# Each solver at the tolerances at which it may be the quickest to some distance, and lbfgs at its default.
SCIKIT_LEARN = {
    "digits": {"lbfgs": (1e-2, 1e-4), "newton-cg": DISTANCES, "newton-cholesky": DISTANCES},
    "SMS": {"lbfgs": DISTANCES, "newton-cg": DISTANCES, "saga": (1e-2, 1e-4)},
    "TREC fine": {"lbfgs": (1e-4,), "newton-cg": DISTANCES, "saga": (1e-2, 1e-4)},
    "IMDB label": {"lbfgs": (1e-4,)},
    "dense 100,000 × 384": {"lbfgs": DISTANCES},
}
WITH_LIBLINEAR = ("SMS", "IMDB label")
# Minutes of scikit-learn's, and of LIBLINEAR one against the rest; at one C.
LARGE = ("IMDB rating", "languages")
LARGE_AT = 10.0
# Many seconds a fit of ours: only those asked for.
LONG = (*LARGE, "dense 100,000 × 384")
QUICK = ("digits", "SMS", "TREC fine")

# A fit of ours for --slow alone.
MINUTES = (("languages", 100.0, 1e-6),)

# Asked for on two threads too.
SHARED_TOL = 1e-4

SHORT_S = 1.5
REPEATS = 3


def measured(sides: dict[str, Side]) -> dict[str, Measured]:
    once = in_turn(sides, 1, warm_up=False)
    short = {name: side for name, side in sides.items() if once[name]["wall_s"]["median"] < SHORT_S}
    return once | in_turn(short, REPEATS, warm_up=False)


def sides_of(problem: str, X: Any, y: Any, C: float, slow: bool) -> dict[tuple[str, str], Side]:
    """By who solves and what it is told."""
    large = slow and problem in LARGE and C == LARGE_AT
    solvers = SCIKIT_LEARN.get(problem, {"lbfgs": (1e-4,)} if large else {})
    reference = Reference(X, y, C) if solvers else None
    sides: dict[tuple[str, str], Side] = {
        ("vikt", f"tol = {tol:g}"): partial(vikt_fit, X, y, C, tol, reference)
        for tol in (DISTANCES if problem in LONG else DECADES)
        if slow or (problem, C, tol) not in MINUTES
    }
    sides[TWO_THREADS, ""] = partial(vikt_fit, X, y, C, SHARED_TOL, reference, threads=2)
    for solver, asked in solvers.items():
        for tol in asked:
            sides[solver, f"tol = {tol:g}"] = partial(sklearn_fit, X, y, C, solver, tol, reference)
    if problem in WITH_LIBLINEAR and find_spec("liblinear"):
        for name, (options, epsilons) in LIBLINEAR.items():
            own = reference if "-R" in options else Reference(X, y, C, free_intercept=False)
            for epsilon in epsilons:
                told = f"{options} -e {epsilon:g}"
                sides[name, f"-e {epsilon:g}"] = partial(liblinear_fit, X, y, C, told, own)
    return sides


def bench(problem: str, X: Any, y: Any, C: float, slow: bool) -> Measured:
    found = measured(sides_of(problem, X, y, C, slow))
    runs: dict[str, dict[str, Measured]] = {}
    for (name, told), row in found.items():
        runs.setdefault(name, {})[told] = row
    own, (shared,) = runs.pop("vikt"), runs.pop(TWO_THREADS).values()
    for row in (row for peer in runs.values() for row in peer.values()):
        as_near = quickest(own, row["distance"]["median"])
        row["times_faster"] = seconds(row) / seconds(own[as_near]) if as_near else None
    case = {"problem": problem, "C": C, "vikt": own, "two_threads": shared, "peers": runs}
    asked = [distance for distance in DISTANCES if f"tol = {distance:g}" in own]
    case["to"] = {f"{distance:g}": compared(own, runs, distance) for distance in asked}
    if problem in LARGE and C == LARGE_AT and find_spec("liblinear"):
        case["one_against_rest"] = in_turn({"LIBLINEAR -s 7": partial(liblinear_fit, X, y, C, "-s 7", None)}, 1, False)
    return case


def seconds(row: Measured) -> float:
    return row["cpu_s"]["median"]


def quickest(runs: dict[str, Measured], distance: float) -> str | None:
    """Of the runs that ended at the distance or nearer."""
    near = [told for told, row in runs.items() if row["distance"]["median"] <= distance]
    return min(near, key=lambda told: seconds(runs[told]), default=None)


def compared(own: dict[str, Measured], peers: dict[str, dict[str, Measured]], distance: float) -> Measured:
    """Our fit that was asked for the distance, each peer's quickest run to it, and the quickest peer."""
    fit = f"tol = {distance:g}"
    reached = {name: told for name, runs in peers.items() if (told := quickest(runs, distance))}
    spent = {name: seconds(peers[name][told]) for name, told in reached.items()}
    best = min(spent, key=spent.__getitem__, default=None)
    faster = spent[best] / seconds(own[fit]) if best else None
    return {"vikt": fit, "peers": reached, "quickest_peer": best, "times_faster": faster}


def bench_path(file: str, label: str, test_file: str | None) -> dict[str, Measured]:
    train, test = path_data(file, label, test_file)
    folds = five_folds(train[1])
    works = {"vikt": vikt_path, "LogisticRegressionCV": sklearn_path}
    return measured({name: partial(work, train, test, folds) for name, work in works.items()})


def case_row(case: Measured) -> list[str]:
    cells = []
    for row in case["to"].values():
        fit, peer = case["vikt"][row["vikt"]], row["quickest_peer"]
        cells.append(f"{seconds(fit):.2f} ({fit['wall_s']['median']:.2f})")
        rival = seconds(case["peers"][peer][row["peers"][peer]]) if peer else None
        cells.append(f"{rival:.2f} {peer}, ×{row['times_faster']:.1f}" if peer else "-")
    return [case["problem"], f"{case['C']:g}", *cells, *["-"] * (2 * len(DISTANCES) - len(cells))]


def path_row(name: str, side: str, row: Measured) -> list[str]:
    numbers = (f"{row[key]['median']:.4f}" for key in ("log_loss", "accuracy"))
    return [name, side, f"{row['cpu_s']['median']:.2f}", *numbers]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slow", action="store_true", help="also what takes minutes a fit, scikit-learn's or ours")
    parser.add_argument("--quick", action="store_true", help="small problems alone, at C = 1 and 10")
    parser.add_argument("--only", default="", metavar="WORD", help="problems whose name holds it")
    given = parser.parse_args()
    if not find_spec("liblinear"):
        print("LIBLINEAR is left out: the package liblinear-official is not installed")
    cases = []
    for problem in QUICK if given.quick else PROBLEMS:
        if given.only in problem:
            X, y = PROBLEMS[problem]()
            # Compiles, if nothing did before.
            vikt_fit(X, y, 1.0, 0.5, None)
            for C in (1.0, 10.0) if given.quick else STRENGTHS:
                cases.append(bench(problem, X, y, C, given.slow))
                print("; ".join(case_row(cases[-1])), flush=True)
    paths = {name: bench_path(*path) for name, path in PATHS.items() if given.only in name}
    header = [f"{side} {distance:g}" for distance in DISTANCES for side in ("to", "quickest peer to")]
    print_rows("CPU seconds (wall), proof included", ["problem", "C", *header], [case_row(case) for case in cases])
    rows = [path_row(name, side, row) for name, sides in paths.items() for side, row in sides.items()]
    print_rows("path of λ, 5 folds", ["problem", "side", "CPU s", "log loss", "accuracy"], rows)
    packages = dict.fromkeys(("numpy", "scikit-learn", "liblinear-official"), sys.executable)
    results = {"machine": machine(packages), "cases": cases, "paths": paths}
    save("solvers", results, partial=given.quick or given.only)


if __name__ == "__main__":
    main()
