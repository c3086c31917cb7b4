"""Text larger than memory, from files to a tested model: `vikt train --memory` against online learners; and its growth.

    pip install vowpalwabbit           # optional; left out where it is absent
    python benchmarks/bench_scaling.py --folder scaling [--gigabytes 5] [--most-rows 1000000] [--memory 1GB]
        [--repeats N] [--seed N] [--python-of vowpalwabbit=/its/python]

The text is IMDB's training reviews, resampled with words dropped (benchmarks/resampled.py): rows are much alike, so
that more of them teach less than as many real ones would, while their cost is that of real text. Validation and test
are real reviews that nobody learns from. --folder keeps the files between runs; the lines, caches and models of all
sides lie there too, about three times the text.

Each side is a whole process on one thread that reads all rows, leaves a model, and answers the test reviews. All have
the same words, lower-cased runs of word characters and single punctuation marks, and pairs of both. vikt keeps those
that occur in two rows, or hashes them to 2^22 buckets as scikit-learn does; Vowpal Wabbit has 2^24, with which it is
better and no slower. vikt goes to `tol` = 1e-3 and proves it. Vowpal Wabbit makes one pass or six over lines that were
cut beforehand, which is timed apart; scikit-learn makes one pass over batches by HashingVectorizer and an SGDClassifier
that averages. Each side is tuned by log loss on the validation reviews: all of its grid learns from the first tenth of
the rows, and the best three settings from all rows, since the best on few need not be so on many. These runs are told,
and counted for nobody.

Growth is that of `vikt train --memory` from 10,000 rows on, with the λ chosen before, beside `vikt train` in memory as
long as there is no more text than 500 MB. At 500 MB both are also taken apart by the stages of benchmarks/stages.py.

Wall and CPU seconds and peak memory are measured from outside; no side has more than one process. Results go to
benchmarks/results/scaling.json; `python benchmarks/tables.py` puts them in docs/scaling.md, and
`python benchmarks/plot_scaling.py` draws them.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from bench_train import bench_stages, is_installed
from measuring import HERE, Measured, in_turn, machine, peer_parser, print_rows, process, python_of, save

BYTES_A_ROW = 1060
IN_MEMORY_MB = 500
LEAST_ROWS = 10_000
N_FINALISTS = 3
TOL = "1e-3"
L2_OF_VIKT = (1e-7, 3e-7, 1e-6, 3e-6, 1e-5)
VOWPAL_WABBIT = {"learning_rate": (0.1, 0.5, 2.0), "l2": (0.0, 1e-6, 1e-5)}
# The schedule that alpha sets, and constant rates.
SCHEDULED = {"alpha": (1e-6, 1e-5, 1e-4)}
CONSTANT = {"alpha": (1e-6, 1e-5), "learning_rate": ("constant",), "eta0": (3.0, 10.0, 30.0)}
PASSES = {"Vowpal Wabbit, one pass": 1, "Vowpal Wabbit, six passes": 6}
OURS = {"vikt": [], "vikt, hashed": ["--hashing", "22"]}
IN_MEMORY = "vikt, in memory"

Settings = dict[str, Any]


class Data(NamedTuple):
    """Labelled texts in Parquet, and the same as Vowpal Wabbit's lines where they are cut."""

    files: list[str]
    lines: str = ""


class Side(NamedTuple):
    """What learns from rows, leaves a model and answers other rows, and the settings that are tried."""

    run: Callable[[Data, Data, Path, Settings], Measured]
    grid: list[Settings]


def grid_of(values: dict[str, tuple[Any, ...]]) -> list[Settings]:
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def typed(options: list[str], train: Data, test: Data, model: Path, settings: Settings) -> list[str]:
    """What is typed after `vikt`."""
    common = ["--text", "text", "--label", "label", "--analyzer", "word", "--ngrams", "1-2", "--tol", TOL]
    own = [*options, "--l2", repr(settings["l2"]), "-o", str(model), "--force", "--json", "-q"]
    return ["train", *train.files, "--test", *test.files, *common, *own]


def vikt(options: list[str], train: Data, test: Data, model: Path, settings: Settings) -> Measured:
    command = [sys.executable, "-m", "vikt", *typed(options, train, test, model, settings)]
    told = trained(command, model)
    said = json.loads(told.pop("out"))
    figures = {name: said["metrics"][name]["value"] for name in ("accuracy", "log_loss")}
    return told | figures | {"certificate": said["certificate"]["relative"], "features": said["model"]["features"]}


def vowpal_wabbit(python: str, passes: int, train: Data, test: Data, model: Path, settings: Settings) -> Measured:
    data = {"train": train.lines, "test": test.lines}
    return peer(python, "vowpal_wabbit", model, {**data, "passes": passes, **settings})


