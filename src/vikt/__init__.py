"""vikt: text classification with logistic regression, certified optimal, reproducible and explained.

Names are found when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vikt.version import __version__

_HOMES = {
    "answers.fasttext_model": ("fasttext_model",),
    "auditing.audit": ("audit",),
    "classifier": ("TextClassifier", "load"),
    "errors": ("ViktError",),
    "estimators": ("LogisticRegression", "NaiveBayes"),
    "explanation.inference": ("standard_errors",),
    "metrics.classification": ("accuracy", "confusion_matrix", "f1", "precision", "recall"),
    "model.functions": ("log_logistic", "log_softmax", "logistic", "softmax", "softmax_jacobian"),
    "model.linear": ("decision_line", "h", "is_positive"),
    "model.losses": (
        "add_dummy_feature",
        "cross_entropy",
        "cross_entropy_gradient",
        "likelihood",
        "log_likelihood",
    ),
    "model.objective": ("Objective", "midpoint_convex"),
    "report.comparison": ("compare",),
    "report.html.from_python": ("write_report",),
    "solvers.gradient_descent": (
        "batch",
        "gradient_descent",
        "minibatch",
        "simultaneous_update",
        "stochastic",
    ),
    "solvers.stopping": ("EarlyStopping",),
    "vectorizer": ("TextVectorizer",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

# The exceptions and warnings, all of which `except vikt.errors.DataError` and the like can name; the pictures.
_MODULES = ("errors", "plots")

__all__ = ["__version__", *sorted([*_HOME_OF, *_MODULES])]

if TYPE_CHECKING:
    from vikt import errors as errors
    from vikt import plots as plots
    from vikt.answers.fasttext_model import fasttext_model as fasttext_model
    from vikt.auditing.audit import audit as audit
    from vikt.classifier import TextClassifier as TextClassifier
    from vikt.classifier import load as load
    from vikt.errors import ViktError as ViktError
    from vikt.estimators import LogisticRegression as LogisticRegression
    from vikt.estimators import NaiveBayes as NaiveBayes
    from vikt.explanation.inference import standard_errors as standard_errors
    from vikt.metrics.classification import accuracy as accuracy
    from vikt.metrics.classification import confusion_matrix as confusion_matrix
    from vikt.metrics.classification import f1 as f1
    from vikt.metrics.classification import precision as precision
    from vikt.metrics.classification import recall as recall
    from vikt.model.functions import log_logistic as log_logistic
    from vikt.model.functions import log_softmax as log_softmax
    from vikt.model.functions import logistic as logistic
    from vikt.model.functions import softmax as softmax
    from vikt.model.functions import softmax_jacobian as softmax_jacobian
    from vikt.model.linear import decision_line as decision_line
    from vikt.model.linear import h as h
    from vikt.model.linear import is_positive as is_positive
    from vikt.model.losses import add_dummy_feature as add_dummy_feature
    from vikt.model.losses import cross_entropy as cross_entropy
    from vikt.model.losses import cross_entropy_gradient as cross_entropy_gradient
    from vikt.model.losses import likelihood as likelihood
    from vikt.model.losses import log_likelihood as log_likelihood
    from vikt.model.objective import Objective as Objective
    from vikt.model.objective import midpoint_convex as midpoint_convex
    from vikt.report.comparison import compare as compare
    from vikt.report.html.from_python import write_report as write_report
    from vikt.solvers.gradient_descent import batch as batch
    from vikt.solvers.gradient_descent import gradient_descent as gradient_descent
    from vikt.solvers.gradient_descent import minibatch as minibatch
    from vikt.solvers.gradient_descent import simultaneous_update as simultaneous_update
    from vikt.solvers.gradient_descent import stochastic as stochastic
    from vikt.solvers.stopping import EarlyStopping as EarlyStopping
    from vikt.vectorizer import TextVectorizer as TextVectorizer


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"vikt.{name}")
    if name not in _HOME_OF:
        from vikt.names import nearest

        near = nearest(name, __all__)
        hint = f"it has {', '.join(__all__)}" if near is None else f"did you mean {near}?"
        raise AttributeError(f"module 'vikt' has no attribute {name!r}; {hint}")
    return getattr(import_module(f"vikt.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
