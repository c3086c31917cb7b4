"""`vikt evaluate`: a trained model tested on labelled texts."""

from __future__ import annotations

from pathlib import Path

from vikt.classifier import load
from vikt.cli import show
from vikt.cli.console import print_json, progress, say
from vikt.cli.data import labelled, read_tables
from vikt.evaluation.evaluation import evaluate


def evaluate_file(
    model: Path, data: list[str], text: str | None, label: str | None, format: str | None, threads: int,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    classifier = load(model)
    classifier.threads = threads
    trained = classifier.about_.get("columns", {})
    with progress(quiet) as tell:
        tell("evaluating", 0, 0)
        table = read_tables(data, format)
        known = {role: name for role, name in trained.items() if name in table.names}
        rows = labelled(table, classifier.features_, text or known.get("text"), label or known.get("label"))
        for sentence in rows.said if not quiet else ():
            say(sentence)
        evaluation = evaluate(rows.labels, classifier.class_names, classifier.predict_log_proba(rows.documents))
    if as_json:
        print_json(show.evaluation_json(evaluation, classifier) | {"model": {"path": str(model)}})
    else:
        weighted = classifier.data_.get("weighted", False)
        lines = show.evaluation_lines(evaluation, weighted)
        print(f"test       {table.path}, {table.n_rows:,} rows\n{lines}")
