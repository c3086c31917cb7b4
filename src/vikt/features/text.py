"""Documents to rows of features: n-grams of the text and hand-made features, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.corpus.documents import Documents
from vikt.corpus.sentences import sentences
from vikt.corpus.texts import Texts
from vikt.errors import EmptyVocabularyError, UsageError, check_known
from vikt.features.handmade.encoders import Encoder, Values, spelled_values, take_values
from vikt.features.handmade.features import Feature
from vikt.features.ngrams.hashing import HashedNgrams
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.weighting import weighting_named
from vikt.features.rows import Rows, side_by_side


class Part(NamedTuple):
    """What a text falls into, the shortest and longest n-gram unless told otherwise, and a weighting of its own."""

    analyzer: str
    ngrams: tuple[int, int]
    weighting: str | None = None


_WORDS, _CHARACTERS = Part("word", (1, 2)), Part("char_wb", (1, 5))
_TELLING_WORDS = Part("word", (1, 3), "nb")
# "auto" is what is taken where there is no choosing; see `vikt.selection.features`.
FEATURES: dict[str, tuple[Part, ...]] = {
    "auto": (_WORDS,),
    "none": (),
    "word": (_WORDS,),
    "char": (Part("char", (1, 5)),),
    "char_wb": (_CHARACTERS,),
    "word+char": (_WORDS, _CHARACTERS),
    "nb": (_TELLING_WORDS,),
    "nb+word+char": (_TELLING_WORDS, _WORDS, _CHARACTERS),
}

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FeatureSettings:
    """Which features.

    Attributes
    ----------
    analyzer : str
        A name in `FEATURES`.
    ngrams : tuple of int, optional
        The shortest and longest n-gram of the first part; the part's own if not given.
    weighting : str
        A name in `WEIGHTINGS`, of the parts that have none of their own.
    min_df : int
        Features in fewer texts are dropped.
    lowercase : bool, optional
        Words lose their case and characters keep it, if not given.
    handmade : tuple of Feature
        Features beside the n-grams.
    hashing : int, optional
        Bits: n-grams fall into 2^hashing buckets, and no vocabulary is kept.
    """

    analyzer: str = "auto"
    ngrams: tuple[int, int] | None = None
    weighting: str = "tfidf"
    min_df: int = 2
    lowercase: bool | None = None
    handmade: tuple[Feature, ...] = ()
    hashing: int | None = None

    def parts(self) -> list[Ngrams]:
        """The parts, with nothing learnt.

        Raises
        ------
        UsageError
            A setting that cannot be.
        """
        check_known("analyzer", self.analyzer, FEATURES)
        if self.min_df < 1:
            raise UsageError(f"min_df: expected 1 or more texts, found {self.min_df}")
        parts = FEATURES[self.analyzer]
        if not parts and not self.handmade:
            raise UsageError("analyzer: 'none' leaves no features; declare some")
        ngrams = [self.ngrams or part.ngrams for part in parts[:1]] + [part.ngrams for part in parts[1:]]
        weightings = [weighting_named(part.weighting or self.weighting) for part in parts]
        options: dict[str, Any] = {"min_df": self.min_df, "lowercase": self.lowercase}
        made: Callable[..., Ngrams] = Ngrams
        if self.hashing is not None:
            made = partial(HashedNgrams, bits=self.hashing)
        chosen = zip(parts, ngrams, weightings, strict=True)
        return [made(part.analyzer, n, weighting, **options) for part, n, weighting in chosen]


@dataclass(frozen=True)
class Measured:
    """Documents in all that features are made of: each row stands for itself, whatever its neighbours were.

    Attributes
    ----------
    texts : Texts
        Empty ones where there are none.
    values : tuple of array_like
        Of each hand-made feature, the value of every row.
    groups : Texts
        Rows of equal groups belong together: equal texts, or the sentence that a token stands in.
    """

    texts: Texts
    values: tuple[Values, ...]
    groups: Texts

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Any) -> Measured:
        """The rows named, in that order."""
        rows = np.asarray(rows, dtype=np.int64)
        texts = self.texts.take(rows)
        groups = texts if self.groups is self.texts else self.groups.take(rows)
        return Measured(texts, tuple(take_values(values, rows) for values in self.values), groups)

    def contents(self) -> Texts:
        """All that a row says, as bytes."""
        if not self.values:
            return self.texts
        spelled = [self.texts, *map(spelled_values, self.values)]
        # A length before each, so that no two rows are spelled alike.
        return Texts.from_bytes(
            [b"".join(b"%d:%b" % (len(part), part) for part in parts) for parts in zip(*spelled, strict=True)]
        )


class TextFeatures:
    """The features of documents.

    Parameters
    ----------
    settings : FeatureSettings

    Examples
    --------
    >>> features = TextFeatures(FeatureSettings(min_df=1))
    >>> features.fit_transform(features.measure(Documents.of(["Good film!", "Bad film."]))).n_features
    9
    """

    def __init__(self, settings: FeatureSettings) -> None:
        self.settings = settings
        self.parts = settings.parts()
        self.encoders = [feature.encoder() for feature in settings.handmade]

    @property
    def reads_text(self) -> bool:
        """Whether documents need a text."""
        return bool(self.parts) or any(feature.needs is None for feature in self.settings.handmade)

    @property
    def columns(self) -> list[str]:
        """The columns that documents need beside the text."""
        return sorted({feature.needs for feature in self.settings.handmade if feature.needs is not None})

    @property
    def is_running(self) -> bool:
        """Whether a feature looks at neighbours, so that documents must be running text: tokens in order."""
        return any(feature.is_running for feature in self.settings.handmade)

    def measure(self, documents: Documents) -> Measured:
        """What features are made of, in one pass over documents in their own order.

        Raises
        ------
        DataError
            A column that a feature reads is missing, or a value in it cannot be used.
        """
        values = tuple(feature.measure(documents) for feature in self.settings.handmade)
        texts = documents.strings() if self.reads_text else None
        if texts is not None and self.is_running:
            return Measured(texts, values, sentences(texts))
        if texts is not None:
            return Measured(texts, values, texts)
        empty = Texts.from_bytes([b""] * len(documents))
        return Measured(empty, values, Measured(empty, values, empty).contents())

    def fit_transform(self, measured: Measured, progress: Progress | None = None) -> Rows:
        """Learn the vocabulary and the scales, and return the rows, indices rising within each."""
        for encoder, values in zip(self.encoders, measured.values, strict=True):
            encoder.fit(values)
        rows = self._side_by_side([part.fit_transform(measured.texts, progress) for part in self.parts], measured)
        if not rows.n_features:
            raise EmptyVocabularyError("no feature is left: no hand-made one has a value in these rows")
        return rows

    def transform(self, measured: Measured, dtype: Any = None) -> Rows:
        """The rows of documents by what was learnt; n-grams' values are float32 unless a dtype is given."""
        return self._side_by_side([part.transform(measured.texts, dtype) for part in self.parts], measured)

    def scores(self, measured: Measured, theta: Any) -> NDArray[np.float64]:
        """θᵀx of each document, (m,) or (m, K), from its bytes to its scores without making the rows."""
        by_feature = theta.T.reshape(len(theta.T), -1)
        scores = np.tile(by_feature[0].astype(np.float64), (len(measured), 1))
        first = 1
        for part in self.parts:
            last = first + part.n_columns
            scores += part.scores(measured.texts, by_feature[first:last])
            first = last
        for encoder, values in zip(self.encoders, measured.values, strict=True):
            rows = encoder.rows(values)
            of_entries = rows.values[:, None].astype(np.float64) * by_feature[first + rows.indices]
            np.add.at(scores, np.repeat(np.arange(len(measured)), np.diff(rows.indptr)), of_entries)
            first += rows.n_features
        return scores[:, 0] if theta.ndim == 1 else scores

    def use_threads(self, threads: int) -> None:
        """Learn and score on so many threads; no result depends on it."""
        for part in self.parts:
            part.threads = threads

    def _side_by_side(self, parts: list[Rows], measured: Measured) -> Rows:
        made = zip(self.encoders, measured.values, strict=True)
        return side_by_side(parts + [encoder.rows(values) for encoder, values in made])

    def names(self, columns: Any = None) -> list[str]:
        """The features' names, of all columns or of those given; characters beside words are marked as such."""
        wanted = np.arange(self.n_features) if columns is None else np.asarray(columns, dtype=np.int64)
        names = np.empty(len(wanted), dtype=object)
        first = 0
        for part in self.parts:
            last = first + part.n_columns
            mine = np.flatnonzero((wanted >= first) & (wanted < last))
            names[mine] = [self.prefix(part) + name for name in part.names(wanted[mine] - first)]
            first = last
        handmade = np.flatnonzero(wanted >= first)
        names[handmade] = np.array(self.handmade_names, dtype=object)[wanted[handmade] - first]
        return list(names.tolist())

    @property
    def handmade_names(self) -> list[str]:
        """The names of the hand-made features' columns, which stand behind the n-grams."""
        made = zip(self.settings.handmade, self.encoders, strict=True)
        return [name for feature, encoder in made for name in encoder.names(feature.name)]

    @property
    def said(self) -> list[str]:
        """What the user should be told of what was learnt."""
        made = zip(self.settings.handmade, self.encoders, strict=True)
        said = [part.said() for part in self.parts] + [encoder.said(feature.name) for feature, encoder in made]
        return list(filter(None, said))

    def prefix(self, part: Ngrams) -> str:
        """What goes before a part's names; nothing where there is one part, or for plain words."""
        if len(self.parts) == 1:
            return ""
        presence = "presence of " if part.weighting.log_count_ratio else ""
        return presence + ("" if part.analyzer.joiner else "characters ")

    @property
    def n_features(self) -> int:
        return sum(learnt.n_columns for learnt in self._learners.values())

    def to_arrays(self) -> dict[str, Any]:
        """What was learnt, as arrays for a file."""
        return {
            f"{learner}.{name}": array
            for learner, learnt in self._learners.items()
            for name, array in learnt.to_arrays().items()
        }

    @property
    def _learners(self) -> dict[str, Ngrams | Encoder]:
        parts = {f"part{p}": part for p, part in enumerate(self.parts)}
        return parts | {f"feature{f}": encoder for f, encoder in enumerate(self.encoders)}

    @classmethod
    def beside(cls, settings: FeatureSettings, several: list[TextFeatures]) -> TextFeatures:
        """The n-grams of several features beside each other, learnt from the same documents as they are."""
        features = cls(settings)
        features.parts = [part for each in several for part in each.parts]
        features.encoders = several[0].encoders
        return features

    @property
    def n_handmade(self) -> int:
        """How many columns the hand-made features have, which stand behind the n-grams."""
        return sum(encoder.n_columns for encoder in self.encoders)

    @property
    def telling_columns(self) -> NDArray[np.bool_]:
        """Whether each column is to be penalised by how little it tells of a class: (n,)."""
        of_parts = [np.full(part.n_columns, part.weighting.log_count_ratio) for part in self.parts]
        return np.concatenate([*of_parts, np.zeros(self.n_handmade, dtype=bool)])

    @classmethod
    def from_arrays(cls, settings: FeatureSettings, arrays: dict[str, Any]) -> TextFeatures:
        """Features as they were when `to_arrays` was called.

        Raises
        ------
        DamagedModelError
            The arrays are no features.
        """
        features = cls(settings)
        for learner, learnt in features._learners.items():
            own = f"{learner}."
            learnt.restore({name.removeprefix(own): array for name, array in arrays.items() if name.startswith(own)})
        return features
