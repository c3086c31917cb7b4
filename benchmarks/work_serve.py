"""A side of bench_serve.py: the service of vikt, with another thing in the place of the model's answers.

python benchmarks/work_serve.py train SIDE CORPUS FOLDER
python benchmarks/work_serve.py serve SIDE CORPUS FOLDER
"""

from __future__ import annotations

# isort: split
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import prepared
from measuring import DATA

CORPORA = ("IMDB", "SMS")
TESTED = 5_000


def read(corpus: str, part: str) -> tuple[list[str], list[str]]:
    """Texts and labels; of the SMS, which come without a division, every fifth is for the test."""
    if corpus == "IMDB":
        texts, labels = prepared.read_imdb(DATA / f"imdb/{part}.parquet", None)
        return texts[:: 25_000 // TESTED] if part == "test" else texts, labels
    lines = (DATA / "sms/sms.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t", 1) for i, line in enumerate(lines) if (i % 5 == 0) == (part == "test")]
    return [text for _, text in rows], [label for label, _ in rows]


def train_vikt(texts: list[str], labels: list[str], path: Path, **options: Any) -> None:
    from vikt import TextClassifier

    TextClassifier(**options).fit(texts, labels).save(path, force=True)


def train_sklearn(texts: list[str], labels: list[str], path: Path, **options: Any) -> None:
    import joblib
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    pipeline = make_pipeline(TfidfVectorizer(**options), LogisticRegression(C=10, max_iter=1000))
    joblib.dump(pipeline.fit(texts, labels), path)


class Pipeline:
    """What answers for a pipeline: the same JSON as vikt's."""

    def __init__(self, path: Path) -> None:
        import joblib

        self._pipeline = joblib.load(path)
        self._labels = self._pipeline.classes_.tolist()

    def lines(self, texts: list[str], as_json: bool) -> bytes:
        rows = self._pipeline.predict_proba(texts)
        best = [self._labels[k] for k in rows.argmax(axis=1).tolist()]
        pairs = zip(best, rows.max(axis=1).tolist(), strict=True)
        return "".join(json.dumps({"predicted": label, "probability": p}) + "\n" for label, p in pairs).encode()


class Nothing:
    """What answers without a look at the texts."""

    def lines(self, texts: list[str], as_json: bool) -> bytes:
        return b'{"predicted": "pos", "probability": 0.5}\n' * len(texts)


# How a side learns, and what answers in the place of vikt's model.
SIDES: dict[str, tuple[Callable[..., None] | None, dict[str, Any], Callable[[Path], Any] | None]] = {
    "empty": (None, {}, lambda path: Nothing()),
    "vikt": (train_vikt, {}, None),
    "vikt, words": (train_vikt, {"analyzer": "word"}, None),
    "scikit-learn": (train_sklearn, {"ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True}, Pipeline),
    "scikit-learn, single words": (train_sklearn, {}, Pipeline),
}


def path_of(side: str, corpus: str, folder: str) -> Path:
    return Path(folder, f"{corpus}-{side}.model".replace(", ", "-").replace(" ", "-"))


def train(side: str, corpus: str, folder: str) -> None:
    work, options, _ = SIDES[side]
    path = path_of(side, corpus, folder)
    if work is not None and not path.exists():
        work(*read(corpus, "train"), path, **options)


def serve(side: str, corpus: str, folder: str) -> None:
    """Serve at a free port until SIGTERM; the log says which port."""
    from vikt.server import models, running
    from vikt.server.settings import Settings

    replaced = SIDES[side][2]
    path = path_of(side, corpus, folder)
    if replaced is not None:
        models.Served = served_by(replaced(path))  # type: ignore[misc]
    running.serve(Settings(models={"model": path}), running.Address("127.0.0.1", 0), 1)


def served_by(answering: Any) -> Any:
    """A version of a model whose texts something else answers."""
    from vikt.server.copies import version_of
    from vikt.server.served import Served

    @dataclass(frozen=True, eq=False)
    class Replaced(Served):
        @classmethod
        def read(cls, name: str, path: Path, copies: Any) -> Replaced:
            return cls(name, version_of(path), "", 0, None, 0.0)  # type: ignore[arg-type]

        reads_text = True
        answers_alone = True

        @cached_property
        def columns(self) -> list[str]:
            return []

        @cached_property
        def answers(self) -> Any:
            return lambda **options: answering

    return Replaced


if __name__ == "__main__":
    {"train": train, "serve": serve}[sys.argv[1]](*sys.argv[2:])
