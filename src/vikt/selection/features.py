"""The features, by validation: characters alone, or one of five blends of telling words with words and characters.

A blend w·z_NB + (1 - w)·z_WC is a sum of scores, so it is one linear model over the features of both parts side by
side. Its parts are fitted, and their distances from the optimum proven, each by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.corpus.texts import Texts
from vikt.errors import EmptyVocabularyError
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.model.linear import centred_intercepts
from vikt.model.penalties import split_strength
from vikt.selection.folds import Fold, weighted_mean
from vikt.selection.path import Choice, choose_l2, default_l2
from vikt.selection.prepare import Source
from vikt.solvers import Settings, Solution, minimise
from vikt.solvers.certificate import Certificate, certificate_nearby
from vikt.threads import running

# Fewer rows cannot tell recipes apart.
LEAST_VALIDATION_ROWS = 100
_SAMPLE_BYTES, _VALIDATION_BYTES = 8_000_000, 2_000_000
_QUICKLY = Settings(solver="dual", tol=1e-2, max_iter=50)

Shares = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Recipe:
    """Names in `FEATURES`: of all features, and of the parts fitted by themselves with their shares of the score."""

    analyzer: str
    shares: Shares

    @property
    def said(self) -> str:
        return " + ".join((f"{share:g}·" if share < 1 else "") + _SAID.get(name, name) for name, share in self.shares)


_SAID = {"nb": "telling words", "word+char": "words and characters", "char_wb": "characters", "auto": "words"}
RECIPES = (
    Recipe("char_wb", (("char_wb", 1.0),)),
    Recipe("word+char", (("word+char", 1.0),)),
    *(Recipe("nb+word+char", (("nb", share), ("word+char", 1 - share))) for share in (0.25, 0.5, 0.75)),
    Recipe("nb", (("nb", 1.0),)),
)
# Never far from the best, on any corpus, so that it takes evidence to prefer another.
_USUAL = RECIPES[1]


@dataclass(frozen=True)
class FeatureChoice:
    """The recipe chosen, the validation log loss of each, and what is to be said about it.

    `choices` holds the λ's of the parts.
    """

    recipe: Recipe
    curve: list[tuple[str, float]]
    said: str
    choices: dict[str, Choice]

    def to_json(self) -> dict[str, Any]:
        """What is told of it, and kept in a file: the λ's are not."""
        shares = [list(share) for share in self.recipe.shares]
        return {"analyzer": self.recipe.analyzer, "shares": shares, "said": self.said, "curve": self.curve}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> FeatureChoice:
        recipe = Recipe(kept["analyzer"], tuple((str(name), float(share)) for name, share in kept["shares"]))
        return cls(recipe, [(str(said), float(loss)) for said, loss in kept["curve"]], kept["said"], {})


def choose_features(
    source: Source,
    settings: FeatureSettings,
    training: NDArray[np.int64],
    validation: NDArray[np.int64],
    random_state: int = 0,
) -> FeatureChoice | None:
    """Fit each part of each recipe, its λ by validation, and take the recipe of the least validation loss.

    Words and characters are taken where the best is better by less than two standard errors of the difference. Of more
    than some 8 MB of text the first rows in canonical order are a sample that decides which parts there are, and all
    rows their shares. A tie goes to the first recipe. None where rows to validate on are too few, or of one class.

    Parameters
    ----------
    source : Source
    settings : FeatureSettings
        But for the analyzer.
    training, validation : arrays of rows
    random_state : int
        Of the order of visits.

    Raises
    ------
    EmptyVocabularyError
        No part has a feature.
    """
    texts = source.corpus.documents.texts
    fitted, apart = _first(texts, training, _SAMPLE_BYTES), _first(texts, validation, _VALIDATION_BYTES)
    of_fitted = apart[np.isin(source.corpus.y[apart], source.corpus.y[fitted])]
    if len(of_fitted) < LEAST_VALIDATION_ROWS or len(np.unique(source.corpus.y[of_fitted])) < 2:
        return None
    tried, said = _try(source, settings, RECIPES, fitted, apart, random_state), ""
    if len(fitted) < len(training) or len(apart) < len(validation):
        # More rows may want other shares, which cost nothing: the parts' λ's are to be chosen on all rows anyway.
        said = f"; {tried.best.said} was {tried.rank} on {len(fitted):,} rows"
        parts = {name for name, _ in tried.best.shares + tried.least.shares}
        recipes = [recipe for recipe in tried.losses if parts.issuperset(name for name, _ in recipe.shares)]
        tried = _try(source, settings, recipes, training, validation, random_state)
    said = f"{tried.best.said}: validation log loss {tried.losses[tried.best]:.4f}, {tried.rank}{said}"
    curve = [(recipe.said, one) for recipe, one in tried.losses.items()]
    return FeatureChoice(tried.best, curve, said, tried.choices)


@dataclass(frozen=True)
class _Tried:
    """The validation losses of each recipe for which there are features, row by row, and λ of each part."""

    row_losses: dict[Recipe, Floats]
    weights: Floats
    choices: dict[str, Choice]

    @cached_property
    def losses(self) -> dict[Recipe, float]:
        return {recipe: weighted_mean(own, self.weights).mean for recipe, own in self.row_losses.items()}

    @property
    def least(self) -> Recipe:
        return min(self.losses, key=lambda recipe: self.losses[recipe])

    @cached_property
    def best(self) -> Recipe:
        if _USUAL not in self.losses:
            return self.least
        gain = weighted_mean(self.row_losses[_USUAL] - self.row_losses[self.least], self.weights)
        return _USUAL if gain.mean <= 2 * gain.standard_error else self.least

    @property
    def rank(self) -> str:
        if self.best == self.least:
            return f"best of {len(self.losses)}"
        return f"within two standard errors of {self.least.said}, best of {len(self.losses)}"


