"""The corpus as the peers want it: a text a line, its words cut, in fastText's and Vowpal Wabbit's formats.

Both split at white space alone, so they are given lower-cased texts whose words stand apart: the same words that vikt
has to find. Where this is done beforehand, in their favour, it is counted for nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

VIKT_WORDS = re.compile(r"\w+|[^\w\s]")
SKLEARN_WORDS = re.compile(r"\b\w\w+\b")

# One pass over 1-2-grams in 2^20 buckets, as Vowpal Wabbit is told of it.
ONE_PASS = ["--quiet", "--ngram", "2", "-b", "20", "--loss_function", "logistic"]


def read_imdb(path: Path, n_rows: int | None) -> tuple[list[str], list[str]]:
    """Texts and labels: all, or as many evenly spread over the file."""
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=["text", "label"]).to_pydict()
    step = max(1, len(table["text"]) // (n_rows or len(table["text"])))
    return table["text"][::step][:n_rows], table["label"][::step][:n_rows]


def in_words(texts: list[str], words: re.Pattern[str]) -> list[str]:
    return [" ".join(words.findall(text.lower())) for text in texts]


def split_at_white_space(texts: list[str]) -> list[str]:
    """Lower-cased, a text a line; punctuation stays with its word."""
    return [" ".join(text.lower().split()) for text in texts]


def write_fasttext(path: Path, lines: list[str], labels: list[str]) -> None:
    rows = zip(labels, lines, strict=True)
    path.write_text("".join(f"__label__{label} {line}\n" for label, line in rows), encoding="utf-8")


def write_vowpal_wabbit(path: Path, lines: list[str], labels: list[str]) -> None:
    path.write_text("".join(vowpal_wabbit_lines(lines, labels)), encoding="utf-8")


def vowpal_wabbit_lines(lines: list[str], labels: list[str]) -> Iterator[str]:
    """A colon and a bar are the format's own, so they become `;` and `!`: the numbers of words stay as they are."""
    safe = (line.replace(":", ";").replace("|", "!") for line in lines)
    signs = (1 if label == "pos" else -1 for label in labels)
    return (f"{sign} | {line}\n" for sign, line in zip(signs, safe, strict=True))


def write_lines(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def write_json(path: Path, texts: list[str], labels: list[str]) -> None:
    path.write_text(json.dumps({"texts": texts, "labels": labels}), encoding="utf-8")


def read_json(path: Path) -> tuple[list[str], list[str]]:
    held = json.loads(path.read_text(encoding="utf-8"))
    return held["texts"], held["labels"]
