"""The mistakes of a model of several labels: which labels it misses and which it adds, and the most confident ones."""

from __future__ import annotations

from collections import Counter

import numpy as np

from vikt.arrays import Bools, Floats
from vikt.report.html.blocks import Block, Column, Content, Prose, Section, Table
from vikt.report.html.examples import explained_label
from vikt.report.html.pictures import f1_picture
from vikt.report.html.tested import TestedSets
from vikt.tables import counted, label_line

_MOST_PAIRS, _MOST_CONFIDENT, _MOST_A_LABEL = 15, 8, 2


def set_mistakes_section(tested: TestedSets) -> Section:
    """How many labels are missed and added, and in place of which others."""
    found = tested.outcomes
    missed, added = found.real & ~found.answered, found.answered & ~found.real
    wrong = int((missed | added).any(axis=1).sum())
    about = (
        f"The answers to {wrong:,} of {counted(found.n_rows, 'row')} differ from their labels: "
        f"{counted(int(missed.sum()), 'label')} {_are(missed)} missed and {int(added.sum()):,} {_are(added)} added."
    )
    pictures = [f1_picture(tested.evaluation)] * bool(found.real.any())
    blocks = Prose(about), *pictures, *_confusions(tested, missed, added)
    return Section("mistakes", "Missed and added labels", blocks)


def _are(labels: Bools) -> str:
    return "is" if labels.sum() == 1 else "are"


def _confusions(tested: TestedSets, missed: Bools, added: Bools) -> list[Block]:
    """The commonest pairs of a label that is missed and one that is added to the same row."""
    labels = tested.outcomes.labels
    together = missed.T.astype(np.float32) @ added.astype(np.float32)
    real, answered = np.unravel_index(np.argsort(-together, axis=None, kind="stable")[:_MOST_PAIRS], together.shape)
    rows: list[list[Content]] = [
        [label_line(labels[i]), label_line(labels[j]), f"{int(together[i, j]):,}", f"{tested.evaluation.support[i]:,}"]
        for i, j in zip(real.tolist(), answered.tolist(), strict=True)
        if together[i, j]
    ]
    headings: list[Column | str] = [
        "label missed",
        Column("label added", is_words=True),
        "rows",
        "rows with the label missed",
    ]
    return [Table.of("The commonest confusions: a label missed where another is added", headings, rows)] * bool(rows)


def set_confident_section(tested: TestedSets) -> Section | None:
    """The labels added, and those missed, of which the model is most confident, with the words that speak for them."""
    found = tested.outcomes
    known = slice(found.n_known)
    real, answered, p = found.real[:, known], found.answers, found.log_probabilities
    added = _most_confident(answered & ~real, -p)
    missed = _most_confident(real & ~answered, p)
    if not added and not missed:
        return None
    about = (
        "The labels that the model adds or misses with the most confidence. Words on blue with a solid line speak for "
        "the label, words on orange with a dashed line against it. Some of these rows may have the wrong labels."
    )
    blocks: list[Block] = [Prose(about)]
    for pairs, what in ((added, "added"), (missed, "missed")):
        blocks += [explained_label(tested, row, k, what) for row, k in pairs]
    return Section("confident", "Most confident mistakes", tuple(blocks))


def _most_confident(wrong: Bools, key: Floats) -> list[tuple[int, int]]:
    """The first wrong pairs of a row and a label, by a key; few of one label, as a rare one would fill the list."""
    rows, labels = np.nonzero(wrong)
    order = np.argsort(key[rows, labels], kind="stable")
    shown = list[tuple[int, int]]()
    counts = Counter[int]()
    for row, k in zip(rows[order].tolist(), labels[order].tolist(), strict=True):
        if len(shown) < _MOST_CONFIDENT and counts[k] < _MOST_A_LABEL:
            shown.append((row, k))
            counts[k] += 1
    return shown
