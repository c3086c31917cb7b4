"""Put the figures of benchmarks/results/ into docs/ and into the README.

They go between the two marks of each table's place; a result that is missing is left out. VIKT_RESULTS and VIKT_PAGES
name other folders of results and of pages.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audit_tables import findings_table, near_duplicates_table, seconds_table
from cells import cpu, measured_by, ratio, rows_of
from cluster_tables import cluster_tables
from judging_tables import judging_tables, report_alone
from measuring import HERE, RESULTS
from scaling_tables import scaling_tables
from whole_tables import predict_alone, predict_tables, start_tables, train_alone, train_tables

ROOT = Path(os.environ.get("VIKT_PAGES", HERE.parent))

# By the name of the results that each is made of.
Makers = dict[str, Callable[[dict[str, Any]], list[str]]]


def fit_tables(results: dict[str, Any]) -> list[str]:
    header = ["fit to 1e-4 at C = 10, same matrix", "vikt s", "distance from optimum (proven)", "scikit-learn s"]
    header += ["its distance", "times faster", "times faster to its distance"]
    return [measured_by("bench_fit", results), FIT_SAID, *rows_of(header, map(fit_row, results["fit"]))]


FIT_SAID = "Medians of five fits; scikit-learn's ran once."


def fit_row(row: dict[str, Any]) -> list[str]:
    own, rival = row["vikt"], row["scikit-learn"]
    return [
        row["problem"],
        f"{own['wall_s']:.2f}",
        f"{own['distance']:.1e} ({own['certificate']:.1e})",
        f"{rival['wall_s']:.1f}",
        f"{rival['distance']:.1e}",
        f"{row['times_faster']:.0f}",
        f"{row['times_faster_as_near']:.0f}",
    ]


def feature_tables(results: dict[str, Any]) -> list[str]:
    header = ["list of str to matrix, in process", "vikt s", "scikit-learn s", "times faster", "second thread"]
    lines = [measured_by("bench_features", results)]
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


def solver_tables(results: dict[str, Any]) -> list[str]:
    """To each distance at one C, to one distance at each C, in stages against LIBLINEAR, and the path of λ."""
    cases = results["cases"]
    at_ten = [case for case in cases if case["C"] == 10]
    header = ["CPU seconds to a distance, C = 10, proof included", "vikt to 1e-2", "quickest peer"]
    lines = [measured_by("bench_solvers", results), SOLVERS_SAID]
    lines += rows_of([*header, "vikt to 1e-4", "quickest peer", "vikt to 1e-6", "quickest peer"], map(to_each, at_ten))
    strengths = sorted({case["C"] for case in cases})
    header = ["CPU seconds to 1e-4 (times faster than the quickest peer)", *(f"C = {C:g}" for C in strengths)]
    lines += rows_of(header, ([name, *map(to_one, group)] for name, group in by_problem(cases).items()))
    header = ["IMDB label to 1e-4, CPU s", "preparation + passes + proof", *LIBLINEAR, "times faster than the quicker"]
    header += ["scikit-learn's default", "its distance", "times faster than it to there"]
    lines += rows_of(header, map(in_stages, by_problem(cases).get("IMDB label", [])))
    header = ["C = 10", "vikt to 1e-4, CPU s", "LIBLINEAR -s 7, one against the rest", "scikit-learn's default"]
    lines += rows_of(header, (large_row(case) for case in at_ten if "one_against_rest" in case))
    header = ["wall seconds to 1e-4, one thread and two", *(f"C = {C:g}" for C in strengths)]
    lines += rows_of(header, ([name, *map(on_two_threads, group)] for name, group in by_problem(cases).items()))
    header = ["path of λ, 5 folds", "", "CPU s", "λ tried", "log loss, held out", "accuracy"]
    paths = ((name, side, row) for name, sides in results["paths"].items() for side, row in sides.items())
    return lines + rows_of(header, (path_row(*path) for path in paths))


SOLVERS_SAID = (
    "Medians of three runs; what takes 1.5 s or more ran once. Ours is asked for the distance and proves it, "
    "preparation and proof counted; a peer's time is that of its quickest run that ended as near. LIBLINEAR's `-s 7` "
    "penalises the intercept, which is another objective: its distance is from the optimum of that."
)
DEFAULT = "tol = 0.0001"
LIBLINEAR = ("LIBLINEAR -s 0 -R", "LIBLINEAR -s 7")


def by_problem(cases: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for case in cases:
        groups.setdefault(case["problem"], []).append(case)
    return groups


def rival(case: dict[str, Any], compared: dict[str, Any], peer: str) -> dict[str, Any] | None:
    """The peer's quickest run to the distance compared at; None where it has none."""
    told = compared["peers"].get(peer)
    return case["peers"][peer][told] if told else None


