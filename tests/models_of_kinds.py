"""Models of each kind of targets, made of binary ones or by formula, for tests of what they answer and explain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import vikt
from vikt.decisions.decision import Decision
from vikt.decisions.label_thresholds import LabelThresholds
from vikt.decisions.rules import Median
from vikt.files.model_file import save_model
from vikt.fitting.saved import SavedModel
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.ordered import ProportionalOdds

TEXTS = [
    "glad and happy day", "happy smile", "sad rain", "love and happy hug", "love hug", "sad love", "rain day",
    "glad smile love", "angry rain", "angry and sad", "angry day", "happy love day",
]  # fmt: skip
SETS = [
    ["joy"], ["joy"], ["grief"], ["joy", "love"], ["love"], ["grief", "love"], [],
    ["joy", "love"], ["anger"], ["anger", "grief"], ["anger"], ["joy", "love"],
]  # fmt: skip
LABELS = ["anger", "grief", "joy", "love"]
THRESHOLDS = (0.5, 0.3, 0.6, 0.45)
CUTS = (-0.6, 0.1, 0.9)
LEVELS = [1, 2, 3, 4]


def binary(label):
    """One label of several as a classifier of two classes on the same features."""
    return fitted([label in own for own in SETS])


def fitted(labels, **parameters):
    """A classifier of the texts, on the same features whatever the labels."""
    return vikt.TextClassifier("word", ngrams=(1, 1), min_df=1, l2=0.003, **parameters).fit(TEXTS, labels)


def several(path, labels=LABELS, thresholds=THRESHOLDS):
    """A classifier of several labels whose weights are those of the binary ones; saved at the path."""
    name_of = dict(zip(LABELS, labels, strict=True))
    record = fitted([[name_of[label] for label in own] for own in SETS], thresholds=0.5).record_
    models = [binary(label) for label in LABELS]
    theta = np.stack([model.theta_ for model in models])
    model = replace(
        models[0].model_,
        theta=theta,
        classes=np.array(labels),
        loss=OneLossPerLabel(len(labels)),
        decision=Decision(LabelThresholds(tuple(thresholds), "label", 0.5)),
    )
    return _saved(path, model, record)


def ordered(path):
    """A classifier of four levels whose score is that of a binary one, without its intercept; saved at the path."""
    found = binary("joy")
    theta = found.theta_.copy()
    theta[0] = 0.0
    model = replace(
        found.model_,
        theta=theta,
        classes=np.array(LEVELS),
        loss=ProportionalOdds(np.array(CUTS)),
        decision=Decision(rule=Median()),
    )
    return _saved(path, model, fitted(LEVELS * 3, targets="ordered").record_)


def _saved(path, model, record):
    save_model(path, *SavedModel(model, record).to_file(), force=True)
    return vikt.load(path)
