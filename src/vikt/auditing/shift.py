"""Checks of a test against the training data: lengths, scripts and languages that differ."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Generator, Iterator
from functools import lru_cache

import numpy as np

from vikt.arrays import Ints
from vikt.auditing.finding import Found
from vikt.auditing.subject import LabelledTexts, Subject, agreeing
from vikt.corpus.texts import Texts, portions
from vikt.tables import listed

# The largest difference of the two distribution functions (Kolmogorov and Smirnov) that is not a shift; samples too
# small to show it, by the 0.1% limit of the test, show nothing.
_LARGEST_DIFFERENCE, _LIMIT_OF_TEST = 0.2, 1.95
# A script is new if it has this share of the test's letters, and less than a tenth of that in training.
_NEW_SCRIPT = 0.01
# Texts of another language are those that look less like the training data than all but a few of its own do. Which of
# the test are, is asked of a sample, by its first characters.
_SAMPLE, _OPENING, _FEWEST = 2_000, 400, 100
_ODD, _FACTOR = 0.01, 5
_PORTION = 1 << 22
_ASCII, _ASCII_LETTERS = bytes(range(128)), string.ascii_letters.encode()


def length_shift(subject: Subject) -> Iterator[Found]:
    """Test texts that are shorter or longer than those of training."""
    if subject.test is None:
        return
    training, test = (np.sort(side.texts.lengths) for side in subject.sides)
    if not (len(training) and len(test)):
        return
    difference = _largest_difference(training, test)
    needed = _LIMIT_OF_TEST * np.sqrt(1 / len(training) + 1 / len(test))
    if difference >= max(_LARGEST_DIFFERENCE, needed):
        medians = [f"{np.median(lengths):,.0f}" for lengths in (training, test)]
        yield subject.test.found(
            f"test texts differ in length: median {medians[1]} characters, {medians[0]} in training "
            f"(Kolmogorov-Smirnov {difference:.2f})"
        )


def language_shift(subject: Subject) -> Iterator[Found]:
    """Test texts in scripts or languages that training lacks."""
    if subject.test is not None:
        in_new_scripts = yield from _texts_in_new_scripts(subject.training, subject.test)
        yield from _odd_texts(subject.training, subject.test, in_new_scripts)


def _largest_difference(one: Ints, other: Ints) -> float:
    values = np.concatenate([one, other])
    shares = [np.searchsorted(own, values, side="right") / len(own) for own in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())


def _texts_in_new_scripts(training: LabelledTexts, test: LabelledTexts) -> Generator[Found, None, Ints]:
    """Test texts in scripts that training hardly has; returns their rows."""
    before, now = _script_shares(training.texts), _script_shares(test.texts)
    new = {script: share for script, share in now.items() if share >= max(_NEW_SCRIPT, 10 * before.get(script, 0.0))}
    rows = np.flatnonzero([_holds(text, new) for text in test.texts] if new else [])
    if len(rows):
        named = [f"{script} ({share:.1%}, in training {before.get(script, 0.0):.1%})" for script, share in new.items()]
        yield test.found(
            f"{test.counted(rows)} {agreeing(rows, 'contains', 'contain')} letters of scripts that training hardly "
            f"has: {listed(named)}",
            rows,
        )
    return rows


def _script_shares(texts: Texts) -> dict[str, float]:
    """The share of each script among all letters."""
    counts: dict[str, int] = {}
    for first, last in portions(texts.offsets, _PORTION, len(texts)):
        content = texts.run(first, last).content
        counts["Latin"] = counts.get("Latin", 0) + len(content) - len(content.translate(None, _ASCII_LETTERS))
        others = Counter(content.translate(None, _ASCII).decode("utf-8", "ignore"))
        for character, count in others.items():
            script = script_of(character)
            if script:
                counts[script] = counts.get(script, 0) + count
    total = max(sum(counts.values()), 1)
    return {script: count / total for script, count in sorted(counts.items(), key=lambda item: -item[1])}


@lru_cache(maxsize=1 << 14)
def script_of(character: str) -> str:
    """The script of a letter, by the first word of its name; "" for what is not a letter.

    Examples
    --------
    >>> script_of("é"), script_of("я"), script_of("1")
    ('Latin', 'Cyrillic', '')
    """
    if not character.isalpha():
        return ""
    script = re.split("[ -]", unicodedata.name(character, ""), maxsplit=1)[0].capitalize()
    return "Han" if script == "Cjk" else script


def _holds(text: bytes, scripts: dict[str, float]) -> bool:
    if text.isascii() and "Latin" not in scripts:
        return False
    return any(script_of(character) in scripts for character in set(text.decode("utf-8", "replace")))


def _odd_texts(training: LabelledTexts, test: LabelledTexts, passed_over: Ints) -> Iterator[Found]:
    """Test texts whose sequences of three letters are rare in training."""
    known, asked = _sampled(training), _sampled(test)
    asked = asked[~np.isin(asked, passed_over)]
    if min(len(known), len(asked)) < _FEWEST:
        return
    trigrams = [_trigrams(training.texts[row]) for row in known.tolist()]
    counts: dict[str, int] = {}
    for own in trigrams:
        for trigram in own:
            counts[trigram] = counts.get(trigram, 0) + 1
    # What a text adds itself is taken away, so that a text of training is as new as one of the test.
    usual = np.array([_familiarity(own, counts, 1) for own in trigrams])
    limit = float(np.quantile(usual, _ODD))
    scores = np.array([_familiarity(_trigrams(test.texts[row]), counts, 0) for row in asked.tolist()])
    odd = asked[scores < limit]
    if len(odd) >= _FACTOR * _ODD * len(asked):
        of = f"of {len(asked):,} test texts" + (" sampled at equal distances" if len(test) > _SAMPLE else "")
        order = odd[np.argsort(scores[scores < limit], kind="stable")]
        yield test.found(
            f"{len(odd):,} {of} have rarer letter sequences than {1 - _ODD:.0%} of the training texts: another "
            "language or kind of text",
            odd,
            shown=order,
        )


def _sampled(side: LabelledTexts) -> Ints:
    """Rows at equal distances, of texts that are not blank."""
    rows = np.flatnonzero(~side.is_blank)
    return rows if len(rows) <= _SAMPLE else rows[np.arange(_SAMPLE) * len(rows) // _SAMPLE]


def _trigrams(text: bytes) -> set[str]:
    """The different sequences of three letters, with a blank between words, of the first characters of a text."""
    folded = text[: 4 * _OPENING].decode("utf-8", "ignore")[:_OPENING].casefold()
    letters = f" {' '.join(''.join(c if c.isalpha() else ' ' for c in folded).split())} "
    return {letters[i : i + 3] for i in range(len(letters) - 2)}


def _familiarity(trigrams: set[str], counts: dict[str, int], own: int) -> float:
    """The mean logarithm of how many texts hold a trigram, and one more; of a text without letters that is large."""
    if not trigrams:
        return np.inf
    return float(
        np.mean(np.log1p(np.array([counts.get(trigram, own) - own for trigram in trigrams], dtype=np.float64)))
    )