def to_each(case: dict[str, Any]) -> list[str]:
    cells = [case["problem"]]
    for compared in case["to"].values():
        peer = compared["quickest_peer"]
        cells += [cpu(case["vikt"][compared["vikt"]]), f"{cpu(rival(case, compared, peer))} {peer}" if peer else "-"]
    return cells


def to_one(case: dict[str, Any]) -> str:
    compared = case["to"]["0.0001"]
    faster = f" ({ratio(compared['times_faster'])})" if compared["quickest_peer"] else ""
    return cpu(case["vikt"][compared["vikt"]]) + faster


def on_two_threads(case: dict[str, Any]) -> str:
    one, two = case["vikt"][case["to"]["0.0001"]["vikt"]], case["two_threads"]
    return f"{cpu(one, 'wall_s')}, {cpu(two, 'wall_s')}"


def in_stages(case: dict[str, Any]) -> list[str]:
    compared = case["to"]["0.0001"]
    own = case["vikt"][compared["vikt"]]
    peers = [rival(case, compared, name) for name in LIBLINEAR]
    default = case["peers"]["lbfgs"][DEFAULT]
    quicker = min((row["cpu_s"]["median"] for row in peers if row), default=None)
    return [
        f"C = {case['C']:g}",
        f"{' + '.join(cpu(own, key) for key in ('preparation_s', 'passes_s', 'proof_s'))} = {cpu(own)}",
        *(f"{cpu(row, 'conversion_s')} + {cpu(row, 'training_s')} = {cpu(row)}" if row else "-" for row in peers),
        ratio(quicker / own["cpu_s"]["median"] if quicker else None),
        cpu(default),
        f"{default['distance']['median']:.0e}",
        ratio(default["times_faster"]),
    ]


def large_row(case: dict[str, Any]) -> list[str]:
    own = case["vikt"][case["to"]["0.0001"]["vikt"]]
    default = case["peers"].get("lbfgs", {}).get(DEFAULT)
    distance = f" (at {default['distance']['median']:.0e})" if default else ""
    return [case["problem"], cpu(own), cpu(case["one_against_rest"]["LIBLINEAR -s 7"]), cpu(default) + distance]


def path_row(name: str, side: str, row: dict[str, Any]) -> list[str]:
    quality = (f"{row[key]['median']:.4f}" for key in ("log_loss", "accuracy"))
    return [name, side, cpu(row), str(row["tried"]), *quality]


def median(rows: dict[str, Any], name: str) -> str:
    return f"{rows[name]['wall_s']['median']:.2f}" if name in rows else "-"


def tolerance_tables(results: dict[str, Any]) -> list[str]:
    """How far probabilities are from the optimum's at each `tol`, and what it costs."""
    fits, processes = results["fits"], results["processes"]
    header = [f"tol = {float(tol):g}" for tol in fits[0]["to"]]
    lines = [measured_by("bench_tolerance", results)]
    lines += rows_of(
        ["largest (mean) distance of a row's probabilities from the optimum's", *header],
        (
            [row["problem"], *(f"{to['max']['median']:.0e} ({to['mean']['median']:.0e})" for to in row["to"].values())]
            for row in fits
        ),
    )
    costs = [(f"fit, {row['problem']}", row, "to") for row in fits]
    costs += [(f"`vikt train`, {row['problem']}", row, "train") for row in processes]
    costs += [(f"pipeline, from start to end, {row['problem']}", row, "pipeline") for row in processes]
    return lines + rows_of(
        ["CPU time, times that at 1e-4", "median of", *header],
        (
            [name, str(row["repeats"]), *(f"{to['times_base']:.2f}" for to in row[side].values())]
            for name, row, side in costs
        ),
    )


