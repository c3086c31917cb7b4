"""The tables of bench_audit.py and bench_near_duplicates.py."""

from __future__ import annotations

from typing import Any

from cells import rows_of
from vikt.auditing.checks import CHECKS


def findings_table(results: dict[str, Any]) -> list[str]:
    corpora = results["corpora"]
    names = [name for name in corpora if not name.endswith("no test")]
    sizes = [" + ".join(f"{n:,}" for n in corpora[name]["rows"].values()) for name in names]
    rows = [["rows, training + test", *sizes], ["classes", *(str(corpora[name]["classes"]) for name in names)]]
    for check in CHECKS:
        cells = [_cell(corpora[name]["found"], check.code) for name in names]
        if any(cells):
            rows.append([f"[{check.code}](audit/{check.code}.md) {check.name}", *cells])
    silent = [
        f"[{check.code}](audit/{check.code}.md)"
        for check in CHECKS
        if check.code in results["checks"] and not any(check.code in row[0] for row in rows)
    ]
    return [*rows_of(["", *names], rows), "", f"Nothing was found by {', '.join(silent)}."]


def _cell(found: list[dict[str, Any]], code: str) -> str:
    of_side = {one["side"]: f"{one['rows']:,}" if one["rows"] else "yes" for one in found if one["code"] == code}
    test = f" + {of_side['test']}" if "test" in of_side else ""
    return (of_side.get("training", "0" if test else "") + test).removeprefix("0 + yes") or ("yes" if test else "")


def seconds_table(results: dict[str, Any]) -> list[str]:
    rows = [
        [
            name + ("" if "test" in own["rows"] or "no test" in name else ", no test"),
            f"{own['read_and_featurise_cpu_s']:.2f}",
            f"{own['audit_cpu_s']:.2f}",
            f"{own['audit_cpu_s'] / own['read_and_featurise_cpu_s']:.1f}",
        ]
        for name, own in results["corpora"].items()
    ]
    return rows_of(["corpus", "reading and featurising, s", "audit, s", "ratio"], rows)


def near_duplicates_table(results: dict[str, Any]) -> list[str]:
    rows = []
    for name, own in results["corpora"].items():
        for side, told in own["sides"].items():
            recalls = [f"{recall:.3f}" for recall in told["recall"].values()]
            rows.append(
                [f"{name}, {own['rows']:,} rows", side, *recalls, f"{told['own_rows']:,}", f"{told['cpu_s']:.2f}"]
            )
    header = ["corpus", "side", "2% edited", "5%", "10%", "own texts", "CPU s"]
    return rows_of(header, rows)
