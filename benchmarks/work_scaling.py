"""What bench_scaling.py has its peers do; Vowpal Wabbit's own environment need hold Vowpal Wabbit alone.

python benchmarks/work_scaling.py cut LINES FILE ...
python benchmarks/work_scaling.py vowpal_wabbit|scikit_learn KEYWORDS      # as JSON
"""

from __future__ import annotations

import measuring

# isort: split
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import prepared
from work_train import figures

# Vowpal Wabbit is no slower with more buckets, and its losses are lower.
BITS = {"Vowpal Wabbit": 24, "scikit-learn": 22}
ROWS_A_BATCH = 10_000


def cut(lines: str, *files: str) -> None:
    """The rows of Parquet files as Vowpal Wabbit's lines, the words of vikt apart."""
    with open(lines, "w", encoding="utf-8") as written:
        for texts, labels in batches(files):
            written.writelines(prepared.vowpal_wabbit_lines(prepared.in_words(texts, prepared.VIKT_WORDS), labels))


def batches(files: tuple[str, ...] | list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Texts and labels."""
    import pyarrow.parquet as pq

    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(ROWS_A_BATCH, columns=["text", "label"]):
            yield batch["text"].to_pylist(), batch["label"].to_pylist()


def vowpal_wabbit(train: str, test: str, model: str, passes: int, learning_rate: float, l2: float) -> None:
    from vowpalwabbit import Workspace

    measuring.hold_to_one_core()
    learning = ["--ngram", "2", "-b", str(BITS["Vowpal Wabbit"]), "--loss_function", "logistic"]
    learning += ["--learning_rate", repr(learning_rate), "--l2", repr(l2)]
    if passes > 1:
        # Without the first switch it would stop by, and not learn from, a tenth of the rows.
        learning += ["--holdout_off", "--passes", str(passes), "--kill_cache", "--cache_file", f"{model}.cache"]
    Workspace(arg_list=["--quiet", *learning, "-d", train, "-f", model]).finish()
    answers = Path(f"{model}.answers")
    Workspace(arg_list=["--quiet", "-t", "-i", model, "-d", test, "-p", str(answers)]).finish()
    with open(test, encoding="utf-8") as lines:
        labels = ["pos" if line.startswith("1") else "neg" for line in lines]
    print(json.dumps(figures([float(margin) for margin in answers.read_text().split()], labels)))


def scikit_learn(train: list[str], test: list[str], model: str, **settings: float | str) -> None:
    import joblib
    import numpy as np
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.metrics import accuracy_score, log_loss

    vectorizer = HashingVectorizer(
        token_pattern=prepared.VIKT_WORDS.pattern, ngram_range=(1, 2), n_features=2 ** BITS["scikit-learn"]
    )
    classifier = SGDClassifier(loss="log_loss", average=True, random_state=0, **settings)
    for texts, labels in batches(train):
        classifier.partial_fit(vectorizer.transform(texts), labels, classes=["neg", "pos"])
    joblib.dump(classifier, model)
    answered = [(labels, classifier.predict_proba(vectorizer.transform(texts))) for texts, labels in batches(test)]
    truth, p = (np.concatenate(parts) for parts in zip(*answered, strict=True))
    accuracy = accuracy_score(truth, classifier.classes_[p.argmax(axis=1)])
    print(json.dumps({"accuracy": accuracy, "log_loss": log_loss(truth, p)}))


if __name__ == "__main__":
    if sys.argv[1] == "cut":
        cut(*sys.argv[2:])
    else:
        {"vowpal_wabbit": vowpal_wabbit, "scikit_learn": scikit_learn}[sys.argv[1]](**json.loads(sys.argv[2]))