class _Part(NamedTuple):
    """λ of one part, its scores of the rows kept apart, and the losses of any scores of theirs."""

    choice: Choice
    scores: Floats
    losses: Callable[[Any], Floats]
    weights: Floats


def _try(
    source: Source,
    settings: FeatureSettings,
    recipes: Iterable[Recipe],
    fitted: NDArray[np.int64],
    apart: NDArray[np.int64],
    random_state: int,
) -> _Tried:
    names = list(dict.fromkeys(name for recipe in recipes for name, _ in recipe.shares))

    def fit(numbered: tuple[int, str]) -> _Part | None:
        number, name = numbered
        source.tell("choosing features", number, len(names))
        try:
            prepared = source.prepare(replace(settings, analyzer=name), fitted, apart)
        except EmptyVocabularyError:
            # Words in one-letter texts, say: recipes without this part remain.
            return None
        choice = choose_l2([Fold(prepared.fitted, prepared.apart)], random_state=random_state)
        solution = minimise(prepared.fitted.with_l2(choice.l2), replace(_QUICKLY, random_state=random_state))
        held = prepared.apart
        return _Part(choice, held.X.scores(solution.theta), partial(held.loss.losses, y=held.y), held.weights)

    with running(source.threads) as run:
        tried = zip(names, run(fit, enumerate(names, start=1)), strict=True)
        parts = {name: part for name, part in tried if part}
    if not parts:
        raise EmptyVocabularyError(
            f"no vocabulary is left: no word or characters in at least min_df={settings.min_df} of {len(fitted)} "
            "texts; lower min_df, or look at the texts"
        )
    any_part = next(iter(parts.values()))
    row_losses = {
        recipe: any_part.losses(sum(share * parts[name].scores for name, share in recipe.shares))
        for recipe in recipes
        if all(name in parts for name, _ in recipe.shares)
    }
    return _Tried(row_losses, any_part.weights, {name: part.choice for name, part in parts.items()})


def _first(texts: Texts, rows: NDArray[np.int64], most_bytes: int) -> NDArray[np.int64]:
    ends = np.cumsum(np.diff(texts.offsets)[rows])
    return rows[: max(1, int(np.searchsorted(ends, most_bytes, side="right")))]


@dataclass
class Component:
    """One part of a model, fitted by itself: all of it, where there is but one.

    Attributes
    ----------
    name : str
        In `FEATURES`.
    share : float
        Of the score.
    choice : Choice
        λ.
    certificate : Certificate
        That of the part.
    solution : Solution
    features : TextFeatures
    theta : (n+1,) or (K, n+1)
        In float32, for features as `features` makes them.
    present : (K,)
        The classes in the rows fitted.
    """

    name: str
    share: float
    choice: Choice
    certificate: Certificate
    solution: Solution
    features: TextFeatures
    theta: NDArray[np.float32]
    present: NDArray[np.int64]

    def to_json(self) -> dict[str, Any]:
        """What is told of a part of a blend."""
        certificate = self.certificate._asdict()
        numbers = {
            name: certificate[name] if np.isfinite(certificate[name]) else None for name in ("relative", "bound")
        }
        choice = {"said": self.choice.said, "l2": self.choice.l2}
        return {"name": self.name, "share": self.share, **choice, **certificate, **numbers}


def fit_component(
    source: Source,
    settings: FeatureSettings,
    share: float,
    choice: Choice | None,
    rows: NDArray[np.int64],
    apart: NDArray[np.int64],
    solver: Settings,
    l1_ratio: float = 0.0,
) -> Component:
    """Fit one part to rows, with a λ chosen before or by default; rows apart stop a descent early, if there are any."""
    prepared = source.prepare(settings, rows, apart)
    choice = choice or default_l2(prepared.fitted, "too few texts to validate on")
    objective = prepared.fitted.with_l2(*split_strength(choice.l2, l1_ratio))
    solution = minimise(
        objective,
        solver,
        validation=prepared.apart if len(apart) else None,
        progress=lambda record: source.tell("fitting", record.passes, 0),
    )
    # Weights are kept in float32, features × classes in memory; the certificate is that of the rounded model.
    theta = centred_intercepts(solution.theta).astype(np.float32)
    proof = certificate_nearby(objective, theta, solution.certificate)
    return Component(
        settings.analyzer,
        share,
        choice,
        proof,
        replace(solution, state=None),
        prepared.features,
        theta,
        prepared.present,
    )


def blended(settings: FeatureSettings, components: list[Component]) -> tuple[TextFeatures, NDArray[np.float32]]:
    """The features of all components beside each other, and the weights whose score is the shares' sum of theirs.

    Columns of hand-made features, which every component has, are there once, as is the intercept.
    """
    if len(components) == 1:
        return components[0].features, components[0].theta
    features = TextFeatures.beside(settings, [component.features for component in components])
    weighted = [component.share * component.theta.astype(np.float64) for component in components]
    end = -features.n_handmade or None
    intercept = sum(theta[..., :1] for theta in weighted)
    handmade = [sum(theta[..., end:] for theta in weighted)] if end else []
    theta = np.concatenate([intercept, *(theta[..., 1:end] for theta in weighted), *handmade], axis=-1)
    return features, theta.astype(np.float32)


def least_proven(components: list[Component]) -> Component:
    """The component of the largest certificate, or of none; a tie goes to the first."""
    return max(components, key=lambda component: np.nan_to_num(component.certificate.relative, nan=np.inf))
