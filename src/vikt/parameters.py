"""What each parameter of an estimator may be: a rule for each name, and the check that `fit` makes before any work.

A rule takes NumPy's scalars as well as Python's own numbers, and gives back Python's own, as a model file holds them.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, NamedTuple, ParamSpec, TypeAlias, get_args

import numpy as np

from vikt.errors import ParameterError, UnknownParameterError
from vikt.names import AnalyzerName, SolverName, WeightingName

# In quotes, since NumPy imports its random generators only when they are first used.
RandomState: TypeAlias = "int | np.random.RandomState | np.random.Generator | None"
Arguments = ParamSpec("Arguments")

# The bits of a hash, for which a table of buckets has room.
FEWEST_BITS, MOST_BITS = 1, 28
_SEEDS = 1 << 32


class Rule(NamedTuple):
    """What a parameter may be, in words; and the function that reads one, and raises ValueError where it is invalid."""

    expected: str
    read: Callable[[Any], Any]


def checked(rules: Mapping[str, Rule], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, as their rules read them; a parameter without a rule stays as it is.

    Raises
    ------
    ParameterError
        One is invalid; the message names it, what is expected and what was found.

    Examples
    --------
    >>> checked(TEXT_CLASSIFIER, {"min_df": np.int64(3)})
    {'min_df': 3}
    """
    return {name: _read(name, rules[name], value) if name in rules else value for name, value in parameters.items()}


def _read(name: str, rule: Rule, value: Any) -> Any:
    try:
        return rule.read(value)
    except (ValueError, TypeError):
        raise ParameterError(name, f"expected {rule.expected}, found {value!r:.80}") from None


def _where(holds: bool) -> None:
    if not holds:
        raise ValueError


def _number(value: Any) -> int | float:
    """Python's own number. A truth value is no number."""
    _where(isinstance(value, Real) and not isinstance(value, bool))
    return int(value) if isinstance(value, Integral) else float(value)


def _whole(value: Any) -> int:
    number = _number(value)
    if not isinstance(number, int):
        raise ValueError
    return number


def whole(least: int) -> Rule:
    """A whole number that is not below `least`."""

    def read(value: Any) -> int:
        number = _whole(value)
        _where(number >= least)
        return number

    return Rule(f"a whole number of {least} or more", read)


def number(expected: str, holds: Callable[[float], bool]) -> Rule:
    """A number for which a condition holds."""

    def read(value: Any) -> int | float:
        own = _number(value)
        _where(holds(own))
        return own

    return Rule(expected, read)


def one_of(names: Iterable[str]) -> Rule:
    """One of some strings."""
    choices = tuple(names)

    def read(value: Any) -> str:
        _where(isinstance(value, str) and value in choices)
        return str(value)

    return Rule(f"one of {', '.join(map(repr, choices))}", read)


def optional(rule: Rule) -> Rule:
    """None, or what a rule says."""
    return Rule(rule.expected, lambda value: None if value is None else rule.read(value))


def or_auto(rule: Rule) -> Rule:
    """The word "auto", or what a rule says."""

    def read(value: Any) -> Any:
        return "auto" if isinstance(value, str) and value == "auto" else rule.read(value)

    return Rule(f"{rule.expected}, or 'auto'", read)


def or_function(rule: Rule) -> Rule:
    """A function, or what a rule says."""
    return Rule(f"{rule.expected}, or a function", lambda value: value if callable(value) else rule.read(value))


def _words(value: Any) -> Any:
    _where(value == "english" if isinstance(value, str) else isinstance(value, Iterable))
    return value


def _dtype(value: Any) -> Any:
    np.dtype(value)
    return value


def _string(value: Any) -> str:
    _where(isinstance(value, str))
    return str(value)


def _function(value: Any) -> Any:
    _where(callable(value))
    return value


def _flag(value: Any) -> bool:
    _where(isinstance(value, bool | np.bool_))
    return bool(value)


def _span(value: Any) -> tuple[int, int]:
    shortest, longest = map(_whole, value)
    _where(shortest >= 1)
    return shortest, longest


def _rising_span(value: Any) -> tuple[int, int]:
    shortest, longest = _span(value)
    _where(shortest <= longest)
    return shortest, longest


def _frequency(value: Any) -> int | float:
    frequency = _number(value)
    _where(frequency >= 1 if isinstance(frequency, int) else 0 <= frequency <= 1)
    return frequency


def _bits(value: Any) -> int:
    bits = _whole(value)
    _where(FEWEST_BITS <= bits <= MOST_BITS)
    return bits


def _seed(value: Any) -> int:
    """A seed. A generator draws one, and so moves on."""
    if value is None:
        return 0
    if isinstance(value, np.random.RandomState):
        return int(value.randint(_SEEDS, dtype=np.int64))
    if isinstance(value, np.random.Generator):
        return int(value.integers(_SEEDS))
    seed = _whole(value)
    _where(0 <= seed < _SEEDS)
    return seed


def _class_weight(value: Any) -> Any:
    if value is None or (isinstance(value, str) and value == "balanced"):
        return value
    _where(isinstance(value, Mapping))
    factors = {label: _number(factor) for label, factor in value.items()}
    _where(all(0 < factor < math.inf for factor in factors.values()))
    return factors


