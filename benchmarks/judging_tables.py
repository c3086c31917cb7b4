"""The tables of bench_judging.py."""

from __future__ import annotations

from typing import Any

from cells import cpu, measured_by, ratio, rows_of

SAID = (
    "scikit-learn has a function for each figure, and computes no interval and no calibration error. cleanlab starts "
    "from scikit-learn's TF-IDF and five fits at a given C, while vikt's seconds include the choice of λ, and of the "
    "features unless they are words. Influence with chosen features ran once."
)


def judging_tables(results: dict[str, Any]) -> list[str]:
    parts = {name: part["results"] for name, part in results["parts"].items()}
    repeats = {name: part["repeats"] for name, part in results["parts"].items()}
    lines = [f"{measured_by('bench_judging', results | {'repeats': repeats})} {SAID}"]
    return lines + [line for name, maker in MAKERS.items() if name in parts for line in maker(parts[name])]


def report_alone(results: dict[str, Any]) -> list[str]:
    report = results["parts"]["report"]
    return [measured_by("bench_judging", results | {"repeats": report["repeats"]}), *report_table(report["results"])]


def evaluation_table(problems: dict[str, Any]) -> list[str]:
    header = [
        "CPU seconds of a test: every figure, with its interval",
        "rows",
        "classes",
        "`predict_proba`",
        "`evaluate`",
    ]
    header += ["beyond prediction", "from probabilities", "scikit-learn, figures without intervals"]
    names = ("predict_proba", "evaluate"), ("figures and intervals", "scikit-learn, figures alone")
    return rows_of(
        header,
        (
            [
                problem,
                f"{row['rows']:,}",
                str(row["classes"]),
                *(cpu(row["sides"][name]) for name in names[0]),
                f"{row['beyond_prediction_s']:.2f}",
                *(cpu(row["sides"][name]) for name in names[1]),
            ]
            for problem, row in problems.items()
        ),
    )


def comparison_table(problems: dict[str, Any]) -> list[str]:
    header = ["CPU seconds of comparing two models", "rows", "`predict_proba` of both", "`compare`"]
    return rows_of(
        [*header, "beyond prediction"],
        (
            [
                problem,
                f"{row['rows']:,}",
                *(cpu(row["sides"][name]) for name in ("predict_proba of both", "compare")),
                f"{row['beyond_prediction_s']:.2f}",
            ]
            for problem, row in problems.items()
        ),
    )


def label_error_table(problems: dict[str, Any]) -> list[str]:
    header = ["label errors, IMDB with 5% of its labels changed", "", "CPU s", "times a fit"]
    header += ["changed labels in the tenth ranked highest", "share of changed in the fiftieth ranked highest"]
    return rows_of(
        header,
        (
            [
                problem,
                name,
                cpu(row),
                ratio(sides.get("times_training")) if name == "label_errors" else "-",
                *(f"{row[key]['median']:.3f}" if key in row else "-" for key in ("recall", "precision")),
            ]
            for problem, sides in problems.items()
            for name, row in sides["sides"].items()
        ),
    )


def influence_table(problems: dict[str, Any]) -> list[str]:
    header = ["CPU seconds of one answer's influence", "rows", "all", "of which features", "beyond features"]
    return rows_of(
        header,
        (
            [
                problem,
                f"{row['rows']:,}",
                *(cpu(row["sides"][name]) for name in ("influence", "features")),
                f"{row['beyond_features_s']:.2f}",
            ]
            for problem, row in problems.items()
        ),
    )


def report_table(problems: dict[str, Any]) -> list[str]:
    header = ["CPU seconds of whole commands"]
    header += [f"{name}{more}" for name in ("`train`", "`evaluate`") for more in ("", " with a report", ": bytes")]
    return rows_of(
        header,
        (
            [
                problem,
                *(
                    cell
                    for name in ("train", "evaluate")
                    for cell in (
                        cpu(row["sides"][name]),
                        cpu(row["sides"][f"{name} --report"]),
                        f"{row[f'{name}_bytes']:,}",
                    )
                ),
            ]
            for problem, row in problems.items()
        ),
    )


MAKERS = {
    "evaluation": evaluation_table,
    "comparison": comparison_table,
    "label errors": label_error_table,
    "influence": influence_table,
    "report": report_table,
}
