"""Several labels per text: `vikt train` with --labels-separator alone, beside scikit-learn's one against the rest.

    python benchmarks/bench_several.py [--rows N]

GoEmotions, 28 labels, 43,410 training texts, tested on the 5,427 of its own split. One thread everywhere; seconds are
CPU seconds.

Sides, unequal in vikt's disfavour:
- `vikt train`, the whole process: it reads, chooses features and λ, chooses a threshold for each label, fits and
  proves 1e-7, tests with intervals, and saves.
- scikit-learn's OneVsRestClassifier(LogisticRegression(C=10, solver="liblinear")) on TF-IDF of words and single
  symbols, 1-2-grams, sublinear, min_df 2: features and fits are timed, nothing is chosen, and labels are answered from
  0.5 on.

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

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import MultiLabelBinarizer

FIGURES = ("micro_f1", "macro_f1", "subset_accuracy")


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


def sklearn_train(train: list[str], test: list[str]) -> Measured:
    (sets, texts), (test_sets, test_texts) = (
        zip(*(line.split("\t", 1) for line in lines[1:]), strict=True) for lines in (train, test)
    )
    labels = MultiLabelBinarizer()
    truth = labels.fit_transform([own.split(",") for own in sets])
    test_truth = labels.transform([own.split(",") for own in test_sets])
    vectorizer = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]", ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    X, _, features_s = timed(lambda: vectorizer.fit_transform(texts))
    fits = OneVsRestClassifier(LogisticRegression(solver="liblinear", C=10.0))
    _, wall_s, fits_s = timed(lambda: fits.fit(X, truth))
    answered = fits.predict(vectorizer.transform(test_texts))
    return {
        "features_cpu_s": features_s,
        "fits_cpu_s": fits_s,
        "fits_wall_s": wall_s,
        **{f"{mean}_f1": float(f1_score(test_truth, answered, average=mean)) for mean in ("micro", "macro")},
        "subset_accuracy": float((answered == test_truth).all(axis=1).mean()),
    }


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
            ["scikit-learn, fits", f"{theirs['fits_cpu_s']:.1f}", *(f"{theirs[name]:.4f}" for name in FIGURES)],
        ],
    )
    save("several", {"machine": machine({"scikit-learn": sys.executable}), "vikt": ours, "scikit-learn": theirs}, rows)


if __name__ == "__main__":
    main()
