"""Influence: what each training row adds to an answer, without training again.

Without row i the optimum moves by about H⁻¹·(w_i/W)·(x_i r_i + ∂penalty/∂θ), H being the Hessian of the loss and r_i
the row's probability minus its truth: one step of Newton's method on the rows that remain, λ as it is. Of an answer the
log-odds count, whose gradient by θ is d = c·x; so H·s = d is solved once, by conjugate gradients, and the effect of
each row is then a scalar product with s. Without its row H is smaller, which makes the step longer, by 1/(1 - leverage)
of the row; that is estimated from the length of the row and from the diagonal of H.

Sources: Cook and Weisberg 1982; Koh and Liang 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vikt.arrays import Floats
from vikt.errors import UsageError
from vikt.explanation.kinds import fit_of_label, refuse_kind
from vikt.features.text import TextFeatures
from vikt.fitting.examples import Examples
from vikt.fitting.model import FittedModel, Inputs
from vikt.fitting.prepare import prepare
from vikt.fitting.record import FitRecord
from vikt.fitting.refitted import fitted_rows, plan_of, settings_of
from vikt.fitting.start import Start
from vikt.mappings import Json
from vikt.markup import block, heading, html_text, table
from vikt.matrix import SparseMatrix
from vikt.model.functions import log_softmax, softmax
from vikt.model.objective import Objective
from vikt.names import TargetKind
from vikt.parts import PerPart
from vikt.progress import Progress, no_progress
from vikt.solvers import Settings, minimise
from vikt.solvers.conjugate_gradients import ConjugateGradients
from vikt.solvers.intercepts import balanced_intercepts
from vikt.tables import columns, counted, cut, data_frame, label_line, visible

if TYPE_CHECKING:
    from pandas import DataFrame

# Of a blend the file holds the sums of the parts' intercepts and hand-made weights, which are found again.
_TOL = 1e-5
_WIDEST_EXCERPT = 70
_LEAST_ROOM = 1e-9
_REMEDIES: dict[TargetKind, str] = {
    "ordered": "train the levels as classes, since rows move their cuts too",
}


@dataclass(frozen=True)
class InfluentialRow:
    """A training row: its number in the input, its label and text, what it adds to the log-odds, and its copies.

    Equal rows of one label are one row, whose effect is that of all `copies`. Rows of files have a `place` too, such as
    "mails.tsv, row 7".
    """

    row: int
    label: str
    text: str
    effect: float
    copies: int = 1
    place: str | None = None


@dataclass(frozen=True, repr=False)
class Influence:
    """The training rows that speak most for an answer, and those most against it. It prints as a table.

    Attributes
    ----------
    label : str
        The class answered, or asked for.
    log_odds : float
        log P/(1 - P) of the class.
    rows : list of InfluentialRow
        Those for the class, then those against it, the largest effects first. An effect is the log-odds with the row
        less those of a model trained without it, with the same features and λ, to first order.
    n_rows : int
        How many different rows the model was fitted to.
    """

    label: str
    log_odds: float
    rows: list[InfluentialRow]
    n_rows: int

    def to_json(self) -> Json:
        """The class, its log-odds and the rows, as JSON holds them."""
        rows = [{name: value for name, value in vars(row).items() if value is not None} for row in self.rows]
        return {"label": self.label, "log_odds": self.log_odds, "fitted_rows": self.n_rows, "rows": rows}

    def placed(self, place: Callable[[int], str]) -> Influence:
        """The same, with the place of each row by its number."""
        return replace(self, rows=[replace(row, place=place(row.row)) for row in self.rows])

    def to_frame(self) -> DataFrame:
        """The rows as a pandas data frame: row, label, text, effect, copies. Raises MissingPackageError without it."""
        names = ("row", "label", "text", "effect", "copies")
        return data_frame({name: [getattr(row, name) for row in self.rows] for name in names})

    def __repr__(self) -> str:
        return f"{self._title()}\n\n{columns(self._cells(), left=4)}"

    def _repr_html_(self) -> str:
        cells = [[html_text(cell) for cell in row] for row in self._cells()]
        return block(heading(html_text(self._title())), table(cells, left=4))

    def _title(self) -> str:
        return (
            f"log-odds of '{label_line(self.label)}' {self.log_odds:+.4f}, and what training rows add to them "
            f"(of {counted(self.n_rows, 'different row')})"
        )

    def _cells(self) -> list[list[str]]:
        rows = [
            [
                f"{row.effect:+.4f}",
                label_line(row.label),
                (row.place or f"{row.row:,}") + (f" (×{row.copies})" if row.copies > 1 else ""),
                visible(cut(row.text, _WIDEST_EXCERPT)),
            ]
            for row in self.rows
        ]
        return [["effect", "label", "row", "text"], *rows]


def influence(
    model: FittedModel,
    record: FitRecord,
    examples: Examples,
    document: Inputs,
    k: int | None = None,
    n: int = 5,
    *,
    threads: int = 1,
    progress: Progress = no_progress,
) -> Influence:
    """The n rows that speak most for class k of one document, by default the most probable one, and the n against it.

    The parts of a blend are fits of their own, whose scores are added by their shares; so are the effects. Of several
    labels each is a fit of its own, whose two classes are the rows with it and those without.

    Raises
    ------
    DataError
        The examples are not those that were read for the fit.
    UsageError
        As of `check_influence`; or label k is on every training row or on none.
    """
    check_influence(model, record)
    rows, is_of_labels = fitted_rows(record, examples), model.kind == "several"
    scores = np.asarray(model.scores(document, threads)[0])
    if k is None:
        k = int(np.argmax(scores)) if scores.ndim else int(scores > 0)
    own, place = (scores[k], 1) if is_of_labels else (scores, k)
    gradient = log_odds_gradient(own, place)
    settings, start = settings_of(record, examples), Start(model, plan_of(record).recipe.shares)
    effects: Floats = np.zeros(())
    for number, part in enumerate(record.parts):
        features = replace(settings.features, analyzer=part.name)
        prepared = prepare(examples, features, rows, rows[:0], settings.class_weight, threads, progress)
        objective = prepared.fold.training.with_l2(part.penalty.l2)
        theta = start.theta(number, prepared.features, examples.classes[prepared.present])
        if is_of_labels:
            objective, theta = fit_of_label(objective, part.penalty, theta, k, model.labels[k])
        if len(record.parts) > 1:
            theta = _part_optimum(objective, theta, prepared.features)
        x = _with_dummy(prepared.features, model, document)
        effects = effects + row_effects(objective, theta, part.share * np.multiply.outer(gradient, x))
    return Influence(model.labels[k], log_odds(own, place), _most(examples.take(rows), effects, n), len(effects))


def check_influence(model: FittedModel, record: FitRecord) -> None:
    """Refuse a model whose training rows have no influence to be told, before they are read.

    Raises
    ------
    UsageError
        The model was stopped early, or has L1 or no penalty, so that it is no optimum of a smooth loss; or it answers
        ordered levels.
    """
    refuse_kind(model.kind, "influence of training rows", _REMEDIES)
    record.refuse_shrunk("the influence of training rows")
    if record.options["patience"] is not None or record.l1 or not all(part.penalty.l2 for part in record.parts):
        raise UsageError(
            "influence needs weights that minimise a loss with L2, found an early stop (patience), L1 or λ = 0; "
            "train without them"
        )


def _part_optimum(objective: Objective, theta: Floats, features: TextFeatures) -> Floats:
    """The optimum of one part of a blend, of which the file holds all but what it adds up over the parts."""
    if features.n_handmade:
        return minimise(objective, Settings(solver="newton", tol=_TOL), start=theta).theta
    return balanced_intercepts(objective, theta, objective.scores(theta))[0]


def _with_dummy(features: TextFeatures, model: FittedModel, document: Inputs) -> Floats:
    """The features of one document, x_0 = 1 first: (n+1,)."""
    columns_of, values = SparseMatrix(*features.transform(model.measured(document), np.float64)).row(0)
    x = np.zeros(1 + features.n_features)
    x[0], x[1 + columns_of] = 1.0, values
    return x


def _most(examples: Examples, effects: Floats, n: int) -> list[InfluentialRow]:
    """The n merged rows of the largest effects above 0, and the n of the smallest below."""
    first, _ = examples.merged()
    copies = np.diff(np.append(first, len(examples)))
    order = np.argsort(-effects, kind="stable")
    most = [*order[:n][effects[order[:n]] > 0], *[i for i in order[::-1][:n] if effects[i] < 0]]
    texts, names = examples.documents.texts.take(first[most]).strings(), examples.targets.spelled
    return [
        InfluentialRow(int(examples.origin[row]), names[examples.y[row]], text, float(effects[i]), int(copies[i]))
        for i, row, text in zip(most, first[most].tolist(), texts, strict=True)
    ]


def row_effects(objective: Objective, theta: Floats, direction: Floats) -> Floats:
    """What each row adds to d·θ at the optimum θ of an objective: its value with the row less that without it.

    Parameters
    ----------
    objective : Objective
        With λ > 0.
    theta : (n+1,) or (K, n+1)
        Its optimum.
    direction : the shape of θ
        d.

    Returns
    -------
    ndarray, (m,)
    """
    p = objective.probabilities(objective.scores(theta))
    hessian = ConjugateGradients(objective)
    diagonal = hessian.diagonal(p)
    s = hessian.solved(direction, p, diagonal)
    along = _lengthened(objective, hessian.first, p, diagonal) * objective.rows.scores(s)
    along = along if along.ndim == 1 else along.sum(axis=1)
    shares = objective.shares.only
    return -shares * (along + float(np.sum(objective.penalty.gradient(theta.copy()) * s)))


def _lengthened(objective: Objective, first: int, p: PerPart[Floats], diagonal: Floats) -> Floats:
    """(I - J·S)⁻¹·r of each row, with J = diag(p) - ppᵀ and S about (w/W)·xᵀH⁻¹x, class by class.

    Were the row alone, S would be Q/(1 + J·Q) with Q = (w/W)·‖r·x‖²/(2λ); were the columns, by the diagonal of H,
    (w/W)·Σ x²/H_jj. Both are above the truth as a rule, and the lesser is taken.
    """
    part, share = objective.rows, objective.shares.only
    residuals = objective.loss.residuals_at(p.only, part.y)
    scales = np.divide(1.0, np.sqrt(diagonal), out=np.zeros_like(diagonal), where=diagonal > 0)
    by_row = _by_class(share, part.X.squared_norms(objective.penalty.scales), residuals) / (2 * objective.l2)
    by_column = part.X.squared_norms(scales[..., first:]) + first * scales[..., 0] ** 2
    by_column = _by_class(share, by_column, residuals)
    leverage = p.only * (1 - p.only) * by_column
    room = np.maximum(1 - leverage, _LEAST_ROOM)
    pulled = np.minimum(by_row, by_column / room) * residuals
    if residuals.ndim == 1:
        return np.asarray(residuals + p.only * (1 - p.only) * pulled)
    return np.asarray(residuals + p.only * (pulled - np.sum(p.only * pulled, axis=1, keepdims=True)))


def _by_class(share: Floats, values: Floats, like: Floats) -> Floats:
    """share·value of each row, (m,) or (m, K), in as many dimensions as the residuals."""
    weighted = (values.T * share).T
    return weighted[:, None] if weighted.ndim < like.ndim else weighted


def log_odds_gradient(scores: Floats, k: int) -> Floats:
    """The derivative of log P(k)/(1 - P(k)) by the scores of one text: a number, or (K,).

    Examples
    --------
    >>> log_odds_gradient(np.array(0.3), 1), log_odds_gradient(np.array(0.3), 0)
    (array(1.), array(-1.))
    >>> log_odds_gradient(np.array([5.0, 0.0, 0.0]), 0)
    array([ 1. , -0.5, -0.5])
    """
    if scores.ndim == 0:
        return np.asarray(1.0 if k == 1 else -1.0)
    others = scores.copy()
    others[k] = -np.inf
    gradient = -softmax(others)
    gradient[k] = 1.0
    return gradient


def log_odds(scores: Floats, k: int) -> float:
    """log P(k)/(1 - P(k)) by the scores of one text, a number or (K,); finite at any score."""
    if scores.ndim == 0:
        return float(scores if k == 1 else -scores)
    # Of the other classes only the sum counts, which is log Σ e^z = z_j - log P(j) of any of them.
    others = np.delete(scores, k)
    return float(scores[k] - (others[0] - log_softmax(others)[0]))
