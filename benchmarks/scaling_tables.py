"""The tables of bench_scaling.py."""

from __future__ import annotations

from typing import Any

from cells import cpu, measured_by, rows_of

OURS = "vikt"


def scaling_tables(results: dict[str, Any]) -> list[str]:
    """The sides on all rows, how each was tuned, the growth, and the stages of a fit on disk and in memory."""
    lines = [
        measured_by("bench_scaling", results),
        *sides_table(results),
        *tuned_table(results["sides"], results["data"]),
    ]
    # An interrupted run leaves what it has measured.
    if "growth" in results:
        lines += growth_table(results["growth"])
    if "on_disk" in results:
        lines += stages_table(results["on_disk"])
    return lines


def sides_table(results: dict[str, Any]) -> list[str]:
    data, sides, cutting = results["data"], results["sides"], results["cutting"]
    header = [f"whole process: {data['rows']:,} rows, {gigabytes(data['text_mb'])} of text", "wall seconds"]
    header += ["CPU seconds", "times vikt's CPU", "peak MB", "accuracy", "log loss", "proven distance", "model MB"]
    return [
        *rows_of(
            header,
            (
                [
                    name,
                    *(f"{row[key]['median']:,.0f}" for key in ("wall_s", "cpu_s")),
                    "-" if name == OURS else f"{row['cpu_s']['median'] / sides[OURS]['cpu_s']['median']:.2f}",
                    f"{row['peak_mb']['median']:,.0f}",
                    *(f"{row[key]['median']:.4f}" for key in ("accuracy", "log_loss")),
                    distance(row),
                    f"{row['model_mb']['median']:,.0f}",
                ]
                for name, row in sides.items()
            ),
        ),
        "",
        "The texts are IMDB's training reviews, drawn again and again with words dropped, so that they are more alike "
        f"than real ones; accuracy and log loss are on {data['test_rows']:,} real reviews. vikt has "
        f"`--memory {results['memory']}` and `--tol {results['tol']:g}`, and all sides have words and pairs of words. "
        f"Vowpal Wabbit's seconds are without the {cutting['cpu_s']:,.0f} CPU seconds of cutting its lines.",
        "",
        f"vikt's CPU seconds are {times(sides, [name for name in sides if not name.startswith(OURS)])}.",
    ]


def times(sides: dict[str, Any], peers: list[str]) -> str:
    """The CPU seconds of our side in those of each peer."""
    own = sides[OURS]["cpu_s"]["median"]
    return "; ".join(f"{own / sides[peer]['cpu_s']['median']:.2f} times those of {peer}" for peer in peers)


def distance(row: dict[str, Any]) -> str:
    return f"{row['certificate']['median']:.0e}" if "certificate" in row else "-"


def tuned_table(sides: dict[str, Any], data: dict[str, Any]) -> list[str]:
    """What was tried on some of the rows and on all of them, with log losses on the validation reviews."""
    header = [
        "tuning, log loss on validation reviews",
        f"settings on {data['tuning_rows']:,} rows",
        "the best of them on all rows",
    ]
    table = rows_of(
        [*header, "chosen", "CPU seconds"],
        (
            [
                name,
                losses(tuned["tried"]),
                losses(tuned["tried_on_all_rows"]),
                ", ".join(f"{key} {setting(value)}" for key, value in tuned["chosen"].items()),
                f"{sum(trial['cpu_s'] for trial in [*tuned['tried'], *tuned['tried_on_all_rows']]):,.0f}",
            ]
            for name, row in sides.items()
            for tuned in [row["tuned"]]
        ),
    )
    untried = [name for name, row in sides.items() if not row["tuned"]["tried_on_all_rows"]]
    return table + (["", untried_on_all_rows(untried)] if untried else [])


def untried_on_all_rows(names: list[str]) -> str:
    return (
        "Settings were not compared on all rows for these sides, which have the one that is best on few rows; it need "
        f"not be the best on many: {'; '.join(names)}."
    )


def losses(tried: list[dict[str, Any]]) -> str:
    """How many settings were tried, and the log losses that they came to."""
    found = [trial["log_loss"] for trial in tried]
    return f"{len(found)}: {min(found):.4f} to {max(found):.4f}" if found else "-"


def setting(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def growth_table(growth: dict[str, Any]) -> list[str]:
    names = list(growth["exponents"])
    header = ["rows", "text", *(f"{name}, {what}" for name in names for what in ("CPU seconds", "peak MB"))]
    rows = (
        [
            f"{size['rows']:,}",
            gigabytes(size["text_mb"]),
            *(cell for name in names for cell in grown(size["sides"].get(name))),
        ]
        for size in growth["sizes"]
    )
    told = "; ".join(
        f"{name} {found['power']:.2f} from {found['from']:,} to {found['to']:,} rows"
        for name, found in growth["exponents"].items()
        if found is not None
    )
    return rows_of(header, rows) + (["", f"CPU seconds grow with this power of the rows: {told}."] if told else [])


def grown(row: dict[str, Any] | None) -> list[str]:
    return [cpu(row), f"{row['peak_mb']['median']:,.0f}"] if row else ["-", "-"]


def stages_table(on_disk: dict[str, Any]) -> list[str]:
    stages = on_disk["stages"]
    header = [f"CPU seconds by stages, {on_disk['rows']:,} rows, {gigabytes(on_disk['text_mb'])} of text", *stages]
    names = dict.fromkeys(stage for own in stages.values() for stage in own)
    return rows_of(header, ([stage, *(cpu(own.get(stage)) for own in stages.values())] for stage in names))


def gigabytes(megabytes: float) -> str:
    return f"{megabytes / 1e3:.1f} GB" if megabytes >= 1e3 else f"{megabytes:.0f} MB"
