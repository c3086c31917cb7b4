"""Put the figures of benchmarks/results/ into the README, between its two marks; a result not there is left out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"


def rows_of(header: list[str], rows: Iterable[list[str]]) -> list[str]:
    """A table in Markdown, after an empty line."""
    head, *body = (f"| {' | '.join(row)} |" for row in (header, *rows))
    return ["", head, f"|{'---|' * len(header)}", *body]


def measured_by(script: str, machine: dict[str, Any]) -> str:
    """On what, and with which versions of what it is compared with."""
    packages = [
        name for name in ("scikit-learn", "vowpalwabbit", "fasttext-turbo", "fasttext-new") if machine.get(name)
    ]
    versions = ", ".join(f"{name} {machine[name]}" for name in packages)
    return (
        f"Measured by `python benchmarks/{script}.py`: one thread of {machine['cores']} cores, a shared and noisy "
        f"machine, Python {machine['python']}, {versions}; believe the ratios."
    )


def fit_tables(results: dict[str, Any]) -> list[str]:
    process = results["process"]
    header = ["fit at C = 10, same matrix", "vikt s", "distance from optimum (proven)", "scikit-learn s"]
    lines = [measured_by("bench_fit", results["machine"])]
    lines += rows_of([*header, "its distance", "times faster"], map(fit_row, results["fit"]))
    header = ["whole process: IMDB Parquet to tested model, fixed penalty", "seconds", "peak MB"]
    names = {"vikt": "`vikt train`", "scikit-learn": "TfidfVectorizer + LogisticRegression"}
    lines += rows_of(
        [*header, "accuracy", "log loss", "model MB"],
        (
            [
                names[name],
                f"{row['wall_s']:.1f}",
                f"{row['peak_mb']:.0f}",
                f"{row['accuracy']:.4f}",
                f"{row['log_loss']:.4f}",
                f"{row['model_mb']:.1f}",
            ]
            for name, row in process.items()
        ),
    )
    first = process["vikt"]["wall_s_first_use"]
    return [*lines, "", f"The very first use compiles the hot loops once: {first:.0f} s instead."]


def fit_row(row: dict[str, Any]) -> list[str]:
    own, rival = row["vikt"], row["scikit-learn"]
    return [
        row["problem"],
        f"{own['wall_s']:.2f}",
        f"{own['distance']:.1e} ({own['certificate']:.1e})",
        f"{rival['wall_s']:.1f}",
        f"{rival['distance']:.1e}",
        f"{row['times_faster']:.0f}",
    ]


def feature_tables(results: dict[str, Any]) -> list[str]:
    header = ["list of str to matrix, in process", "vikt s", "scikit-learn s", "times faster", "second thread"]
    lines = [measured_by("bench_features", results["machine"])]
    lines += rows_of(
        [*header, "times faster from Arrow"],
        (
            [
                problem,
                median(result["sides"], "vikt"),
                median(result["sides"], "scikit-learn"),
                ratio(result["times_faster"].get("vikt")),
                ratio(result["second_thread"]),
                ratio(result["times_faster"].get("vikt from Arrow")),
            ]
            for problem, result in results["in_process"].items()
        ),
    )
    inside, whole = results["from_file"]["in_process"], results["from_file"]["whole"]
    header = ["IMDB's file to features", "seconds, whole process", "in process", "peak MB"]
    lines += rows_of(
        header,
        (
            [name, median(whole, name), median(inside, name), f"{whole[name]['peak_mb']['median']:.0f}"]
            for name in whole
        ),
    )
    return lines + rows_of(
        ["stage, IMDB", "MB/s"],
        ([name, f"{row['mb_per_s']['median']:,.0f}"] for name, row in results["stages"].items()),
    )


def predict_tables(results: dict[str, Any]) -> list[str]:
    documents, lines_through = results["documents"], results["lines"]
    header = ["IMDB's test reviews, in process", "documents a second", "accuracy", "vikt is faster by"]
    lines = [measured_by("bench_predict", results["machine"])]
    lines += rows_of(
        [*header, "vikt, hashed, by"],
        (
            [
                name,
                f"{row['documents_per_s']:,.0f}",
                f"{row['accuracy']['median']:.4f}",
                *(ratio(documents["times_faster"][side].get(name)) for side in ("vikt", "vikt, hashed")),
            ]
            for name, row in documents["sides"].items()
        ),
    )
    lines += rows_of(
        ["whole process", "seconds", "times `import numpy`"],
        (
            [name, f"{row['wall_s']['median']:.2f}", ratio(row["times_import_numpy"])]
            for name, row in results["start_up"].items()
        ),
    )
    return [
        *lines,
        "",
        f"{lines_through['lines']:,} lines of ten words through `vikt predict`, as a whole process: "
        f"{lines_through['documents_per_s']:,.0f} documents a second.",
    ]


def solver_tables(results: dict[str, Any]) -> list[str]:
    header = [
        "CPU seconds, proof included, at C = 10",
        "to 1e-2",
        "to 1e-4",
        "to 1e-6",
        "scikit-learn lbfgs",
        "its distance",
    ]
    lines = [measured_by("bench_solvers", results["machine"])]
    return lines + rows_of(header, (solver_row(case) for case in results["cases"] if case["C"] == 10))


def solver_row(case: dict[str, Any]) -> list[str]:
    own = [f"{row['cpu_s']['median']:.2f}" for row in case["vikt"].values()]
    rival = case["peers"].get("lbfgs")
    return [case["problem"], *own, *([f"{rival['cpu_s']:.2f}", f"{rival['distance']:.0e}"] if rival else ["-", "-"])]


def median(rows: dict[str, Any], name: str) -> str:
    return f"{rows[name]['wall_s']['median']:.2f}" if name in rows else "-"


def ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


TABLES = {"fit": fit_tables, "features": feature_tables, "predict": predict_tables, "solvers": solver_tables}


def tables(folder: Path) -> str:
    found = {name: folder / f"{name}.json" for name in TABLES}
    parts = [TABLES[name](json.loads(path.read_text())) for name, path in found.items() if path.exists()]
    return "\n\n".join("\n".join(part) for part in parts)


def main() -> None:
    readme = ROOT / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    found = tables(ROOT / "benchmarks" / "results")
    readme.write_text(f"{before}{BEGIN}\n{found}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
