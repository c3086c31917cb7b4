"""Texts to characters as tokens, as loops over bytes."""

from __future__ import annotations

from vikt.compiled.array_types import Bytes, Int64s
from vikt.compiled.intrinsics import FORWARD
from vikt.features.ngrams.token_kernels import PADDING, SEPARATES, decode, end_document


def character_edges(
    text: Bytes,
    offsets: Int64s,
    class_of: Bytes,
    actions: Int64s,
    byte_actions: Int64s,
    starts: Int64s,
    ends: Int64s,
    edges: Int64s,
) -> int:
    """The characters of each document, as tokens; a run of white space of two or more counts as one space.

    PADDING spaces follow the text: for tokens that it does not spell, and for reads beyond its end.
    """
    space = len(text) - PADDING
    n = 0
    for document in range(len(offsets) - 1):
        edges[document] = n
        i = offsets[document]
        end = offsets[document + 1]
        separated = False
        while i < end:
            i &= FORWARD
            point, after = decode(text, i)
            separates = class_of[point] == SEPARATES
            if separates and separated:
                starts[n - 1] = space
                ends[n - 1] = space + 1
            else:
                starts[n] = i
                ends[n] = after
                n += 1
            separated = separates
            i = after
        n = end_document(end, starts, ends, n)
    edges[len(offsets) - 1] = n
    return n


def bounded_character_edges(
    text: Bytes,
    offsets: Int64s,
    class_of: Bytes,
    actions: Int64s,
    byte_actions: Int64s,
    starts: Int64s,
    ends: Int64s,
    edges: Int64s,
) -> int:
    """The characters of each document word by word: a space, the word, a space, and an empty token to end n-grams.

    The tokens between two words are written at every character, too, and kept where a word ends.
    """
    space = len(text) - PADDING
    n = 0
    for document in range(len(offsets) - 1):
        edges[document] = n
        i = offsets[document]
        end = offsets[document + 1]
        starts[n] = space
        ends[n] = space + 1
        n += 1
        inside = 0
        while i < end:
            i &= FORWARD
            n &= FORWARD
            point, after = decode(text, i)
            separates = class_of[point] == SEPARATES
            starts[n] = space if separates else i
            ends[n] = space + 1 if separates else after
            starts[n + 1] = space
            ends[n + 1] = space
            starts[n + 2] = space
            ends[n + 2] = space + 1
            n += 3 * inside if separates else 1
            inside = 0 if separates else 1
            i = after
        n = end_word(space, starts, ends, n) if inside else n - 1
        n = end_document(space, starts, ends, n)
    edges[len(offsets) - 1] = n
    return n


def end_word(space: int, starts: Int64s, ends: Int64s, n: int) -> int:
    starts[n] = space
    ends[n] = space + 1
    return end_document(space, starts, ends, n + 1)
