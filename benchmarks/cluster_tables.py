"""The tables of bench_cluster.py."""

from __future__ import annotations

from typing import Any

from cells import measured_by, rows_of

STAGES = ("start of the cluster", "reading", "vocabulary", "rows and first round", "further rounds and proof")


def cluster_tables(results: dict[str, Any]) -> list[str]:
    """The fits by stages, and the steps."""
    data = results["data"]
    header = [f"wall seconds, {data['rows']:,} rows, {data['text_mb']:.0f} MB of text", *results["fits"]]
    return [
        measured_by("bench_cluster", results),
        *rows_of(header, fits_rows(results["fits"])),
        "",
        f"Words and pairs of words, λ given, `tol` = 1e-3, {results['groups']} groups; models on clusters are equal to "
        "the byte. The workers share the cores of the machine with this process and with other work, so that wall "
        "time says little here; the CPU seconds of the workers are what more of them divide.",
        *rows_of(
            ["milliseconds of a step, θ of 1.6 MB, 16 small parts", *results["steps"]],
            (
                [f"sum of {what}", *(f"{own[what]:.0f}" for own in results["steps"].values())]
                for what in ("numbers", "vectors")
            ),
        ),
    ]


def fits_rows(fits: dict[str, Any]) -> list[list[str]]:
    told = {"whole fit": "wall_s", **{stage: stage for stage in STAGES}}
    told |= {"CPU seconds of this process": "cpu_s", "CPU seconds of all workers": "workers_cpu_s"}
    rows = [[name, *(f"{row[key]['median']:.1f}" for row in fits.values())] for name, key in told.items()]
    return [*rows, ["rounds", *(str(row["rounds"]) for row in fits.values())]]
