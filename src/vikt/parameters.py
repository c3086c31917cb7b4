"""What each parameter of an estimator may be: a rule for each name, and the check that `fit` makes before any work.

A rule takes NumPy's scalars as well as Python's own numbers, and gives back Python's own, as a model file holds them.
"""

from __future__ import annotations

import functools
import inspect
import math
import operator
import os
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any, NamedTuple, ParamSpec, TypeAlias, cast, get_args

import numpy as np

from vikt.errors import ParameterError, UnknownParameterError
from vikt.mappings import Parameters, ReadJson, Values
from vikt.names import AnalyzerName, SolverName, TargetsName, WeightingName, suggestion

# In quotes, since NumPy imports its random generators only when they are first used.
RandomState: TypeAlias = "int | np.random.RandomState | np.random.Generator | None"
Arguments = ParamSpec("Arguments")

_SEEDS = 1 << 32


# Reads a value that a user gave; raises ValueError, TypeError or OverflowError where it is invalid.
Read = Callable[[Any], Any]


class Rule(NamedTuple):
    """What a parameter may be, in words; and the function that reads one, and raises ValueError where it is invalid."""

    expected: str
    read: Read


def checked(rules: Mapping[str, Rule], parameters: Parameters) -> Values:
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
    return {name: checked_value(name, rules.get(name, _ANYTHING), value) for name, value in parameters.items()}


def checked_value(name: str, rule: Rule, value: object) -> Any:
    """One value, as its rule reads it. Raises ParameterError, which gives its name, where it is invalid.

    Examples
    --------
    >>> checked_value("n", whole(1), np.int64(3))
    3
    """
    try:
        return rule.read(value)
    except OverflowError:
        raise ParameterError(name, f"expected {rule.expected}, found a number beyond the range of floats") from None
    except (ValueError, TypeError):
        raise ParameterError(name, f"expected {rule.expected}, found {plain(value)!r:.80}") from None


def mistake(found: ReadJson) -> str:
    """What is wrong with a value, from what Pydantic tells of an error: what is expected, and what was found.

    Options of the command line and fields of a request are both checked by Pydantic.

    Examples
    --------
    >>> mistake({"type": "less_than_equal", "msg": "", "ctx": {"le": 1.0}, "input": "50"})
    'expected a number of 1 or less, found 50'
    >>> mistake({"type": "list_type", "msg": "", "input": "good"})
    "expected an array, found 'good'"
    """
    kind, value = found["type"], found["input"]
    if kind in _OUT_OF_RANGE:
        return f"expected a number {_OUT_OF_RANGE[kind].format(**found['ctx'])}, found {value!s:.40}"
    if kind in _OF_TYPE:
        return f"expected {_OF_TYPE[kind]}, found {_spelled(value)}"
    return str(found["msg"]).replace("Input should be", "expected", 1)


def _spelled(value: object) -> str:
    """A value as messages show it, in the words of JSON."""
    shown = {dict: "an object", list: "an array", type(None): "null", bool: str(value).lower()}
    return shown.get(type(value), f"{value!r:.60}")


_OUT_OF_RANGE = {
    "greater_than_equal": "of {ge:.15g} or more",
    "less_than_equal": "of {le:.15g} or less",
    "greater_than": "above {gt:.15g}",
    "less_than": "below {lt:.15g}",
}
_OF_TYPE = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_parsing", "float_type"), "a number"),
    "finite_number": "a finite number",
    "string_type": "a string",
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    "list_type": "an array",
    **dict.fromkeys(("dict_type", "model_type"), "an object"),
}


def plain(value: object) -> Any:
    """A value as messages show it: NumPy's scalars as Python's own.

    Examples
    --------
    >>> plain(np.str_("ham"))
    'ham'
    """
    return value.item() if isinstance(value, np.generic) else value


def rule(expected: str, read: Read, holds: Callable[[Any], bool] = lambda value: True) -> Rule:
    """The values that `read` takes, and for which, once read, a condition holds."""

    def checked_read(value: object) -> object:
        own = read(value)
        if not holds(own):
            raise ValueError
        return own

    return Rule(expected, checked_read)


def _of_type(*types: type) -> Read:
    """The reader of values of some types, which makes them of the first."""

    def read(value: object) -> object:
        if not isinstance(value, types):
            raise TypeError
        return types[0](value)

    return read


_flag, _string = _of_type(bool, np.bool_), _of_type(str)


