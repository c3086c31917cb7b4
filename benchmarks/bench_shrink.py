"""Which rule loses least when a model is shrunk, and what shrinking costs.

    python benchmarks/bench_shrink.py [--models FOLDER] [CORPUS...]

Models are those of `vikt train` by default, on the training file of each corpus alone; FOLDER keeps them for the next
run. Each is shrunk to shares of its features by several rules, which all make up for what is dropped in the same way,
and compared with the whole model on the test file. With nothing made up, the weights that stay are those of the whole
model, and so are the intercepts.

Results go to benchmarks/results/shrink.json, unless only some corpora are named.
"""

from __future__ import annotations

from measuring import DATA, Measured, machine, print_rows, save

# isort: split
import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from vikt.arrays import Floats, Ints
from vikt.cli.options import InputOptions
from vikt.cli.trained_rows import labelled_as_trained
from vikt.evaluation.comparison import compared
from vikt.fitting.saved import SavedModel
from vikt.fitting.trained import load_trained
from vikt.shrinking.contributions import TypicalRows, by_part, typical_rows
from vikt.shrinking.shrunk import file_size, kept_first, most_telling

CORPORA = {
    "imdb": ["imdb/train.parquet", "imdb/test.parquet", "--label", "label"],
    "languages": ["languages/train.tsv", "languages/test.tsv"],
    "trec": ["trec/train.tsv", "trec/test.tsv", "--label", "label"],
    "emotions": ["emotions/train.tsv", "emotions/test.tsv", "--labels-separator", ","],
}
SHARES = (0.3, 0.1, 0.03, 0.01)

# The importance of each column of a part by its weights, (n, K).
Rule = Callable[[TypicalRows, Floats], Floats]


def largest(theta: Floats) -> Floats:
    return np.abs(theta).max(axis=1)


RULES: dict[str, Rule] = {
    "weight": lambda rows, theta: largest(theta),
    "weight·value": lambda rows, theta: largest(theta) * rows.values / rows.length(),
    "weight·value·√frequency": lambda rows, theta: rows.spreads(theta),
    "weight·value·frequency": lambda rows, theta: rows.spreads(theta) * np.sqrt(rows.presence),
}


def ordered(saved: SavedModel, rule: Rule) -> Ints:
    theta = saved.model.theta.T.reshape(saved.model.theta.shape[-1], -1)[1:]
    parts = zip(typical_rows(saved), by_part(saved.model.features, theta), strict=True)
    return np.argsort(-np.concatenate([rule(*part) for part in parts]), kind="stable")


def as_it_was(saved: SavedModel, smaller: SavedModel) -> SavedModel:
    """The smaller model with the weights of the whole one."""
    places = smaller.model.features.columns_in(saved.model.features)
    theta = saved.model.theta[..., np.concatenate([[0], 1 + places])]
    return replace(smaller, model=replace(smaller.model, theta=theta, loss=saved.model.loss))


def trained(name: str, folder: Path) -> SavedModel:
    path, (train, test, *options) = folder / f"{name}.vikt", CORPORA[name]
    if not path.exists():
        command = [sys.executable, "-m", "vikt", "train", str(DATA / train), "--test", str(DATA / test), *options, "-q"]
        subprocess.run([*command, "-o", str(path)], check=True, stdout=subprocess.DEVNULL)
    return load_trained(path)


def measured(name: str, saved: SavedModel) -> Measured:
    test = str(DATA / CORPORA[name][1])
    separator = "," if saved.model.kind == "several" else None
    read = labelled_as_trained(saved, [test], InputOptions(data=[test], labels_separator=separator))
    documents = saved.model.measured(read.documents)

    def cost(smaller: SavedModel) -> Measured:
        found = compared(saved.model, smaller.model, (documents, documents), read.labels).differences
        share = "micro_f1" if "micro_f1" in found else "accuracy"
        return {"figure": share, "share": found[share].to_json(), "log_loss": found["log_loss"].to_json()}

    shares = []
    for share in SHARES:
        n = round(share * saved.model.features.n_features)
        small = kept_first(saved, most_telling(saved), n)
        costs = {rule: cost(kept_first(saved, ordered(saved, RULES[rule]), n)) for rule in RULES}
        costs["nothing made up"] = cost(as_it_was(saved, small))
        shares.append({"share": share, "features": n, "bytes": file_size(small), "costs": costs})
        report(name, shares[-1])
    return {"features": saved.model.features.n_features, "bytes": file_size(saved), "shares": shares}


def report(name: str, found: Measured) -> None:
    rows = [
        [rule, f"{cost['share']['a']:.4f}", f"{cost['share']['b']:.4f}", f"{cost['log_loss']['b']:.4f}"]
        for rule, cost in found["costs"].items()
    ]
    title = f"{name}: {found['features']:,} features, {found['bytes']:,} bytes"
    print_rows(title, ["", "before", "after", "log loss after"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path)
    parser.add_argument("corpora", nargs="*", choices=[[], *CORPORA])
    options = parser.parse_args()
    names = options.corpora or list(CORPORA)
    with tempfile.TemporaryDirectory() as folder:
        found = {name: measured(name, trained(name, options.models or Path(folder))) for name in names}
    save("shrink", {"machine": machine({"numpy": sys.executable}), "corpora": found}, partial=options.corpora)


if __name__ == "__main__":
    main()
