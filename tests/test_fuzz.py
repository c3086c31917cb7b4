"""Hostile input of every kind: no crash, no hang, no silent loss.

Each check runs on the same few hundred examples every time, and with `-m slow` on thousands of new ones.
"""

import csv
import gzip
import io
import json
import re
import tempfile
import unicodedata
from collections import Counter
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from vikt import TextClassifier, load
from vikt.corpus.documents import Documents, Pairs
from vikt.corpus.read_stream import without_end
from vikt.corpus.read_tables import Table
from vikt.corpus.readers import READERS, read_batches, read_table
from vikt.corpus.texts import Texts
from vikt.errors import ConvergenceWarning, EmptyVocabularyError, UsageError, ViktError
from vikt.features.declarations import KINDS, declaration, features_declared
from vikt.features.encoders import Block, Categories, Given, Scaled
from vikt.features.handmade import Capitalised, Length, Lexicon, Pattern, Shape
from vikt.features.ngrams import Ngrams
from vikt.features.weighting import WEIGHTINGS

FUZZES = []


def fuzz(n_examples, **strategies):
    """Let a check run on so many examples, and on thirty times as many with -m slow."""

    def add(check):
        FUZZES.append(pytest.param(check, strategies, n_examples, id=check.__name__))
        return check

    return add


def run(check, strategies, **options):
    always = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
    settings(**options, **always)(given(**strategies)(check))()


# Files.

TSV = 'label\ttext\r\nham\tthe "new" one\n\nspam\t007\r\nham\té\u2028漢\n'.encode()
CSV = 'label,text\r\nham,"say ""hi"",\r\nthen"\r\n\r\nspam,é\n'.encode()
JSONL = b'{"label": "ham", "text": "a"}\n\n{"label": 1.0, "text": [1, {"a": null}]}\n{"text": "\\ud83d\\ude00"}\n'
DOCUMENTS = "__label__ham see you\n\n__label__spam win\r\nno label é\n".encode()
SVMLIGHT = b"+1 1:0.5 7:2e3 # note\n\n-1 2:1\n"
ARROW = pa.table(
    {
        "label": ["ham", "spam", None],
        "text": pa.array(["a", "é漢", ""], pa.large_string()),
        "n": [1.5, 2.0, -0.0],
        "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
        "tags": [["x"], [], None],
        "when": pa.array([0, 1, 2], pa.timestamp("ns", "UTC")),
        "raw": [b"a", b"b", b"c"],
    }
)


def written(write):
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def ipc(new):
    def write(stream):
        with new(stream, ARROW.schema) as writer:
            writer.write_table(ARROW)

    return written(write)


# A valid file of each format, by the name that tells it.
FILES = {
    "a.tsv": TSV,
    "a.csv": CSV,
    "a.jsonl": JSONL,
    "a.txt": DOCUMENTS,
    "a.svmlight": SVMLIGHT,
    "a.parquet": written(lambda stream: pq.write_table(ARROW, stream)),
    "a.arrow": ipc(pa.ipc.new_file),
    "b.arrow": ipc(pa.ipc.new_stream),
    "a.tsv.gz": gzip.compress(TSV * 50, mtime=0),
    "a.jsonl.zst": pa.compress(JSONL * 50, codec="zstd", asbytes=True),
    "unknown": gzip.compress(JSONL, mtime=0),
}
MARKS = ["\n", "\r\n", "\r", "\t", ",", '"', "\0", "\ufeff", "{", "}", "[" * 500, ":", "#", "nan", "1e999", "9" * 5000]
MARKS += ["__label__", "\u2028", "\x85", "\x1c", "\\ud800", "\U0001f600", " ", ""]
NO_TEXT = [b"\xff", b"\xed\xa0\x80", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xff\xfe"]

texts_put_in = st.sampled_from([mark.encode() for mark in MARKS]) | st.text(max_size=3).map(str.encode)
pieces = texts_put_in | st.sampled_from(NO_TEXT) | st.binary(max_size=2)


def changes_of(pieces):
    return st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0, 0, 1, 5, "over"]), pieces), min_size=1, max_size=3)


def mutated(content, changes):
    """The content with pieces put in at shares of its length, in place of as many bytes as are told."""
    for where, n, new in changes:
        at = int(where * len(content))
        content = content[:at] + new + content[at + (len(new) if n == "over" else n) :]
    return content


