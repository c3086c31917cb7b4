"""Figures of sets of labels: how often they hold the real one, and how large they are."""

from __future__ import annotations

import numpy as np

from vikt.evaluation.figures import Figure, share
from vikt.evaluation.outcomes import NO_CLASS, Outcomes
from vikt.metrics.classification import exact_mean
from vikt.metrics.intervals import mean_interval


def set_figures(found: Outcomes) -> dict[str, Figure]:
    """The share of the sets that hold the real label, and their mean size; none where the model makes no sets."""
    if found.sets is None:
        return {}
    holds = (found.real != NO_CLASS) & found.sets[np.arange(len(found.real)), found.real]
    sizes = found.sets.sum(axis=1)
    low, high = mean_interval(sizes)
    return {
        "coverage": share(int(holds.sum()), len(holds)),
        "mean_set_size": Figure(exact_mean(sizes), max(low, 1.0), high, facts={"rows": len(sizes)}),
    }
