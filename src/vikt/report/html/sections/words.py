"""The words of each class."""

from __future__ import annotations

from collections.abc import Mapping

from vikt.explanation.weights import strongest_of
from vikt.fitting.model import FittedModel
from vikt.names import LABEL_NOUNS, TargetKind
from vikt.report.html.blocks import Block, Fold, Prose, Section, Word, Words
from vikt.tables import MOST_CLASSES_LISTED, counted, label_line

_MOST_WORDS = 12
_MOST_CLASSES_AT_SIGHT = 6

# What the words are shown of, and what a score is.
_NOUNS: Mapping[TargetKind, str] = {
    "classes": "each class",
    "several": "each label",
    "soft": "each class",
    "ordered": "the lowest and the highest level",
}
_OF_CLASSES = "A class's score for a text is the sum of weight times value over its features."
_SCORES: Mapping[TargetKind, str] = {
    "classes": _OF_CLASSES,
    "several": "A label's score for a text, its log-odds, is the sum of weight times value over its features.",
    "soft": _OF_CLASSES,
    "ordered": "A text's score is the sum of weight times value over its features; the higher it is, the higher the "
    "level.",
}


def words_section(model: FittedModel) -> Section:
    """The features with the largest weights for each class."""
    weighted = model.loss.weighted_classes
    classes = tuple((label_line(model.labels[k]), _words(model, k)) for k in weighted[:MOST_CLASSES_LISTED])
    noun = _NOUNS[model.kind]
    about = f"The features with the largest weights for {noun}. {_SCORES[model.kind]}"
    blocks: list[Block] = [Prose(about), Words(classes[:_MOST_CLASSES_AT_SIGHT])]
    rest = classes[_MOST_CLASSES_AT_SIGHT:]
    if rest:
        blocks.append(Fold(f"{counted(len(rest), f'more {LABEL_NOUNS[model.kind]}')}", (Words(rest),)))
    if len(weighted) > len(classes):
        blocks.append(Prose(f"{counted(len(weighted) - len(classes), LABEL_NOUNS[model.kind])} are not shown."))
    return Section("words", f"Words of {noun}", tuple(blocks))


def _words(model: FittedModel, k: int) -> tuple[Word, ...]:
    features = strongest_of(model, k, _MOST_WORDS).features
    largest = features[0][1] if features else 1.0
    return tuple(Word(label_line(name), f"{weight:+.2f}", weight / largest) for name, weight in features)
