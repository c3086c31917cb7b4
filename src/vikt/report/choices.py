"""The choices of λ and of the features, in words."""

from __future__ import annotations

from collections.abc import Sequence

from vikt.model.penalties import DEFAULT_STRENGTH
from vikt.selection.choices import FeatureChoice, PenaltyChoice
from vikt.selection.recipes import Recipe
from vikt.tables import counted

_NAMES = {
    "nb": "telling words",
    "word": "words",
    "word+char": "words and characters",
    "char": "characters",
    "char_wb": "characters",
    "auto": "words",
    "none": "columns",
}


def recipe_name(recipe: Recipe) -> str:
    """A recipe in words.

    Examples
    --------
    >>> recipe_name(Recipe("nb+word+char", (("nb", 0.25), ("word+char", 0.75))))
    '0.25·telling words + 0.75·words and characters'
    """
    return " + ".join(f"{share:g}·" * (share < 1) + _NAMES.get(name, name) for name, share in recipe.shares)


def penalty_sentence(choice: PenaltyChoice) -> str:
    """λ, and its origin."""
    return _common_sentence(choice) + (_of_labels(choice.by_label) if choice.by_label else "")


def _of_labels(l2s: Sequence[float]) -> str:
    common = max(set(l2s), key=lambda l2: (l2s.count(l2), l2))
    n_own = sum(l2 != common for l2 in l2s)
    return f"; {n_own:,} of {counted(len(l2s), 'label')} have their own, from {min(l2s):.3g} to {max(l2s):.3g}"


def _common_sentence(choice: PenaltyChoice) -> str:
    if choice.rule == "given":
        return f"λ = {choice.l2:g} as given"
    if choice.rule == "default":
        default = f"λ = {choice.l2:.3g} by default (C·mean‖x‖² = {DEFAULT_STRENGTH:g})"
        return f"{default}: there are too few texts to validate on"
    chosen, n_tried = choice.chosen, len(choice.curve)
    folds = f" in {choice.n_folds} folds" if choice.n_folds > 1 else ""
    rank = f"best of {n_tried}"
    if choice.rule == "one_standard_error":
        rank = f"within one standard error ({choice.best.standard_error:.4f}) of the best of {n_tried}"
    sentence = f"λ = {chosen.l2:.3g} (C = {chosen.C:.3g}), validation log loss {chosen.log_loss:.4f}{folds}, {rank}"
    if choice.is_strongest_tried:
        return f"{sentence}; it is the strongest penalty tried, so the features may say little about the labels"
    if choice.is_weakest_tried:
        return f"{sentence}; it is the weakest penalty tried, so the training rows may be separable"
    return sentence


def features_sentence(choice: FeatureChoice) -> str:
    """The features chosen, and their rank."""
    sentence = f"{recipe_name(choice.recipe)}: validation log loss {choice.log_loss:.4f}, {_rank(choice)}"
    sample = choice.sample
    if sample is None:
        return sentence
    return f"{sentence}; on {sample.n_rows:,} rows, {recipe_name(sample.recipe)} was {_rank(sample)}"


def _rank(choice: FeatureChoice) -> str:
    if choice.recipe == choice.best:
        return f"best of {len(choice.losses)}"
    lowest = min(tried.log_loss for tried in choice.losses)
    best = f"the best of {len(choice.losses)} ({recipe_name(choice.best)}, {lowest:.4f})"
    return f"the usual choice, since {best} is ahead by less than two standard errors"
