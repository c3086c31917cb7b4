"""What the model is and how good it is, in three sentences, and its main figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from vikt.evaluation.aim_figures import tested_aim
from vikt.evaluation.evaluation import Evaluation
from vikt.evaluation.figures import Figure
from vikt.evaluation.outcomes import NO_ANSWER
from vikt.evaluation.several import SetEvaluation
from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord
from vikt.mappings import ReadJson
from vikt.names import LABEL_NOUNS, TargetKind
from vikt.report.html.blocks import Tile, name_of
from vikt.report.html.tested import Tested, TestedClasses, TestedSets
from vikt.tables import counted, figure, listed

_MOST_NAMED = 6
_VERBS: Mapping[TargetKind, str] = {
    "classes": "sorts {} into",
    "several": "gives {} any of",
    "soft": "gives {} a share of each of",
    "ordered": "places {} on",
}
# The main figures of each kind: their names, and their names in JSON.
_MAIN: Mapping[TargetKind, Mapping[str, str]] = {
    "classes": {"Accuracy": "accuracy", "Macro F1": "macro_f1", "Log loss": "log_loss"},
    "several": {"Micro F1": "micro_f1", "Macro F1": "macro_f1", "Log loss": "log_loss"},
    "soft": {"Cross-entropy": "log_loss", "Brier score": "brier", "Accuracy of the mode": "accuracy"},
    "ordered": {
        "Mean absolute error": "mean_absolute_error",
        "Quadratic kappa": "quadratic_kappa",
        "Spearman's correlation": "spearman",
    },
}


def model_sentences(tested: Tested) -> list[str]:
    """What it is; how good its answers are; where they are worst; whether the test meets the aim."""
    return [_what(tested), *_SENTENCES[tested.kind](tested), *_aim(tested)]


def model_tiles(tested: Tested) -> list[Tile]:
    """The main figures."""
    found = tested.evaluation
    tiles = [_tile(name, key, found.figures[key]) for name, key in _MAIN[tested.kind].items()]
    return [*tiles, Tile("Rows tested", f"{found.n_rows:,}", counted(len(found.labels), LABEL_NOUNS[tested.kind]))]


def recorded_tiles(model: FittedModel, record: FitRecord) -> list[Tile]:
    """The main figures of the test that a record holds, where there was one."""
    tested = [(name, record.metrics[key]) for name, key in _MAIN[model.kind].items() if key in record.metrics]
    rows = [Tile("Rows tested", f"{record.data.test_rows:,}")] if tested and record.data.test_rows else []
    return [_recorded_tile(name, found) for name, found in tested] + rows


def _recorded_tile(name: str, found: ReadJson) -> Tile:
    has_interval = found.get("low") is not None
    between = f"95%: {figure(found['low'])} to {figure(found['high'])}" if has_interval else ""
    return Tile(name, figure(found["value"]), between)


def _tile(name: str, key: str, found: Figure) -> Tile:
    shown = percent if key == "accuracy" else figure
    between = "" if math.isnan(found.low) else f"95%: {shown(found.low)} to {shown(found.high)}"
    return Tile(name, shown(found.value), between)


def _of_classes(tested: TestedClasses) -> list[str]:
    return [_how_good(tested), _worst(tested.evaluation)]


def _of_sets(tested: TestedSets) -> list[str]:
    found = tested.evaluation
    micro, subset = found.figures["micro_f1"], found.figures["subset_accuracy"]
    how_good = (
        f"On {counted(found.n_rows, 'row')} ({tested.name}) its micro F1 is {figure(micro.value)} ({_between(micro)}), "
        f"and it answers exactly the labels of {percent(subset.value)} of them."
    )
    return [how_good, *_weakest_label(found)]


def _of_shares(tested: TestedClasses) -> list[str]:
    found = tested.evaluation
    how_good = (
        f"On {counted(found.n_rows, 'row')} ({tested.name}) its cross-entropy is {_with_interval(found.log_loss)}, and "
        f"its most probable class is that of the row in {percent(found.accuracy.value)} of them."
    )
    return [how_good, _worst(found)]


def _of_levels(tested: TestedClasses) -> list[str]:
    found = tested.evaluation
    how_good = (
        f"On {counted(found.n_rows, 'row')} ({tested.name}) its answers miss the level by "
        f"{_with_interval(found.figures['mean_absolute_error'])} levels on average, and "
        f"{percent(found.accuracy.value)} of them are exactly right."
    )
    wrong = _wrong(found)
    return [how_good, f"{_commonest(found, wrong)}." if wrong else no_wrong_answer(found)]


_SENTENCES: Mapping[TargetKind, Callable[[Any], list[str]]] = {
    "classes": _of_classes,
    "several": _of_sets,
    "soft": _of_shares,
    "ordered": _of_levels,
}


def _with_interval(found: Figure) -> str:
    between = _between(found)
    return f"{figure(found.value)} ({between})" if between else figure(found.value)


def _weakest_label(found: SetEvaluation) -> list[str]:
    if np.isnan(found.f1).all():
        return []
    k = int(np.nanargmin(found.f1))
    return [
        f"Its weakest label is {name_of(found.labels[k])} (F1 {figure(found.f1[k])}, in "
        f"{counted(int(found.support[k]), 'row')})."
    ]


def _aim(tested: Tested) -> list[str]:
    aim = tested_aim(tested.model, tested.record, tested.evaluation)
    return [] if aim is None else [f"The aim {aim}."]


def percent(share: float) -> str:
    """A share in percent.

    Examples
    --------
    >>> percent(0.98746), percent(1.0)
    ('98.7%', '100%')
    """
    return "–" if math.isnan(share) else f"{100 * share:.1f}%".replace("100.0%", "100%")


def _between(found: Figure) -> str:
    return "" if math.isnan(found.low) else f"95%: {figure(found.low)} to {figure(found.high)}"


def _what(tested: Tested) -> str:
    model, record = tested.model, tested.record
    names = listed([name_of(label) for label in model.labels], _MOST_NAMED)
    reads = "texts" if model.features.reads_text else "rows of columns"
    labels = counted(len(model.labels), LABEL_NOUNS[model.kind])
    return (
        f"This model {_VERBS[model.kind].format(reads)} {labels} ({names}) and was trained on "
        f"{counted(record.data.fitted_rows, 'row')}."
    )


def _how_good(tested: TestedClasses) -> str:
    evaluation = tested.evaluation
    found, support = evaluation.accuracy, evaluation.support
    commonest = int(support.argmax())
    return (
        f"On {counted(evaluation.n_rows, 'row')} ({tested.name}) it is right {percent(found.value)} of the time "
        f"(95%: {percent(found.low)} to {percent(found.high)}); always answering "
        f"{name_of(evaluation.labels[commonest])} would be right {percent(support[commonest] / evaluation.n_rows)} of "
        f"the time{_unanswered(evaluation.n_unanswered)}."
    )


def _unanswered(n: int) -> str:
    verbs = "is not answered and counts" if n == 1 else "are not answered and count"
    return f"; {counted(n, 'row')} {verbs} as wrong" if n else ""


def no_wrong_answer(evaluation: Evaluation) -> str:
    """What there is to say where no answer is wrong: that is not yet that every row is answered."""
    n = evaluation.n_unanswered
    verb = "is" if n == 1 else "are"
    return f"None of its answers is wrong; {counted(n, 'row')} {verb} not answered." if n else "It makes no mistakes."


def _commonest(evaluation: Evaluation, wrong: list[list[int]]) -> str:
    real, answer, count = max(wrong, key=lambda entry: (entry[2], -entry[0], -entry[1]))
    if count == 1 and len(wrong) > 1:
        return "None of its mistakes occurs twice"
    return (
        f"Its most common mistake is answering {name_of(evaluation.labels[answer])} for "
        f"{name_of(evaluation.labels[real])} ({counted(count, 'row')})"
    )


def _wrong(evaluation: Evaluation) -> list[list[int]]:
    """The cells of the confusion matrix that hold wrong answers."""
    return [entry for entry in evaluation.entries.tolist() if entry[0] != entry[1] != NO_ANSWER]


def _worst(evaluation: Evaluation) -> str:
    wrong = _wrong(evaluation)
    if not wrong:
        return no_wrong_answer(evaluation)
    sentence = _commonest(evaluation, wrong)
    known = [k for k in range(len(evaluation.labels)) if not math.isnan(evaluation.f1[k])]
    if len(known) < 2:
        return f"{sentence}."
    k = min(known, key=lambda k: evaluation.f1[k])
    return (
        f"{sentence}, and its weakest class is {name_of(evaluation.labels[k])} (recall "
        f"{percent(evaluation.recall[k])}, precision {percent(evaluation.precision[k])})."
    )
