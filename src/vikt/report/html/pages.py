"""The page of each command: what it is about, and its sections in one order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vikt.auditing.audit import Audit
from vikt.evaluation.comparison import Comparison
from vikt.explanation.label_errors import LabelErrors
from vikt.fitting.model import FittedModel
from vikt.fitting.saved import SavedModel
from vikt.names import LABEL_NOUNS
from vikt.report.html.blocks import Page, Section, Tile
from vikt.report.html.sections.calibration import calibration_section, thresholds_section
from vikt.report.html.sections.comparison import (
    comparison_sentences,
    comparison_tiles,
    differences_section,
    disagreements_section,
    models_section,
)
from vikt.report.html.sections.data import data_section
from vikt.report.html.sections.findings import audit_sentences, audit_tiles, classes_section, findings_section
from vikt.report.html.sections.fit import fit_section
from vikt.report.html.sections.label_errors import label_errors_section
from vikt.report.html.sections.metrics import metrics_section, slices_section
from vikt.report.html.sections.mistakes import confident_section, confusion_section
from vikt.report.html.sections.reproduce import reproduce_section, version_section
from vikt.report.html.sections.set_mistakes import set_confident_section, set_mistakes_section
from vikt.report.html.sections.summary import model_sentences, model_tiles, percent, recorded_tiles
from vikt.report.html.sections.words import words_section
from vikt.report.html.tested import Tested, TestedClasses, TestedSets
from vikt.tables import counted, index_place, label_line

_MOST_NAMED, _WIDEST_NAMED = 3, 20


def model_page(tested: Tested, command: str, audit: Audit | None = None) -> Page:
    """The page of a model and its test; with what an audit found in the data, where there was one."""
    mistakes, calibration, confident = _SECTIONS[type(tested)]
    return Page.of(
        _title(tested.model),
        model_sentences(tested),
        model_tiles(tested),
        [
            data_section(tested.model, tested.record),
            None if audit is None else findings_section(audit),
            metrics_section(tested),
            mistakes(tested),
            slices_section(tested),
            calibration(tested),
            words_section(tested.model),
            confident(tested),
            fit_section(tested.model, tested.record),
            reproduce_section(command, tested.record),
        ],
    )


def saved_page(saved: SavedModel) -> Page:
    """The page of a model file, which holds the figures of its test but no tested rows."""
    model, record = saved.model, saved.record
    return Page.of(
        _title(model),
        ["The model file holds no rows, so the figures are those of the test at the end of its training."],
        recorded_tiles(model, record),
        [
            data_section(model, record),
            words_section(model),
            fit_section(model, record),
            reproduce_section("vikt train DATA", record),
        ],
    )


# The sections on mistakes, on calibration and on the most confident mistakes.
_SECTIONS: Mapping[type[Tested], tuple[Callable[[Any], Section | None], ...]] = {
    TestedClasses: (confusion_section, calibration_section, confident_section),
    TestedSets: (set_mistakes_section, thresholds_section, set_confident_section),
}


def _title(model: FittedModel) -> str:
    names = [label_line(label) for label in model.labels]
    if not 1 < len(names) <= _MOST_NAMED or max(map(len, names)) > _WIDEST_NAMED:
        return f"A classifier of {counted(len(names), LABEL_NOUNS[model.kind])}"
    return f"A classifier of {', '.join(names[:-1])} and {names[-1]}"


def audit_page(audit: Audit, command: str, label_errors: Section | None = None) -> Page:
    """The page of an audit, with the section of label errors where they were looked for."""
    return Page.of(
        "Audit of labelled texts",
        audit_sentences(audit),
        audit_tiles(audit),
        [findings_section(audit), classes_section(audit), label_errors, version_section(command)],
    )


def label_errors_page(found: LabelErrors, command: str) -> Page:
    """The page of label errors alone."""
    tiles = [Tile("Suspected", f"{len(found):,}", found.extent)]
    tiles.append(Tile("Estimated wrong", percent(found.estimated_share), "of all labels, suspected or not"))
    sections = [label_errors_section(found), version_section(command)]
    return Page.of("Labels that are probably wrong", [f"{found.summary}."], tiles, sections)


def comparison_page(
    comparison: Comparison,
    command: str,
    models: Sequence[tuple[str, SavedModel]] = (),
    place: Callable[[int], str] = index_place,
) -> Page:
    """The page of two models: their names, what is known of their fits, and the place of each row compared."""
    return Page.of(
        "Comparison of two models",
        comparison_sentences(comparison),
        comparison_tiles(comparison),
        [
            differences_section(comparison),
            disagreements_section(comparison, place),
            models_section(models),
            version_section(command),
        ],
    )
