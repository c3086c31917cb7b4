"""Near duplicates: vikt's search against two libraries of MinHash, datasketch and rensa.

    pip install datasketch rensa       # optional; what is absent is left out, and said to be
    python benchmarks/bench_near_duplicates.py [--rows N]

Copies of texts are edited, by a seed, and put among the texts of a corpus: each word of a copy is, with a given
probability, dropped, doubled or replaced by a word of another text. Each side gets the texts as str and returns pairs
of rows. Told are the share of the copies that are paired with another text (recall); how many of the corpus's own texts
are paired with an earlier one, and how many of these share less than half of their different words and pairs of words;
and the CPU seconds of one thread, features and sets included.

vikt pairs each text with the nearest earlier one whose cosine is at least 0.8. The libraries get sets of lower-cased
words and pairs of words, made by one regular expression, as their users do, and have 128 permutations. datasketch
chooses its own bands for a Jaccard index of 0.8, rensa has 16 bands; pairs are kept if the index that they estimate is
0.8 or more, or 0.6 or more with bands for that: what the cosine finds at 0.8 lies between.

Results go to benchmarks/results/near_duplicates.json; `python benchmarks/tables.py` puts them in
docs/audit.md.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import re
import sys
from functools import partial
from typing import Any

from measuring import DATA, machine, print_rows, save, timed  # sets one thread, so before NumPy

import numpy as np  # isort: skip

RATES = (0.02, 0.05, 0.1)
TOKEN = re.compile(r"\w+|[^\w\s]")


def shingles(text: str) -> set[str]:
    words = TOKEN.findall(text.lower())
    return {*words, *map(" ".join, itertools.pairwise(words))}


def edited(text: str, rate: float, words: list[str], draw: np.random.Generator) -> str:
    out: list[str] = []
    for word in text.split():
        if draw.random() >= rate:
            out.append(word)
        else:
            kind = draw.integers(3)
            out += [[], [word, word], [words[draw.integers(len(words))]]][kind]
    return " ".join(out)


def planted(texts: list[str], n: int, rates: tuple[float, ...]) -> tuple[list[str], dict[float, list[tuple[int, int]]]]:
    """The texts with edited copies at their end, and for each rate the pairs of original and copy."""
    draw = np.random.default_rng(17)
    words = [word for text in texts[:200] for word in text.split()]
    originals = draw.permutation(len(texts))
    all_texts, pairs = list(texts), {}
    for r, rate in enumerate(rates):
        pairs[rate] = []
        for i in originals[r * n : (r + 1) * n].tolist():
            pairs[rate].append((i, len(all_texts)))
            all_texts.append(edited(texts[i], rate, words, draw))
    return all_texts, pairs


Pairs = set[tuple[int, int]]


def by_vikt(texts: list[str]) -> Pairs:
    from vikt.auditing.distinct import distinct_texts
    from vikt.auditing.near import near_twins
    from vikt.corpus.texts import Texts

    numbers = np.arange(len(texts))
    rows = distinct_texts(numbers, numbers[:0], Texts.from_strings(texts)).rows
    return {(j, i) for i, j in enumerate(near_twins(rows, len(texts)).rows.tolist()) if j >= 0}


def by_datasketch(texts: list[str], least: float) -> Pairs:
    from datasketch import MinHash, MinHashLSH

    sets = [[shingle.encode() for shingle in shingles(text)] for text in texts]
    hashes = list(MinHash.generator(sets, num_perm=128))
    return near_in(MinHashLSH(threshold=least, num_perm=128), hashes, least)


def by_rensa(texts: list[str], least: float) -> Pairs:
    from rensa import RMinHash, RMinHashLSH

    hashes = RMinHash.from_token_sets([list(shingles(text)) for text in texts], 128, 17)
    return near_in(RMinHashLSH(threshold=least, num_perm=128, num_bands=16 if least > 0.7 else 32), hashes, least)


def near_in(index: Any, hashes: list[Any], least: float) -> Pairs:
    found = set()
    for i, own in enumerate(hashes):
        found |= {(j, i) for j in index.query(own) if own.jaccard(hashes[j]) >= least}
        index.insert(i, own)
    return found


SIDES = {
    "vikt, cosine 0.8": by_vikt,
    **{f"rensa, Jaccard {least}": partial(by_rensa, least=least) for least in (0.8, 0.6)},
    **{f"datasketch, Jaccard {least}": partial(by_datasketch, least=least) for least in (0.8, 0.6)},
}


def figures(texts: list[str], n_own: int, planted_pairs: dict[float, list[tuple[int, int]]], found: Pairs) -> Any:
    paired = {i for pair in found for i in pair}
    own = [pair for pair in found if pair[1] < n_own]
    return {
        "recall": {str(rate): float(np.mean([b in paired for _, b in pairs])) for rate, pairs in planted_pairs.items()},
        "own_rows": len({i for _, i in own}),
        "own_rows_unlike": len({b for a, b in own} - {b for a, b in own if jaccard(texts[a], texts[b]) >= 0.5}),
    }


def jaccard(a: str, b: str) -> float:
    one, other = shingles(a), shingles(b)
    return len(one & other) / max(len(one | other), 1)


def corpora(rows: int) -> dict[str, list[str]]:
    import pyarrow.parquet as pq

    found = {"imdb": pq.read_table(DATA / "imdb/train.parquet")["text"].to_pylist()}
    for name, file in (("sms", "sms/sms.tsv"), ("trec", "trec/train.tsv")):
        with open(DATA / file, encoding="utf-8") as lines:
            found[name] = [row["text"] for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return {name: list(dict.fromkeys(texts[: rows or None])) for name, texts in found.items()}


def row_of(side: str, told: Any) -> list[str]:
    recalls = [f"{told['recall'][str(rate)]:.3f}" for rate in RATES]
    return [side, f"{told['cpu_s']:.2f}", *recalls, str(told["own_rows"]), str(told["own_rows_unlike"])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=0, help="take this many rows of each corpus (nothing is saved)")
    rows = parser.parse_args().rows
    results: dict[str, Any] = {"corpora": {}}
    for name, own in corpora(rows).items():
        texts, pairs = planted(own, min(300, len(own) // 4), RATES)
        told: dict[str, Any] = {}
        for side, search in SIDES.items():
            try:
                search(texts[:50])  # imports, and compiles or loads what was compiled
                found, wall, cpu = timed(partial(search, texts))
            except ImportError as missing:
                print(f"{side} is left out: {missing}")
                continue
            told[side] = {"wall_s": wall, "cpu_s": cpu, **figures(texts, len(own), pairs, found)}
        results["corpora"][name] = {"rows": len(texts), "copies": len(texts) - len(own), "sides": told}
        print_rows(
            f"{name}, {len(texts):,} rows",
            ["side", "CPU s", *(f"recall {rate:.0%}" for rate in RATES), "own rows", "unlike"],
            [row_of(side, own) for side, own in told.items()],
        )
    results["machine"] = machine({"datasketch": sys.executable, "rensa": sys.executable})
    save("near_duplicates", results, rows)


if __name__ == "__main__":
    main()
