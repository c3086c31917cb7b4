"""Reading tables: what is written is what is read, and what cannot be read is refused by file and row."""

import csv
import gzip
import io
import json
import os
import re
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import feather

from vikt.corpus import read_text
from vikt.corpus.readers import read_batches, read_lines, read_table
from vikt.corpus.sources import find_sources
from vikt.corpus.texts import Texts
from vikt.errors import ColumnError, DataError, EncodingError, InputFileError, UsageError

CORPORA = Path(os.environ.get("VIKT_DATA", Path(__file__).parents[3] / "shared" / "data"))
AS_WRITTEN = ["NA", "null", "nan", "None", "true", "007", "1.0", "", " padded ", "-", "2020-01-01", "1e5"]


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture
def made(tmp_path):
    return lambda name, content: write(tmp_path / name, content)


def read(path):
    """The columns of a table as lists."""
    table = read_table(path)
    return {name: table.spelled(name).to_pylist() for name in table.names}


# What is written is what is read.

values = st.text(st.characters(codec="utf-8"), max_size=12)
rows = st.lists(st.tuples(values, values), min_size=1, max_size=8)


@given(rows)
def test_csv_gives_back_what_the_csv_module_writes(tmp_path_factory, pairs):
    path = tmp_path_factory.getbasetemp() / "round.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("a", "b"), *pairs])
    assert list(read_table(path).arrow.to_pydict().values()) == [list(side) for side in zip(*pairs, strict=True)]


@given(rows)
def test_jsonl_gives_back_what_json_writes(tmp_path_factory, pairs):
    path = tmp_path_factory.getbasetemp() / "round.jsonl"
    lines = "".join(json.dumps({"a": a, "b": b}, ensure_ascii=False) + "\n" for a, b in pairs)
    write(path, lines)
    assert [list(pair) for pair in pairs] == [list(row.values()) for row in read_table(path).arrow.to_pylist()]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r"), max_size=12), min_size=1))
def test_tsv_of_one_column_is_its_lines(tmp_path_factory, texts):
    path = write(tmp_path_factory.getbasetemp() / "round.tsv", "text\n" + "".join(text + "\n" for text in texts))
    assert read_table(path).strings("text") == texts


@pytest.mark.parametrize("first", [0x50, 0x5F])
def test_frames_that_are_skipped_may_stand_anywhere_in_zstandard(tmp_path, first):
    skipped = bytes([first]) + b"\x2a\x4d\x18\x04\0\0\0abcd"
    rows = [pa.compress(row, "zstd", asbytes=True) for row in (b"text\n", b"one\n", b"two\n")]
    (tmp_path / "a.csv.zst").write_bytes(skipped + rows[0] + rows[1] + skipped + rows[2] + skipped)
    assert read(tmp_path / "a.csv.zst") == {"text": ["one", "two"]}


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".arrow"])
def test_no_type_is_guessed(tmp_path, suffix):
    path, texts = tmp_path / f"table{suffix}", [f"text {i}" for i in range(len(AS_WRITTEN))]
    if suffix == ".parquet":
        pq.write_table(pa.table({"label": AS_WRITTEN, "text": texts}), path)
    elif suffix == ".arrow":
        feather.write_feather(pa.table({"label": AS_WRITTEN, "text": texts}), path)
    elif "json" in suffix or "nd" in suffix:
        lines = (json.dumps({"label": a, "text": b}) for a, b in zip(AS_WRITTEN, texts, strict=True))
        write(path, "\n".join(lines))
    else:
        mark = {".csv": ",", ".tsv": "\t"}[suffix]
        write(path, f"label{mark}text\n" + "\n".join(map(mark.join, zip(AS_WRITTEN, texts, strict=True))))
    table = read_table(path)
    assert table.strings("label") == AS_WRITTEN
    assert {table.spelled(name).type for name in table.names} == {pa.large_string()}
    assert list(Texts.from_arrow(table.column("label"))) == [value.encode() for value in AS_WRITTEN]


