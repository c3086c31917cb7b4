"""What every classifier of texts has: its settings, and once fitted the attributes of its model and record."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vikt.arrays import Floats, Groups, LabelArray, RowValues
from vikt.base import Estimator, LossRecord
from vikt.corpus.documents import column_values
from vikt.corpus.frames import Frame
from vikt.features.text import TextFeatures
from vikt.fitting.examples import Examples
from vikt.fitting.model import FittedModel, Inputs, measured
from vikt.fitting.part_record import PartRecord
from vikt.fitting.record import FitRecord
from vikt.fitting.saved import SavedModel
from vikt.fitting.settings import FitSettings
from vikt.mappings import Json
from vikt.names import KIND_NAMES
from vikt.selection.choices import FeatureChoice, PenaltyChoice


class FittedAttributes(Estimator):
    """The settings of a classifier, and what it knows once it is fitted; before, these raise NotFittedError."""

    model_: FittedModel
    record_: FitRecord
    loss_curve_: list[LossRecord]
    text_column: str

    def settings(self) -> FitSettings:
        """The parameters, validated.

        Raises
        ------
        UsageError
            A parameter is invalid.
        """
        return FitSettings.of(self._checked())

    def _examples(
        self,
        settings: FitSettings,
        texts: Inputs,
        frame: Frame | None,
        labels: ArrayLike,
        sample_weight: RowValues,
        groups: Groups,
    ) -> Examples:
        inputs = texts if frame is None else frame
        documents = measured(inputs, TextFeatures(settings.features), self.text_column)
        values = None if groups is None else column_values(groups, frame, "groups")
        kind, order = settings.targets.kind, settings.targets.order
        return Examples.of(documents, labels, sample_weight, settings.random_state, values, kind, order)

    @property
    def classes_(self) -> LabelArray:
        """The labels, sorted; ordered levels from the lowest."""
        return self._model.classes

    @property
    def features_(self) -> TextFeatures:
        """The features, as fitted."""
        return self._model.features

    @property
    def theta_(self) -> NDArray[np.float32]:
        """The weights, the intercepts first."""
        return self._model.theta

    @property
    def coef_(self) -> NDArray[np.float32]:
        """The weights without the intercepts, as scikit-learn has them: (1, n) for two classes, (K, n) for more.

        Of several labels, (K, n), however many there are; of ordered levels, which share one score, (1, n).
        """
        return self._model.coef

    @property
    def intercept_(self) -> NDArray[np.float32]:
        """The intercepts: (1,) or (K,); 0 for ordered levels, which have `cuts_` in its place."""
        return self._model.intercept

    @property
    def cuts_(self) -> Floats:
        """The scores between one ordered level and the next, (K-1,); AttributeError for other targets.

        A text is answered the first level whose cut its score does not exceed, which is the median of its levels.
        """
        model = self._model
        if model.kind != "ordered":
            raise AttributeError(f"only ordered levels have cuts_, found {KIND_NAMES[model.kind]}")
        return np.array(model.cuts)

    @property
    def thresholds_(self) -> Floats:
        """The least probability at which each of several labels is answered, (K,); AttributeError for other targets."""
        thresholds = self._model.thresholds
        if thresholds is None:
            raise AttributeError(f"only several labels have thresholds_, found {KIND_NAMES[self._model.kind]}")
        return np.array(thresholds.thresholds)

    @property
    def n_features_in_(self) -> int:
        """The number of features, which are the columns of `coef_`."""
        return self._model.features.n_features

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """The name of each feature, in the order of the columns of `coef_`: (n,)."""
        # An array of strings would give each the length of the longest, and cut NUL off their ends.
        return np.array(self._model.features.names(), dtype=object)

    @property
    def class_names(self) -> list[str]:
        """The labels as they are written."""
        return self._model.labels

    @property
    def certificate_(self) -> float:
        """The proven relative distance from the optimum."""
        return self._part.relative

    @property
    def certificate_reason_(self) -> str:
        """Why nothing is proven; empty where something is."""
        return str(self._part.reason or "")

    @property
    def bound_(self) -> float:
        """The proven bound on L̂ - L̂*."""
        return self._part.bound

    @property
    def loss_(self) -> float:
        """L̂, the penalised loss."""
        return self._part.loss

    @property
    def l2_(self) -> float:
        """λ."""
        return self._part.penalty.l2

    @property
    def l1_(self) -> float:
        """λ₁."""
        return self._record.l1

    @property
    def choice_(self) -> PenaltyChoice:
        """How λ was chosen."""
        return self._part.penalty

    @property
    def feature_choice_(self) -> FeatureChoice | None:
        """How the features were chosen."""
        return self._record.features

    @property
    def parts_(self) -> list[Json]:
        """Each part of a blend, as JSON holds it."""
        parts = self._record.parts
        return [part.to_json() for part in parts] if len(parts) > 1 else []

    @property
    def n_iter_(self) -> int:
        """Passes over the data."""
        return self._part.passes

    @property
    def stopping_reason_(self) -> str:
        """Why the fit stopped."""
        return str(self._part.stopping_reason)

    @property
    def data_(self) -> Json:
        """What was read, as JSON holds it."""
        return self._record.data.to_json()

    @property
    def _model(self) -> FittedModel:
        self._check_fitted()
        return self.model_

    @property
    def _record(self) -> FitRecord:
        self._check_fitted()
        return self.record_

    @property
    def _saved(self) -> SavedModel:
        """The model with its record, as a file holds them."""
        return SavedModel(self._model, self._record)

    @property
    def _part(self) -> PartRecord:
        """The part with the largest certificate."""
        return self._record.least_proven
