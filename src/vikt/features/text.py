"""Documents to rows of features: n-grams of the text and hand-made features, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from vikt.arrays import Arrays, Bools, Floats, Ids, Ints, Reals
from vikt.corpus.documents import Documents
from vikt.corpus.sentences import sentences
from vikt.corpus.texts import Texts
from vikt.errors import EmptyVocabularyError, UsageError
from vikt.features.description import Fact
from vikt.features.handmade.encoders import AnyEncoder
from vikt.features.measured import Measured
from vikt.features.memory import ngrams_per_byte
from vikt.features.ngrams.learning import EntryKeeper
from vikt.features.ngrams.ngrams import FittedNgrams, Ngrams
from vikt.features.ngrams.over_shards import learnt_over
from vikt.features.ngrams.scoring import NgramScorer
from vikt.features.ngrams.sieve import MOST_BYTES
from vikt.features.ngrams.turns import Turns
from vikt.features.rows import CompressedRows, side_by_side
from vikt.features.settings import FeatureSettings

if TYPE_CHECKING:
    from vikt.features.handmade.features import Feature
    from vikt.features.spec import FeaturesSpec


class TextFeatures:
    """The features of documents, fitted once and unchanged after that; `parts` and `encoders` are empty before.

    Examples
    --------
    >>> features = TextFeatures(FeatureSettings(min_df=1))
    >>> features.fit_transform(features.measure(Documents.of(["Good film!", "Bad film."]))).n_features
    9
    """

    def __init__(self, settings: FeatureSettings) -> None:
        self.settings = settings
        self._ngrams: Sequence[Ngrams] = settings.parts()
        self.parts: tuple[FittedNgrams, ...] = ()
        self.encoders: tuple[AnyEncoder, ...] = ()

    @classmethod
    def fitted(cls, settings: FeatureSettings, parts: Sequence[FittedNgrams], encoders: Sequence[AnyEncoder]) -> Self:
        features = cls(settings)
        features.parts, features.encoders = tuple(parts), tuple(encoders)
        return features

    @property
    def reads_text(self) -> bool:
        return bool(self._ngrams) or any(feature.needs is None for feature in self.settings.handmade)

    @property
    def columns(self) -> list[str]:
        """The columns that documents need besides the text."""
        return sorted({feature.needs for feature in self.settings.handmade if feature.needs is not None})

    @property
    def is_running(self) -> bool:
        """Whether a feature reads neighbours, so that documents must be running text, tokens in order."""
        return any(feature.is_running for feature in self.settings.handmade)

    def measure(self, documents: Documents) -> Measured:
        """The input of the features, in one pass. Raises DataError where a column is missing or invalid."""
        values = tuple(feature.measure(documents) for feature in self.settings.handmade)
        texts = documents.strings() if self.reads_text else None
        if texts is not None and self.is_running:
            return Measured(texts, values, sentences(texts))
        if texts is not None:
            return Measured(texts, values, texts)
        empty = Texts.from_bytes([b""] * len(documents))
        return Measured(empty, values, Measured(empty, values, empty).contents())

    def fit_transform(
        self, measured: Measured, progress: Callable[[int, int], None] | None = None, *, threads: int = 1
    ) -> CompressedRows:
        """Learn the vocabulary and the scales, and return the rows, indices rising within each.

        `progress` is called with the number of documents done and of all, for each part of the n-grams.

        Raises
        ------
        EmptyVocabularyError
            No feature is left.
        UsageError
            These features are fitted already.
        """
        if self.parts or self.encoders:
            raise UsageError("these features are already fitted; make new ones from the settings")
        encoders = tuple(
            feature.encoder().fit(values)
            for feature, values in zip(self.settings.handmade, measured.values, strict=True)
        )
        learnt = [ngrams.fit_transform(measured.texts, progress, threads=threads) for ngrams in self._ngrams]
        rows = side_by_side([rows for _, rows in learnt] + _encoded(encoders, measured))
        if not rows.n_features:
            raise EmptyVocabularyError("no feature is left: no hand-made feature has a value in these rows")
        self.parts, self.encoders = tuple(part for part, _ in learnt), encoders
        return rows

    def learn_over(
        self,
        turns: Turns,
        n_documents: int,
        n_bytes: int,
        *,
        most_bytes: int = MOST_BYTES,
        threads: int = 1,
        keeper_of: Callable[[int, int], EntryKeeper] | None = None,
    ) -> list[list[Ids]]:
        """Learn the same from texts that are too many for memory, and make no rows.

        `n_bytes` is the length of all texts, roughly. `keeper_of` gives what is to keep the entries of a part of the
        n-grams and a shard, by their numbers. The other parameters are those of `learnt_over` in
        `vikt.features.ngrams.over_shards`.

        Returns
        -------
        list of lists of arrays
            For each part and space the column of each id that was learnt, NONE where it has none.

        Raises
        ------
        EmptyVocabularyError
            No feature is left.
        UsageError
            These features are fitted already, or some are hand-made, which need all documents.
        """
        if self.parts or self.settings.handmade:
            raise UsageError(
                "expected features of the text that are not fitted yet, found fitted or hand-made ones; make new ones "
                "from settings without hand-made features"
            )
        learnt = [
            learnt_over(
                turns,
                ngrams,
                n_documents,
                n_bytes * ngrams_per_byte(ngrams),
                most_bytes=most_bytes,
                threads=threads,
                keeper_of=partial(keeper_of, part) if keeper_of else None,
            )
            for part, ngrams in enumerate(self._ngrams)
        ]
        self.parts = tuple(part for part, _ in learnt)
        return [columns for _, columns in learnt]

    def transform(self, measured: Measured, dtype: DTypeLike | None = None, *, threads: int = 1) -> CompressedRows:
        """The rows of documents; n-grams have float32 values by default."""
        blocks = [part.transform(measured.texts, dtype, threads=threads) for part in self.parts]
        return side_by_side(blocks + _encoded(self.encoders, measured))

    def scorer(self, theta: Reals) -> TextScorer:
        """What gives documents scores by weights θ, the intercepts first: (n+1,) or (K, n+1)."""
        return TextScorer(self, theta)

    def names(self, columns: ArrayLike | None = None) -> list[str]:
        """The names of some columns, or of all; where there are words too, those of characters are marked."""
        wanted = np.arange(self.n_features) if columns is None else np.asarray(columns, dtype=np.int64)
        names = np.empty(len(wanted), dtype=object)
        first = 0
        for part in self.parts:
            last = first + part.n_columns
            own = np.flatnonzero((wanted >= first) & (wanted < last))
            names[own] = [self.prefix(part) + name for name in part.names(wanted[own] - first)]
            first = last
        handmade = np.flatnonzero(wanted >= first)
        names[handmade] = np.array(self.handmade_names, dtype=object)[wanted[handmade] - first]
        return list(names.tolist())

    def document_counts(self, columns: ArrayLike, n_documents: int) -> list[int | None]:
        """How many of the documents learnt from hold the feature of each column; None where the model does not know.

        That is known of n-grams weighted by TF-IDF, the number of documents being given; of buckets it is how many hold
        any of their n-grams.
        """
        wanted = np.asarray(columns, dtype=np.int64)
        counts = np.full(len(wanted), -1, dtype=np.int64)
        first = 0
        for part in self.parts:
            own = np.flatnonzero((wanted >= first) & (wanted < first + part.n_columns))
            found = part.weighting.document_frequency(part.idf[wanted[own] - first], n_documents)
            if found is not None:
                counts[own] = found
            first += part.n_columns
        return [None if count < 0 else count for count in counts.tolist()]

    def columns_in(self, other: TextFeatures, first_part: int = 0) -> Ints:
        """The column that each feature has among others of the same settings, -1 where it has none: (n,).

        The others may have more parts: those of these features start at `first_part` there.
        """
        starts = np.cumsum([0, *(part.n_columns for part in other.parts)])
        aligned = zip(self.parts, other.parts[first_part:], starts[first_part:].tolist(), strict=False)
        blocks = [(part.columns_in(others), start) for part, others, start in aligned]
        place = {name: j for j, name in enumerate(other.handmade_names)}
        handmade = np.array([place.get(name, -1) for name in self.handmade_names], dtype=np.int64)
        return np.concatenate([np.where(own < 0, -1, own + start) for own, start in [*blocks, (handmade, starts[-1])]])

    @property
    def handmade_names(self) -> list[str]:
        """The names of the columns of hand-made features, which come last."""
        return [name for feature, encoder in self._handmade for name in encoder.names(feature.name)]

    @property
    def _handmade(self) -> list[tuple[Feature, AnyEncoder]]:
        return list(zip(self.settings.handmade, self.encoders, strict=True))

    def facts(self) -> list[Fact]:
        """Facts for users on what was learnt."""
        of_ngrams = [fact for part in self.parts for fact in part.facts()]
        return of_ngrams + [fact for feature, encoder in self._handmade for fact in encoder.facts(feature.name)]

    def prefix(self, part: FittedNgrams) -> str:
        """The prefix of a part's names: none for plain words, or for a single part."""
        if len(self.parts) == 1:
            return ""
        presence = "presence of " if part.weighting.log_count_ratio else ""
        return presence + ("" if part.analyzer.joiner else "characters ")

    @property
    def n_features(self) -> int:
        return self.n_ngrams + self.n_handmade

    @property
    def n_ngrams(self) -> int:
        """The number of columns of n-grams, which come first."""
        return sum(part.n_columns for part in self.parts)

    @property
    def n_handmade(self) -> int:
        """The number of columns of hand-made features, which come last."""
        return sum(encoder.n_columns for encoder in self.encoders)

    @property
    def telling_columns(self) -> Bools:
        """For each column whether it is penalised the more the less it says of a class."""
        of_parts = [np.full(part.n_columns, part.weighting.log_count_ratio) for part in self.parts]
        return np.concatenate([*of_parts, np.zeros(self.n_handmade, dtype=bool)])

    @classmethod
    def beside(cls, settings: FeatureSettings, several: Sequence[TextFeatures]) -> Self:
        """The n-grams of several features side by side, and the hand-made features, which all of them share."""
        return cls.fitted(settings, [part for each in several for part in each.parts], several[0].encoders)

    def to_arrays(self) -> Arrays:
        parts = {f"part{p}.": part.to_arrays() for p, part in enumerate(self.parts)}
        encoders = {f"feature{f}.": encoder.to_arrays() for f, encoder in enumerate(self.encoders)}
        both: dict[str, Arrays] = {**parts, **encoders}
        return {prefix + name: array for prefix, own in both.items() for name, array in own.items()}

    @classmethod
    def from_arrays(cls, settings: FeatureSettings, arrays: Arrays) -> Self:
        """The inverse of `to_arrays`. Raises DamagedModelError where the arrays do not fit together."""

        def under(prefix: str) -> Arrays:
            return {name.removeprefix(prefix): own for name, own in arrays.items() if name.startswith(prefix)}

        parts = [ngrams.from_arrays(under(f"part{p}.")) for p, ngrams in enumerate(settings.parts())]
        encoders = [feature.encoder().from_arrays(under(f"feature{f}.")) for f, feature in enumerate(settings.handmade)]
        return cls.fitted(settings, parts, encoders)

    def spec(self) -> FeaturesSpec:
        """The fitted features without code, from which exports and other readers are made."""
        # Imported here, since answering a text needs none of it.
        from vikt.features.handmade.spec import handmade_spec
        from vikt.features.spec import FeaturesSpec

        handmade = tuple(handmade_spec(feature, encoder) for feature, encoder in self._handmade)
        return FeaturesSpec(tuple(part.spec() for part in self.parts), handmade)


