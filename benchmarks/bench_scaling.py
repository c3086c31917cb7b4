"""Text larger than memory, from files to a tested model: `vikt train --memory` against online learners; and its growth.

    pip install vowpalwabbit           # optional; left out where it is absent
    python benchmarks/bench_scaling.py --folder scaling [--gigabytes 5] [--most-rows 1000000] [--memory 1GB]
        [--tuning-rows N] [--finalists N] [--tuning-seconds S] [--repeats N] [--seed N]
        [--python-of vowpalwabbit=/its/python]

The text is IMDB's training reviews, resampled with words dropped (benchmarks/resampled.py): rows are much alike, so
that more of them teach less than as many real ones would, while their cost is that of real text. Validation and test
are real reviews that nobody learns from.

--folder keeps the files between runs; the lines, caches and models of all sides lie there too, about three times the
text. It also keeps what each finished run has told, with the commit that it ran on: the same command takes these and
goes on with the rest. Peers run first.

Each side is a whole process on one thread that reads all rows, leaves a model, and answers the test reviews. All have
the same words, lower-cased runs of word characters and single punctuation marks, and pairs of both. vikt keeps those
that occur in two rows, or hashes them to 2^22 buckets as scikit-learn does; Vowpal Wabbit has 2^24, with which it is
better and no slower. vikt goes to `tol` = 1e-3 and proves it. Vowpal Wabbit makes one pass or six over lines that were
cut beforehand, which is timed apart; scikit-learn makes one pass over batches by HashingVectorizer and an SGDClassifier
that averages. Each side is tuned by log loss on the validation reviews: all of its grid learns from --tuning-rows, a
tenth of the rows unless given, and the best --finalists from all rows, since the best on few need not be so on many.
--tuning-seconds bounds the CPU seconds of the latter, for each side alike: a side tries as many as it is expected to
have time for, and where that is but one, takes the best on few untried. These runs are told, and counted for nobody.

Growth is that of `vikt train --memory` from 10,000 rows on, with the λ chosen before, beside `vikt train` in memory as
long as there is no more text than 500 MB. At 500 MB both are also taken apart by the stages of benchmarks/stages.py.

Wall and CPU seconds and peak memory are measured from outside; no side has more than one process. Results go to
benchmarks/results/scaling.json; `python benchmarks/tables.py` puts them in docs/scaling.md, and
`python benchmarks/plot_scaling.py` draws them.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from bench_train import bench_stages, is_installed
from measuring import (
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
    time_fixed_loop,
)

BYTES_A_ROW = 1060
IN_MEMORY_MB = 500
LEAST_ROWS = 10_000
TOL = "1e-3"
L2_OF_VIKT = (1e-7, 3e-7, 1e-6, 3e-6, 1e-5)
VOWPAL_WABBIT = {"learning_rate": (0.1, 0.5, 2.0, 8.0), "l2": (0.0, 1e-7, 1e-6, 1e-5)}
# The schedule that alpha sets, and constant rates.
SCHEDULED = {"alpha": (1e-7, 1e-6, 1e-5, 1e-4)}
CONSTANT = {"alpha": (1e-7, 1e-6, 1e-5), "learning_rate": ("constant",), "eta0": (3.0, 10.0, 30.0)}
PASSES = {"Vowpal Wabbit, one pass": 1, "Vowpal Wabbit, six passes": 6}
OURS = {"vikt": [], "vikt, hashed": ["--hashing", "22"]}
IN_MEMORY = "vikt, in memory"

Settings = dict[str, Any]


class Data(NamedTuple):
    """Labelled texts in Parquet, and the same as Vowpal Wabbit's lines where they are cut."""

    name: str
    rows: int
    files: list[str]
    lines: str = ""


Learn = Callable[[Data, Data, Path, Settings], Measured]


class Side(NamedTuple):
    """What learns from rows, leaves a model and answers other rows, and the settings that are tried."""

    learn: Learn
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
    return wabbits | {"scikit-learn": Side(scikit_learn, grid_of(SCHEDULED) + grid_of(CONSTANT))} | ours