def test_csv_quotes_line_ends_and_mark(made):
    path = made("a.csv", b'\xef\xbb\xbf"label",text\r\nham,"say ""hi"",\r\nthen\ngo"\r\nspam,a"b\0\r\n')
    assert read(path) == {"label": ["ham", "spam"], "text": ['say "hi",\r\nthen\ngo', 'a"b\0']}


def test_tsv_has_no_quoting_and_only_a_line_feed_ends_a_row(made):
    content = 'label\ttext\r\nham\t"open\rstill here\u2028and\x85here\nspam\tclose"\0\r\n'
    assert read(made("a.tsv", content)) == {
        "label": ["ham", "spam"],
        "text": ['"open\rstill here\u2028and\x85here', 'close"\0'],
    }


def test_jsonl_keeps_the_numbers_spelling(made):
    lines = ['{"n": 1.0}', '{"n": 1e5}', '{"n": true}', '{"n": -0}', '{"n": 123456789012345678901234567890}']
    expected = ["1.0", "1e5", "true", "-0", "123456789012345678901234567890"]
    assert read(made("a.jsonl", "\n".join(lines)))["n"] == expected


def test_jsonl_line_separators_are_text(made):
    assert read(made("a.jsonl", '\ufeff{"t": "a\u2028b\x85c"}\r\n\n{"t": "d\\u0000"}\n'))["t"] == [
        "a\u2028b\x85c",
        "d\0",
    ]


