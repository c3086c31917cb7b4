"""What bench_predict.py has its children do; a peer's own environment need hold the peer alone.

python benchmarks/work_predict.py prepare FOLDER ROWS LINES
python benchmarks/work_predict.py train|serve SIDE FOLDER
"""

from __future__ import annotations

import measuring

# isort: split
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import prepared
from measuring import DATA

WORDS_A_LINE = 10


class Loaded(NamedTuple):
    """The work, the labels found in what the work returned, and what else is told of that."""

    work: Callable[[], Any]
    labels: Callable[[Any], list[str]]
    facts: Callable[[Any], dict[str, Any]] = lambda result: {}


class Side(NamedTuple):
    """Learns from FOLDER's training texts into a model file there; loads it to predict the test texts.

    `module` is what must be there to be imported.
    """

    module: str
    train: Callable[[Path, str], None]
    load: Callable[[Path, str], Loaded]


def vikt_side(**options: Any) -> Side:
    def train(folder: Path, model: str) -> None:
        from vikt import TextClassifier

        TextClassifier(**options).fit(*prepared.read_json(folder / "train.json")).save(model, force=True)

    return Side("vikt", train, load_vikt)


def load_vikt(folder: Path, model: str) -> Loaded:
    import vikt

    classifier, (texts, _) = vikt.load(model), prepared.read_json(folder / "test.json")
    return Loaded(lambda: classifier.predict_proba(texts), lambda p: classifier.classes_[p.argmax(axis=1)].tolist())


def train_sklearn(folder: Path, model: str) -> None:
    import joblib
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    pipeline = make_pipeline(vectorizer, LogisticRegression(C=10, max_iter=1000))
    joblib.dump(pipeline.fit(*prepared.read_json(folder / "train.json")), model)


def load_sklearn(folder: Path, model: str) -> Loaded:
    import joblib

    pipeline, (texts, _) = joblib.load(model), prepared.read_json(folder / "test.json")
    return Loaded(lambda: pipeline.predict_proba(texts), lambda p: pipeline.classes_[p.argmax(axis=1)].tolist())


def train_vowpal_wabbit(folder: Path, model: str) -> None:
    _learn(folder / "train.vw", model)


def load_vowpal_wabbit(folder: Path, model: str) -> Loaded:
    return Loaded(partial(_answer, folder / "test.vw", model, _answers(folder)), lambda _: _signs(folder))


def raw_vowpal_wabbit(cut: Callable[[list[str]], list[str]]) -> Side:
    """It is given texts as they are, and what cuts them for it is in its time."""

    def train(folder: Path, model: str) -> None:
        lines = folder / f"train.{os.getpid()}.vw"
        texts, labels = prepared.read_json(folder / "train.json")
        prepared.write_vowpal_wabbit(lines, cut(texts), labels)
        _learn(lines, model)
        lines.unlink()

    def load(folder: Path, model: str) -> Loaded:
        lines, (texts, labels) = folder / f"test.{os.getpid()}.vw", prepared.read_json(folder / "test.json")

        def work() -> float:
            begun = perf_counter()
            prepared.write_vowpal_wabbit(lines, cut(texts), labels)
            seconds = perf_counter() - begun
            _answer(lines, model, _answers(folder))
            lines.unlink()
            return seconds

        return Loaded(work, lambda _: _signs(folder), lambda seconds: {"cutting_s": seconds})

    return Side("vowpalwabbit", on_one_core(train), on_one_core(load))


def _learn(lines: Path, model: str) -> None:
    from vowpalwabbit import Workspace

    Workspace(arg_list=[*prepared.ONE_PASS, "-d", str(lines), "-f", model]).finish()


def _answer(lines: Path, model: str, answers: Path) -> None:
    """As its command line does, file to file; faster than a call for each text from Python.

    Loading the model, some milliseconds, cannot be taken out.
    """
    from vowpalwabbit import Workspace

    Workspace(arg_list=["--quiet", "-t", "-i", model, "-d", str(lines), "-p", str(answers)]).finish()


def _answers(folder: Path) -> Path:
    return folder / f"answers.{os.getpid()}"


def margins(folder: Path) -> list[float]:
    """The scores that Vowpal Wabbit has answered in this process."""
    return [float(line) for line in _answers(folder).read_text().split()]


def _signs(folder: Path) -> list[str]:
    return ["pos" if margin > 0 else "neg" for margin in margins(folder)]


