"""Texts to weighted n-grams: cut into tokens, look up, count, weigh; and score, without a matrix."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Ids, Ints
from vikt.corpus.texts import Texts
from vikt.errors import DamagedModelError, EmptyVocabularyError, UsageError
from vikt.features.ngrams import kernels
from vikt.features.ngrams.analyzers import Analyzer, analyzer_named
from vikt.features.ngrams.tokens import Portions, Tokeniser, Tokens
from vikt.features.ngrams.vocabulary import Vocabulary, parts_of_threads
from vikt.features.ngrams.weighting import Weighting
from vikt.features.rows import Rows, joined, longer
from vikt.threads import Run, running

_PORTIONS_A_THREAD = 8

Progress = Callable[[int, int], None]


class Met(NamedTuple):
    """What was met in a portion: for each length of n-gram and each token, the id of the one that begins there."""

    ids: Ids
    edges: Ints
    longest: int
    kernels: Any


class Chosen(NamedTuple):
    """The features: for each space of ids those that were chosen, and their columns; by column the documents."""

    ids: list[Ints]
    columns: list[Ints]
    frequency: Ints


class Counting(threading.local):
    """Room to count each column, of each thread its own: to touch new memory costs more than the work."""

    def __init__(self, n_columns: int) -> None:
        self.counts = np.zeros(n_columns, dtype=np.int32)


class Ngrams:
    """One part of the features: the n-grams of one analyzer.

    Parameters
    ----------
    analyzer : str
        A name in `ANALYZERS`.
    ngrams : tuple of int
        The shortest and the longest n-gram.
    weighting : Weighting
        What a count is worth.
    min_df : int or float
        Features in fewer documents are dropped; a float is a share of the documents.
    max_df : int or float
        Features in more documents are dropped.
    max_features : int, optional
        Only those of the most occurrences are kept.
    lowercase : bool, optional
        Whether case is lowered; the analyzer's own habit if not given.
    strip_accents : {None, "unicode", "ascii"}
        Whether letters lose their accents.
    stop_words : frozenset of str
        Tokens that are dropped before n-grams are formed.
    tokens : Callable, optional
        Cuts a document, as given, into tokens, instead of the analyzer: slower, being Python.
    alphabetical : bool
        Columns in the order of their names, else by falling document frequency, which keeps the weights that a solver
        needs most often close together.
    dtype : type
        Of the values.

    Attributes
    ----------
    threads : int
        How many learn and transform; no result depends on it.
    """

    def __init__(
        self,
        analyzer: str,
        ngrams: tuple[int, int],
        weighting: Weighting,
        *,
        min_df: float = 1,
        max_df: float = 1.0,
        max_features: int | None = None,
        lowercase: bool | None = None,
        strip_accents: str | None = None,
        stop_words: frozenset[str] = frozenset(),
        tokens: Callable[[str], list[str]] | None = None,
        alphabetical: bool = False,
        dtype: Any = np.float32,
    ) -> None:
        self.analyzer: Analyzer = analyzer_named(analyzer)
        lowered = self.analyzer.lowercase if lowercase is None else lowercase
        self.tokeniser = Tokeniser(analyzer, lowered, strip_accents, tokens)
        self._stopped = _vocabulary_of(stop_words) if stop_words else None
        self.ngrams = _checked_range(ngrams)
        self.weighting = weighting
        self.min_df, self.max_df, self.max_features = min_df, max_df, max_features
        self.alphabetical = alphabetical
        self.dtype = np.dtype(dtype)
        self.threads = 1
        self.idf: NDArray[np.float64] = np.empty(0)
        self.source = self._new_source()
        self.columns: list[Ids] = []

    def _new_source(self) -> Any:
        """Where ids come from: a vocabulary that has learnt nothing yet."""
        return Vocabulary(self._lengths, self.ngrams[0])

    @property
    def _lengths(self) -> range:
        """The lengths of n-grams that count, those of words too short for the shortest n-gram among them."""
        shortest, longest = self.ngrams
        return range(min(shortest, self.analyzer.shortest_whole or shortest), longest + 1)

    @property
    def _effort(self) -> int:
        """What a byte of text takes, beside one of single words: a character is a token, a word some five bytes."""
        return len(self._lengths) * (1 if self.analyzer.joiner else 5)

    def _look_up(self, columns: list[Ids]) -> None:
        """Go by these columns of the ids of each space from now on."""
        self.columns = columns
        rows = [group.stop - group.start for group in self.source.groups]
        # Each space begins behind a place of its own for NONE, which is -1, so that no id has to be looked at twice.
        with_none = [np.concatenate([[np.int32(kernels.NONE)], own]) for own in columns]
        self._bases = np.repeat(np.cumsum([1, *map(len, with_none[:-1])]), rows)
        self._column_of = np.concatenate(with_none)

    def fit_transform(self, texts: Texts, progress: Progress | None = None) -> Rows:
        """Learn the vocabulary and the document frequencies, and return the rows, indices rising within each.

        Raises
        ------
        EmptyVocabularyError
            No feature is left.
        """
        source = self._new_source()
        portions = self.tokeniser.portions(texts, self._effort)
        with running(self.threads) as run:
            met, frequencies = self._learn(source, portions, run, progress)
            chosen = self._chosen(source, frequencies, met, len(texts))
            self.idf = self.weighting.idf(chosen.frequency, len(texts))
            self.source = source
            self._look_up(_columns_of(chosen, frequencies))
            make_rows = partial(self._rows, self.dtype, Counting(self.n_columns))
            room = sum(own.ids.size for own in met)
            rows = joined(run(make_rows, _given_up(met)), self.n_columns, self.dtype, room)
        self.source, old_ids = source.kept(chosen.ids)
        self._look_up([columns[ids] for columns, ids in zip(self.columns, old_ids, strict=True)])
        return rows

    def transform(self, texts: Texts, dtype: Any = None) -> Rows:
        """The rows of texts by the vocabulary learnt; n-grams outside it are no features.

        Values are of the dtype given, else of the part's own.
        """
        dtype = np.dtype(dtype or self.dtype)
        portions = self.tokeniser.portions(texts, self._effort)
        counting = Counting(self.n_columns)

        def rows(documents: tuple[int, int]) -> Any:
            return self._rows(dtype, counting, self._met(portions, documents))

        with running(self.threads) as run:
            return joined(run(rows, portions.ranges()), self.n_columns, dtype, len(texts.content) // 8)

    def scores(self, texts: Texts, theta: Any) -> NDArray[np.float64]:
        """What the n-grams of each text add to its scores, (m, K), by weights θ, (n, K), without making a matrix.

        Documents go one portion at a time from bytes to scores, so that nothing leaves the cache.
        """
        portions = self.tokeniser.portions(texts, self._effort)
        scores = np.empty((len(texts), theta.shape[1]))
        counting = Counting(self.n_columns)

        def score(documents: tuple[int, int]) -> None:
            met = self._met(portions, documents)
            met.kernels.score_rows(*self._arguments(counting, met), theta, scores[slice(*documents)])

        with running(self.threads) as run:
            list(run(score, portions.ranges()))
        return scores

    def _learn(
        self, source: Any, portions: Portions, run: Run, progress: Progress | None
    ) -> tuple[list[Met], list[Ints]]:
        """What was met in each portion, and in how many documents each id of each space was."""
        n_threads = min(self.threads, kernels.PARTS)
        counts = self._asks_for_frequency(portions.n_documents)
        seen = [np.zeros((0, 2), dtype=np.int32) for _ in source.groups]
        met: list[Met] = []
        ranges = portions.ranges()
        while batch := list(islice(ranges, 1 if n_threads == 1 else _PORTIONS_A_THREAD * n_threads)):
            tokens = list(run(partial(self._tokens, portions), batch))
            ids = source.learn(tokens, run, n_threads)
            if counts:
                seen = [longer(own, room) for own, room in zip(seen, source.rooms, strict=True)]
                list(run(partial(_count_documents, tokens, ids, source.groups, seen), parts_of_threads(n_threads)))
            met += [Met(found, own.edges, own.longest, own.kernels) for own, found in zip(tokens, ids, strict=True)]
            if progress:
                progress(batch[-1][1], portions.n_documents)
        if not counts:
            return met, self._is_met(met, source)
        return met, [own[:, kernels.FREQUENCY].astype(np.int64) for own in seen]

    def _is_met(self, met: list[Met], source: Any) -> list[Ints]:
        """1 for each id of each space that was met, else 0."""
        return [np.minimum(own, 1) for own in _occurrences(met, source)]

    def _asks_for_frequency(self, n_documents: int) -> bool:
        """Whether more must be known of an n-gram than that it was met."""
        lowest, highest = self._limits(n_documents)
        return not self.alphabetical or lowest > 1 or highest < n_documents or self.weighting.inverse_document_frequency

    def _limits(self, n_documents: int) -> tuple[float, float]:
        """In how many documents a feature must be, at least and at most."""
        limits = (self.min_df, self.max_df)
        lowest, highest = (share * n_documents if isinstance(share, float) else share for share in limits)
        return lowest, highest

    def _chosen(self, source: Any, frequencies: list[Ints], met: list[Met], n_documents: int) -> Chosen:
        lowest, highest = self._limits(n_documents)
        if highest < lowest:
            raise UsageError(
                f"max_df={self.max_df} keeps features in at most {highest} documents, which is below "
                f"min_df={self.min_df}, at least {lowest}; raise one or lower the other"
            )
        ids = [np.flatnonzero((own > 0) & (own >= lowest) & (own <= highest)) for own in frequencies]
        frequency = np.concatenate([own[chosen] for own, chosen in zip(frequencies, ids, strict=True)])
        if not len(frequency):
            raise EmptyVocabularyError(
                f"no vocabulary is left: {sum(map(np.count_nonzero, frequencies))} different n-grams in {n_documents} "
                f"texts, none in at least min_df={self.min_df} of them; lower min_df, or look at the texts"
            )
        order = source.alphabetical(ids) if self.alphabetical else np.argsort(-frequency, kind="stable")
        if self.max_features is not None:
            of_spaces = _occurrences(met, source)
            occurrences = np.concatenate([own[chosen] for own, chosen in zip(of_spaces, ids, strict=True)])
            order = order[np.sort(np.argsort(-occurrences[order], kind="stable")[: self.max_features])]
        column = np.full(len(frequency), kernels.NONE)
        column[order] = np.arange(len(order))
        columns = np.split(column, np.cumsum([len(chosen) for chosen in ids])[:-1])
        kept = [self._kept(own) for own in columns]
        return Chosen(
            [own[places] for own, places in zip(ids, kept, strict=True)],
            [own[places] for own, places in zip(columns, kept, strict=True)],
            frequency[order],
        )

    def _kept(self, columns: Ints) -> Ints:
        """Where there is a column; the most frequent first, so that they lie together, where columns stand so."""
        places = np.flatnonzero(columns != kernels.NONE)
        return places if self.alphabetical else places[np.argsort(columns[places])]

    def _tokens(self, portions: Portions, documents: tuple[int, int]) -> Tokens:
        tokens = portions.tokens(documents)
        return tokens.without(self._stopped.ids(tokens)[0] != kernels.NONE) if self._stopped else tokens

    def _met(self, portions: Portions, documents: tuple[int, int]) -> Met:
        tokens = self._tokens(portions, documents)
        return Met(self.source.ids(tokens), tokens.edges, tokens.longest, tokens.kernels)

    def _arguments(self, counting: Counting, met: Met) -> tuple[Any, ...]:
        """What a kernel needs to weigh rows: what was met, the columns and their weights, and room to work in."""
        longest = met.longest * len(met.ids)
        return (
            met.ids,
            met.edges,
            self._bases,
            self._column_of,
            self.weighting.count_weights(longest),
            self.idf if self.weighting.inverse_document_frequency else np.ones(1),
            self.weighting.normalised,
            counting.counts,
            np.empty(longest + 1, dtype=np.int64),
            np.empty(longest + 1),
        )

    def _rows(self, dtype: Any, counting: Counting, met: Met) -> tuple[Ints, Ids, NDArray[Any]]:
        """The rows of a portion: how many entries each has, their columns and their values."""
        longest = met.longest * len(met.ids)
        lengths = np.empty(len(met.edges) - 1, dtype=np.int64)
        indices = np.empty(met.ids.size, dtype=np.int32)
        values = np.empty(met.ids.size, dtype=np.float32 if dtype == np.float32 else np.float64)
        n = met.kernels.write_rows(
            *self._arguments(counting, met),
            self.n_columns.bit_length(),
            np.empty(longest, dtype=np.int64),
            np.empty(longest, dtype=np.int64),
            np.empty(1 << kernels.WIDEST, dtype=np.int32),
            lengths,
            indices,
            values,
        )
        return lengths, indices[:n], values[:n]

    @property
    def n_columns(self) -> int:
        return len(self.idf)

    def names(self, columns: Any = None) -> list[str]:
        """The n-grams of all columns, or of those given."""
        wanted = np.arange(self.n_columns) if columns is None else np.asarray(columns, dtype=np.int64)
        lengths, ids = self._places()
        names = np.empty(len(wanted), dtype=object)
        for length in self.source.lengths:
            own = np.flatnonzero(lengths[wanted] == length)
            names[own] = self.source.names(length, ids[wanted[own]], self.analyzer.joiner)
        return list(names.tolist())

    def orders(self) -> Ints:
        """How many units each column's n-gram has: (n,)."""
        return self._places()[0]

    def _places(self) -> tuple[Ints, Ints]:
        """The length of each column's n-gram, and its id among those of that length."""
        lengths, ids = np.zeros((2, self.n_columns), dtype=np.int64)
        for length, columns in zip(self.source.lengths, self.columns, strict=True):
            own = np.flatnonzero(columns != kernels.NONE)
            lengths[columns[own]], ids[columns[own]] = length, own
        return lengths, ids

    def spellings(self, text: Texts) -> dict[str, str]:
        """What is behind the names of a text's features, where they are not the n-grams themselves."""
        return {}

    def said(self) -> str:
        """What the user should be told of what was learnt; nothing where there is nothing to tell."""
        return ""

    def to_arrays(self) -> dict[str, Any]:
        """What was learnt, as arrays for a file."""
        columns = {f"columns{length}": own for length, own in zip(self.source.lengths, self.columns, strict=True)}
        return {"idf": self.idf, **columns, **self.source.to_arrays()}

    def restore(self, arrays: dict[str, Any]) -> None:
        """Take up what `to_arrays` gave.

        Raises
        ------
        DamagedModelError
            The arrays do not fit together.
        """
        self._restore_idf(arrays["idf"])
        self.source = Vocabulary.from_file(self.source.lengths, self.source.shortest, arrays)
        columns = [arrays[f"columns{length}"] for length in self.source.lengths]
        for length, own in zip(self.source.lengths, columns, strict=True):
            if own.dtype != np.int32 or own.shape != (self.source.tables[length - 1].n,):
                raise DamagedModelError(f"columns of shape {own.shape} and {own.dtype}")
        used = np.concatenate(columns)
        if used.min(initial=0) < kernels.NONE or used.max(initial=-1) >= self.n_columns:
            raise DamagedModelError(f"columns beyond the {self.n_columns} features")
        if np.any(np.bincount(used[used != kernels.NONE], minlength=self.n_columns) != 1):
            raise DamagedModelError(f"columns that are not the {self.n_columns} features, each once")
        self._look_up(columns)

    def _restore_idf(self, idf: Any) -> None:
        if idf.dtype != np.float64 or idf.ndim != 1:
            raise DamagedModelError(f"inverse document frequencies of shape {idf.shape} and {idf.dtype}")
        self.idf = idf

    def occurrences(self, text: Texts) -> list[tuple[str, list[tuple[int, int]]]]:
        """Every n-gram of the first text where it stands: its name, and the byte spans of its units.

        The spans are of the normalised text. Meant for explaining one text, not for many.
        """
        tokens = self._tokens(self.tokeniser.portions(text), (0, 1))
        n_bytes = len(tokens.text) - kernels.PADDING
        spans = list(zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True))
        units = [tokens.text[a:b].tobytes().decode("utf-8", "surrogatepass") for a, b in spans]
        occurrences = []
        for i in range(len(units)):
            for n in range(1, self.ngrams[1] + 1):
                if i + n > len(units) or units[i + n - 1] == "":
                    break
                places = [span for span in spans[i : i + n] if span[0] < n_bytes]
                occurrences.append((self.analyzer.joiner.join(units[i : i + n]), places))
        return occurrences

    def lengths(self, texts: Texts) -> Ints:
        """How many units each text falls into: (m,)."""
        portions = self.tokeniser.portions(texts)
        lengths = []
        for documents in portions.ranges():
            tokens = self._tokens(portions, documents)
            before = np.concatenate([[0], np.cumsum(tokens.high != 0)])
            lengths.append(np.diff(before[tokens.edges]))
        return np.concatenate([np.empty(0, dtype=np.int64), *lengths])

    def normalised(self, texts: Texts) -> Texts:
        return self.tokeniser.normalised(texts)


