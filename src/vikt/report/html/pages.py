"""The page of each command: what it is about, and its sections in one order."""

from __future__ import annotations

from vikt.report.html.blocks import Page
from vikt.report.html.sections.data import data_section
from vikt.report.html.sections.fit import fit_section
from vikt.report.html.sections.metrics import metrics_section
from vikt.report.html.sections.mistakes import confident_section, confusion_section
from vikt.report.html.sections.reproduce import reproduce_section
from vikt.report.html.sections.summary import sentences, tiles
from vikt.report.html.sections.words import words_section
from vikt.report.html.tested import Tested
from vikt.tables import label_line, listed


def model_page(tested: Tested, command: str) -> Page:
    """The page of a model and its test."""
    return Page.of(
        f"A classifier of {listed([label_line(label) for label in tested.model.labels], most=4)}",
        sentences(tested),
        tiles(tested.evaluation),
        [
            data_section(tested.record),
            metrics_section(tested.evaluation),
            confusion_section(tested),
            words_section(tested.model),
            confident_section(tested),
            fit_section(tested.record),
            reproduce_section(command, tested.record),
        ],
    )
