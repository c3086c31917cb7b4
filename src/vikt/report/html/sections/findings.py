"""What the checks of an audit found, and the rows of each class."""

from __future__ import annotations

from vikt.auditing.audit import Audit
from vikt.auditing.finding import SEVERITIES, Finding
from vikt.report.html.blocks import Block, Cell, Column, Content, Fold, Prose, Section, Table, Tile, folded
from vikt.tables import MOST_CLASSES_LISTED, counted, cut, label_line, listed, visible

_WIDEST_EXCERPT = 160


def audit_sentences(audit: Audit) -> list[str]:
    """What was checked, what was found, and the gravest of it."""
    sides = [
        f"{counted(sum(counts.values()), f'{side} row')} of {counted(len(counts), 'class')}"
        for side, counts in audit.classes.items()
    ]
    sentences = [f"Checked were {' and '.join(sides)}.", f"The checks found {findings_counted(audit)}."]
    return sentences + [f"The gravest finding: {found.message}." for found in audit.findings[:1]]


def audit_tiles(audit: Audit) -> list[Tile]:
    """How many findings there are of each severity."""
    n_of = {severity: [found for found in audit.findings if found.severity == severity] for severity in SEVERITIES}
    return [Tile(f"{severity.capitalize()}s", f"{len(found):,}") for severity, found in n_of.items()]


def findings_section(audit: Audit) -> Section:
    """The findings, the gravest first."""
    about = f"The checks found {findings_counted(audit)}."
    if audit.ignored:
        about += f" Passed over: {listed(list(audit.ignored))}."
    return Section("audit", "Audit of the data", (Prose(about), *map(finding_block, audit.findings)))


def findings_counted(audit: Audit) -> str:
    """How many findings there are of each severity, in words."""
    n_of = {severity: sum(found.severity == severity for found in audit.findings) for severity in SEVERITIES}
    return listed([counted(n, severity) for severity, n in n_of.items() if n]) or "nothing"


def finding_block(finding: Finding) -> Fold:
    """A finding, which opens to its rows."""
    blocks: list[Block] = [Prose(_rows(finding))]
    if finding.examples:
        has_remarks = any(example.remark for example in finding.examples)
        headings: list[Column | str] = ["row", Column("label", is_words=True)]
        headings += [Column("remark", is_words=True)] * has_remarks + [Column("text", is_words=True)]
        rows: list[list[Content]] = [
            [
                example.place,
                label_line(example.label),
                *[example.remark] * has_remarks,
                cut(visible(example.text), _WIDEST_EXCERPT),
            ]
            for example in finding.examples
        ]
        blocks.append(Table.of("Examples", headings, rows))
    return Fold(finding.message, tuple(blocks), "", f"{finding.code} {finding.name}", finding.severity)


def _rows(finding: Finding) -> str:
    """How many rows are meant, in words."""
    rows = counted(len(finding.rows), "row") if finding.rows else "all rows"
    return f"About {rows} of the {finding.side} data."


def classes_section(audit: Audit) -> Section:
    """The rows of each class, on each side of the data."""
    labels = list(dict.fromkeys(label for counts in audit.classes.values() for label in counts))
    shown = labels[:MOST_CLASSES_LISTED]
    totals = {side: max(sum(counts.values()), 1) for side, counts in audit.classes.items()}
    rows: list[list[Content]] = []
    for label in shown:
        row: list[Content] = [label_line(label)]
        for side, counts in audit.classes.items():
            share = counts.get(label, 0) / totals[side]
            row += [f"{counts.get(label, 0):,}", Cell(f"{100 * share:.1f}%", share=share)]
        rows.append(row)
    more = f" (the first {len(shown)} of {len(labels):,})" if len(labels) > len(shown) else ""
    headings = ["class", *(name for side in audit.classes for name in (f"{side} rows", "share"))]
    return Section("classes", "Classes", (folded(Table.of(f"Rows of each class{more}", headings, rows)),))
