"""A trained model as a fitted pipeline of scikit-learn.

scikit-learn's own classes stand for all that they can say: the linear model, and n-grams of characters. vikt's words,
hashing and lower-cased characters, which they cannot, are `vikt.TextVectorizer`.
"""

from __future__ import annotations

import io
import unicodedata
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vikt.errors import MissingPackageError, UsageError
from vikt.features.ngrams.ngrams import FittedNgrams
from vikt.features.ngrams.normalise import fold
from vikt.fitting.model import FittedModel
from vikt.fitting.saved import SavedModel
from vikt.mappings import Values
from vikt.names import KIND_NAMES
from vikt.vectorizer import TextVectorizer

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

_ONE_CLASS = ("classes", "soft")


def pipeline_of(saved: SavedModel) -> Pipeline:
    """The fitted pipeline whose `predict` and `predict_proba` are those of a model.

    Raises
    ------
    UsageError
        scikit-learn has nothing for what the model answers, or for its hand-made features.
    MissingPackageError
        scikit-learn is not installed.
    """
    model = saved.model
    _check(model)
    try:
        from sklearn.pipeline import FeatureUnion, Pipeline
    except ImportError:
        raise MissingPackageError("scikit-learn is not installed; run: pip install scikit-learn") from None
    steps = [(f"ngrams{number}", _vectorizer(part)) for number, part in enumerate(model.features.parts, start=1)]
    features = steps[0][1] if len(steps) == 1 else FeatureUnion(steps)
    return Pipeline([("features", features), ("classifier", _classifier(model))])


def joblib_of(saved: SavedModel, name: str) -> bytes:
    """The pipeline as a file of joblib's, which is a pickle: loading it runs code."""
    pipeline = pipeline_of(saved)
    import joblib

    content = io.BytesIO()
    joblib.dump(pipeline, content, compress=3)
    return content.getvalue()


def is_empty_file(path: Path) -> bool:
    """Whether a file holds nothing: no pickle is opened to see whose it is."""
    return path.stat().st_size == 0


def _check(model: FittedModel) -> None:
    """Refuse what no class of scikit-learn says, in one line."""
    instead = "; vikt.load(MODEL) gives a classifier that works within scikit-learn"
    if model.kind not in _ONE_CLASS:
        raise UsageError(f"scikit-learn has no linear model for {KIND_NAMES[model.kind]}{instead}")
    if not model.decision.answers_most_probable:
        raise UsageError(f"scikit-learn cannot answer by an aim, a coverage or a largest error{instead}")
    if model.features.n_handmade:
        raise UsageError(f"scikit-learn does not compute vikt's hand-made features{instead}")


def _vectorizer(part: FittedNgrams) -> TfidfVectorizer | TextVectorizer:
    """The vectorizer of one part: scikit-learn's for characters in their own case, else vikt's."""
    says = part.analyzer.joiner == "" and part.options.hashing is None and not part.options.tokeniser.lowercase
    return _of_sklearn(part) if says else _of_vikt(part)


def _of_sklearn(part: FittedNgrams) -> TfidfVectorizer:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer=part.options.analyzer,
        preprocessor=partial(unicodedata.normalize, "NFC"),
        vocabulary={name: column for column, name in enumerate(part.names())},
        lowercase=False,
        **_weighting(part),
    )
    # A given vocabulary is not learnt, and the idf of this one text is replaced.
    vectorizer.fit([""])
    if part.weighting.inverse_document_frequency:
        vectorizer.idf_ = part.idf
    return vectorizer


def _of_vikt(part: FittedNgrams) -> TextVectorizer:
    is_word, lowercase = part.options.analyzer == "word", part.options.tokeniser.lowercase
    # The characters of a vectorizer are as typed, unless a function composes them.
    prepare = None if is_word else fold if lowercase else partial(unicodedata.normalize, "NFC")
    return TextVectorizer.of_learnt(
        part.with_dtype(np.float64),
        analyzer=part.options.analyzer,
        lowercase=lowercase,
        preprocessor=prepare,
        hashing=part.options.hashing,
        **_weighting(part),
    )


def _weighting(part: FittedNgrams) -> Values:
    """The options of weighting, and the lengths of n-grams, by the names that both vectorizers have for them."""
    weighting = part.weighting
    return {
        "ngram_range": part.options.ngrams,
        "binary": weighting.binary,
        "sublinear_tf": weighting.sublinear,
        "use_idf": weighting.inverse_document_frequency,
        "smooth_idf": weighting.smooth,
        "norm": "l2" if weighting.normalised else None,
        "dtype": np.float64,
    }


def _classifier(model: FittedModel) -> LogisticRegression:
    """The linear model, its scores divided by the temperature."""
    from sklearn.linear_model import LogisticRegression

    classifier = LogisticRegression()
    classes = model.classes
    # NumPy's strings of any width are not scikit-learn's.
    classifier.classes_ = classes.astype(object) if classes.dtype.kind == "T" else classes
    classifier.coef_ = model.coef.astype(np.float64) / model.decision.temperature
    classifier.intercept_ = model.intercept.astype(np.float64) / model.decision.temperature
    classifier.n_features_in_ = model.features.n_features
    classifier.n_iter_ = np.zeros(1, dtype=np.int32)
    return classifier
