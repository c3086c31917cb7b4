"""What bench_filter.py has its children do; a peer's own environment need hold the peer alone.

python benchmarks/work_filter.py prepare FOLDER ROWS
python benchmarks/work_filter.py train SIDE FOLDER
python benchmarks/work_filter.py serve SIDE WORKERS FOLDER
"""

from __future__ import annotations

import measuring

# isort: split
import json
import multiprocessing
import os
import shutil
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import prepared
import work_predict

HALVES = (0, 1)
TEXTS_AT_ONCE = 1000
LEAST = 0.5
KEEP = f"P(pos) >= {LEAST}"


class Side(NamedTuple):
    """The model, which other sides may share; whether texts are prepared as fastText has them; and the work.

    `load` is given the model, the two files, a folder to write to and the number of workers.
    """

    model: str
    in_words: bool
    load: Callable[[str, list[Path], Path, int], Callable[[], Any]]


MODELS = {
    "vikt": work_predict.vikt_side(analyzer="word"),
    "vikt, hashed": work_predict.vikt_side(analyzer="word", hashing=20),
    "fasttext": work_predict.fasttext_side("fasttext"),
    "fasttext-new": work_predict.fasttext_side("fasttext_new"),
}


def load_vikt(model: str, files: list[Path], out: Path, workers: int) -> Callable[[], Any]:
    from vikt.filtering.inputs import find_inputs
    from vikt.filtering.keep import KeepCondition
    from vikt.filtering.row_filter import RowFilter
    from vikt.filtering.run import filter_files
    from vikt.fitting.trained import load_trained

    fitted = load_trained(model).model
    row_filter, inputs = (
        RowFilter(fitted, KeepCondition.of(KEEP, fitted), "text"),
        find_inputs(map(str, files), str(out)),
    )
    return lambda: filter_files(row_filter, inputs, str(out), {}, threads=workers, force=True)


def load_fasttext(module: str, model: str, files: list[Path], out: Path, workers: int) -> Callable[[], Any]:
    """The least loop that does the same by fastText's `predict`, on a list of texts at once."""
    held = import_module(module).load_model(model)
    return side_by_side(lambda half: filter_by_loop(held, files[half], out / files[half].name), workers)


def filter_by_loop(model: Any, source: Path, target: Path) -> None:
    with source.open(encoding="utf-8") as lines, target.open("w", encoding="utf-8") as kept:
        while batch := list(islice(lines, TEXTS_AT_ONCE)):
            answers = model.predict([json.loads(line)["text"] for line in batch], k=-1)
            for line, labels, probabilities in zip(batch, *answers, strict=True):
                if dict(zip(labels, probabilities, strict=True))["__label__pos"] >= LEAST:
                    kept.write(line)


def load_datatrove(
    made: Callable[[str], Any], model: str, files: list[Path], out: Path, workers: int
) -> Callable[[], Any]:
    """datatrove's steps one after another, as its executors run them, each half by a task of its own."""
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers.jsonl import JsonlWriter
    from loguru import logger

    logger.remove()
    step = made(model)
    step.model  # noqa: B018  (loads it, before the work is timed)

    def task(half: int) -> None:
        reader = JsonlReader(str(files[half].parent), glob_pattern=files[half].name)
        writer = JsonlWriter(str(out / str(half)), compression=None)
        documents: Iterable[Any] | None = None
        for each in (reader, step, writer):
            documents = each.run(documents, 0, 1)
        deque(documents or (), maxlen=0)

    return side_by_side(task, workers)


def filter_of_datatrove(model: str) -> Any:
    from datatrove.pipeline.filters import FastTextClassifierFilter

    return FastTextClassifierFilter(model, keep_labels=("pos", LEAST))


def filter_of_example(model: str) -> Any:
    sys.path.insert(0, str(measuring.HERE.parent / "examples"))
    from datatrove_filter import ViktClassifierFilter

    return ViktClassifierFilter(model, keep_labels=("pos", LEAST))


def side_by_side(task: Callable[[int], None], workers: int) -> Callable[[], Any]:
    """Both halves, one after the other or by a process each, which share the model."""
    if workers == 1:
        return lambda: [task(half) for half in HALVES]

    def work() -> None:
        processes = [multiprocessing.get_context("fork").Process(target=task, args=(half,)) for half in HALVES]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            if process.exitcode:
                raise SystemExit("a worker failed")

    return work


SIDES = {
    "vikt filter": Side("vikt", False, load_vikt),
    "vikt filter, hashed": Side("vikt, hashed", False, load_vikt),
    "fastText's predict": Side("fasttext", True, partial(load_fasttext, "fasttext")),
    "fasttext-new's predict": Side("fasttext-new", True, partial(load_fasttext, "fasttext_new")),
    "datatrove with fastText": Side("fasttext", True, partial(load_datatrove, filter_of_datatrove)),
    "datatrove with vikt": Side("vikt", False, partial(load_datatrove, filter_of_example)),
}


def model_path(name: str, folder: Path) -> str:
    return work_predict.model_path(name, folder)


def input_path(half: int, in_words: bool, folder: Path) -> Path:
    return folder / ("words" if in_words else "texts") / f"{half}.jsonl"


def prepare(folder: str, n_rows: str) -> None:
    for part in ("train", "test"):
        texts, labels = prepared.read_imdb(measuring.DATA / f"imdb/{part}.parquet", int(n_rows) or None)
        lines = prepared.in_words(texts, prepared.VIKT_WORDS)
        prepared.write_json(Path(folder, f"{part}.json"), texts, labels)
        prepared.write_fasttext(Path(folder, f"{part}.txt"), lines, labels)
    for in_words, rows in ((False, texts), (True, lines)):
        for half in HALVES:
            write_jsonl(input_path(half, in_words, Path(folder)), rows[half::2])


def write_jsonl(path: Path, texts: list[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    rows = ({"id": str(i), "text": text} for i, text in enumerate(texts))
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def size_of(files: list[Path]) -> tuple[int, int]:
    """How many texts there are, and how many bytes they have."""
    texts = [
        json.loads(line)["text"] for path in files for line in path.read_text(encoding="utf-8").split("\n") if line
    ]
    return len(texts), sum(len(text.encode()) for text in texts)


def train(name: str, folder: str) -> None:
    def work() -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
        path = model_path(name, Path(folder))
        import_module(MODELS[name].module)
        return lambda: MODELS[name].train(Path(folder), path), lambda _: {"model_mb": os.path.getsize(path) / 1e6}

    measuring.serve(work)


def serve(name: str, workers: str, folder: str) -> None:
    def work() -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
        side, out = SIDES[name], Path(folder, "out", f"{name} {workers}")
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        files = [input_path(half, side.in_words, Path(folder)) for half in HALVES]
        return (
            side.load(model_path(side.model, Path(folder)), files, out, int(workers)),
            lambda _: {"kept": sum(1 for _ in kept_lines(out))},
        )

    measuring.serve(work)


def kept_lines(out: Path) -> Iterator[str]:
    for path in out.rglob("*.jsonl"):
        with path.open(encoding="utf-8") as lines:
            yield from lines


if __name__ == "__main__":
    {"prepare": prepare, "train": train, "serve": serve}[sys.argv[1]](*sys.argv[2:])
