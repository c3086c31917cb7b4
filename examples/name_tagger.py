"""The laboratory's name tagger: is this token part of a name?

First with the lecture's two features, then with the token itself, its shape, and its neighbours'. The corpus, a CSV
file with the columns token and tag, is not part of this project: name it, or set VIKT_DATA to the folder that holds it.
"""

import csv
import os
import sys
from pathlib import Path

import vikt
from vikt.evaluation.evaluation import evaluate
from vikt.features.handmade import Capitalised, Category, FirstInSentence, Shape

LECTURE = [Capitalised(name="capitalised"), FirstInSentence(name="first in sentence")]
TOKENS = [
    *LECTURE,
    Category(name="token", min_rows=2),
    Category(name="previous", offset=-1, min_rows=2),
    Category(name="next", offset=1, min_rows=2),
    Shape(name="shape"),
    Shape(name="previous shape", offset=-1),
    Shape(name="next shape", offset=1),
]


def main(path):
    if not path.exists():
        print(f"{path} is not there; give the path of a CSV file with the columns token and tag")
        return
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    tokens = [row["token"] for row in rows]
    labels = ["no name" if row["tag"] == "O" else "name" for row in rows]
    for title, features in (("the lecture's two features", LECTURE), ("with token features", TOKENS)):
        classifier = vikt.TextClassifier(analyzer="none", features=features)
        held_out, true_labels = classifier.fit_and_hold_out(tokens, labels)
        found = evaluate(true_labels, classifier.classes_, classifier.predict_log_proba(held_out))
        print(f"{title}: {classifier.features_.n_features:,} columns, accuracy {found.accuracy.value:.4f}")
        print("  real \\ predicted ", *found.labels, found.matrix.tolist())
        for label, row in found.per_class.items():
            print(f"  {label:<8} precision {row['precision']:.4f}  recall {row['recall']:.4f}")


if __name__ == "__main__":
    data = Path(os.environ.get("VIKT_DATA", Path(__file__).parents[2] / "shared" / "data"))
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else data / "names" / "tokens.csv")
