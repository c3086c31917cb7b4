"""Audits of real corpora: what is found in each, and the CPU seconds beside those of reading and featurising.

    python benchmarks/bench_audit.py [--repeats N]

"Reading and featurising" is what an audit must do at least once: the files read, and the TF-IDF rows of words and pairs
of words made of the texts, of training and test each, as `vikt train --analyzer word` makes them. The audit reads the
files too, then runs all checks that need no model and no fit. Both are the medians of the repeats, in turn, in one
process and one thread, after a first run of both that is not counted: it imports, and compiles or loads what was
compiled.

Of `emotions`, whose rows may have several labels, the rows of one label are taken.

Results go to benchmarks/results/audit.json; `python benchmarks/tables.py` puts them in docs/audit.md.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from measuring import DATA, machine, save, timed

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

# They are of several labels per text, need a model, or run only on request.
NOT_RUN = ("V127", "V128", "V129", "V161", "V162", "V163", "V171")


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


def checks_run() -> list[str]:
    """The codes of the checks that these corpora could fail."""
    from vikt.auditing.checks import CHECKS

    return [check.code for check in CHECKS if check.code not in NOT_RUN]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        corpora = audits(options.repeats, Path(folder))
    save("audit", {"checks": checks_run(), "corpora": corpora, "machine": machine({})})


if __name__ == "__main__":
    main()
