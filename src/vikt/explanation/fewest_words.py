"""The fewest words whose removal changes what a model answers, found by asking it about the text without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from math import comb

import numpy as np

from vikt.arrays import Bools, Floats
from vikt.corpus.texts import WORD_OR_MARK
from vikt.decisions.decision import NO_ANSWER, Answered
from vikt.errors import UsageError
from vikt.explanation.kinds import refuse_kind
from vikt.explanation.linear import explain
from vikt.fitting.model import FittedModel
from vikt.mappings import Json
from vikt.names import TargetKind
from vikt.tables import counted, label_line, quoted

# What is removed at once: a word wherever it stands, or one mark or pictograph.
_WORD = re.compile(WORD_OR_MARK)
# The most text that a search asks about, about a second's work, and the texts that it asks about at a time.
_MOST_CHARACTERS = 20_000_000
_AT_A_TIME = 1000
# Step by step, only the words that alone move the answer most are tried.
_MOST_TRIED = 50
_REMEDIES: dict[TargetKind, str] = {"several": "explain a label, whose words are listed by what they add to its score"}


@dataclass(frozen=True, repr=False)
class FewestWords:
    """Words whose removal changes the answer; it prints as a sentence.

    Attributes
    ----------
    label : str or None
        The answer to the whole text, None where the model gives none.
    words : list of str
        The words, each of them removed wherever it stands, in either case; empty where nothing was found that changes
        the answer.
    n_words : int
        How many different words the text has.
    is_fewest : bool
        Whether it is proven, by asking about every smaller set of words, that no smaller set changes the answer.
    label_after : str or None
        The answer to the text without the words.
    probability_after : float
        The probability of the class that stands first then.
    text : str
        The text without the words.
    """

    label: str | None
    words: list[str]
    n_words: int
    is_fewest: bool
    label_after: str | None
    probability_after: float
    text: str

    def to_json(self) -> Json:
        """The words and the answers as JSON holds them; without the text."""
        return {name: value for name, value in vars(self).items() if name != "text"}

    def __repr__(self) -> str:
        if not self.words:
            return f"no words found whose removal changes the answer, {_answer(self.label)}"
        known = "the fewest" if self.is_fewest else "there may be fewer"
        return (
            f"without {quoted(self.words)} ({len(self.words)} of {counted(self.n_words, 'different word')}, {known}) "
            f"the answer is {_answer(self.label_after)}, probability {self.probability_after:.4f}"
        )


def fewest_words(model: FittedModel, document: Sequence[str] | Mapping[str, Sequence[str]]) -> FewestWords:
    """The fewest words of one document whose removal changes the answer.

    Words are removed one after the other, each time the one that lowers the probability of the answer most, until the
    answer changes; then those are put back that are not needed. All smaller sets of words are tried where they are few
    enough, which finds the fewest, or proves that these are. Every set is judged by the model's answer to the text
    without its words, so that what removal does to lengths, n-grams and other features counts.

    Parameters
    ----------
    model : FittedModel
    document : list of one string, or columns of one row by name

    Raises
    ------
    UsageError
        The model reads no text, or answers several labels.
    """
    refuse_kind(model.kind, "fewest words that change an answer", _REMEDIES)
    if not model.features.reads_text:
        raise UsageError("the model reads no text, so it has no words to remove; explain it by its features instead")
    search = _Search(model, document)
    chosen, is_fewest = search.fewest()
    words = [search.words[number] for number in sorted(chosen)]
    after = search.answered([chosen])
    first = int(after.choices[0])
    return FewestWords(
        _label(model, search.answer),
        words,
        len(search.words),
        is_fewest,
        _label(model, int(after.predicted[0])),
        float(np.exp(after.log_probabilities[0, first])),
        search.without(chosen),
    )


Words = frozenset[int]


class _Search:
    """The different words of a text, numbered, and the model's answers to it without some of them."""

    def __init__(self, model: FittedModel, document: Sequence[str] | Mapping[str, Sequence[str]]) -> None:
        self.model, self.document = model, document
        self.source: str = document[model.text_column][0] if isinstance(document, Mapping) else document[0]
        places: dict[str, list[tuple[int, int]]] = {}
        for found in _WORD.finditer(self.source):
            places.setdefault(found[0].casefold(), []).append(found.span())
        self.places = list(places.values())
        self.words = [self.source[slice(*spans[0])] for spans in self.places]
        self.n_characters = 0
        whole = self.answered([frozenset()])
        self.answer, self.k = int(whole.predicted[0]), int(whole.choices[0])

    def without(self, removed: Words) -> str:
        spans = sorted(span for number in removed for span in self.places[number])
        edges = [0, *(edge for span in spans for edge in span), len(self.source)]
        return "".join(self.source[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))

    def answered(self, several: Sequence[Words]) -> Answered:
        """What the model answers to the text without each set of words."""
        texts = [self.without(removed) for removed in several]
        self.n_characters += sum(map(len, texts))
        if not isinstance(self.document, Mapping):
            return self.model.answered(texts)
        columns = {name: [values[0]] * len(texts) for name, values in self.document.items()}
        return self.model.answered(columns | {self.model.text_column: texts})

    def changed(self, several: Sequence[Words]) -> tuple[Bools, Floats]:
        """Whether the answer changes without each set, and how probable the class that stood first remains."""
        answered = self.answered(several)
        return answered.predicted != self.answer, answered.log_probabilities[:, self.k]

    def fewest(self) -> tuple[Words, bool]:
        """The words, none where nothing changes the answer; and whether no smaller set does."""
        few = self._few()
        if not few:
            return few, False
        for size in range(1, len(few)):
            n_sets = comb(len(self.places), size)
            if self.n_characters + n_sets * len(self.source) > _MOST_CHARACTERS:
                return few, False
            found = self._best(map(frozenset, combinations(range(len(self.places)), size)))
            if found:
                return found, True
        return few, True

    def _few(self) -> Words:
        """Words that suffice, found step by step, and all needed unless the text is too long to tell."""
        promising, rest = self._promising()
        if not promising:
            return frozenset()
        _, remains = self.changed([frozenset([number]) for number in promising])
        order = [promising[i] for i in np.argsort(remains, kind="stable")] + rest
        removed: Words = frozenset(order[:1])
        while not self.changed([removed])[0][0]:
            others = [number for number in order if number not in removed]
            if not others:
                return frozenset()
            if self.n_characters > _MOST_CHARACTERS:
                removed |= frozenset(others[: len(removed)])
                continue
            further = [removed | {number} for number in others[:_MOST_TRIED]]
            changed, remains = self.changed(further)
            removed = further[int(np.argmin(np.where(changed, -np.inf, remains)))]
        for number in reversed(order):
            if self.n_characters > _MOST_CHARACTERS:
                break
            if number in removed and len(removed) > 1 and self.changed([removed - {number}])[0][0]:
                removed -= {number}
        return removed

    def _promising(self) -> tuple[list[int], list[int]]:
        """The words to try one by one, and the rest: of a long text those that its explanation counts most on."""
        numbers, most = list(range(len(self.places))), max(1, _MOST_CHARACTERS // (2 * max(len(self.source), 1)))
        if len(numbers) > most:
            explanation = explain(self.model, self.document, self.k)
            if len(explanation.text) == len(self.source):
                sums = np.concatenate([[0.0], np.cumsum(explanation.emphasis)])
                speaks = [sum(sums[b] - sums[a] for a, b in spans) for spans in self.places]
                # The one score of ordered levels leaves the answer's level by either side.
                strength = np.abs(speaks) if explanation.about.is_shared else np.array(speaks)
                numbers.sort(key=lambda number: -strength[number])
        return numbers[:most], numbers[most:]

    def _best(self, sets: Iterable[Words]) -> Words | None:
        """The first set that changes the answer, of those asked about together the one that does so most."""
        for some in _batches(iter(sets)):
            changed, remains = self.changed(some)
            if changed.any():
                return some[int(np.argmin(np.where(changed, remains, np.inf)))]
        return None


def _batches(sets: Iterator[Words]) -> Iterator[list[Words]]:
    while some := list(islice(sets, _AT_A_TIME)):
        yield some


def _label(model: FittedModel, position: int) -> str | None:
    return None if position == NO_ANSWER else model.labels[position]


def _answer(label: str | None) -> str:
    return "none" if label is None else label_line(label)