def read_or_refused(name, content, **options):
    """The table and its values, or None where it is refused with one line that names the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        try:
            table = read_table(path, **options)
            values = {column: table.spelled(column).to_pylist() for column in table.names}
        except ViktError as error:
            assert str(path) in str(error)
            assert not {"\n", "\r"} & set(str(error))
            assert batches_or_refused(path, **options) is None
            return None
        batches = Table.concatenate(batches_or_refused(path, **options))
        assert (batches.n_lines, batches.n_rows - table.n_rows) == (table.n_lines, table.n_blank - batches.n_blank)
        for column in table.names:
            try:
                assert table.strings(column) == values[column]
            except ViktError as error:
                assert str(path) in str(error)
        return table, values


def batches_or_refused(path, **options):
    try:
        batches = list(read_batches(path, rows_per_batch=2, **options))
        return [batch for batch in batches if [batch.spelled(name) for name in batch.names]]
    except ViktError:
        return None


def lines_of(content):
    lines = content.decode().removeprefix("\ufeff").split("\n")
    return [without_end(line + "\n") for line in lines[:-1]] + lines[-1:] * bool(lines[-1])


@fuzz(150, content=st.binary(max_size=200) | st.lists(pieces).map(b"".join), format=st.sampled_from([*READERS, None]))
def any_bytes_in_any_format(content, format):
    read_or_refused("a", content, format=format)


@fuzz(600, name=st.sampled_from(list(FILES)), changes=changes_of(pieces))
def a_damaged_file_of_any_format(name, changes):
    read_or_refused(name, mutated(FILES[name], changes))


@fuzz(150, at=st.floats(0, 1, exclude_max=True), flip=st.integers(0, 255))
def damaged_gzip_is_the_same_or_refused(at, flip):
    content = bytearray(FILES["a.tsv.gz"])
    content[int(at * len(content))] ^= flip
    read = read_or_refused("a.tsv.gz", bytes(content))
    assert read is None or read[1] == read_or_refused("a.tsv.gz", FILES["a.tsv.gz"])[1]


@fuzz(150, changes=changes_of(texts_put_in), lines=st.integers(1, 3))
def every_byte_of_tsv_is_in_its_values(changes, lines):
    content = mutated(TSV * lines, changes)
    read = read_or_refused("a.tsv", content)
    if read is None:
        return
    table, values = read
    found = ["\t".join(table.names), *("\t".join(row) for row in zip(*values.values(), strict=True))]
    expected = lines_of(content)
    assert table.n_lines == len(expected) == len(found) + table.n_blank
    kept = [line for line in expected if line]
    assert found == kept or len(table.names) == 1


@fuzz(150, changes=changes_of(texts_put_in))
def every_character_of_csv_is_in_its_values(changes):
    content = mutated(CSV, changes)
    read = read_or_refused("a.csv", content)
    if read is None:
        return
    table, values = read
    assert table.n_lines == len(lines_of(content))
    signs = Counter(content.decode().removeprefix("\ufeff"))
    found = Counter("".join([*table.names, *(value for column in values.values() for value in column)]))
    assert all(signs[sign] == found[sign] for sign in signs if sign not in '",\r\n')
    assert all(signs[sign] >= found[sign] for sign in '",\r\n')


@fuzz(150, changes=changes_of(texts_put_in))
def every_line_of_jsonl_is_a_row_or_blank(changes):
    content = mutated(JSONL, changes)
    read = read_or_refused("a.jsonl", content)
    if read is None:
        return
    table, values = read
    lines = lines_of(content)
    rows = [json.loads(line) for line in lines if line.strip(" \t\r")]
    assert (table.n_lines, table.n_rows, table.n_blank) == (len(lines), len(rows), len(lines) - len(rows))
    assert list(values) == list(dict.fromkeys(name for row in rows for name in row))
    for name, column in values.items():
        assert [value for value, row in zip(column, rows, strict=True) if type(row.get(name)) is str] == [
            row[name] for row in rows if type(row.get(name)) is str
        ]


@fuzz(150, changes=changes_of(texts_put_in))
def every_character_of_documents_is_in_label_or_text(changes):
    content = mutated(DOCUMENTS, changes)
    read = read_or_refused("a.txt", content)
    if read is None:
        return
    table, values = read
    lines = lines_of(content)
    assert (table.n_lines, table.n_rows + table.n_blank) == (len(lines), len(lines))
    kept = [line for i, line in enumerate(lines, 1) if i in (table.lines or ())]
    for line, label, text in zip(kept, values["label"], values["text"], strict=True):
        if "__label__" not in line:
            assert (label, text) == (None, line)
        elif label is not None:
            assert Counter("".join(line.split())) == Counter("".join(f"__label__{label}{text}".split()))


@fuzz(150, changes=changes_of(texts_put_in))
def every_line_of_svmlight_is_a_row_or_blank(changes):
    content = mutated(SVMLIGHT, changes)
    read = read_or_refused("a.svmlight", content)
    if read is None:
        return
    table, values = read
    lines = [line.partition("#")[0].split() for line in lines_of(content)]
    assert (table.n_lines, table.n_rows, table.n_blank) == (len(lines), sum(map(bool, lines)), lines.count([]))
    assert values["label"] == [line[0] for line in lines if line]
    assert [len(json.loads(pairs)) for pairs in values["features"]] == [len(line) - 1 for line in lines if line]


KINDS_OF_COLUMNS = {
    "no UTF-8": pa.array([b"\xff"]).view(pa.string()),
    "no UTF-8, large": pa.array([b"\xff"], pa.large_binary()).view(pa.large_string()),
    "unknown zone": pa.array([0], pa.timestamp("s", "Mars/Olympus")),
    "far day": pa.array([2**30], pa.date32()),
    "far days": pa.array([[2**30]]).cast(pa.list_(pa.int32())).view(pa.list_(pa.date32())),
    "interval": pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
    "dictionary of lists": pa.DictionaryArray.from_arrays(pa.array([0]), pa.array([[1]])),
    "doubled names": pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]),
    "lists of bytes": pa.array([[b"\xff"]]).view(pa.list_(pa.string())),
    "pairs of strings": pa.array([["a"]], pa.large_list(pa.string())),
    "null": pa.nulls(1),
    "large": [2**70],
    "half a pair": ["\ud800"],
    "digits": ["[1" + "0" * 400 + "]"],
    "deep": ["[" * 100_000],
    "several types": ["a", 1],
}


@pytest.mark.parametrize("kind", KINDS_OF_COLUMNS)
@pytest.mark.parametrize("use", ["strings", "numbers", "vectors", "pairs"])
def test_a_column_of_any_kind_is_used_or_refused(kind, use):
    documents = Documents(None, {"x": KINDS_OF_COLUMNS[kind]})
    try:
        assert len(getattr(documents, use)("x")) > 0
    except ViktError as error:
        assert "column 'x'" in str(error)
        assert "\n" not in str(error)


@pytest.mark.parametrize(("name", "content"), [
    ("a.csv", b"," * 300_000),
    ("a.tsv", b"\t" * 300_000),
    ("a.jsonl", b"{" + b",".join(b'"%d":1' % i for i in range(100_000)) + b',"99999":1}'),
    ("a.jsonl", b'{"a": ' + b"[" * 600 + b"]" * 600 + b"}"),
    ("a.jsonl", b'{"a": ' + b'{"b":' * 600 + b"1" + b"}" * 601),
    ("a.jsonl", b'{"\\ud800": "a"}'),
    ("a.svmlight", b"1 " + b"9" * 1_000_000 + b":1"),
    ("a.csv", b'a\n"' + b"x\n" * 500_000),
])  # fmt: skip
def test_large_and_deep_ones_are_refused_at_once(name, content):
    assert read_or_refused(name, content) is None


def test_text_that_says_it_is_utf8_in_parquet_is_tested(tmp_path):
    pq.write_table(pa.table({"text": KINDS_OF_COLUMNS["no UTF-8, large"]}), tmp_path / "a.parquet")
    with pytest.raises(ViktError, match="row 1, column 'text': expected UTF-8, found byte 0xff"):
        read_table(tmp_path / "a.parquet").column("text")


def test_damage_of_a_packed_document_in_a_folder_is_told(tmp_path):
    (tmp_path / "ham").mkdir()
    (tmp_path / "ham" / "a.txt").write_bytes(gzip.compress(b"a" * 1000)[:-9])
    with pytest.raises(ViktError, match=r"a\.txt: reading failed"):
        read_table(tmp_path)


@pytest.mark.parametrize(("check", "strategies", "n_examples"), FUZZES)
def test_the_same_examples_every_time(check, strategies, n_examples):
    run(check, strategies, max_examples=n_examples, derandomize=True)


@pytest.mark.slow
@pytest.mark.parametrize(("check", "strategies", "n_examples"), FUZZES)
def test_thousands_of_new_examples(check, strategies, n_examples):
    run(check, strategies, max_examples=30 * n_examples)
