"""fastText's labels, which stand before the text on its line."""

from __future__ import annotations

import re

from vikt.corpus.texts import Texts

LABEL_MARK = "__label__"
LABEL = re.compile(rf"(?:^|(?<=\s)){LABEL_MARK}(\S*)\s*")


def without_labels(line: str) -> str:
    """A line without its labels, which are not words of the text.

    Examples
    --------
    >>> without_labels("__label__ham See you on Friday")
    'See you on Friday'
    """
    return LABEL.sub("", line) if LABEL_MARK in line else line


def texts_without_labels(texts: Texts) -> Texts:
    """Texts without the labels before them."""
    if LABEL_MARK.encode() not in texts.content:
        return texts
    return Texts.from_strings([without_labels(text.decode()) for text in texts])
