"""How a fit is made, checked before any text is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from vikt.arrays import ClassWeight
from vikt.errors import UsageError
from vikt.features.handmade.declarations import declaration
from vikt.features.settings import FeatureSettings
from vikt.model.penalties import split_strength
from vikt.names import PARAMETERS
from vikt.solvers import Settings


@dataclass(frozen=True)
class FitSettings:
    """The parameters of a fit, as `vikt.TextClassifier` documents them; an l2 of None is chosen by validation.

    `chooses_features` says whether the recipe is chosen too; `options` are the parameters as JSON holds them.
    """

    features: FeatureSettings
    solver: Settings
    l2: float | None
    folds: int | None
    one_standard_error: bool
    l1_ratio: float
    class_weight: ClassWeight
    chooses_features: bool
    options: dict[str, Any]

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> FitSettings:
        """The settings by the parameters of a `TextClassifier`. Raises UsageError where one is invalid."""
        l2, l1_ratio = _l2(parameters["l2"]), parameters["l1_ratio"]
        split_strength(0.0, l1_ratio)
        folds, one_standard_error = parameters["folds"], parameters["one_standard_error"]
        if folds is not None and not (isinstance(folds, Integral) and int(folds) >= 2):
            raise UsageError(f"folds: expected a whole number of 2 or more, or None, found {folds!r}")
        if l2 is not None and (folds is not None or one_standard_error):
            raise UsageError(
                f"folds and one_standard_error choose λ, but l2={parameters['l2']!r} is given; remove one of them"
            )
        if not isinstance(parameters["text_column"], str):
            raise UsageError(f"text_column: expected the name of a column, found {parameters['text_column']!r}")
        features = FeatureSettings.of(parameters)
        return cls(
            features,
            Settings.of(parameters),
            l2,
            None if folds is None else int(folds),
            one_standard_error,
            l1_ratio,
            parameters["class_weight"],
            _chooses_features(parameters, l2),
            _options(parameters, features),
        )

    @property
    def random_state(self) -> int:
        return self.solver.random_state

    @property
    def patience(self) -> int | None:
        return self.solver.patience


def _chooses_features(parameters: Mapping[str, Any], l2: float | None) -> bool:
    """Whether no parameter is set that needs one recipe of features, or that excludes validation."""
    named = [parameters[name] for name in ("ngrams", "weighting", "hashing", "patience", "folds")]
    if parameters["analyzer"] != "auto" or any(value is not None for value in [*named, l2]):
        return False
    usual_solver = parameters["solver"] in ("auto", "dual")
    return usual_solver and not parameters["one_standard_error"] and not parameters["l1_ratio"]


def _options(parameters: Mapping[str, Any], features: FeatureSettings) -> dict[str, Any]:
    class_weight = parameters["class_weight"]
    if isinstance(class_weight, Mapping):
        class_weight = sorted([str(label), float(factor)] for label, factor in class_weight.items())
    return {
        **{name: parameters[name] for name in PARAMETERS},
        "ngrams": parameters["ngrams"] and list(parameters["ngrams"]),
        "features": [declaration(feature) for feature in features.handmade] or None,
        "class_weight": class_weight,
    }


def _l2(l2: object) -> float | None:
    if l2 == "auto":
        return None
    try:
        value = float(l2)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise UsageError(f"l2: expected a number or 'auto', found {l2!r}") from None
    if not 0 <= value < np.inf:
        raise UsageError(f"l2: expected λ of 0 or more, found {l2}")
    return value
