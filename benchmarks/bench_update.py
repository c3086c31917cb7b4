"""An update against training anew: what each step costs, and how near the two results are.

    python benchmarks/bench_update.py [--skip-slow] [--repeats 3]

One thread. A model is trained on all but a fiftieth of the rows, its features and λ chosen; the update then adds that
fiftieth and forgets another. Training anew on the same rows is timed twice: with λ and the features as they were
chosen, from a cold start, which is what an update must equal; and with both chosen again, which is what one would do
without updates. Times are CPU seconds, medians of repeats after one fit to warm up; reading a file, which all share, is
timed once. An update reads and orders the old rows too, to compare them with the fingerprint: that is in its time.

Results go to benchmarks/results/update.json; `python benchmarks/tables.py` puts them in docs/update.md.
"""

from __future__ import annotations

from measuring import DATA, machine, save, timed

# isort: split
import argparse
import json
import statistics
import sys
from dataclasses import replace
from typing import Any

import numpy as np

from vikt.classifier import TextClassifier
from vikt.corpus.readers import read_table
from vikt.features.text import TextFeatures
from vikt.fitting.examples import Examples
from vikt.fitting.fit import fit
from vikt.fitting.given_rows import GivenRows
from vikt.fitting.model import measured
from vikt.fitting.prepare import prepare
from vikt.fitting.refitted import plan_of
from vikt.fitting.saved import SavedModel
from vikt.fitting.start import Start
from vikt.fitting.update import update
from vikt.progress import no_progress
from vikt.solvers import minimise

PROBLEMS = [
    ("SMS (2 classes)", "sms/sms.tsv", "label"),
    ("TREC fine (50 classes)", "trec/train.tsv", "fine"),
    ("IMDB label (2 classes)", "imdb/train.parquet", "label"),
]
SETTINGS = TextClassifier().settings()


def cpu(work):
    result, _, seconds = timed(work)
    return result, seconds


def read(corpus: str, label: str):
    table = read_table(DATA / corpus)
    return measured(table.strings("text"), TextFeatures(SETTINGS.features)), np.array(table.strings(label), object)


def steps(examples: Examples, saved: SavedModel) -> dict[str, Any]:
    """The parts of a fit by the plan of a model: features, and the solver from a cold start and near its weights."""
    plan, rows = plan_of(saved.record), np.arange(len(examples))
    start = Start(saved.model, plan.recipe.shares)
    told = dict.fromkeys(("featurising", "start", "cold", "warm"), 0.0)
    passes = {"cold": [], "warm": []}
    for number, ((name, _), penalty) in enumerate(zip(plan.recipe.shares, plan.penalties, strict=True)):
        features = replace(SETTINGS.features, analyzer=name)
        made, seconds = cpu(lambda: prepare(examples, features, rows, rows[:0], None, 1, no_progress))  # noqa: B023
        told["featurising"] += seconds
        classes, objective = examples.classes[made.present], made.fold.training.with_l2(penalty.l2)
        theta, seconds = cpu(lambda: start.theta(number, made.features, classes))  # noqa: B023
        told["start"] += seconds
        for kind, own in (("cold", None), ("warm", theta)):
            solution, seconds = cpu(lambda: minimise(objective, SETTINGS.solver, start=own))  # noqa: B023
            told[kind] += seconds
            passes[kind].append(len(solution.loss_curve))
    return told | {"passes": passes}


def bench(name: str, corpus: str, label: str, repeats: int) -> dict[str, Any]:
    (documents, labels), reading = cpu(lambda: read(corpus, label))
    order = np.random.default_rng(0).permutation(len(labels))
    n = len(labels) // 50
    contents = documents.contents()
    added = {contents[row] for row in order[:n]}
    forgotten = [row for row in order[n : 2 * n] if contents[row] not in added]
    rows = {"old": order[n:], "add": order[:n], "forget": np.array(forgotten)}
    given = {part: GivenRows(documents.take(own), labels[own]) for part, own in rows.items()}
    before = Examples.of(given["old"].documents, given["old"].labels)
    training, validation = before.split(1)
    first = fit(before, (training, validation), SETTINGS)
    saved = SavedModel(first.model, first.record)
    runs: list[dict[str, Any]] = []
    for _ in range(repeats):
        updated, seconds = cpu(lambda: update(saved, given["old"], given["add"], given["forget"]))
        examples, every = updated.examples, np.arange(len(updated.examples))
        plan = plan_of(saved.record)
        anew, cold = cpu(lambda: fit(examples, (every, every[:0]), SETTINGS, plan=plan))  # noqa: B023
        _, ordering = cpu(lambda: Examples.of(given["old"].documents, given["old"].labels))
        _, chosen = cpu(lambda: fit(examples, tuple(examples.split(1)), SETTINGS))  # noqa: B023
        run = {"update": seconds, "anew": cold + ordering, "chosen anew": chosen + ordering, "ordering": ordering}
        runs.append(run | steps(examples, saved))
    p, q = (model.probabilities(documents) for model in (updated.fit.model, anew.model))
    parts = updated.fit.record.parts
    found = {
        "problem": name,
        "rows": len(examples),
        "added": n,
        "forgotten": updated.record.forgotten,
        "features": updated.fit.model.features.n_features,
        "recipe": saved.record.analyzer,
        "reading": reading,
        **{key: statistics.median(run[key] for run in runs) for key in runs[0] if key != "passes"},
        "passes": runs[-1]["passes"],
        "largest_difference": float(np.abs(p - q).max()),
        "certificate": max(part.relative for part in parts),
    }
    print(json.dumps(found))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skip-slow", action="store_true", help="leave out IMDB")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    bench(*PROBLEMS[0], 1)
    found = [bench(*problem, options.repeats) for problem in PROBLEMS[: 2 if options.skip_slow else None]]
    save("update", {"machine": machine({"numpy": sys.executable}), "problems": found}, partial=options.skip_slow)


if __name__ == "__main__":
    main()
