"""The confusion matrix, the mistakes behind each of its cells, and the most confident mistakes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from vikt.names import TargetKind
from vikt.report.html.blocks import Block, Cell, Column, Content, Fold, Matrix, Prose, Section, Square, Table
from vikt.report.html.examples import example, explained_example
from vikt.report.html.pictures import confusion_picture
from vikt.report.html.sections.summary import no_wrong_answer
from vikt.report.html.tested import TestedClasses
from vikt.tables import MOST_CLASSES_IN_A_MATRIX, NO_ANSWER_NAME, counted, label_line

_MOST_CELLS, _MOST_A_CELL, _MOST_CONFIDENT = 25, 5, 15

# What the colours of words say.
_OF_ANSWERS = "Words on blue with a solid line speak for the answer, words on orange with a dashed line against it."
_MARKS: Mapping[TargetKind, str] = {
    "classes": _OF_ANSWERS,
    "soft": _OF_ANSWERS,
    "ordered": "Words on blue with a solid line speak for higher levels, words on orange with a dashed line for lower.",
}

# A cell of the confusion matrix: the real label and the label answered.
_Pair = tuple[str, str]


def confusion_section(tested: TestedClasses) -> Section:
    """The confusion matrix, or its largest cells where there are many classes; each opens to its mistakes."""
    cells = _mistakes_by_cell(tested)
    anchors = {pair: f"mistakes-{n}" for n, pair in enumerate(cells, start=1)}
    evaluation = tested.evaluation
    blocks: list[Block] = []
    if len(evaluation.labels) <= MOST_CLASSES_IN_A_MATRIX:
        blocks.append(_matrix(tested, anchors))
    else:
        blocks.append(confusion_picture(evaluation))
        blocks += [_largest(tested, cells, anchors)] * bool(cells)
    if cells:
        blocks.append(Prose("Each count of mistakes links to its most confident examples, which open here."))
        blocks += [_fold(tested, pair, rows, anchors[pair]) for pair, rows in cells.items()]
    else:
        blocks.append(Prose(no_wrong_answer(evaluation)))
    return Section("confusion", "Confusion matrix", tuple(blocks))


def confident_section(tested: TestedClasses) -> Section | None:
    """The mistakes of which the model is most confident, with the words that speak for and against its answer."""
    rows = tested.mistakes[:_MOST_CONFIDENT].tolist()
    if not rows:
        return None
    about = (
        "The wrong answers of which the model is most confident. "
        f"{_MARKS[tested.model.kind]} Some of these rows may have the wrong label."
    )
    return Section(
        "confident", "Most confident mistakes", (Prose(about), *(explained_example(tested, row) for row in rows))
    )


def _mistakes_by_cell(tested: TestedClasses) -> dict[_Pair, list[int]]:
    """The mistakes of the largest cells, the most confident first."""
    cells: dict[_Pair, list[int]] = defaultdict(list)
    for row in tested.mistakes.tolist():
        cells[tested.outcomes.labels[row], tested.answer(row)].append(row)
    largest = sorted(cells.items(), key=lambda item: (-len(item[1]), item[0]))
    return dict(largest[:_MOST_CELLS])


def _fold(tested: TestedClasses, pair: _Pair, rows: list[int], anchor: str) -> Fold:
    real, answer = map(label_line, pair)
    examples = tuple(example(tested, row) for row in rows[:_MOST_A_CELL])
    more = f", of which {len(examples)} are shown" if len(rows) > len(examples) else ""
    return Fold(f"{real} answered as {answer}", examples, anchor, f"{counted(len(rows), 'row')}{more}")


def _matrix(tested: TestedClasses, anchors: dict[_Pair, str]) -> Matrix:
    labels = tested.evaluation.labels
    answers = [*labels, NO_ANSWER_NAME] if tested.evaluation.n_unanswered else labels
    squares = tuple(
        tuple(
            Square(count, count / max(sum(counts), 1), anchors.get((real, answer), ""), real == answer)
            for answer, count in zip(answers, counts, strict=True)
        )
        for real, counts in zip(labels, tested.evaluation.matrix.tolist(), strict=True)
    )
    caption = "Rows by real label and answer, and their share of the label"
    return Matrix(caption, tuple(map(label_line, labels)), tuple(map(label_line, answers)), squares)


def _largest(tested: TestedClasses, cells: dict[_Pair, list[int]], anchors: dict[_Pair, str]) -> Table:
    rows_of = dict(zip(tested.evaluation.labels, tested.evaluation.support.tolist(), strict=True))
    rows: list[list[Content]] = [
        [label_line(real), label_line(answer), Cell(f"{len(own):,}", anchors[real, answer]), f"{rows_of[real]:,}"]
        for (real, answer), own in cells.items()
    ]
    headings: list[Column | str] = ["real label", Column("answer", is_words=True), "mistakes", "rows of the label"]
    return Table.of("The commonest mistakes", headings, rows)
