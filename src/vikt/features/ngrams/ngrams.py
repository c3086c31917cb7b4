"""N-grams of texts: the options, the vocabulary and frequencies learnt, and the rows and scores of texts by these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property, partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from vikt.arrays import Arrays, Floats, Ids, Ints, Reals
from vikt.compiled import kernels_for
from vikt.corpus.texts import Texts
from vikt.errors import DamagedModelError, UsageError, known
from vikt.features.description import Fact
from vikt.features.ngrams import learning_kernels
from vikt.features.ngrams.analyzers import ANALYZERS, Analyzer
from vikt.features.ngrams.columns import Limits
from vikt.features.ngrams.hashing import Buckets
from vikt.features.ngrams.ids import FoundNgrams, IdSource
from vikt.features.ngrams.learning import (
    BucketLearner,
    CountedNgrams,
    CountedPortion,
    Learner,
    Learnt,
    VocabularyLearner,
    learn,
    vocabulary_of,
)
from vikt.features.ngrams.places import NgramPlaces, names_behind_buckets, places_of_ngrams
from vikt.features.ngrams.records import RecordTable
from vikt.features.ngrams.row_kernels import CountArrays, Occurrences
from vikt.features.ngrams.token_kernels import NONE
from vikt.features.ngrams.tokens import Cut, Portions, Tokeniser, Tokens
from vikt.features.ngrams.vocabulary import Vocabulary
from vikt.features.ngrams.vocabulary_spec import BucketSpec, VocabularySpec
from vikt.features.ngrams.weighing import Weigher
from vikt.features.ngrams.weighting import Weighting
from vikt.features.rows import CompressedRows, RowPiece, joined
from vikt.parameters import HASHING, checked_value
from vikt.threads import Run, running

if TYPE_CHECKING:
    from vikt.features.ngrams.spec import NgramSpec


@dataclass(frozen=True)
class Ngrams:
    """The n-grams of one analyzer, not yet fitted. Most options are those of scikit-learn's TfidfVectorizer.

    Attributes
    ----------
    analyzer : str
        A name in `ANALYZERS`.
    stop_words : frozenset of str
        Tokens that are dropped before n-grams are formed.
    cut : Callable, optional
        Cuts a document into tokens instead of the analyzer: slower, since it is Python.
    mark : str
        A prefix of each token that `cut` returns, left out of names.
    hashing : int, optional
        Hash n-grams into 2^hashing buckets, without a vocabulary. Buckets without a training text cost nothing.
    alphabetical : bool
        Columns in the order of their names, else by falling document frequency.
    """

    analyzer: str
    ngrams: tuple[int, int]
    weighting: Weighting
    _: KW_ONLY
    min_df: float = 1
    max_df: float = 1.0
    max_features: int | None = None
    lowercase: bool | None = None
    strip_accents: str | None = None
    stop_words: frozenset[str] = frozenset()
    cut: Cut | None = None
    mark: str = ""
    hashing: int | None = None
    alphabetical: bool = False
    dtype: DTypeLike = np.float32

    def __post_init__(self) -> None:
        known("analyzer", self.analyzer, ANALYZERS)
        if self.hashing is not None:
            checked_value("hashing", HASHING, self.hashing)
        shortest, longest = self.ngrams
        if not 1 <= shortest <= longest:
            raise UsageError(
                f"ngrams: expected two numbers, 1 <= shortest <= longest, found {self.ngrams}; write (1, 2)"
            )

    @property
    def rule(self) -> Analyzer:
        return ANALYZERS[self.analyzer]

    @cached_property
    def tokeniser(self) -> Tokeniser:
        lowercase = self.rule.lowercase if self.lowercase is None else self.lowercase
        return Tokeniser(self.analyzer, lowercase, self.strip_accents, self.cut)

    @property
    def lengths(self) -> range:
        """The lengths of n-grams that count, among them those of words too short for the shortest n-gram."""
        shortest, longest = self.ngrams
        return range(min(shortest, self.rule.shortest_whole or shortest), longest + 1)

    @cached_property
    def _effort(self) -> int:
        """The work per byte of text, 1 for single words: a token is a character, or a word of some five bytes."""
        return len(self.lengths) * (1 if self.rule.joiner else 5)

    @cached_property
    def _stop_vocabulary(self) -> Vocabulary | None:
        return _vocabulary_of(self.stop_words) if self.stop_words else None

    def portions(self, texts: Texts) -> Portions:
        """The texts, ready to be cut portion by portion."""
        return self.tokeniser.portions(texts, self._effort)

    def tokens(self, portions: Portions, documents: tuple[int, int]) -> Tokens:
        """The tokens of a portion, without stop words."""
        tokens = portions.tokens(documents)
        stop_words = self._stop_vocabulary
        return tokens.without(stop_words.ids(tokens)[0] != NONE) if stop_words else tokens

    def places(self, text: Texts) -> list[NgramPlaces]:
        """Every n-gram of the first text: its name, and the byte spans of its units in the normalised text."""
        return places_of_ngrams(self.tokens_of_one(text), self.ngrams[1], self.rule.joiner)

    def tokens_of_one(self, text: Texts) -> Tokens:
        return self.tokens(self.tokeniser.portions(text), (0, 1))

    def unit_counts(self, texts: Texts) -> Ints:
        """How many units each text has: (m,)."""
        portions = self.tokeniser.portions(texts)
        counts = [np.empty(0, dtype=np.int64)]
        for documents in portions.ranges():
            tokens = self.tokens(portions, documents)
            before = np.concatenate([[0], np.cumsum(tokens.high != 0)])
            counts.append(np.diff(before[tokens.edges]))
        return np.concatenate(counts)

    def fit_transform(
        self, texts: Texts, progress: Callable[[int, int], None] | None = None, *, threads: int = 1
    ) -> tuple[FittedNgrams, CompressedRows]:
        """Learn the vocabulary and the document frequencies; return them with the rows, indices rising within each.

        `progress` is called with the number of documents done and of all. Raises EmptyVocabularyError where no feature
        is left.
        """
        portions = self.portions(texts)
        ranges = list(portions.ranges())
        loops = kernels_for(learning_kernels.__name__, self._effort * texts.n_bytes)
        with running(threads) as run:
            n_learners = self.n_learners(min(threads, len(ranges)), texts.n_bytes)
            learners = [self.new_learner(loops) for _ in range(n_learners)]
            learnt, found = learn(learners, partial(self.tokens, portions), ranges, run, progress)
            fitted, columns = self.chosen(learnt, found, len(texts))
            # Gone before the rows are made.
            del learnt

            def rows_of(weighed: tuple[Weigher, CountedPortion]) -> RowPiece:
                weigher, portion = weighed
                return weigher.rows_of_entries(portion, self.dtype, loops)

            room = sum(len(portion.ids) for own in found for portion in own.portions)
            rows = joined(run(rows_of, _released(found, fitted, columns)), fitted.n_columns, self.dtype, room)
        return fitted, rows

    def new_learner(self, loops: SimpleNamespace) -> Learner:
        """What learns them, and knows none yet."""
        if self.hashing is None:
            return VocabularyLearner(self.lengths, self.ngrams[0], loops)
        return BucketLearner(self.lengths, self.hashing, loops)

    def n_learners(self, threads: int, n_bytes: int) -> int:
        """One for each thread; fewer where buckets would take much more memory than the texts."""
        return max(threads if self.hashing is None else min(threads, n_bytes >> self.hashing), 1)

    @property
    def limits(self) -> Limits:
        """Which of those learnt become columns."""
        return Limits(self.min_df, self.max_df, self.max_features, self.alphabetical)

    def chosen(
        self, learnt: Learnt, found: Sequence[CountedNgrams], n_documents: int
    ) -> tuple[FittedNgrams, list[Ids]]:
        """The n-grams that become columns, and for each space the column of each id that was learnt."""
        chosen_ids, columns, frequency = self.limits.choose(learnt, found, n_documents)
        idf = self.weighting.idf(frequency, n_documents)
        all_ngrams = learnt.source
        # Gone before the vocabulary is there twice.
        del learnt, frequency
        source, old_ids = all_ngrams.kept(chosen_ids)
        own_columns = tuple(own[ids] for own, ids in zip(columns, old_ids, strict=True))
        return FittedNgrams(self, source, own_columns, idf), columns

    def from_arrays(self, arrays: Arrays) -> FittedNgrams:
        """The inverse of `FittedNgrams.to_arrays`. Raises DamagedModelError where the arrays do not fit together."""
        idf = arrays["idf"]
        if idf.dtype != np.float64 or idf.ndim != 1:
            raise DamagedModelError(f"inverse document frequencies of shape {idf.shape} and {idf.dtype}")
        if self.hashing is not None:
            hashed = BucketSpec.from_arrays(self.hashing, arrays)
            buckets, columns = Buckets.of_spec(hashed, self.lengths, len(idf))
            return FittedNgrams(self, buckets, (columns,), idf)
        spec = VocabularySpec.from_arrays(self.lengths, arrays)
        return FittedNgrams(self, Vocabulary.of_spec(spec, self.ngrams[0], len(idf)), spec.columns, idf)


@dataclass(frozen=True, eq=False)
class FittedNgrams:
    """N-grams after fitting; immutable, so that threads share it. `columns` holds the column of each id, by space."""

    options: Ngrams
    source: IdSource
    columns: tuple[Ids, ...]
    idf: Floats

    @property
    def analyzer(self) -> Analyzer:
        return self.options.rule

    @property
    def weighting(self) -> Weighting:
        return self.options.weighting

    @property
    def n_columns(self) -> int:
        return len(self.idf)

    @cached_property
    def weigher(self) -> Weigher:
        """What makes rows and scores of ids."""
        return self.weigher_of(self.columns)

    def weigher_of(self, columns: Sequence[Ids]) -> Weigher:
        """What makes rows of other ids: `columns` has for each space the column of each, NONE where it has none."""
        return Weigher(self.source.spaces, columns, self.weighting, self.idf)

    def with_idf(self, idf: Floats) -> FittedNgrams:
        return replace(self, idf=idf)

    def with_dtype(self, dtype: DTypeLike) -> FittedNgrams:
        """The same n-grams, whose rows have values of another type."""
        return replace(self, options=replace(self.options, dtype=dtype))

    def transform(self, texts: Texts, dtype: DTypeLike | None = None, *, threads: int = 1) -> CompressedRows:
        """The rows of texts; n-grams that were not learnt are ignored. Values have the options' dtype by default."""
        kind: np.dtype[Any] = np.dtype(self.options.dtype if dtype is None else dtype)
        portions, weigher = self.options.portions(texts), self.weigher

        def rows(documents: tuple[int, int]) -> RowPiece:
            return weigher.rows(self.found(self.options.tokens(portions, documents)), kind)

        with running(threads) as run:
            return joined(run(rows, portions.ranges()), self.n_columns, kind, texts.n_bytes // 8)

    def counted(self, texts: Texts, run: Run) -> Iterable[CountArrays]:
        """The counts of texts, portion by portion."""
        portions, weigher = self.options.portions(texts), self.weigher

        def counts(documents: tuple[int, int]) -> CountArrays:
            return weigher.counts(self.found(self.options.tokens(portions, documents)))

        return run(counts, portions.ranges())

    def record_table(self, theta: Reals) -> RecordTable | None:
        """Records that hold weights θ, (n, K), of the columns; None where none can be made."""
        idf = self.idf if self.weighting.inverse_document_frequency else np.ones(self.n_columns)
        by_class = theta.shape[1] > 1
        return self.source.record_table(
            self.columns, np.stack([idf, np.arange(self.n_columns) if by_class else theta[:, 0]], axis=1)
        )

    def found(self, tokens: Tokens) -> FoundNgrams:
        """The ids of the n-grams at each token."""
        return FoundNgrams(Occurrences(self.source.ids(tokens), tokens.edges), tokens.longest)

    def names(self, columns: ArrayLike | None = None) -> list[str]:
        """The n-grams of some columns, or of all of them."""
        wanted = np.arange(self.n_columns) if columns is None else np.asarray(columns, dtype=np.int64)
        names = np.empty(len(wanted), dtype=object)
        spaces, ids = self._places
        for space in range(len(self.columns)):
            own = np.flatnonzero(spaces[wanted] == space)
            names[own] = self.source.names(space, ids[wanted[own]], self.analyzer.joiner)
        return [name.removeprefix(self.options.mark) for name in names.tolist()]

    def columns_in(self, other: FittedNgrams) -> Ints:
        """The column that each n-gram has in others of the same options, NONE where it has none: (n,)."""
        found = np.full(self.n_columns, NONE, dtype=np.int64)
        for own, ids, others in zip(self.columns, self.source.ids_in(other.source), other.columns, strict=True):
            known = np.flatnonzero((own != NONE) & (ids != NONE))
            found[own[known]] = others[ids[known]]
        return found

    def orders(self) -> Ints:
        """How many units the n-gram of each column has, where there is a vocabulary: (n,)."""
        return self.source.lengths.start + self._places[0]

    @property
    def _places(self) -> tuple[Ints, Ints]:
        """The space of each column's id, and the id."""
        spaces, ids = np.zeros((2, self.n_columns), dtype=np.int64)
        for space, columns in enumerate(self.columns):
            own = np.flatnonzero(columns != NONE)
            spaces[columns[own]], ids[columns[own]] = space, own
        return spaces, ids

    def normalised(self, texts: Texts) -> Texts:
        """The texts as they are before they are cut."""
        return self.options.tokeniser.normalised(texts)

    def occurrences(self, text: Texts) -> list[NgramPlaces]:
        """The same as `Ngrams.places`, with the names of buckets where n-grams are hashed."""
        places = self.options.places(text)
        if not isinstance(self.source, Buckets):
            return places
        bucket_of = self._names_behind_buckets(self.source, text)
        return [(bucket_of[name], spans) for name, spans in places if name in bucket_of]

    def spellings(self, text: Texts) -> dict[str, str]:
        """The n-grams of the first text behind each feature's name, where features are buckets."""
        spellings: dict[str, list[str]] = {}
        if isinstance(self.source, Buckets):
            for ngram, bucket in self._names_behind_buckets(self.source, text).items():
                spellings.setdefault(bucket, []).append(ngram)
        return {bucket: " | ".join(ngrams) for bucket, ngrams in spellings.items()}

    def _names_behind_buckets(self, buckets: Buckets, text: Texts) -> dict[str, str]:
        tokens = self.options.tokens_of_one(text)
        return names_behind_buckets(buckets, tokens, self.options.ngrams[0], self.analyzer.joiner)

    def facts(self) -> list[Fact]:
        """Facts for users on what was learnt."""
        if not isinstance(self.source, Buckets):
            return []
        numbers = {"columns": self.n_columns, "buckets": self.source.n_buckets, "shared": self.source.n_shared}
        return [Fact("hashing", numbers=numbers)]

    def to_arrays(self) -> Arrays:
        return {"idf": self.idf, **self.source.spec(self.columns).to_arrays()}

    def spec(self) -> NgramSpec:
        """The fitted n-grams without code. Raises UsageError where a Python function cuts the texts."""
        # Imported here, since answering a text needs none of it.
        from vikt.features.ngrams.spec import NgramSpec, token_spec

        options = self.options
        tokens = token_spec(options.tokeniser, options.stop_words)
        ids, dtype = self.source.spec(self.columns), np.dtype(options.dtype).str
        return NgramSpec(tokens, options.ngrams, self.analyzer.shortest_whole, ids, self.weighting, self.idf, dtype)


def _vocabulary_of(words: frozenset[str]) -> Vocabulary:
    """A vocabulary of these units alone."""
    portions = Tokeniser("word", lowercase=False, cut=lambda _: sorted(words)).portions(Texts.from_strings([""]))
    return vocabulary_of(portions.tokens((0, 1)), range(1, 2), 1)


def _released(
    found: Sequence[CountedNgrams], fitted: FittedNgrams, columns: list[Ids]
) -> Iterator[tuple[Weigher, CountedPortion]]:
    """Each portion in turn, released once it is used, and what weighs it."""
    for portions, ids in found:
        weigher = fitted.weigher_of([own[places] for own, places in zip(columns, ids, strict=True)])
        portions.reverse()
        while portions:
            yield weigher, portions.pop()
