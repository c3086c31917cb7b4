"""vikt: text classification with logistic regression, certified optimal, reproducible and explained.

Names are found when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "classifier": ("TextClassifier", "load"),
    "estimators": ("LogisticRegression", "NaiveBayes"),
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

__all__ = ["__version__", *sorted(_HOME_OF)]

if TYPE_CHECKING:
    from vikt.classifier import TextClassifier as TextClassifier
    from vikt.classifier import load as load
    from vikt.estimators import LogisticRegression as LogisticRegression
    from vikt.estimators import NaiveBayes as NaiveBayes
    from vikt.vectorizer import TextVectorizer as TextVectorizer


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOME_OF:
        raise AttributeError(f"module 'vikt' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"vikt.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
