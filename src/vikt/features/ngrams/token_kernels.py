"""Texts to words and the keys of tokens, as loops over bytes.

Every token has a key of two numbers. The bytes of a token of up to 14 ARE its key; a longer one is hashed, and compared
byte by byte. The last token of each document is empty and has the id NONE, so that no n-gram crosses documents.

All integers are signed 64-bit, and hashing multiplies numbers of at most 32 and 30 bits, so that no product overflows
and both ways of running agree.
"""

from __future__ import annotations

from typing import NamedTuple

from vikt.compiled.array_types import Bytes, Int64s
from vikt.compiled.intrinsics import FORWARD, word_at

SEPARATES = 0  # ends a token and is in none
WORD = 1  # joins its neighbours of the same class
SYMBOL = 2  # starts a token of its own
EXTENDS = 3  # belongs to the token before it, or starts a word
SINGLE = 4  # starts a token of its own: a letter of a script without spaces
PICTOGRAPH = 5  # a symbol that a joiner after another pictograph joins to that
MODIFIER = 6  # a skin tone: belongs to the symbol before it, or is one
JOINER = 7  # extends, and joins pictographs
REGIONAL = 8  # half a flag: two are a symbol
TAG = 9  # belongs to the symbol before it, or separates
KEYCAP = 10  # belongs to the token before it, even a word, which it ends

# What a class of characters does: one byte per state, which holds
OPENS = 0  # a bit: whether a token starts here; it counts once it ends
CLOSES = 1  # a bit: whether one ended before this character
NEXT = 0x38  # the next state, as the place of its own byte: 0, 8 or up to 56

NONE = -1
LONG = 15  # tokens of this many bytes or more are hashed
PADDING = 16  # spaces after all texts
SEVEN_BYTES = 0xFFFFFFFFFFFFFF
LOW_MASK = 0xFFFFFFFF
HASH_1, HASH_2, HASH_3, HASH_4 = 0x278DDE6D, 0x2545F491, 0x1B873593, 0x3C6EF36F  # of 30 bits, and odd


class TokenArrays(NamedTuple):
    """The tokens of documents: token i is text[starts[i]:ends[i]], and its key is low[i] and high[i].

    Document d has the tokens edges[d]..edges[d + 1].
    """

    text: Bytes
    starts: Int64s
    ends: Int64s
    low: Int64s
    high: Int64s
    edges: Int64s


def word_edges(
    text: Bytes,
    offsets: Int64s,
    class_of: Bytes,
    actions: Int64s,
    byte_actions: Int64s,
    starts: Int64s,
    ends: Int64s,
    edges: Int64s,
) -> int:
    """The start and end of each word of each document; edges[d] counts the tokens before document d.

    `actions` is a finite automaton: what each class of characters does in each state. The place of a token is written
    at every character and kept where a token ends, since a branch that the processor cannot predict would cost more.
    Runs of ASCII have their own loop, since a loop that may decode is slower.
    """
    n = 0
    for document in range(len(offsets) - 1):
        edges[document] = n
        i = offsets[document]
        end = offsets[document + 1]
        start = i
        state = 0
        while i < end:
            if text[i] < 0x80:
                i &= FORWARD
                n &= FORWARD
                while i < end and text[i] < 0x80:
                    action = byte_actions[text[i]] >> state
                    starts[n] = start
                    ends[n] = i
                    n += action >> CLOSES & 1
                    start = i if action >> OPENS & 1 else start
                    state = action & NEXT
                    i += 1
            else:
                point, after = decode(text, i)
                action = actions[class_of[point]] >> state
                starts[n] = start
                ends[n] = i
                n += action >> CLOSES & 1
                start = i if action >> OPENS & 1 else start
                state = action & NEXT
                i = after
        starts[n] = start
        ends[n] = end
        n += actions[SEPARATES] >> state >> CLOSES & 1
        n = end_document(end, starts, ends, n)
    edges[len(offsets) - 1] = n
    return n


def end_document(end: int, starts: Int64s, ends: Int64s, n: int) -> int:
    starts[n] = end
    ends[n] = end
    return n + 1


def decode(text: Bytes, i: int) -> tuple[int, int]:
    """The code point at byte i, and the place of the next one."""
    lead = text[i]
    if lead < 0x80:
        return int(lead), i + 1
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | (text[i + 1] & 0x3F), i + 2
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | (text[i + 1] & 0x3F) << 6 | (text[i + 2] & 0x3F), i + 3
    return (
        (lead & 0x07) << 18 | (text[i + 1] & 0x3F) << 12 | (text[i + 2] & 0x3F) << 6 | (text[i + 3] & 0x3F),
        i + 4,
    )


def token_keys(text: Bytes, starts: Int64s, ends: Int64s, n: int, low: Int64s, high: Int64s) -> None:
    """The key of each token: its first seven bytes, and its next seven with its length; or their hash."""
    for token in range(n):
        start = starts[token] & FORWARD
        length = ends[token] - start
        if length < 8:
            low[token] = word_at(text, start) & (1 << 8 * length) - 1
            high[token] = length << 56
        elif length < LONG:
            low[token] = word_at(text, start) & SEVEN_BYTES
            high[token] = word_at(text, start + 7) & (1 << 8 * (length - 7)) - 1 | length << 56
        else:
            low[token] = word_at(text, start) & SEVEN_BYTES
            high[token] = hash_bytes(text, start, ends[token]) | LONG << 56


def hash_bytes(text: Bytes, start: int, end: int) -> int:
    value = 0
    for i in range(start, end):
        value = mix(value ^ text[i])
    return value & SEVEN_BYTES


def mix(value: int) -> int:
    """A number of 61 bits that depends on all bits of a number of at most 62."""
    value = (value & LOW_MASK) * HASH_1 + (value >> 32) * HASH_2
    return value ^ value >> 31
