"""A whole training, from the file to a tested model on disk, against peers; and where vikt's own seconds go.

    pip install vowpalwabbit           # optional; left out where it is absent
    python benchmarks/bench_train.py [--repeats N] [--python-of vowpalwabbit=/its/python]

Every side is a whole process on one thread: it reads IMDB's 25,000 training reviews, learns, answers 25,000 others,
says its accuracy and log loss, and leaves a model file. The sides run in turn, medians of the repeats; the first run is
told apart. Wall and CPU seconds and peak memory are measured from outside.

vikt and Vowpal Wabbit have the same words: lower-cased runs of word characters, single punctuation marks, and pairs of
both; scikit-learn has words of two letters and more. vikt learns 1-2-grams that occur twice, or hashes them to 2^20
buckets as Vowpal Wabbit does; scikit-learn and these have C = 10 and choose nothing. "Everything chosen" is
`vikt train` without options, which tries features and penalties on held-out rows.

Unequal: vikt computes each figure with an interval, looks for test texts among the training texts, and proves its
distance from the optimum (to its default `tol`). Vowpal Wabbit makes one pass and proves nothing; it writes answers,
and its child computes the two figures from them. "Words cut beforehand" reads lines that were lower-cased and cut
before, which is counted for nobody; "raw text" reads JSON, cuts by a regular expression or at white space alone, as
its users have to, and writes those lines first. It is held to one core, except where two threads are named. vikt and
scikit-learn read Parquet.

The stages are those of one `vikt train` with the clocks of benchmarks/stages.py: each has its own seconds alone, and
"Python itself" is what the whole process took beyond them.

Results go to benchmarks/results/train.json; `python benchmarks/tables.py` puts them in
docs/benchmarks.md and the README.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import prepared
import work_predict
import work_train
from measuring import (
    DATA,
    HERE,
    Measured,
    in_turn,
    machine,
    peer_parser,
    print_rows,
    process,
    python_of,
    save,
    spread,
    times_faster,
)

C = 10.0
GIVEN, CHOSEN = "vikt", "vikt, everything chosen"
# What takes half a minute a run is repeated less.
SLOW = {CHOSEN, "scikit-learn"}
MOST_SLOW_REPEATS = 3

SKLEARN = """
import json, sys, joblib, pyarrow.parquet as pq
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import make_pipeline
train, test = (pq.read_table(path, columns=["text", "label"]).to_pydict() for path in sys.argv[1:3])
model = make_pipeline(
    TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2), LogisticRegression(C=10, max_iter=1000)
).fit(train["text"], train["label"])
p = model.predict_proba(test["text"])
joblib.dump(model, sys.argv[3])
accuracy = accuracy_score(test["label"], model.classes_[p.argmax(axis=1)])
print(json.dumps({"accuracy": accuracy, "log_loss": log_loss(test["label"], p)}))
"""


def sides_of(python: Callable[[str], str], folder: Path) -> dict[str, Callable[[], Measured]]:
    """The whole trainings by name; the models that they leave are at `model_path`."""
    n_rows = len(prepared.read_lines(folder / "train.labels"))
    sides = {name: partial(vikt, typed) for name, typed in vikt_commands(folder, n_rows).items()}
    files = [str(DATA / f"imdb/{part}.parquet") for part in ("train", "test")]
    sides["scikit-learn"] = partial(
        says, [sys.executable, "-c", SKLEARN, *files, str(model_path("scikit-learn", folder))]
    )
    if is_installed(python("vowpalwabbit"), "vowpalwabbit"):
        wabbit = [python("vowpalwabbit"), str(HERE / "work_train.py")]
        sides |= {name: partial(says, [*wabbit, name, str(folder)]) for name in work_train.SIDES}
    else:
        print("Vowpal Wabbit is left out: it is not installed", flush=True)
    return sides


def model_path(name: str, folder: Path) -> Path:
    return Path(work_predict.model_path(name, folder))


def vikt_commands(folder: Path, n_rows: int) -> dict[str, list[str]]:
    """What is typed after `vikt`, by side."""
    given = ["--analyzer", "word", "--ngrams", "1-2", "--l2", repr(1 / (2 * C * n_rows))]
    options = {GIVEN: given, "vikt, hashed": [*given, "--hashing", "20"], CHOSEN: []}
    train, test = (str(DATA / f"imdb/{part}.parquet") for part in ("train", "test"))
    common = ["train", train, "--test", test, "--text", "text", "--label", "label", "--json", "-q"]
    return {name: [*common, *own, "-o", str(model_path(name, folder))] for name, own in options.items()}


def vikt(typed: list[str]) -> Measured:
    told = process([sys.executable, "-m", "vikt", *typed], keep=True)
    metrics = json.loads(told.pop("out"))["metrics"]
    return told | {name: metrics[name]["value"] for name in ("accuracy", "log_loss")}


def says(command: list[str]) -> Measured:
    """A process that prints its figures."""
    told = process(command, keep=True)
    return told | json.loads(told.pop("out"))


def is_installed(python: str, package: str) -> bool:
    return not subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False).returncode


def bench_whole(sides: dict[str, Callable[[], Measured]], folder: Path, repeats: int) -> dict[str, Any]:
    slow = {name: side for name, side in sides.items() if name in SLOW}
    fast = {name: side for name, side in sides.items() if name not in SLOW}
    rows = in_turn(fast, repeats) | in_turn(slow, min(repeats, MOST_SLOW_REPEATS), warm_up=False)
    for name, row in rows.items():
        row["model_mb"] = model_path(name, folder).stat().st_size / 1e6
    header = ["", "wall s", "min", "max", "cpu s", "peak MB", "accuracy", "log loss", "model MB", "vikt faster by"]
    table = [
        [
            name,
            *(f"{row['wall_s'][key]:.2f}" for key in ("median", "min", "max")),
            f"{row['cpu_s']['median']:.2f}",
            f"{row['peak_mb']['median']:.0f}",
            *(f"{row[key]['median']:.4f}" for key in ("accuracy", "log_loss")),
            f"{row['model_mb']:.1f}",
            f"{times_faster(rows, GIVEN, name, 'cpu_s'):.2f}",
        ]
        for name, row in rows.items()
    ]
    print_rows("IMDB's files to a tested model, whole processes", header, table)
    return rows


def bench_stages(typed: list[str], folder: Path, repeats: int) -> dict[str, Any]:
    """The spread of each stage's seconds, by stage."""
    runs = [staged(typed, folder) for _ in range(repeats)]
    rows = {stage: {key: spread([run[stage][key] for run in runs]) for key in ("wall_s", "cpu_s")} for stage in runs[0]}
    table = [
        [stage, *(f"{row['wall_s'][key]:.3f}" for key in ("median", "min", "max")), f"{row['cpu_s']['median']:.3f}"]
        for stage, row in rows.items()
    ]
    print_rows(" ".join(["stages of vikt", *typed]), ["", "wall s", "min", "max", "cpu s"], table)
    return rows


