"""Texts to tokens and their keys: one tokeniser for training, prediction, explanation and serving."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from vikt.arrays import Bools, Bytes, Ints
from vikt.compiled import kernels_for
from vikt.corpus.texts import Texts, portions
from vikt.errors import known
from vikt.features.ngrams import token_kernels
from vikt.features.ngrams.analyzers import ANALYZERS, Analyzer
from vikt.features.ngrams.character_rules import CharacterClasses
from vikt.features.ngrams.characters import ASCII, reach
from vikt.features.ngrams.normalise import normalise
from vikt.features.ngrams.token_kernels import PADDING, TokenArrays

_BYTES_AT_A_TIME, _MOST_TEXTS = 1 << 18, 1 << 14

# From a document to its tokens.
Cut = Callable[[str], list[str]]


class Tokens:
    """The tokens of documents `first` to `last`; each document ends in an empty token.

    Document first + d has the tokens edges[d]..edges[d + 1]. Token i is text[starts[i]:ends[i]], and its key is low[i]
    and high[i]. The text ends in PADDING spaces.
    """

    def __init__(self, first: int, last: int, text: Bytes, edges: Ints, places: Ints) -> None:
        self.first, self.last, self.text, self.edges = first, last, text, edges
        self.n, self.places = places.shape[1], places
        self.starts, self.ends, self.low, self.high = places

    @property
    def n_documents(self) -> int:
        return self.last - self.first

    @property
    def arrays(self) -> TokenArrays:
        """The tokens as kernels take them."""
        return TokenArrays(self.text, self.starts, self.ends, self.low, self.high, self.edges)

    def without(self, dropped: Bools) -> Tokens:
        kept = ~dropped
        places = np.stack([own[kept] for own in (self.starts, self.ends, self.low, self.high)])
        edges = np.concatenate([[0], np.cumsum(kept)])[self.edges]
        return Tokens(self.first, self.last, self.text, edges, places)

    @property
    def longest(self) -> int:
        """The most tokens of a document."""
        if self.n_documents == 1:
            return int(self.n)
        return int((self.edges[1:] - self.edges[:-1]).max(initial=0))


@dataclass(frozen=True)
class Tokeniser:
    """Normalises texts and cuts them into tokens.

    `analyzer` is a name in `ANALYZERS`, `strip_accents` one in `ACCENT_STRIPPERS`. A function `cut` divides a whole
    document, not normalised, instead of the analyzer: slower, since it is Python.
    """

    analyzer: str
    lowercase: bool
    strip_accents: str | None = None
    cut: Cut | None = None

    def normalised(self, texts: Texts, n_bytes: int | None = None) -> Texts:
        """The texts, normalised; `n_bytes` counts the bytes of all texts where these are a portion."""
        if self.cut:
            return texts
        composed = ANALYZERS[self.analyzer].composed
        return normalise(
            texts, lowercase=self.lowercase, composed=composed, strip_accents=self.strip_accents, n_bytes=n_bytes
        )

    def portions(self, texts: Texts, effort: int = 1) -> Portions:
        """The texts, ready to be cut portion by portion; `effort` is the work per byte, 1 for single words."""
        return Portions(self, texts, effort)


class Portions:
    """Texts that are normalised and cut portion by portion, by any thread in any order.

    A portion stays in the processor's cache from its bytes to its ids, and the texts are never copied as a whole.
    """

    def __init__(self, tokeniser: Tokeniser, texts: Texts, effort: int) -> None:
        self._work = kernels_for(token_kernels.__name__, effort * texts.n_bytes)
        self.n_documents = len(texts)
        self._texts, self._tokeniser = texts, tokeniser
        self._analyzer = known("analyzer", tokeniser.analyzer, ANALYZERS)
        self._of_thread = threading.local()

    def ranges(self) -> Iterator[tuple[int, int]]:
        """Documents first..last of each portion."""
        return portions(self._texts.offsets, _BYTES_AT_A_TIME, _MOST_TEXTS)

    def normalised(self, documents: tuple[int, int]) -> Texts:
        return self._tokeniser.normalised(self._texts.run(*documents), self._texts.n_bytes)

    def tokens(self, documents: tuple[int, int]) -> Tokens:
        """The tokens of a portion, whose places and keys lie where this thread's next call puts others."""
        texts, cut = self.normalised(documents), self._tokeniser.cut
        text, edges, places = _cut_by_function(texts, cut) if cut else self._cut_by_kernel(texts, self._analyzer)
        tokens = Tokens(*documents, text, edges, places)
        self._work.token_keys(text, tokens.starts, tokens.ends, tokens.n, tokens.low, tokens.high)
        return tokens

    def _cut_by_kernel(self, texts: Texts, analyzer: Analyzer) -> tuple[Bytes, Ints, Ints]:
        text = _padded(texts.content)
        # A word of one byte is two spaces, itself and an end; the next one is a byte away.
        places = self._scratch(2 * len(text) + 3 * len(texts) + 1)
        edges = np.empty(len(texts) + 1, dtype=np.int64)
        class_of, actions, byte_actions = _tables(analyzer, ASCII if texts.content.isascii() else reach(text))
        find = getattr(kernels_for(analyzer.edges.__module__), analyzer.edges.__name__)
        n = find(text, texts.offsets, class_of, actions, byte_actions, places[0], places[1], edges)
        return text, edges, places[:, :n]

    def _scratch(self, room: int) -> Ints:
        """Four arrays of this length, the same for each portion: touching new memory costs more than the work."""
        if room > getattr(self._of_thread, "room", 0):
            self._of_thread.room, self._of_thread.scratch = room, np.empty((4, room), dtype=np.int64)
        scratch: Ints = self._of_thread.scratch
        return scratch


@functools.cache
def _tables(analyzer: Analyzer, n_points: int) -> tuple[CharacterClasses, Ints, Ints]:
    """The class of each code point, the actions of the classes, and those of ASCII."""
    class_of = analyzer.characters(n_points)
    actions = np.array(analyzer.actions)
    return class_of, actions, actions[np.minimum(class_of[:128], len(actions) - 1)]


def _cut_by_function(texts: Texts, cut: Cut) -> tuple[Bytes, Ints, Ints]:
    """The tokens that a function cuts texts into; their bytes, one after the other, are the text."""
    tokens: list[str] = []
    edges = [0]
    for text in texts:
        tokens += cut(text.decode("utf-8", "surrogatepass"))
        tokens.append("")
        edges.append(len(tokens))
    encoded = Texts.from_strings(tokens)
    places = np.empty((4, len(tokens)), dtype=np.int64)
    places[0], places[1] = encoded.offsets[:-1], encoded.offsets[1:]
    return _padded(encoded.content), np.array(edges), places


def _padded(content: bytes) -> Bytes:
    return np.frombuffer(content + b" " * PADDING, dtype=np.uint8)
