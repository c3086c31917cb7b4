r"""Texts to a sparse matrix, by the names and to the values of scikit-learn's CountVectorizer and TfidfVectorizer.

Where an option is a name or a number, compiled code does the work. Where it is a function or a pattern of the user's,
Python calls it once per text, and compiled code does the rest.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from vikt.base import Estimator
from vikt.errors import UsageError
from vikt.features.rows import CompressedRows
from vikt.features.sklearn_text.chosen import FittedTerms, Terms, normalised_values
from vikt.features.sklearn_text.learning import fit_terms, listed_terms, texts_for_kernels
from vikt.features.sklearn_text.options import (
    check_options,
    float_type,
    python_options,
    value_type,
    warn_of_idle_options,
)
from vikt.features.sklearn_text.steps import TOKEN_PATTERN, Span, Steps
from vikt.parameters import TEXT_VECTORIZER, names_parameters

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class TextVectorizer(Steps, Estimator):
    r"""Texts to a TF-IDF matrix, by TfidfVectorizer's defaults: the same columns, the same values.

    CountVectorizer is `TextVectorizer(use_idf=False, norm=None, dtype=np.int64)`; `hashing` replaces HashingVectorizer.
    Parameters are scikit-learn's except for `analyzer`, whose "word" means vikt's own words; scikit-learn's "word" is
    called "pattern", and is the default.

    Parameters
    ----------
    input : {"content", "filename", "file"}
        What each document is: the text itself, its path, or an open file.
    encoding, decode_error : str
        How bytes become a string, as for `bytes.decode`.
    strip_accents : {"ascii", "unicode"}, callable or None
        "unicode" is NFKD without combining marks, "ascii" is NFKD without all that is not ASCII.
    lowercase : bool
    preprocessor : callable, optional
        From a text to a string, instead of `lowercase` and `strip_accents`.
    tokenizer : callable, optional
        From a string to its words, instead of `token_pattern`; unused for characters.
    analyzer : {"pattern", "word", "char", "char_wb"} or callable
        "pattern": the words that `token_pattern` matches; "word": vikt's own words, which keep one-letter words and
        symbols; "char": characters; "char_wb": characters within a word and the spaces around it. A callable makes
        terms of a text.
    stop_words : "english" or collection of str, optional
        Words that are dropped before n-grams are formed. "english" is scikit-learn's list, and needs scikit-learn.
    token_pattern : str
        A regular expression; its group, if it has one, is the word.
    ngram_range : tuple of int
        The shortest and the longest n-gram.
    max_df, min_df : int or float
        Terms in more, or fewer, texts are dropped; a float is a share of the texts.
    max_features : int, optional
        Only the terms that occur most often are kept.
    vocabulary : mapping of str to int or iterable of str, optional
        The terms and their columns, instead of learning them.
    binary : bool
        Presence instead of counts.
    dtype : type
        The type of values. Weights are float64 where it is neither float32 nor float64.
    norm : {"l2", "l1"} or None
        What is 1 for each row: the root of the sum of squares, or the sum.
    use_idf, smooth_idf : bool
        idf = ln((s + m) / (s + df)) + 1 for m texts, df of them with the term; s is 1 if smooth, else 0.
    sublinear_tf : bool
        1 + ln(count) instead of the count.
    hashing : int, optional
        Bits: terms fall into 2^hashing buckets by a hash of 62 bits, and no vocabulary is kept. Counts have no sign.
        Columns are the buckets that the texts of `fit` fill, and collisions are counted. Unlike HashingVectorizer it
        must be fitted, and it has idf.
    threads : int
        How many threads do the work; no result depends on it.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        The column of each term, built at first use.
    idf_ : (n,)
        The inverse document frequencies, where `use_idf`.
    fixed_vocabulary_ : bool
        Whether the option `vocabulary` is used.
    python_options_ : list of str
        The options that send every text through Python; none where all is compiled.
    ngrams_ : FittedNgrams or ChosenTerms
        What was learnt; its `spec()` is a description without code.

    Notes
    -----
    With a tokenizer, a callable analyzer or a token pattern other than runs of `\w`, Python cuts every text, which
    takes as long as in scikit-learn or longer. A preprocessor alone costs one call per text.

    Examples
    --------
    >>> vectorizer = TextVectorizer()
    >>> vectorizer.fit_transform(["a great film", "a bad film"]).shape
    (2, 3)
    >>> vectorizer.get_feature_names_out().tolist()
    ['bad', 'film', 'great']
    >>> TextVectorizer(analyzer=str.split, use_idf=False, norm=None, dtype=int).fit_transform(["to be or to"]).toarray()
    array([[1, 1, 2]])
    """

    _reads_texts = True
    _rules = TEXT_VECTORIZER
    ngrams_: FittedTerms
    python_options_: list[str]
    # The options by which `ngrams_` was learnt, and the columns by term once they were asked for.
    _options_: Self
    _terms_: Terms | None

    @names_parameters
    def __init__(
        self,
        *,
        input: str = "content",
        encoding: str = "utf-8",
        decode_error: str = "strict",
        strip_accents: str | Callable[[str], str] | None = None,
        lowercase: bool = True,
        preprocessor: Callable[[Any], str] | None = None,
        tokenizer: Callable[[str], Iterable[str]] | None = None,
        analyzer: Any = "pattern",
        stop_words: str | Iterable[str] | None = None,
        token_pattern: str | None = TOKEN_PATTERN,
        ngram_range: Span = (1, 1),
        max_df: float = 1.0,
        min_df: float = 1,
        max_features: int | None = None,
        vocabulary: Mapping[str, int] | Iterable[str] | None = None,
        binary: bool = False,
        dtype: DTypeLike = np.float64,
        norm: str | None = "l2",
        use_idf: bool = True,
        smooth_idf: bool = True,
        sublinear_tf: bool = False,
        hashing: int | None = None,
        threads: int = 1,
    ) -> None:
        self.input, self.encoding, self.decode_error = input, encoding, decode_error
        self.strip_accents, self.lowercase, self.preprocessor = strip_accents, lowercase, preprocessor
        self.tokenizer, self.analyzer, self.stop_words = tokenizer, analyzer, stop_words
        self.token_pattern, self.ngram_range = token_pattern, ngram_range
        self.max_df, self.min_df, self.max_features, self.vocabulary = max_df, min_df, max_features, vocabulary
        self.binary, self.dtype, self.norm = binary, dtype, norm
        self.use_idf, self.smooth_idf, self.sublinear_tf = use_idf, smooth_idf, sublinear_tf
        self.hashing, self.threads = hashing, threads

    @classmethod
    def of_learnt(cls, ngrams: FittedTerms, **parameters: Any) -> Self:
        """A vectorizer of these parameters that has learnt these n-grams already, as by them."""
        vectorizer = cls(**parameters)
        options = vectorizer._options()
        vectorizer._set_learnt(ngrams_=ngrams, python_options_=python_options(options), _options_=options, _terms_=None)
        return vectorizer

    def fit(self, raw_documents: Iterable[object], y: object = None) -> Self:
        """Learn the vocabulary and the document frequencies. Parameters and errors as for `fit_transform`."""
        self.fit_transform(raw_documents)
        return self

    def fit_transform(self, raw_documents: Iterable[object], y: object = None) -> csr_matrix:
        """Learn the vocabulary and the document frequencies, and return the rows.

        Parameters
        ----------
        raw_documents : iterable
            Texts, paths or files, as `input` says: a list, an array, or one column of pandas, Polars or Arrow.

        Returns
        -------
        (m, n) SciPy CSR matrix, indices rising within each row

        Raises
        ------
        UsageError
            An option is invalid.
        DataError
            A text is not a string.
        EmptyVocabularyError
            No term is left.
        """
        options = self._options()
        warn_of_idle_options(options)
        ngrams, rows = fit_terms(options, texts_for_kernels(options, raw_documents))
        matrix, asked = self._matrix(options, rows), python_options(options)
        if asked:
            # Not a warning: nothing is wrong, and it would stop those who run with warnings as errors.
            because = ", ".join(asked)
            logging.getLogger("vikt").info("every text goes through Python, which is slower, because of %s", because)
        self._set_learnt(ngrams_=ngrams, python_options_=asked, _options_=options, _terms_=None)
        return matrix

    def transform(self, raw_documents: Iterable[object]) -> csr_matrix:
        """The rows of texts by what was learnt, or by `vocabulary` where there is no idf to learn."""
        self._check_ready()
        texts = texts_for_kernels(self._options_, raw_documents)
        return self._matrix(self._options_, self.ngrams_.transform(texts, threads=self._n_threads))

    def set_output(self, *, transform: str | None = None) -> Self:
        """Leave the rows as SciPy's, by "default" or None.

        Raises
        ------
        UsageError
            "pandas" or "polars": the rows are sparse, which their frames cannot hold.
        """
        if transform not in (None, "default"):
            raise UsageError(
                "set_output: expected 'default', since the rows of texts are sparse and a frame cannot hold them, "
                f"found {transform!r}; make the rows dense after this step"
            )
        return self

    def inverse_transform(self, X: Any) -> list[NDArray[np.object_]]:
        """The terms of each row that are not zero."""
        from scipy.sparse import csr_matrix

        names, matrix = self.get_feature_names_out(), csr_matrix(X, copy=True)
        matrix.eliminate_zeros()
        return np.split(names[matrix.indices], matrix.indptr[1:-1])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """The term of each column: (n,)."""
        self._check_ready()
        # An array of strings would give each the length of the longest, and cut NUL off their ends.
        return np.array(self.ngrams_.names(), dtype=object)

    @property
    def vocabulary_(self) -> Terms:
        """The column of each term."""
        self._check_ready()
        if self._terms_ is None:
            self._terms_ = {name: column for column, name in enumerate(self.ngrams_.names())}
        return self._terms_

    @property
    def fixed_vocabulary_(self) -> bool:
        """Whether the option `vocabulary` is used."""
        return self.vocabulary is not None

    @property
    def idf_(self) -> NDArray[np.generic]:
        """The inverse document frequencies."""
        self._check_fitted()
        if not self._options_.use_idf:
            raise AttributeError("there is no idf_: use_idf is False")
        return self.ngrams_.idf.astype(float_type(self._options_), copy=False)

    @idf_.setter
    def idf_(self, idf: Any) -> None:
        if not self.use_idf:
            raise UsageError("idf_: cannot be set when use_idf is False")
        self._check_ready(with_idf=False)
        if np.shape(idf) != (self.ngrams_.n_columns,):
            raise UsageError(f"idf_: expected {self.ngrams_.n_columns} numbers, found the shape {np.shape(idf)}")
        self.ngrams_ = self.ngrams_.with_idf(np.asarray(idf, dtype=np.float64))

    def _facts(self) -> list[tuple[str, str]]:
        return [("terms", f"{self.ngrams_.n_columns:,}")]

    def _options(self) -> Self:
        """The vectorizer with its parameters as their rules read them. Raises UsageError where one is invalid."""
        options = copy.copy(self)
        options.__dict__ = self._given() | self._checked()
        check_options(options)
        return options

    def _matrix(self, options: Self, rows: CompressedRows) -> csr_matrix:
        from scipy.sparse import csr_matrix

        values = rows.values if options.norm != "l1" else normalised_values(rows.indptr, rows.values, np.abs, 1.0)
        shape = (len(rows.indptr) - 1, rows.n_features)
        matrix = csr_matrix((values.astype(value_type(options), copy=False), rows.indices, rows.indptr), shape)
        matrix.sort_indices()
        return matrix

    def _check_ready(self, with_idf: bool = True) -> None:
        """Refuse if there is something to learn first: a listed vocabulary needs no fit without idf."""
        if not self.__sklearn_is_fitted__() and self.vocabulary is not None and not (with_idf and self.use_idf):
            options = self._options()
            listed = listed_terms(options)
            self._set_learnt(ngrams_=listed, _options_=options, _terms_=dict(listed.terms))
        self._check_fitted()
