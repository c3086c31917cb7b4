"""Standard errors, z and odds ratios of a model of few weights, by the information that its rows hold.

The covariance of θ is the inverse of the second derivative of the loss summed over the rows, Σ w·loss + λW Σ θ_j²/r_j²,
where r_j scales the penalty of feature j (1, unless features are weighted by Naive Bayes).
Without a penalty that is the observed information of maximum likelihood. With one it is the covariance of the normal
distribution that approximates what is known of θ when the penalty is treated as a prior; it shrinks the weights, and z
does not test whether a weight is 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats, MatrixLike, RowValues, Weights
from vikt.errors import DataError, ParameterError, UsageError
from vikt.estimators import LogisticRegression
from vikt.explanation.kinds import fit_of_label, refuse_kind
from vikt.fitting.examples import Examples
from vikt.fitting.model import FittedModel
from vikt.fitting.prepare import prepare
from vikt.fitting.record import FitRecord
from vikt.fitting.refitted import fitted_rows, settings_of
from vikt.mappings import Json
from vikt.markup import block, heading, html_text, table
from vikt.matrix import design_matrix
from vikt.model.classes import LabelledRows
from vikt.model.objective import Objective
from vikt.names import TargetKind, finite
from vikt.progress import no_progress
from vikt.solvers.newton_steps import dense_rows
from vikt.tables import columns, data_frame, label_line, quoted

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_WEIGHTS = 2000
# Of a normal distribution, which is between these at 95%.
_95_PERCENT = 1.959963984540054
_AT_A_TIME = 10_000
# In standard errors, by which θ may be off: beyond that they would describe another point.
_NEAR = 0.1
_SINGULAR = 1e-12
_REMEDIES: dict[TargetKind, str] = {
    "ordered": "train the levels as classes, since their cuts are uncertain too",
}


@dataclass(frozen=True)
class WeightInference:
    """One weight with what its rows say of it. The odds ratio is e^θ, `low` and `high` its 95% interval."""

    label: str
    feature: str
    weight: float
    standard_error: float

    @property
    def z(self) -> float:
        return self.weight / self.standard_error

    @property
    def p(self) -> float:
        """The probability of a z as large as this or larger, in size, where θ is 0."""
        return math.erfc(abs(self.z) / math.sqrt(2))

    @property
    def odds_ratios(self) -> tuple[float, float, float]:
        """e^θ, and both ends of its 95% interval."""
        reach = _95_PERCENT * self.standard_error
        with np.errstate(over="ignore"):
            ratio, low, high = np.exp([self.weight, self.weight - reach, self.weight + reach]).tolist()
        return ratio, low, high

    def to_json(self) -> Json:
        ratio, low, high = map(finite, self.odds_ratios)
        numbers = {"weight": self.weight, "standard_error": self.standard_error, "z": self.z, "p": self.p}
        return {"label": self.label, "feature": self.feature, **numbers, "odds_ratio": ratio, "low": low, "high": high}


@dataclass(frozen=True, repr=False)
class Inference:
    """The weights of a model with their standard errors; it prints as a table.

    Attributes
    ----------
    reference : str
        The class that odds are against: of two, the first; of more, the first too, and a weight is then that of its
        class less that of this one. Of one of several labels, the rows without it.
    weights : list of WeightInference
        Class by class, the intercept first.
    l2 : float
        λ; where it is not 0, all this is approximate.
    """

    reference: str
    weights: list[WeightInference]
    l2: float

    @property
    def note(self) -> str:
        """What to know of the figures; empty without a penalty."""
        if not self.l2:
            return ""
        return (
            f"approximate: λ = {self.l2:.3g} shrinks the weights, and the penalty is treated as a prior; "
            "z does not test whether a weight is 0"
        )

    def to_json(self) -> Json:
        """Finite numbers or null, never NaN or Infinity."""
        weights = [own.to_json() for own in self.weights]
        return {"reference": self.reference, "l2": self.l2, "approximate": self.l2 > 0, "weights": weights}

    def to_frame(self) -> DataFrame:
        """The table as a pandas data frame, with the intervals of the odds ratios.

        Raises
        ------
        MissingPackageError
            pandas is not installed.
        """
        rows = self.to_json()["weights"]
        return data_frame({name: [row[name] for row in rows] for name in rows[0]})

    def __repr__(self) -> str:
        return "\n".join(filter(None, [f"odds against {label_line(self.reference)}", columns(self._rows), self.note]))

    def _repr_html_(self) -> str:
        title = heading(f"odds against <b>{html_text(label_line(self.reference))}</b>")
        rows = [[html_text(cell) for cell in row] for row in self._rows]
        return block(title, table(rows), heading(html_text(self.note)) if self.note else "")

    @property
    def _rows(self) -> list[list[str]]:
        several = len({own.label for own in self.weights}) > 1
        rows = [["feature", "θ_j", "standard error", "z", "p", "e^θ_j", "95% interval"]]
        for own in self.weights:
            name = label_line(own.feature)
            ratio, low, high = own.odds_ratios
            rows.append(
                [
                    f"{label_line(own.label)}: {name}" if several else name,
                    f"{own.weight:+.4f}",
                    f"{own.standard_error:.4f}",
                    f"{own.z:+.2f}",
                    f"{own.p:.2g}",
                    f"{ratio:.4g}",
                    f"{low:.4g} to {high:.4g}",
                ]
            )
        return rows


def standard_errors(
    model: LogisticRegression,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: RowValues = None,
    offset: RowValues = None,
) -> Inference:
    """Standard errors, z, p and odds ratios of the weights of a fitted model, by the rows that it was fitted to.

    Parameters
    ----------
    model : LogisticRegression
        Fitted without L1 and class weights, with at most 2,000 weights.
    X, y, sample_weight, offset
        As they were given to `fit`. Weights count: 2 is the row twice.

    Raises
    ------
    UsageError
        The model has L1, class weights or too many weights.
    DataError
        These rows are not those of the fit; columns depend on one another, or the classes are separable, so that
        nothing bounds a weight.

    Examples
    --------
    >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]], [0, 0, 1, 0, 1, 1]
    >>> model = LogisticRegression(l2=0, tol=1e-12).fit(X, y)
    >>> found = standard_errors(model, X, y)
    >>> [round(own.standard_error, 3) for own in found.weights]
    [2.546, 0.913]
    """
    model._check_fitted()
    if model.l1_:
        raise UsageError("standard errors need a loss that curves at the optimum, found L1; fit with l1_ratio=0")
    _check_unweighted(model.class_weight)
    owner, n_features = type(model).__name__, model.n_features_in_
    matrix = design_matrix(X, has_dummy=model.fit_intercept, n_features=n_features, owner=owner)
    rows = LabelledRows.of(y, sample_weight, matrix.n_rows)
    if not np.array_equal(rows.classes, model.classes_):
        raise DataError(
            f"the classes of these rows, {rows.classes.tolist()}, are not those of the model, "
            f"{model.classes_.tolist()}; give the rows of the fit"
        )
    objective = Objective.of(
        matrix.take(rows.kept),
        rows.y,
        n_classes=len(rows.classes),
        l2=model.l2_,
        sample_weight=rows.weights,
        offset=None if offset is None else np.asarray(offset, dtype=np.float64)[rows.kept],
    )
    names = getattr(model, "feature_names_in_", None)
    spelled = [f"x{j}" for j in range(objective.n_features)] if names is None else list(map(str, names))
    return inference(objective, model.theta_, spelled, list(map(str, model.classes_.tolist())))


def standard_errors_of_fit(
    model: FittedModel, record: FitRecord, examples: Examples, k: int | None = None, threads: int = 1
) -> Inference:
    """The same of a model of texts, by the examples that it was fitted to, made into features again.

    Of several labels those of label k, which is a fit of its own.

    Raises
    ------
    UsageError
        As of `check_inference`; or label k is on every training row or on none.
    DataError
        These are other rows; or as for `standard_errors`.
    """
    check_inference(model, record, k)
    settings, part = settings_of(record, examples), record.parts[0]
    rows, features = fitted_rows(record, examples), replace(settings.features, analyzer=part.name)
    prepared = prepare(examples, features, rows, rows[:0], None, threads, no_progress)
    objective, theta = prepared.fold.training.with_l2(part.penalty.l2), model.theta.astype(np.float64)
    labels = model.labels
    if k is not None:
        objective, theta = fit_of_label(objective, part.penalty, theta, k, labels[k])
        labels = [f"rows without {labels[k]}", labels[k]]
    return inference(objective, theta, model.features.names(), labels)


def check_inference(model: FittedModel, record: FitRecord, k: int | None = None) -> None:
    """Refuse a model whose weights have no standard errors, before its rows are read.

    Raises
    ------
    UsageError
        The model is a blend, has L1, class weights or too many weights, or was stopped early; it answers ordered
        levels; or it answers several labels of which none is named, or one is named of other targets.
    """
    refuse_kind(model.kind, "standard errors", _REMEDIES)
    record.refuse_shrunk("a standard error")
    if model.kind == "several" and k is None:
        raise ParameterError(
            "label", f"each of several labels has standard errors of its own; name one of {quoted(model.labels)}"
        )
    if model.kind != "several" and k is not None:
        raise ParameterError("label", "is for a model of several labels; leave it out")
    if len(record.parts) > 1 or record.l1 or record.options["patience"] is not None:
        raise UsageError(
            "standard errors need weights that minimise one loss with L2 alone, found a blend, L1 or an early stop"
        )
    _check_unweighted(record.options["class_weight"])
    _check_size(int(model.theta.size if k is None else model.theta[k].size))


def inference(objective: Objective, theta: Weights, features: Sequence[str], labels: Sequence[str]) -> Inference:
    """Standard errors of the weights θ that minimise an objective. Raises as `standard_errors` does."""
    _check_size(int(np.prod(objective.shape)))
    exact: Floats = np.atleast_2d(np.asarray(theta, dtype=np.float64))
    covariance = _covariance(objective, exact)
    names = ["(intercept)"] * objective.has_dummy + list(features)
    n = len(names)
    if len(exact) == 1:
        variances, estimates, others = np.diag(covariance)[None], exact, labels[1:]
    else:
        by_class = covariance.reshape(len(exact), n, len(exact), n)
        own = np.einsum("kjkj->kj", by_class)
        shared = np.einsum("kjj->kj", by_class[:, :, 0, :])
        variances, estimates, others = own[1:] + own[:1] - 2 * shared[1:], exact[1:] - exact[:1], labels[1:]
    errors = np.sqrt(variances)
    weights = [
        WeightInference(label, name, float(estimate), float(error))
        for label, of_class, errors_of_class in zip(others, estimates, errors, strict=True)
        for name, estimate, error in zip(names, of_class, errors_of_class, strict=True)
    ]
    return Inference(labels[0], weights, objective.l2)


def _check_unweighted(class_weight: object) -> None:
    # The factor of a class would pass for as many rows, which nobody has seen.
    if class_weight is not None:
        raise UsageError(
            f"standard errors need rows that count as often as they occur, found class_weight={class_weight!r:.60}; "
            "fit without it"
        )


def _check_size(n_weights: int) -> None:
    if n_weights > MOST_WEIGHTS:
        raise UsageError(
            f"standard errors need the inverse of a square matrix of all weights, found {n_weights:,} weights; "
            f"fit a model of at most {MOST_WEIGHTS:,}"
        )


def _covariance(objective: Objective, theta: Floats) -> Floats:
    """The inverse of the second derivative of the summed loss: (N, N), classes first, then weights.

    Of several classes only differences are determined, so what is common to all is fixed where no penalty does it.
    """
    information, own = _information(objective, theta), theta[0] if len(theta) == 1 else theta
    scale = np.sqrt(np.maximum(np.diag(information), np.finfo(np.float64).tiny))
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    if values[0] <= _SINGULAR * len(values):
        raise DataError(
            "the rows do not determine the weights: columns depend on one another, or the rows are separable; "
            "drop such columns, or fit with a penalty (l2 above 0)"
        )
    covariance = (vectors / values) @ vectors.T / np.outer(scale, scale)
    gradient = np.ravel(objective.total_weight * objective.gradient(own))
    off = math.sqrt(max(float(gradient @ covariance @ gradient), 0.0))
    if off > _NEAR:
        raise DataError(
            f"the weights are {off:.2g} standard errors from the optimum of these rows; give the rows, weights and "
            "offsets of the fit, or fit them to a smaller tol"
        )
    return np.asarray(covariance)


def _information(objective: Objective, theta: Floats) -> Floats:
    part, first, n_classes = objective.rows, int(objective.has_dummy), len(theta)
    scores = part.scores(theta[0] if n_classes == 1 else theta)
    p = objective.loss.probabilities(scores).reshape(part.X.n_rows, n_classes)
    n = objective.n_features + first
    total = np.zeros((n_classes, n, n_classes, n))
    for start in range(0, part.X.n_rows, _AT_A_TIME):
        rows = np.arange(start, min(start + _AT_A_TIME, part.X.n_rows))
        dense = np.hstack([np.ones((len(rows), first)), dense_rows(part.X.take(rows))])
        for k in range(n_classes):
            for other in range(k, n_classes):
                curvature = part.weights[rows] * p[rows, k] * ((k == other) - p[rows, other])
                total[k, :, other] += (dense.T * curvature) @ dense
    for k in range(n_classes):
        for other in range(k):
            total[k, :, other] = total[other, :, k].T
    own = np.broadcast_to(2 * objective.total_weight * objective.penalty.strengths, (n_classes, objective.n_features))
    penalised = np.hstack([np.zeros((n_classes, first)), own])
    if n_classes > 1:
        # A constant added to all classes' weights changes no probability.
        common = np.einsum("kjkj->j", total) * (penalised == 0).all(axis=0) / n_classes
        for j in np.flatnonzero(common):
            total[:, j, :, j] += common[j]
    information = total.reshape(n_classes * n, n_classes * n)
    return np.asarray(information + np.diag(penalised.ravel()))