def on_one_core(work: Callable[[Path, str], Any]) -> Callable[[Path, str], Any]:
    """Vowpal Wabbit parses in a thread of its own, and has no switch against it."""

    def held(folder: Path, model: str) -> Any:
        measuring.hold_to_one_core()
        return work(folder, model)

    return held


def fasttext_side(module: str) -> Side:
    def train(folder: Path, model: str) -> None:
        peer = import_module(module)
        peer.train_supervised(input=str(folder / "train.txt"), wordNgrams=2, thread=1, verbose=0).save_model(model)

    def load(folder: Path, model: str) -> Loaded:
        held = import_module(module).load_model(model)
        lines = (folder / "test.txt").read_text(encoding="utf-8").splitlines()
        texts = [line.split(" ", 1)[1] for line in lines]
        work = (
            (lambda: held.predict_batch(texts, threads=1))
            if hasattr(held, "predict_batch")
            else (lambda: held.predict(texts))
        )
        return Loaded(work, lambda result: [labels[0].removeprefix("__label__") for labels in result[0]])

    return Side(module, train, load)


SIDES = {
    "vikt": vikt_side(analyzer="word"),
    "vikt, hashed": vikt_side(analyzer="word", hashing=20),
    "scikit-learn": Side("sklearn", train_sklearn, load_sklearn),
    "Vowpal Wabbit, words cut beforehand": Side(
        "vowpalwabbit", on_one_core(train_vowpal_wabbit), on_one_core(load_vowpal_wabbit)
    ),
    "Vowpal Wabbit, words cut beforehand, two threads": Side("vowpalwabbit", train_vowpal_wabbit, load_vowpal_wabbit),
    "Vowpal Wabbit, raw text": raw_vowpal_wabbit(partial(prepared.in_words, words=prepared.VIKT_WORDS)),
    "Vowpal Wabbit, raw text, split at white space": raw_vowpal_wabbit(prepared.split_at_white_space),
    "fasttext-turbo": fasttext_side("fasttext"),
    "fasttext-new": fasttext_side("fasttext_new"),
}


def model_path(name: str, folder: Path) -> str:
    return str(folder / f"{name.replace(', ', '-').replace(' ', '-')}.model")


def prepare(folder: str, n_rows: str, n_lines: str) -> None:
    for part in ("train", "test"):
        texts, labels = prepared.read_imdb(DATA / f"imdb/{part}.parquet", int(n_rows) or None)
        lines = prepared.in_words(texts, prepared.VIKT_WORDS)
        prepared.write_json(Path(folder, f"{part}.json"), texts, labels)
        prepared.write_lines(Path(folder, f"{part}.labels"), labels)
        prepared.write_fasttext(Path(folder, f"{part}.txt"), lines, labels)
        prepared.write_vowpal_wabbit(Path(folder, f"{part}.vw"), lines, labels)
    with Path(folder, "lines.txt").open("w", encoding="utf-8") as short:
        short.writelines(islice(cycle(short_lines(texts)), int(n_lines)))


def short_lines(texts: list[str]) -> Iterator[str]:
    """The texts cut into lines of ten words."""
    for text in texts:
        words = text.split()
        yield from (" ".join(words[i : i + WORDS_A_LINE]) + "\n" for i in range(0, len(words), WORDS_A_LINE))


def train(name: str, folder: str) -> None:
    def work() -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
        side, path = SIDES[name], model_path(name, Path(folder))
        import_module(side.module)
        return lambda: side.train(Path(folder), path), lambda _: {"model_mb": os.path.getsize(path) / 1e6}

    measuring.serve(work)


def serve(name: str, folder: str) -> None:
    def work() -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
        import_module(SIDES[name].module)
        loaded = SIDES[name].load(Path(folder), model_path(name, Path(folder)))
        truth = prepared.read_lines(Path(folder, "test.labels"))
        return loaded.work, lambda result: {
            "accuracy": accuracy(loaded.labels(result), truth),
            **loaded.facts(result),
        }

    measuring.serve(work)


def accuracy(found: list[str], truth: list[str]) -> float:
    return sum(a == b for a, b in zip(found, truth, strict=True)) / len(truth)


if __name__ == "__main__":
    {"prepare": prepare, "train": train, "serve": serve}[sys.argv[1]](*sys.argv[2:])
