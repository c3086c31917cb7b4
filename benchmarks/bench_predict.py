"""Documents a second on IMDB's test reviews against peers, and short lines through `vikt predict`.

    pip install vowpalwabbit fasttext-turbo fasttext-new       # optional; what is absent is left out, and said to be
    python benchmarks/bench_predict.py [--repeats N] [--rows N] [--folder FOLDER] [--python-of fasttext-new=/its/python]

One thread everywhere, each side in a child of its own, the sides in turn, medians of the repeats; the first call is
told apart. Each learns from the same 25,000 reviews, once, into a model file; with --folder, models found there are
used again. vikt and scikit-learn are given a list of str and answer with every class's probability.

fastText and Vowpal Wabbit split at white space alone. Unequal, in their favour: they are given texts lower-cased with
their words apart, prepared beforehand and counted for nobody (fastText a list of str, by `predict_batch` or a list to
`predict`; Vowpal Wabbit a file of its own, which it answers with a file: faster than a call a text). Since its users
have to make that file, Vowpal Wabbit is also measured from raw text: a list of str lower-cased, cut into vikt's words
by a regular expression, with `:` and `|` replaced, and written, all in its time; and the same split at white space
alone, which is quick, but then a word with a comma is another word. Against it: loading its model is in its time. It
parses in a second thread that no switch prevents: it is held to one core, except where two threads are named.

The last measurement is a whole process that labels a million short lines.

fasttext-turbo's module is called `fasttext`, as other packages' is: give it an environment of its own where they clash.

Results go to benchmarks/results/predict.json, unless --rows is given; `python benchmarks/tables.py` puts them in
docs/benchmarks.md and the README.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import work_predict
from measuring import (
    HERE,
    in_turn,
    machine,
    peer_options,
    print_rows,
    process,
    python_of,
    save,
    spread,
    times_faster,
    workers,
)

WORK = str(HERE / "work_predict.py")
VIKT = [sys.executable, "-m", "vikt"]
N_LINES = 1_000_000

# The package that runs a side, where that may be in another environment.
PEERS = {
    **{name: "vowpalwabbit" for name in work_predict.SIDES if name.startswith("Vowpal Wabbit")},
    "fasttext-turbo": "fasttext-turbo",
    "fasttext-new": "fasttext-new",
}


def train(pythons: dict[str, str], folder: Path) -> dict[str, Any]:
    """Have each side learn unless its model is there: the seconds of that, once, and the size of the model."""
    todo = {
        name: [python, WORK, "train", name, str(folder)]
        for name, python in pythons.items()
        if not Path(work_predict.model_path(name, folder)).exists()
    }
    told = {}
    for name, command in todo.items():
        for worker in workers({name: command}).values():
            told[name] = worker()
            worker.close()
            print(f"{name} has learnt in {told[name]['wall_s']:.1f} s: {told[name]['model_mb']:.0f} MB", flush=True)
    return told


def bench_documents(pythons: dict[str, str], folder: Path, n_rows: int, repeats: int) -> dict[str, Any]:
    learnt = [name for name in pythons if Path(work_predict.model_path(name, folder)).exists()]
    running = workers({name: [pythons[name], WORK, "serve", name, str(folder)] for name in learnt})
    rows = in_turn(running, repeats)
    for worker in running.values():
        worker.close()
    for row in rows.values():
        row["documents_per_s"] = n_rows / row["wall_s"]["median"]
    ours = ("vikt", "vikt, hashed")
    results = {
        "sides": rows,
        "times_faster": {side: against(rows, side, "wall_s") for side in ours},
        "times_faster_by_cpu": {side: against(rows, side, "cpu_s") for side in ours},
    }
    table = [
        [
            name,
            f"{row['documents_per_s']:,.0f}",
            *(f"{row['wall_s'][key]:.3f}" for key in ("median", "min", "max")),
            f"{row['cpu_s']['median']:.3f}",
            f"{row['first_s']:.2f}",
            f"{row['accuracy']['median']:.4f}",
            *(figure(results[key][side].get(name)) for key in ("times_faster", "times_faster_by_cpu") for side in ours),
        ]
        for name, row in rows.items()
    ]
    header = ["documents", "a second", "wall s", "min", "max", "cpu s", "first s", "accuracy"]
    print_rows(f"{n_rows:,} reviews", [*header, "vikt faster by", "hashed by", "vikt by CPU", "hashed by CPU"], table)
    return results


def against(rows: dict[str, Any], side: str, key: str) -> dict[str, float]:
    """How many times faster the side is than each other."""
    found = {other: times_faster(rows, side, other, key) for other in rows if other != side}
    return {other: value for other, value in found.items() if value is not None}


def figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def bench_lines(model: str, folder: Path, n_lines: int, repeats: int) -> dict[str, Any]:
    """Short lines through `vikt predict`, as a whole process; it takes long, so three repeats are enough."""
    runs = [process([*VIKT, "predict", model], given=folder / "lines.txt") for _ in range(min(repeats, 3))]
    row = {key: spread([run[key] for run in runs]) for key in runs[0]}
    row["lines"] = n_lines
    row["documents_per_s"] = n_lines / row["wall_s"]["median"]
    print(
        f"\n{n_lines:,} lines of ten words through `vikt predict`: {row['wall_s']['median']:.2f} s, "
        f"{row['documents_per_s']:,.0f} documents a second, {row['peak_mb']['median']:.0f} MB at most"
    )
    return row


def main() -> None:
    options = peer_options(__doc__, repeats=7)
    chosen = python_of(options.python_of)
    pythons = {name: chosen(PEERS.get(name, "")) for name in work_predict.SIDES}
    packages = dict.fromkeys(("numpy", "scipy", "numba", "scikit-learn"), sys.executable)
    n_rows, n_lines = options.rows or 25_000, options.rows * 10 or N_LINES
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        process([sys.executable, WORK, "prepare", str(folder), str(options.rows), str(n_lines)])
        model = work_predict.model_path("vikt", folder)
        results = {
            "machine": machine({**packages, **{peer: chosen(peer) for peer in PEERS.values()}}),
            "repeats": options.repeats,
            "training": train(pythons, folder),
            "documents": bench_documents(pythons, folder, n_rows, options.repeats),
            "lines": bench_lines(model, folder, n_lines, options.repeats),
        }
    save("predict", results, options.rows)


if __name__ == "__main__":
    main()
