"""Near duplicates: vikt's MinHash against datasketch, rensa, and the cosine of TF-IDF rows.

    pip install datasketch rensa       # optional; what is absent is left out, and said to be
    python benchmarks/bench_near_duplicates.py [--rows N]

Copies of texts are edited by a seed and put among the texts of a corpus: each word of a copy is, with a given
probability, dropped, doubled or replaced by a word of another text. Each side is given the texts as str, and returns
pairs of rows. Told are the share of the copies found beside their originals (recall), how many of the pairs found share
less than .8 of their different words and pairs of words, which is what all sides look for but the cosine (precision),
and the seconds of one thread.

The libraries get sets of lower-cased words and pairs of words, made by one regular expression, which is what their users
write; making the sets is part of their time, and is told apart. datasketch has 128 permutations and chooses its own
bands for .8; rensa 128 in 16 bands. The pairs of both are kept if their estimated Jaccard index is at least .8.
The cosine is that of vikt's own features (sublinear TF-IDF, words of one text included); pairs are those that share a feature of at most 50
texts; the threshold, .85, is the one with the best F1 of .75, .8, .85 and .9 on the copies.

Results go to benchmarks/results/near_duplicates.json, and into docs/audit.md.
"""

from __future__ import annotations

import argparse
import re
from typing import Any

from measuring import DATA, HERE, machine, print_rows, save, timed

import sys  # isort: skip

import numpy as np

LEAST = 0.8
RATES = (0.02, 0.05, 0.1)
TOKEN = re.compile(r"\w+|[^\w\s]")


def shingles(text: str) -> set[str]:
    words = TOKEN.findall(text.lower())
    return {*words, *map(" ".join, zip(words, words[1:], strict=False))}


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


def by_vikt(texts: list[str]) -> set[tuple[int, int]]:
    from vikt.auditing.near import near_twins
    from vikt.corpus.texts import Texts

    rows = near_twins(Texts.from_strings(texts), len(texts)).rows.tolist()
    return {(j, i) for i, j in enumerate(rows) if j >= 0}


def by_datasketch(texts: list[str]) -> set[tuple[int, int]]:
    from datasketch import MinHash, MinHashLSH

    hashes = list(MinHash.generator([[s.encode() for s in shingles(text)] for text in texts], num_perm=128))
    index = MinHashLSH(threshold=LEAST, num_perm=128)
    found = set()
    for i, own in enumerate(hashes):
        found |= {(j, i) for j in index.query(own) if own.jaccard(hashes[j]) >= LEAST}
        index.insert(i, own)
    return found


def by_rensa(texts: list[str]) -> set[tuple[int, int]]:
    from rensa import RMinHash, RMinHashLSH

    hashes = RMinHash.from_token_sets([list(shingles(text)) for text in texts], 128, 17)
    index = RMinHashLSH(threshold=LEAST, num_perm=128, num_bands=16)
    found = set()
    for i, own in enumerate(hashes):
        found |= {(j, i) for j in index.query(own) if own.jaccard(hashes[j]) >= LEAST}
        index.insert(i, own)
    return found


def by_cosine(texts: list[str]) -> set[tuple[int, int]]:
    return cosine_pairs(texts, 0.85)


def cosine_pairs(texts: list[str], least: float) -> set[tuple[int, int]]:
    import scipy.sparse

    from vikt import TextVectorizer

    X = TextVectorizer(analyzer="word", ngram_range=(1, 2), min_df=1, sublinear_tf=True).fit_transform(texts)
    rare = np.flatnonzero(np.bincount(X.indices, minlength=X.shape[1]) <= 50)
    R = X[:, rare]
    pairs = scipy.sparse.triu(R @ R.T, k=1).tocoo()
    close = pairs.data >= 0.2
    rows, columns = pairs.row[close], pairs.col[close]
    cosines = np.asarray(X[rows].multiply(X[columns]).sum(axis=1)).ravel()
    kept = cosines >= least
    return set(zip(rows[kept].tolist(), columns[kept].tolist(), strict=True))


SIDES = {"vikt": by_vikt, "rensa": by_rensa, "datasketch": by_datasketch, "cosine": by_cosine}


def jaccard(a: str, b: str) -> float:
    one, other = shingles(a), shingles(b)
    return len(one & other) / max(len(one | other), 1)


def figures(texts: list[str], planted_pairs: dict[float, list[tuple[int, int]]], found: set[tuple[int, int]]) -> Any:
    """A copy counts as found if it is paired with its original, or with anything that is paired with that."""
    neighbours = {i for pair in found for i in pair}
    recall = {str(rate): float(np.mean([copy in neighbours for _, copy in pairs])) for rate, pairs in planted_pairs.items()}
    below = sum(jaccard(texts[i], texts[j]) < LEAST for i, j in found)
    return {"pairs": len(found), "precision": 1 - below / max(len(found), 1), "recall": recall}


def near_copies(texts: list[str], pairs: dict[float, list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """The copies that share .8 or more with their original."""
    return [pair for of_rate in pairs.values() for pair in of_rate if jaccard(texts[pair[0]], texts[pair[1]]) >= LEAST]


def corpora(rows: int) -> dict[str, list[str]]:
    import csv

    import pyarrow.parquet as pq

    found = {"imdb": pq.read_table(DATA / "imdb/train.parquet")["text"].to_pylist()}
    for name, file in (("sms", "sms/sms.tsv"), ("trec", "trec/train.tsv")):
        with open(DATA / file, encoding="utf-8") as lines:
            found[name] = [row["text"] for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return {name: list(dict.fromkeys(texts[: rows or None])) for name, texts in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=0, help="take this many rows of each corpus (nothing is saved)")
    rows = parser.parse_args().rows
    results: dict[str, Any] = {}
    by_vikt(["a b", "c d"])  # compiles, or loads what was compiled
    for name, own in corpora(rows).items():
        texts, pairs = planted(own, min(300, len(own) // 4), RATES)
        near = {LEAST: near_copies(texts, pairs)}
        shared, wall, _ = timed(lambda texts=texts: list(map(shingles, texts)))
        results[name] = {"rows": len(texts), "near_copies": len(near[LEAST]), "sets_s": wall, "sides": {}}
        del shared
        for side, search in SIDES.items():
            try:
                found, wall, cpu = timed(lambda search=search, texts=texts: search(texts))
            except ImportError as missing:
                print(f"{side} is left out: {missing}")
                continue
            told = {"wall_s": wall, "cpu_s": cpu, **figures(texts, pairs, found)}
            told["recall_of_near"] = figures(texts, near, found)["recall"][str(LEAST)]
            results[name]["sides"][side] = told
        print_rows(
            f"{name}, {len(texts):,} rows, {len(near[LEAST])} copies of {LEAST} or more; sets alone {results[name]['sets_s']:.2f} s",
            ["side", "seconds", "pairs", "precision", "recall of .8", *(f"recall {rate}" for rate in RATES)],
            [
                [side, f"{own['wall_s']:.2f}", str(own["pairs"]), f"{own['precision']:.4f}", f"{own['recall_of_near']:.4f}"]
                + [f"{own['recall'][str(rate)]:.3f}" for rate in RATES]
                for side, own in results[name]["sides"].items()
            ],
        )
    results["machine"] = machine({"datasketch": sys.executable, "rensa": sys.executable})
    save("near_duplicates", results, rows)


if __name__ == "__main__":
    main()
