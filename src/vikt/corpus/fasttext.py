"""fastText's labels, which stand before the text on its line."""

from __future__ import annotations

import re

from vikt.corpus.texts import Texts

LABEL_MARK = "__label__"
_LABEL = re.compile(rf"(?:^|(?<=\s)){LABEL_MARK}(\S*)\s*")


def parted(line: str) -> tuple[list[str], str]:
    """The labels of a line, and its text without them.

    Examples
    --------
    >>> parted("__label__ham See you on Friday")
    (['ham'], 'See you on Friday')
    """
    if LABEL_MARK not in line:
        return [], line
    rest = line.removeprefix(LABEL_MARK)
    # A single label at the start, which takes a tenth of the time of the pattern.
    if len(rest) < len(line) and LABEL_MARK not in rest and rest and not rest[0].isspace():
        label, *text = rest.split(None, 1)
        return [label], "".join(text)
    return _LABEL.findall(line), _LABEL.sub("", line)


def texts_without_labels(texts: Texts) -> Texts:
    """Texts without the labels before them."""
    if LABEL_MARK.encode() not in texts.content:
        return texts
    return Texts.from_strings([parted(text.decode())[1] for text in texts])
