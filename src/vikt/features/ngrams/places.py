"""Where the n-grams of one text stand, for explanations."""

from __future__ import annotations

import numpy as np

from vikt.features.ngrams.hashing import Buckets
from vikt.features.ngrams.learning import vocabulary_of
from vikt.features.ngrams.token_kernels import NONE, PADDING
from vikt.features.ngrams.tokens import Tokens

# The name of an n-gram, and the byte spans of its units.
NgramPlaces = tuple[str, list[tuple[int, int]]]


def places_of_ngrams(tokens: Tokens, longest: int, joiner: str) -> list[NgramPlaces]:
    """Every n-gram of up to `longest` units, with the byte spans of its units."""
    n_bytes = len(tokens.text) - PADDING
    spans = list(zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True))
    units = [tokens.text[a:b].tobytes().decode("utf-8", "surrogatepass") for a, b in spans]
    places = []
    for i in range(len(units)):
        for n in range(1, longest + 1):
            if i + n > len(units) or units[i + n - 1] == "":
                break
            own = [span for span in spans[i : i + n] if span[0] < n_bytes]
            places.append((joiner.join(units[i : i + n]), own))
    return places


def names_behind_buckets(buckets: Buckets, tokens: Tokens, shortest: int, joiner: str) -> dict[str, str]:
    """The name of the bucket of each n-gram, found by learning the n-grams."""
    vocabulary = vocabulary_of(tokens, buckets.lengths, shortest)
    ids = vocabulary.ids(tokens)
    bucket_of: dict[str, str] = {}
    for space, (own, in_buckets) in enumerate(zip(ids, buckets.ids(tokens), strict=True)):
        known, places = np.unique(own, return_index=True)
        known, places = known[known != NONE], places[known != NONE]
        names = vocabulary.names(space, known.astype(np.int64), joiner)
        bucket_of |= dict(zip(names, buckets.names(0, in_buckets[places], joiner), strict=True))
    return bucket_of