def update_tables(results: dict[str, Any]) -> list[str]:
    """What an update costs beside training anew, and of what its time is made."""
    problems = results["problems"]
    header = ["CPU seconds", "rows", "added, forgotten", "`update`", "anew, λ and features known"]
    header += ["anew, both chosen", "largest difference of a probability"]
    lines = [measured_by("bench_update", results)]
    lines += rows_of(
        header,
        (
            [
                row["problem"],
                f"{row['rows']:,}",
                f"{row['added']:,}, {row['forgotten']:,}",
                *(f"{row[key]:.2f}" for key in ("update", "anew", "chosen anew")),
                f"{row['largest_difference']:.0e}",
            ]
            for row in problems
        ),
    )
    header = ["of which, CPU seconds", "reading", "order, fingerprint", "features", "θ by names"]
    header += ["solver, near the old weights (passes)", "solver, from zero (passes)"]
    return lines + rows_of(
        header,
        (
            [
                row["problem"],
                *(f"{row[key]:.2f}" for key in ("reading", "ordering", "featurising", "start")),
                *(f"{row[key]:.2f} ({' + '.join(map(str, row['passes'][key]))})" for key in ("warm", "cold")),
            ]
            for row in problems
        ),
    )


def ordered_tables(results: dict[str, Any]) -> list[str]:
    header = ["IMDB's eight ratings", "C", "CPU seconds", "log loss", "mean error of the median, levels", "stars"]
    header += ["quadratic kappa", "Spearman", "mean error of the most probable, levels"]
    figures = ("mean_absolute_error", "mean_absolute_error_in_numbers", "quadratic_kappa", "spearman")
    lines = [measured_by("bench_ordered", results)]
    lines += rows_of(
        header,
        (
            [
                f"{name}, C {about}",
                f"{side['C']:g}",
                f"{side['cpu_s']:.1f}",
                f"{side['log_loss']:.4f}",
                *(with_ends(side["median"][figure]) for figure in figures),
                with_ends(side["most_probable"]["mean_absolute_error"]),
            ]
            for about in ("chosen", "default")
            for name, side in results[about]["sides"].items()
        ),
    )
    gain = results["chosen"]["gain"]
    names = ["proportional odds", "the multinomial"]
    nearer, farther = names if gain["value"] > 0 else reversed(names)
    low, high = sorted(abs(gain[end]) for end in ("low", "high"))
    by = f"{abs(gain['value']):.3f} levels ({low:.3f} to {high:.3f})"
    return [
        *lines,
        "",
        f"Each at its own C, the median of {nearer} is nearer the truth than that of {farther}, by {by}.",
    ]


def several_tables(results: dict[str, Any]) -> list[str]:
    """Emotions, trained with nothing chosen by hand, beside scikit-learn with thresholds set in three ways."""
    ours, theirs = results["vikt"], results["scikit-learn"]
    figures = ("micro_f1", "macro_f1", "subset_accuracy")
    return [
        measured_by("bench_several", results),
        *rows_of(
            ["emotions, 28 labels", "micro F1", "macro F1", "subset accuracy", "CPU seconds"],
            [
                ["`vikt train`, whole", *(with_ends(ours[name]) for name in figures), f"{ours['cpu_s']:.0f}"],
                *(
                    [
                        f"scikit-learn, C = 10, {way}",
                        *(f"{found[name]:.3f}" for name in figures),
                        f"{found['cpu_s']:.0f}",
                    ]
                    for way, found in theirs.items()
                ),
            ],
        ),
    ]


def label_tables(results: dict[str, Any]) -> list[str]:
    header = ["several labels to 1e-4 at C = 10, CPU seconds", "rows", "labels", "vikt", "proven, of each label"]
    header += ["vikt, one label at a time", "scikit-learn", "its distance", "vikt is faster by"]
    lines = [measured_by("bench_labels", results), LABELS_SAID]
    lines += rows_of(
        header,
        (
            [
                case["problem"],
                f"{case['rows']:,}",
                str(case["labels"]),
                cpu(case["vikt"]),
                f"{case['vikt']['proven_of_each']['median']:.0e}",
                cpu(case["vikt, one by one"]),
                cpu(case["scikit-learn"]),
                f"{case['scikit-learn']['distance']['median']:.0e}",
                ratio(case["times_faster"]["vikt"]),
            ]
            for case in results["cases"]
        ),
    )
    # A quick run measures no memory.
    return lines + (["", said_of_memory(results["memory"])] if results["memory"] else [])


def said_of_memory(memory: dict[str, Any]) -> str:
    return (
        f"A fit of {memory['labels']:,} labels by {memory['rows']:,} rows and {memory['columns']:,} columns peaks at "
        f"{memory['peak_mb']:.0f} MB, Python and packages included; the same process without the fit at "
        f"{memory['without_fit_mb']:.0f} MB. The rows and labels are {memory['rows_mb']:.0f} MB, θ is "
        f"{memory['theta_mb']:.0f} MB. This fit is to 3e-2 only, since labels at random are slow to fit."
    )