def test_parquet_types_become_strings(tmp_path):
    columns = {
        "dictionary": pa.array(["b", "a", "b"]).dictionary_encode(),
        "integer": pa.array([7, -1, 300], pa.int16()),
        "boolean": pa.array([True, False, True]),
        "float": pa.array([1.0, 0.5, -2.0]),
        "single": pa.array([0.1, 2.0, 3.5], pa.float32()),
        "bytes": pa.array([b"x", "é".encode(), b""]),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == {
        "dictionary": ["b", "a", "b"],
        "integer": ["7", "-1", "300"],
        "boolean": ["true", "false", "true"],
        "float": ["1.0", "0.5", "-2.0"],
        "single": ["0.1", "2.0", "3.5"],
        "bytes": ["x", "é", ""],
    }


def test_wanted_columns_in_their_order(tmp_path, made):
    pq.write_table(pa.table({"a": ["1"], "b": ["2"], "c": ["3"]}), tmp_path / "w.parquet")
    paths = [made("w.csv", "a,b,c\n1,2,3\n"), made("w.jsonl", '{"a": 1, "b": 2, "c": [3]}'), tmp_path / "w.parquet"]
    for path in paths:
        assert read_table(path, wanted=["b", "a"]).arrow.to_pydict() == {"b": ["2"], "a": ["1"]}
        with pytest.raises(ColumnError, match=r"expected a column 'd', found 'a', 'b', 'c'"):
            read_table(path, wanted=["d"])


# Rows against lines, whole and in batches.


def test_rows_are_counted_against_lines(made):
    table = read_table(made("a.tsv", "\nlabel\ttext\nham\ta\n\nham\tb\n\n\n"))
    assert (table.n_rows, table.n_lines, table.n_blank) == (2, 7, 4)
    table = read_table(made("a.csv", 'label,text\nham,"a\n\nb"\n\n'))
    assert (table.n_rows, table.n_lines, table.n_blank) == (1, 5, 1)


def test_a_blank_line_of_a_table_of_one_column_is_an_empty_text(made):
    assert read(made("a.tsv", "text\na\n\nb\n"))["text"] == ["a", "", "b"]
    assert read(made("a.csv", 'text\na\n\n""\n'))["text"] == ["a", "", ""]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_batches_together_are_the_table(tmp_path, suffix):
    path, mark = tmp_path / f"a{suffix}", "," if suffix == ".csv" else "\t"
    table = {"label": [str(i % 3) for i in range(100)], "text": [f"text {i}" for i in range(100)]}
    if suffix == ".parquet":
        pq.write_table(pa.table(table), path)
    elif suffix == ".jsonl":
        write(path, "".join(json.dumps({name: table[name][i] for name in table}) + "\n" for i in range(100)))
    else:
        write(path, f"label{mark}text\n" + "".join(f"{i % 3}{mark}text {i}\n" for i in range(100)))
    batches = list(read_batches(path, rows_per_batch=25))
    assert [batch.place(0) for batch in batches if batch.n_rows] == [f"{path}, row {n}" for n in (1, 26, 51, 76)]
    assert [text for batch in batches for text in batch.strings("text")] == table["text"]
    assert read(path) == table
    lines = {".parquet": 0, ".jsonl": 100}.get(suffix, 101)
    assert sum(batch.n_lines or 0 for batch in batches) == lines


def test_long_rows_end_a_batch_early(made, monkeypatch):
    monkeypatch.setattr(read_text, "BYTES_PER_BATCH", 1000)
    path = made("a.tsv", "text\n" + ("x" * 400 + "\n") * 9)
    assert max(batch.n_rows for batch in read_batches(path)) == 3


def test_one_line_of_many_megabytes(made):
    text = "word " * 2_000_000
    assert read_table(made("a.csv", f'label,text\nham,"{text}"\n')).strings("text") == [text]
    assert read_table(made("a.tsv", f"label\ttext\nham\t{text}\n")).strings("text") == [text]


# What cannot be read is refused by one clear line.


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("a.tsv", "", DataError, "file is empty"),
        ("a.csv", "\n\n", DataError, "file is empty"),
        ("a.jsonl", "", DataError, "expected rows of data, found none"),
        ("a.tsv", "label\ttext\n", DataError, "only a header"),
        ("a.csv", "label,text\n", DataError, "only a header"),
        ("a.tsv", "a\tb\n1\t2\n1\n", DataError, r"a.tsv, row 2 \(line 3\): expected 2 fields \('a', 'b'\), found 1"),
        ("a.csv", 'a,b\n"1\n2",2\n1,2,3\n', DataError, r"row 2 \(line 4\): expected 2 fields \('a', 'b'\), found 3"),
        ("a.csv", 'a,b\n1,2\n1,"open\n2,3\n4,5\n', DataError, "starts on line 3: a quotation mark is opened and never"),
        ("a.csv", 'a,b\n1,"x"y\n', DataError, "line 2: text follows a closing quotation mark"),
        ("a.csv", "a,b\n1,x\ry\n", DataError, "line 2: a carriage return"),
        ("a.csv", "a,b,a\n1,2,3\n", ColumnError, "found 'a' 2 times"),
        ("a.jsonl", '{"a": 1, "a": 2}', ColumnError, "line 1: column names must differ, found 'a' 2 times"),
        (
            "a.jsonl",
            '{"a": 1}\n\n{"a": }\n',
            DataError,
            r"line 3: expected a JSON object, found .* \(Expecting value at character 7\)",
        ),
        ("a.jsonl", '{"a":"b"\n', DataError, r"line 1: .*\(Expecting ',' delimiter at character 9\)"),
        ("a.jsonl", '[{"a": 1}]', DataError, "name an array of objects .json"),
        ("a.jsonl", '{"a": NaN}', DataError, "line 1: .*NaN is not JSON"),
        ("a.jsonl", '{"a": ' + "[" * 100_000, DataError, "expected a JSON object"),
        ("a.jsonl", '{"a": "b"}\n{"a": "\\ud800"}', EncodingError, "column 'a', row 2: found half a surrogate pair"),
        (
            "a.tsv",
            b"a\tb\nx\tcaf\xe9\n",
            EncodingError,
            "a.tsv, line 2: .* byte 0xe9 at offset 9.*iconv -f LATIN1 -t UTF-8",
        ),
        ("a.csv", "a,b\nx,y\n".encode("utf-16"), EncodingError, "line 1: .* UTF-16; .*iconv -f UTF-16 -t UTF-8"),
        ("a.csv", "a,b\nx,y\n".encode("utf-32"), EncodingError, "iconv -f UTF-32"),
        ("a.csv", b"\x1f\x8b\x08\0", InputFileError, "Truncated compressed stream"),
        ("a.parquet", "a,b\n1,2\n", InputFileError, "expected Parquet"),
        ("a.parquet", "", InputFileError, "expected Parquet"),
        ("a.xlsx", "a,b\n1,2\n", InputFileError, "a.xlsx: is a workbook, .*; save the sheet as CSV"),
        ("a.docx", "a,b\n1,2\n", InputFileError, r"\.arrow, \.csv, .* found '\.docx'"),
        ("a.json", '{"data": [{"text": "x"}]}', DataError, "a list named 'data'; write the list alone"),
        ("a", "a,b\n1,2\n", InputFileError, "found no suffix;"),
    ],
)
def test_refusals(made, name, content, error, message):
    with pytest.raises(error, match=message) as refusal:
        read_table(made(name, content))
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).split(",")[0].split(":")[0].endswith(name)


