"""Documents in parts, such as paragraphs, and documents of the parts that are kept."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vikt.arrays import Bools, Ints
from vikt.corpus.texts import Texts


@dataclass(frozen=True)
class Parts:
    """The parts of some documents, and where those of each start and end: (m+1,).

    Examples
    --------
    >>> parts = Parts.of(Texts.from_strings(["one\\n\\ntwo", "three"]), b"\\n")
    >>> list(parts.texts), parts.edges.tolist()
    ([b'one\\n', b'two', b'three'], [0, 2, 3])
    >>> parts.joined(np.array([False, True, True]))
    [b'two', b'three']
    """

    texts: Texts
    edges: Ints
    separator: bytes

    @classmethod
    def of(cls, documents: Texts, separator: bytes) -> Parts:
        """Documents divided at a separator; blank parts belong to the part before them, at the start to the first."""
        divided = [_divided(document, separator) for document in documents]
        content = b"".join(part for parts in divided for part in parts)
        lengths = [0, *(len(part) for parts in divided for part in parts)]
        texts = Texts(content, np.cumsum(lengths, dtype=np.int64))
        return cls(texts, np.cumsum([0, *map(len, divided)], dtype=np.int64), separator)

    @property
    def documents(self) -> Ints:
        """The document of each part."""
        return np.repeat(np.arange(len(self.edges) - 1), np.diff(self.edges))

    def kept(self, is_kept: Bools) -> Ints:
        """How many parts of each document are kept: (m,)."""
        return np.diff(np.append(0, np.cumsum(is_kept))[self.edges])

    def joined(self, is_kept: Bools) -> list[bytes]:
        """The documents of the parts that are kept."""
        texts, kept = list(self.texts), is_kept.tolist()
        return [
            self.separator.join(texts[i] for i in range(first, last) if kept[i])
            for first, last in pairwise(self.edges.tolist())
        ]


def _divided(document: bytes, separator: bytes) -> list[bytes]:
    parts, has_text = [list[bytes]()], False
    for piece in document.split(separator):
        if has_text and piece.strip():
            parts.append([])
        parts[-1].append(piece)
        has_text = has_text or bool(piece.strip())
    return [separator.join(pieces) for pieces in parts]
