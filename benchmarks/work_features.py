"""What bench_features.py has its children do.

python benchmarks/work_features.py prepare|serve|once|stages ...
"""

from __future__ import annotations

import measuring

# isort: split
import json
import sys
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import prepared
from measuring import DATA, MissingError, timed

COPY = "copy (np.copyto)"


class Problem(NamedTuple):
    """One way of making features, said to both sides."""

    corpus: str
    vikt: dict[str, Any]
    sklearn_class: str
    sklearn: dict[str, Any]


IMDB = "imdb/train.parquet"
LANGUAGES = "languages/train.tsv"
BIGRAMS = {"ngram_range": (1, 2)}
CHARACTERS = {"analyzer": "char_wb", "ngram_range": (2, 4)}

PROBLEMS = {
    "words": Problem(IMDB, {}, "TfidfVectorizer", {}),
    "1-2-grams": Problem(IMDB, BIGRAMS, "TfidfVectorizer", BIGRAMS),
    "hashed 1-2-grams": Problem(
        IMDB,
        {**BIGRAMS, "hashing": 20, "use_idf": False},
        "HashingVectorizer",
        {**BIGRAMS, "n_features": 2**20, "alternate_sign": False},
    ),
    "characters 2-4": Problem(LANGUAGES, CHARACTERS, "TfidfVectorizer", CHARACTERS),
}

Work = Callable[[], Any]


def vikt_vectorizer(options: dict[str, Any]) -> Any:
    from vikt import TextVectorizer

    for name in options:
        if name not in TextVectorizer().get_params():
            raise MissingError(f"this vikt's TextVectorizer has no keyword {name!r}")
    return TextVectorizer(**options)


def sklearn_vectorizer(problem: Problem) -> Any:
    from sklearn.feature_extraction import text

    return getattr(text, problem.sklearn_class)(**problem.sklearn)


def read_arrow(corpus: str, n_rows: int) -> Any:
    """The texts as vikt reads them, an Arrow column."""
    from vikt.corpus.readers import read_table

    column = read_table(DATA / corpus, ["text"]).column("text")
    return column[:n_rows] if n_rows else column


def read_strings(corpus: str, n_rows: int) -> list[str]:
    return list(read_arrow(corpus, n_rows).to_pylist())


def read_with_pyarrow(corpus: str, n_rows: int) -> list[str]:
    import pyarrow.parquet as pq

    return pq.read_table(DATA / corpus, columns=["text"])["text"].to_pylist()[: n_rows or None]


def vikt_strings(problem: Problem, n_rows: int) -> Work:
    vectorizer, texts = vikt_vectorizer(problem.vikt), read_strings(problem.corpus, n_rows)
    return lambda: vectorizer.fit_transform(texts)


def vikt_two_threads(problem: Problem, n_rows: int) -> Work:
    vectorizer = vikt_vectorizer({**problem.vikt, "threads": 2})
    texts = read_strings(problem.corpus, n_rows)
    return lambda: vectorizer.fit_transform(texts)


def vikt_arrow(problem: Problem, n_rows: int) -> Work:
    from vikt.corpus.texts import Texts

    vectorizer, column = vikt_vectorizer(problem.vikt), read_arrow(problem.corpus, n_rows)
    return lambda: vectorizer.fit_transform(Texts.from_arrow(column))


def vikt_file(problem: Problem, n_rows: int) -> Work:
    from vikt.corpus.texts import Texts

    vectorizer = vikt_vectorizer(problem.vikt)
    return lambda: vectorizer.fit_transform(Texts.from_arrow(read_arrow(problem.corpus, n_rows)))


def sklearn_strings(problem: Problem, n_rows: int) -> Work:
    vectorizer, texts = sklearn_vectorizer(problem), read_strings(problem.corpus, n_rows)
    return lambda: vectorizer.fit_transform(texts)


def sklearn_file(problem: Problem, n_rows: int) -> Work:
    vectorizer = sklearn_vectorizer(problem)
    return lambda: vectorizer.fit_transform(read_with_pyarrow(problem.corpus, n_rows))


