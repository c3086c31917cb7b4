"""Text to features against scikit-learn and Vowpal Wabbit: seconds in process, whole processes, peak memory, MB/s.

    pip install vowpalwabbit           # optional; what is absent is left out, and said to be
    python benchmarks/bench_features.py [--repeats N] [--rows N] [--python-of vowpalwabbit=/its/own/python]

One thread everywhere, each side in a child of its own, the sides in turn, medians of the repeats. The first call, which
imports what is imported late, and compiles or loads what was compiled, is told apart.

Both sides are given a list of str, as users hold it, and make a SciPy CSR matrix of float64; whether the two have the
same shape, number of non-zeros and sum is told. Unequal: "vikt from Arrow" is given an Arrow column, which scikit-learn
cannot read, so that no str is made or encoded. HashingVectorizer and vikt hash by different functions, so their
collisions differ. From a file, vikt reads Parquet into bytes, scikit-learn (by PyArrow) into str. Vowpal Wabbit reads a
text file of its own, prepared beforehand and counted for nobody: lower-cased, the same words apart at white space; it
makes no matrix, but it learns as well (one pass, `--ngram 2 -b 20`). It parses in a second thread that no switch
prevents, so it is measured as it comes, and held to one core.

Results go to benchmarks/results/features.json, unless --rows is given; `python benchmarks/tables.py` puts them in
docs/benchmarks.md.
"""

from __future__ import annotations

import json
import sys
import tempfile
from typing import Any

from measuring import HERE, in_turn, machine, peer_parser, print_rows, process, python_of, save, times_faster, workers

WORK = str(HERE / "work_features.py")
PROBLEMS = ("words", "1-2-grams", "hashed 1-2-grams", "characters 2-4")
SIDES = ("vikt", "vikt, 2 threads", "vikt from Arrow", "scikit-learn")
FROM_FILE = {
    f"{side}, {problem}": ("side", f"{side} from file", problem)
    for problem in ("words", "1-2-grams", "hashed 1-2-grams")
    for side in ("vikt", "scikit-learn")
}
VOWPAL_WABBIT = "Vowpal Wabbit, 1-2-grams and learning"
IMPORTS = {
    "import numpy": "import numpy",
    "from vikt import TextVectorizer": "from vikt import TextVectorizer",
    "from sklearn...text import TfidfVectorizer": "from sklearn.feature_extraction.text import TfidfVectorizer",
}


def bench_in_process(n_rows: int, repeats: int) -> dict[str, Any]:
    results = {}
    for problem in PROBLEMS:
        commands = {side: [sys.executable, WORK, "serve", "side", side, problem, str(n_rows)] for side in SIDES}
        running = workers(commands, {"vikt, 2 threads": {"NUMBA_NUM_THREADS": "2"}})
        rows = in_turn(running, repeats)
        for worker in running.values():
            worker.close()
        results[problem] = {
            "sides": rows,
            "times_faster": {
                side: times_faster(rows, side, "scikit-learn") for side in ("vikt", "vikt from Arrow") if side in rows
            },
            "times_faster_by_cpu": {
                side: times_faster(rows, side, "scikit-learn", "cpu_s")
                for side in ("vikt", "vikt from Arrow")
                if side in rows
            },
            "second_thread": times_faster(rows, "vikt, 2 threads", "vikt"),
            "same_matrices": same_matrices(rows),
        }
        print_in_process(problem, results[problem])
    return results


def same_matrices(rows: dict[str, Any]) -> bool | None:
    """Whether all sides found the same shape, number of non-zeros and sum; None where there is one side alone."""
    found = {(*row["shape"], row["non_zeros"], row["sum"]) for row in rows.values()}
    return None if len(rows) < 2 else len(found) == 1


def print_in_process(problem: str, result: dict[str, Any]) -> None:
    rows = result["sides"]
    header = ["in process", "first s", "wall s", "min", "max", "cpu s", "times faster", "by CPU", "shape", "non-zeros"]
    table = [
        [
            side,
            f"{row['first_s']:.2f}",
            *seconds(row),
            ratio(times_faster(rows, side, "scikit-learn")),
            ratio(times_faster(rows, side, "scikit-learn", "cpu_s")),
            " x ".join(map(str, row["shape"])),
            str(row["non_zeros"]),
        ]
        for side, row in rows.items()
    ]
    print_rows(problem, header, table)
    print(f"same matrices: {result['same_matrices']}; a second thread: {ratio(result['second_thread'])} times as fast")


def ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def bench_from_file(n_rows: int, repeats: int, vw_python: str, folder: str) -> dict[str, Any]:
    """A file to features, as whole processes, and in process, where scikit-learn's times are known without reading."""
    process([sys.executable, WORK, "prepare", folder, str(n_rows)])
    works = {name: (sys.executable, *arguments, str(n_rows)) for name, arguments in FROM_FILE.items()}
    for cores in ("one core", "two threads"):
        works[f"{VOWPAL_WABBIT}, {cores}"] = (vw_python, "vowpal_wabbit", f"{folder}/train.vw", cores)
    running = workers({name: [python, WORK, "serve", *rest] for name, (python, *rest) in works.items()})
    inside = in_turn({name: worker for name, worker in running.items() if "scikit-learn" not in name}, repeats)
    for worker in running.values():
        worker.close()
    commands = {name: [works[name][0], WORK, "once", *works[name][1:]] for name in running}
    sides = {name: lambda command=command: process(command) for name, command in commands.items()}
    whole = in_turn(sides, repeats, warm_up=False)
    header = ["from file", "whole s", "min", "max", "cpu s", "peak MB", "in process s", "min", "max", "cpu s"]
    table = [
        [name, *seconds(row), f"{row['peak_mb']['median']:.0f}", *(seconds(inside[name]) if name in inside else "----")]
        for name, row in whole.items()
    ]
    print_rows("IMDB's file to features", header, table)
    return {"in_process": inside, "whole": whole}


def seconds(row: dict[str, Any]) -> list[str]:
    """Wall seconds: median, least, most; and CPU seconds."""
    return [*(f"{row['wall_s'][key]:.3f}" for key in ("median", "min", "max")), f"{row['cpu_s']['median']:.3f}"]


def bench_imports(repeats: int) -> dict[str, Any]:
    sides = {
        name: lambda code=code: process([sys.executable, "-c", code])
        for name, code in {"python": "", **IMPORTS}.items()
    }
    rows = in_turn(sides, repeats)
    table = [[name, f"{row['wall_s']['median']:.3f}", f"{row['peak_mb']['median']:.0f}"] for name, row in rows.items()]
    print_rows("imports alone, whole processes", ["", "wall s", "peak MB"], table)
    return rows


def bench_stages(n_rows: int, repeats: int) -> dict[str, Any]:
    told = process([sys.executable, WORK, "stages", str(n_rows), str(repeats)], keep=True)
    rows = json.loads(told["out"])
    copy = next(iter(rows.values()))["mb_per_cpu_s"]["median"]
    table = [
        [
            name,
            f"{row['mb']['median']:.0f}",
            *(f"{row['mb_per_s'][key]:,.0f}" for key in ("median", "min", "max")),
            f"{row['mb_per_cpu_s']['median']:,.0f}",
            f"{copy / row['mb_per_cpu_s']['median']:.1f}",
        ]
        for name, row in rows.items()
    ]
    header = ["", "MB", "MB/s", "min", "max", "MB/CPU s", "copy is faster by"]
    print_rows("stages, IMDB, texts as bytes (the copy: bytes read and written)", header, table)
    return rows


def main() -> None:
    parser = peer_parser(__doc__, repeats=5)
    parser.add_argument("--rows", type=int, default=0, help="take only this many rows, to try it out")
    options = parser.parse_args()
    vw_python = python_of(options.python_of)("vowpalwabbit")
    packages = dict.fromkeys(("numpy", "scipy", "numba", "scikit-learn"), sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        results = {
            "machine": machine({**packages, "vowpalwabbit": vw_python}),
            "repeats": options.repeats,
            "imports": bench_imports(options.repeats),
            "stages": bench_stages(options.rows, options.repeats),
            "from_file": bench_from_file(options.rows, options.repeats, vw_python, folder),
            "in_process": bench_in_process(options.rows, options.repeats),
        }
    save("features", results, options.rows)


if __name__ == "__main__":
    main()