def test_the_command_that_converts_a_file_names_it(made):
    path = made("my mail.tsv", b"a\tb\nx\tcaf\xe9\n")
    with pytest.raises(EncodingError) as refusal:
        read_table(path)
    assert f"< '{path}' > '{path.with_stem('my mail-converted')}'" in str(refusal.value)
    with pytest.raises(EncodingError, match=r"convert it first: \.\.\. \| iconv -f LATIN1 -t UTF-8$"):
        read_table(made("a.tsv.gz", gzip.compress(path.read_bytes())))


def test_a_table_named_as_lines_of_text(made):
    table = read_table(made("a.txt", "text,label\nwin,spam\n"))
    with pytest.raises(DataError, match=r"line 1: .* write one before it, or, if the file is a table, name it \.csv"):
        table.strings("label")


def test_files_that_cannot_be_opened(tmp_path, made):
    made("mails.tsv", "a\n1\n")
    with pytest.raises(InputFileError, match=r'no such file.*did you mean ".*mails.tsv"'):
        read_table(tmp_path / "mail.tsv")
    for name in ("tails-of-cats.tsv", "mail.csv", "emu.tsv"):
        with pytest.raises(InputFileError, match=r"no such file; check the path$"):
            read_table(tmp_path / name)
    with pytest.raises(InputFileError, match="no such file"):
        read_table(tmp_path / "nowhere" / "mail.tsv")
    with pytest.raises(InputFileError, match="cannot be opened"):
        read_table(f"{tmp_path}/a\0b.tsv")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission(made):
    path = made("a.tsv", "a\n1\n")
    path.chmod(0)
    with pytest.raises(InputFileError, match="not permitted"):
        read_table(path)


def test_parquet_cut_short(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [str(i) * 50 for i in range(10_000)]}), path)
    content = bytearray(path.read_bytes())
    content[100 : len(content) // 2] = bytes(len(content) // 2 - 100)
    for damaged in (content[:-100], content):
        with pytest.raises(InputFileError, match="expected Parquet"):
            read_table(write(path, bytes(damaged)))


def test_parquet_that_is_not_utf8(tmp_path):
    pq.write_table(pa.table({"text": [b"good", b"", b"caf\xe9"]}), tmp_path / "a.parquet")
    with pytest.raises(EncodingError, match=r"row 3, column 'text': .*0xe9 at offset 3"):
        read_table(tmp_path / "a.parquet").column("text")


def test_doubled_and_empty_parquet(tmp_path):
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["x", "x"]), tmp_path / "a.parquet")
    with pytest.raises(ColumnError, match="found 'x' 2 times"):
        read_table(tmp_path / "a.parquet")
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match="found none"):
        read_table(tmp_path / "b.parquet")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"t": "a"}, {"t": None}], r"row 2: expected a string in column 't', found a null"),
        ([{"t": "a"}, {"u": "b"}], r"row 2: expected a string in column 't', found a null or no value"),
        ([{"t": "a"}, {"t": ["b"]}], r"row 2, column 't': expected a string, found \[\"b\"\]"),
        ([{"t": "a"}, {"t": {"b": 1}}], r"row 2, column 't': expected a string, found {\"b\": 1}"),
        ([{"t": 1}, {"t": "x"}, {"t": "1"}], r'1 and the string "1", in rows 1 and 3'),
        ([{"t": "true"}, {"t": True}], r'true and the string "true", in rows 1 and 2'),
    ],
)
def test_a_column_is_refused_when_it_is_used(made, rows, message):
    path = made("a.jsonl", "".join(json.dumps({**row, "other": "x"}) + "\n" for row in rows))
    table = read_table(path)
    assert table.strings("other") == ["x"] * len(rows)
    for use in (lambda: table.column("t"), lambda: read_table(path, wanted=["t"])):
        with pytest.raises(DataError, match=message):
            use()


