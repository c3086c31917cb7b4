"""Arrays of JSON that come in pieces: the same rows and the same refusals as of the whole, in little memory."""

from __future__ import annotations

import io
import itertools
import json
import tracemalloc

import pytest

from vikt.corpus import read_json, read_stream
from vikt.corpus.read_json import parse_array
from vikt.corpus.read_stream import Lines
from vikt.corpus.readers import read_table
from vikt.errors import EncodingError, InputFileError, ViktError

ROWS = [
    {"text": 'två "x" [1], {y}', "label": "a"},
    {"text": "日本 \U0001f600", "label": "b"},
    {"text": "", "label": "c"},
]
SHAPES = [
    json.dumps(ROWS, ensure_ascii=False),
    json.dumps(ROWS, indent=2, ensure_ascii=False) + "\n\n",
    "\r\n [ ] \n",
    "[",
    "[{}",
    "[{},",
    "[{} {}]",
    "[1, {}]",
    "[12345",
    '[{"text": "a"}, {"text": nul}]',
    '[{"a": 1, "a": 2}]',
    "[{}]]",
    "[{}]  more of it",
]


def outcome(pieces):
    """The rows, or the message of the refusal."""
    try:
        return list(parse_array(pieces, "a.json"))
    except ViktError as error:
        return str(error)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: repr(shape[:20]))
@pytest.mark.parametrize("length", [1, 2, 3, 7, 20])
def test_the_pieces_do_not_matter(shape, length, monkeypatch):
    whole = outcome([shape])
    monkeypatch.setattr(read_json, "_LEAST_HELD", 1)
    assert outcome(shape[at : at + length] for at in range(0, len(shape), length)) == whole


def test_rows_are_those_of_python():
    assert outcome([SHAPES[0]]) == outcome([SHAPES[1]]) == ROWS


def test_memory_does_not_grow_with_the_array(monkeypatch):
    monkeypatch.setattr(read_json, "_LEAST_HELD", 10_000)
    row = json.dumps({"text": "word " * 200, "label": "a"})
    pieces = itertools.chain(["["], itertools.repeat(row + ", ", 2_000), [row, "]"])
    tracemalloc.start()
    try:
        assert sum(1 for _ in parse_array(pieces, "a.json")) == 2_001
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(row) * 2_001 / 4


@pytest.mark.parametrize("wrong", ['{"text": "a" "label": "b"}', '{"text": "a\n"}', '{"text": nul}', '{"text": "\\x"}'])
def test_what_is_wrong_is_told_without_reading_on(wrong, monkeypatch):
    monkeypatch.setattr(read_json, "_LEAST_HELD", 100)
    rest = '{"text": "a long text", "label": "b"}, '
    several = iter([rest] * 1_000)
    found = outcome(itertools.chain(["[{}, ", wrong, ", "], several))
    assert found.startswith("a.json, row 2: expected a JSON object, found ")
    assert found == outcome(["[{}, ", wrong, ", ", rest * 1_000])
    assert len(list(several)) > 900


def test_an_object_that_is_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(read_stream, "LONGEST_LINE", 100)
    monkeypatch.setattr(read_json, "_LEAST_HELD", 1)
    pieces = itertools.chain(["[{}, "], ['{"text": "'], itertools.repeat("word "))
    with pytest.raises(InputFileError, match=r"a\.json, row 2: it is longer than 100 bytes; split it"):
        list(parse_array(pieces, "a.json"))


@pytest.mark.parametrize("length", [1, 2, 3, 5, 100])
def test_characters_may_lie_across_pieces(length, monkeypatch):
    monkeypatch.setattr(read_stream, "_LONGEST_PIECE", length)
    content = "\ufeff" + SHAPES[0] + "\nåäö\n€"
    lines = Lines(io.BytesIO(content.encode()), "a.json")
    assert "".join(lines.pieces()) == content[1:]
    assert (lines.number, lines.offset) == (3, len(content.encode()))


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xe4b", b"\xf0\x9f\x98"])
@pytest.mark.parametrize("length", [4, 100])
def test_what_is_not_utf_8_is_told_as_of_lines(bad, length, monkeypatch):
    monkeypatch.setattr(read_stream, "_LONGEST_PIECE", length)
    content = b"[\n" + b"x" * 20 + bad
    with pytest.raises(EncodingError) as of_lines:
        list(Lines(io.BytesIO(content), "a.json"))
    with pytest.raises(EncodingError) as of_pieces:
        list(Lines(io.BytesIO(content), "a.json").pieces())
    assert str(of_pieces.value) == str(of_lines.value)


@pytest.mark.parametrize("length", [3, 100])
@pytest.mark.parametrize("name", ["a.json", "a"])
def test_a_file_is_an_array_or_lines(tmp_path, monkeypatch, length, name):
    monkeypatch.setattr(read_stream, "_LONGEST_PIECE", length)
    for content in (*SHAPES[:2], "\n" + "\n".join(json.dumps(row) for row in ROWS)):
        (tmp_path / name).write_text(content, encoding="utf-8")
        table = read_table(tmp_path / name)
        assert table.strings("text") == [row["text"] for row in ROWS]
