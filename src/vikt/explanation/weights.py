"""The weights of a class, and the features with the largest of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vikt.errors import ParameterError
from vikt.fitting.model import FittedModel
from vikt.markup import block, heading, html_text, table
from vikt.tables import columns, data_frame, label_line, quoted

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, repr=False)
class StrongestFeatures:
    """The features that speak most for one class, which print as a table.

    Attributes
    ----------
    label : str
        The class.
    features : list of (str, float)
        Each feature and its weight θ_j > 0, the largest first.
    texts : tuple of int or None
        In how many of the fitted texts each feature is, where the model knows: of n-grams weighted by TF-IDF.

    Examples
    --------
    >>> StrongestFeatures("spam", [("winner", 1.5), ("free", 0.25)])
      spam     θ_j
      winner  +1.50
      free    +0.25
    """

    label: str
    features: list[tuple[str, float]]
    texts: tuple[int | None, ...] = ()

    def to_frame(self) -> DataFrame:
        """The features as a pandas data frame: feature, weight, texts. Raises MissingPackageError without pandas."""
        names, weights = [name for name, _ in self.features], [weight for _, weight in self.features]
        return data_frame({"feature": names, "weight": weights, "texts": self._texts})

    def __repr__(self) -> str:
        return columns([[label_line(self.label), "θ_j", *self._heading], *self._rows()])

    def _repr_html_(self) -> str:
        rows = [["feature", "weight θ_j", *self._heading], *self._rows()]
        title = heading(f"strongest features of <b>{html_text(label_line(self.label))}</b>")
        return block(title, table([[html_text(cell) for cell in row] for row in rows]))

    def _rows(self) -> list[list[str]]:
        counts = [[] if not self._heading else ["" if n is None else f"{n:,}"] for n in self._texts]
        numbered = zip(self.features, counts, strict=True)
        return [[label_line(name), f"{weight:+.2f}", *count] for (name, weight), count in numbered]

    @property
    def _texts(self) -> list[int | None]:
        return list(self.texts) if self.texts else [None] * len(self.features)

    @property
    def _heading(self) -> list[str]:
        """The head of the counts, where there is one."""
        return ["texts"] if any(count is not None for count in self.texts) else []


def strongest_of(model: FittedModel, k: int, n: int = 10, n_documents: int | None = None) -> StrongestFeatures:
    """The n features with the largest weights for class k, fewer where fewer speak for it.

    `n_documents`, the number of fitted texts, tells in how many of them each feature is.

    Raises
    ------
    ParameterError
        The class is a level between others, which share one score with it.
    """
    weighted = model.loss.weighted_classes
    if k not in weighted:
        ends = [model.classes.tolist()[end] for end in weighted]
        raise ParameterError(
            "class_",
            f"{model.labels[k]!r:.60} is between other levels, and features speak for higher or for lower ones; "
            f"choose from {quoted(ends)}",
        )
    theta = model.loss.class_weights(model.theta, k)[1:]
    top = np.argpartition(-theta, min(n, len(theta) - 1))[:n]
    top = top[np.argsort(-theta[top], kind="stable")]
    top = top[theta[top] > 0]
    counts = () if n_documents is None else tuple(model.features.document_counts(top, n_documents))
    weights = list(zip(model.features.names(top), theta[top].tolist(), strict=True))
    return StrongestFeatures(model.labels[k], weights, counts)


def strongest_features(model: FittedModel, n: int = 10) -> dict[str, list[tuple[str, float]]]:
    """The n features that speak most for each class, as `strongest_of` finds them: {class: [(feature, θ_j), ...]}.

    Of ordered levels, for the lowest and the highest.
    """
    return {model.labels[k]: strongest_of(model, k, n).features for k in model.loss.weighted_classes}
