"""Estimators on matrices. They follow scikit-learn's protocol without importing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vikt.arrays import Classes, ClassWeight, Floats, MatrixLike, RowIndices, RowValues
from vikt.base import Estimator, LossRecord
from vikt.corpus.frames import array_of
from vikt.corpus.order import split_tenths
from vikt.errors import DataError, UsageError
from vikt.fitting.rows import ordered_rows
from vikt.matrix import DenseMatrix, DesignMatrix, SparseMatrix, design_matrix
from vikt.matrix.columns import check_column_names, column_names
from vikt.metrics.classification import accuracy
from vikt.model.classes import class_factors, encode_labels, row_weights
from vikt.model.labels import label_array
from vikt.model.linear import LinearModel, centred_intercepts
from vikt.model.naive_bayes import NAIVE_BAYES as KINDS
from vikt.model.objective import Objective
from vikt.model.penalties import split_strength
from vikt.parameters import LOGISTIC_REGRESSION, NAIVE_BAYES, RandomState, names_parameters
from vikt.routing import request_of
from vikt.solvers import Settings, minimise
from vikt.tables import label_line, listed


class _Prepared(NamedTuple):
    """The rows to fit, the classes, the class index and weight of each row, and what is learnt of the input.

    `kept` are the numbers of the rows among the `n_given` of the input.
    """

    matrix: DesignMatrix
    classes: NDArray[Any]
    y: Classes
    weights: Floats
    inputs: dict[str, Any]
    kept: RowIndices
    n_given: int


def _weights_learnt(theta: Floats, has_dummy: bool) -> dict[str, Any]:
    """θ as attributes of an estimator."""
    by_class = np.atleast_2d(theta)
    return {
        "theta_": theta,
        "_has_dummy": has_dummy,
        "coef_": by_class[:, int(has_dummy) :],
        "intercept_": by_class[:, 0].copy() if has_dummy else np.zeros(len(by_class)),
    }


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
    threads = 1
    classes_: NDArray[Any]
    n_features_in_: int
    feature_names_in_: NDArray[Any]
    theta_: Floats
    coef_: Floats
    intercept_: Floats
    _has_dummy: bool

    set_fit_request = request_of("fit")
    set_predict_request = request_of("predict")
    set_predict_proba_request = request_of("predict_proba")
    set_predict_log_proba_request = request_of("predict_log_proba")
    set_decision_function_request = request_of("decision_function")
    set_score_request = request_of("score")

    def _prepared(self, X: MatrixLike, y: ArrayLike, sample_weight: RowValues, has_dummy: bool) -> _Prepared:
        """The rows to fit; rows of weight 0 are dropped."""
        if y is None:
            raise UsageError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        matrix = self._matrix(X, has_dummy)
        inputs: dict[str, Any] = {"n_features_in_": matrix.n_features}
        names = column_names(X)
        if names is not None:
            inputs["feature_names_in_"] = names
        labels, n_given = label_array(y, stacklevel=4), matrix.n_rows
        if len(labels) != n_given:
            raise UsageError(f"X has {n_given} rows and y has {len(labels)}: inconsistent lengths")
        weights = row_weights(sample_weight, n_given)
        kept = np.flatnonzero(weights > 0)
        if len(kept) < n_given:
            matrix, labels, weights = matrix.take(kept), labels[kept], weights[kept]
        return _Prepared(matrix, *encode_labels(labels, kept), weights, inputs, kept, n_given)

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

    def predict(self, X: MatrixLike, offset: RowValues = None) -> NDArray[Any]:
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
        for the elastic net, gradient descent, and where rounding ends a fit.
    max_iter : int, optional
        The maximum number of passes over the data.
    warm_start : bool
        Start where the last fit ended, if it had the same classes and features. Dual ascent, which "auto" chooses for
        L2 alone, starts afresh: its dual variables belong to the rows, which may differ.
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
        has_dummy, l1_ratio = parameters["fit_intercept"], parameters["l1_ratio"]
        matrix, classes, indices, weights, inputs, kept, n_given = self._prepared(X, y, sample_weight, has_dummy)
        known = None
        if offset is not None:
            shape = (n_given,) if len(classes) == 2 else (n_given, len(classes))
            known = _checked_offset(offset, shape)[kept]
        weights = weights * class_factors(parameters["class_weight"], classes, indices, weights)
        ordered = ordered_rows(matrix, indices, weights, settings.random_state, known)
        training, held_out = np.arange(len(ordered.rows)), np.arange(0)
        if settings.patience is not None:
            training, held_out = split_tenths(ordered.contents, indices[ordered.rows], 1)
        strength = _strength(parameters, float(ordered.weights[training].sum()))
        l2, l1 = split_strength(strength, l1_ratio)

        def objective_of(part: RowIndices, l2: float, l1: float) -> Objective:
            rows = ordered.rows[part]
            return Objective.of(
                matrix.take(rows),
                indices[rows],
                n_classes=len(classes),
                l2=l2,
                sample_weight=ordered.weights[part],
                l1=l1,
                offset=None if known is None else known[rows],
            )

        objective = objective_of(training, l2, l1)
        validation = objective_of(held_out, 0.0, 0.0) if len(held_out) else None
        start = self._start(classes, objective.shape) if parameters["warm_start"] else None
        solution = minimise(objective, settings, validation=validation, start=start)
        # Before anything is set: where warnings are errors, the estimator stays as it was.
        solution.warn_unless_converged(stacklevel=3)
        proof = solution.certificate
        self._set_learnt(
            **inputs,
            **_weights_learnt(centred_intercepts(solution.theta) if has_dummy else solution.theta, has_dummy),
            classes_=classes,
            l2_=strength,
            l1_=l1,
            certificate_=proof.relative,
            certificate_reason_=str(proof.reason or ""),
            n_iter_=np.array([max(1, solution.loss_curve[-1].passes)]),
            loss_curve_=solution.loss_curve,
            stopping_reason_=str(solution.reason),
        )
        return self

    def _facts(self) -> list[tuple[str, str]]:
        found = self.certificate_
        proof = f"proven within {found:.1e} of the optimum" if found == found else self.certificate_reason_
        return [*super()._facts(), ("penalty", f"λ = {self.l2_:.3g}"), ("proof", proof)]

    def _start(self, classes: NDArray[Any], shape: tuple[int, ...]) -> Floats | None:
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
        parameters = self._checked()
        matrix, classes, indices, weights, inputs, *_ = self._prepared(X, y, sample_weight, True)
        theta = KINDS[parameters["kind"]](matrix, indices, len(classes), weights, parameters["alpha"])
        self._set_learnt(**inputs, **_weights_learnt(theta, True), classes_=classes)
        return self

    def _matrix(self, X: MatrixLike, has_dummy: bool, n_features: int | None = None) -> SparseMatrix | DenseMatrix:
        matrix = super()._matrix(X, has_dummy, n_features)
        if self.kind == "bernoulli":
            matrix.values = (matrix.values > 0).astype(np.float64)
        elif np.any(matrix.values < 0):
            raise DataError("Negative values in data passed to NaiveBayes; give counts, or take kind='bernoulli'")
        return matrix

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = self.kind != "bernoulli"
        tags.classifier_tags.poor_score = True
        return tags


def _strength(parameters: Mapping[str, Any], total_weight: float) -> float:
    """λ, before `l1_ratio` is applied."""
    l2 = parameters["l2"]
    return float(1 / (2 * parameters["C"] * total_weight) if l2 is None else l2)


def _checked_offset(offset: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Raise DataError unless the offsets are finite numbers of this shape."""
    try:
        known = np.asarray(array_of(offset), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"offset: expected numbers: {error}") from None
    if known.shape != shape:
        raise DataError(
            f"offset: expected shape {shape}, found {known.shape}; give one number a row for two classes, K for more"
        )
    if not np.isfinite(known).all():
        raise DataError("offset: contains NaN or infinity; give finite scores")
    return known
