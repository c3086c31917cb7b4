"""Text of any size to learn from, resampled from IMDB's training reviews, and real reviews to judge by.

    python benchmarks/resampled.py FOLDER ROWS [--seed N]

A row is a review drawn with replacement, under its label; each of its words is dropped with a probability of its own,
drawn between 0.1 and 0.3. Rows are therefore much alike, as real text of this size is not, while the vocabulary keeps
growing: where words are dropped, others become neighbours.

The first rows are the same however many are made; what FOLDER holds of the same seed and reviews is not made again.
Files are Parquet of about 200 MB of text. Held out are IMDB's test reviews, in two halves by the hash of the text;
those that are also among the training reviews are left out.

Prints JSON: the files, their rows and MB of text, and the same of the halves `validation` and `test`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from hashlib import blake2b
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from measuring import DATA

ROWS_A_BATCH = 10_000
ROWS_A_FILE = 20 * ROWS_A_BATCH
DROPPED = (0.1, 0.3)
HALVES = ("validation", "test")
SCHEMA = pa.schema({"text": pa.string(), "label": pa.string()})


class Reviews(NamedTuple):
    """The words of each review, and its label."""

    words: list[list[str]]
    labels: list[str]


def resample(reviews: Reviews, seed: int, number: int) -> pa.Table:
    """A batch of rows by its number."""
    random = np.random.default_rng((seed, number))
    drawn = random.integers(len(reviews.labels), size=ROWS_A_BATCH).tolist()
    rates = random.uniform(*DROPPED, size=ROWS_A_BATCH)
    texts = [
        " ".join(compress(words, (random.random(len(words)) >= rate).tolist()))
        for words, rate in zip((reviews.words[i] for i in drawn), rates, strict=True)
    ]
    return pa.table([texts, [reviews.labels[i] for i in drawn]], schema=SCHEMA)


def batches(reviews: Reviews, seed: int, start: int, end: int) -> Iterator[pa.Table]:
    """The rows from `start`, where a batch begins, to `end`."""
    for first in range(start, end, ROWS_A_BATCH):
        yield resample(reviews, seed, first // ROWS_A_BATCH).slice(0, end - first)


def write(path: Path, tables: Iterator[pa.Table]) -> None:
    """A file that is there only when it is whole; a batch is a group of rows."""
    unfinished = path.with_suffix(".unfinished")
    with pq.ParquetWriter(unfinished, SCHEMA, use_dictionary=["label"]) as writer:
        for table in tables:
            writer.write_table(table)
    unfinished.replace(path)


def resampled(train: pa.Table, folder: Path, rows: int, seed: int) -> list[Path]:
    """The files of the first rows, made where they are missing."""
    ranges = [(start, min(start + ROWS_A_FILE, rows)) for start in range(0, rows, ROWS_A_FILE)]
    files = {folder / f"rows-{start:09}-{end:09}.parquet": (start, end) for start, end in ranges}
    if missing := {path: ends for path, ends in files.items() if not path.exists()}:
        reviews = Reviews([text.split() for text in train["text"].to_pylist()], train["label"].to_pylist())
        for path, ends in missing.items():
            write(path, batches(reviews, seed, *ends))
    return list(files)


def held_out(train: pa.Table, test: pa.Table, folder: Path) -> dict[str, Path]:
    """The two halves of the test reviews."""
    known = set(train["text"].to_pylist())
    texts = test["text"].to_pylist()
    halves = [None if text in known else blake2b(text.encode()).digest()[0] % 2 for text in texts]
    paths = {name: folder / f"{name}.parquet" for name in HALVES}
    for half, path in enumerate(paths.values()):
        write(path, iter([test.filter(pa.array([found == half for found in halves]))]))
    return paths


def told(paths: list[Path]) -> dict[str, Any]:
    """Files as they are told of; MB are of text, with four bytes for the length of each."""
    heads = [pq.read_metadata(path) for path in paths]
    sizes = (head.row_group(i).column(0).total_uncompressed_size for head in heads for i in range(head.num_row_groups))
    return {"files": [*map(str, paths)], "rows": sum(head.num_rows for head in heads), "text_mb": sum(sizes) / 1e6}


def folder_of(folder: Path, train: pa.Table, seed: int) -> Path:
    """The place of all that is made of these reviews with this seed."""
    recipe = blake2b(repr((seed, DROPPED, ROWS_A_BATCH)).encode(), digest_size=6)
    for column in train.columns:
        recipe.update("\0".join(column.to_pylist()).encode())
    made = folder / f"resampled-{recipe.hexdigest()}"
    made.mkdir(parents=True, exist_ok=True)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    train, test = (pq.read_table(DATA / f"imdb/{part}.parquet", columns=SCHEMA.names) for part in ("train", "test"))
    folder = folder_of(given.folder, train, given.seed)
    halves = {name: told([path]) for name, path in held_out(train, test, folder).items()}
    print(json.dumps(told(resampled(train, folder, given.rows, given.seed)) | halves))


if __name__ == "__main__":
    main()
