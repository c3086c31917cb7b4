"""The different texts of an audit, with the features by which checks compare them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vikt.arrays import Ints
from vikt.corpus.texts import Texts
from vikt.errors import EmptyVocabularyError
from vikt.features.ngrams.ngrams import FittedNgrams, Ngrams
from vikt.features.ngrams.weighting import WEIGHTINGS
from vikt.features.rows import CompressedRows


class DistinctTexts(NamedTuple):
    """Texts of which no two are equal, those of training before those of the test.

    Attributes
    ----------
    training, test : ndarray of int
        The first row of each on its side.
    ngrams : FittedNgrams or None
        Words and pairs of words; None where no text has any.
    rows : CompressedRows
        The TF-IDF rows of all, of length 1, columns from the commonest feature to the rarest.
    """

    training: Ints
    test: Ints
    ngrams: FittedNgrams | None
    rows: CompressedRows

    @property
    def frequencies(self) -> Ints:
        """The number of these texts that hold each feature."""
        return np.bincount(self.rows.indices, minlength=self.rows.n_features)


def distinct_texts(training: Ints, test: Ints, texts: Texts) -> DistinctTexts:
    """The features of different texts, given one after the other with their rows."""
    nothing = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
    no_features = None, CompressedRows(np.zeros(len(texts) + 1, dtype=np.int64), *nothing, 0)
    if not len(texts):
        return DistinctTexts(training, test, *no_features)
    try:
        learnt = Ngrams("word", (1, 2), WEIGHTINGS["tfidf"], min_df=1).fit_transform(texts)
    except EmptyVocabularyError:
        return DistinctTexts(training, test, *no_features)
    return DistinctTexts(training, test, *learnt)
