"""What the model is and how good it is, in three sentences, and its main figures."""

from __future__ import annotations

import math

import numpy as np

from vikt.evaluation.aim_figures import tested_aim
from vikt.evaluation.evaluation import Evaluation
from vikt.evaluation.figures import Figure
from vikt.evaluation.of_labels import LabelEvaluation
from vikt.evaluation.outcomes import NO_ANSWER
from vikt.evaluation.several import SetEvaluation
from vikt.report.html.blocks import Tile, name_of
from vikt.report.html.tested import Tested, TestedClasses, TestedSets
from vikt.tables import counted, figure, listed

_MOST_NAMED = 6
_VERBS = {"class": "sorts {} into", "label": "gives {} any of"}


def model_sentences(tested: TestedClasses) -> list[str]:
    """What it is; how often it is right; where it is worst; whether the test meets the aim."""
    return [_what(tested), _how_good(tested), _worst(tested.evaluation), *_aim(tested)]


def set_sentences(tested: TestedSets) -> list[str]:
    """What it is; how good its answers are; of which label they are worst; whether the test meets the aim."""
    found = tested.evaluation
    micro, subset = found.figures["micro_f1"], found.figures["subset_accuracy"]
    how_good = (
        f"On {counted(found.n_rows, 'row')} ({tested.name}) its micro F1 is {figure(micro.value)} ({_between(micro)}), "
        f"and it answers exactly the labels of {percent(subset.value)} of them."
    )
    return [_what(tested), how_good, *_weakest_label(found), *_aim(tested)]


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


def model_tiles(evaluation: Evaluation) -> list[Tile]:
    """The main figures."""
    accuracy, macro_f1, log_loss = evaluation.accuracy, evaluation.macro_f1, evaluation.log_loss
    return [
        Tile("Accuracy", percent(accuracy.value), f"95%: {percent(accuracy.low)} to {percent(accuracy.high)}"),
        Tile("Macro F1", figure(macro_f1.value), _between(macro_f1)),
        Tile("Log loss", figure(log_loss.value), _between(log_loss)),
        _rows_tested(evaluation),
    ]


def set_tiles(evaluation: SetEvaluation) -> list[Tile]:
    """The main figures of several labels a row."""
    named = {"Micro F1": "micro_f1", "Macro F1": "macro_f1", "Log loss": "log_loss"}
    figures = [(name, evaluation.figures[key]) for name, key in named.items()]
    return [*(Tile(name, figure(found.value), _between(found)) for name, found in figures), _rows_tested(evaluation)]


def _rows_tested(evaluation: LabelEvaluation) -> Tile:
    return Tile("Rows tested", f"{evaluation.n_rows:,}", counted(len(evaluation.labels), evaluation.noun))


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
    model, record, noun = tested.model, tested.record, tested.evaluation.noun
    names = listed([name_of(label) for label in model.labels], _MOST_NAMED)
    reads = "texts" if model.features.reads_text else "rows of columns"
    return (
        f"This model {_VERBS[noun].format(reads)} {counted(len(model.labels), noun)} ({names}) and was trained on "
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


def _worst(evaluation: Evaluation) -> str:
    wrong = [entry for entry in evaluation.entries.tolist() if entry[0] != entry[1] != NO_ANSWER]
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