class TextScorer:
    """Scores of documents by fitted features and their weights θ, the intercepts first: (n+1,) or (K, n+1)."""

    def __init__(self, features: TextFeatures, theta: Reals) -> None:
        self._made_of = features, theta
        by_feature = theta.T.reshape(len(theta.T), -1)
        edges = np.cumsum([1, *(part.n_columns for part in features.parts)])
        self._intercepts, self._of_handmade = by_feature[0], by_feature[edges[-1] :]
        self._by_part = [
            NgramScorer(part, by_feature[first:last])
            for part, (first, last) in zip(features.parts, pairwise(edges), strict=True)
        ]

    def __reduce__(self) -> tuple[type[TextScorer], tuple[TextFeatures, Reals]]:
        return TextScorer, self._made_of

    def scores(self, measured: Measured, *, threads: int = 1) -> Floats:
        """θᵀx of each document, (m,) or (m, K), from its bytes to its scores without making the rows."""
        scores = np.empty((len(measured), len(self._intercepts)))
        scores[:] = self._intercepts
        for scorer in self._by_part:
            scores += scorer.scores(measured.texts, threads=threads)
        features, theta = self._made_of
        first = 0
        for rows in _encoded(features.encoders, measured):
            of_entries = rows.values[:, None].astype(np.float64) * self._of_handmade[first + rows.indices]
            np.add.at(scores, np.repeat(np.arange(len(measured)), np.diff(rows.indptr)), of_entries)
            first += rows.n_features
        return scores[:, 0] if theta.ndim == 1 else scores


def _encoded(encoders: Sequence[AnyEncoder], measured: Measured) -> list[CompressedRows]:
    return [encoder.rows(values) for encoder, values in zip(encoders, measured.values, strict=True)]