FLAG = Rule("True or False", _flag)
STRING = Rule("a string", _string)
FUNCTION = Rule("a function", _function)
ABOVE_0 = number("a number above 0", lambda value: 0 < value < math.inf)
LAMBDA = number("λ of 0 or more", lambda value: 0 <= value < math.inf)
FREQUENCY = Rule("a whole number of 1 or more, or a share of 0.0 to 1.0", _frequency)
HASHING = optional(Rule(f"a whole number of {FEWEST_BITS} to {MOST_BITS} bits", _bits))

# What the solvers and the weights of rows depend on.
_FIT: dict[str, Rule] = {
    "l1_ratio": number("a number from 0 (L2 alone) to 1 (L1 alone)", lambda value: 0 <= value <= 1),
    "class_weight": Rule("'balanced', or factors above 0 by class", _class_weight),
    "solver": one_of(get_args(SolverName)),
    "tol": optional(ABOVE_0),
    "max_iter": optional(whole(1)),
    "learning_rate": or_auto(ABOVE_0),
    "batch_size": whole(1),
    "patience": optional(whole(0)),
    "random_state": Rule(f"a whole number of 0 to {_SEEDS - 1}", _seed),
    "threads": whole(1),
}
TEXT_CLASSIFIER: dict[str, Rule] = _FIT | {
    "analyzer": one_of(get_args(AnalyzerName)),
    "ngrams": optional(Rule("two whole numbers, 1 <= shortest <= longest", _rising_span)),
    "weighting": optional(one_of(get_args(WeightingName))),
    "min_df": FREQUENCY,
    "lowercase": optional(FLAG),
    "hashing": HASHING,
    "l2": or_auto(LAMBDA),
    "folds": optional(whole(2)),
    "one_standard_error": FLAG,
    "text_column": STRING,
}
LOGISTIC_REGRESSION: dict[str, Rule] = _FIT | {
    "C": number("a number above 0", lambda value: value > 0),
    "l2": optional(LAMBDA),
    "fit_intercept": FLAG,
    "warm_start": FLAG,
}
NAIVE_BAYES: dict[str, Rule] = {"kind": one_of(("multinomial", "bernoulli")), "alpha": ABOVE_0}
TEXT_VECTORIZER: dict[str, Rule] = {
    "input": one_of(("content", "filename", "file")),
    "encoding": STRING,
    "decode_error": STRING,
    "lowercase": FLAG,
    "strip_accents": optional(or_function(one_of(("ascii", "unicode")))),
    "analyzer": or_function(one_of(("pattern", "word", "char", "char_wb"))),
    "stop_words": optional(Rule("'english' or a collection of words", _words)),
    "dtype": Rule("a type of NumPy", _dtype),
    "preprocessor": optional(FUNCTION),
    "tokenizer": optional(FUNCTION),
    "token_pattern": optional(STRING),
    "ngram_range": Rule("two whole numbers of 1 or more", _span),
    "max_df": FREQUENCY,
    "min_df": FREQUENCY,
    "max_features": optional(whole(1)),
    "binary": FLAG,
    "norm": optional(one_of(("l2", "l1"))),
    "use_idf": FLAG,
    "smooth_idf": FLAG,
    "sublinear_tf": FLAG,
    "hashing": HASHING,
    "threads": whole(1),
}

_BY_VECTORIZER = "vikt.TextVectorizer has it, and is followed by vikt.LogisticRegression in a pipeline"
# Names that other packages, or other estimators of this one, have for a parameter or instead of it.
_ELSEWHERE = {
    "ngram_range": "vikt's name is ngrams, as in ngrams=(1, 2)",
    "ngrams": "its name here is ngram_range",
    "C": "vikt's name is l2: λ, where C = 1/(2λm) for m texts, so l2 = 1/(2·C·m)",
    "n_jobs": "vikt's name is threads",
    "penalty": "l1_ratio says what the penalty is, from 0 (L2 alone) to 1 (L1 alone), and l2=0 means none",
    "verbose": "fit takes a function `progress`",
    **dict.fromkeys(("max_df", "max_features", "stop_words", "vocabulary", "dtype"), _BY_VECTORIZER),
    **dict.fromkeys(("tokenizer", "preprocessor", "strip_accents", "token_pattern"), _BY_VECTORIZER),
    **dict.fromkeys(("sublinear_tf", "use_idf", "smooth_idf", "norm", "binary"), "see weighting"),
}


def unknown_parameter(estimator: str, name: str, parameters: Iterable[str]) -> UnknownParameterError:
    """The error for a name that is not a parameter: what vikt calls it, or the most similar name, and all names."""
    names = sorted(parameters)
    near = get_close_matches(name, names, n=1)
    hint = _ELSEWHERE.get(name) or (f"did you mean {near[0]}?" if near else "remove it")
    return UnknownParameterError(name, f"not a parameter of {estimator}; {hint}; its parameters: {', '.join(names)}")


def names_parameters(init: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Let a constructor say of an unknown keyword what vikt's name for it is."""
    known = list(inspect.signature(init).parameters)[1:]

    @functools.wraps(init)
    def run(*args: Arguments.args, **parameters: Arguments.kwargs) -> None:
        unknown = [name for name in parameters if name not in known]
        if unknown:
            raise unknown_parameter(type(args[0]).__name__, unknown[0], known)
        init(*args, **parameters)

    return run
