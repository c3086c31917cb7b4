r"""Texts to a sparse matrix, by the names and to the values of scikit-learn's CountVectorizer and TfidfVectorizer.

Where an option of theirs is a name or a number, compiled code does the work. Where it is a function of the user's, or a
pattern of the user's, Python calls it once a text, and compiled code does the rest.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vikt.base import Estimator
from vikt.corpus.texts import Texts
from vikt.errors import DataError, EmptyVocabularyError, UsageError, check_known
from vikt.features.ngrams.hashing import HashedNgrams
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.weighting import Weighting
from vikt.features.rows import Rows
from vikt.features.sklearn_text.chosen import ChosenTerms, Terms, UnsmoothedWeighting, given_terms, normalised_rows
from vikt.features.sklearn_text.steps import CUT_INTO_WORDS, TOKEN_PATTERN, ListedTerms, Span, Steps, spelled
from vikt.threads import check_threads

# The token patterns that are compiled: a run of word characters has an edge on either side, asked for or not.
_PATTERNS = {
    TOKEN_PATTERN: "pattern",
    r"\b\w\w+\b": "pattern",
    r"(?u)\b\w+\b": "pattern_any_length",
    r"\b\w+\b": "pattern_any_length",
    r"(?u)\w+": "pattern_any_length",
    r"\w+": "pattern_any_length",
}
# Characters stay as typed here, since scikit-learn composes none.
_ANALYZERS = {"pattern": "pattern", "word": "word", "char": "char_as_typed", "char_wb": "char_wb_as_typed"}
_BUILDERS = {"build_analyzer": "analyzer", "build_tokenizer": "tokenizer", "build_preprocessor": "preprocessor"}


class TextVectorizer(Steps, Estimator):
    r"""Texts to a TF-IDF matrix, by TfidfVectorizer's defaults: the same columns, the same values.

    CountVectorizer is `TextVectorizer(use_idf=False, norm=None, dtype=np.int64)`; HashingVectorizer's role is that of
    `hashing`. Parameters are scikit-learn's but for `analyzer`, whose "word" is vikt's own words; scikit-learn's "word"
    is "pattern" here, and the default.

    Parameters
    ----------
    input : {"content", "filename", "file"}
        What is given for each text: itself, where it is, or an open file.
    encoding, decode_error : str
        How bytes become a string, as for `bytes.decode`.
    strip_accents : {"ascii", "unicode"}, callable or None
        "unicode" is NFKD without combining marks, "ascii" is NFKD without all that is not ASCII.
    lowercase : bool
    preprocessor : callable, optional
        From a text to a string, in place of `lowercase` and `strip_accents`.
    tokenizer : callable, optional
        From a string to its words, in place of `token_pattern`; not for characters.
    analyzer : {"pattern", "word", "char", "char_wb"} or callable
        "pattern" are the words that `token_pattern` matches, "word" vikt's own, which keep one-letter words and
        symbols; "char" are characters, "char_wb" those within a word and the spaces around it. A callable goes from a
        text to its terms.
    stop_words : "english" or collection of str, optional
        Words that are left out before n-grams are formed. "english" is scikit-learn's list, and needs it.
    token_pattern : str
        A regular expression of Python's; its group, if it has one, is the word.
    ngram_range : tuple of int
        The shortest and the longest n-gram.
    max_df, min_df : int or float
        Terms in more, or fewer, texts are left out; a float is a share of the texts.
    max_features : int, optional
        Only the terms that occur most often are kept.
    vocabulary : mapping of str to int or iterable of str, optional
        The terms and their columns; then none are learnt.
    binary : bool
        Presence instead of counts.
    dtype : type
        Of the values. Weights are float64 where it is neither float32 nor float64.
    norm : {"l2", "l1"} or None
        What is 1 for each row: the root of its sum of squares, or its sum.
    use_idf, smooth_idf : bool
        idf = ln((s + m) / (s + df)) + 1 for m texts, df of them with the term; s is 1 if smooth, else 0.
    sublinear_tf : bool
        1 + ln(count) instead of the count.
    hashing : int, optional
        Bits: terms fall into 2^hashing buckets by a hash of 62 bits, and no vocabulary is kept. Counts have no sign;
        columns are the buckets that the texts of `fit` fill, and collisions are counted. So `fit` must be called, where
        HashingVectorizer needs none; then there is idf too.
    threads : int
        How many do the work; no result depends on it.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        The column of each term, built when first asked for.
    idf_ : (n,)
        The inverse document frequencies, where `use_idf`.
    fixed_vocabulary_ : bool
        Whether `vocabulary` was given.
    python_options_ : list of str
        The options that let every text go through Python; none where all is compiled.
    ngrams_ : Ngrams or ChosenTerms
        What was learnt.

    Notes
    -----
    A tokenizer, a callable analyzer or a token pattern of the user's own (other than runs of `\w`) lets every text be
    cut in Python, which takes as long as in scikit-learn, or longer. A preprocessor alone costs one call a text.

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

    def __init__(
        self,
        *,
        input: str = "content",
        encoding: str = "utf-8",
        decode_error: str = "strict",
        strip_accents: Any = None,
        lowercase: bool = True,
        preprocessor: Callable[[Any], str] | None = None,
        tokenizer: Callable[[str], Iterable[str]] | None = None,
        analyzer: Any = "pattern",
        stop_words: Any = None,
        token_pattern: str | None = TOKEN_PATTERN,
        ngram_range: Span = (1, 1),
        max_df: float = 1.0,
        min_df: float = 1,
        max_features: int | None = None,
        vocabulary: Any = None,
        binary: bool = False,
        dtype: Any = np.float64,
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

    def fit(self, raw_documents: Any, y: Any = None) -> Self:
        """Learn the vocabulary and the document frequencies. Parameters and errors as for `fit_transform`."""
        self.fit_transform(raw_documents)
        return self

    def fit_transform(self, raw_documents: Any, y: Any = None) -> Any:
        """Learn the vocabulary and the document frequencies, and return the rows.

        Parameters
        ----------
        raw_documents : iterable
            Texts, paths or files, as `input` has it.

        Returns
        -------
        (m, n) SciPy CSR matrix, indices rising within each row

        Raises
        ------
        UsageError
            An option that cannot be.
        DataError
            A text is no string.
        EmptyVocabularyError
            No term is left.
        """
        self._check_options()
        self._warn_of_options_without_effect()
        texts = self._texts(raw_documents)
        self._terms: Terms | None = None
        rows = self._learn(texts)
        self.python_options_ = self._python_options()
        if self.python_options_:
            # Not a warning: nothing is wrong, and it would stop those who run with warnings as errors.
            logging.getLogger("vikt").info(
                "every text goes through Python, which is slower, for %s", ", ".join(self.python_options_)
            )
        return self._matrix(rows)

    def transform(self, raw_documents: Any) -> Any:
        """The rows of texts by what was learnt, or by the vocabulary given where there is no idf to learn."""
        self._check_ready()
        return self._matrix(self.ngrams_.transform(self._texts(raw_documents)))

    def inverse_transform(self, X: Any) -> list[NDArray[Any]]:
        """The terms of each row that are not zero."""
        from scipy.sparse import csr_matrix

        names, matrix = self.get_feature_names_out(), csr_matrix(X, copy=True)
        matrix.eliminate_zeros()
        return np.split(names[matrix.indices], matrix.indptr[1:-1])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """The term of each column: (n,)."""
        self._check_ready()
        return _object_array(self.ngrams_.names())

    @property
    def vocabulary_(self) -> Terms:
        self._check_ready()
        if self._terms is None:
            self._terms = {name: column for column, name in enumerate(self.ngrams_.names())}
        return self._terms

    @property
    def fixed_vocabulary_(self) -> bool:
        return self.vocabulary is not None

    @property
    def idf_(self) -> NDArray[Any]:
        self._check_fitted()
        if not self.use_idf:
            raise AttributeError("idf_ is not there: use_idf is False")
        return self.ngrams_.idf.astype(self._float_type(), copy=False)

    @idf_.setter
    def idf_(self, idf: Any) -> None:
        if not self.use_idf:
            raise UsageError("idf_: cannot be set when use_idf is False")
        self._check_ready(with_idf=False)
        if np.shape(idf) != (self.ngrams_.n_columns,):
            raise UsageError(f"idf_: expected {self.ngrams_.n_columns} numbers, found the shape {np.shape(idf)}")
        self.ngrams_.idf = np.asarray(idf, dtype=np.float64)

    # Learning.

    ngrams_: Ngrams | ChosenTerms

    def _learn(self, texts: Texts) -> Rows:
        if self.vocabulary is not None:
            self.ngrams_ = self._given()
            return self.ngrams_.fit_transform(texts)
        if not len(texts):
            raise EmptyVocabularyError("empty vocabulary: there are no texts to learn it from")
        if self.max_features is not None and self.hashing is None:
            return self._learn_most_frequent(texts)
        limits = {"min_df": self.min_df, "max_df": self.max_df, "max_features": self.max_features}
        self.ngrams_ = self._ngrams(self._weighting(), **limits)
        return self.ngrams_.fit_transform(texts)

    def _learn_most_frequent(self, texts: Texts) -> Rows:
        counting = self._ngrams(Weighting(binary=self.binary), min_df=self.min_df, max_df=self.max_df)
        rows = counting.fit_transform(texts)
        # The very sum and sort of scikit-learn's, so that ties at the border fall alike.
        totals = np.bincount(rows.indices, weights=rows.values, minlength=rows.n_features).astype(self.dtype)
        kept = np.sort((-totals).argsort()[: self.max_features])
        terms = {name: column for column, name in enumerate(counting.names(kept))}
        column_of = np.full(rows.n_features, -1, dtype=np.int32)
        column_of[kept] = np.arange(len(kept))
        self.ngrams_ = chosen = self._chosen(terms)
        return chosen.learn(rows, column_of)

    def _given(self) -> ChosenTerms:
        terms = given_terms(self.vocabulary)
        if self.lowercase and self.preprocessor is None and any(any(map(str.isupper, term)) for term in terms):
            warnings.warn(
                "Upper case characters found in vocabulary while 'lowercase' is True. These entries will not be "
                "matched with any documents",
                stacklevel=4,
            )
        self._terms = dict(terms)
        return self._chosen(terms)

    def _chosen(self, terms: Terms) -> ChosenTerms:
        """Terms that are known from the start. What counts them learns from the terms themselves, as if from texts."""
        as_they_are: dict[str, Any] = {"lowercase": False, "strip_accents": None, "stop_words": frozenset()}
        learning = self._ngrams(Weighting(), **as_they_are)
        # One text more, so that something is learnt whatever the terms are, and a space where it is a term.
        texts = [*terms, " ".join(["aa"] * self.ngram_range[0])]
        learning.fit_transform(Texts.from_strings([spelled([text]) for text in texts] if self._cut() else texts))
        counting = self._ngrams(Weighting(binary=self.binary))
        counting.restore(learning.to_arrays())
        return ChosenTerms(counting, terms, self._weighting(), self.norm == "l2")

    def _ngrams(self, weighting: Weighting, **options: Any) -> Ngrams:
        """Counts the terms of what `_texts` makes of the texts."""
        made: Callable[..., Ngrams] = Ngrams
        options = {"dtype": self._float_type(), "alphabetical": True, **options}
        if self.hashing is not None:
            made = partial(HashedNgrams, bits=self.hashing)
        if self._cut():
            made = ListedTerms if self.hashing is None else made
            options |= {"lowercase": False, "tokens": json.loads, "strip_accents": None, "stop_words": frozenset()}
            return self._threaded(made("pattern", (1, 1), weighting, **options))
        as_it_is = self._prepared()
        options = {
            "lowercase": self.lowercase and not as_it_is,
            "strip_accents": None if as_it_is else self.strip_accents,
            "stop_words": self._stop_words(),
            **options,
        }
        analyzer = _PATTERNS[str(self.token_pattern)] if self.analyzer == "pattern" else _ANALYZERS[self.analyzer]
        return self._threaded(made(analyzer, self.ngram_range, weighting, **options))

    def _threaded(self, ngrams: Ngrams) -> Ngrams:
        ngrams.threads = self.threads
        return ngrams

    def _weighting(self) -> Weighting:
        kind = Weighting if self.smooth_idf else UnsmoothedWeighting
        return kind(self.binary, self.sublinear_tf, self.use_idf, self.norm == "l2")

    def _matrix(self, rows: Rows) -> Any:
        from scipy.sparse import csr_matrix

        values = rows.values if self.norm != "l1" else normalised_rows(rows.indptr, rows.values, np.abs, 1.0)
        shape = (len(rows.indptr) - 1, rows.n_features)
        matrix = csr_matrix((values.astype(self._value_type(), copy=False), rows.indices, rows.indptr), shape)
        matrix.sort_indices()
        return matrix

    def _value_type(self) -> Any:
        return self._float_type() if self.norm or self.use_idf or self.sublinear_tf else np.dtype(self.dtype)

    def _float_type(self) -> Any:
        return np.dtype(np.float32 if np.dtype(self.dtype) == np.float32 else np.float64)

    def _check_ready(self, with_idf: bool = True) -> None:
        """Whether rows can be told: a given vocabulary needs no fit where there is no idf to learn."""
        if not self.__sklearn_is_fitted__() and self.vocabulary is not None and not (with_idf and self.use_idf):
            self._check_options()
            self.ngrams_ = self._given()
        self._check_fitted()

    # What compiled code is given.

    def _texts(self, raw_documents: Any) -> Texts:
        """The texts that compiled code is given: as they are, prepared, or as lists of their terms."""
        if isinstance(raw_documents, (str, bytes)):
            raise DataError(
                "Iterable over raw text documents expected, string object received. Write [text] for a single text"
            )
        if self._cut():
            terms_of = self.build_analyzer()
            return Texts.from_strings([spelled(terms_of(document)) for document in raw_documents])
        if self._prepared():
            prepare = self.build_preprocessor()
            return Texts.from_strings([prepare(self.decode(document)) for document in raw_documents])
        if isinstance(raw_documents, Texts):
            return raw_documents
        if self.input == "content":
            return Texts.from_strings([doc if isinstance(doc, str) else self.decode(doc) for doc in raw_documents])
        return Texts.from_strings(map(self.decode, raw_documents))

    def _stop_words(self) -> frozenset[str]:
        return (self.analyzer in CUT_INTO_WORDS and self.get_stop_words()) or frozenset()

    def _cut(self) -> bool:
        """Whether Python cuts each text into terms."""
        return bool({"analyzer", "tokenizer", "token_pattern"} & set(self._python_options()))

    def _prepared(self) -> bool:
        """Whether Python does what comes before."""
        return bool({"preprocessor", "strip_accents"} & set(self._python_options()))

    def _python_options(self) -> list[str]:
        if callable(self.analyzer):
            return ["analyzer"]
        kind = type(self)
        asking = {
            "preprocessor": self.preprocessor is not None,
            "strip_accents": callable(self.strip_accents) and self.preprocessor is None,
            "tokenizer": self.tokenizer is not None and self.analyzer in CUT_INTO_WORDS,
            "token_pattern": self.analyzer == "pattern"
            and self.tokenizer is None
            and self.token_pattern not in _PATTERNS,
        }
        # A subclass of the user's own may build its steps in Python.
        asking |= {
            option: True for name, option in _BUILDERS.items() if getattr(kind, name) is not getattr(Steps, name)
        }
        return [option for option, asks in asking.items() if asks]

    # What can be wrong with the options.

    def _check_options(self) -> None:
        for name, (expected, holds) in _EXPECTED.items():
            value = getattr(self, name)
            if not holds(value):
                raise UsageError(f"{name}: expected {expected}, found {value!r}")
        check_threads(self.threads)
        if self.ngram_range[0] > self.ngram_range[1]:
            raise UsageError(
                f"Invalid value for ngram_range={self.ngram_range} lower boundary larger than the upper boundary. "
                "Write (1, 2), say"
            )
        if self.analyzer == "pattern" and self.tokenizer is None and not isinstance(self.token_pattern, str):
            raise UsageError(f"token_pattern: expected a regular expression, found {self.token_pattern!r}")
        if self.hashing is not None and self.vocabulary is not None:
            raise UsageError("hashing: keeps no vocabulary, and one is given; leave one of them out")
        if not callable(self.analyzer):
            check_known("analyzer", self.analyzer, _ANALYZERS)
            self.build_preprocessor()

    def _warn_of_options_without_effect(self) -> None:
        cut_into_words = self.analyzer in CUT_INTO_WORDS
        no_words = "'analyzer' != 'word' or 'pattern'"
        analyzer = "'analyzer' is callable" if callable(self.analyzer) else f"'analyzer' is {self.analyzer!r}"
        own_pattern = self.token_pattern not in (TOKEN_PATTERN, None)
        without_effect = [
            ("token_pattern", own_pattern and self.analyzer != "pattern", analyzer),
            ("token_pattern", own_pattern and self.tokenizer is not None, "'tokenizer' is not None"),
            ("tokenizer", self.tokenizer is not None and not cut_into_words, no_words),
            ("stop_words", self.stop_words is not None and not cut_into_words, no_words),
            ("preprocessor", self.preprocessor is not None and callable(self.analyzer), analyzer),
            ("ngram_range", tuple(self.ngram_range) != (1, 1) and callable(self.analyzer), analyzer),
        ]
        for option, is_idle, reason in without_effect:
            if is_idle:
                warnings.warn(f"The parameter {option!r} will not be used since {reason}", stacklevel=3)
        if self._value_type() != np.dtype(self.dtype):
            warnings.warn(
                f"Only float32 and float64 as 'dtype' should be used. {np.dtype(self.dtype)} 'dtype' will be converted "
                "to float64, since weights are no whole numbers",
                stacklevel=3,
            )
        if self.stop_words is not None and cut_into_words:
            self._warn_of_stop_words_never_met()

    def _warn_of_stop_words_never_met(self) -> None:
        stop_words = self.get_stop_words() or frozenset()
        prepare, tokenize = self.build_preprocessor(), self.build_tokenizer()
        try:
            unlisted = {token for word in stop_words for token in tokenize(prepare(word))} - stop_words
        except Exception:
            return  # The user's own function reads something other than words.
        if unlisted:
            warnings.warn(
                "Your stop_words may be inconsistent with your preprocessing. Tokenizing the stop words generated "
                f"tokens {sorted(unlisted)} not in stop_words.",
                stacklevel=4,
            )


def _object_array(names: list[str]) -> NDArray[Any]:
    """As objects, since an array of strings gives each the length of the longest, and cuts NUL off their ends."""
    return np.array(names, dtype=object)


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(value >= 1)


def _is_frequency(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and 0 <= value <= 1)


_FREQUENCY = ("a whole number of 1 or more, or a share of 0.0 to 1.0", _is_frequency)
_EXPECTED: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "input": ("'content', 'filename' or 'file'", ("content", "filename", "file").__contains__),
    "norm": ("'l2', 'l1' or None", ("l2", "l1", None).__contains__),
    "ngram_range": ("two whole numbers of 1 or more", lambda span: len(span) == 2 and all(map(_is_whole, span))),
    "min_df": _FREQUENCY,
    "max_df": _FREQUENCY,
    "max_features": ("a whole number of 1 or more, or None", lambda value: value is None or _is_whole(value)),
}
