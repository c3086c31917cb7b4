"""Lines as they arrive, and the answers to them: as Python itself would read and write them."""

from __future__ import annotations

import io
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikt.corpus.fasttext import texts_without_labels, without_labels
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
    expected = [line.removesuffix("\n") for line in io.StringIO(content.replace("\r\n", "\n"), newline="\n")]
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
    assert list(texts_without_labels(Texts.from_strings(lines))) == [without_labels(line).encode() for line in lines]
