"""scikit-learn's options for text: what each may be, and which of them call Python for every text."""

from __future__ import annotations

import numpy as np

from vikt.errors import ParameterError, UsageError, warn
from vikt.features.sklearn_text.steps import CUT_INTO_WORDS, TOKEN_PATTERN, Steps

# The token patterns that are compiled: a run of word characters has an edge on either side, asked for or not.
PATTERNS = {
    TOKEN_PATTERN: "pattern",
    r"\b\w\w+\b": "pattern",
    r"(?u)\b\w+\b": "pattern_any_length",
    r"\b\w+\b": "pattern_any_length",
    r"(?u)\w+": "pattern_any_length",
    r"\w+": "pattern_any_length",
}
_BUILDERS = {"build_analyzer": "analyzer", "build_tokenizer": "tokenizer", "build_preprocessor": "preprocessor"}


def python_options(steps: Steps) -> list[str]:
    """The options that send every text through Python; none where all is compiled."""
    if callable(steps.analyzer):
        return ["analyzer"]
    kind = type(steps)
    asking = {
        "preprocessor": steps.preprocessor is not None,
        "strip_accents": callable(steps.strip_accents) and steps.preprocessor is None,
        "tokenizer": steps.tokenizer is not None and steps.analyzer in CUT_INTO_WORDS,
        "token_pattern": steps.analyzer == "pattern"
        and steps.tokenizer is None
        and steps.token_pattern not in PATTERNS,
    }
    # A user's subclass may build its steps in Python.
    asking |= {option: True for name, option in _BUILDERS.items() if getattr(kind, name) is not getattr(Steps, name)}
    return [option for option, asks in asking.items() if asks]


def cuts_in_python(steps: Steps) -> bool:
    """Whether Python cuts each text into terms."""
    return bool({"analyzer", "tokenizer", "token_pattern"} & set(python_options(steps)))


def prepares_in_python(steps: Steps) -> bool:
    """Whether Python prepares each text for cutting."""
    return bool({"preprocessor", "strip_accents"} & set(python_options(steps)))


def float_type(steps: Steps) -> np.dtype[np.generic]:
    """The type of weights."""
    return np.dtype(np.float32 if np.dtype(steps.dtype) == np.float32 else np.float64)


def value_type(steps: Steps) -> np.dtype[np.generic]:
    """The type of values: that of weights, unless values are counts."""
    return float_type(steps) if steps.norm or steps.use_idf or steps.sublinear_tf else np.dtype(steps.dtype)


def check_options(steps: Steps) -> None:
    """Refuse options that exclude one another. Raises UsageError."""
    if steps.ngram_range[0] > steps.ngram_range[1]:
        raise UsageError(
            f"Invalid value for ngram_range={steps.ngram_range} lower boundary larger than the upper boundary. "
            "Write (1, 2)"
        )
    if steps.analyzer == "pattern" and steps.tokenizer is None and not isinstance(steps.token_pattern, str):
        raise ParameterError("token_pattern", "expected a regular expression, found None")
    if steps.hashing is not None and steps.vocabulary is not None:
        raise ParameterError("hashing", "keeps no vocabulary, so it excludes `vocabulary`; leave one of them out")
    if not callable(steps.analyzer):
        steps.build_preprocessor()


def warn_of_idle_options(steps: Steps) -> None:
    """Warn the user of options that have no effect beside the others."""
    cut_into_words = steps.analyzer in CUT_INTO_WORDS
    no_words = "'analyzer' != 'word' or 'pattern'"
    analyzer = "'analyzer' is callable" if callable(steps.analyzer) else f"'analyzer' is {steps.analyzer!r}"
    own_pattern = steps.token_pattern not in (TOKEN_PATTERN, None)
    without_effect = [
        ("token_pattern", own_pattern and steps.analyzer != "pattern", analyzer),
        ("token_pattern", own_pattern and steps.tokenizer is not None, "'tokenizer' is not None"),
        ("tokenizer", steps.tokenizer is not None and not cut_into_words, no_words),
        ("stop_words", steps.stop_words is not None and not cut_into_words, no_words),
        ("preprocessor", steps.preprocessor is not None and callable(steps.analyzer), analyzer),
        ("ngram_range", tuple(steps.ngram_range) != (1, 1) and callable(steps.analyzer), analyzer),
    ]
    for option, is_idle, reason in without_effect:
        if is_idle:
            warn(f"The parameter {option!r} will not be used since {reason}")
    if value_type(steps) != np.dtype(steps.dtype):
        warn(
            f"Only float32 and float64 as 'dtype' should be used. {np.dtype(steps.dtype)} 'dtype' will be converted "
            "to float64, since weights are not whole numbers"
        )
    if steps.stop_words is not None and cut_into_words:
        _warn_of_cut_stop_words(steps)


def _warn_of_cut_stop_words(steps: Steps) -> None:
    """Warn of stop words that no text has as a word, because they are cut like any text."""
    stop_words = steps.get_stop_words() or frozenset()
    prepare, tokenize = steps.build_preprocessor(), steps.build_tokenizer()
    try:
        unlisted = {token for word in stop_words for token in tokenize(prepare(word))} - stop_words
    except Exception:
        return  # The user's function reads something other than words.
    if unlisted:
        warn(
            "Your stop_words may be inconsistent with your preprocessing. Tokenizing the stop words generated "
            f"tokens {sorted(unlisted)} not in stop_words."
        )
