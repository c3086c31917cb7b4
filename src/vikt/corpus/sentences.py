"""Running text: tokens in order, a row each; a sentence ends with the token that ends it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vikt.corpus.texts import Texts

_ENDS = (b".", b"!", b"?")


def sentence_starts(tokens: Texts) -> NDArray[np.int64]:
    """For each token, the row of the first token of its sentence: (m,).

    Examples
    --------
    >>> sentence_starts(Texts.from_strings(["I", "see", ".", "You", "?"])).tolist()
    [0, 0, 0, 3, 3]
    """
    ends = np.fromiter((token in _ENDS for token in tokens), dtype=bool, count=len(tokens))
    begins = np.flatnonzero(np.r_[True, ends[:-1]][: len(tokens)])
    return np.repeat(begins, np.diff(np.r_[begins, len(tokens)]))


def neighbours(tokens: Texts, offset: int) -> Texts:
    """For each token the one so many places behind it in its sentence (before it where negative), or nothing.

    Examples
    --------
    >>> list(neighbours(Texts.from_strings(["I", "see", ".", "You", "?"]), -1))
    [b'', b'I', b'see', b'', b'You']
    """
    starts = sentence_starts(tokens)
    rows = np.arange(len(tokens)) + min(max(offset, -len(tokens)), len(tokens))
    inside = (rows >= 0) & (rows < len(tokens))
    inside[inside] = starts[rows[inside]] == starts[inside]
    return Texts.from_bytes([tokens[row] if there else b"" for row, there in zip(rows.tolist(), inside, strict=True)])


def sentences(tokens: Texts) -> Texts:
    """For each token, the whole of its sentence: rows of one sentence, and of equal ones, belong together."""
    starts = sentence_starts(tokens)
    begins, lengths = np.unique(starts, return_counts=True)
    whole = [
        b"\n".join(tokens[i] for i in range(begin, begin + length))
        for begin, length in zip(begins.tolist(), lengths.tolist(), strict=True)
    ]
    return Texts.from_bytes([sentence for sentence, n in zip(whole, lengths.tolist(), strict=True) for _ in range(n)])
