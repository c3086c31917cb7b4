"""The tables of bench_predict.py, bench_train.py and bench_start.py."""

from __future__ import annotations

from typing import Any

from cells import cpu, measured_by, ratio, rows_of

OURS = ("vikt", "vikt, hashed")
TRAIN_SAID = (
    "vikt, hashed or not, has a given penalty and Vowpal Wabbit's words: lower-cased, in runs of word characters and "
    "single punctuation marks, and pairs of them. Everything chosen is `vikt train` without options. Vowpal Wabbit "
    "makes one pass; only vikt proves its distance from the optimum and gives each figure its interval. From raw text "
    "the cutting of words, by a regular expression or at white space alone, is in Vowpal Wabbit's time; else in "
    "nobody's."
)


def predict_tables(results: dict[str, Any]) -> list[str]:
    lines_through = results["lines"]
    return [
        *predict_alone(results),
        "",
        f"{lines_through['lines']:,} lines of ten words through `vikt predict`, as a whole process: "
        f"{lines_through['documents_per_s']:,.0f} documents a second.",
    ]


def predict_alone(results: dict[str, Any]) -> list[str]:
    """The documents in process, without the lines of a whole process."""
    documents = results["documents"]
    header = ["IMDB's 25,000 test reviews labelled, in process", "CPU seconds", "wall seconds", "first call"]
    header += ["documents a second", "accuracy", "vikt is faster by, CPU", "vikt, hashed, by"]
    return [
        measured_by("bench_predict", results),
        *rows_of(
            header,
            (
                [
                    name,
                    cpu(row),
                    cpu(row, "wall_s"),
                    f"{row['first_s']:.2f}",
                    f"{row['documents_per_s']:,.0f}",
                    f"{row['accuracy']['median']:.4f}",
                    *(times(documents["times_faster_by_cpu"][side].get(name)) for side in OURS),
                ]
                for name, row in documents["sides"].items()
            ),
        ),
        *said_of_cutting(documents["sides"]),
    ]


def said_of_cutting(sides: dict[str, Any]) -> list[str]:
    """How long Vowpal Wabbit's lines took to make, where that is in its time."""
    cutting = {name: row["cutting_s"]["median"] for name, row in sides.items() if "cutting_s" in row}
    told = "; ".join(f"{name}, {seconds:.2f} s" for name, seconds in cutting.items())
    if not told:
        return []
    return [
        "",
        "Vowpal Wabbit splits at white space, and `:` and `|` are its own. Where words are cut beforehand, that is in "
        f"nobody's time. From raw text it is in Vowpal Wabbit's: {told} to lower-case, cut by a regular expression or "
        "at white space alone, replace both characters, and write the lines.",
    ]


def train_tables(results: dict[str, Any]) -> list[str]:
    stages = results["stages"]
    header = ["CPU seconds of `vikt train` by stages", *stages]
    rows = [
        [stage, *(f"{own[stage]['cpu_s']['median']:.3f}" for own in stages.values())]
        for stage in next(iter(stages.values()))
    ]
    return [*train_alone(results), *rows_of(header, rows)]


def train_alone(results: dict[str, Any]) -> list[str]:
    """The whole processes, without vikt's stages."""
    whole = results["whole"]
    header = ["whole process: IMDB's files to a tested model", "wall seconds", "CPU seconds", "peak MB"]
    header += ["accuracy", "log loss", "model MB", "vikt is faster by, CPU", "vikt, hashed, by"]
    return [
        measured_by("bench_train", results),
        *rows_of(
            header,
            (
                [
                    name,
                    cpu(row, "wall_s"),
                    cpu(row),
                    f"{row['peak_mb']['median']:.0f}",
                    *(f"{row[key]['median']:.4f}" for key in ("accuracy", "log_loss")),
                    f"{row['model_mb']:.1f}",
                    *(times(row["cpu_s"]["median"] / whole[side]["cpu_s"]["median"]) for side in OURS),
                ]
                for name, row in whole.items()
            ),
        ),
        "",
        TRAIN_SAID,
    ]


def start_tables(results: dict[str, Any]) -> list[str]:
    header = ["whole process, installed from the wheel", "wall seconds", "CPU seconds", "peak MB"]
    header += ["times `import numpy`, wall", "CPU"]
    keys = ("times_import_numpy_wall_s", "times_import_numpy_cpu_s")
    sizes = results["sizes"]
    packages = ", ".join(f"{name} {size:.1f}" for name, size in list(sizes["packages_mb"].items())[:5])
    return [
        measured_by("bench_start", results),
        *rows_of(
            header,
            ([*started(name, row), *(ratio(row[key]) for key in keys)] for name, row in results["imports"].items()),
        ),
        *rows_of(
            ["first use, in an empty cache of compiled code, and later", *header[1:4]],
            (started(name, row) for name, row in results["first_use"].items()),
        ),
        "",
        f"The wheel has {sizes['wheel_mb']:.2f} MB, an environment with it and what it needs "
        f"{sizes['installed_mb']:.0f} MB: {packages}, and smaller ones.",
    ]


def started(name: str, row: dict[str, Any]) -> list[str]:
    return [name, cpu(row, "wall_s"), cpu(row), f"{row['peak_mb']['median']:.0f}"]


def times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
