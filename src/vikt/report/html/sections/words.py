"""The words of each class."""

from __future__ import annotations

from vikt.explanation.weights import strongest_of, weighted_classes
from vikt.fitting.model import FittedModel
from vikt.report.html.blocks import Block, Fold, Prose, Section, Word, Words
from vikt.tables import MOST_CLASSES_LISTED, counted, label_line

_MOST_WORDS = 12
_MOST_CLASSES_AT_SIGHT = 6


def words_section(model: FittedModel) -> Section:
    """The features with the largest weights for each class."""
    weighted = weighted_classes(model)
    classes = tuple((label_line(model.labels[k]), _words(model, k)) for k in weighted[:MOST_CLASSES_LISTED])
    about = (
        "The features with the largest weights for each class. A class's score for a text is the sum of weight "
        "times value over its features."
    )
    blocks: list[Block] = [Prose(about), Words(classes[:_MOST_CLASSES_AT_SIGHT])]
    rest = classes[_MOST_CLASSES_AT_SIGHT:]
    if rest:
        blocks.append(Fold(f"{counted(len(rest), 'more class')}", (Words(rest),)))
    if len(weighted) > len(classes):
        blocks.append(Prose(f"{counted(len(weighted) - len(classes), 'class')} are not shown."))
    return Section("words", "Words of each class", tuple(blocks))


def _words(model: FittedModel, k: int) -> tuple[Word, ...]:
    features = strongest_of(model, k, _MOST_WORDS).features
    largest = features[0][1] if features else 1.0
    return tuple(Word(label_line(name), f"{weight:+.2f}", weight / largest) for name, weight in features)
