"""A model and its record, as one file holds them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Arrays, Ints
from vikt.corpus.digests import DIGESTS
from vikt.corpus.label_reading import LabelReading
from vikt.errors import DamagedModelError, check_known
from vikt.features.measured import Measured
from vikt.features.settings import FeatureSettings
from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord
from vikt.mappings import Json, ReadJson
from vikt.names import PARAMETERS
from vikt.parameters import TEXT_CLASSIFIER, checked

_KIND = "TextClassifier"
# The format of other targets than classes, which versions that know classes alone do not read.
_FORMAT_OF_OTHERS = 6
# What the format adds to a header; and what differs by NumPy, since its first version has no strings of any width.
_OF_THE_FILE, _DTYPE = ("digest", "format"), "classes_dtype"
# The arrays of keys of groups that an updated model leaves out of its fit.
_KEYS = ("held_out", "unfitted")

# What users are told of a test on rows from which the model has learnt.
TESTED_ON_TRAINING = "the model was trained on exactly these rows, so its figures on them say little"


@dataclass(frozen=True)
class SavedModel:
    """A fitted model with the record of its fit."""

    model: FittedModel
    record: FitRecord

    def to_file(self) -> tuple[Arrays, Json]:
        arrays, header = self.model.to_file()
        keys: dict[str, Ints] = {name: getattr(self.record, name) for name in _KEYS}
        arrays |= {name: own for name, own in keys.items() if len(own)}
        newer = {} if self.model.kind == "classes" else {"format": _FORMAT_OF_OTHERS}
        return arrays, {"kind": _KIND, **header, **self.record.to_json(), **newer}

    @classmethod
    def from_file(cls, arrays: Arrays, header: ReadJson) -> SavedModel:
        """The inverse of `to_file`. Raises DamagedModelError, or what damaged values raise where they are read."""
        held_out, unfitted = (_keys(arrays.get(name, np.empty(0, dtype=np.int64))) for name in _KEYS)
        record = replace(FitRecord.from_json(header), held_out=held_out, unfitted=unfitted)
        for name in record.options:
            check_known("option", name, PARAMETERS)
        parameters = checked(TEXT_CLASSIFIER, record.parameters({}))
        if not isinstance(record.options["features"] or [], list):
            raise DamagedModelError("features that are not declarations")  # a path would be opened
        features = replace(FeatureSettings.of(parameters), analyzer=record.analyzer)
        model = replace(FittedModel.from_file(features, arrays, header), text_column=record.text_column)
        record.check(model.kind, model.labels)
        saved = cls(model, record)
        saved._refuse_further_claims(arrays, header)
        return saved

    def _refuse_further_claims(self, arrays: Arrays, header: ReadJson) -> None:
        """Raise DamagedModelError where a file says what this model, read from it, would not: none is passed over."""
        own_arrays, own = self.to_file()
        said = json.loads(json.dumps(own))
        differing = [
            *(arrays.keys() ^ own_arrays.keys()),
            *(name for name in header.keys() ^ said.keys() if name not in _OF_THE_FILE),
            *(name for name in header.keys() & said.keys() if header[name] != said[name] and name != _DTYPE),
        ]
        if differing:
            raise DamagedModelError(f"what it says of {min(differing)!r:.40} is of another model")

    def reading(self, labels_separator: str | None = None) -> LabelReading:
        """How the labels of further rows are to be read; in files, those of an order are like any other label.

        `labels_separator` is that of these rows, if it differs from that of the training data.
        """
        return LabelReading.of_trained(self.model.kind, labels_separator or self.record.labels_separator)

    def learnt_from(self, documents: Measured, spelled: Sequence[str], y: Ints) -> bool:
        """Whether these are the rows that the model was trained on, in any order: row i has target `spelled[y[i]]`."""
        data = self.record.data
        if len(y) != data.rows - data.rows_of_weight_0:
            return False
        return DIGESTS[data.digest].of(documents.contents()).fingerprint(spelled, y) == data.fingerprint

    @property
    def parameters(self) -> Json:
        """The parameters of the fit, as `vikt.TextClassifier` takes them."""
        label_of = dict(zip(self.model.labels, self.model.classes.tolist(), strict=True))
        return {**self.record.parameters(label_of), "text_column": self.record.text_column}


def _keys(array: NDArray[Any]) -> Ints:
    if array.dtype != np.int64 or array.ndim != 1:
        raise DamagedModelError(f"keys of held-out rows of shape {array.shape} and {array.dtype}")
    return array