SIDES: dict[str, Callable[[Problem, int], Work]] = {
    "vikt": vikt_strings,
    "vikt, 2 threads": vikt_two_threads,
    "vikt from Arrow": vikt_arrow,
    "vikt from file": vikt_file,
    "scikit-learn": sklearn_strings,
    "scikit-learn from file": sklearn_file,
}


def matrix_facts(rows: Any) -> dict[str, Any]:
    return {"shape": list(rows.shape), "non_zeros": int(rows.nnz), "sum": repr(round(float(rows.sum()), 3))}


def side(name: str, problem: str, n_rows: str) -> tuple[Work, Any]:
    return SIDES[name](PROBLEMS[problem], int(n_rows)), matrix_facts


def vowpal_wabbit(file: str, cores: str) -> tuple[Work, Any]:
    """Read a text file of its own and learn from it in one pass, as its command line does, within Python's process.

    It has a thread that parses beside the one that learns, and no switch against it: it is held to one core instead.
    """
    from vowpalwabbit import Workspace

    if cores == "one core":
        measuring.hold_to_one_core()
    arguments = [*prepared.ONE_PASS, "-d", file]
    return lambda: Workspace(arg_list=arguments).finish(), lambda result: {}


WORKS: dict[str, Callable[..., tuple[Work, Any]]] = {"side": side, "vowpal_wabbit": vowpal_wabbit}


def serve(name: str, *arguments: str) -> None:
    measuring.serve(lambda: WORKS[name](*arguments))


def once(name: str, *arguments: str) -> None:
    WORKS[name](*arguments)[0]()


def prepare(folder: str, n_rows: str) -> None:
    texts, labels = prepared.read_imdb(DATA / IMDB, int(n_rows) or None)
    lines = prepared.in_words(texts, prepared.SKLEARN_WORDS)
    prepared.write_vowpal_wabbit(Path(folder) / "train.vw", lines, labels)


def stages(n_rows: str, repeats: str) -> None:
    """MB a second of each stage, of UTF-8 text; of the copy, of bytes read and bytes written together."""
    import numpy as np

    from vikt.corpus.texts import Texts

    column = read_arrow(IMDB, int(n_rows))
    strings, texts = column.to_pylist(), Texts.from_arrow(column)
    source = np.ones(1 << 25)
    target = np.zeros_like(source)
    todo: list[tuple[str, float, Work]] = [(COPY, 2 * source.nbytes / 1e6, lambda: np.copyto(target, source))]
    todo += [(name, len(texts.content) / 1e6, work) for name, work in text_stages(int(n_rows), strings, texts)]
    sides = {name: partial(stage_speed, mb, work) for name, mb, work in todo}
    print(json.dumps(measuring.in_turn(sides, int(repeats))))


def stage_speed(mb: float, work: Work) -> dict[str, Any]:
    _, wall, cpu = timed(work)
    return {"mb": mb, "wall_s": wall, "cpu_s": cpu, "mb_per_s": mb / wall, "mb_per_cpu_s": mb / cpu}


def text_stages(n_rows: int, strings: list[str], texts: Any) -> list[tuple[str, Work]]:
    """The stages from file to features, each a call on the whole corpus. A new kernel's stage is one more line here."""
    from vikt.corpus.texts import Texts
    from vikt.features.ngrams.tokens import Tokeniser

    portions = Tokeniser("pattern", lowercase=True).portions(texts)
    whole = [
        (f"vectoriser, {name}", partial(vikt_vectorizer(problem.vikt).fit_transform, texts))
        for name, problem in PROBLEMS.items()
        if problem.corpus == IMDB and set(problem.vikt) <= set(vikt_vectorizer({}).get_params())
    ]
    return [
        ("read Parquet", lambda: read_arrow(IMDB, n_rows)),
        ("str to bytes", lambda: Texts.from_strings(strings)),
        ("normalise", lambda: deque(map(portions.normalised, portions.ranges()), maxlen=0)),
        ("normalise and cut into tokens", lambda: deque(map(portions.tokens, portions.ranges()), maxlen=0)),
        *whole,
    ]


if __name__ == "__main__":
    {"prepare": prepare, "serve": serve, "once": once, "stages": stages}[sys.argv[1]](*sys.argv[2:])
