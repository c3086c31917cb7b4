"""Documents and MB a second of `vikt filter` against filters by fastText, on IMDB's test reviews in two JSONL files.

    pip install fasttext-numpy2-wheel fasttext-new datatrove regex fasteners   # optional; what is absent is left out
    python benchmarks/bench_filter.py [--repeats N] [--rows N] [--folder FOLDER] [--python-of datatrove=/its/python]

All sides read JSONL, keep the rows whose P(pos) is at least 0.5, and write JSONL; the models learn from the same 25,000
reviews, once, into files that --folder keeps. Each side is a child of its own with its model loaded; the sides work in
turn, medians of the repeats; on one worker, and on two: threads of `vikt filter`, processes of the others, which share
the model. The sides are `vikt filter` without its start; a loop around `predict` of fastText (two builds of it) on
lists of 1,000 texts; and the steps of datatrove's pipeline with its FastTextClassifierFilter, and with the filter of
examples/datatrove_filter.py in its place.

Unequal, in fastText's favour: its texts are lower-cased and their words apart beforehand, which is counted for nobody.
In vikt's: datatrove keeps all probabilities of a document in its metadata and writes them. MB are of the reviews as
they are, whatever a side is given.

The environment of datatrove needs vikt's dependencies too, for the side that has both. Results go to
benchmarks/results/filter.json, unless --rows is given; `python benchmarks/tables.py` puts them in docs/benchmarks.md.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import work_filter
from measuring import HERE, in_turn, machine, peer_options, print_rows, process, python_of, save, times_faster, workers

WORK = str(HERE / "work_filter.py")
# The package that runs a side or trains its model, where that may be in another environment.
PEERS = {
    "fasttext": "fasttext-numpy2-wheel",
    "fasttext-new": "fasttext-new",
    "fastText's predict": "fasttext-numpy2-wheel",
    "fasttext-new's predict": "fasttext-new",
    "datatrove with fastText": "datatrove",
    "datatrove with vikt": "datatrove",
}
# The source of vikt for an environment that has its dependencies alone.
SOURCE = {"PYTHONPATH": str(HERE.parent / "src")}


def train(pythons: dict[str, str], folder: Path) -> None:
    """Have each model learn unless it is there."""
    todo = {
        name: [pythons[name], WORK, "train", name, str(folder)]
        for name in work_filter.MODELS
        if not Path(work_filter.model_path(name, folder)).exists()
    }
    for name, command in todo.items():
        for worker in workers({name: command}).values():
            told = worker()
            worker.close()
            print(f"{name} has learnt in {told['wall_s']:.1f} s: {told['model_mb']:.0f} MB", flush=True)


def bench(pythons: dict[str, str], folder: Path, n_workers: int, repeats: int) -> dict[str, Any]:
    there = {
        name: [pythons[name], WORK, "serve", name, str(n_workers), str(folder)]
        for name, side in work_filter.SIDES.items()
        if Path(work_filter.model_path(side.model, folder)).exists()
    }
    running = workers(there, dict.fromkeys(there, SOURCE))
    rows = in_turn(running, repeats)
    for worker in running.values():
        worker.close()
    files = [work_filter.input_path(half, False, folder) for half in work_filter.HALVES]
    n_rows, n_bytes = work_filter.size_of(files)
    for name, row in rows.items():
        row["documents_per_s"] = n_rows / row["wall_s"]["median"]
        row["mb_per_s"] = n_bytes / 1e6 / row["wall_s"]["median"]
        row["vikt_is_faster_by"] = times_faster(rows, "vikt filter", name)
    table = [
        [
            name,
            f"{row['documents_per_s']:,.0f}",
            f"{row['mb_per_s']:.1f}",
            *(f"{row['wall_s'][key]:.2f}" for key in ("median", "min", "max")),
            f"{row['kept']:,}",
            f"{row['vikt_is_faster_by']:.1f}",
        ]
        for name, row in rows.items()
    ]
    title = f"{n_rows:,} reviews, {n_bytes / 1e6:.0f} MB, {n_workers} at a time"
    print_rows(title, ["", "documents/s", "MB/s", "wall s", "min", "max", "kept", "vikt faster by"], table)
    return rows


def main() -> None:
    options = peer_options(__doc__, repeats=3)
    chosen = python_of(options.python_of)
    pythons = {name: chosen(PEERS.get(name, "")) for name in (*work_filter.MODELS, *work_filter.SIDES)}
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        process([sys.executable, WORK, "prepare", str(folder), str(options.rows)])
        train(pythons, folder)
        results = {
            "machine": machine({peer: chosen(peer) for peer in dict.fromkeys(PEERS.values())}),
            "repeats": options.repeats,
            "workers": {str(n): bench(pythons, folder, n, options.repeats) for n in (1, 2)},
        }
    save("filter", results, options.rows)


if __name__ == "__main__":
    main()
