"""Fitted n-grams as sections of a payload: how texts are cut, the n-grams as a tree, and how counts are weighed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from vikt.arrays import Ids, Ints
from vikt.export.html.payload import Payload
from vikt.features.ngrams.spec import NgramSpec, TokenSpec
from vikt.features.ngrams.tables import Units
from vikt.features.ngrams.vocabulary_spec import BucketSpec, VocabularySpec


def ngram_facts(payload: Payload, spec: NgramSpec, prefix: str) -> tuple[dict[str, object], Ints]:
    """N-grams as the header of a payload has them, and their columns in the order in which the engine counts them."""
    kept = _kept_buckets if isinstance(spec.ids, BucketSpec) else _kept_tree
    ids, order = kept(payload, spec)
    weighting = spec.weighting
    shortest, longest = spec.ngrams
    facts: dict[str, object] = {
        "prefix": prefix,
        "tokens": _token_facts(payload, spec.tokens),
        "lengths": [min(shortest, spec.shortest_whole or shortest), longest],
        "shortest": shortest,
        "binary": weighting.binary,
        "sublinear": weighting.sublinear,
        "normalised": weighting.normalised,
        "idf": payload.numbers(spec.idf[order]) if weighting.inverse_document_frequency else None,
        "n": len(order),
        **ids,
    }
    return facts, order


def _token_facts(payload: Payload, tokens: TokenSpec) -> dict[str, object]:
    return {
        "kernel": tokens.kernel,
        "joiner": tokens.joiner,
        "lowercase": tokens.lowercase,
        "composed": tokens.composed,
        "firstPoints": payload.rising(tokens.first_points),
        "classes": payload.section(tokens.classes.tobytes()),
        "automaton": tokens.automaton.tolist(),
    }


def _kept_buckets(payload: Payload, spec: NgramSpec) -> tuple[dict[str, object], Ints]:
    assert isinstance(spec.ids, BucketSpec)
    order = np.argsort(spec.ids.buckets)
    return {"bits": spec.ids.bits, "buckets": payload.rising(spec.ids.buckets[order])}, order


def _kept_tree(payload: Payload, spec: NgramSpec) -> tuple[dict[str, object], Ints]:
    """The n-grams as a tree: level by level, for each n-gram how many longer ones start with it, and their last units.

    Units and n-grams are numbered in the order of their spelling, so that numbers rise and take few bits.
    """
    assert isinstance(spec.ids, VocabularySpec)
    vocabulary = spec.ids
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
    facts: dict[str, object] = {
        "units": _spelled(payload, [spellings[unit] for unit in orders[0]]),
        "levels": levels,
        "counted": [_presence(payload, own) for own in counted],
    }
    columns = np.concatenate(counted).astype(np.int64)
    return facts, columns[columns >= 0]


def _level(payload: Payload, parents: Ints, units: Ints, n_parents: int) -> dict[str, int]:
    """How many n-grams start with each shorter one, and the units that follow it, each less the one before."""
    starts = np.flatnonzero(np.diff(parents, prepend=-1))
    steps = np.diff(units, prepend=0)
    steps[starts] = units[starts]
    children = np.bincount(parents, minlength=n_parents)
    return {"children": payload.counts(children), "steps": payload.counts(steps)}


def _presence(payload: Payload, columns: Ids) -> int | None:
    """Which n-grams of a length have a column, a bit for each; None where all have."""
    return None if (columns >= 0).all() else payload.section(np.packbits(columns >= 0, bitorder="little").tobytes())


def _spelled(payload: Payload, spellings: list[str]) -> dict[str, Any]:
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