def test_a_column_missing_from_a_later_batch_is_null_there(made, monkeypatch):
    monkeypatch.setattr(read_text, "BYTES_PER_BATCH", 1)
    table = read_table(made("a.jsonl", '{"t": "a", "u": "b"}\n{"t": 1}\n'))
    assert table.arrow.to_pydict() == {"t": ["a", "1"], "u": ["b", None]}
    with pytest.raises(DataError, match="row 2"):
        table.column("u")


def test_nulls_and_nested_values_of_parquet(tmp_path):
    table = pa.table({"text": ["a", None], "tags": [["x"], ["y"]], "label": ["1", "2"]})
    pq.write_table(table, tmp_path / "a.parquet")
    found = read_table(tmp_path / "a.parquet")
    assert found.strings("label") == ["1", "2"]
    assert found.spelled("tags").to_pylist() == ['["x"]', '["y"]']
    with pytest.raises(DataError, match="row 2: expected a string in column 'text'"):
        found.column("text")
    with pytest.raises(DataError, match="column 'tags': expected strings, found list"):
        read_table(tmp_path / "a.parquet", wanted=["tags"])


# The formats of other programs, folders, several files, packed files.


def test_fasttext_lines(made):
    path = made(
        "mails.txt", '\ufeff__label__ham See you, __friend__\r\n\n__label__a,b the "x" \n win __label__spam now'
    )
    table = read_table(path)
    assert table.strings("label") == ["ham", "a,b", "spam"]
    assert table.strings("text") == ["See you, __friend__", 'the "x" ', " win now"]
    assert (table.n_lines, table.n_blank) == (4, 1)
    assert [table.place(i) for i in range(3)] == [f"{path}, line {n}" for n in (1, 3, 4)]
    named = made("cooking.train", path.read_bytes())
    assert read_table(named).strings("label") == ["ham", "a,b", "spam"]
    assert [text for batch in read_batches(path) for text in batch.strings("text")][1] == ""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("__label__a, __label__b text", r"line 2: expected one label, found 2 \('a,', 'b'\)"),
        ("__label__a, text", "line 2: the label 'a,' ends in a comma"),
        ("__label__ text", "line 2: expected a label, found __label__ alone"),
        ("text without", "line 2: expected a label such as __label__ham, found none in 'text without'"),
    ],
)
def test_fasttext_labels_that_cannot_be(made, line, message):
    table = read_table(made("a.txt", f"__label__a one\n{line}\n"))
    assert len(table.strings("text")) == 2
    with pytest.raises(DataError, match=message):
        table.column("label")


