"""One temperature for all scores, T: probabilities softmax(z/T) that are neither too sure nor too unsure.

It is fitted by the log loss of held-out rows, which is convex in 1/T. Where λ was chosen by validation, the model is
calibrated already as a rule. A temperature is kept only where it gains more than chance does once in 20 times: where
the probabilities are right, 2m times the best gain on m rows is distributed as χ² with one degree of freedom (Wilks
1938). Guo, Pleiss, Sun and Weinberger 2017, On calibration of modern neural networks.
"""

from __future__ import annotations

import numpy as np

from vikt.arrays import Classes, Floats
from vikt.decisions.decision import NO_CLASS
from vikt.decisions.held_out import HeldOut
from vikt.decisions.record import Estimate, TemperatureRecord
from vikt.metrics.classification import exact_mean
from vikt.metrics.intervals import mean_interval
from vikt.model.functions import log_softmax, softmax

_COLDEST, _HOTTEST = 0.02, 50.0
_HALVINGS = 60
# Its 95th percentile, of one degree of freedom.
_CHI_SQUARE = 3.841458820694124


def fitted_temperature(rows: HeldOut) -> TemperatureRecord:
    """T by the held-out rows whose label the model has."""
    own = rows.y != NO_CLASS
    log_probabilities, y = rows.log_probabilities[own], rows.y[own]
    if not len(y):
        return TemperatureRecord(1.0, Estimate(0.0), 0.0)
    temperature = float(f"{best_temperature(log_probabilities, y):.4g}")
    at = np.arange(len(y)), y
    gains = log_softmax(log_probabilities / temperature)[at] - log_probabilities[at]
    return TemperatureRecord(
        temperature, Estimate(exact_mean(gains), *mean_interval(gains)), _CHI_SQUARE / (2 * len(y))
    )


def best_temperature(log_probabilities: Floats, y: Classes) -> float:
    """The T of the least mean log loss of log_softmax(z/T), of scores or log-probabilities z (m, K) and classes (m,).

    Targets are (m+1)/(m+2) for the real class, the rest shared by the others, so that rows which are all answered
    rightly do not ask for T = 0. Platt 1999, Probabilistic outputs for support vector machines.
    """
    m, n_classes = log_probabilities.shape
    targets = np.full((m, n_classes), 1 / ((m + 2) * (n_classes - 1)))
    targets[np.arange(m), y] = (m + 1) / (m + 2)
    expected = exact_mean(np.sum(targets * log_probabilities, axis=1))
    low, high = np.log(1 / _HOTTEST), np.log(1 / _COLDEST)
    # The slope of the loss in 1/T rises, so its zero is found by halving.
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = softmax(np.exp(middle) * log_probabilities)
        is_too_sure = exact_mean(np.sum(found * log_probabilities, axis=1)) > expected
        low, high = (low, middle) if is_too_sure else (middle, high)
    return float(np.exp(-(low + high) / 2))