def _count_documents(
    batch: list[Tokens], ids: list[Ids], groups: list[slice], seen: list[Any], parts: tuple[int, int]
) -> None:
    """Add up in how many documents each id of some parts is, for each space of ids."""
    for tokens, found in zip(batch, ids, strict=True):
        for group, own in zip(groups, seen, strict=True):
            tokens.kernels.count_documents(found[group], tokens.edges, tokens.n_documents, tokens.first, *parts, own)


def _vocabulary_of(words: frozenset[str]) -> Vocabulary:
    """A vocabulary of these units, which its ids are known by."""
    portions = Tokeniser("word", lowercase=False, cut=lambda _: sorted(words)).portions(Texts.from_strings([""]))
    vocabulary = Vocabulary(range(1, 2), 1)
    vocabulary.learn([portions.tokens((0, 1))], map, 1)
    return vocabulary


def _given_up(met: list[Met]) -> Iterator[Met]:
    """Each in turn, forgotten once it is handed out."""
    met.reverse()
    while met:
        yield met.pop()


def _columns_of(chosen: Chosen, frequencies: list[Ints]) -> list[Ids]:
    """The column of each id of each space."""
    columns = [np.full(len(own), kernels.NONE, dtype=np.int32) for own in frequencies]
    for own, ids, numbers in zip(columns, chosen.ids, chosen.columns, strict=True):
        own[ids] = numbers
    return columns


def _occurrences(met: list[Met], source: Any) -> list[Ints]:
    """How often each id of each space was met."""
    occurrences = [np.zeros(room, dtype=np.int64) for room in source.rooms]
    for of_portion in met:
        for group, own in zip(source.groups, occurrences, strict=True):
            of_portion.kernels.count_occurrences(of_portion.ids[group], own)
    return occurrences


def _checked_range(ngrams: tuple[int, int]) -> tuple[int, int]:
    shortest, longest = ngrams
    if not 1 <= shortest <= longest:
        raise UsageError(f"ngrams: expected two numbers, 1 <= shortest <= longest, found {ngrams}; write (1, 2), say")
    return int(shortest), int(longest)
