"""Whether confidence can be believed, and what every threshold would give."""

from __future__ import annotations

from vikt.report.html.blocks import Block, Row, Section, name_of
from vikt.report.html.pictures import precision_recall_picture, reliability_picture, roc_picture
from vikt.report.html.tested import Tested


def calibration_section(tested: Tested) -> Section:
    """The curves of reliability, of precision and recall, and of the two rates."""
    found = tested.evaluation
    of = name_of(tested.model.labels[1]) if len(tested.model.labels) == 2 else "a class, on average over all classes,"
    pictures: list[Block] = []
    if found.reliability is not None:
        pictures.append(reliability_picture(found.reliability))
    if found.precision_recall is not None:
        pictures.append(precision_recall_picture(found.precision_recall, of))
    if found.roc is not None:
        pictures.append(roc_picture(found.roc, of))
    return Section("calibration", "Calibration and thresholds", (Row(tuple(pictures)),) if pictures else ())