def scikit_learn(train: Data, test: Data, model: Path, settings: Settings) -> Measured:
    return peer(sys.executable, "scikit_learn", model, {"train": train.files, "test": test.files, **settings})


def peer(python: str, name: str, model: Path, keywords: Settings) -> Measured:
    command = [python, str(HERE / "work_scaling.py"), name, json.dumps({"model": str(model), **keywords})]
    told = trained(command, model)
    return told | json.loads(told.pop("out"))


def trained(command: list[str], model: Path) -> Measured:
    """What a process took that leaves a model, and what it printed."""
    return process(command, keep=True) | {"model_mb": model.stat().st_size / 1e6}


def sides_of(memory: list[str], python: str) -> dict[str, Side]:
    ours = {name: Side(partial(vikt, [*memory, *own]), grid_of({"l2": L2_OF_VIKT})) for name, own in OURS.items()}
    wabbits = {
        name: Side(partial(vowpal_wabbit, python, passes), grid_of(VOWPAL_WABBIT)) for name, passes in PASSES.items()
    }
    if not is_installed(python, "vowpalwabbit"):
        print("Vowpal Wabbit is left out: it is not installed", flush=True)
        wabbits = {}
    return ours | wabbits | {"scikit-learn": Side(scikit_learn, grid_of(SCHEDULED) + grid_of(CONSTANT))}


class Place(NamedTuple):
    """The folder of all that is made, and the seed of what is resampled."""

    folder: Path
    seed: int

    def made(self, rows: int) -> Measured:
        """The files of the first rows and those of the held-out reviews, as benchmarks/resampled.py tells of them."""
        command = [sys.executable, str(HERE / "resampled.py"), str(self.folder), str(rows), "--seed", str(self.seed)]
        made: Measured = json.loads(process(command, keep=True)["out"])
        return made

    def cut(self, name: str, files: list[str]) -> tuple[Data, Measured]:
        """The data with their lines, and what cutting them took."""
        data = Data(files, str(self.folder / f"{name}.vw"))
        return data, process([sys.executable, str(HERE / "work_scaling.py"), "cut", data.lines, *files])

    def model(self, name: str) -> Path:
        return self.folder / f"{name.replace(', ', '-').replace(' ', '-')}.model"


