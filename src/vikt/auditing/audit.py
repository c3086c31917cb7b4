"""An audit: the checks run over labelled texts, and what they find."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol, cast, get_args

from numpy.typing import ArrayLike

from vikt.auditing.checks import chosen_checks
from vikt.auditing.finding import SEVERITIES, Finding, Severity, Side
from vikt.auditing.subject import LabelledTexts, Subject
from vikt.corpus.documents import TEXT_COLUMN, Documents
from vikt.errors import UsageError
from vikt.explanation.label_errors import LabelErrors
from vikt.fitting.model import FittedModel, Inputs
from vikt.fitting.record import FitRecord
from vikt.fitting.saved import SavedModel
from vikt.mappings import Json
from vikt.markup import block, details, heading, html_text, table
from vikt.names import LABEL_NOUNS, TargetsName
from vikt.parameters import checked_value, one_of
from vikt.tables import (
    MOST_CLASSES_LISTED,
    columns,
    counted,
    cut,
    data_frame,
    figure,
    label_line,
    listed,
    plural,
    visible,
)

if TYPE_CHECKING:
    from pandas import DataFrame

_WIDEST_EXCERPT = 100


class Trained(Protocol):
    """A fitted classifier."""

    @property
    def model_(self) -> FittedModel: ...

    @property
    def record_(self) -> FitRecord: ...


@dataclass(frozen=True)
class Audit:
    """What the checks found. It prints as a report.

    Attributes
    ----------
    findings : tuple of Finding
        The most serious first.
    classes : dict of str to dict of str to int
        The number of rows of each label, by side: {"training": {"ham": 4827, ...}, "test": ...}.
    ignored : tuple of str
        The codes or names of the checks that were skipped, as given.
    origins : dict of str to str
        The source of each side, for people.
    n_rows : dict of str to int
        The number of rows of each side that are labelled.
    noun : str
        What a label is: "class", or "label" where a row has several.

    Examples
    --------
    >>> found = audit(["win money", "lunch?", "win money"], ["spam", "ham", "ham"])
    >>> [(finding.code, finding.name, finding.rows) for finding in found.findings]
    [('V104', 'conflicting-labels', (0, 2)), ('V121', 'few-rows', (0, 1, 2))]
    """

    findings: tuple[Finding, ...]
    classes: dict[Side, dict[str, int]]
    ignored: tuple[str, ...]
    origins: dict[Side, str]
    n_rows: dict[Side, int]
    noun: str = "class"

    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error."""
        return self.counts["error"] > 0

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity."""
        return {severity: sum(found.severity == severity for found in self.findings) for severity in SEVERITIES}

    @property
    def summary(self) -> str:
        """The counts in words: "2 errors, 1 note", or "nothing"."""
        return listed([counted(n, severity) for severity, n in self.counts.items() if n]) or "nothing"

    @property
    def shares(self) -> dict[str, list[tuple[int, float]]]:
        """For each label, its number of rows on each side and their share of that side."""
        labels = dict.fromkeys(label for counts in self.classes.values() for label in counts)
        totals = [max(self.n_rows[side], 1) for side in self.classes]
        return {
            label: [
                (counts.get(label, 0), counts.get(label, 0) / total)
                for counts, total in zip(self.classes.values(), totals, strict=True)
            ]
            for label in labels
        }

    def to_json(self) -> Json:
        """The findings as JSON holds them, the number of rows of each label, and the checks skipped."""
        return {
            "findings": [finding.to_json() for finding in self.findings],
            "classes": self.classes,
            "rows": self.n_rows,
            "ignored": list(self.ignored),
        }

    def to_frame(self) -> DataFrame:
        """The findings as a pandas data frame, a row for each. Raises MissingPackageError without pandas.

        Its columns are code, name, severity, side, rows (how many), message and page.
        """
        names = ("code", "name", "severity", "side", "message", "page")
        frame = {name: [getattr(finding, name) for finding in self.findings] for name in names}
        return data_frame(frame | {"rows": [len(finding.rows) for finding in self.findings]})

    def __repr__(self) -> str:
        sides = [f"{side:<8}  {self._size(side)}" for side in self.classes]
        found = [_finding_lines(finding) for finding in self.findings]
        return "\n\n".join(["\n".join([*sides, "", columns(self._class_rows())]), *found, self._verdict()])

    def _repr_html_(self) -> str:
        rows = [["severity", "code", "finding", "rows"]]
        rows += [
            [finding.severity, finding.code, _finding_html(finding), f"{len(finding.rows):,}"]
            for finding in self.findings
        ]
        classes = [[html_text(cell) for cell in row] for row in self._class_rows()]
        return block(
            *(heading(html_text(f"{side}: {self._size(side)}")) for side in self.classes),
            table(rows, left=3) if self.findings else "",
            heading(html_text(self._verdict())),
            details(plural(self.noun), table(classes)),
        )

    def _size(self, side: Side) -> str:
        return f"{self.origins[side]}, {self.size(side)}"

    def size(self, side: Side) -> str:
        """How many rows and labels a side has."""
        return f"{counted(self.n_rows[side], 'row')}, {counted(len(self.classes[side]), self.noun)}"

    def _class_rows(self) -> list[list[str]]:
        rows = [[self.noun, *(cell for side in self.classes for cell in (side, "share"))]]
        for label, of_sides in islice(self.shares.items(), MOST_CLASSES_LISTED):
            rows.append([label_line(label), *(cell for n, share in of_sides for cell in (f"{n:,}", figure(share)))])
        more = len(self.shares) - MOST_CLASSES_LISTED
        return rows + ([[f"and {more:,} more", *[""] * (len(rows[0]) - 1)]] if more > 0 else [])

    def _verdict(self) -> str:
        return f"found {self.summary}" + (f"; skipped: {listed(self.ignored)}" if self.ignored else "")


def _finding_lines(finding: Finding) -> str:
    return "\n".join([str(finding), *("         " + line for line in _example_lines(finding))])


def _example_lines(finding: Finding) -> list[str]:
    lines = []
    for example in finding.examples:
        remark = f", {example.remark}" if example.remark else ""
        text = cut(visible(example.text), _WIDEST_EXCERPT)
        lines.append(f"{example.place} ({label_line(example.label)}{remark}): {text}")
    more = len(finding.rows) - len(finding.examples)
    return [*lines, f"and {counted(more, 'more row')}"] if lines and more > 0 else lines


def _finding_html(finding: Finding) -> str:
    summary = html_text(f"{finding.name}: {finding.message}")
    lines = "".join(heading(html_text(line)) for line in _example_lines(finding))
    return details(summary, lines) if lines else summary


def audited(subject: Subject, ignore: Iterable[str] = ()) -> Audit:
    """Run the checks over labelled texts, but for those ignored.

    Raises
    ------
    ParameterError
        There is no such check.
    """
    ignored = tuple(ignore)
    found = [finding for check in chosen_checks(ignored) for finding in check.findings(subject)]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    sides = {side.side: side for side in subject.sides}
    return Audit(
        tuple(found),
        {name: side.counts for name, side in sides.items()},
        ignored,
        {name: side.documents.origin for name, side in sides.items()},
        {name: len(side) for name, side in sides.items()},
        LABEL_NOUNS[subject.training.kind],
    )


def audit(
    texts: Inputs,
    labels: ArrayLike,
    *,
    test_texts: Inputs | None = None,
    test_labels: ArrayLike | None = None,
    model: Trained | None = None,
    label_errors: LabelErrors | None = None,
    ignore: Iterable[str] = (),
    text_column: str = TEXT_COLUMN,
    targets: str = "auto",
) -> Audit:
    """Check labelled texts for what ruins models, as `vikt audit` does.

    Parameters
    ----------
    texts : (m,) strings, or a frame
        From any maker, as for `TextClassifier.fit`.
    labels : (m,)
        As for `TextClassifier.fit`. Of soft labels, the checks read the most probable class of each row.
    test_texts, test_labels : optional
        Those of a test.
    model : TextClassifier, optional
        A fitted one, which the texts are compared with.
    label_errors : LabelErrors, optional
        What `TextClassifier.label_errors(texts, labels)` found, to report with the rest.
    ignore : sequence of str
        Codes or names of checks to skip, such as "V104".
    text_column : str
        The column that holds the texts, where they come in a frame.
    targets : {"auto", "classes", "several", "soft", "ordered"}
        How labels are read, as in `TextClassifier`; levels of an order are audited as classes.

    Returns
    -------
    Audit
        It prints as a report, and has `findings`, `to_json()` and `to_frame()`.

    Raises
    ------
    DataError
        The texts or labels cannot be used.
    UsageError
        There is no such check, or of a test only the texts or the labels are given.

    Examples
    --------
    >>> found = audit(["a film", "A film"], ["pos", "neg"], test_texts=["a film"], test_labels=["pos"])
    >>> found.has_errors, found.findings[0].message
    (True, '1 of 1 test text also occurs in the training data')
    """
    if (test_texts is None) != (test_labels is None):
        raise UsageError("audit: test_texts and test_labels belong together; give both")
    kind = cast(TargetsName, checked_value("targets", one_of(get_args(TargetsName)), targets))
    needs = [] if model is None else model.model_.features.columns
    training = LabelledTexts.of("training", Documents.of(texts, text_column, needs), labels, kind=kind)
    test = None
    if test_texts is not None:
        test = LabelledTexts.of("test", Documents.of(test_texts, text_column, needs), test_labels, kind=kind)
    saved = None if model is None else SavedModel(model.model_, model.record_)
    return audited(Subject(training, test, saved, label_errors), [ignore] if isinstance(ignore, str) else ignore)
