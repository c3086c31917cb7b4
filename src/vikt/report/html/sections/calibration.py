"""The decision, whether confidence can be believed, and what every threshold would give."""

from __future__ import annotations

import numpy as np

from vikt.decisions.rules import ClassThreshold, MostProbable, Rule
from vikt.evaluation.aim_figures import aim_figures
from vikt.metrics.calibration import reliability_curve
from vikt.names import LABEL_NOUNS
from vikt.report.decision import decision_facts, decision_warnings, estimate_rows
from vikt.report.html.blocks import Block, Facts, Note, Row, Section, Table, name_of
from vikt.report.html.pictures import (
    label_reliability_picture,
    precision_recall_picture,
    reliability_picture,
    roc_picture,
)
from vikt.report.html.tested import Tested, TestedClasses, TestedSets
from vikt.report.targets import target_facts

# Pairs of a row and a label, beyond which their calibration takes too much memory.
_MOST_PAIRS = 20_000_000


def calibration_section(tested: TestedClasses) -> Section:
    """The decision that was asked for, and the curves of reliability, of precision and recall, and of the two rates."""
    return Section("calibration", "Calibration and thresholds", (*_decision(tested), *_pictures(tested)))


def thresholds_section(tested: TestedSets) -> Section:
    """From which probability on labels are answered, and whether the probabilities can be believed."""
    blocks = *_decision(tested), *_pictures_of_labels(tested)
    return Section("calibration", "Thresholds and calibration", blocks)


def _pictures_of_labels(tested: TestedSets) -> list[Block]:
    found = tested.outcomes
    pictures: list[Block] = []
    if found.log_probabilities.size <= _MOST_PAIRS:
        probabilities = np.exp(found.log_probabilities)
        real = found.real[:, : found.n_known]
        pictures.append(label_reliability_picture(reliability_curve(real.ravel(), probabilities.ravel())))
    return pictures


def _decision(tested: Tested) -> list[Block]:
    facts = [*target_facts(tested.model), *decision_facts(tested.model, tested.record)]
    made = tested.record.calibration
    blocks: list[Block] = [Facts(tuple(facts))] if facts else []
    if made is not None and made.estimates:
        figures = aim_figures(tested.model, tested.record, tested.evaluation)
        header, *rows = estimate_rows(made, figures)
        blocks.append(Table.of("The figures of the aim, on the held-out rows and on the test", header, rows))
        warnings = decision_warnings(tested.model, tested.record, tested.evaluation)
        blocks += [Note(f"{warning[0].upper()}{warning[1:]}.", "warning") for warning in warnings]
    return blocks


def _pictures(tested: TestedClasses) -> list[Block]:
    found, labels = tested.evaluation, tested.model.labels
    has_two, noun = len(labels) == 2, LABEL_NOUNS[tested.kind]
    of = name_of(labels[1]) if has_two else ""
    threshold = _threshold(tested.model.decision.rule) if has_two else None
    pictures: list[Block] = []
    if found.reliability is not None:
        pictures.append(reliability_picture(found.reliability))
    if found.precision_recall is not None:
        pictures.append(precision_recall_picture(found.precision_recall, of, noun, threshold))
    if found.roc is not None:
        pictures.append(roc_picture(found.roc, of, noun, threshold))
    return [Row(tuple(pictures))] if pictures else []


def _threshold(rule: Rule) -> float | None:
    """The probability of the second of two classes from which it is answered, where a threshold decides."""
    if isinstance(rule, MostProbable):
        return 0.5
    if isinstance(rule, ClassThreshold):
        return rule.threshold if rule.k == 1 else 1 - rule.threshold
    return None
