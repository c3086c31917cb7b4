"""Fitted n-grams as sections of a payload: how texts are cut, the n-grams as a tree, and how counts are weighed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from vikt.arrays import Ids, Ints, Weights
from vikt.export.html.header import Buckets, Level, Part, Section, Spellings, Tokens, Tree
from vikt.export.html.payload import Payload
from vikt.features.ngrams.spec import NgramSpec, TokenSpec
from vikt.features.ngrams.tables import Units
from vikt.features.ngrams.vocabulary_spec import BucketSpec, VocabularySpec


def ngram_facts(payload: Payload, spec: NgramSpec, prefix: str, weights: Weights) -> Part:
    """N-grams, whose weights have a row for each column and a column for each score, as a header has them."""
    ids, order = _kept(payload, spec.ids)
    weighting = spec.weighting
    shortest, longest = spec.ngrams
    return {
        "prefix": prefix,
        "tokens": _token_facts(payload, spec.tokens),
        "lengths": [min(shortest, spec.shortest_whole or shortest), longest],
        "shortest": shortest,
        "binary": weighting.binary,
        "sublinear": weighting.sublinear,
        "normalised": weighting.normalised,
        "idf": payload.numbers(spec.idf[order]) if weighting.inverse_document_frequency else None,
        "n": len(order),
        "ids": ids,
        "weights": [payload.numbers(of_score) for of_score in weights[order].T],
    }


def _token_facts(payload: Payload, tokens: TokenSpec) -> Tokens:
    return {
        "kernel": tokens.kernel,
        "joiner": tokens.joiner,
        "lowercase": tokens.lowercase,
        "composed": tokens.composed,
        "firstPoints": payload.rising(tokens.first_points),
        "classes": payload.section(tokens.classes.tobytes()),
        "automaton": tokens.automaton.tolist(),
    }


def _kept(payload: Payload, ids: BucketSpec | VocabularySpec) -> tuple[Tree | Buckets, Ints]:
    """What finds n-grams, and their columns in the order in which the engine counts them."""
    if isinstance(ids, VocabularySpec):
        return _kept_tree(payload, ids)
    order = np.argsort(ids.buckets)
    return {"bits": ids.bits, "buckets": payload.rising(ids.buckets[order])}, order


def _kept_tree(payload: Payload, vocabulary: VocabularySpec) -> tuple[Tree, Ints]:
    """The n-grams as a tree: level by level, for each n-gram how many longer ones start with it, and their last units.

    Units and n-grams are numbered in the order of their spelling, so that numbers rise and take few bits.
    """
    spellings = Units.of_spec(vocabulary.units).spellings(np.arange(len(vocabulary.units.low)))
    order = np.array(sorted(range(len(spellings)), key=spellings.__getitem__), dtype=np.int64)
    orders, numbers = [order], [_inverse(order)]
    levels = []
    for table in vocabulary.nodes:
        parents, units = numbers[-1][table.keys >> 32], numbers[0][table.keys & 0xFFFFFFFF]
        order = np.lexsort((units, parents))
        levels.append(_level(payload, parents[order], units[order], len(numbers[-1])))
        orders.append(order)
        numbers.append(_inverse(order))
    counted = [
        own[order] for own, order in zip(vocabulary.columns, orders[vocabulary.lengths.start - 1 :], strict=True)
    ]
    tree: Tree = {
        "units": _spelled(payload, [spellings[unit] for unit in orders[0]]),
        "levels": levels,
        "counted": [_presence(payload, own) for own in counted],
    }
    columns = np.concatenate(counted).astype(np.int64)
    return tree, columns[columns >= 0]


def _level(payload: Payload, parents: Ints, units: Ints, n_parents: int) -> Level:
    """How many n-grams start with each shorter one, and the units that follow it, each less the one before."""
    starts = np.flatnonzero(np.diff(parents, prepend=-1))
    steps = np.diff(units, prepend=0)
    steps[starts] = units[starts]
    children = np.bincount(parents, minlength=n_parents)
    return {"children": payload.counts(children), "steps": payload.counts(steps)}


def _presence(payload: Payload, columns: Ids) -> Section | None:
    """Which n-grams of a length have a column, a bit for each; None where all have."""
    return None if (columns >= 0).all() else payload.section(np.packbits(columns >= 0, bitorder="little").tobytes())


def _spelled(payload: Payload, spellings: list[str]) -> Spellings:
    """Sorted units: how many code units each shares with the one before, how many more it has, and these."""
    kept = [0, *(_n_shared(*pair) for pair in pairwise(spellings))][: len(spellings)]
    pairs = list(zip(spellings, kept, strict=True))
    shared, more = (
        np.array(list(map(_code_units, own)), dtype=np.int64)
        for own in ([spelling[:n] for spelling, n in pairs], [spelling[n:] for spelling, n in pairs])
    )
    text = "".join(spelling[n:] for spelling, n in pairs)
    return {"text": text, "shared": payload.counts(shared), "more": payload.counts(more)}


def _n_shared(one: str, other: str) -> int:
    """How many characters two texts have in common at their start."""
    differing = (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differing, min(len(one), len(other)))


def _code_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _inverse(order: Ints) -> Ints:
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.arange(len(order))
    return numbers
