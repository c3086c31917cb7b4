"""The answers of a model, by the kind of its targets."""

from __future__ import annotations

from vikt.answers.columns import Answers
from vikt.answers.one_label import AnswersOfOne
from vikt.answers.several_labels import AnswersOfSeveral
from vikt.fitting.model import FittedModel
from vikt.names import TargetKind
from vikt.parameters import PROBABILITY, checked, optional, whole

_ANSWERS: dict[TargetKind, type[Answers]] = {
    "classes": AnswersOfOne,
    "several": AnswersOfSeveral,
    "soft": AnswersOfOne,
    "ordered": AnswersOfOne,
}
_RULES = {
    "top": optional(whole(1)),
    "threshold": optional(PROBABILITY),
}


def answers_by(
    model: FittedModel,
    threads: int = 1,
    *,
    top: int | None = None,
    threshold: float | None = None,
    proba: bool = False,
    prefix: str = "",
) -> Answers:
    """How a model answers documents; parameters as of `Answers`.

    Raises
    ------
    ParameterError
        `top` is not a whole number of 1 or more, or `threshold` no probability.
    """
    given = checked(_RULES, {"top": top, "threshold": threshold})
    return _ANSWERS[model.kind](model, threads, given["top"], given["threshold"], proba, prefix)
