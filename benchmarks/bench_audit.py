"""Audits of real corpora: what is found in each, and the CPU seconds beside those of reading and featurising.

    python benchmarks/bench_audit.py            # audits, saves, and writes the tables of docs/audit.md
    python benchmarks/bench_audit.py --tables   # writes the tables from what was saved

"Reading and featurising" is what an audit must do at least once: the files read, and the TF-IDF rows of words and pairs
of words made of the texts, of training and test each, as `vikt train --analyzer word` makes them. The audit reads the
files too, then runs all checks that need no model and no fit. Both are the medians of the repeats, in turn, in one
process and one thread, after a first run of both that is not counted: it imports, and compiles or loads what was
compiled.

Of `emotions`, whose rows may have several labels, the rows of one label are taken.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from measuring import DATA, HERE, machine, save, timed

CORPORA = {
    "sms": ("sms/sms.tsv", None, "label"),
    "trec, label": ("trec/train.tsv", "trec/test.tsv", "label"),
    "trec, fine": ("trec/train.tsv", "trec/test.tsv", "fine"),
    "languages": ("languages/train.tsv", "languages/test.tsv", "label"),
    "emotions": ("emotions/train.tsv", "emotions/test.tsv", "labels"),
    "imdb, label": ("imdb/train.parquet", "imdb/test.parquet", "label"),
    "imdb, rating": ("imdb/train.parquet", "imdb/test.parquet", "rating"),
    "imdb, label, no test": ("imdb/train.parquet", None, "label"),
}
PAGE = HERE.parent / "docs" / "audit.md"


def of_one_label(path: Path, folder: Path) -> Path:
    """A copy of a file of texts with the rows that have one label."""
    copy = folder / path.name
    with open(path, encoding="utf-8", newline="") as lines, open(copy, "w", encoding="utf-8", newline="") as kept:
        kept.writelines(line for line in lines if "," not in line.split("\t", 1)[0])
    return copy


def read(path: Path, label: str) -> Any:
    from vikt.corpus.labelled import labelled, read_tables
    from vikt.features.settings import FeatureSettings
    from vikt.features.text import TextFeatures

    return labelled(read_tables([path], None), TextFeatures(FeatureSettings()), "text", label)


def audit_of(paths: list[Path], label: str) -> Any:
    from vikt.auditing.audit import audited
    from vikt.auditing.subject import LabelledTexts, Subject

    sides = []
    for side, path in zip(("training", "test"), paths, strict=False):
        rows = read(path, label)
        sides.append(LabelledTexts.of(side, rows.documents, rows.labels))
    return audited(Subject(*sides))


def featurised(paths: list[Path], label: str) -> None:
    from vikt.features.settings import FeatureSettings
    from vikt.features.text import TextFeatures

    for path in paths:
        features = TextFeatures(FeatureSettings())
        features.fit_transform(features.measure(read(path, label).documents))


def audits(repeats: int, folder: Path) -> dict[str, Any]:
    results = {}
    for name, (training, test, label) in CORPORA.items():
        paths = [DATA / path for path in (training, test) if path is not None]
        if label == "labels":
            paths = [of_one_label(path, folder) for path in paths]
        found, seconds, least = audit_of(paths, label), [], []
        featurised(paths, label)
        for _ in range(repeats):
            seconds.append(timed(lambda paths=paths, label=label: audit_of(paths, label))[2])
            least.append(timed(lambda paths=paths, label=label: featurised(paths, label))[2])
        counts = {side: sum(of.values()) for side, of in found.classes.items()}
        results[name] = {
            "rows": counts,
            "classes": len(found.classes["training"]),
            "found": [
                {"code": one.code, "side": one.side, "rows": len(one.rows), "message": one.message}
                for one in found.findings
            ],
            "audit_cpu_s": statistics.median(seconds),
            "read_and_featurise_cpu_s": statistics.median(least),
        }
        print(f"{name}: {statistics.median(seconds):.2f} s, against {statistics.median(least):.2f} s", flush=True)
    return results


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (header, *rows)]
    return "\n".join([lines[0], f"|{'---|' * len(header)}", *lines[1:]])


def table_of_findings(corpora: dict[str, Any]) -> str:
    from vikt.auditing.checks import CHECKS

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
        if not check.on_request and "model" not in check.name and not any(check.code in row[0] for row in rows)
    ]
    return table(["", *names], rows) + f"\n\nNothing was found by {', '.join(silent)}."


def _cell(found: list[dict[str, Any]], code: str) -> str:
    of_side = {one["side"]: f"{one['rows']:,}" if one["rows"] else "yes" for one in found if one["code"] == code}
    test = f" + {of_side['test']}" if "test" in of_side else ""
    return (of_side.get("training", "0" if test else "") + test).removeprefix("0 + yes") or ("yes" if test else "")


def table_of_seconds(corpora: dict[str, Any]) -> str:
    rows = [
        [
            name + ("" if "test" in own["rows"] or "no test" in name else ", no test"),
            f"{own['read_and_featurise_cpu_s']:.2f}",
            f"{own['audit_cpu_s']:.2f}",
            f"{own['audit_cpu_s'] / own['read_and_featurise_cpu_s']:.1f}",
        ]
        for name, own in corpora.items()
    ]
    return table(["corpus", "reading and featurising, s", "audit, s", "ratio"], rows)


def table_of_near_duplicates(results: dict[str, Any]) -> str:
    rows = []
    for name, own in results["corpora"].items():
        for side, told in own["sides"].items():
            recalls = [f"{recall:.3f}" for recall in told["recall"].values()]
            rows.append(
                [f"{name}, {own['rows']:,} rows", side, *recalls, f"{told['own_rows']:,}", f"{told['cpu_s']:.2f}"]
            )
    header = ["corpus", "side", "2% edited", "5%", "10%", "own texts", "CPU s"]
    return table(header, rows)


def write_tables() -> None:
    audit = json.loads((HERE / "results" / "audit.json").read_text())
    near = json.loads((HERE / "results" / "near_duplicates.json").read_text())
    tables = {
        "findings": table_of_findings(audit["corpora"]),
        "seconds": table_of_seconds(audit["corpora"]),
        "near": table_of_near_duplicates(near),
    }
    page = PAGE.read_text(encoding="utf-8")
    for name, content in tables.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, rest = page.split(begin)
        page = f"{before}{begin}\n{content}\n{end}{rest.split(end)[1]}"
    PAGE.write_text(page, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tables", action="store_true", help="only write the tables of docs/audit.md")
    asked = parser.parse_args()
    if not asked.tables:
        with tempfile.TemporaryDirectory() as folder:
            save("audit", {"corpora": audits(asked.repeats, Path(folder)), "machine": machine({})})
    write_tables()


if __name__ == "__main__":
    main()
