"""How a fit is made, checked before any text is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vikt.arrays import ClassWeight
from vikt.corpus.label_order import check_takes_order, order_of
from vikt.decisions.aims import Aim
from vikt.decisions.label_aims import aim_of_one_label
from vikt.decisions.settings import DecisionSettings
from vikt.errors import ParameterError
from vikt.features.settings import FeatureSettings
from vikt.mappings import Json, Parameters
from vikt.names import DECISION_PARAMETERS, KIND_NAMES, PARAMETERS, TARGET_DEFAULTS, TargetKind, TargetsName
from vikt.solvers import Settings


@dataclass(frozen=True)
class TargetSettings:
    """How labels are read, the levels of ordered ones, and the thresholds of several, as `vikt.TextClassifier` says."""

    kind: TargetsName = "auto"
    order: tuple[object, ...] | None = None
    thresholds: Literal["label", "common"] | float = "label"

    @classmethod
    def of(cls, parameters: Parameters) -> TargetSettings:
        """The settings by the checked parameters of a `TextClassifier`, or by those of a record, without defaults.

        An order says that labels are ordered. Raises ParameterError where they are to be read as another kind.
        """
        kind, order, thresholds = (parameters.get(name, usual) for name, usual in TARGET_DEFAULTS.items())
        if order is None:
            return cls(kind, None, thresholds)
        check_takes_order(kind)
        return cls("ordered", tuple(order), thresholds)


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
    decision: DecisionSettings
    targets: TargetSettings
    chooses_features: bool
    options: Json

    @classmethod
    def of(cls, parameters: Parameters) -> FitSettings:
        """The settings by the checked parameters of a `TextClassifier`.

        Raises
        ------
        ParameterError
            Parameters exclude one another, or the kind of target that is named.
        """
        l2 = None if parameters["l2"] == "auto" else float(parameters["l2"])
        folds, one_standard_error = parameters["folds"], parameters["one_standard_error"]
        for name, chooses in (("folds", folds is not None), ("one_standard_error", one_standard_error)):
            if l2 is not None and chooses:
                raise ParameterError(name, f"chooses λ, but l2={l2:g} already sets it; pass only one")
        features = FeatureSettings.of(parameters)
        settings = cls(
            features,
            Settings.of(parameters),
            l2,
            folds,
            one_standard_error,
            parameters["l1_ratio"],
            parameters["class_weight"],
            DecisionSettings.of(parameters),
            TargetSettings.of(parameters),
            _chooses_features(parameters, l2),
            _options(parameters, features),
        )
        if settings.targets.kind != "auto":
            settings.check_kind(settings.targets.kind)
        return settings

    def with_order_of(self, labels: object) -> FitSettings:
        """As `with_order`, of the order that a column of labels brings."""
        return self.with_order(order_of(labels)) if self.targets.kind == "ordered" else self

    def with_order(self, order: Sequence[object] | None) -> FitSettings:
        """The settings with the order that a column brings, if any, where labels are ordered and none is given.

        So the record has it, for an update with rows that do not bring it.
        """
        if self.targets.kind != "ordered" or self.targets.order is not None or not order:
            return self
        targets = replace(self.targets, order=tuple(order))
        return replace(self, targets=targets, options={**self.options, "order": list(order)})

    def check_kind(self, kind: TargetKind) -> None:
        """Raise ParameterError where a parameter does not serve targets of a kind.

        Where the kind is named this is known before any text is read, else once the labels show it.
        """
        if self.features.weighting == "nb" and kind not in ("classes", "soft"):
            raise ParameterError("weighting", f"nb cannot be used with {KIND_NAMES[kind]}; choose another weighting")
        for name, is_set, kinds in (
            ("class_weight", self.class_weight is not None, ("classes", "ordered")),
            ("aim", self.decision.aim is not None, ("classes", "several")),
            ("coverage", self.decision.coverage is not None, ("classes",)),
            ("max_error", self.decision.max_error is not None, ("classes",)),
            ("calibrate", self.options.get("calibrate", False), ("classes",)),
            ("l1_ratio", self.l1_ratio > 0, ("classes", "several", "soft")),
            ("patience", self.patience is not None, ("classes", "soft")),
            ("thresholds", self.targets.thresholds != "label", ("several",)),
        ):
            if is_set and kind not in kinds:
                raise ParameterError(name, f"cannot be used with {KIND_NAMES[kind]}; leave it out")
        if kind == "ordered":
            self.solver.check_fits_levels()
        if kind == "several" and self.decision.aim is not None:
            aim_of_one_label(self.decision.aim)

    def without_label_aim(self, kind: TargetKind) -> tuple[FitSettings, Aim | None]:
        """The settings, and the aim that the thresholds of several labels are to reach: it needs no held-out rows."""
        if kind != "several":
            return self, None
        return replace(self, decision=DecisionSettings()), self.decision.aim

    @property
    def random_state(self) -> int:
        return self.solver.random_state

    @property
    def patience(self) -> int | None:
        return self.solver.patience


def _chooses_features(parameters: Parameters, l2: float | None) -> bool:
    """Whether no parameter is set that needs one recipe of features, or that excludes validation."""
    named = [parameters[name] for name in ("ngrams", "weighting", "hashing", "patience", "folds")]
    if parameters["analyzer"] != "auto" or any(value is not None for value in [*named, l2]):
        return False
    usual_solver = parameters["solver"] in ("auto", "dual")
    return usual_solver and not parameters["one_standard_error"] and not parameters["l1_ratio"]


def _options(parameters: Parameters, features: FeatureSettings) -> Json:
    class_weight = parameters["class_weight"]
    if isinstance(class_weight, Mapping):
        class_weight = sorted([str(label), float(factor)] for label, factor in class_weight.items())
    decision = {name: parameters[name] for name in DECISION_PARAMETERS if parameters.get(name)}
    if "aim" in decision:
        first, *others = decision["aim"]
        decision["aim"] = [first, *others] if others else first
    return {
        **{name: parameters[name] for name in PARAMETERS if name not in (*DECISION_PARAMETERS, *TARGET_DEFAULTS)},
        **decision,
        "ngrams": parameters["ngrams"] and list(parameters["ngrams"]),
        "features": _declarations(features) or None,
        "class_weight": class_weight,
        **_target_options(parameters),
    }


def _declarations(features: FeatureSettings) -> list[Json]:
    """The declarations of the hand-made features; most models have none, and need not import what they are."""
    if not features.handmade:
        return []
    from vikt.features.handmade.declarations import declaration

    return [declaration(feature) for feature in features.handmade]


def _target_options(parameters: Parameters) -> Json:
    given = {name: parameters[name] for name, usual in TARGET_DEFAULTS.items() if parameters.get(name, usual) != usual}
    return given | ({"order": list(given["order"])} if "order" in given else {})