def test_svmlight(made):
    table = read_table(made("a.svm", "# made by hand\n+1 1:0.5 4294967297:2 # one\n\n-1\n+1 3:1e3\n"))
    assert table.strings("label") == ["+1", "-1", "+1"]
    assert table.native("features").to_pylist() == [
        [{"index": 1, "value": 0.5}, {"index": 2**32 + 1, "value": 2.0}],
        [],
        [{"index": 3, "value": 1000.0}],
    ]
    assert (table.n_lines, table.n_blank, table.place(1)[-6:]) == (5, 2, "line 4")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1 2:1 1:1", "line 2: indices must rise, found that 1 comes after 2"),
        ("1 2:1 2:1", "line 2: indices must rise, found that 2 is there twice"),
        ("1 -1:1", "line 2: expected index:value, found '-1:1'"),
        ("1 1.5:1", "line 2: expected index:value"),
        ("1 qid:3 1:1", "line 2: expected index:value, found 'qid:3'"),
        ("1 1:nan", "line 2: expected a finite number, found '1:nan'"),
        ("1 1:", "line 2: expected a finite number"),
        ("1 1:1_0", "line 2: expected a finite number, found '1:1_0'"),
        ("1 9223372036854775808:1", "line 2: the index 9223372036854775808 is above"),
        ("1:1 2:1", "line 2: expected a label, found '1:1'"),
        ("1,2 2:1", "line 2: expected one label"),
    ],
)
def test_svmlight_lines_that_cannot_be(made, line, message):
    with pytest.raises(DataError, match=message):
        read_table(made("a.svmlight", f"1 1:1\n{line}\n"))


@pytest.mark.parametrize(("place", "pattern"), [("p0.parquet", "*.parquet"), ("year=1/p0.arrow", "*/*.arrow")])
def test_a_folder_of_tables_is_refused_with_the_pattern_that_reads_them(tmp_path, place, pattern):
    path = tmp_path / "in" / place
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    with pytest.raises(InputFileError, match=re.escape(f"{path}: expected a text, found a table")) as refused:
        read_table(tmp_path / "in")
    assert str(refused.value).endswith(f"'{tmp_path}/in/{pattern}'")
    assert find_sources([tmp_path / "in" / pattern]) == [str(path)]


def test_a_folder_a_class(tmp_path):
    for name, content in {
        "ham/1.txt": "lunch\non friday",
        "ham/deep/2.txt": "\ufeffthe report",
        "spam/3.txt": "",
        "spam/.DS_Store": "\xff",
        "urls.txt": "loose",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path / name, content)
    table = read_table(tmp_path)
    assert table.strings("label") == ["ham", "ham", "spam"]
    assert table.strings("text") == ["lunch\non friday", "the report", ""]
    assert "skipped 1 file outside the class folders" in table.notes[0]
    write(tmp_path / "spam" / "4.txt", b"good\ncaf\xe9")
    with pytest.raises(EncodingError, match=r"4.txt: expected UTF-8, found byte 0xe9 at offset 8.*LATIN1"):
        read_table(tmp_path)


def test_several_files_and_patterns(tmp_path):
    for name in ("b.tsv", "a.tsv", "c.csv"):
        write(tmp_path / name, "x")
    assert find_sources([tmp_path / "*.tsv", tmp_path / "c.csv"]) == [
        str(tmp_path / name) for name in ("a.tsv", "b.tsv", "c.csv")
    ]
    with pytest.raises(InputFileError, match="no file matches"):
        find_sources([tmp_path / "*.parquet"])
    with pytest.raises(UsageError, match="named twice"):
        find_sources([tmp_path / "a.*", tmp_path / "a.tsv"])


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
@pytest.mark.parametrize("suffix", [".tsv", ".parquet"])
def test_packed_files(tmp_path, codec, suffix):
    plain, table = tmp_path / f"a{suffix}", {"label": ["ham"] * 3000, "text": [f"text {i}" for i in range(3000)]}
    if suffix == ".parquet":
        pq.write_table(pa.table(table), plain)
    else:
        write(plain, "label\ttext\n" + "".join(f"ham\t{text}\n" for text in table["text"]))
    packed = pa.compress(plain.read_bytes(), codec=codec, asbytes=True)
    name = {"gzip": ".gz", "zstd": ".zst"}[codec]
    assert read(write(tmp_path / f"b{suffix}{name}", packed)) == table
    with pytest.raises(InputFileError, match="Truncated"):
        read_table(write(tmp_path / f"c{suffix}{name}", packed[:-20]))


