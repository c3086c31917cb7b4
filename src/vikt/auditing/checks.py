"""The checks of an audit: one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vikt.auditing import labels, repeated
from vikt.auditing.finding import Finding, Found, Severity
from vikt.auditing.subject import Subject
from vikt.errors import check_known


@dataclass(frozen=True)
class Check:
    """A check: its code and name, how grave what it finds is, and the function that finds it.

    `on_request` checks run only where they are asked for.
    """

    code: str
    name: str
    severity: Severity
    find: Callable[[Subject], Iterable[Found]]
    on_request: bool = False

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """What the check finds, under its name."""
        for found in self.find(subject):
            yield Finding(self.code, self.name, self.severity, found.side, found.rows, found.message, found.examples)


CHECKS = (
    Check("V101", "empty-text", "warning", repeated.empty_texts),
    Check("V102", "duplicate-text", "note", repeated.duplicates),
    Check("V104", "conflicting-labels", "warning", repeated.conflicting_labels),
    Check("V111", "test-text-in-training", "error", repeated.test_in_training),
    Check("V112", "test-text-in-training-but-for-case", "error", repeated.test_in_training_but_for_case),
    Check("V121", "few-rows", "warning", labels.few_rows),
    Check("V122", "label-spelling", "warning", labels.label_spelling),
    Check("V123", "label-not-in-training", "warning", labels.unseen_labels),
    Check("V124", "sorted-by-label", "note", labels.sorted_rows),
)


def chosen_checks(ignore: Iterable[str], also: Iterable[str] = ()) -> list[Check]:
    """All checks but those ignored, and of those on request the ones asked for by `also`; by their codes or names.

    Raises
    ------
    ParameterError
        There is no such check.
    """
    ignored, asked = _checks("ignore", ignore), _checks("also", also)
    return [check for check in CHECKS if check not in ignored and (check in asked or not check.on_request)]


def _checks(parameter: str, names: Iterable[str]) -> list[Check]:
    known = {name: check for check in CHECKS for name in (check.code, check.name)}
    given = list(names)
    for name in given:
        check_known(parameter, name, known)
    return [known[name] for name in given]