LABELS_SAID = (
    "scikit-learn's OneVsRestClassifier of LIBLINEAR stops by its own tolerance, proves nothing, and penalises the "
    "intercept; its distance is from the optimum without that. Of the 90 topics, the sides that fit labels apart fit "
    "every fifth, and their seconds are multiplied by five."
)


def export_tables(results: dict[str, Any]) -> list[str]:
    """The pages of default models, whole and of some sizes."""
    header = ["page of a default model", "MB", "features", "largest difference of a probability"]
    header += ["seconds from opening the file to the first answer", "points of accuracy lost (95% interval)"]
    return [
        measured_by("bench_export", results),
        *rows_of(
            header,
            (
                page_row(f"{name}, {size}", page)
                for name, own in results["corpora"].items()
                for size, page in {"whole": own["whole"], **own["sizes"]}.items()
            ),
        ),
    ]


def page_row(name: str, page: dict[str, Any]) -> list[str]:
    furthest = max(own["probability"] for own in page["agreement"].values())
    lost = "-"
    if (cost := page.get("cost")) is not None:
        # What is lost is the difference the other way round.
        low, high = ("-" if end is None else f"{-100 * end:+.2f}" for end in (cost["high"], cost["low"]))
        lost = f"{-100 * cost['value']:+.2f} ({low} to {high})"
    seconds = page["first_answer_s"]["median"]
    return [name, f"{page['bytes'] / 1e6:.2f}", f"{page['features']:,}", f"{furthest:.0e}", f"{seconds:.2f}", lost]


def filter_tables(results: dict[str, Any]) -> list[str]:
    """Documents and MB a second of filters, on one worker and on two."""
    header = ["JSONL of IMDB's test reviews, filtered"]
    header += [f"{column}, {n} at a time" for n in results["workers"] for column in ("documents/s", "MB/s")]
    one = results["workers"]["1"]
    return [
        measured_by("bench_filter", results),
        "Filters read JSONL, keep the rows whose P(pos) is at least 0.5, and write JSONL; models are loaded before. "
        "Two at a time are two threads of `vikt filter`, and two processes of the others.",
        *rows_of(
            [*header, "`vikt filter` is faster by"],
            (
                [
                    name,
                    *(
                        form.format(of[name][key])
                        for of in results["workers"].values()
                        for key, form in (("documents_per_s", "{:,.0f}"), ("mb_per_s", "{:.1f}"))
                    ),
                    ratio(one[name]["vikt_is_faster_by"]),
                ]
                for name in one
            ),
        ),
    ]


def with_ends(figure: dict[str, Any]) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def shrink_tables(results: dict[str, Any]) -> list[str]:
    """What shrinking costs, and what other rules would lose."""
    corpora = results["corpora"]
    costs = [
        [
            name,
            f"{small['features']:,} of {found['features']:,}",
            f"{small['bytes'] / 1e6:.2f} of {found['bytes'] / 1e6:.2f}",
            f"{cost['share']['a']:.4f}",
            f"{100 * (cost['share']['b'] - cost['share']['a']):+.2f} {points_between(cost['share'])}",
            f"{cost['log_loss']['a']:.4f}",
            f"{cost['log_loss']['b']:.4f}",
        ]
        for name, found in corpora.items()
        for small in found["shares"]
        for cost in [small["costs"][SHRINK_RULE]]
    ]
    header = ["corpus", "features", "MB", "before", "change in points (95%)", "log loss before", "after"]
    rules = list(corpora["imdb"]["shares"][0]["costs"])
    by_rule = [
        [name, f"{100 * small['share']:g}%"]
        + [f"{cost['share']['b']:.4f} / {cost['log_loss']['b']:.4f}" for cost in small["costs"].values()]
        for name, found in corpora.items()
        for small in found["shares"][1:3]
    ]
    return [
        measured_by("bench_shrink", results),
        "",
        "Accuracy on the test file, of emotions micro F1.",
        *rows_of(header, costs),
        "",
        "The figure and the log loss after shrinking by each rule; the last column is the chosen rule, without making "
        "up for what is dropped.",
        *rows_of(["corpus", "kept", *rules], by_rule),
    ]


SHRINK_RULE = "weight·value·√frequency"


