"""Lower case, and the check for NFC, as loops over bytes."""

from __future__ import annotations

from vikt.compiled.array_types import Bytes, Int16s, Int32s, Int64s
from vikt.compiled.intrinsics import FORWARD
from vikt.features.ngrams.token_kernels import NONE, decode

# Flags of a character in NFC, and above them its combining class, by which marks are ordered.
LEADS = 1  # may combine with a mark after it
FOLLOWS = 2  # may combine with a letter before it
CLASS_SHIFT = 2


def lower_ascii(text: Bytes) -> None:
    for i in range(len(text)):
        byte = text[i & FORWARD]
        text[i & FORWARD] = byte + 32 if 65 <= byte <= 90 else byte


def lower_in_place(text: Bytes, offsets: Int64s, lower_of: Int32s, joining_of: Int16s, undone: Bytes) -> None:
    """Lower-case what is not ASCII; undone[d] is 1 where text d needs more than that, and is left half done.

    Such a text has a character whose entry in a table is NONE, or may not be in NFC.
    """
    for document in range(offsets.shape[0] - 1):
        i, end = offsets[document], offsets[document + 1]
        done = is_ascii(text, i, end) or lower_text(text, i, end, lower_of, joining_of)
        undone[document] = 0 if done else 1


def is_ascii(text: Bytes, i: int, end: int) -> bool:
    bits = 0
    for j in range(i, end):
        bits |= text[j & FORWARD]
    return bits < 0x80


def lower_text(text: Bytes, i: int, end: int, lower_of: Int32s, joining_of: Int16s) -> bool:
    """Lower-case the bytes i..end in place, or give up and return False.

    A text that passes is in NFC: its marks are in order, and none follows a letter that it may combine with. The quick
    check of the standard gives up at any mark that combines with some letter, so at most texts in Hindi or Tamil.
    """
    letter = 0
    mark_class = 0
    while i < end:
        if text[i] < 0x80:
            while i < end and text[i] < 0x80:
                i += 1
            letter = joining_of[text[i - 1]]
            mark_class = 0
            continue
        point, after = decode(text, i)
        lower = lower_of[point]
        joining = joining_of[point]
        if lower == NONE or joining == NONE or (joining & FOLLOWS and letter & LEADS):
            return False
        class_before = mark_class
        mark_class = joining >> CLASS_SHIFT
        if 0 < mark_class < class_before:
            return False
        if mark_class == 0:
            letter = joining
        if lower != point:
            overwrite(text, i, after, lower)
        i = after
    return True


def overwrite(text: Bytes, i: int, after: int, point: int) -> None:
    """Write a code point over another at i..after, of the same number of bytes: two, three or four."""
    for j in range(after - 1, i, -1):
        text[j] = 0x80 | (point & 0x3F)
        point >>= 6
    text[i] = ((0xF00 >> (after - i)) & 0xFF) | point
