"""Documents to rows of features: n-grams of the text and hand-made features, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.corpus.documents import Documents
from vikt.corpus.sentences import sentences
from vikt.corpus.texts import Texts
from vikt.errors import EmptyVocabularyError, UsageError, check_known
from vikt.features.encoders import Encoder, Values, spelled_values, take_values
from vikt.features.handmade import Feature
from vikt.features.hashing import HashedNgrams
from vikt.features.ngrams import Ngrams
from vikt.features.rows import Rows, side_by_side
from vikt.features.weighting import weighting_named

# The parts of each choice of features, and the n-grams a part has unless told otherwise.
FEATURES: dict[str, tuple[str, ...]] = {
    "auto": ("word",),
    "none": (),
    "word": ("word",),
    "char": ("char",),
    "char_wb": ("char_wb",),
    "word+char": ("word", "char_wb"),
}
USUAL_NGRAMS = {"word": (1, 2), "char": (1, 5), "char_wb": (1, 5)}

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FeatureSettings:
    """Which features.

    Attributes
    ----------
    analyzer : str
        A name in `FEATURES`.
    ngrams : tuple of int, optional
        The shortest and longest n-gram of the first part; `USUAL_NGRAMS` if not given.
    weighting : str
        A name in `WEIGHTINGS`.
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
        names = FEATURES[self.analyzer]
        if not names and not self.handmade:
            raise UsageError("analyzer: 'none' leaves no features; declare some")
        ngrams = [self.ngrams or USUAL_NGRAMS[name] for name in names[:1]] + [USUAL_NGRAMS[name] for name in names[1:]]
        weighting = weighting_named(self.weighting)
        options: dict[str, Any] = {"min_df": self.min_df, "lowercase": self.lowercase}
        made: Callable[..., Ngrams] = Ngrams
        if self.hashing is not None:
            made = partial(HashedNgrams, bits=self.hashing)
        return [made(name, n, weighting, **options) for name, n in zip(names, ngrams, strict=True)]


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
        """What goes before a part's names; nothing where there is one part, or for words."""
        return "" if len(self.parts) == 1 or part.analyzer.joiner else "characters "

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
