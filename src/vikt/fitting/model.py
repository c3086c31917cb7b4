"""A fitted model: it predicts and never changes, so threads share it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Arrays, Bools, Floats, Ints, LabelArray
from vikt.corpus.class_names import ClassNames
from vikt.corpus.documents import TEXT_COLUMN, Documents
from vikt.corpus.frames import ArrowStream
from vikt.corpus.label_arrays import checked_labels, label_array, spelled_labels
from vikt.corpus.targets import Labels, TargetRows
from vikt.corpus.texts import Texts, portions
from vikt.decisions.decision import NO_ANSWER, PLAIN, Answered, Decision
from vikt.decisions.label_thresholds import LabelThresholds
from vikt.decisions.rules import Median
from vikt.errors import DamagedModelError, DataError, ParameterError, UsageError
from vikt.features.measured import Measured
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures, TextScorer
from vikt.mappings import Json, ReadJson
from vikt.metrics.classification import refuse_mixture
from vikt.model.classes import class_position
from vikt.model.linear import coef_and_intercept
from vikt.model.loss import Loss
from vikt.model.targets import loss_of
from vikt.names import KIND_NAMES, TargetKind, known_kind
from vikt.parameters import plain
from vikt.tables import quoted

# A column of texts; or a frame, one of whose columns holds the texts; or documents.
Inputs = Iterable[str] | Texts | Mapping[str, object] | ArrowStream | Documents | Measured

# The name of StringDType in a file.
_STRINGS = "string"
_BYTES_AT_A_TIME, _TEXTS_AT_A_TIME = 1 << 24, 1 << 17


def measured(inputs: Inputs, features: TextFeatures, text_column: str = TEXT_COLUMN) -> Measured:
    """Texts or columns as the features read them; of a frame, only the columns that they read."""
    if isinstance(inputs, Measured):
        return inputs
    text = text_column if features.reads_text else None
    return features.measure(Documents.of(inputs, text, features.columns))


class AnsweredSets(NamedTuple):
    """What a model of several labels says of rows: log P(label | text), (m, K), and which labels it answers, (m, K)."""

    log_probabilities: Floats
    members: Bools


@dataclass(frozen=True)
class FittedModel:
    """Features; θ, the intercepts first, (n+1,) for two classes and (K, n+1) for more; and the K labels, sorted.

    Several labels have (K, n+1) weights, however many there are, and ordered ones (n+1,). `loss` makes probabilities of
    scores, and `decision` answers of these: a class, or some of several labels. `text_column` is the column of a frame
    that holds the texts.
    """

    features: TextFeatures
    theta: NDArray[np.float32]
    classes: LabelArray
    loss: Loss
    text_column: str = TEXT_COLUMN
    decision: Decision = PLAIN

    @cached_property
    def _scorer(self) -> TextScorer:
        return self.features.scorer(self.theta)

    @property
    def kind(self) -> TargetKind:
        """What a row is labelled with."""
        return self.loss.kind

    @property
    def cuts(self) -> tuple[float, ...]:
        """The K - 1 scores between one ordered level and the next; empty for other targets."""
        return self.loss.cuts

    @property
    def classes_or_none(self) -> LabelArray:
        """The classes as objects, and None behind them, which stands for no answer: (K+1,)."""
        return np.append(self.classes.astype(object), [None])

    @property
    def labels(self) -> list[str]:
        """The classes as strings."""
        return spelled_labels(self.classes)

    def measured(self, inputs: Inputs) -> Measured:
        """Texts or columns as the features read them."""
        return measured(inputs, self.features, self.text_column)

    def position(self, label: object, name: str = "label") -> int:
        """The index of a class. Raises ParameterError, of the argument `name`, where the model has no such class."""
        classes = self.classes.tolist()
        if label not in classes:
            raise ParameterError(name, f"the model has no class {plain(label)!r:.60}; choose from {quoted(classes)}")
        return int(classes.index(label))

    def named_position(self, label: str, name: str = "label") -> int:
        """The index of a class by its name, however its accents are typed. Raises ParameterError as `position` does."""
        k = class_position(self.labels, label)
        if k is None:
            raise ParameterError(name, f"the model has no class {label!r:.60}; choose from {quoted(self.labels)}")
        return k

    @property
    def class_names(self) -> ClassNames:
        """The names of the classes, by which labels as strings are recognised."""
        return ClassNames.of(self.labels, self.kind)

    def spelled(self, labels: Labels) -> list[str]:
        """Labels as strings; one that is a class is spelled as that class is.

        A label is a class that equals it, as 1.0 equals 1, or that is written alike, as "1" is in a file; of levels
        that are numbers, the level of the same number, as "1.0" is in a file.

        Raises
        ------
        DataError
            One is missing or of another kind than others; or all are of another kind than the classes, and none is a
            class.
        """
        if isinstance(labels, TargetRows):
            raise DataError(f"labels: expected one class for each text, found {KIND_NAMES[labels.table.kind]}")
        given = checked_labels(label_array(labels))
        equal = dict(zip(self.classes.tolist(), self.labels, strict=True))
        values, names = given.tolist(), self.class_names
        name_of = {label: equal.get(label) or names.find(str(label)) for label in set(values)}
        if not any(name_of.values()):
            refuse_mixture(given, "labels", self.classes, "classes")
        return [name_of[label] or str(label) for label in values]

    @property
    def coef(self) -> NDArray[np.float32]:
        """θ without the intercepts, (1, n) or (K, n); of two classes, the second's; of levels, of their score."""
        return coef_and_intercept(self.theta)[0]

    @property
    def intercept(self) -> NDArray[np.float32]:
        """The intercepts: (1,) or (K,); 0 of ordered levels."""
        return coef_and_intercept(self.theta)[1]

    def scores(self, inputs: Inputs, threads: int = 1) -> Floats:
        """θᵀx of each text: (m,) for two classes and for ordered levels, (m, K) for more, and for several labels."""
        blocks = [scores for _, scores in self._blocks(inputs, threads)]
        return np.concatenate([np.empty((0, *self.theta.shape[:-1])), *blocks])

    def log_probabilities(self, inputs: Inputs, threads: int = 1) -> Floats:
        """log P(class | text), or log P(label | text) of several labels: (m, K), finite at any score."""
        blocks = [self.decision.log_probabilities(self.loss, scores) for _, scores in self._blocks(inputs, threads)]
        return np.concatenate([np.empty((0, len(self.classes))), *blocks])

    def _blocks(self, inputs: Inputs, threads: int) -> Iterator[tuple[Measured, Floats]]:
        """Some of the documents at a time, and their scores."""
        documents = self.measured(inputs)
        for first, last in portions(documents.texts.offsets, _BYTES_AT_A_TIME, _TEXTS_AT_A_TIME):
            block = documents.run(first, last)
            yield block, self._scorer.scores(block, threads=threads)

    def probabilities(self, inputs: Inputs, threads: int = 1) -> Floats:
        """P(class | text): (m, K), rows that sum to 1, but for several labels, each of which has its own."""
        return np.exp(self.log_probabilities(inputs, threads))

    def answered(self, inputs: Inputs, threads: int = 1) -> Answered:
        """What the model says of each text, and what it answers."""
        log_probabilities, is_known = [np.empty((0, len(self.classes)))], [np.empty(0, dtype=bool)]
        for documents, scores in self._blocks(inputs, threads):
            log_probabilities.append(self.decision.log_probabilities(self.loss, scores))
            is_known.append(self._is_known(documents, scores))
        return self.decision.answered(np.concatenate(log_probabilities), np.concatenate(is_known))

    def answered_sets(self, inputs: Inputs, threads: int = 1) -> AnsweredSets:
        """What a model of several labels says of each text, and which labels it answers."""
        log_probabilities = self.log_probabilities(inputs, threads)
        return AnsweredSets(log_probabilities, self.label_thresholds.answered(np.exp(log_probabilities)))

    @property
    def thresholds(self) -> LabelThresholds | None:
        """The thresholds of several labels; None where a text has one."""
        return self.decision.rule if isinstance(self.decision.rule, LabelThresholds) else None

    @property
    def label_thresholds(self) -> LabelThresholds:
        """The thresholds of several labels. Raises UsageError where a text has one."""
        if self.thresholds is None:
            raise UsageError("the model answers one label for each text, so there are no thresholds of several labels")
        return self.thresholds

    def _is_known(self, documents: Measured, scores: Floats) -> Bools:
        """Whether each document has a feature that the model knows, where it matters: (m,)."""
        is_known = np.ones(len(scores), dtype=bool)
        if not self.decision.answers_unknown:
            intercepts = self.theta.T[0].astype(np.float64)
            bare = np.flatnonzero(np.all(scores.reshape(len(scores), -1) == intercepts, axis=1))
            # Contributions can also cancel out, so the rows of these few are made.
            is_known[bare] = np.diff(self.features.transform(documents.take(bare)).indptr) > 0
        return is_known

    def predicted(self, inputs: Inputs, threads: int = 1) -> LabelArray:
        """The class that is answered for each text: (m,). Where the model may answer none: objects, None for that."""
        return self.labels_at(self.answered(inputs, threads).predicted)

    def labels_at(self, positions: Ints) -> LabelArray:
        """The classes at positions; where the model may answer none: objects, None at NO_ANSWER."""
        if not self.decision.abstains:
            return np.asarray(self.classes[positions])
        return self.classes_or_none[np.where(positions == NO_ANSWER, -1, positions)]

    def to_file(self) -> tuple[Arrays, Json]:
        """The arrays and the header of a file."""
        arrays = {"theta": self.theta.T, **self.features.to_arrays()}
        header: Json = {"classes": self.classes.tolist(), "classes_dtype": _dtype_name(self.classes)}
        if self.cuts:
            arrays["cuts"] = np.array(self.cuts)
        if self.kind != "classes":
            header["targets"] = self.kind
        if self.thresholds is not None:
            header["thresholds"] = self.thresholds.to_json(self.labels)
        elif not self.decision.is_plain:
            header["decision"] = self.decision.to_json(self.labels)
        return arrays, header

    @classmethod
    def from_file(cls, settings: FeatureSettings, arrays: Arrays, header: ReadJson) -> FittedModel:
        """The inverse of `to_file`. Raises DamagedModelError where arrays and header do not fit together."""
        for name, array in arrays.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise DamagedModelError(f"{name} that is not finite")
        kind = known_kind(header.get("targets", "classes"))
        classes = _classes(header["classes"], header["classes_dtype"], 1 if kind == "several" else 2)
        features, theta = TextFeatures.from_arrays(settings, arrays), arrays["theta"].T
        cuts = _cuts(arrays, len(classes)) if kind == "ordered" else ()
        model = cls(features, theta, classes, loss_of(kind, len(classes), cuts))
        n, K = 1 + features.n_features, len(classes)
        if theta.dtype != np.float32 or theta.shape != (*model.loss.columns, n):
            raise DamagedModelError(f"weights of shape {theta.shape} for {K} classes and {n - 1} features")
        if kind == "several":
            return replace(model, decision=Decision(LabelThresholds.from_json(header["thresholds"], model.labels)))
        decision = Decision.from_json(header["decision"], model.labels) if "decision" in header else PLAIN
        if isinstance(decision.rule, Median) != (kind == "ordered"):
            raise DamagedModelError(f"{KIND_NAMES[kind]} answered by the rule {decision.rule.kind!r}")
        return replace(model, decision=decision)


