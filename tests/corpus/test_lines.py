"""Lines as they arrive, and the answers to them: as Python itself would read and write them."""

from __future__ import annotations

import io
import itertools
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikt.corpus.fasttext import parted, texts_without_labels
from vikt.corpus.read_arrived import read_arrived
from vikt.corpus.texts import Texts
from vikt.errors import EncodingError, InputFileError

PIECES = st.lists(st.sampled_from(["a", "å", "\r", "\n", "\r\n", "\ufeff", "😀", "\x85", "\u2028", "\0", " "]))


class Pipe:
    """A stream of which so much arrives at a time."""

    def __init__(self, chunks):
        self.chunks = iter(chunks)

    def read1(self, _):
        return next(self.chunks, b"")


def in_chunks(content, cuts):
    edges = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    return [content[a:b] for a, b in itertools.pairwise(edges)]


@given(pieces=PIECES, cuts=st.lists(st.integers(0, 1000), max_size=8))
def test_lines_are_those_that_python_reads(pieces, cuts):
    content = "xx" + "".join(pieces)
    expected = [line.removesuffix("\n").rstrip("\r") for line in io.StringIO(content, newline="\n")]
    batches = read_arrived(Pipe(in_chunks(content.encode(), cuts)))
    assert [text.decode() for texts in batches for text in texts] == expected


def test_the_byte_order_mark_is_no_text():
    assert [list(texts) for texts in read_arrived(Pipe(["\ufeffen\n".encode(), "\ufefftvå\n".encode()]))] == [
        [b"en"],
        ["\ufefftvå".encode()],
    ]


def test_what_has_arrived_is_given_before_more_is_waited_for():
    def chunks():
        yield b"one\ntwo\nthr"
        raise OSError("nothing more yet")

    batches = read_arrived(Pipe(chunks()), "pipe")
    assert list(next(batches)) == [b"one", b"two"]
    with pytest.raises(InputFileError, match="pipe: reading failed"):
        next(batches)


@given(
    before=st.lists(st.sampled_from(["en", "två", "", "tre\r"])),
    bad=st.sampled_from([b"\xff", b"\xc3", b"a\xe2\x82", b"\xed\xa0\x80"]),
    cuts=st.lists(st.integers(0, 1000), max_size=4),
)
def test_lines_before_one_that_is_not_utf8_are_given_and_then_it_is_told_where(before, bad, cuts):
    good = "".join(line + "\n" for line in ["begin", *before]).encode()
    content = good + bad + b"\nafter\n"
    given_lines = []
    batches = read_arrived(Pipe(in_chunks(content, cuts)), "here")
    with pytest.raises(EncodingError) as told:
        given_lines.extend(text for texts in batches for text in texts)
    assert len(given_lines) == 1 + len(before)
    offset = int(re.search(r"at offset (\d+)", str(told.value))[1])
    assert f"here, line {len(before) + 2}: " in str(told.value)
    with pytest.raises(UnicodeDecodeError) as fault:
        content.decode()
    assert offset == fault.value.start


def test_utf_16_without_a_mark_is_told():
    with pytest.raises(EncodingError, match="UTF-16"):
        list(read_arrived(io.BytesIO("one\ntwo\n".encode("utf-16-le"))))


@given(lines=st.lists(st.lists(st.sampled_from(["__label__", "ham", " ", "\u2003", "å", "\t"])).map("".join)))
def test_labels_leave_every_text(lines):
    assert list(texts_without_labels(Texts.from_strings(lines))) == [parted(line)[1].encode() for line in lines]


LISTED = st.lists(st.sampled_from([b"", b" ", b"a", b"\t\x1f", "två".encode(), b"\x0b\n", b"three words here"]))


@given(listed=LISTED, data=st.data())
def test_texts_are_taken_as_a_list_would_be(listed, data):
    rows = data.draw(st.lists(st.integers(0, len(listed) - 1))) if listed else []
    runs = [*range(len(listed)), *rows, *range(len(listed) // 2)]
    for taken in (rows, runs, sorted(rows)):
        texts = Texts.from_bytes(listed).take(taken)
        assert list(texts) == [listed[i] for i in taken]
        assert texts.offsets.dtype == np.int64


@given(listed=LISTED)
def test_blank_texts_are_those_that_strip_to_nothing(listed):
    assert Texts.from_bytes(listed).n_blank == sum(not text.strip() for text in listed)


@given(listed=LISTED, cuts=st.lists(st.integers(0, 20), max_size=3))
def test_texts_of_arrow_are_its_own_whatever_its_chunks(listed, cuts):
    strings = [text.decode() for text in listed]
    whole = pa.array(["before", *strings, "after"], pa.large_string())
    edges = sorted({1, len(strings) + 1, *(1 + cut % (len(strings) + 1) for cut in cuts)})
    chunks = [whole.slice(a, b - a) for a, b in itertools.pairwise(edges)]
    assert list(Texts.from_arrow(pa.chunked_array(chunks, pa.large_string()))) == listed
    assert list(Texts.from_arrow(whole.slice(1, len(strings)))) == listed
