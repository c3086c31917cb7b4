"""Names that options and tables share; the codes of reasons, and the sentence of each.

It imports nothing of the package, so that start-up stays cheap. `tests/test_names.py` compares each list of names with
its table.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from vikt.mappings import ReadJson

# The recipes of features that `analyzer` offers.
AnalyzerName = Literal["auto", "none", "word", "char", "char_wb", "word+char"]

# The weightings of counts.
WeightingName = Literal["tfidf", "counts", "binary", "nb"]

# The solvers, after the choice among them.
SolverName = Literal["auto", "dual", "newton", "elastic_net", "batch", "stochastic", "minibatch"]

# What a row is labelled with: one class, several labels, a share of each class, or a level of an order.
TargetKind = Literal["classes", "several", "soft", "ordered"]
TargetsName = Literal["auto", "classes", "several", "soft", "ordered"]

# Each kind of targets in words, and what one of its labels is called.
KIND_NAMES: Mapping[TargetKind, str] = {
    "classes": "one class per text",
    "several": "several labels",
    "soft": "soft labels",
    "ordered": "ordered labels",
}
LABEL_NOUNS: Mapping[TargetKind, str] = {"classes": "class", "several": "label", "soft": "class", "ordered": "level"}

# The formats of files that are read.
FormatName = Literal["csv", "tsv", "jsonl", "json", "parquet", "arrow", "txt", "svmlight"]

# The formats of tables that are written.
OutputFormatName = Literal["csv", "tsv", "jsonl", "parquet", "arrow"]

# The formats that models are exported to.
ExportFormatName = Literal["html", "sklearn", "card", "onnx"]

# The parameters of `vikt.TextClassifier` that a model file records as its options. `text_column` is one of its columns,
# and no model depends on `threads`.
PARAMETERS = (
    "analyzer", "ngrams", "weighting", "min_df", "lowercase", "hashing", "features", "l2", "folds",
    "one_standard_error", "l1_ratio", "class_weight", "solver", "tol", "max_iter", "learning_rate", "batch_size",
    "patience", "random_state", "aim", "coverage", "max_error", "calibrate", "targets", "order", "thresholds",
)  # fmt: skip

# Those of the decision, which a model file records where they are given.
DECISION_PARAMETERS = ("aim", "coverage", "max_error", "calibrate")

# Those of the targets and their defaults, which a model file records where another value is given.
TARGET_DEFAULTS: Mapping[str, object] = {"targets": "auto", "order": None, "thresholds": "label"}

# The relative distance from the optimum that a fit proves by default. The second is that of the elastic net and of
# gradient descent, which take many times as long to 1e-7, and of Newton's method where rounding or the most steps end
# it.
TOL, LOOSE_TOL = 1e-7, 1e-4

# In how many folds the texts are divided where labels are judged, if there are as many texts.
MOST_FOLDS = 10

# Why a fit stopped, or why nothing is proven of it: codes, and sentences with places for the facts.
REASONS = {
    "proven": "the model is proven within {relative:.1e} of the optimum (tol = {tol:g})",
    "small_gradient": "converged: the sum of squares of the gradient, {squares:.1e}, fell below ε = {epsilon:.1e}",
    "early_stopping": "stopped early: the validation loss rose {rises} times in a row (patience {patience})",
    "max_passes": "max_iter = {max_iter} passes reached before convergence",
    "max_passes_unproven": "max_iter = {max_iter} passes reached, {distance}",
    "max_passes_unsteady": "max_iter = {max_iter} passes reached before convergence; the training loss rose in {rises} "
    "of them: learning_rate={learning_rate:g} is too large",
    "max_steps": "max_iter = {max_iter} steps reached before convergence, {distance}",
    "rounding": "rounding ended the fit before convergence, {distance}: no step lowers the loss by more than "
    "float64 can resolve",
    "separable": "the training rows are separable: with λ = 0 ever larger weights lower the loss further, so there is "
    "no optimum; l2={l2:.3g} (C·mean‖x‖² = {strength:g}) makes the problem well posed",
    "separable_in_part": "the training rows are separable in part: with λ = 0 ever larger weights lower the loss "
    "further, so there is no optimum; l2={l2:.3g} (C·mean‖x‖² = {strength:g}) makes the problem well posed",
    "constant_label": "all rows have the label, or none has it, so its loss has no minimum: it falls as the intercept "
    "grows; it is answered as constant",
    "shrunk": "the model was shrunk from {features:,} features after its fit",
    "shrunk_and_quantised": "after the fit the model was shrunk from {features:,} features, and its weights were "
    "rounded to 8 bits",
    "quantised": "the weights were rounded to 8 bits after the fit",
    "no_penalty": "λ = 0: the objective is not strongly convex, so nothing bounds the distance",
}


def known_kind(name: object) -> TargetKind:
    """A kind of targets read from JSON. Raises ValueError where it is none."""
    found = next((kind for kind in get_args(TargetKind) if kind == name), None)
    if found is None:
        raise ValueError(f"{name!r:.40} is not a kind of targets")
    return cast(TargetKind, found)


@dataclass(frozen=True)
class Reason:
    """Why a fit stopped, or why nothing is proven of it: a code of `REASONS` and its facts. As a string, a sentence.

    Examples
    --------
    >>> str(Reason("proven", {"relative": 2e-8, "tol": 1e-7}))
    'the model is proven within 2.0e-08 of the optimum (tol = 1e-07)'
    """

    code: str
    facts: Mapping[str, float | None] = field(default_factory=dict)

    def __str__(self) -> str:
        relative = self.facts.get("relative")
        distance = "at no proven distance from the optimum"
        if relative is not None:
            distance = f"{relative:.1e} from the optimum at most"
        return REASONS[self.code].format(**self.facts, distance=distance)

    def to_json(self) -> dict[str, object]:
        """The code and its facts."""
        return {"code": self.code, **self.facts}

    @classmethod
    def from_json(cls, kept: ReadJson) -> Reason:
        """The inverse of `to_json`. Raises ValueError, KeyError or TypeError where there is no such reason."""
        facts = {name: _fact(fact) for name, fact in kept.items() if name != "code"}
        reason = cls(kept["code"], facts)
        str(reason)  # raises where a fact is missing
        return reason


def _fact(value: object) -> float | None:
    """A fact as the sentence of a reason shows it: whole numbers without a fraction."""
    return value if value is None else count(value) if isinstance(value, int) else number(value)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of several names that is most similar, whatever its case; None where none is similar.

    Examples
    --------
    >>> nearest("Lable", ["text", "label"]), nearest("x", ["text", "label"])
    ('label', None)
    """
    from difflib import get_close_matches

    folded = {other.casefold(): other for other in names}
    near = get_close_matches(name.casefold(), folded, n=1)
    return folded[near[0]] if near else None


def suggestion(name: str, names: Iterable[str]) -> str:
    """A question in brackets for the one of several names that is most similar; empty where none is.

    Examples
    --------
    >>> suggestion("Lable", ["text", "label"]), suggestion("x", ["text", "label"])
    (" (did you mean 'label'?)", '')
    """
    near = nearest(name, names)
    return "" if near is None else f" (did you mean {near!r:.60}?)"


def finite(value: float | None) -> float | None:
    """A number as JSON can hold it: None instead of NaN or infinity."""
    return None if value is None or not math.isfinite(value) else value


def number(value: object) -> float:
    """A finite number read from JSON. Raises ValueError where it is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r:.40} is not a finite number")
    return float(value)


def count(value: object) -> int:
    """A whole number of 0 or more, in 64 bits, read from JSON. Raises ValueError where it is not one."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63:
        raise ValueError(f"{value!r:.40} is not a count")
    return value
