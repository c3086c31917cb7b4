"""Texts to tokens and their keys: one tokeniser for training, prediction, explanation and serving."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.compiled import kernels_for
from vikt.corpus.texts import Texts, portions
from vikt.features import kernels
from vikt.features.analyzers import Analyzer, analyzer_named
from vikt.features.characters import reach
from vikt.features.normalise import normalise

_BYTES_AT_A_TIME, _MOST_TEXTS = 1 << 18, 1 << 14

Ints = NDArray[np.int64]


class Tokens:
    """The tokens of a run of documents, the last of each document an empty one.

    Attributes
    ----------
    first, last : int
        The documents.
    n : int
        How many tokens there are.
    text : NDArray[np.uint8]
        What the tokens were read from, of all documents.
    edges : NDArray[np.int64]
        Document first + d has the tokens edges[d]..edges[d + 1].
    starts, ends : NDArray[np.int64]
        Where they stand in the text.
    low, high : NDArray[np.int64]
        Their keys.
    kernels
        What goes on with them, plain or compiled.
    """

    def __init__(
        self, first: int, last: int, text: NDArray[np.uint8], edges: Ints, places: NDArray[np.int64], kernels: Any
    ) -> None:
        self.first, self.last, self.text, self.edges, self.kernels = first, last, text, edges, kernels
        self.n = places.shape[1]
        self.starts, self.ends, self.low, self.high = places

    @property
    def n_documents(self) -> int:
        return self.last - self.first

    def without(self, dropped: NDArray[np.bool_]) -> Tokens:
        """The same tokens but for those."""
        kept = ~dropped
        places = np.stack([self.starts, self.ends, self.low, self.high])[:, kept]
        edges = np.concatenate([[0], np.cumsum(kept)])[self.edges]
        return Tokens(self.first, self.last, self.text, edges, places, self.kernels)

    @property
    def longest(self) -> int:
        """The most tokens of a document."""
        return int(np.diff(self.edges).max(initial=0))


@dataclass(frozen=True)
class Tokeniser:
    """How texts are normalised and cut into tokens.

    Attributes
    ----------
    analyzer : str
        A name in `ANALYZERS`.
    lowercase : bool
        Whether case is lowered.
    strip_accents : {None, "unicode", "ascii"}
        Whether letters lose their accents, and how.
    cut : Callable, optional
        A function that cuts a whole document, as it was given, into its tokens: slower, being Python.
    """

    analyzer: str
    lowercase: bool
    strip_accents: str | None = None
    cut: Callable[[str], list[str]] | None = None

    def normalised(self, texts: Texts) -> Texts:
        if self.cut:
            return texts
        composed = analyzer_named(self.analyzer).composed
        return normalise(texts, lowercase=self.lowercase, composed=composed, strip_accents=self.strip_accents)

    def portions(self, texts: Texts) -> Portions:
        """The texts, ready to be cut portion by portion."""
        if self.cut:
            return _CutByFunction(texts, self.cut)
        return _CutByKernel(self.normalised(texts), analyzer_named(self.analyzer))


class Portions:
    """Normalised texts, to be cut portion by portion, by any thread in any order."""

    def __init__(self, texts: Texts) -> None:
        self.kernels = kernels_for(kernels.__name__, len(texts.content))
        self.offsets = texts.offsets
        self.n_documents = len(texts)
        self.text = np.frombuffer(texts.content + b" " * kernels.PADDING, dtype=np.uint8)
        self._eight = np.ndarray((len(self.text) - 7,), np.int64, self.text.data, strides=(1,))

    def ranges(self) -> Iterator[tuple[int, int]]:
        """Documents first..last of each portion."""
        return portions(self.offsets, _BYTES_AT_A_TIME, _MOST_TEXTS)

    def tokens(self, documents: tuple[int, int]) -> Tokens:
        """The tokens of a portion."""
        raise NotImplementedError

    def _with_keys(self, documents: tuple[int, int], edges: Ints, places: NDArray[np.int64]) -> Tokens:
        tokens = Tokens(*documents, self.text, edges, places, self.kernels)
        self.kernels.token_keys(self.text, self._eight, tokens.starts, tokens.ends, tokens.n, tokens.low, tokens.high)
        return tokens


class _CutByKernel(Portions):
    def __init__(self, texts: Texts, analyzer: Analyzer) -> None:
        super().__init__(texts)
        self._analyzer = analyzer
        self._class_of = analyzer.characters(reach(self.text))
        self._actions = np.array(analyzer.actions)
        self._byte_actions = self._actions[np.minimum(self._class_of[:128], len(self._actions) - 1)]
        self._of_thread = threading.local()

    def tokens(self, documents: tuple[int, int]) -> Tokens:
        first, last = documents
        # A word of one byte is two spaces, itself and an end; the next one is a byte away.
        starts, ends = self._scratch(2 * int(self.offsets[last] - self.offsets[first]) + 3 * (last - first) + 1)
        edges = np.empty(last - first + 1, dtype=np.int64)
        n = getattr(self.kernels, self._analyzer.edges)(
            self.text,
            self.offsets,
            first,
            last,
            self._class_of,
            self._actions,
            self._byte_actions,
            starts,
            ends,
            edges,
        )
        places = np.empty((4, n), dtype=np.int64)
        places[0], places[1] = starts[:n], ends[:n]
        return self._with_keys(documents, edges, places)

    def _scratch(self, room: int) -> NDArray[np.int64]:
        """Two arrays of so much room, the same each time: to touch new memory costs more than the work."""
        if room > getattr(self._of_thread, "room", 0):
            self._of_thread.room, self._of_thread.scratch = room, np.empty((2, room), dtype=np.int64)
        scratch: NDArray[np.int64] = self._of_thread.scratch
        return scratch


class _CutByFunction(Portions):
    """Texts whose tokens a function has cut: their bytes, one after the other, are the text."""

    def __init__(self, texts: Texts, cut: Callable[[str], list[str]]) -> None:
        tokens: list[str] = []
        edges = [0]
        for text in texts:
            tokens += cut(text.decode("utf-8", "surrogatepass"))
            tokens.append("")
            edges.append(len(tokens))
        self._tokens = Texts.from_strings(tokens)
        self._edges = np.array(edges)
        super().__init__(Texts(self._tokens.content, self._tokens.offsets[self._edges]))

    def tokens(self, documents: tuple[int, int]) -> Tokens:
        edges = self._edges[documents[0] : documents[1] + 1]
        n = int(edges[-1] - edges[0])
        places = np.empty((4, n), dtype=np.int64)
        places[0] = self._tokens.offsets[edges[0] : edges[-1]]
        places[1] = self._tokens.offsets[edges[0] + 1 : edges[-1] + 1]
        return self._with_keys(documents, edges - edges[0], places)
