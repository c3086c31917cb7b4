"""TextClassifier: features and a linear model as one estimator on texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from vikt.answers.of_kinds import answers_by
from vikt.arrays import ClassWeight, Floats, Groups, LabelArray, RowIndices, RowValues
from vikt.corpus.dialect import Dialect
from vikt.corpus.documents import TEXT_COLUMN
from vikt.corpus.frames import Source, frame_of
from vikt.corpus.targets import TargetRows
from vikt.evaluable import Evaluable
from vikt.explanation.explainable import Explainable
from vikt.exportable import Exportable
from vikt.files.model_file import save_model
from vikt.fitting.examples import Examples, check_testable
from vikt.fitting.fit import fit
from vikt.fitting.model import Inputs
from vikt.fitting.settings import FitSettings
from vikt.fitting.trained import load_trained
from vikt.parameters import TEXT_CLASSIFIER, RandomState, names_parameters
from vikt.progress import Progress, progress_reporter
from vikt.report.fit import key_facts
from vikt.updatable import Updatable

if TYPE_CHECKING:
    from vikt.features.handmade.declarations import Declared


# The most memory that a fit from disk takes, unless it is told another limit.
_MEMORY = "1GB"


class TextClassifier(Evaluable, Explainable, Updatable, Exportable):
    """Logistic regression on texts: words or characters in, classes out.

    Parameters
    ----------
    analyzer : {"auto", "none", "word", "char", "char_wb", "word+char"}
        What a text is divided into; "none" uses hand-made features only. "auto" chooses by validation between
        characters and blends of words, weighted by Naive Bayes, with words and characters. It is the same as "word"
        if `ngrams`, `weighting`, `hashing`, `l2`, `patience` or a solver other than "dual" is given, or if there are
        few texts.
    ngrams : tuple of int, optional
        The shortest and longest n-gram; by default (1, 2) for words and (1, 5) for characters.
    weighting : {"tfidf", "counts", "binary", "nb"}, optional
        How a count is weighted, by default "tfidf"; "nb" is presence, weighted by how much it says of each class
        (Naive Bayes).
    min_df : int or float
        Drop features that occur in fewer texts; a float is a share of the texts.
    lowercase : bool, optional
        By default words are lower-cased and characters are not.
    hashing : int, optional
        Hash n-grams into 2^hashing buckets instead of storing a vocabulary; collisions are counted.
    features : path or sequence, optional
        Hand-made features: a TOML file, features of `vikt.features.handmade`, or their declarations.
    l2 : float or "auto"
        λ; "auto" chooses it by validation along a path.
    folds : int, optional
        Choose λ by cross-validation in this many folds instead of on a tenth of the rows.
    one_standard_error : bool
        Choose the largest λ whose validation loss is within one standard error of the lowest.
    l1_ratio : float
        The share of L1, from 0 to 1, as in `LogisticRegression`; λ itself is chosen with L2 alone.
    class_weight : None, "balanced" or dict
    solver : {"auto", "dual", "newton", "elastic_net", "batch", "stochastic", "minibatch"}
    tol : float, optional
        The relative distance from the optimum that the fit must prove: by default 1e-7, and 1e-4 for the
        elastic net, gradient descent, and where rounding or max_iter ends Newton's method.
    max_iter : int, optional
    learning_rate : float or "auto"
    batch_size : int
    patience : int, optional
        Stop a descent early; the validation rows are then left out of the fit.
    random_state : int, RandomState, Generator or None
        The seed of the order of the rows, the splits and every random draw. A generator draws one for each fit; None
        is the same as 0, so that fits are reproducible by default.
    threads : int
        How many threads share the work. No result depends on it, and no model file holds it.
    aim : str or list of str, optional
        What the answers are to reach, or to be best at: "precision(spam) >= 0.99", "recall(spam) >= 0.95", "f1(spam)",
        "f1" (the mean of all classes), "cost(ham->spam) = 10" (other mistakes cost 1; there may be several). Rows that
        no fit learns from decide, half of the tenth that validates; a text without any known feature is not answered.
    coverage : float, optional
        Make sets of labels that hold the real one with this probability: see `predict_sets`.
    max_error : float, optional
        Answer only where the share of wrong answers is below this, with 95% confidence; elsewhere answer None.
    calibrate : bool
        Divide scores by a temperature where this lowers the log loss of those rows beyond chance. An aim does so too.
    targets : {"auto", "classes", "several", "soft", "ordered"}
        What each row is labelled with: one class; several labels, each learnt by itself; a share of each class; or a
        level of an order. "auto" takes lists of labels, and matrices or frames of 0 and 1, for several labels, and
        matrices of shares, or columns `P(class)`, for soft ones.
    order : sequence, optional
        The levels of ordered labels, from the lowest; it makes `targets` "ordered". By default that of the numbers,
        where all labels are numbers.
    thresholds : {"label", "common"} or float
        The least probability at which each of several labels is answered: by default chosen for each label by its
        cross-validated F1; or one for all labels; or a given probability.
    text_column : str
        The column that holds the texts, where they come in a frame; a model trained by `vikt train` knows its own.

    Attributes
    ----------
    classes_ : (K,)
        The labels, sorted, with the type they were given in; ordered levels from the lowest.
    coef_, intercept_ : (1, n), (1,) for two classes; (K, n), (K,) for more, and for several labels
        The weights, as in scikit-learn, in float32; `get_feature_names_out()` has the names of the columns, of which
        `n_features_in_` counts n. Ordered levels share one score, whose weights are (1, n) and whose intercept is 0.
    thresholds_ : (K,)
        The probability from which each of several labels is answered; there is none for other targets.
    cuts_ : (K-1,)
        The scores between one ordered level and the next; there is none for other targets.
    certificate_ : float
        The proven relative distance from the optimum; nan, with the reason in `certificate_reason_`, if there is none.
        The parts of a blend are proven separately; this, `bound_`, `loss_`, `l2_`, `choice_` and `loss_curve_` are
        those of the part with the largest distance.
    l2_ : float
        λ.
    choice_ : PenaltyChoice
        The values of λ that were tried, with their validation losses and standard errors.
    feature_choice_ : FeatureChoice or None
        The features that were tried, with their validation losses; None if they were given.
    parts_ : list of dict
        For each part of a blend its share, λ and certificate; empty if the model is not a blend.
    loss_curve_ : list of LossRecord
    data_ : dict
        The counts of rows, classes, empty and duplicate texts, and a fingerprint of the rows.

    Notes
    -----
    Several labels are as many logistic regressions on the same features, each independent of the others: that labels
    occur together, or exclude one another, changes no answer. scikit-learn's `ClassifierChain` takes it into account.

    Examples
    --------
    >>> texts = ["a great film", "great fun", "a bad film", "bad and dull"]
    >>> classifier = TextClassifier(min_df=1, l2=0.01).fit(texts, ["pos", "pos", "neg", "neg"])
    >>> classifier.predict(["great", "dull film"]).tolist()
    ['pos', 'neg']

    Several labels are a list for each text, or a matrix with a column for each label:

    >>> topics = [["film", "praise"], ["praise"], ["film"], []]
    >>> classifier = TextClassifier(min_df=1, l2=0.01).fit(texts, topics)
    >>> classifier.classes_.tolist(), classifier.predict(["great film"]).tolist()
    (['film', 'praise'], [[1, 1]])
    >>> classifier.predict_sets(["great film"])
    [['praise', 'film']]
    """

    _kind = "classifier"
    _reads_texts = True
    _takes_several_labels = True
    _rules = TEXT_CLASSIFIER

    @names_parameters
    def __init__(
        self,
        analyzer: str = "auto",
        ngrams: tuple[int, int] | None = None,
        weighting: str | None = None,
        min_df: float = 2,
        lowercase: bool | None = None,
        hashing: int | None = None,
        features: Declared | None = None,
        l2: float | str = "auto",
        folds: int | None = None,
        one_standard_error: bool = False,
        l1_ratio: float = 0.0,
        class_weight: ClassWeight = None,
        solver: str = "auto",
        tol: float | None = None,
        max_iter: int | None = None,
        learning_rate: float | str = "auto",
        batch_size: int = 100,
        patience: int | None = None,
        random_state: RandomState = 0,
        aim: str | Sequence[str] | None = None,
        coverage: float | None = None,
        max_error: float | None = None,
        calibrate: bool = False,
        targets: str = "auto",
        order: Sequence[object] | None = None,
        thresholds: str | float = "label",
        text_column: str = TEXT_COLUMN,
        threads: int = 1,
    ) -> None:
        self.analyzer, self.ngrams, self.weighting = analyzer, ngrams, weighting
        self.min_df, self.lowercase, self.hashing, self.features = min_df, lowercase, hashing, features
        self.l2, self.folds, self.one_standard_error = l2, folds, one_standard_error
        self.l1_ratio, self.class_weight = l1_ratio, class_weight
        self.solver, self.tol, self.max_iter = solver, tol, max_iter
        self.learning_rate, self.batch_size, self.patience = learning_rate, batch_size, patience
        self.aim, self.coverage, self.max_error, self.calibrate = aim, coverage, max_error, calibrate
        self.targets, self.order, self.thresholds = targets, order, thresholds
        self.random_state, self.text_column, self.threads = random_state, text_column, threads

    def fit(
        self,
        texts: Inputs,
        labels: ArrayLike,
        sample_weight: RowValues = None,
        groups: Groups = None,
        *,
        progress: Progress | bool = False,
    ) -> Self:
        """Fit labelled texts. A tenth is used to choose features and λ; the final fit uses all rows.

        Parameters
        ----------
        texts : (m,) strings, or a frame
            A list, an array, or a column of pandas, Polars or Arrow; or a frame (a mapping of columns, a DataFrame, an
            Arrow table, a data set), of which the column `text_column` and those of hand-made features are read.
        labels : (m,), or (m, K) where a text has several labels or a share of each class
            Strings, booleans or numbers, from any of these; lists of labels; or a matrix, dense or sparse, or a frame
            with a column for each label: see `targets`.
        sample_weight : (m,), optional
            For the loss, weight 2 is the same as the row twice; document frequencies count rows.
        groups : (m,) or str, optional
            A value for each text, such as its author, or the column of the frame that holds them: no split divides the
            rows of one value, nor those of equal texts. A text without a value stands alone.
        progress : bool or callable
            True shows a bar on stderr, or a line for each stage where that is not a terminal; a function is called with
            (stage, done, total).

        Raises
        ------
        DataError
            The texts or labels cannot be used.
        UsageError
            A parameter is invalid.
        AimMissedError
            The aim, coverage or largest error cannot be met on held-out rows.
        """
        settings = self.settings().with_order_of(labels)
        frame = frame_of(texts)
        examples = self._examples(settings, texts, frame, labels, sample_weight, groups)
        training, validation = examples.split(1)
        return self._fit(examples, (training, validation), settings, progress)

    def fit_files(
        self,
        paths: str | Path | Sequence[str | Path],
        text: str | None = None,
        label: str | None = None,
        *,
        memory: str | int | None = None,
        weight: str | None = None,
        cluster: str | None = None,
        groups: int | None = None,
        shards: str | Path | None = None,
        format: str | None = None,
        delimiter: str | None = None,
        quoting: bool | None = None,
        header: bool | None = None,
        work_dir: str | Path | None = None,
        restart: bool = False,
        progress: Progress | bool = False,
    ) -> Self:
        """Fit labelled texts of files that memory cannot hold: the rows stay on disk, or on the workers of a cluster.

        Texts have one class each, and n-grams are the only features. A sample of the rows chooses the features and λ,
        which all validation rows then compare with its neighbours. See docs/scaling.md and docs/cluster.md.

        Parameters
        ----------
        paths : str or Path, or several
            Files, folders or patterns, as `vikt train` reads them; or addresses such as "s3://bucket/*.parquet".
        text, label, weight : str, optional
            The columns. If `text` is None and `text_column` is not "text", that column holds the texts; otherwise
            the columns of the text and the label are guessed from the first rows if they are not named.
        memory : str or int, optional
            The most memory to take, such as "800MB", or as a number of bytes, besides what the process holds already:
            1 GB by default; with a cluster, there is no limit by default. The model does not depend on it.
        cluster : str, optional
            The Dask cluster whose workers are to make and hold the rows: "tcp://host:8786" is that of a scheduler that
            runs, and "local:4" starts four workers on this machine. They must be able to read the files in `work_dir`,
            unless `shards` is given.
        groups : int, optional
            With a cluster, how many groups of rows the solver passes over at the same time, from 1 to 256; 4 by
            default. The model depends on this number, but not on the number of workers.
        shards : str or Path, optional
            With a cluster, where the workers read the texts if they do not share `work_dir`: an address such as
            "s3://bucket/folder", or another folder. The texts are stored there in pieces, and removed at the end.
        format : str, optional
            The format of the files, such as "csv", where their names do not show it.
        delimiter : str, optional
            The character between the values of CSV and TSV files.
        quoting, header : bool, optional
            Whether quotation marks enclose values in these, and whether their first row names the columns; without
            names, columns are "1", "2" and so on.
        work_dir : str or Path, optional
            A folder for the rows, which is removed at the end. If the work is interrupted, the same call resumes it.
            By default the rows are in a temporary folder.
        restart : bool
            Remove what is in the folder, and start anew.
        progress : bool or callable
            As for `fit`.

        Raises
        ------
        DataError
            The texts or labels cannot be used.
        UsageError
            A parameter is invalid, needs all rows in memory, or asks for more memory than is given; or a worker cannot
            read the folder or the address.
        ClusterError
            No scheduler answers, or it is lost; or a worker has another version of vikt.
        MissingPackageError
            Dask is not installed, or what fsspec needs for an address.
        OutputFileError
            The folder holds other work, the disk is full, or `shards` cannot be written to.
        """
        from vikt.fitting.sharded.cluster_rows import ClusterAddress
        from vikt.fitting.sharded.files import FileFit, LabelledFiles, fit_files, paths_of
        from vikt.fitting.sharded.memory_limit import MemoryLimit
        from vikt.fitting.sharded.shard_fit import check_fits_shards

        if text is None and self.text_column != TEXT_COLUMN:
            text = self.text_column
        if memory is None and cluster is None:
            memory = _MEMORY
        files = LabelledFiles(
            paths_of(paths),
            text,
            label,
            weight,
            format=format,
            dialect=Dialect(delimiter, quoting, header),
        )
        settings = self.settings()
        check_fits_shards(settings, "use fit")
        with progress_reporter(progress) as report:
            place = ClusterAddress.of(cluster, groups, shards)
            fit = FileFit(settings, MemoryLimit.of(memory, settings), self._n_threads, place)
            saved = fit_files(files, fit, work_dir, restart, report)
        self._set_learnt(
            model_=replace(saved.model, text_column=saved.record.text_column),
            record_=saved.record,
            loss_curve_=list(saved.record.least_proven.loss_curve),
        )
        return self

    def fit_and_hold_out(
        self,
        texts: Inputs,
        labels: ArrayLike,
        sample_weight: RowValues = None,
        groups: Groups = None,
        *,
        progress: Progress | bool = False,
    ) -> tuple[Source, LabelArray]:
        """Fit nine tenths of the texts and return the last tenth for a test.

        Parameters and errors as for `fit`.

        Returns
        -------
        texts : list of str, or frame
            Those held out, in the order of the input: of a DataFrame of pandas its rows, of any other frame the columns
            by name.
        labels : ndarray
        """
        settings, frame = self.settings().with_order_of(labels), frame_of(texts)
        examples = self._examples(settings, texts, frame, labels, sample_weight, groups)
        if frame is not None:
            frame.check_length(examples.n_input)
        training, validation, test = examples.split(2)
        check_testable(examples, test)
        self._fit(examples, (training, validation), settings, progress)
        held_out = examples.take(test)
        # As read, so that a token still has its neighbours: no split divides a sentence.
        order = np.argsort(held_out.origin)
        ordered = held_out.labels[order]
        labels = ordered.truth if isinstance(ordered, TargetRows) else ordered
        if frame is not None:
            return frame.rows(held_out.origin[order]), labels
        return held_out.documents.texts.take(order).strings(), labels

    def _fit(
        self, examples: Examples, split: tuple[RowIndices, RowIndices], settings: FitSettings, progress: Progress | bool
    ) -> Self:
        with progress_reporter(progress) as report:
            fitted = fit(examples, split, settings, threads=self._n_threads, progress=report)
        # Before anything is set: where warnings are errors, the estimator stays as it was.
        fitted.warn_unless_converged()
        columns: dict[str, str | None] = {} if self.text_column == TEXT_COLUMN else {"text": self.text_column}
        self._set_learnt(
            model_=replace(fitted.model, text_column=self.text_column),
            record_=replace(fitted.record, columns=columns),
            loss_curve_=fitted.loss_curve,
        )
        return self

    def _facts(self) -> list[tuple[str, str]]:
        return key_facts(self._model, self._record)

    def decision_function(self, texts: Inputs) -> Floats:
        """θᵀx: (m,) for two classes, positive for the second; (m, K) for more.

        Of several labels, (m, K): the log-odds of each. Of ordered levels, (m,), larger for higher levels.
        """
        return self._model.scores(texts, self._n_threads)

    def predict_log_proba(self, texts: Inputs) -> Floats:
        """log P(class | text), or of each of several labels: (m, K), finite at any score."""
        return self._model.log_probabilities(texts, self._n_threads)

    def predict_proba(self, texts: Inputs) -> Floats:
        """P(class | text): (m, K), rows that sum to 1, but for several labels, which do not exclude one another."""
        return self._model.probabilities(texts, self._n_threads)

    def predict(self, texts: Inputs, top: int | None = None, threshold: float | None = None) -> LabelArray:
        """The class of each text: the most probable (a tie goes to the first), unless the model decides otherwise.

        Of several labels, whether each is answered, as a matrix of 0 and 1: where its probability is at least its
        threshold. Of ordered levels, the median one.

        Parameters
        ----------
        texts : (m,) strings, or a frame
        top : int, optional
            Return the most probable classes of each text, the best first: (m, top), or (m, K) where there are fewer.
            Of several labels these are given whatever their thresholds.
        threshold : float, optional
            Return None instead of a class whose probability is below this; the array then holds objects. Of several
            labels this replaces the threshold of each.

        Returns
        -------
        (m,) labels, or (m, top). Objects where the model may answer None: with an aim, a coverage or a largest error.
        (m, K) of 0 and 1 where a text has several labels and no `top` is given: a column for each of `classes_`.

        Raises
        ------
        ParameterError
            `top` is not a whole number of 1 or more, or `threshold` no probability.
        """
        return answers_by(self._model, self._n_threads, top=top, threshold=threshold).predicted(texts)

    def predict_sets(self, texts: Inputs) -> list[list[object]]:
        """The set of labels of each text, the most probable first.

        A model of several labels gives those that it answers. A model with `coverage` gives a set that contains the
        real label of a new text with that probability, provided that new texts come from where those of training did.

        Raises
        ------
        UsageError
            A text has one label, and no `coverage` was given.
        """
        return answers_by(self._model, self._n_threads).sets(texts)

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write the model to a file, whole or not at all.

        Parameters
        ----------
        path : str or Path
        force : bool
            Replace a file that is not a vikt model.

        Raises
        ------
        OutputFileError
            The file cannot be written, or must not be replaced.
        """
        save_model(path, *self._saved.to_file(), force=force)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Load a classifier that was saved; errors as for `vikt.load`."""
        saved = load_trained(path)
        classifier = cls(**saved.parameters)
        classifier.model_, classifier.record_ = saved.model, saved.record
        classifier.loss_curve_ = list(saved.record.least_proven.loss_curve)
        return classifier


def load(path: str | Path) -> TextClassifier:
    """Load a model saved by `TextClassifier.save` or `vikt train`. No code runs.

    Raises
    ------
    InputFileError
        There is no such file.
    ModelFileError
        It is not a vikt model, is damaged, or has another format.
    """
    return TextClassifier.load(path)