def _number(value: object) -> int | float:
    """Python's own number. A truth value is not a number. Raises OverflowError where no float is as large."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError
    in_range = float(value)
    return int(value) if isinstance(value, Integral) else in_range


def _whole(value: object) -> int:
    return operator.index(cast(int, _number(value)))


def whole(least: int) -> Rule:
    """A whole number that is not below `least`."""
    return rule(f"a whole number of {least} or more", _whole, lambda value: value >= least)


def number(expected: str, holds: Callable[[float], bool]) -> Rule:
    """A number for which a condition holds."""
    return rule(expected, _number, holds)


def string() -> Rule:
    """A string."""
    return rule("a string", _string)


def one_of(names: Iterable[str]) -> Rule:
    """One of some strings."""
    choices = tuple(names)
    return rule(f"one of {', '.join(map(repr, choices))}", _string, choices.__contains__)


def optional(rule: Rule) -> Rule:
    """None, or what a rule says."""
    return Rule(rule.expected, lambda value: None if value is None else rule.read(value))


def or_auto(rule: Rule) -> Rule:
    """The word "auto", or what a rule says."""

    def read(value: object) -> object:
        return "auto" if isinstance(value, str) and value == "auto" else rule.read(value)

    return Rule(f"{rule.expected}, or 'auto'", read)


def or_function(rule: Rule) -> Rule:
    """A function, or what a rule says."""
    return Rule(f"{rule.expected}, or a function", lambda value: value if callable(value) else rule.read(value))


def _words(value: Any) -> object:
    if isinstance(value, str) and value != "english":
        raise ValueError
    iter(value)  # an array without dimensions has the method, and cannot be iterated
    return value


def _dtype(value: Any) -> object:
    np.dtype(value)
    return value


def _as_it_is(value: object) -> object:
    return value


def _span(value: Iterable[object]) -> tuple[int, int]:
    shortest, longest = map(_whole, value)
    return shortest, longest


def _is_frequency(value: int | float) -> bool:
    return value >= 1 if isinstance(value, int) else 0 <= value <= 1


def _seed(value: object) -> int:
    """A seed. A generator draws one, and so moves on."""
    if value is None:
        return 0
    if isinstance(value, Integral):  # first, since NumPy imports its generators where one is named
        return _whole(value)
    if isinstance(value, np.random.RandomState):
        return int(value.randint(_SEEDS, dtype=np.int64))
    if isinstance(value, np.random.Generator):
        return int(value.integers(_SEEDS))
    raise TypeError


def _class_weight(value: object) -> str | Mapping[Any, float] | None:
    if value is None or (isinstance(value, str) and value == "balanced"):
        return value
    if not isinstance(value, Mapping):
        raise TypeError
    return {label: ABOVE_0.read(factor) for label, factor in value.items()}


def _levels(value: Iterable[object]) -> tuple[object, ...]:
    if isinstance(value, str):
        raise TypeError
    levels = tuple(map(plain, value))
    if len(levels) < 2 or len(set(levels)) < len(levels):
        raise ValueError
    return levels


def _thresholds(value: object) -> str | float:
    read: Rule = one_of(("label", "common")) if isinstance(value, str) else PROBABILITY
    own = read.read(value)
    return own if isinstance(own, str) else float(own)


def _texts(value: str | Iterable[object]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(map(_string, value))


_ANYTHING = Rule("anything", _as_it_is)
FLAG = rule("True or False", _flag)
STRING = rule("a string", _string)
FUNCTION = rule("a function", _as_it_is, callable)
ABOVE_0 = number("a number above 0", lambda value: 0 < value < math.inf)
LAMBDA = number("a number of at least 0", lambda value: 0 <= value < math.inf)
FREQUENCY = rule("a whole number of 1 or more, or a fraction from 0.0 to 1.0", _number, _is_frequency)
SHARE = number("a number above 0 and below 1", lambda value: 0 < value < 1)
PROBABILITY = number("a probability, from 0 to 1", lambda value: 0 <= value <= 1)
# A table of buckets has room for these.
HASHING = rule("a whole number of 1 to 28 bits", _whole, lambda bits: 1 <= bits <= 28)
# As many as a spool has shards at most.
GROUPS = rule("a whole number from 1 to 256", _whole, lambda groups: 1 <= groups <= 256)
PLACE = rule("an address or a folder", os.fspath, bool)
# How many labels are asked for, as in fastText.
N_LABELS = rule("a whole number of 1 or more, or -1 for all", _whole, lambda k: k >= 1 or k == -1)
CLASS_WEIGHT = rule("'balanced', or factors above 0 by class", _class_weight)

# What the solvers and the weights of rows depend on.
FIT: dict[str, Rule] = {
    "l1_ratio": number("a number from 0 (L2 alone) to 1 (L1 alone)", lambda value: 0 <= value <= 1),
    "class_weight": CLASS_WEIGHT,
    "solver": one_of(get_args(SolverName)),
    "tol": optional(ABOVE_0),
    "max_iter": optional(whole(1)),
    "learning_rate": or_auto(ABOVE_0),
    "batch_size": whole(1),
    "patience": optional(whole(0)),
    "random_state": rule(f"a whole number of 0 to {_SEEDS - 1}", _seed, lambda seed: 0 <= seed < _SEEDS),
    "threads": whole(1),
}
TEXT_CLASSIFIER: dict[str, Rule] = FIT | {
    "analyzer": one_of(get_args(AnalyzerName)),
    "ngrams": optional(
        rule("two whole numbers, 1 <= shortest <= longest", _span, lambda span: 1 <= span[0] <= span[1])
    ),
    "weighting": optional(one_of(get_args(WeightingName))),
    "min_df": FREQUENCY,
    "lowercase": optional(FLAG),
    "hashing": optional(HASHING),
    "l2": or_auto(LAMBDA),
    "folds": optional(whole(2)),
    "one_standard_error": FLAG,
    "text_column": STRING,
    "aim": optional(rule("an aim, such as 'precision(spam) >= 0.99', or a list of costs", _texts)),
    "coverage": optional(SHARE),
    "max_error": optional(SHARE),
    "calibrate": FLAG,
    "targets": one_of(get_args(TargetsName)),
    "order": optional(rule("two or more different levels, from the lowest, such as ['low', 'high']", _levels)),
    "thresholds": rule("'label', 'common' or a probability from 0 to 1", _thresholds),
}
LOGISTIC_REGRESSION: dict[str, Rule] = FIT | {
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
    "stop_words": optional(rule("'english' or a collection of words", _words)),
    "dtype": rule("a type of NumPy", _dtype),
    "preprocessor": optional(FUNCTION),
    "tokenizer": optional(FUNCTION),
    "token_pattern": optional(STRING),
    "ngram_range": rule("two whole numbers of 1 or more", _span, lambda span: span[0] >= 1),
    "max_df": FREQUENCY,
    "min_df": FREQUENCY,
    "max_features": optional(whole(1)),
    "binary": FLAG,
    "norm": optional(one_of(("l2", "l1"))),
    "use_idf": FLAG,
    "smooth_idf": FLAG,
    "sublinear_tf": FLAG,
    "hashing": optional(HASHING),
    "threads": whole(1),
}

# Names that other packages, or other estimators of this one, have for a parameter or instead of it. The advice is for
# estimators with the parameter that stands first; only TextClassifier has a text column.
_BY_VECTORIZER = ("text_column", "use vikt.TextVectorizer and vikt.LogisticRegression in a pipeline")
_INSTEAD = {
    "ngram_range": ("ngrams", "use ngrams, as in ngrams=(1, 2)"),
    "ngrams": ("ngram_range", "use ngram_range"),
    "C": ("l2", "use l2, which is λ: C = 1/(2λm) for m texts, so l2 = 1/(2·C·m)"),
    "n_jobs": ("threads", "use threads"),
    "penalty": ("l1_ratio", "use l1_ratio, from 0 (L2 alone) to 1 (L1 alone); l2=0 means no penalty"),
    "verbose": ("text_column", "pass progress=True to fit"),
    **dict.fromkeys(("max_df", "max_features", "stop_words", "vocabulary", "dtype"), _BY_VECTORIZER),
    **dict.fromkeys(("tokenizer", "preprocessor", "strip_accents", "token_pattern"), _BY_VECTORIZER),
    **dict.fromkeys(("sublinear_tf", "use_idf", "smooth_idf", "norm", "binary"), ("weighting", "use weighting")),
}


def unknown_parameter(estimator: str, name: str, parameters: Iterable[str]) -> UnknownParameterError:
    """The error for a name that is not a parameter: what to use instead, or the most similar name, and all names."""
    names = sorted(parameters)
    own, advice = _INSTEAD.get(name, ("", ""))
    hint = f"; {advice}" if own in names else suggestion(name, names) or "; remove it"
    return UnknownParameterError(name, f"not a parameter of {estimator}{hint}; its parameters: {', '.join(names)}")


def names_parameters(init: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Let a constructor say of an unknown keyword what to use instead."""
    known = list(inspect.signature(init).parameters)[1:]

    @functools.wraps(init)
    def run(*args: Arguments.args, **parameters: Arguments.kwargs) -> None:
        unknown = [name for name in parameters if name not in known]
        if unknown:
            raise unknown_parameter(type(args[0]).__name__, unknown[0], known)
        init(*args, **parameters)

    return run