def test_gzip_may_have_several_members_and_be_padded_with_zeros(made):
    packed = gzip.compress(b"a\n1\n") + gzip.compress(b"2\n")
    assert read(made("a.csv.gz", packed + b"\0" * 700)) == {"a": ["1", "2"]}
    damaged = bytearray(packed)
    damaged[12] ^= 255
    for content in (packed + b"more", bytes(damaged)):
        with pytest.raises(InputFileError, match="reading failed"):
            read_table(made("b.csv.gz", content))


def test_arrow_stream_and_damage(tmp_path):
    table, path = pa.table({"text": ["a", "b"], "n": [1, 2]}), tmp_path / "a.arrow"
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table)
    assert read(path) == {"text": ["a", "b"], "n": ["1", "2"]}
    content = bytearray(path.read_bytes())
    offsets = content.rindex(b"\x01\0\0\0\x02\0\0\0")
    content[offsets : offsets + 4] = b"\xff\xff\xff\x7f"
    for damaged in (content, content[:200]):
        with pytest.raises(InputFileError, match="expected Arrow"):
            read_table(write(tmp_path / "b.arrow", bytes(damaged)))


# Standard input.


def standard_input(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))


def test_standard_input_is_jsonl(monkeypatch):
    standard_input(monkeypatch, b'\n{"text": "a"}\n{"text": "b"}\n')
    table = read_table("-")
    assert (table.strings("text"), table.path, table.n_lines) == (["a", "b"], "standard input", 3)
    for line, format in ((b"label,text\nham,a\n", "csv"), (b"label\ttext\nham\ta\n", "tsv")):
        standard_input(monkeypatch, line)
        with pytest.raises(UsageError, match=f"standard input: expected JSONL or fastText lines, .* format='{format}'"):
            read_table("-")
    standard_input(monkeypatch, b"label,text\nham,a\n")
    assert read_table("-", format="csv").strings("text") == ["a"]
    standard_input(monkeypatch, b"\n__label__ham a\n")
    assert read_table("-").strings("label") == ["ham"]
    standard_input(monkeypatch, b"")
    with pytest.raises(DataError, match="found none"):
        read_table("-")


def test_documents_a_line():
    stream = io.BytesIO(b"\xef\xbb\xbfone\r\n\ntw\ro\0\nthree")
    assert list(read_lines(stream)) == ["one", "", "tw\ro\0", "three"]
    lines = read_lines(io.BytesIO(b"good\nbad \xff\n"))
    assert next(lines) == "good"
    with pytest.raises(EncodingError, match=r"standard input, line 2: .*0xff at offset 9"):
        next(lines)


def test_a_document_is_given_before_the_next_has_come():
    end, begin = os.pipe()
    with os.fdopen(end, "rb") as stream, os.fdopen(begin, "wb", buffering=0) as source:
        lines = read_lines(stream)
        for text in ("first", "second"):
            source.write(text.encode() + b"\n")
            assert next(lines) == text


# Real corpora.


@pytest.mark.parametrize(
    ("name", "n_rows"),
    [
        ("sms/sms.tsv", 5_574),
        ("trec/train.tsv", 5_452),
        ("languages/test.tsv", 12_446),
        ("names/tokens.csv", 99_998),
        ("imdb/test.parquet", 25_000),
    ],
)
def test_real_corpora_are_read_whole(name, n_rows):
    path = CORPORA / name
    if not path.exists():
        pytest.skip(f"corpus {name} is not there; set VIKT_DATA to the folder of the corpora")
    table = read_table(path)
    assert table.n_rows == n_rows
    assert table.n_lines in (None, n_rows + 1)


def test_the_comma_and_the_quotation_mark_of_the_token_corpus():
    path = CORPORA / "names/tokens.csv"
    if not path.exists():
        pytest.skip("corpus names/tokens.csv is not there; set VIKT_DATA to the folder of the corpora")
    tokens = set(read_table(path, wanted=["token"]).strings("token"))
    assert {'","', '""""'} <= tokens
