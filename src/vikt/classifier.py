"""TextClassifier: features and model as one thing that takes texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.base import Estimator
from vikt.corpus.documents import Documents
from vikt.corpus.order import canonical_order, fingerprint, group_ranks, row_keys, split_folds, split_tenths
from vikt.corpus.texts import Texts, portions
from vikt.errors import DamagedModelError, DataError, UsageError
from vikt.explanation.linear import Explanation, explain
from vikt.features.handmade.declarations import declaration, features_declared
from vikt.features.measured import Measured
from vikt.features.memory import log_memory
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.files.model_file import load_model, save_model
from vikt.model.classes import encode_labels, label_array, row_weights
from vikt.model.linear import LinearModel, log_probabilities
from vikt.model.penalties import split_strength
from vikt.selection.features import (
    Component,
    FeatureChoice,
    Recipe,
    blended,
    choose_features,
    fit_component,
    least_proven,
)
from vikt.selection.folds import Fold
from vikt.selection.path import Choice, PathPoint, choose_l2
from vikt.selection.prepare import Corpus, Progress, Source
from vikt.solvers import Settings
from vikt.threads import running

# Texts, or a mapping (a data frame) of columns, of which "text" is the text.
Given = Iterable[str] | Texts | Mapping[str, Any] | Documents | Measured

# Rows to fit, and rows kept apart.
Part = tuple[NDArray[np.int64], NDArray[np.int64]]

_BYTES_AT_A_TIME, _TEXTS_AT_A_TIME = 1 << 24, 1 << 17


class TextClassifier(Estimator):
    """Logistic regression on texts: words or characters in, classes out.

    Parameters
    ----------
    analyzer : {"auto", "none", "word", "char", "char_wb", "word+char"}
        What a text falls into; "none" leaves the hand-made features alone. "auto" chooses by validation among
        characters and blends of words weighted by Naive Bayes with words and characters; it is "word" where `ngrams`,
        `weighting`, `hashing`, `l2`, `patience` or another solver than "dual" is given, or texts are few.
    ngrams : tuple of int, optional
        The shortest and longest n-gram: (1, 2) of words and (1, 5) of characters if not given.
    weighting : {"tfidf", "counts", "binary", "nb"}, optional
        What a count is worth, "tfidf" if not given; "nb" is presence times what it tells of the classes, by Naive
        Bayes.
    min_df : int
        Features in fewer texts are dropped.
    lowercase : bool, optional
        Words lose their case and characters keep it, if not given.
    hashing : int, optional
        Bits: n-grams fall into 2^hashing buckets, and no vocabulary is kept; collisions are counted.
    features : path or sequence, optional
        Hand-made features beside the n-grams: a TOML file, or features of `vikt.features`, or their declarations.
    l2 : float or "auto"
        λ; chosen by validation along a path if "auto".
    folds : int, optional
        Choose λ by so many folds of cross-validation, not by a tenth of the rows.
    one_standard_error : bool
        Choose the largest λ whose validation loss is within one standard error of the least.
    l1_ratio : float
        The part of L1, from 0 to 1, as in `LogisticRegression`; a λ chosen by validation is chosen with L2 alone.
    class_weight : None, "balanced" or dict
    solver : {"auto", "dual", "newton", "elastic_net", "batch", "stochastic", "minibatch"}
    tol : float
        The relative distance from the optimum to be proven.
    max_iter : int, optional
    learning_rate : float or "auto"
    batch_size : int
    patience : int, optional
        Stop a descent early; the rows validated on are then kept out of the fit.
    random_state : int
        Of the order of rows, the splits and every draw.

    Attributes
    ----------
    classes_ : (K,)
        The labels, sorted, of the type they came in.
    certificate_ : float
        The proven relative distance from the optimum; nan with the reason in `certificate_reason_`. A blend has no
        one objective: each of its parts is proven by itself, and this, `bound_`, `loss_`, `l2_`, `choice_` and
        `loss_curve_` are those of the part proven least.
    l2_ : float
        λ.
    choice_ : Choice
        The λ's tried, their validation losses and the standard errors of these.
    feature_choice_ : FeatureChoice or None
        The features tried and their validation losses, where they were chosen.
    parts_ : list of dict
        Of a blend, each part's share, λ and certificate; else empty.
    loss_curve_ : list of LossRecord
    data_ : dict
        What was read: rows, classes, empty and duplicate texts, fingerprint.

    Examples
    --------
    >>> texts = ["a great film", "great fun", "a bad film", "bad and dull"]
    >>> classifier = TextClassifier(min_df=1, l2=0.01).fit(texts, ["pos", "pos", "neg", "neg"])
    >>> classifier.predict(["great", "dull film"]).tolist()
    ['pos', 'neg']
    """

    _kind = "classifier"
    # No parameter: it changes no bit of any result, so it is no part of the model.
    threads = 1
    # A recipe and λ's to go by instead of choosing, taken over from another fit.
    settled: tuple[Recipe, list[Choice | None]] | None = None
    components_: list[Component]
    parts_: list[dict[str, Any]]
    feature_choice_: FeatureChoice | None
    classes_: NDArray[Any]
    features_: TextFeatures
    theta_: NDArray[Any]
    choice_: Choice
    data_: dict[str, Any]
    about_: dict[str, Any]

    def __init__(
        self,
        analyzer: str = "auto",
        ngrams: tuple[int, int] | None = None,
        weighting: str | None = None,
        min_df: int = 2,
        lowercase: bool | None = None,
        hashing: int | None = None,
        features: Any = None,
        l2: float | str = "auto",
        folds: int | None = None,
        one_standard_error: bool = False,
        l1_ratio: float = 0.0,
        class_weight: Any = None,
        solver: str = "auto",
        tol: float = 1e-4,
        max_iter: int | None = None,
        learning_rate: float | str = "auto",
        batch_size: int = 100,
        patience: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.analyzer, self.ngrams, self.weighting = analyzer, ngrams, weighting
        self.min_df, self.lowercase, self.hashing, self.features = min_df, lowercase, hashing, features
        self.l2, self.folds, self.one_standard_error = l2, folds, one_standard_error
        self.l1_ratio, self.class_weight = l1_ratio, class_weight
        self.solver, self.tol, self.max_iter = solver, tol, max_iter
        self.learning_rate, self.batch_size, self.patience = learning_rate, batch_size, patience
        self.random_state = random_state

    def fit(
        self,
        texts: Given,
        labels: Any,
        sample_weight: Any = None,
        *,
        progress: Progress | None = None,
    ) -> Self:
        """Learn from labelled texts. A tenth of them chooses the features and λ; then all are fitted.

        Parameters
        ----------
        texts : iterable of str, or mapping
            Texts; or columns by name, "text" the text, where hand-made features read others.
        labels : (m,)
        sample_weight : (m,), optional
            Weight 2 is the row twice for the loss; document frequencies count rows.
        progress : callable, optional
            Told (stage, done, total).

        Raises
        ------
        DataError
            The texts or labels cannot be used.
        UsageError
            A parameter that cannot be.
        """
        corpus = self._read(texts, labels, sample_weight)
        training, validation = self._split(corpus, 1)
        self._fit(corpus, training, validation, progress)
        return self

    def fit_and_hold_out(
        self,
        texts: Given,
        labels: Any,
        sample_weight: Any = None,
        *,
        progress: Progress | None = None,
    ) -> tuple[Texts | Measured, NDArray[Any]]:
        """Learn from nine tenths and hand back the last one, untouched, to test on: documents and labels.

        Parameters and errors as for `fit`.
        """
        corpus = self._read(texts, labels, sample_weight)
        training, validation, test = self._split(corpus, 2)
        if not len(test):
            raise DataError(
                f"{len(corpus.y)} texts, {self.data_['duplicate_texts']} of them doubles of others, are too few to "
                "keep a tenth of each class for testing; give test data of their own, or more texts"
            )
        documents, labels = corpus.documents.take(test), self.classes_[corpus.y[test]]
        self._fit(corpus, training, validation, progress)
        return documents if documents.values else documents.texts, labels

    def _read(self, texts: Given, labels: Any, sample_weight: Any) -> Corpus:
        self.check_settings()
        held = self._measured(texts)
        settings = self.features_.settings
        # The part of a blend that takes most: parts are learnt one after the other.
        widest = replace(settings, analyzer="word+char") if self._chooses_features() else settings
        log_memory(len(held.texts.content), widest)
        labels = label_array(labels)
        if labels.ndim != 1 or len(labels) != len(held):
            raise DataError(f"{len(held)} texts and labels of shape {labels.shape}: expected one label a text")
        weights = row_weights(sample_weight, len(held))
        kept = np.flatnonzero(weights > 0)
        self.classes_, y = encode_labels(labels[kept])
        corpus = Corpus(held.take(kept), y, weights[kept])
        contents = corpus.documents.contents()
        keys = row_keys(contents, self.random_state)
        order = canonical_order(keys, contents.__getitem__, y, corpus.weights)
        self.data_ = {
            "rows": len(held),
            "rows_of_weight_0": len(held) - len(kept),
            "weighted": sample_weight is not None or self.class_weight is not None,
            "classes": dict(zip(self.class_names, np.bincount(y).tolist(), strict=True)),
            "empty_texts": corpus.documents.texts.n_blank if self.features_.reads_text else 0,
            "duplicate_texts": len(kept) - 1 - int(group_ranks(contents, keys).max()),
            "fingerprint": fingerprint(contents, self.classes_[y].tolist()),
        }
        return corpus.take(order)

    def check_settings(self) -> None:
        """Refuse settings that cannot be, before any text is read. Raises UsageError."""
        Settings.of(self), self._given_l2(), split_strength(0.0, self.l1_ratio)
        self._check_folds()
        self.features_ = TextFeatures(self._feature_settings())

    def _measured(self, texts: Given) -> Measured:
        return texts if isinstance(texts, Measured) else self.features_.measure(Documents.of(texts))

    def _split(self, corpus: Corpus, tenths: int) -> list[NDArray[np.int64]]:
        return split_tenths(self._groups(corpus), corpus.y, tenths)

    def _groups(self, corpus: Corpus) -> NDArray[np.int64]:
        groups = corpus.documents.groups
        return group_ranks(groups, row_keys(groups, self.random_state))

    def _fit(
        self,
        corpus: Corpus,
        training: NDArray[np.int64],
        validation: NDArray[np.int64],
        progress: Progress | None,
    ) -> None:
        tell = progress or (lambda stage, done, total: None)
        stops_early = self.patience is not None
        if stops_early and not len(validation):
            raise DataError(
                "patience needs a tenth of the texts to validate on, and these are too few; give more texts"
            )
        source = Source(corpus, self.classes_, self.class_weight, self.threads, tell)
        self.feature_choice_ = None
        fitted_rows = training if stops_early else np.sort(np.concatenate([training, validation]))
        parts = [(training, validation)] if self.folds is None else self._folds(corpus, fitted_rows, self.folds)
        recipe, choices = self.settled or self._choose(source, parts)
        chose = any(choice and choice.curve for choice in choices)
        validates = stops_early or (chose and self.folds is None)
        apart = validation if stops_early else validation[:0]
        settings = self.features_.settings

        def fit_part(part: tuple[str, float], choice: Choice | None) -> Component:
            name, share = part
            named = replace(settings, analyzer=name)
            return fit_component(source, named, share, choice, fitted_rows, apart, Settings.of(self), self.l1_ratio)

        with running(self.threads) as run:
            self.components_ = list(run(fit_part, recipe.shares, choices))
        self.data_ |= {
            "training_rows": len(training if validates else fitted_rows),
            "validation_rows": len(validation) if validates else 0,
            "fitted_rows": len(fitted_rows),
        }
        self._learn(recipe)

    def _folds(self, corpus: Corpus, rows: NDArray[np.int64], folds: int) -> list[Part]:
        """For each fold the rows that are not in it, and those that are."""
        part = corpus.take(rows)
        apart = [rows[fold] for fold in split_folds(self._groups(part), part.y, folds)]
        return [(np.setdiff1d(rows, fold), fold) for fold in apart]

    def _choose(self, source: Source, parts: list[Part]) -> tuple[Recipe, list[Choice | None]]:
        """The recipe, and λ of each of its parts as given or chosen; None where there is nothing to validate on."""
        settings = self.features_.settings
        if self._chooses_features():
            chosen = choose_features(source, settings, *parts[0], self.random_state)
            self.feature_choice_ = chosen
            if chosen:
                return chosen.recipe, [chosen.choices[name] for name, _ in chosen.recipe.shares]
        recipe = Recipe(settings.analyzer, ((settings.analyzer, 1.0),))
        return recipe, [self._choice(source, settings, parts)]

    def settled_choice(self) -> tuple[Recipe, list[Choice | None]]:
        """What this fit chose, for another fit to go by: set it as `settled` there."""
        self._check_fitted()
        shares = tuple((component.name, component.share) for component in self.components_)
        return Recipe(self.features_.settings.analyzer, shares), [each.choice for each in self.components_]

    def _chooses_features(self) -> bool:
        """Whether nothing was named that only a given analyzer, or no validation, leaves a meaning."""
        named = (self.ngrams, self.weighting, self.hashing, self.patience, self._given_l2(), self.folds)
        as_usual = self.solver in ("auto", "dual") and not self.one_standard_error and not self.l1_ratio
        return self.analyzer == "auto" and as_usual and all(name is None for name in named)

    def _choice(self, source: Source, settings: FeatureSettings, parts: list[Part]) -> Choice | None:
        given = self._given_l2()
        if given is not None:
            return Choice(given, [], f"λ = {given:g} as given")
        if min(len(np.unique(source.corpus.y[rows])) for part in parts for rows in part) < 2:
            return None
        prepared = (source.prepare(settings, *part) for part in parts)
        return choose_l2(
            [Fold(each.fitted, each.apart) for each in prepared],
            one_standard_error=self.one_standard_error,
            random_state=self.random_state,
            threads=self.threads,
            progress=lambda curve: source.tell("choosing λ", len(curve), 0),
        )

    def _learn(self, recipe: Recipe) -> None:
        settings = replace(self.features_.settings, analyzer=recipe.analyzer)
        self.features_, theta = blended(settings, self.components_)
        self.theta_ = np.ascontiguousarray(theta.T).T
        self.classes_ = self.classes_[self.components_[0].present]
        told = least_proven(self.components_)
        proof, solution = told.certificate, told.solution
        self.choice_, self.l2_ = told.choice, told.choice.l2
        self.l1_ = split_strength(self.l2_, self.l1_ratio)[1]
        self.certificate_, self.bound_ = proof.relative, proof.bound
        self.loss_, self.certificate_reason_ = proof.value, proof.reason
        self.loss_curve_, self.n_iter_ = solution.loss_curve, solution.loss_curve[-1].passes
        self.stopping_reason_ = solution.reason
        self.parts_ = [component.to_json() for component in self.components_] if len(self.components_) > 1 else []
        for component in self.components_:
            component.solution.warn_unless_converged(stacklevel=5)

    def _feature_settings(self) -> FeatureSettings:
        ngrams = None if self.ngrams is None else (self.ngrams[0], self.ngrams[1])
        handmade = features_declared(self.features)
        return FeatureSettings(
            self.analyzer, ngrams, self.weighting or "tfidf", self.min_df, self.lowercase, handmade, self.hashing
        )

    def _given_l2(self) -> float | None:
        if self.l2 == "auto":
            return None
        try:
            l2 = float(self.l2)
        except (TypeError, ValueError):
            raise UsageError(f"l2: expected a number or 'auto', found {self.l2!r}") from None
        if not 0 <= l2 < np.inf:
            raise UsageError(f"l2: expected λ of 0 or more, found {self.l2}")
        return l2

    def _check_folds(self) -> None:
        if self.folds is not None and not (isinstance(self.folds, Integral) and self.folds >= 2):
            raise UsageError(f"folds: expected a whole number of 2 or more, or None, found {self.folds!r}")
        if self.l2 != "auto" and (self.folds is not None or self.one_standard_error):
            raise UsageError(f"folds and one_standard_error choose λ, and l2={self.l2!r} is given; leave out either")

    @property
    def class_names(self) -> list[str]:
        """The labels as they are written."""
        return [str(label) for label in self.classes_.tolist()]

    @property
    def model_(self) -> LinearModel:
        self._check_fitted()
        return LinearModel(self.theta_)

    def predict_log_proba(self, texts: Given) -> Floats:
        """log P(class | text): (m, K), finite at any score."""
        self._check_fitted()
        held = self._measured(texts)
        blocks = [
            log_probabilities(
                self.features_.scores(held.take(np.arange(first, last)), self.theta_, threads=self.threads)
            )
            for first, last in portions(held.texts.offsets, _BYTES_AT_A_TIME, _TEXTS_AT_A_TIME)
        ]
        return np.concatenate([np.empty((0, len(self.classes_))), *blocks])

    def predict_proba(self, texts: Given) -> Floats:
        """P(class | text): (m, K), rows summing to 1."""
        return np.exp(self.predict_log_proba(texts))

    def predict(self, texts: Given) -> NDArray[Any]:
        """The most probable class of each text; a tie goes to the first."""
        best = np.argmax(self.predict_log_proba(texts), axis=1)
        return np.asarray(self.classes_[best])

    def score(self, texts: Given, labels: Any) -> float:
        """Accuracy."""
        return float(np.mean(self.predict(texts) == np.asarray(labels)))

    def explain(self, text: str | Mapping[str, Any]) -> Explanation:
        """What each feature of a text adds to the score of the class predicted.

        Where the model reads columns beside it, they are given with it: {"text": ..., "sender": ...}.
        """
        self._check_fitted()
        document = Documents.of([text] if isinstance(text, str) else {name: [value] for name, value in text.items()})
        return explain(document, self.features_, self.model_, self.class_names)

    def save(self, path: str | Path, *, force: bool = False, about: dict[str, Any] | None = None) -> None:
        """Write the model to a file, whole or not at all.

        Parameters
        ----------
        path : str or Path
        force : bool
            Replace a file that is no vikt model.
        about : dict, optional
            More for the header: column names, metrics.

        Raises
        ------
        OutputFileError
            The file cannot be written, or must not be replaced.
        """
        self._check_fitted()
        arrays = {"theta": self.theta_.T, **self.features_.to_arrays()}
        params = {name: value for name, value in self.get_params().items() if name != "class_weight"}
        metadata = {
            "kind": "TextClassifier",
            "params": params
            | {
                "ngrams": list(self.ngrams) if self.ngrams else None,
                "features": [declaration(feature) for feature in self.features_.settings.handmade] or None,
            },
            "classes": self.classes_.tolist(),
            "classes_dtype": _dtype_name(self.classes_),
            "fit": {
                "l2": self.l2_,
                "l1": self.l1_,
                "loss": self.loss_,
                "certificate": None if np.isnan(self.certificate_) else min(self.certificate_, 1e300),
                "bound": None if np.isnan(self.bound_) else self.bound_,
                "certificate_reason": self.certificate_reason_,
                "passes": int(self.n_iter_),
                "stopping_reason": self.stopping_reason_,
                "choice": {"said": self.choice_.said, "curve": [list(point) for point in self.choice_.curve]},
                "analyzer": self.features_.settings.analyzer,
                "parts": self.parts_,
                "features": self.feature_choice_ and self.feature_choice_.to_json(),
            },
            "data": self.data_,
            "about": about or {},
        }
        if self.class_weight is not None:
            metadata["class_weight"] = (
                self.class_weight
                if isinstance(self.class_weight, str)
                else sorted([str(label), float(factor)] for label, factor in self.class_weight.items())
            )
        save_model(path, arrays, metadata, force=force)

    @classmethod
    def load(cls, path: str | Path) -> TextClassifier:
        """A classifier as it was saved; errors as for `load`."""
        arrays, metadata = load_model(path)
        try:
            return cls._restored(arrays, metadata)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            found = " ".join(str(error).split())
            raise DamagedModelError(f"{path}: its parts are no model together: {found:.200}; train it again") from None

    @classmethod
    def _restored(cls, arrays: dict[str, Any], metadata: dict[str, Any]) -> TextClassifier:
        params = metadata["params"]
        params["ngrams"] = tuple(params["ngrams"]) if params["ngrams"] else None
        classifier = cls(**params)
        weight = metadata.get("class_weight")
        classifier.classes_ = _classes(metadata["classes"], metadata["classes_dtype"])
        by_name = dict(zip(classifier.class_names, classifier.classes_.tolist(), strict=True))
        classifier.class_weight = {by_name.get(k, k): v for k, v in weight} if isinstance(weight, list) else weight
        fit = metadata["fit"]
        settings = classifier._feature_settings()
        if classifier.analyzer == "auto":
            settings = replace(settings, analyzer=fit["analyzer"])
        classifier.features_ = TextFeatures.from_arrays(settings, arrays)
        classifier.theta_ = arrays["theta"].T
        n, K = 1 + classifier.features_.n_features, len(classifier.classes_)
        if classifier.theta_.dtype != np.float32 or classifier.theta_.shape != ((n,) if K == 2 else (K, n)):
            raise DamagedModelError(f"weights of shape {classifier.theta_.shape} for {K} classes and {n - 1} features")
        classifier.parts_ = fit["parts"]
        classifier.feature_choice_ = fit["features"] and FeatureChoice.from_json(fit["features"])
        classifier.l2_, classifier.l1_, classifier.loss_ = fit["l2"], fit["l1"], fit["loss"]
        classifier.certificate_ = np.nan if fit["certificate"] is None else fit["certificate"]
        classifier.bound_ = np.nan if fit["bound"] is None else fit["bound"]
        classifier.certificate_reason_, classifier.n_iter_ = fit["certificate_reason"], fit["passes"]
        classifier.stopping_reason_ = fit["stopping_reason"]
        curve = [PathPoint(*point) for point in fit["choice"]["curve"]]
        classifier.choice_ = Choice(fit["l2"], curve, fit["choice"]["said"])
        classifier.data_, classifier.about_ = metadata["data"], metadata["about"]
        return classifier


def _dtype_name(classes: NDArray[Any]) -> str:
    """What to make of the classes in a file: the width of strings is theirs to say."""
    return {"O": "object", "U": "str"}.get(classes.dtype.kind, classes.dtype.str)


def _classes(labels: list[Any], dtype_name: str) -> NDArray[Any]:
    dtype = np.dtype(dtype_name)
    if dtype.kind not in "biufUO" or dtype.itemsize > 8:
        raise DamagedModelError(f"classes of type {dtype_name}")
    classes = np.asarray(labels, dtype=dtype)
    if classes.ndim != 1 or len(classes) < 2:
        raise DamagedModelError(f"classes of shape {classes.shape}")
    return classes


def load(path: str | Path) -> TextClassifier:
    """Load a model saved by `TextClassifier.save` or `vikt train`. No code runs.

    Raises
    ------
    InputFileError
        There is no such file.
    ModelFileError
        It is no vikt model, is damaged, or is of another format.
    """
    return TextClassifier.load(path)
