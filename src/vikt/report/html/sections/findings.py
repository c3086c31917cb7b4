"""What the checks of an audit found, and the rows of each class."""

from __future__ import annotations

from itertools import islice

from vikt.auditing.audit import Audit
from vikt.auditing.finding import Finding
from vikt.report.html.blocks import Block, Cell, Column, Content, Fold, Prose, Section, Table, Tile, folded
from vikt.tables import MOST_CLASSES_LISTED, counted, cut, label_line, listed, plural, visible

_WIDEST_EXCERPT = 160


def audit_sentences(audit: Audit) -> list[str]:
    """What was checked, what was found, and the most serious finding."""
    sides = [
        f"{counted(audit.n_rows[side], f'{side} row')} of {counted(len(counts), audit.noun)}"
        for side, counts in audit.classes.items()
    ]
    sentences = [f"The audit checked {' and '.join(sides)}.", f"It found {audit.summary}."]
    return sentences + [f"The most serious: {found.message}." for found in audit.findings[:1]]


def audit_tiles(audit: Audit) -> list[Tile]:
    """How many findings there are of each severity."""
    return [Tile(f"{severity.capitalize()}s", f"{n:,}") for severity, n in audit.counts.items()]


def findings_section(audit: Audit) -> Section:
    """The findings, the most serious first."""
    about = f"The checks found {audit.summary}."
    if audit.ignored:
        about += f" Skipped: {listed(list(audit.ignored))}."
    return Section("audit", "Audit of the data", (Prose(about), *map(finding_block, audit.findings)))


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
    return f"Concerns {rows} of the {finding.side} data."


def classes_section(audit: Audit) -> Section:
    """The rows of each class or label, on each side of the data."""
    rows: list[list[Content]] = []
    for label, of_sides in islice(audit.shares.items(), MOST_CLASSES_LISTED):
        row: list[Content] = [label_line(label)]
        for n, share in of_sides:
            row += [f"{n:,}", Cell(f"{100 * share:.1f}%", share=share)]
        rows.append(row)
    more = f" (the first {len(rows)} of {len(audit.shares):,})" if len(audit.shares) > len(rows) else ""
    headings = [audit.noun, *(name for side in audit.classes for name in (f"{side} rows", "share"))]
    rows_of_each = Table.of(f"Rows of each {audit.noun}{more}", headings, rows)
    return Section("classes", plural(audit.noun).capitalize(), (folded(rows_of_each),))
