"""What a fitted classifier tells of its decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from vikt.arrays import Groups, RowValues
from vikt.corpus.documents import column_values
from vikt.corpus.frames import Source, frame_of, has_attribute
from vikt.errors import DataError
from vikt.fitting.fitted import FittedAttributes
from vikt.fitting.model import Inputs
from vikt.names import MOST_FOLDS
from vikt.parameters import checked_value, whole
from vikt.progress import Progress, progress_reporter

# A classifier trains and answers without what explains it, which takes about as long to import as it does itself.
if TYPE_CHECKING:
    from vikt.explanation.explanation import Explanation, Explanations
    from vikt.explanation.fewest_words import FewestWords
    from vikt.explanation.inference import Inference
    from vikt.explanation.influence import Influence
    from vikt.explanation.label_errors import LabelErrors
    from vikt.explanation.weights import StrongestFeatures


class Explainable(FittedAttributes):
    """A classifier whose weights and decisions are explained."""

    def strongest_features(self, class_: object, n: int = 10) -> StrongestFeatures:
        """The n features that speak most for a class, or fewer: they print as a table, and have `to_frame()`.

        Raises
        ------
        UsageError
            There is no such class, or n is not a whole number of 1 or more.
        """
        from vikt.explanation.weights import strongest_of

        n = checked_value("n", whole(1), n)
        n_documents = self._record.data.fitted_rows
        return strongest_of(self._model, self._model.position(class_, "class_"), n, n_documents)

    def explain(
        self, text: str | Mapping[str, Source], label: object = None, against: object = None
    ) -> Explanation | Explanations:
        """What each feature of a text adds to the score of its predicted class, or of the class `label`.

        With a class `against`, the explanation says why the text is `label` and not that class: what each feature adds
        to one score beyond what it adds to the other.

        Where a text has several labels, each that is answered is explained, or else the most probable one, or `label`
        alone: each is a logistic regression of its own. Ordered levels share one score, larger for higher levels, which
        is explained with the cuts between them.

        If the model reads other columns, pass them with the text: {"text": ..., "sender": ...}, or a row of a frame.
        The explanation prints as a table; a notebook shows the text highlighted.

        Raises
        ------
        UsageError
            There is no class `label` or `against`, or both are the same; or `against` is given for several or ordered
            labels.
        """
        from vikt.explanation.linear import explain, explain_answer

        model, document = self._model, one_document(text)
        if label is None and against is None:
            return explain_answer(model, document)
        k = None if label is None else model.position(label)
        other = None if against is None else model.position(against, "against")
        return explain(model, document, k, other)

    def fewest_words(self, text: str | Mapping[str, Source]) -> FewestWords:
        """The fewest words of a text whose removal changes the answer, or few where it takes too many tries to know.

        Other columns come with the text, as for `explain`.

        Raises
        ------
        UsageError
            The model reads no text.
        """
        from vikt.explanation.fewest_words import fewest_words

        return fewest_words(self._model, one_document(text))

    def standard_errors(
        self, texts: Inputs, labels: ArrayLike, sample_weight: RowValues = None, *, label: object = None
    ) -> Inference:
        """Standard errors, z, p and odds ratios of a model of at most 2,000 weights, such as of hand-made features.

        With a penalty, as every model of texts has one, they are approximate; see `vikt.standard_errors`.

        Parameters
        ----------
        texts, labels, sample_weight
            All rows that the model was trained on, in any order; they are compared with its fingerprint.
        label : optional
            Of several labels, the one whose weights are meant.

        Raises
        ------
        UsageError
            The model is a blend, has L1, class weights or too many weights, was stopped early or answers ordered
            levels; or `label` is missing for a model of several labels, or given for another.
        DataError
            These are not the rows that the model was trained on, or they do not determine the weights.
        """
        from vikt.explanation.inference import check_inference, standard_errors_of_fit
        from vikt.fitting.given_rows import GivenRows

        model, record = self._model, self._record
        k = None if label is None else model.position(label)
        check_inference(model, record, k)
        given = GivenRows.of(model, texts, labels, sample_weight)
        return standard_errors_of_fit(model, record, given.examples(record), k, self._n_threads)

    def influence(
        self,
        text: str | Mapping[str, Source],
        texts: Inputs,
        labels: ArrayLike,
        sample_weight: RowValues = None,
        *,
        groups: Groups = None,
        label: object = None,
        n: int = 5,
        progress: Progress | bool = False,
    ) -> Influence:
        """The training rows that speak most for the answer to a text, and those most against it.

        Parameters
        ----------
        text : str, or its columns by name
        texts, labels, sample_weight, groups
            All rows that the model was trained on, in any order; they are compared with its fingerprint.
        label : optional
            Another class, or label, than the most probable one.
        n : int
            How many rows for it, and how many against it.
        progress : bool or callable
            As for `fit`.

        Raises
        ------
        DataError
            These are not the rows that the model was trained on.
        UsageError
            There is no class `label`; or the model was stopped early, has L1 or no penalty, or answers ordered levels.
        """
        from vikt.explanation.influence import check_influence, influence
        from vikt.fitting.given_rows import GivenRows

        n = checked_value("n", whole(1), n)
        model, record, frame = self._model, self._record, frame_of(texts)
        k = None if label is None else model.position(label)
        check_influence(model, record)
        given = GivenRows.of(model, texts if frame is None else frame, labels, sample_weight)
        values = None if groups is None else column_values(groups, frame, "groups")
        examples = given.examples(record, values)
        with progress_reporter(progress) as report:
            return influence(
                model, record, examples, one_document(text), k, n, threads=self._n_threads, progress=report
            )

    def label_errors(
        self,
        texts: Inputs,
        labels: ArrayLike,
        sample_weight: RowValues = None,
        *,
        groups: Groups = None,
        folds: int = MOST_FOLDS,
        progress: Progress | bool = False,
    ) -> LabelErrors:
        """Labels that are probably wrong, by the answers of models that have not seen the texts.

        The features and λ are those of the fit, or are chosen as `fit` chooses them; nothing of the classifier changes.
        Other parameters as for `fit`. Of several labels each is judged by itself: the result is a `SetLabelErrors`.

        Parameters
        ----------
        folds : int
            The number of models, each fitted to all texts but one fold of them.

        Raises
        ------
        DataError
            The texts or labels cannot be used.
        UsageError
            There are fewer different texts than folds, labels are soft, or a parameter is invalid.
        """
        from vikt.explanation.suspicion import label_errors_of
        from vikt.fitting.refitted import plan_of, settings_of

        folds = checked_value("folds", whole(2), folds)
        settings, frame = self.settings().with_order_of(labels), frame_of(texts)
        examples, plan = self._examples(settings, texts, frame, labels, sample_weight, groups), None
        if self.__sklearn_is_fitted__():
            settings, plan = settings_of(self._record, examples), plan_of(self._record)
        with progress_reporter(progress) as report:
            return label_errors_of(examples, settings, plan, folds=folds, threads=self._n_threads, progress=report)


def one_document(text: str | Mapping[str, Source]) -> list[str] | dict[str, list[Source]]:
    """One text, or its columns by name, as a frame of one row. Raises DataError for anything else."""
    if isinstance(text, str):
        return [text]
    if not hasattr(text, "keys") or has_attribute(text, "columns"):
        raise DataError(
            f"explain: expected one text, or its columns by name, found {type(text).__name__}; "
            "pass one string, or a row of a frame, such as df.iloc[0]"
        )
    return {str(name): [text[name]] for name in text.keys()}  # noqa: SIM118  (a Series)
