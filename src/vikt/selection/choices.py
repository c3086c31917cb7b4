"""What was chosen, as facts: λ, and the recipe of features. It imports no solver, so a saved model loads fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np

from vikt.arrays import Floats
from vikt.mappings import ReadJson
from vikt.names import count, number
from vikt.selection.recipes import Recipe

# C·mean‖x‖², four a decade: the range of the best value, whatever the scale of the features.
STRENGTHS = 10.0 ** (np.arange(-4, 17) / 4)


class PathPoint(NamedTuple):
    """One λ tried: C·mean‖x‖², C, λ, the validation log loss and its standard error."""

    strength: float
    C: float
    l2: float
    log_loss: float
    standard_error: float


def least_loss(curve: Sequence[PathPoint]) -> PathPoint:
    """The point of the least validation loss; a tie goes to the first, whose λ is larger."""
    return min(curve, key=lambda point: point.log_loss)


PenaltyRule = Literal["given", "default", "least_loss", "one_standard_error"]


@dataclass(frozen=True)
class PenaltyChoice:
    """The λ of a fit, and its origin.

    Attributes
    ----------
    l2 : float
        λ.
    rule : str
        "given"; "default", where there were too few texts to validate on; the λ of "least_loss" in validation; or the
        largest within "one_standard_error" of the least loss.
    curve : tuple of PathPoint
        The values tried, from the strongest penalty to the weakest.
    n_folds : int
    by_label : tuple of float, (K,)
        Of several labels, λ of each, where validation showed that some gain by one of their own; empty where all have
        the same.
    """

    l2: float
    rule: PenaltyRule
    curve: tuple[PathPoint, ...] = ()
    n_folds: int = 1
    by_label: tuple[float, ...] = ()

    def of_labels(self, n_labels: int) -> Floats:
        """λ of each of several labels: (K,)."""
        return np.array(self.by_label or [self.l2] * n_labels)

    @property
    def is_validated(self) -> bool:
        """Whether validation chose λ."""
        return self.rule in ("least_loss", "one_standard_error")

    @property
    def chosen(self) -> PathPoint:
        return next(point for point in self.curve if point.l2 == self.l2)

    @property
    def best(self) -> PathPoint:
        """The point of the least validation loss."""
        return least_loss(self.curve)

    @property
    def is_strongest_tried(self) -> bool:
        return self.chosen.strength == float(STRENGTHS[0])

    @property
    def is_weakest_tried(self) -> bool:
        return self.chosen.strength == float(STRENGTHS[-1])

    def to_json(self) -> dict[str, object]:
        path = [dict(zip(PathPoint._fields, point, strict=True)) for point in self.curve]
        own = {"by_label": list(self.by_label)} if self.by_label else {}
        return {"l2": self.l2, "rule": self.rule, "folds": self.n_folds, "path": path, **own}

    @classmethod
    def from_json(cls, kept: ReadJson) -> PenaltyChoice:
        path = tuple(PathPoint(**{name: number(value) for name, value in point.items()}) for point in kept["path"])
        by_label = tuple(number(l2) for l2 in kept.get("by_label", ()))
        choice = cls(number(kept["l2"]), kept["rule"], path, count(kept["folds"]), by_label)
        if min([choice.l2, *by_label]) < 0:
            raise ValueError("a λ below 0")
        if choice.rule not in get_args(PenaltyRule) or (
            choice.is_validated and not {choice.l2, *by_label} <= {p.l2 for p in path}
        ):
            raise ValueError(f"no choice of λ by the rule {choice.rule!r:.40}")
        return choice


class RecipeLoss(NamedTuple):
    """A recipe, and its validation log loss."""

    recipe: Recipe
    log_loss: float


@dataclass(frozen=True)
class FeatureChoice:
    """The recipe chosen, the losses of every recipe that has features, and the number of training rows.

    The choice is the recipe of the least loss, or the usual one if its loss is within two standard errors of the least.
    Where there are many rows, the choice on the first of them, `sample`, decides which parts are tried on all.
    """

    recipe: Recipe
    losses: tuple[RecipeLoss, ...]
    n_rows: int
    sample: FeatureChoice | None = None

    @property
    def log_loss(self) -> float:
        return dict(self.losses)[self.recipe]

    @property
    def best(self) -> Recipe:
        """The recipe of the least loss; a tie goes to the first."""
        return min(self.losses, key=lambda tried: tried.log_loss).recipe

    def to_json(self) -> dict[str, object]:
        losses = [{**tried.recipe.to_json(), "log_loss": tried.log_loss} for tried in self.losses]
        return {
            **self.recipe.to_json(),
            "log_loss": self.log_loss,
            "tried": losses,
            "rows": self.n_rows,
            "sample": self.sample and self.sample.to_json(),
        }

    @classmethod
    def from_json(cls, kept: ReadJson) -> FeatureChoice:
        losses = tuple(RecipeLoss(Recipe.from_json(tried), number(tried["log_loss"])) for tried in kept["tried"])
        sample = None if kept["sample"] is None else cls.from_json(kept["sample"])
        choice = cls(Recipe.from_json(kept), losses, count(kept["rows"]), sample)
        if choice.recipe not in dict(losses):
            raise ValueError("a recipe that was not tried")
        return choice
