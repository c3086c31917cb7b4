"""The check for a leak: a word or a place in the text that alone predicts the label."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from vikt.arrays import Classes, Floats, Ids, Ints
from vikt.auditing import kernels
from vikt.auditing.finding import Found
from vikt.auditing.subject import Subject, agreeing
from vikt.compiled import kernels_for
from vikt.corpus.texts import WORD_OR_MARK
from vikt.features.rows import CompressedRows
from vikt.metrics.intervals import wilson_interval
from vikt.tables import counted, label_line, listed

# A place leaks if it leaves at most this share of the errors of answering with the commonest class, where the median
# place leaves this share or more. In the corpora tested, every place leaves .44 or more.
_LEAKS, _KIND_LEAVES = 0.1, 0.3
_FEWEST_TEXTS = 50
# A word leaks if so large a share of its texts have one label, and of the texts of this label the word: the lower ends
# of 95% intervals. In the corpora tested the nearest is "how many" in questions for a count, at .98 and .85.
_LEAST_SHARE = 0.95
_EDGE = 300
_TOKEN = re.compile(WORD_OR_MARK)
_FIRST_THREE = re.compile(rf"\s*({WORD_OR_MARK})" + rf"\s*({WORD_OR_MARK})?" * 2)


class Place(NamedTuple):
    """A place in a text: its name, and the share of the errors that it leaves where it alone is read."""

    name: str
    left: float


_NTH = ("1st", "2nd", "3rd", "last", "2nd last", "3rd last")
_PLACES = (
    *(f"the {nth} {unit}" for unit in ("word", "token") for nth in _NTH),
    "the 1st character",
    "the last character",
)


def label_leak(subject: Subject) -> Iterator[Found]:
    """Words, or places in the text, that alone predict the label far better than others do."""
    yield from _leaking_places(subject)
    yield from _leaking_words(subject)


def _leaking_places(subject: Subject) -> Iterator[Found]:
    training, rows = subject.training, subject.distinct.training
    places = [_at_places(training.texts[row]) for row in rows.tolist()]
    several = np.array([place is not None for place in places], dtype=bool)
    read = [place for place in places if place is not None]
    # Where most texts are one word, that word is not a place in the text: it is the text.
    if len(read) < max(_FEWEST_TEXTS, len(rows) / 2):
        return
    y = training.y[rows[several]]
    found = [Place(name, _left(values, y)) for name, values in zip(_PLACES, zip(*read, strict=True), strict=True)]
    usual = float(np.median([place.left for place in found]))
    leaking = sorted((place for place in found if place.left <= _LEAKS), key=lambda place: place.left)
    if leaking and usual >= _KIND_LEAVES:
        others = [place.name for place in leaking[1:]]
        yield training.found(
            f"{leaking[0].name} alone predicts the label: it leaves {leaking[0].left:.1%} of the errors of always "
            f"answering the commonest class; a typical place leaves {min(usual, 1.0):.0%}"
            + (f"; {listed(others)} also {agreeing(others, 'leaks', 'leak')}" if others else ""),
            shown=rows[several],
        )


def _at_places(text: bytes) -> list[str] | None:
    """What stands at each place of a text; None where it is a single word."""
    head, tail = text[:_EDGE].decode("utf-8", "ignore"), text[-_EDGE:].decode("utf-8", "ignore")
    words, last_words = head.split(None, 3)[:3], tail.rsplit(None, 3)[-3:][::-1]
    if len(words) < 2:
        return None
    first = _FIRST_THREE.match(head)
    tokens = [] if first is None else [token or "" for token in first.groups()]
    last_tokens = _TOKEN.findall(tail[-100:])[-3:][::-1]
    return [
        *(_nth(units, i) for units in (words, last_words, tokens, last_tokens) for i in range(3)),
        words[0][0],
        last_words[0][-1],
    ]


def _nth(units: list[str], i: int) -> str:
    return units[i] if i < len(units) else ""


def _left(values: tuple[str, ...], y: Classes) -> float:
    """The share of errors left by answering with the label that a value mostly has in the other half of the texts."""
    number_of: dict[str, int] = {}
    numbers = np.array([number_of.setdefault(value, len(number_of)) for value in values], dtype=np.int64)
    n_classes = int(y.max()) + 1
    errors = 0
    halves = np.arange(len(y)) % 2 == 0
    for learnt in (halves, ~halves):
        pairs, counts = np.unique(numbers[learnt] * n_classes + y[learnt], return_counts=True)
        answers = np.full(len(number_of), -1, dtype=np.int64)
        order = np.argsort(counts, kind="stable")
        # The pair with the highest count is written last.
        answers[pairs[order] // n_classes] = pairs[order] % n_classes
        errors += int(np.count_nonzero(answers[numbers[~learnt]] != y[~learnt]))
    unread = len(y) - int(np.bincount(y).max())
    return errors / unread if unread else np.inf


def _leaking_words(subject: Subject) -> Iterator[Found]:
    training, distinct = subject.training, subject.distinct
    m = len(distinct.training)
    texts, y = _labelled(subject)
    of_column, best, together = _telling(distinct.rows, m, texts, y)
    of_class = np.bincount(y, minlength=len(training.classes))
    shares = np.minimum(_low(together, of_column), _low(together, of_class[best]))
    leaking = np.flatnonzero(shares >= _LEAST_SHARE)
    # The best word of each class; a tie goes to the commoner.
    order = leaking[np.lexsort((leaking, -shares[leaking]))]
    best_of_class = order[np.sort(np.unique(best[order], return_index=True)[1])]
    if not len(best_of_class) or distinct.ngrams is None:
        return
    words = distinct.ngrams.names(best_of_class)
    named = [
        f"{word!r} in {_share(together[c], of_class[best[c]])} of {label_line(training.classes[best[c]])} and "
        f"{_share(of_column[c] - together[c], m - of_class[best[c]])} of the rest"
        for word, c in zip(words, best_of_class.tolist(), strict=True)
    ]
    holders = np.zeros(m, dtype=bool)
    entries = np.flatnonzero(np.isin(distinct.rows.indices, best_of_class))
    of_entry = np.searchsorted(distinct.rows.indptr, entries, side="right") - 1
    holders[of_entry[of_entry < len(holders)]] = True
    yield training.found(
        f"{counted(len(best_of_class), 'word')} alone {agreeing(best_of_class, 'predicts', 'predict')} a label: "
        f"{listed(named)}",
        training.rows_of_texts(distinct.training[holders]),
    )


def _labelled(subject: Subject) -> tuple[Ints, Classes]:
    """The different training texts, by number, and their labels: a text of several labels stands once for each."""
    place = np.full(len(subject.training), -1)
    place[subject.distinct.training] = np.arange(len(subject.distinct.training))
    rows, labels = subject.training.pairs
    texts = place[rows]
    return texts[texts >= 0], labels[texts >= 0]


def _telling(rows: CompressedRows, m: int, texts: Ints, y: Classes) -> tuple[Ints, Ints, Ints]:
    """Of each common feature how many training texts hold it, the class of most of them, and how many have that."""
    n_entries = int(rows.indptr[m])
    frequencies = np.bincount(rows.indices[:n_entries], minlength=rows.n_features)
    n_columns = int(np.flatnonzero(frequencies >= _FEWEST_TEXTS).max(initial=-1)) + 1
    holders = frequencies[:n_columns]
    # Only where texts have several labels, or none, are they taken anew.
    indptr, indices = (rows.indptr, rows.indices) if np.array_equal(texts, np.arange(m)) else _taken(rows, texts)
    entries = np.bincount(indices[: int(indptr[len(y)])], minlength=rows.n_features)[:n_columns]
    first_of = np.append(0, np.cumsum(entries))
    best, together = np.zeros(n_columns, dtype=np.int64), np.zeros(n_columns, dtype=np.int64)
    n_classes = int(y.max(initial=0)) + 1
    kernels_for(kernels.__name__, n_entries).telling_features(
        indptr, indices, y, first_of,
        np.empty(int(entries.sum()), dtype=np.int32), np.zeros(n_classes, dtype=np.int64), best, together,
    )  # fmt: skip
    return holders, best, together


def _taken(rows: CompressedRows, places: Ints) -> tuple[Ints, Ids]:
    """Where some rows start, and their columns, once they are put one after the other."""
    lengths = np.diff(rows.indptr)[places]
    indptr = np.append(0, np.cumsum(lengths))
    return indptr, rows.indices[np.repeat(rows.indptr[places] - indptr[:-1], lengths) + np.arange(indptr[-1])]


def _low(successes: Ints, trials: Ints) -> Floats:
    """The lower end of each share's interval; 0 for shares below the limit, whose interval is not needed."""
    shares = successes / np.maximum(trials, 1)
    low = np.zeros(len(shares))
    for i in np.flatnonzero(shares >= _LEAST_SHARE).tolist():
        low[i] = wilson_interval(int(successes[i]), int(trials[i])).low
    return low


def _share(part: int, whole: int) -> str:
    return f"{part / max(whole, 1):.1%}"