def _dtype_name(classes: LabelArray) -> str:
    """The name of the dtype in a file: strings without their width, which the labels themselves set."""
    return {"O": "object", "U": "str", "T": _STRINGS}.get(classes.dtype.kind, classes.dtype.str)


def _strings() -> np.dtype[Any]:
    """NumPy's strings of any width, which NumPy 1 does not have: there, labels are objects."""
    return np.dtypes.StringDType() if hasattr(np.dtypes, "StringDType") else np.dtype(object)


def _cuts(arrays: Arrays, n_levels: int) -> tuple[float, ...]:
    cuts = arrays["cuts"]
    if cuts.dtype != np.float64 or cuts.shape != (n_levels - 1,):
        raise DamagedModelError(f"cuts of shape {cuts.shape} and {cuts.dtype} between {n_levels} levels")
    if not np.all(np.diff(cuts) > 0):
        raise DamagedModelError("cuts that do not rise")
    return tuple(cuts.tolist())


def _classes(labels: list[object], dtype_name: str, least: int) -> LabelArray:
    dtype = _strings() if dtype_name == _STRINGS else np.dtype(dtype_name)
    if dtype.kind not in "biufUOT" or (dtype.kind != "T" and dtype.itemsize > 8):
        raise DamagedModelError(f"classes of type {dtype_name}")
    classes = np.asarray(labels, dtype=dtype)
    if classes.ndim != 1 or len(classes) < least:
        raise DamagedModelError(f"classes of shape {classes.shape}")
    if len(set(spelled_labels(checked_labels(classes)))) < len(classes):
        raise DamagedModelError("a class twice")
    return classes