def staged(typed: list[str], folder: Path) -> dict[str, dict[str, float]]:
    """Seconds by stage of one run."""
    file = folder / "stages.json"
    whole = process([sys.executable, str(HERE / "stages.py"), str(file), *typed], keep=True)
    told = json.loads(file.read_text())
    if told["unmet"]:
        raise SystemExit(f"benchmarks/stages.py: no module has {', '.join(told['unmet'])}")
    seconds: dict[str, dict[str, float]] = told["seconds"]
    beyond = {key: whole[key] - sum(stage[key] for stage in seconds.values()) for key in ("wall_s", "cpu_s")}
    return {"Python itself": beyond, **seconds}


def main() -> None:
    options = peer_parser(__doc__, repeats=7).parse_args()
    python = python_of(options.python_of)
    packages = {
        **dict.fromkeys(("numpy", "numba", "scikit-learn"), sys.executable),
        "vowpalwabbit": python("vowpalwabbit"),
    }
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        process([sys.executable, str(HERE / "work_predict.py"), "prepare", str(folder), "0", "0"])
        sides = sides_of(python, folder)
        results = {
            "machine": machine(packages),
            "repeats": options.repeats,
            "whole": bench_whole(sides, folder, options.repeats),
            "stages": {
                name: bench_stages(typed, folder, min(options.repeats, MOST_SLOW_REPEATS))
                for name, typed in vikt_commands(folder, len(prepared.read_lines(folder / "train.labels"))).items()
            },
        }
    save("train", results)


if __name__ == "__main__":
    main()
