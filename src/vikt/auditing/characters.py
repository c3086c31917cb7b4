"""Checks for characters that should not be there: mojibake, lost characters, HTML, control characters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from html.entities import html5

import numpy as np

from vikt.auditing.finding import Found
from vikt.auditing.subject import LabelledTexts, Subject, agreeing
from vikt.tables import listed, visible

_MOST_KINDS = 5
_TAGS = re.compile(
    "</?(?:a|abbr|article|b|blockquote|body|br|button|center|code|div|dl|dd|dt|em|font|footer|form|h[1-6]|head|header|"
    "hr|html|i|iframe|img|input|li|link|meta|nav|ol|option|p|pre|s|script|section|select|small|span|strong|style|sub|"
    "sup|table|tbody|td|textarea|th|thead|title|tr|tt|u|ul|video)(?![a-z0-9])"
)


def _in_utf8(characters: str) -> str:
    """The characters in UTF-8, each byte as a character, as alternatives of a regular expression."""
    return "|".join(re.escape(character.encode().decode("latin-1")) for character in characters)


# What Latin-1 or Windows-1252 read in the bytes 0x80 to 0xBF, with which no character of UTF-8 starts.
_REST = "(?:\xc2[\x80-\xbf]|" + _in_utf8("€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ") + ")"
# What they read in the bytes with which characters of two, three and four bytes start, in UTF-8: À to ß, à to ï, ð. Of
# two bytes, those of western and central Europe show a fault by themselves, as Ã© does; of three, the punctuation that
# starts with â; the others two at a time.
_MOJIBAKE = (
    f"\xc3(?:[\x82-\x85]{_REST}|[\x86-\x9f]{_REST}\xc3[\x82-\x9f]{_REST}|\xa2{_REST}{_REST}|"
    f"[\xa0-\xaf]{_REST}{_REST}\xc3[\xa0-\xaf]{_REST}{_REST}|\xb0{_REST}{_REST}{_REST})"
)
# Each starts with a certain byte, where there is one, since the search is fast then.
_LOST = "\xef\xbf\xbd"
_TAG = r"</?[A-Za-z][A-Za-z0-9]*(?:\s+[A-Za-z][-:A-Za-z0-9]*\s*=[^<>]*)?\s*/?>"
_ENTITY = r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|\#[0-9]{2,7}|\#[xX][0-9A-Fa-f]{2,6});"
# Not tab, line feed and carriage return, nor marks of direction and joiners, which scripts need.
_CONTROLS = (
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]",
    "\xc2[\x80-\x9f\xad]",
    "\xe2(?:\x80[\x8b\xaa-\xae]|\x81[\xa0\xa6-\xa9])",
    "\xef\xbb\xbf",
)


def mojibake(subject: Subject) -> Iterator[Found]:
    """UTF-8 that was read as Latin-1 or Windows-1252, such as Ã© for é."""
    yield from _matching(
        subject, [_MOJIBAKE], "{texts} {hold} UTF-8 that was read in another encoding, such as {examples}"
    )


def lost_characters(subject: Subject) -> Iterator[Found]:
    """U+FFFD, which stands for what could not be decoded."""
    yield from _matching(subject, [_LOST], "{texts} {hold} U+FFFD, which replaces characters that were lost")


def html_left(subject: Subject) -> Iterator[Found]:
    """Tags and entities of HTML."""
    yield from _matching(subject, [_TAG, _ENTITY], "{texts} {hold} HTML: {examples}", _is_html)


def control_characters(subject: Subject) -> Iterator[Found]:
    """Control characters, and others that nobody sees."""
    yield from _matching(subject, _CONTROLS, "{texts} {hold} control or invisible characters: {examples}")


def _matching(
    subject: Subject, patterns: Sequence[str], message: str, is_meant: Callable[[bytes], bool] = bool
) -> Iterator[Found]:
    for side in subject.sides:
        starts: dict[int, int] = {}
        kinds = Counter[bytes]()
        for pattern in patterns:
            _search(side, re.compile(pattern.encode("latin-1")), is_meant, starts, kinds)
        rows = np.array(sorted(starts), dtype=np.int64)
        if len(rows):
            named = [f"{_shown(kind)} ({count:,})" for kind, count in _commonest(kinds)]
            yield side.found(
                message.format(
                    texts=side.counted(rows),
                    hold=agreeing(rows, "contains", "contain"),
                    examples=listed(named, _MOST_KINDS),
                ),
                rows,
                at=partial(_character, side, starts),
            )


def _search(
    side: LabelledTexts,
    pattern: re.Pattern[bytes],
    is_meant: Callable[[bytes], bool],
    starts: dict[int, int],
    kinds: Counter[bytes],
) -> None:
    """Add what matches: to `starts` the first byte in each row, to `kinds` how often each match occurs."""
    content, offsets = side.texts.content, side.texts.offsets
    found = [match.span() for match in pattern.finditer(content) if is_meant(match[0])]
    spans = np.array(found, dtype=np.int64).reshape(-1, 2)
    rows = np.searchsorted(offsets, spans[:, 0], side="right") - 1
    # Texts stand one after the other, so that a match may begin in one and end in the next.
    inside = spans[:, 1] <= offsets[rows + 1]
    spans, rows = spans[inside], rows[inside]
    kinds.update(content[start:end] for start, end in spans.tolist())
    first = np.unique(rows, return_index=True)[1]
    for row, place in zip(rows[first].tolist(), (spans[first, 0] - offsets[rows[first]]).tolist(), strict=True):
        starts[row] = min(place, starts.get(row, place))


def _commonest(kinds: Counter[bytes]) -> list[tuple[bytes, int]]:
    return sorted(kinds.items(), key=lambda item: (-item[1], item[0]))


def _shown(kind: bytes) -> str:
    text = visible(kind.decode("utf-8", "replace"))
    return text if len(text) <= 20 else text[:19] + "…"


@lru_cache(maxsize=1 << 10)
def _is_html(match: bytes) -> bool:
    text = match.decode("utf-8", "replace")
    if text.startswith("&"):
        return text[1] == "#" or text[1:] in html5
    return _TAGS.match(text.lower()) is not None


def _character(side: LabelledTexts, starts: dict[int, int], row: int) -> int:
    """The number of the character in a row at which the first match starts."""
    return len(side.texts[row][: starts[row]].decode("utf-8", "replace"))
