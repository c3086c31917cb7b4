"""The checks of an audit: one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vikt.auditing import against_model, characters, labels, leaks, mislabels, repeated, shift
from vikt.auditing.finding import Finding, Found, Severity
from vikt.auditing.subject import Subject
from vikt.errors import check_known


@dataclass(frozen=True)
class Check:
    """A check: its code and name, how serious what it finds is, and the function that finds it."""

    code: str
    name: str
    severity: Severity
    find: Callable[[Subject], Iterable[Found]]

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """What the check finds, under its name."""
        for found in self.find(subject):
            yield Finding(self.code, self.name, self.severity, found.side, found.rows, found.message, found.examples)


CHECKS = (
    Check("V101", "empty-text", "warning", repeated.empty_texts),
    Check("V102", "duplicate-text", "note", repeated.duplicates),
    Check("V103", "near-duplicate-text", "warning", repeated.near_duplicates),
    Check("V104", "conflicting-labels", "warning", repeated.conflicting_labels),
    Check("V111", "test-text-in-training", "error", repeated.test_in_training),
    Check("V112", "test-text-in-training-but-for-case", "error", repeated.test_in_training_but_for_case),
    Check("V113", "test-text-nearly-in-training", "warning", repeated.near_test_in_training),
    Check("V120", "missing-label", "error", labels.missing_labels),
    Check("V121", "few-rows", "warning", labels.few_rows),
    Check("V122", "label-spelling", "warning", labels.label_spelling),
    Check("V123", "label-not-in-training", "warning", labels.unseen_labels),
    Check("V124", "sorted-by-label", "note", labels.sorted_rows),
    Check("V125", "one-class", "error", labels.one_class),
    Check("V126", "label-like-missing", "note", labels.labels_like_missing),
    Check("V127", "label-on-every-row", "warning", labels.labels_of_every_row),
    Check("V128", "labels-always-together", "note", labels.labels_always_together),
    Check("V129", "row-without-labels", "note", labels.rows_without_labels),
    Check("V131", "mojibake", "warning", characters.mojibake),
    Check("V132", "lost-characters", "warning", characters.lost_characters),
    Check("V133", "html-left", "note", characters.html_left),
    Check("V134", "control-characters", "warning", characters.control_characters),
    Check("V141", "length-shift", "warning", shift.length_shift),
    Check("V142", "language-shift", "warning", shift.language_shift),
    Check("V151", "label-leak", "error", leaks.label_leak),
    Check("V161", "label-unknown-to-model", "warning", against_model.labels_unknown_to_model),
    Check("V162", "model-trained-on-rows", "note", against_model.trained_on),
    Check("V163", "nothing-known-to-model", "warning", against_model.unknown_features),
    Check("V171", "probable-mislabel", "warning", mislabels.probable_mislabels),
)


def chosen_checks(ignore: Iterable[str]) -> list[Check]:
    """All checks but those ignored, by their codes or names.

    Raises
    ------
    ParameterError
        There is no such check.
    """
    known = {name: check for check in CHECKS for name in (check.code, check.name)}
    given = list(ignore)
    for name in given:
        check_known("ignore", name, known)
    ignored = [known[name] for name in given]
    return [check for check in CHECKS if check not in ignored]
