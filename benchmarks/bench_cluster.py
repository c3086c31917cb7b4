"""`TextClassifier.fit_files` on the workers of a cluster on this machine, and what a step over its parts costs.

    python benchmarks/bench_cluster.py [--folder scaling] [--rows 100000] [--workers 1 2] [--groups 4] [--repeats N]

The text is IMDB's training reviews, resampled with words dropped (benchmarks/resampled.py), with words and pairs of
words, λ given and `tol` = 1e-3. Each fit is on `local:N`, whose workers have one thread each, and the same is fitted
from disk without a cluster. Fits are taken in turn; the bytes of the models on clusters are compared.

Seconds are wall time, by the stages of the progress; the cluster is started before the first one. The rows are made in
the same stage as the first round, and the last stage is further rounds and the proof. This process and the workers
share the machine, so that where other work keeps its cores busy, workers gain less than they would elsewhere: CPU
seconds, of this process and of all workers together, tell what is divided among them.

A step is a sum over 16 parts of 100 short rows each: of numbers, or of vectors of the size of θ, which has 200,000
weights; θ goes to all workers.

Results go to benchmarks/results/cluster.json; `python benchmarks/tables.py` puts them in docs/cluster.md.
"""

from __future__ import annotations

from measuring import HERE, Measured, in_turn, machine, print_rows, save, time_fixed_loop

# isort: split
import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

import vikt
from vikt.matrix import SparseMatrix
from vikt.parts import Part
from vikt.parts.cluster import OnCluster
from vikt.parts.dask_engine import cluster_at

OPTIONS = {"analyzer": "word", "ngrams": (1, 2), "l2": 1e-6, "tol": 1e-3}
DISK = "from disk"
STAGE_OF = {
    "spooling": "reading",
    "counting": "reading",
    "counting n-grams": "vocabulary",
    "learning n-grams": "vocabulary",
    "packing": "rows and first round",
    "making rows": "rows and first round",
    "fitting": "further rounds and proof",
}
N_PARTS, ROWS_A_PART, ENTRIES_A_ROW, N_WEIGHTS, N_STEPS = 16, 100, 20, 200_000, 30


class Stages:
    """Wall seconds by stage, told as progress; the first one begins with the object."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage, self._begun = "start of the cluster", perf_counter()

    def __call__(self, stage: str, done: int, total: int) -> None:
        self.enter(STAGE_OF[stage])

    def enter(self, stage: str) -> None:
        now = perf_counter()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._begun
        self._stage, self._begun = stage, now


def fit(files: list[str], where: dict[str, Any]) -> Measured:
    stages, begun, of_this, of_workers = Stages(), perf_counter(), process_time(), of_children()
    classifier = vikt.TextClassifier(**OPTIONS).fit_files(files, "text", "label", progress=stages, **where)
    stages.enter("end")
    told = {"wall_s": perf_counter() - begun, "cpu_s": process_time() - of_this}
    told["workers_cpu_s"] = of_children() - of_workers
    with tempfile.NamedTemporaryFile(suffix=".vikt") as file:
        classifier.save(file.name, force=True)
        digest = sha256(Path(file.name).read_bytes()).hexdigest()
    return {
        **told,
        **stages.seconds,
        "rounds": len(classifier.loss_curve_),
        "certificate": classifier.certificate_,
        "features": len(classifier.theta_) - 1,
        "digest": digest,
    }


def of_children() -> float:
    """CPU seconds of the processes that this one has started, once they have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def some_part(seed: int) -> Part:
    random = np.random.default_rng(seed)
    columns = np.sort(random.integers(N_WEIGHTS, size=(ROWS_A_PART, ENTRIES_A_ROW)).astype(np.int32)).ravel()
    begins = np.arange(ROWS_A_PART + 1) * ENTRIES_A_ROW
    X = SparseMatrix(begins, columns, np.ones(len(columns), dtype=np.float32), N_WEIGHTS)
    return Part(X, random.integers(2, size=ROWS_A_PART), np.ones(ROWS_A_PART))


def steps(n_workers: int) -> dict[str, float]:
    """Milliseconds of a step, by what is summed: medians."""
    with cluster_at(f"local:{n_workers}") as engine:
        parts = OnCluster.of_parts(engine, map(some_part, range(N_PARTS)), N_PARTS)
        return {what: milliseconds(parts, work) for what, work in (("numbers", number), ("vectors", vector))}


def milliseconds(parts: OnCluster, work: Any) -> float:
    taken = []
    for step in range(N_STEPS):
        theta, begun = np.full(1 + N_WEIGHTS, float(step)), perf_counter()
        parts.sums(work, theta)
        taken.append(1e3 * (perf_counter() - begun))
    return statistics.median(taken)


def number(part: Part, theta: np.ndarray) -> float:
    return float(part.scores(theta).sum())


def vector(part: Part, theta: np.ndarray) -> np.ndarray:
    return part.weighted_sum(part.scores(theta), part.weights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="keep the text there")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--groups", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        measure(given, given.folder or Path(temporary))


def measure(given: argparse.Namespace, folder: Path) -> None:
    made = [sys.executable, str(HERE / "resampled.py"), str(folder), str(given.rows)]
    data = json.loads(subprocess.run(made, capture_output=True, text=True, check=True).stdout)
    clusters = {f"{n} workers" if n > 1 else "1 worker": n for n in given.workers}
    sides = {
        name: partial(fit, data["files"], {"cluster": f"local:{n}", "groups": given.groups})
        for name, n in clusters.items()
    }
    fits = in_turn(sides | {DISK: partial(fit, data["files"], {"memory": "8GB"})}, given.repeats, warm_up=False)
    if len({fits[name]["digest"] for name in clusters}) > 1:
        raise SystemExit("the models on clusters differ")
    time_fixed_loop()
    results = {
        "machine": machine({"distributed": sys.executable}),
        "repeats": given.repeats,
        "data": {"rows": data["rows"], "text_mb": data["text_mb"]},
        "groups": given.groups,
        "fits": fits,
        "steps": {name: steps(n) for name, n in clusters.items()},
    }
    print_rows(
        "fits",
        ["", "wall s", "rounds"],
        [[name, f"{row['wall_s']['median']:.1f}", str(row["rounds"])] for name, row in fits.items()],
    )
    save("cluster", results)


if __name__ == "__main__":
    main()