class Ledger:
    """What finished runs have told, a line of a file for each, so that nothing runs again after an interruption.

    The n-th time that a run of some name is asked for, its n-th result is given; what has none yet runs.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._entries: list[Measured] = [json.loads(line) for line in lines]
        self._asked: Counter[str] = Counter()

    def result(self, name: str, run: Callable[[], Measured]) -> Measured:
        found = [entry for entry in self._entries if entry["run"] == name][self._asked[name] :]
        self._asked[name] += 1
        entry = found[0] if found else self._added({"run": name, "commit": commit(), "loop_s": time_fixed_loop()}, run)
        told: Measured = entry["told"]
        return told | {"commit": entry["commit"]}

    def _added(self, entry: Measured, run: Callable[[], Measured]) -> Measured:
        entry["told"] = run()
        self._entries.append(entry)
        with self._path.open("a", encoding="utf-8") as written:
            written.write(json.dumps(entry) + "\n")
        return entry

    def noise(self) -> Measured:
        """The spread of the fixed loop before all runs."""
        return spread([entry["loop_s"] for entry in self._entries])


def commit() -> str:
    """The commit of these files, marked where they differ from it; nothing where there is no repository."""
    asked = ["git", "-C", str(HERE), "describe", "--always", "--dirty"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


class Place(NamedTuple):
    """The folder of all that is made, the seed of what is resampled, and the runs that are finished."""

    folder: Path
    seed: int
    ledger: Ledger

    def made(self, rows: int) -> Measured:
        """The files of the first rows and those of the held-out reviews, as benchmarks/resampled.py tells of them."""
        command = [sys.executable, str(HERE / "resampled.py"), str(self.folder), str(rows), "--seed", str(self.seed)]
        made: Measured = json.loads(process(command, keep=True)["out"])
        return made

    def cut(self, data: Data) -> tuple[Data, Measured]:
        """The data with their lines, and what cutting them took."""
        cut = data._replace(lines=str(self.folder / f"{data.name}.vw"))
        command = [sys.executable, str(HERE / "work_scaling.py"), "cut", cut.lines, *cut.files]
        return cut, self.ledger.result(f"cut {data.name}", partial(process, command))

    def ran(self, name: str, learn: Learn, train: Data, test: Data, settings: Settings) -> Measured:
        """What a side took and answered, now or before."""
        model = self.folder / f"{name.replace(', ', '-').replace(' ', '-')}.model"
        run = f"{name}, {settings}, {train.name}, {test.name}"
        return self.ledger.result(run, partial(learn, train, test, model, settings))


class Tuning(NamedTuple):
    """On how many rows all settings are tried, how many of the best on all rows, and what these may take."""

    rows: int
    finalists: int
    seconds: float

    def n_finalists(self, tried: list[Measured], rows: int) -> int:
        """How many settings there is time for on all rows, by the mean seconds on few."""
        expected = sum(trial["cpu_s"] for trial in tried) / len(tried) * rows / self.rows
        return int(min(self.finalists, self.seconds / expected))


def bench_sides(sides: dict[str, Side], place: Place, rows: int, tuning: Tuning, repeats: int) -> Measured:
    """Each side tuned, then run on all rows; and the rows told of."""
    whole = place.made(rows)
    few, _ = place.cut(first_rows(place.made(tuning.rows)))
    train, cutting = place.cut(first_rows(whole))
    validation, test = (place.cut(held_out(whole, half))[0] for half in ("validation", "test"))
    tuned = {name: tune(name, side, few, train, validation, tuning, place) for name, side in sides.items()}
    runs = {
        name: partial(place.ran, name, side.learn, train, test, tuned[name]["chosen"]) for name, side in sides.items()
    }
    measured = in_turn(runs, repeats, warm_up=False)
    told = {name: measured[name] | {"tuned": tuned[name]} for name in sorted(sides, key=lambda name: name not in OURS)}
    print_sides(f"{rows:,} rows, {whole['text_mb']:.0f} MB of text, whole processes", told)
    data = {key: whole[key] for key in ("rows", "text_mb")} | {"tuning_rows": few.rows}
    data |= {f"{half.name}_rows": half.rows for half in (validation, test)}
    return {"data": data, "cutting": cutting, "sides": told}


def first_rows(made: Measured) -> Data:
    return Data(f"{made['rows']} rows", made["rows"], made["files"])


def held_out(made: Measured, half: str) -> Data:
    return Data(half, made[half]["rows"], made[half]["files"])


def tune(name: str, side: Side, few: Data, all_rows: Data, validation: Data, tuning: Tuning, place: Place) -> Measured:
    """The grid tried on few rows, the best of it on all rows where there is time, and the setting that is best."""
    tried = trials(name, side, side.grid, few, validation, place)
    finalists = sorted(tried, key=lambda trial: trial["log_loss"])[: tuning.n_finalists(tried, all_rows.rows)]
    contested = finalists if len(finalists) > 1 else []
    final = trials(name, side, [trial["settings"] for trial in contested], all_rows, validation, place)
    best = min(final or tried, key=lambda trial: trial["log_loss"])
    return {"chosen": best["settings"], "tried": tried, "tried_on_all_rows": final}


def trials(name: str, side: Side, grid: list[Settings], train: Data, validation: Data, place: Place) -> list[Measured]:
    """Each setting with its log loss and CPU seconds."""
    tried = []
    for settings in grid:
        told = place.ran(name, side.learn, train, validation, settings)
        tried.append({"settings": settings, "log_loss": told["log_loss"], "cpu_s": told["cpu_s"]})
        print(f"{name}, {train.name}, {settings}: log loss {told['log_loss']:.4f}, {told['cpu_s']:.1f} s", flush=True)
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


def bench_growth(memory: list[str], place: Place, most_rows: int, compared: Measured, repeats: int) -> Measured:
    """Each size with its sides, and the growth of their CPU seconds up to the rows that all sides are compared on."""
    l2 = chosen(compared)
    sizes = []
    for rows in sizes_to(most_rows):
        made = place.made(rows)
        options = {name: [*memory, *own] for name, own in OURS.items()}
        if rows <= rows_of(IN_MEMORY_MB / 1e3):
            options[IN_MEMORY] = []
        runs = {
            name: partial(
                place.ran, name, partial(vikt, own), first_rows(made), held_out(made, "test"), l2.get(name, l2["vikt"])
            )
            for name, own in options.items()
        }
        measured = in_turn(runs, repeats, warm_up=False)
        sizes.append({"rows": rows, "text_mb": made["text_mb"], "sides": measured})
        print_sides(f"{rows:,} rows, {made['text_mb']:.0f} MB of text", measured)
    all_sizes = [*sizes, {"rows": compared["data"]["rows"], "sides": compared["sides"]}]
    return {"sizes": sizes, "exponents": {name: exponent(all_sizes, name) for name in (*OURS, IN_MEMORY)}}


def chosen(compared: Measured) -> dict[str, Settings]:
    """The settings of our sides."""
    return {name: compared["sides"][name]["tuned"]["chosen"] for name in OURS}


def sizes_to(most_rows: int) -> list[int]:
    """One and three times each power of ten."""
    powers = (LEAST_ROWS * 10**i for i in range(round(math.log10(most_rows))))
    return [rows for power in powers for rows in (power, 3 * power) if rows <= most_rows]


def exponent(sizes: list[Measured], name: str) -> Measured | None:
    """By which power of the rows CPU seconds grow to the most rows, from the most that are a tenth of them or fewer."""
    seconds = {size["rows"]: size["sides"][name]["cpu_s"]["median"] for size in sizes if name in size["sides"]}
    most = max(seconds, default=0)
    fewer = max((rows for rows in seconds if 10 * rows <= most), default=None)
    if fewer is None:
        return None
    power = math.log(seconds[most] / seconds[fewer]) / math.log(most / fewer)
    return {"from": fewer, "to": most, "power": power}


def bench_on_disk(memory: list[str], place: Place, rows: int, l2: Settings, repeats: int) -> Measured:
    """The stages of the same fit on disk and in memory."""
    made = place.made(rows)
    train, test = first_rows(made), held_out(made, "test")

    def stages(own: list[str]) -> Measured:
        return {
            "stages": bench_stages(typed(own, train, test, place.folder / "staged.model", l2), place.folder, repeats)
        }

    told = {
        name: place.ledger.result(f"stages of {name}, {train.name}", partial(stages, own))["stages"]
        for name, own in {"vikt": memory, IN_MEMORY: []}.items()
    }
    return {"rows": rows, "text_mb": made["text_mb"], "stages": told}


def rows_of(gigabytes: float) -> int:
    return round(gigabytes * 1e9 / BYTES_A_ROW)


def bench(options: Any, place: Place, python: str) -> Iterator[Measured]:
    """The parts of the results, each as soon as it is measured."""
    memory, rows = ["--memory", options.memory], rows_of(options.gigabytes)
    tuning = Tuning(options.tuning_rows or rows // 10, options.finalists, options.tuning_seconds)
    compared = bench_sides(sides_of(memory, python), place, rows, tuning, options.repeats)
    yield compared
    yield {"growth": bench_growth(memory, place, options.most_rows, compared, options.repeats)}
    few = min(rows, rows_of(IN_MEMORY_MB / 1e3))
    yield {"on_disk": bench_on_disk(memory, place, few, chosen(compared)["vikt"], options.repeats)}


def main() -> None:
    parser = peer_parser(__doc__, repeats=1)
    parser.add_argument("--gigabytes", type=float, default=5.0, help="text that the sides are compared on")
    parser.add_argument("--most-rows", type=int, default=1_000_000, help="where growth ends")
    parser.add_argument("--memory", default="1GB", help="what vikt may take")
    parser.add_argument("--tuning-rows", type=int, help="rows that all settings are tried on; a tenth unless given")
    parser.add_argument("--finalists", type=int, default=3, help="settings of each side that are tried on all rows")
    parser.add_argument(
        "--tuning-seconds", type=float, default=math.inf, help="CPU seconds of a side's best settings on all rows"
    )
    parser.add_argument("--folder", type=Path, help="keep there what is made and what finished runs have told")
    parser.add_argument("--seed", type=int, default=0, help="of the rows drawn and the words dropped")
    options = parser.parse_args()
    python = python_of(options.python_of)("vowpalwabbit")
    packages = {**dict.fromkeys(("numpy", "numba", "scikit-learn"), sys.executable), "vowpalwabbit": python}
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        ledger = Ledger(folder / f"runs-{options.memory}-{options.seed}.jsonl")
        results = {"machine": machine(packages), "repeats": options.repeats}
        results |= {"memory": options.memory, "tol": float(TOL), "seed": options.seed}
        for part in bench(options, Place(folder, options.seed, ledger), python):
            results |= part
            save("scaling", results | {"fixed_loop_s": ledger.noise()})


if __name__ == "__main__":
    main()