def bench_sides(sides: dict[str, Side], place: Place, rows: int, repeats: int) -> Measured:
    """Each side tuned, then run on all rows; and the rows told of."""
    tenth, whole = place.made(rows // 10), place.made(rows)
    few, _ = place.cut("tenth", tenth["files"])
    train, cutting = place.cut("all", whole["files"])
    validation, test = (place.cut(half, whole[half]["files"])[0] for half in ("validation", "test"))
    tuned = {name: tune(name, side, few, train, validation, place.model(name)) for name, side in sides.items()}
    runs = {
        name: partial(side.run, train, test, place.model(name), tuned[name]["chosen"]) for name, side in sides.items()
    }
    measured = in_turn(runs, repeats, warm_up=False)
    for name, row in measured.items():
        row["tuned"] = tuned[name]
    print_sides(f"{rows:,} rows, {whole['text_mb']:.0f} MB of text, whole processes", measured)
    data = {key: whole[key] for key in ("rows", "text_mb")} | {
        f"{half}_rows": whole[half]["rows"] for half in ("validation", "test")
    }
    return {"data": data, "cutting": cutting, "sides": measured}


def tune(name: str, side: Side, few: Data, all_rows: Data, validation: Data, model: Path) -> Measured:
    """The grid tried on few rows, the best of it on all rows, and the setting that is best there."""
    tried = trials(name, side, side.grid, few, validation, model)
    finalists = [trial["settings"] for trial in sorted(tried, key=lambda trial: trial["log_loss"])[:N_FINALISTS]]
    final = trials(f"{name}, all rows", side, finalists, all_rows, validation, model)
    best = min(final, key=lambda trial: trial["log_loss"])
    return {"chosen": best["settings"], "tried": tried, "tried_on_all_rows": final}


def trials(
    name: str, side: Side, grid: list[Settings], train: Data, validation: Data, model: Path
) -> list[dict[str, Any]]:
    """Each setting with its log loss and CPU seconds."""
    tried = []
    for settings in grid:
        told = side.run(train, validation, model, settings)
        tried.append({"settings": settings, "log_loss": told["log_loss"], "cpu_s": told["cpu_s"]})
        print(f"{name} {settings}: log loss {told['log_loss']:.4f}, {told['cpu_s']:.1f} s", flush=True)
    return tried


def print_sides(title: str, measured: dict[str, Measured]) -> None:
    header = ["", "wall s", "cpu s", "peak MB", "accuracy", "log loss", "certificate", "model MB"]
    rows = [
        [
            name,
            *(f"{row[key]['median']:.1f}" for key in ("wall_s", "cpu_s")),
            f"{row['peak_mb']['median']:.0f}",
            *(f"{row[key]['median']:.4f}" for key in ("accuracy", "log_loss")),
            f"{row['certificate']['median']:.1e}" if "certificate" in row else "-",
            f"{row['model_mb']['median']:.1f}",
        ]
        for name, row in measured.items()
    ]
    print_rows(title, header, rows)


def bench_growth(memory: list[str], place: Place, most_rows: int, l2: dict[str, Settings], repeats: int) -> Measured:
    """Each size with its sides, and the growth of their CPU seconds."""
    sizes = []
    for rows in sizes_to(most_rows):
        made = place.made(rows)
        train, test = Data(made["files"]), Data(made["test"]["files"])
        options = {name: [*memory, *own] for name, own in OURS.items()}
        if rows <= rows_of(IN_MEMORY_MB / 1e3):
            options[IN_MEMORY] = []
        runs = {
            name: partial(vikt, own, train, test, place.model(name), l2.get(name, l2["vikt"]))
            for name, own in options.items()
        }
        measured = in_turn(runs, repeats, warm_up=False)
        sizes.append({"rows": rows, "text_mb": made["text_mb"], "sides": measured})
        print_sides(f"{rows:,} rows, {made['text_mb']:.0f} MB of text", measured)
    return {"sizes": sizes, "exponents": {name: exponent(sizes, name) for name in (*OURS, IN_MEMORY)}}


def sizes_to(most_rows: int) -> list[int]:
    """One and three times each power of ten."""
    powers = (LEAST_ROWS * 10**i for i in range(round(math.log10(most_rows))))
    return [rows for power in powers for rows in (power, 3 * power) if rows <= most_rows]


def exponent(sizes: list[Measured], name: str) -> float | None:
    """By which power of the rows CPU seconds grow from a size to ten times as many rows, the last that there are."""
    seconds = {size["rows"]: size["sides"][name]["cpu_s"]["median"] for size in sizes if name in size["sides"]}
    decades = [rows for rows in seconds if rows // 10 in seconds]
    return math.log10(seconds[decades[-1]] / seconds[decades[-1] // 10]) if decades else None


def bench_on_disk(memory: list[str], place: Place, rows: int, l2: Settings, repeats: int) -> Measured:
    """The stages of the same fit on disk and in memory."""
    made = place.made(rows)
    train, test = Data(made["files"]), Data(made["test"]["files"])
    stages = {
        name: bench_stages(typed(own, train, test, place.model(name), l2), place.folder, repeats)
        for name, own in {"vikt": memory, IN_MEMORY: []}.items()
    }
    return {"rows": rows, "text_mb": made["text_mb"], "stages": stages}


def rows_of(gigabytes: float) -> int:
    return round(gigabytes * 1e9 / BYTES_A_ROW)


def bench(options: Any, place: Place, python: str) -> Iterator[Measured]:
    """The parts of the results, each as soon as it is measured."""
    memory, rows = ["--memory", options.memory], rows_of(options.gigabytes)
    compared = bench_sides(sides_of(memory, python), place, rows, options.repeats)
    yield compared
    l2 = {name: compared["sides"][name]["tuned"]["chosen"] for name in OURS}
    yield {"growth": bench_growth(memory, place, options.most_rows, l2, options.repeats)}
    few = min(rows, rows_of(IN_MEMORY_MB / 1e3))
    yield {"on_disk": bench_on_disk(memory, place, few, l2["vikt"], options.repeats)}


def main() -> None:
    parser = peer_parser(__doc__, repeats=1)
    parser.add_argument("--gigabytes", type=float, default=5.0, help="text that the sides are compared on")
    parser.add_argument("--most-rows", type=int, default=1_000_000, help="where growth ends")
    parser.add_argument("--memory", default="1GB", help="what vikt may take")
    parser.add_argument("--folder", type=Path, help="keep what is made there")
    parser.add_argument("--seed", type=int, default=0, help="of the rows drawn and the words dropped")
    options = parser.parse_args()
    python = python_of(options.python_of)("vowpalwabbit")
    packages = {**dict.fromkeys(("numpy", "numba", "scikit-learn"), sys.executable), "vowpalwabbit": python}
    with tempfile.TemporaryDirectory() as temporary:
        place = Place(options.folder or Path(temporary), options.seed)
        place.folder.mkdir(parents=True, exist_ok=True)
        results = {"machine": machine(packages), "repeats": options.repeats}
        results |= {"memory": options.memory, "tol": float(TOL), "seed": options.seed}
        for part in bench(options, place, python):
            results |= part
            save("scaling", results)


if __name__ == "__main__":
    main()
