"""A decision by held-out rows, and the record of it."""

from __future__ import annotations

from dataclasses import replace

from vikt.decisions.abstention import bounded
from vikt.decisions.conformal import set_threshold, sets_record
from vikt.decisions.decision import PLAIN, Decision
from vikt.decisions.held_out import HeldOut
from vikt.decisions.record import CalibrationRecord, ErrorRecord
from vikt.decisions.settings import DecisionSettings
from vikt.decisions.temperature import fitted_temperature


def calibrated(settings: DecisionSettings, rows: HeldOut) -> tuple[Decision, CalibrationRecord]:
    """The decision that the settings ask for, by held-out rows.

    Raises
    ------
    AimMissedError
        An aim, a coverage or a largest error cannot be met on these rows.
    """
    decision, record = PLAIN, CalibrationRecord(len(rows))
    if settings.calibrates:
        found = fitted_temperature(rows)
        record = replace(record, temperature=found)
        if found.is_kept:
            decision = replace(decision, temperature=found.temperature)
            rows = rows.at_temperature(found.temperature)
    if settings.aim is not None:
        rule = settings.aim.rule(rows)
        decision = replace(decision, rule=rule, answers_unknown=False)
        estimates, n_of = settings.aim.estimates(rows, rule), rows.n_of(settings.aim.classes)
        record = replace(record, aim=str(settings.aim), estimates=estimates, class_rows=n_of)
    if settings.max_error is not None:
        error = _bounded(settings.max_error, decision, rows)
        decision = replace(decision, confidence=error.confidence, answers_unknown=False)
        record = replace(record, error=error)
    if settings.coverage is not None:
        decision = replace(decision, set_threshold=set_threshold(settings.coverage, rows), answers_unknown=False)
        record = replace(record, sets=sets_record(settings.coverage, decision, rows))
    return decision, record


def _bounded(max_error: float, decision: Decision, rows: HeldOut) -> ErrorRecord:
    known = rows.is_known
    choices = decision.rule.choices(rows.log_probabilities)[known]
    confidences = rows.probabilities[known].max(axis=1)
    return bounded(max_error, confidences, choices != rows.y[known], len(rows))
