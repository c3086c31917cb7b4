"""Estimators on matrices. They follow scikit-learn's protocol without importing it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vikt.arrays import Classes, ClassWeight, Floats, LabelArray, MatrixLike, RowIndices, RowValues
from vikt.base import Estimator, LossRecord
from vikt.corpus.frames import number_array
from vikt.corpus.order import split_tenths
from vikt.errors import DataError, ParameterError, UsageError
from vikt.fitting.rows import OrderedRows, ordered_rows
from vikt.mappings import Parameters, Values
from vikt.matrix import DenseMatrix, DesignMatrix, SparseMatrix, design_matrix
from vikt.matrix.columns import check_column_names, column_names
from vikt.metrics.classification import accuracy
from vikt.model.classes import LabelledRows, class_factors
from vikt.model.linear import LinearModel, centred_intercepts, coef_and_intercept
from vikt.model.naive_bayes import NAIVE_BAYES as KINDS
from vikt.model.objective import Objective
from vikt.model.penalties import split_strength
from vikt.parameters import LOGISTIC_REGRESSION, NAIVE_BAYES, RandomState, names_parameters
from vikt.solvers import Settings, minimise
from vikt.tables import label_line, listed

if TYPE_CHECKING:
    from sklearn.utils import Tags


def _weights_learnt(theta: Floats, has_dummy: bool) -> Values:
    """θ as attributes of an estimator."""
    coef, intercept = coef_and_intercept(theta, has_dummy)
    return {"theta_": theta, "_has_dummy": has_dummy, "coef_": coef, "intercept_": intercept.copy()}


class LinearClassifier(Estimator):
    """The base of the linear classifiers: predictions from θ.

    Attributes
    ----------
    classes_ : (K,)
        The labels, sorted.
    coef_, intercept_ : (1, n), (1,) or (K, n), (K,)
        θ without the dummy feature, and the weight of the dummy feature.
    feature_names_in_ : (n,)
        The names of the columns, where X is a frame with strings for names. Later frames must have the same names in
        the same order; a matrix without names gives scikit-learn's warning.
    """

    _kind = "classifier"
    classes_: LabelArray
    n_features_in_: int
    feature_names_in_: LabelArray
    theta_: Floats
    coef_: Floats
    intercept_: Floats
    _has_dummy: bool

    def _labelled(
        self, X: MatrixLike, y: ArrayLike, sample_weight: RowValues, has_dummy: bool
    ) -> tuple[SparseMatrix | DenseMatrix, LabelledRows]:
        """The rows to fit; rows of weight 0 are left out."""
        if y is None:
            raise UsageError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        matrix = self._matrix(X, has_dummy)
        rows = LabelledRows.of(y, sample_weight, matrix.n_rows)
        return matrix if len(rows.kept) == matrix.n_rows else matrix.take(rows.kept), rows

    def _set_fitted(
        self,
        names: NDArray[np.object_] | None,
        classes: LabelArray,
        theta: Floats,
        has_dummy: bool,
        **learnt: object,
    ) -> None:
        """Set what a fit learnt; `names` are those of the columns."""
        named = {} if names is None else {"feature_names_in_": names}
        weights = _weights_learnt(theta, has_dummy)
        n_features = weights["coef_"].shape[1]
        self._set_learnt(n_features_in_=n_features, **named, **weights, classes_=classes, **learnt)

    def _scores(self, X: MatrixLike, offset: RowValues) -> Floats:
        self._check_fitted()
        check_column_names(X, getattr(self, "feature_names_in_", None), type(self).__name__)
        matrix = self._matrix(X, self._has_dummy, self.n_features_in_)
        scores = LinearModel(self.theta_).scores(matrix)
        return scores if offset is None else scores + _checked_offset(offset, scores.shape)

    def _matrix(self, X: MatrixLike, has_dummy: bool, n_features: int | None = None) -> SparseMatrix | DenseMatrix:
        return design_matrix(
            X, has_dummy=has_dummy, n_features=n_features, owner=type(self).__name__, threads=self._n_threads
        )

    def _facts(self) -> list[tuple[str, str]]:
        classes = listed([label_line(str(label)) for label in self.classes_.tolist()])
        return [("classes", f"{len(self.classes_):,}: {classes}"), ("features", f"{self.n_features_in_:,}")]

    def decision_function(self, X: MatrixLike, offset: RowValues = None) -> Floats:
        """θᵀx: (m,) for two classes, (m, K) for more; `offset`, here and below, holds known scores to add."""
        scores = self._scores(X, offset)
        return scores[:, 1] - scores[:, 0] if scores.shape[1:] == (2,) else scores

    def predict_log_proba(self, X: MatrixLike, offset: RowValues = None) -> Floats:
        """log P(y = k | x): (m, K)."""
        scores = self._scores(X, offset)
        return LinearModel(self.theta_).loss.log_probabilities(scores)

    def predict_proba(self, X: MatrixLike, offset: RowValues = None) -> Floats:
        """P(y = k | x): (m, K)."""
        return np.exp(self.predict_log_proba(X, offset))

    def predict(self, X: MatrixLike, offset: RowValues = None) -> LabelArray:
        """The most probable class of each row; a tie goes to the first."""
        scores = self._scores(X, offset)
        return np.asarray(self.classes_[LinearModel(self.theta_).loss.most_probable(scores)])

    def score(self, X: MatrixLike, y: ArrayLike, sample_weight: RowValues = None) -> float:
        """Accuracy, as `vikt.accuracy` has it."""
        return accuracy(y, self.predict(X), sample_weight)


class LogisticRegression(LinearClassifier):
    """Logistic regression for two classes and for many (maximum entropy), proven optimal.

    Parameters
    ----------
    C : float
        1/(2λW), as in scikit-learn.
    l2 : float, optional
        λ of L̂ = mean loss + λ Σ θ_j²; replaces C when given.
    l1_ratio : float
        The share of L1, from 0 to 1, as in scikit-learn: the penalty is (1 - l1_ratio)·λ Σ θ_j² + λ₁ Σ |θ_j| with
        λ₁ = 2·l1_ratio·λ, which sets the weights of uninformative features to exactly 0.
    fit_intercept : bool
        Whether to include the dummy feature; its weight is never penalised.
    class_weight : None, "balanced" or dict
    solver : {"auto", "dual", "newton", "elastic_net", "batch", "stochastic", "minibatch"}
        Only "elastic_net" takes an `l1_ratio` above 0.
    tol : float, optional
        The relative distance from the optimum that the fit must prove: L̂ ≤ (1 + tol)·L̂*. The default is 1e-7, and 1e-4
        for the elastic net, gradient descent, and where rounding or max_iter ends Newton's method.
    max_iter : int, optional
        The maximum number of passes over the data.
    warm_start : bool
        Start where the last fit ended, if it had the same classes and features. Dual ascent starts at that model's
        probabilities of the rows, which may be other rows than before.
    learning_rate : float or "auto"
        α, for gradient descent.
    batch_size : int
        The number of data points in a step of minibatch descent.
    patience : int, optional
        Stop a descent early, after more than this many rises of the loss on a held-out tenth of the rows.
    random_state : int, RandomState, Generator or None
        The seed of every random draw. A generator draws one for each fit; None is the same as 0.
    threads : int
        How many threads share the work, except the passes of dual ascent; no result depends on it.

    Attributes
    ----------
    classes_, coef_, intercept_
        As in scikit-learn; `theta_` is the lecture's θ.
    certificate_ : float
        The proven relative distance from the optimum; nan, with the reason in `certificate_reason_`, if there is none.
    l2_, l1_ : float
        λ, before `l1_ratio` is applied, and λ₁.
    n_iter_ : ndarray
        Passes over the data.
    loss_curve_ : list of LossRecord

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    >>> model = LogisticRegression(C=10).fit(X, ["pos", "neg", "neg", "neg"])
    >>> model.predict(X).tolist(), model.certificate_ <= 1e-7
    (['pos', 'neg', 'neg', 'neg'], True)
    """

    _rules = LOGISTIC_REGRESSION
    l2_: float
    l1_: float
    certificate_: float
    certificate_reason_: str
    n_iter_: NDArray[np.int64]
    loss_curve_: list[LossRecord]
    stopping_reason_: str

    @names_parameters
    def __init__(
        self,
        C: float = 1.0,
        *,
        l2: float | None = None,
        l1_ratio: float = 0.0,
        fit_intercept: bool = True,
        class_weight: ClassWeight = None,
        solver: str = "auto",
        tol: float | None = None,
        max_iter: int | None = None,
        warm_start: bool = False,
        learning_rate: float | str = "auto",
        batch_size: int = 100,
        patience: int | None = None,
        random_state: RandomState = 0,
        threads: int = 1,
    ) -> None:
        self.C, self.l2, self.l1_ratio = C, l2, l1_ratio
        self.fit_intercept, self.class_weight = fit_intercept, class_weight
        self.solver, self.tol, self.max_iter, self.warm_start = solver, tol, max_iter, warm_start
        self.learning_rate, self.batch_size, self.patience = learning_rate, batch_size, patience
        self.random_state, self.threads = random_state, threads

    def fit(self, X: MatrixLike, y: ArrayLike, sample_weight: RowValues = None, offset: RowValues = None) -> Self:
        """Fit the model. The order of the rows does not change a single bit of the result.

        Parameters
        ----------
        X : array_like, SciPy sparse, or a frame of numbers, (m, n)
            A frame is a DataFrame of pandas or Polars, or an Arrow table; the names of its columns are kept.
        y : (m,)
            Strings, booleans or whole numbers: a list, an array, or a column of pandas, Polars or Arrow.
        sample_weight : (m,), optional
        offset : (m,) for two classes, (m, K) for more, optional
            Known scores, added to θᵀx; the predictions take them too.

        Raises
        ------
        DataError
            The rows or labels cannot be used.
        UsageError
            A parameter is invalid.
        """
        parameters = self._checked()
        settings = Settings.of(parameters)
        has_dummy, names = parameters["fit_intercept"], column_names(X)
        matrix, rows = self._labelled(X, y, sample_weight, has_dummy)
        known = None if offset is None else _offset_of(rows, offset)
        factors = class_factors(parameters["class_weight"], rows.classes, rows.y, rows.weights)
        problem = _Problem.of(matrix, rows._replace(weights=rows.weights * factors), known, settings.random_state)
        training, held_out = problem.split(stops_early=settings.patience is not None)
        strength = _strength(parameters, problem.total_weight(training))
        l2, l1 = split_strength(strength, parameters["l1_ratio"])
        objective = problem.objective(training, l2, l1)
        validation = problem.objective(held_out) if len(held_out) else None
        start = self._start(rows.classes, objective.shape) if parameters["warm_start"] else None
        solution = minimise(objective, settings, validation=validation, start=start)
        # Before anything is set: where warnings are errors, the estimator stays as it was.
        solution.warn_unless_converged()
        self._set_fitted(
            names,
            rows.classes,
            centred_intercepts(solution.theta, objective.loss) if has_dummy else solution.theta,
            has_dummy,
            l2_=strength,
            l1_=l1,
            certificate_=solution.certificate.relative,
            certificate_reason_=str(solution.certificate.reason or ""),
            n_iter_=np.array([max(1, solution.loss_curve[-1].passes)]),
            loss_curve_=solution.loss_curve,
            stopping_reason_=str(solution.reason),
        )
        return self

    def _facts(self) -> list[tuple[str, str]]:
        found = self.certificate_
        proof = f"proven within {found:.1e} of the optimum" if found == found else self.certificate_reason_
        return [*super()._facts(), ("penalty", f"λ = {self.l2_:.3g}"), ("proof", proof)]

    def _start(self, classes: LabelArray, shape: tuple[int, ...]) -> Floats | None:
        """The θ of the last fit, if there was one with the same shape and classes."""
        is_alike = self.__sklearn_is_fitted__() and self.theta_.shape == shape
        return self.theta_ if is_alike and np.array_equal(self.classes_, classes) else None


class NaiveBayes(LinearClassifier):
    """Naive Bayes: the generative contrast, on the same features.

    Parameters
    ----------
    kind : {"multinomial", "bernoulli"}
        Counts, or presence only: a number above 0 is presence, as in scikit-learn.
    alpha : float
        The number added to every count.

    Examples
    --------
    >>> NaiveBayes().fit([[2, 0], [0, 1]], ["a", "b"]).predict([[1, 0]]).tolist()
    ['a']
    """

    _rules = NAIVE_BAYES

    @names_parameters
    def __init__(self, kind: str = "multinomial", *, alpha: float = 1.0) -> None:
        self.kind, self.alpha = kind, alpha

    def fit(self, X: MatrixLike, y: ArrayLike, sample_weight: RowValues = None) -> Self:
        """Fit the model by counting. Parameters and errors as for `LogisticRegression.fit`."""
        parameters, names = self._checked(), column_names(X)
        matrix, rows = self._labelled(X, y, sample_weight, True)
        fit = KINDS[parameters["kind"]]
        theta = fit(matrix, rows.y, len(rows.classes), rows.weights, parameters["alpha"])
        self._set_fitted(names, rows.classes, theta, True)
        return self

    @property
    def _n_threads(self) -> int:
        """Counting takes a pass, and needs no parameter `threads`."""
        return 1

    def _matrix(self, X: MatrixLike, has_dummy: bool, n_features: int | None = None) -> SparseMatrix | DenseMatrix:
        matrix = super()._matrix(X, has_dummy, n_features)
        if self.kind == "bernoulli":
            return matrix.with_values((matrix.values > 0).astype(np.float64))
        if np.any(matrix.values < 0):
            raise DataError("Negative values in data passed to NaiveBayes; give counts, or take kind='bernoulli'")
        return matrix

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = self.kind != "bernoulli"
        tags.classifier_tags.poor_score = True
        return tags


class _Problem(NamedTuple):
    """Rows in canonical order, equal ones merged: their numbers in the matrix, their joint weights, their contents."""

    matrix: DesignMatrix
    y: Classes
    n_classes: int
    offset: Floats | None
    ordered: OrderedRows

    @classmethod
    def of(cls, matrix: DesignMatrix, rows: LabelledRows, offset: Floats | None, seed: int) -> Self:
        ordered = ordered_rows(matrix, rows.y, rows.weights, seed, offset)
        return cls(matrix, rows.y, len(rows.classes), offset, ordered)

    def split(self, stops_early: bool) -> list[RowIndices]:
        """The rows to train with, and a tenth to validate on where the fit stops early."""
        rows = self.ordered.rows
        return split_tenths(self.ordered.contents, self.y[rows], 1) if stops_early else [np.arange(len(rows)), rows[:0]]

    def total_weight(self, part: RowIndices) -> float:
        return float(self.ordered.weights[part].sum())

    def objective(self, part: RowIndices, l2: float = 0.0, l1: float = 0.0) -> Objective:
        """L̂ of some of the rows."""
        rows = self.ordered.rows[part]
        return Objective.of(
            self.matrix.take(rows),
            self.y[rows],
            n_classes=self.n_classes,
            l2=l2,
            sample_weight=self.ordered.weights[part],
            l1=l1,
            offset=None if self.offset is None else self.offset[rows],
        )


def _strength(parameters: Parameters, total_weight: float) -> float:
    """λ, before `l1_ratio` is applied. Raises ParameterError where C is so small that λ is infinite."""
    C, l2 = parameters["C"], parameters["l2"]
    if l2 is not None:
        return float(l2)
    doubled = 2 * C * total_weight
    strength = 1 / doubled if doubled > 0 else math.inf
    if math.isinf(strength):
        raise ParameterError(
            "C", f"expected a number above 0 whose λ = 1/(2·C·m) is finite, found {C!r}; take a larger C"
        )
    return float(strength)


def _offset_of(rows: LabelledRows, offset: ArrayLike) -> Floats:
    """The offsets of the rows to fit, of those given for all."""
    n_classes = len(rows.classes)
    shape = (rows.n_input,) if n_classes == 2 else (rows.n_input, n_classes)
    return _checked_offset(offset, shape)[rows.kept]


def _checked_offset(offset: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Raise DataError unless the offsets are finite numbers of this shape."""
    known = number_array(offset, "offset: expected numbers").astype(np.float64)
    if known.shape != shape:
        raise DataError(
            f"offset: expected shape {shape}, found {known.shape}; give one number per row for two classes, K for more"
        )
    if not np.isfinite(known).all():
        raise DataError("offset: contains NaN or infinity; give finite scores")
    return known
