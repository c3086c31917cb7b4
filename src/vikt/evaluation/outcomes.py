"""What a model answered to labelled rows: the value that every figure is computed from."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from vikt.arrays import Floats, Ints
from vikt.decisions.decision import NO_ANSWER as NO_ANSWER
from vikt.fitting.model import FittedModel, Inputs
from vikt.model.classes import check_one_label_a_row


@dataclass(frozen=True)
class Outcomes:
    """The real label of each row, and what the model says of it.

    Attributes
    ----------
    labels : list of str, (m,)
        The real labels; one that is a class of the model is spelled as that class is.
    classes : list of str, (K,)
        The classes of the model.
    log_probabilities : ndarray, (m, K)
        log P(class | text).
    predicted : ndarray of int, (m,)
        The index of the class that is answered; NO_ANSWER where there is none.
    """

    labels: list[str]
    classes: list[str]
    log_probabilities: Floats
    predicted: Ints


def outcomes(model: FittedModel, inputs: Inputs, labels: ArrayLike, threads: int = 1) -> Outcomes:
    """The answers of a model to labelled texts; labels are compared as `FittedModel.spelled` has them."""
    names, answered = model.spelled(labels), model.answered(inputs, threads)
    check_one_label_a_row(names, len(answered.choices))
    return Outcomes(names, model.labels, answered.log_probabilities, answered.predicted)