def points_between(difference: dict[str, Any]) -> str:
    if difference["low"] is None:
        return ""
    return f"({100 * difference['low']:+.2f} to {100 * difference['high']:+.2f})"


def torture_table(results: dict[str, Any]) -> list[str]:
    header = ["`python tests/torture`", "tried", "worked", "refused", "faults", "memory", "found"]
    return rows_of(header, map(torture_row, results.values()))


def torture_row(row: dict[str, Any]) -> list[str]:
    counts = [f"{row[name]:,}" for name in ("tried", "worked", "refused", "faults")]
    return [row["what"], *counts, f"{row['mb']:,.0f} MB" if row["mb"] else "", row["note"]]


TABLES: Makers = {
    "fit": fit_tables,
    "features": feature_tables,
    "predict": predict_tables,
    "train": train_tables,
    "start": start_tables,
    "filter": filter_tables,
    "solvers": solver_tables,
    "tolerance": tolerance_tables,
    "ordered": ordered_tables,
    "several": several_tables,
    "labels": label_tables,
    "judging": judging_tables,
}


def serve_tables(results: dict[str, Any]) -> list[str]:
    """Single texts over HTTP, by corpus and number of connections."""
    header = ["one text per request, connections", "requests a second", "p50 ms", "p99 ms", "CPU ms"]
    lines = [measured_by("bench_serve", results)]
    for corpus, by_connections in results["corpora"].items():
        lines += rows_of(
            [f"{corpus}: {header[0]}", *header[1:], "beyond the empty one", "times the pipeline's"],
            (
                served_row(f"{side}, {connections}", row, rows)
                for connections, rows in by_connections.items()
                for side, row in rows.items()
            ),
        )
    first, memory = results["first_answer_s"], {name: f"{mb:.0f} MB" for name, mb in results["memory_mb"].items()}
    return [
        *lines,
        "",
        f"`vikt serve` gives its first answer {first['median']:.1f} s after its start. With a model of "
        f"{memory['model_mb']} it takes {memory['1']} with one process and {memory['2']} with two.",
    ]


def served_row(name: str, row: dict[str, Any], rows: dict[str, Any]) -> list[str]:
    def beyond(side: dict[str, Any]) -> float:
        return side["cpu_ms"]["median"] - rows["empty"]["cpu_ms"]["median"]

    return [
        name,
        f"{row['per_s']['median']:,.0f}",
        *(f"{row[key]['median']:.1f}" for key in ("p50_ms", "p99_ms")),
        f"{row['cpu_ms']['median']:.2f}",
        f"{beyond(row):.2f}",
        f"{beyond(row) / beyond(rows['scikit-learn']):.2f}",
    ]


# The tables of each page by the mark between which they stand, made of the results named.
PAGES: dict[str, dict[str, Makers]] = {
    "README.md": {"benchmark": {"fit": fit_tables, "train": train_alone, "predict": predict_alone}},
    "docs/benchmarks.md": {name: {name: maker} for name, maker in TABLES.items()},
    "docs/update.md": {"benchmark": {"update": update_tables}},
    "docs/report.md": {"benchmark": {"judging": report_alone}},
    "docs/targets.md": {"benchmark": {"several": several_tables}},
    "docs/serve.md": {"benchmark": {"serve": serve_tables}},
    "docs/shrink.md": {"benchmark": {"shrink": shrink_tables}},
    "docs/export.md": {"benchmark": {"export": export_tables}},
    "docs/scaling.md": {"benchmark": {"scaling": scaling_tables}},
    "docs/cluster.md": {"benchmark": {"cluster": cluster_tables}},
    "docs/security.md": {"benchmark": {"torture": torture_table}},
    "docs/audit.md": {
        "findings": {"audit": findings_table},
        "near": {"near_duplicates": near_duplicates_table},
        "seconds": {"audit": seconds_table},
    },
}


def tables(makers: Makers) -> str:
    found = {name: RESULTS / f"{name}.json" for name in makers}
    parts = [makers[name](json.loads(path.read_text())) for name, path in found.items() if path.exists()]
    return "\n\n".join("\n".join(part).strip("\n") for part in parts) or "Not measured yet."


def main() -> None:
    for name, by_mark in PAGES.items():
        path = ROOT / name
        page = path.read_text(encoding="utf-8")
        for mark, makers in by_mark.items():
            begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
            before, rest = page.split(begin)
            page = f"{before}{begin}\n{tables(makers)}\n{end}{rest.split(end)[1]}"
        path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
