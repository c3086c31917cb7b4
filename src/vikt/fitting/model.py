"""A fitted model: it predicts and never changes, so threads share it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vikt.arrays import Floats
from vikt.corpus.columns import composed
from vikt.corpus.documents import TEXT_COLUMN, Documents
from vikt.corpus.frames import ArrowStream
from vikt.corpus.texts import Texts, portions
from vikt.errors import DamagedModelError, ParameterError
from vikt.features.measured import Measured
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.fitting.examples import spelled_labels
from vikt.metrics.classification import refuse_mixture
from vikt.model.labels import checked_labels, label_array
from vikt.model.linear import coef_and_intercept
from vikt.model.losses import cross_entropy_of
from vikt.parameters import plain
from vikt.tables import quoted

# A column of texts; or a frame, one of whose columns holds the texts; or documents.
Inputs = Iterable[str] | Texts | Mapping[str, Any] | ArrowStream | Documents | Measured

# The name of StringDType in a file.
_STRINGS = "string"
_BYTES_AT_A_TIME, _TEXTS_AT_A_TIME = 1 << 24, 1 << 17


def measured(inputs: Inputs, features: TextFeatures, text_column: str = TEXT_COLUMN) -> Measured:
    """Texts or columns as the features read them; of a frame, only the columns that they read."""
    if isinstance(inputs, Measured):
        return inputs
    text = text_column if features.reads_text else None
    return features.measure(Documents.of(inputs, text, features.columns))


@dataclass(frozen=True)
class FittedModel:
    """Features; θ, the intercepts first, (n+1,) for two classes and (K, n+1) for more; and the K labels, sorted.

    `text_column` is the column of a frame that holds the texts.
    """

    features: TextFeatures
    theta: NDArray[np.float32]
    classes: NDArray[Any]
    text_column: str = TEXT_COLUMN

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

    def spelled(self, labels: ArrayLike) -> list[str]:
        """Labels as strings; one that is a class is spelled as that class is.

        A label is a class that equals it, as 1.0 equals 1, or that is written alike, as "1" is in a file.

        Raises
        ------
        DataError
            One is missing or of another kind than others; or all are of another kind than the classes, and none is a
            class.
        """
        given = checked_labels(label_array(labels))
        names = self.labels
        written = {composed(name): name for name in names}
        equal = dict(zip(self.classes.tolist(), names, strict=True))
        values = given.tolist()
        name_of = {label: equal.get(label) or written.get(composed(str(label))) for label in set(values)}
        if not any(name_of.values()):
            refuse_mixture(given, "labels", self.classes, "classes")
        return [name_of[label] or str(label) for label in values]

    @property
    def coef(self) -> NDArray[np.float32]:
        """θ without the intercepts, (1, n) or (K, n); of two classes, the second's."""
        return coef_and_intercept(self.theta)[0]

    @property
    def intercept(self) -> NDArray[np.float32]:
        """The intercepts: (1,) or (K,)."""
        return coef_and_intercept(self.theta)[1]

    def scores(self, inputs: Inputs, threads: int = 1) -> Floats:
        """θᵀx of each text: (m,) for two classes, (m, K) for more."""
        blocks = list(self._blocks_of_scores(inputs, threads))
        return np.concatenate([np.empty((0, *self.theta.shape[:-1])), *blocks])

    def log_probabilities(self, inputs: Inputs, threads: int = 1) -> Floats:
        """log P(class | text): (m, K), finite at any score."""
        loss = cross_entropy_of(self.theta)
        blocks = map(loss.log_probabilities, self._blocks_of_scores(inputs, threads))
        return np.concatenate([np.empty((0, len(self.classes))), *blocks])

    def _blocks_of_scores(self, inputs: Inputs, threads: int) -> Iterator[Floats]:
        documents = self.measured(inputs)
        for first, last in portions(documents.texts.offsets, _BYTES_AT_A_TIME, _TEXTS_AT_A_TIME):
            yield self.features.scores(documents.take(np.arange(first, last)), self.theta, threads=threads)

    def probabilities(self, inputs: Inputs, threads: int = 1) -> Floats:
        """P(class | text): (m, K), rows that sum to 1."""
        return np.exp(self.log_probabilities(inputs, threads))

    def predicted(self, inputs: Inputs, threads: int = 1) -> NDArray[Any]:
        """The most probable class of each text: (m,); a tie goes to the first."""
        return np.asarray(self.classes[np.argmax(self.log_probabilities(inputs, threads), axis=1)])

    def to_file(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """The arrays and the header of a file."""
        arrays = {"theta": self.theta.T, **self.features.to_arrays()}
        return arrays, {"classes": self.classes.tolist(), "classes_dtype": _dtype_name(self.classes)}

    @classmethod
    def from_file(
        cls, settings: FeatureSettings, arrays: dict[str, NDArray[Any]], header: Mapping[str, Any]
    ) -> FittedModel:
        """The inverse of `to_file`. Raises DamagedModelError where arrays and header do not fit together."""
        classes = _classes(header["classes"], header["classes_dtype"])
        features, theta = TextFeatures.from_arrays(settings, arrays), arrays["theta"].T
        n, K = 1 + features.n_features, len(classes)
        if theta.dtype != np.float32 or theta.shape != ((n,) if K == 2 else (K, n)):
            raise DamagedModelError(f"weights of shape {theta.shape} for {K} classes and {n - 1} features")
        if not np.isfinite(theta).all():
            raise DamagedModelError("weights that are not finite")
        return cls(features, theta, classes)


def _dtype_name(classes: NDArray[Any]) -> str:
    """The name of the dtype in a file: strings without their width, which the labels themselves set."""
    return {"O": "object", "U": "str", "T": _STRINGS}.get(classes.dtype.kind, classes.dtype.str)


def _strings() -> np.dtype[Any]:
    """NumPy's strings of any width, which NumPy 1 does not have: there, labels are objects."""
    return np.dtypes.StringDType() if hasattr(np.dtypes, "StringDType") else np.dtype(object)


def _classes(labels: list[Any], dtype_name: str) -> NDArray[Any]:
    dtype = _strings() if dtype_name == _STRINGS else np.dtype(dtype_name)
    if dtype.kind not in "biufUOT" or (dtype.kind != "T" and dtype.itemsize > 8):
        raise DamagedModelError(f"classes of type {dtype_name}")
    classes = np.asarray(labels, dtype=dtype)
    if classes.ndim != 1 or len(classes) < 2:
        raise DamagedModelError(f"classes of shape {classes.shape}")
    return classes
