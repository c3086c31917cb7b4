"""Texts to rows of features: one part or several side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vikt.corpus.texts import Texts
from vikt.errors import DamagedModelError, UsageError, check_known
from vikt.features.ngrams import Ngrams
from vikt.features.rows import Rows, side_by_side
from vikt.features.vocabulary import Vocabulary
from vikt.features.weighting import weighting_named

# The parts of each choice of features, and the n-grams a part has unless told otherwise.
FEATURES: dict[str, tuple[str, ...]] = {
    "auto": ("word",),
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
    """

    analyzer: str = "auto"
    ngrams: tuple[int, int] | None = None
    weighting: str = "tfidf"
    min_df: int = 2
    lowercase: bool | None = None

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
        ngrams = [self.ngrams or USUAL_NGRAMS[names[0]], *(USUAL_NGRAMS[name] for name in names[1:])]
        weighting = weighting_named(self.weighting)
        return [
            Ngrams(name, n, weighting, min_df=self.min_df, lowercase=self.lowercase)
            for name, n in zip(names, ngrams, strict=True)
        ]


class TextFeatures:
    """The features of texts.

    Parameters
    ----------
    settings : FeatureSettings

    Examples
    --------
    >>> features = TextFeatures(FeatureSettings(min_df=1))
    >>> features.fit_transform(Texts.from_strings(["Good film!", "Bad film."])).n_features
    9
    """

    def __init__(self, settings: FeatureSettings) -> None:
        self.settings = settings
        self.parts = settings.parts()

    def fit_transform(self, texts: Texts, progress: Progress | None = None) -> Rows:
        """Learn the vocabulary and return the rows, indices rising within each."""
        return side_by_side([part.fit_transform(texts, progress) for part in self.parts])

    def transform(self, texts: Texts, progress: Progress | None = None) -> Rows:
        """The rows of texts by the vocabulary learnt."""
        return side_by_side([part.transform(texts, progress) for part in self.parts])

    def names(self, columns: Any = None) -> list[str]:
        """The features' names, of all columns or of those given; characters beside words are marked as such."""
        wanted = np.arange(self.n_features) if columns is None else np.asarray(columns, dtype=np.int64)
        names = np.empty(len(wanted), dtype=object)
        first = 0
        for part in self.parts:
            last = first + part.vocabulary.n_columns
            mine = np.flatnonzero((wanted >= first) & (wanted < last))
            spelled = part.vocabulary.names(part.analyzer.joiner, wanted[mine] - first)
            names[mine] = [self.prefix(part) + name for name in spelled]
            first = last
        return list(names.tolist())

    def prefix(self, part: Ngrams) -> str:
        """What goes before a part's names; nothing where there is one part, or for words."""
        return "" if len(self.parts) == 1 or part.analyzer.joiner else "characters "

    @property
    def n_features(self) -> int:
        return sum(part.vocabulary.n_columns for part in self.parts)

    def to_arrays(self) -> dict[str, Any]:
        """What was learnt, as arrays for a file."""
        arrays: dict[str, Any] = {}
        for p, part in enumerate(self.parts):
            learnt = part.vocabulary
            arrays |= {
                f"part{p}.pool": learnt.pool,
                f"part{p}.pool_offsets": learnt.pool_offsets,
                f"part{p}.keys": learnt.keys,
                f"part{p}.idf": part.idf,
            }
        return arrays

    @classmethod
    def from_arrays(cls, settings: FeatureSettings, arrays: dict[str, Any]) -> TextFeatures:
        """Features as they were when `to_arrays` was called.

        Raises
        ------
        DamagedModelError
            The arrays are no features.
        """
        features = cls(settings)
        for p, part in enumerate(features.parts):
            pool, offsets, keys, idf = (arrays[f"part{p}.{name}"] for name in ("pool", "pool_offsets", "keys", "idf"))
            if idf.dtype != np.float64 or idf.ndim != 1:
                raise DamagedModelError(f"part{p}.idf has shape {idf.shape} of {idf.dtype}")
            part.restore(Vocabulary.from_file(pool, offsets, keys, len(idf), part.ngrams[1]), idf)
        return features
