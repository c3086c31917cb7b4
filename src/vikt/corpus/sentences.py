"""Running text: tokens in order, one per row; the tokens ".", "!" and "?" end a sentence."""

from __future__ import annotations

import numpy as np

from vikt.arrays import Ints
from vikt.corpus.texts import Texts

_ENDS = (b".", b"!", b"?")


def sentence_starts(tokens: Texts) -> Ints:
    """For each token, the row of the first token of its sentence: (m,).

    Examples
    --------
    >>> sentence_starts(Texts.from_strings(["I", "see", ".", "You", "?"])).tolist()
    [0, 0, 0, 3, 3]
    """
    ends = np.fromiter((token in _ENDS for token in tokens), dtype=bool, count=len(tokens))
    starts = np.flatnonzero(np.r_[True, ends[:-1]][: len(tokens)])
    return np.repeat(starts, np.diff(np.r_[starts, len(tokens)]))


def neighbours(tokens: Texts, offset: int) -> Texts:
    """For each token the one `offset` places after it in its sentence (before it if negative), or an empty one.

    Examples
    --------
    >>> list(neighbours(Texts.from_strings(["I", "see", ".", "You", "?"]), -1))
    [b'', b'I', b'see', b'', b'You']
    """
    starts = sentence_starts(tokens)
    rows = np.arange(len(tokens)) + min(max(offset, -len(tokens)), len(tokens))
    inside = (rows >= 0) & (rows < len(tokens))
    inside[inside] = starts[rows[inside]] == starts[inside]
    return Texts.from_bytes(
        [tokens[row] if is_inside else b"" for row, is_inside in zip(rows.tolist(), inside, strict=True)]
    )


def sentences(tokens: Texts) -> Texts:
    """For each token its whole sentence, so that rows of one sentence, and of equal sentences, stay together."""
    starts = sentence_starts(tokens)
    firsts, lengths = np.unique(starts, return_counts=True)
    whole = [
        b"\n".join(tokens[i] for i in range(first, first + length))
        for first, length in zip(firsts.tolist(), lengths.tolist(), strict=True)
    ]
    return Texts.from_bytes([sentence for sentence, n in zip(whole, lengths.tolist(), strict=True) for _ in range(n)])
