"""From scikit-learn's options to n-grams, and what these learn."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from vikt.corpus.frames import text_items
from vikt.corpus.texts import Texts
from vikt.errors import EmptyVocabularyError, warn
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.weighting import Weighting
from vikt.features.rows import CompressedRows
from vikt.features.sklearn_text.chosen import ChosenTerms, FittedTerms, Terms, checked_terms
from vikt.features.sklearn_text.options import PATTERNS, cuts_in_python, float_type, prepares_in_python
from vikt.features.sklearn_text.steps import CUT_INTO_WORDS, MARK, Steps, spelled

# Characters stay as typed, since scikit-learn composes none.
_ANALYZERS = {"word": "word", "char": "char_as_typed", "char_wb": "char_wb_as_typed"}


def texts_for_kernels(steps: Steps, raw_documents: Iterable[object]) -> Texts:
    """The texts that compiled code reads: as they are, prepared in Python, or as lists of terms cut in Python.

    Raises
    ------
    DataError
        The documents are one string or no single column, or one of them is missing or not a string.
    """
    documents = text_items(raw_documents)
    goes_through_python = cuts_in_python(steps) or prepares_in_python(steps) or steps.input != "content"
    if isinstance(documents, Texts):
        if not goes_through_python:
            return documents
        documents = documents.strings()
    if cuts_in_python(steps):
        terms_of = steps.build_analyzer()
        return Texts.from_strings([spelled(terms_of(document)) for document in documents])
    if prepares_in_python(steps):
        prepare = steps.build_preprocessor()
        return Texts.from_strings([prepare(steps.decode(document)) for document in documents])
    if steps.input == "content":
        return Texts.from_strings([doc if isinstance(doc, str) else steps.decode(doc) for doc in documents])
    return Texts.from_strings(map(steps.decode, documents))


def fit_terms(steps: Steps, texts: Texts) -> tuple[FittedTerms, CompressedRows]:
    """Learn the terms of texts.

    Raises
    ------
    EmptyVocabularyError
        No term is left.
    """
    if steps.vocabulary is not None:
        return listed_terms(steps).fit_transform(texts, threads=steps.threads)
    if not len(texts):
        raise EmptyVocabularyError("empty vocabulary: there are no texts to learn it from")
    if steps.max_features is not None and steps.hashing is None:
        return _fit_most_frequent(steps, texts)
    limits = {"min_df": steps.min_df, "max_df": steps.max_df, "max_features": steps.max_features}
    return _ngrams(steps, _weighting(steps), **limits).fit_transform(texts, threads=steps.threads)


def listed_terms(steps: Steps) -> ChosenTerms:
    """The terms of the option `vocabulary`."""
    terms = checked_terms(steps.vocabulary)
    if steps.lowercase and steps.preprocessor is None and any(any(map(str.isupper, term)) for term in terms):
        warn(
            "Upper case characters found in vocabulary while 'lowercase' is True. These entries will not be "
            "matched with any documents"
        )
    return _chosen(steps, terms)


def _fit_most_frequent(steps: Steps, texts: Texts) -> tuple[ChosenTerms, CompressedRows]:
    binary = Weighting(binary=steps.binary)
    ngrams = _ngrams(steps, binary, min_df=steps.min_df, max_df=steps.max_df)
    counting, rows = ngrams.fit_transform(texts, threads=steps.threads)
    # The very sum and sort of scikit-learn's, so that ties at the border fall alike.
    totals = np.bincount(rows.indices, weights=rows.values, minlength=rows.n_features).astype(steps.dtype)
    kept = np.sort((-totals).argsort()[: steps.max_features])
    terms = {name: column for column, name in enumerate(counting.names(kept))}
    column_of = np.full(rows.n_features, -1, dtype=np.int32)
    column_of[kept] = np.arange(len(kept))
    return _chosen(steps, terms).fit_counts(rows, column_of)


def _chosen(steps: Steps, terms: Terms) -> ChosenTerms:
    """Terms that are known from the start. The n-grams that count them are learnt from the terms themselves."""
    unchanged: dict[str, Any] = {"lowercase": False, "strip_accents": None, "stop_words": frozenset()}
    # One text more, so that something is learnt whatever the terms are, and a space where it is a term.
    texts = [*terms, " ".join(["aa"] * steps.ngram_range[0])]
    listed = Texts.from_strings([spelled([text]) for text in texts] if cuts_in_python(steps) else texts)
    learnt, _ = _ngrams(steps, Weighting(), **unchanged).fit_transform(listed)
    counting = replace(learnt, options=_ngrams(steps, Weighting(binary=steps.binary)))
    return ChosenTerms(counting, terms, _weighting(steps), steps.norm == "l2", np.ones(len(terms)))


def _ngrams(steps: Steps, weighting: Weighting, **options: Any) -> Ngrams:
    """The n-grams that count the terms of `texts_for_kernels`."""
    options = {"dtype": float_type(steps), "alphabetical": True, "hashing": steps.hashing, **options}
    if cuts_in_python(steps):
        options |= {"lowercase": False, "strip_accents": None, "stop_words": frozenset()}
        return Ngrams("pattern", (1, 1), weighting, cut=json.loads, mark=MARK, **options)
    prepared = prepares_in_python(steps)
    options = {
        "lowercase": steps.lowercase and not prepared,
        "strip_accents": None if prepared else steps.strip_accents,
        "stop_words": (steps.analyzer in CUT_INTO_WORDS and steps.get_stop_words()) or frozenset(),
        **options,
    }
    analyzer = PATTERNS[str(steps.token_pattern)] if steps.analyzer == "pattern" else _ANALYZERS[steps.analyzer]
    return Ngrams(analyzer, (steps.ngram_range[0], steps.ngram_range[1]), weighting, **options)


def _weighting(steps: Steps) -> Weighting:
    return Weighting(
        steps.binary, steps.sublinear_tf, steps.use_idf, normalised=steps.norm == "l2", smooth=steps.smooth_idf
    )
