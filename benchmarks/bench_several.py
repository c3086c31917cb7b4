"""Several labels per text: `vikt train` with --labels-separator alone, beside scikit-learn's one against the rest.

    python benchmarks/bench_several.py [--rows N]

GoEmotions, 28 labels, 43,410 training texts, tested on the 5,427 of its own split. One thread everywhere; seconds are
CPU seconds.

Sides, unequal in vikt's disfavour:
- `vikt train`, the whole process: it reads, chooses features and λ, chooses a threshold for each label, fits and
  proves 1e-7, tests with intervals, and saves.
- scikit-learn's OneVsRestClassifier(LogisticRegression(C=10, solver="liblinear")) on TF-IDF of words and single
  symbols, 1-2-grams, sublinear, min_df 2: features and fits are timed, nothing is chosen but thresholds. Labels are
  answered from 0.5 on; from one common threshold on; or from one for each label on, those of the best F1 on answers out
  of three folds, whose fits are timed too.

Results go to benchmarks/results/several.json, unless --rows leaves some out.
"""

from __future__ import annotations

from measuring import DATA, Measured, machine, print_rows, process, save, timed

# isort: split
import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import MultiLabelBinarizer

FIGURES = ("micro_f1", "macro_f1", "subset_accuracy")
GRID = np.linspace(0.02, 0.98, 49)


def lines_of(name: str, n_rows: int | None) -> list[str]:
    """The header, and all rows or the first ones."""
    lines = (DATA / "emotions" / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return lines if n_rows is None else lines[: n_rows + 1]


def vikt_train(train: list[str], test: list[str]) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("train.tsv", "test.tsv")]
        for path, lines in zip(files, (train, test), strict=True):
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        typed = ["train", str(files[0]), "--test", str(files[1]), "--labels-separator", ",", "--json", "--quiet"]
        output = ["--output", str(Path(folder) / "model.vikt")]
        told = process([sys.executable, "-m", "vikt", *typed, *output], keep=True)
    metrics = json.loads(told.pop("out"))["metrics"]
    return told | {name: metrics[name] for name in FIGURES}


def sklearn_train(train: list[str], test: list[str]) -> dict[str, Measured]:
    """What each way to set thresholds answers, and its seconds."""
    (sets, texts), (test_sets, test_texts) = (
        zip(*(line.split("\t", 1) for line in lines[1:]), strict=True) for lines in (train, test)
    )
    labels = MultiLabelBinarizer()
    truth = labels.fit_transform([own.split(",") for own in sets])
    test_truth = labels.transform([own.split(",") for own in test_sets])
    vectorizer = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]", ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    X, _, features_s = timed(lambda: vectorizer.fit_transform(texts))
    model = OneVsRestClassifier(LogisticRegression(solver="liblinear", C=10.0))
    _, _, fits_s = timed(lambda: model.fit(X, truth))
    out_of_fold, _, folds_s = timed(
        lambda: cross_val_predict(model, X, truth, cv=KFold(3, shuffle=True, random_state=0), method="predict_proba")
    )
    p = model.predict_proba(vectorizer.transform(test_texts))
    of_each = [max(GRID, key=lambda t, k=k: f1_score(truth[:, k], out_of_fold[:, k] >= t)) for k in range(p.shape[1])]
    common = max(GRID, key=lambda t: f1_score(truth, out_of_fold >= t, average="micro"))
    return {
        name: {"cpu_s": features_s + fits_s + more_s} | figures_of(test_truth, p >= thresholds)
        for name, thresholds, more_s in (
            ("from 0.5 on", 0.5, 0.0),
            ("one common threshold", common, folds_s),
            ("a threshold for each label", np.array(of_each), folds_s),
        )
    }


def figures_of(truth: NDArray[np.int64], answered: NDArray[np.bool_]) -> Measured:
    means = {f"{mean}_f1": float(f1_score(truth, answered, average=mean)) for mean in ("micro", "macro")}
    return means | {"subset_accuracy": float((answered == truth).all(axis=1).mean())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, help="the first rows of each file only")
    rows = parser.parse_args().rows
    train, test = lines_of("train", rows), lines_of("test", rows)
    ours, theirs = vikt_train(train, test), sklearn_train(train, test)
    print_rows(
        "emotions, 28 labels",
        ["side", "CPU s", *FIGURES],
        [
            ["vikt train, whole", f"{ours['cpu_s']:.1f}", *(f"{ours[name]['value']:.4f}" for name in FIGURES)],
            *(
                [f"scikit-learn, {way}", f"{found['cpu_s']:.1f}", *(f"{found[name]:.4f}" for name in FIGURES)]
                for way, found in theirs.items()
            ),
        ],
    )
    results = {"machine": machine({"scikit-learn": sys.executable}), "vikt": ours, "scikit-learn": theirs}
    save("several", results, partial=rows)


if __name__ == "__main__":
    main()
