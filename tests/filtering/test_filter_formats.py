"""Every format comes out as it went in, without the rows that are dropped: bytes, schema, metadata, order."""

from __future__ import annotations

import csv
import datetime
import decimal
import gzip
import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_of_kinds import fitted
from vikt.corpus.dialect import Dialect
from vikt.errors import DataError
from vikt.filtering.inputs import find_inputs
from vikt.filtering.keep import KeepCondition
from vikt.filtering.row_filter import RowFilter
from vikt.filtering.run import filter_files

LABELS = ["joy", "fear", "no joy"] * 4
TEXTS = ["happy love", "sad rain", "glad smile", "", "angry day 🌧", 'love, "hug"', "rain", "happy día"] * 3


@pytest.fixture(scope="module")
def model():
    return fitted(LABELS).model_


@pytest.fixture(scope="module")
def keep_file(model, tmp_path_factory):
    """Filter a file of some content: the content that comes out."""

    def call(
        name, content, keep="length >= 0", scores=False, separator=None, dialect=Dialect(), text="text", **options,  # noqa: B008
    ):  # fmt: skip
        folder = tmp_path_factory.mktemp("filter")
        (folder / name).write_bytes(content)
        condition = KeepCondition.of(keep, model)
        row_filter = RowFilter(model, condition, text, None, separator, condition.labels if scores else ())
        inputs = find_inputs([str(folder / name)], str(folder / "out"))
        outcome = filter_files(row_filter, inputs, str(folder / "out"), {}, dialect=dialect, **options)
        call.tally = outcome.tally
        return (folder / "out" / name).read_bytes()

    return call


def jsonl(rows, end="\n"):
    return "".join(json.dumps(row, ensure_ascii=False) + end for row in rows).encode()


def csv_of(rows, **how):
    stream = io.StringIO(newline="")
    csv.writer(stream, **how).writerows(rows)
    return stream.getvalue().encode()


def p_joy(model, texts):
    return model.probabilities(texts)[:, model.labels.index("joy")]


FILES = {
    "a.jsonl": jsonl({"id": i, "text": text, "n": 1.0} for i, text in enumerate(TEXTS)),
    "odd.jsonl": b'{ "text":"a\\u00e9" , "big":123456789012345678901234567890, "f":1.50e+3}\r\n{"text":"b"}',
    "a.csv": csv_of([["id", "text"], *([i, text] for i, text in enumerate(TEXTS))]),
    "quoted.csv": b'\xef\xbb\xbf"id","text"\r\n"1","two\r\nlines, ""quoted"""\r\n2,5" disk\r\n3,last',
    "separator.csv": b"sep=;\nid;text\n1;a,b\n2;c\n",
    "a.tsv": b'id\ttext\n1\tsays "hi\n2\t  blanks \n',
}


@pytest.mark.parametrize("name", FILES)
def test_what_keeps_every_row_gives_back_the_same_bytes(keep_file, name):
    assert keep_file(name, FILES[name]) == FILES[name]
    assert keep_file(name + ".gz", gzip.compress(FILES[name]))[:2] == b"\x1f\x8b"
    assert gzip.decompress(keep_file(name + ".gz", gzip.compress(FILES[name]))) == FILES[name]
    packed = pa.compress(FILES[name], "zstd", asbytes=True)
    again = keep_file(name + ".zst", packed)
    assert pa.CompressedInputStream(pa.BufferReader(again), "zstd").read() == FILES[name]


def test_a_row_that_is_kept_has_the_bytes_that_it_had(keep_file):
    assert keep_file("quoted.csv", FILES["quoted.csv"], "length > 8") == (
        b'\xef\xbb\xbf"id","text"\r\n"1","two\r\nlines, ""quoted"""\r\n'
    )
    assert keep_file("odd.jsonl", FILES["odd.jsonl"], "length < 2") == b'{"text":"b"}'


@given(rows=st.lists(st.tuples(st.text("ab,\";'é\n\r 1", max_size=6), st.text('ab"\n', max_size=4)), max_size=8))
def test_rows_of_any_csv_are_those_that_python_reads(keep_file, rows):
    content = csv_of([["text", "b"], *rows])
    kept = list(csv.reader(io.StringIO(keep_file("a.csv", content, "length > 2").decode(), newline="")))
    assert kept == [["text", "b"], *(list(row) for row in rows if len(row[0]) > 2)]


@given(
    rows=st.lists(
        st.dictionaries(
            st.sampled_from(["a", 'b"', "é"]), st.none() | st.integers() | st.text(max_size=5) | st.lists(st.booleans())
        ),
        max_size=6,
    ),
    texts=st.lists(st.text(st.characters(blacklist_categories=["Cs"]), max_size=5), min_size=6, max_size=6),
)
def test_rows_of_any_jsonl_are_kept_as_values(keep_file, model, rows, texts):
    full = [{**row, "text": text} for row, text in zip(rows, texts, strict=False)]
    kept = keep_file("a.jsonl", jsonl(full), "length > 2 and P(joy) >= 0", scores=True)
    expected = [row for row in full if len(row["text"]) > 2]
    found = [json.loads(line) for line in kept.decode().split("\n") if line]
    for row, text in zip(found, [row["text"] for row in expected], strict=True):
        assert row.pop("P(joy)") == pytest.approx(p_joy(model, [text])[0], rel=1e-12)
    assert found == expected


def test_scores_are_those_of_the_classifier(keep_file, model):
    expected = p_joy(model, TEXTS)
    least = float(np.median(expected))
    is_kept = expected >= least
    lines = keep_file("a.jsonl", FILES["a.jsonl"], f"P(joy) >= {least!r}", scores=True).splitlines()
    assert [json.loads(line)["P(joy)"] for line in lines] == expected[is_kept].tolist()
    assert [json.loads(line)["id"] for line in lines] == np.flatnonzero(is_kept).tolist()
    table = list(csv.reader(io.StringIO(keep_file("a.csv", FILES["a.csv"], f"P(joy) >= {least!r}", True).decode())))
    assert table[0] == ["id", "text", "P(joy)"]
    assert [float(row[2]) for row in table[1:]] == expected[is_kept].tolist()
    assert keep_file.tally.kept == is_kept.sum()


def test_the_header_gets_the_names_of_scores_in_its_own_line(keep_file):
    assert keep_file("s.csv", b"sep=;\nid;text\n\n1;a\n", "P('no joy') > 2%", True).startswith(
        b"sep=;\nid;text;P(no joy)\n\n1;a;0."
    )
    assert keep_file("h.csv", b"id,text", "P(joy) > 0", True) == b"id,text,P(joy)"


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_scores_stand_in_the_header_alone_however_many_pieces_a_file_has(keep_file, end):
    content = ("text,n\n" + "\n".join(f"love {i},y" for i in range(9_000)) + end).encode()
    kept = list(csv.reader(io.StringIO(keep_file("a.csv", content, "P(joy) <= 1", scores=True).decode())))
    assert kept[0] == ["text", "n", "P(joy)"]
    assert [row[:2] for row in kept[1:]] == [[f"love {i}", "y"] for i in range(9_000)]
    assert {len(row) for row in kept} == {3}
    short = keep_file("s.csv", b'sep=;\ntext;n\n"a; b";x\nsee you;b\n' + end.encode(), "P(joy) <= 1", scores=True)
    assert not short.splitlines()[-1].startswith(b";")


def test_files_without_rows_stay_so(keep_file):
    assert keep_file("a.jsonl", b"") == b""
    assert keep_file("a.jsonl", b"\n\n") == b""
    assert keep_file("a.csv", b"id,text\r\n") == b"id,text\r\n"
    empty = pa.schema([("text", pa.string())], {"by": "us"}).empty_table()
    found = pq.read_table(pa.BufferReader(keep_file("a.parquet", parquet(empty), "P(joy) > 2%", scores=True)))
    assert found.schema.names == ["text", "P(joy)"]


def test_blank_lines_and_repeated_headers_of_joined_files_are_no_rows(keep_file):
    content = b"id,text\n1,a\n\nid,text\n2,bb\n"
    assert keep_file("a.csv", content, "length > 1") == b"id,text\n2,bb\n"
    assert keep_file("a.jsonl", b'\n{"text": "a"}\n \n{"text": "bb"}\n') == b'{"text": "a"}\n{"text": "bb"}\n'


# Parts


def test_a_document_keeps_the_parts_that_satisfy_the_condition(keep_file, model):
    content = (
        b'{"n":1.50, "text":"happy love smile\\n\\nsad rain, rain\\nangry\\nglad day", "id":"x"}\n{"text":"angry"}\n'
    )
    kept = keep_file("a.jsonl", content, "length > 6 and P(joy) > 0", separator=b"\n", scores=True)
    row = json.loads(kept)
    assert row["text"] == "happy love smile\n\nsad rain, rain\nglad day"
    parts = ["happy love smile\n", "sad rain, rain", "glad day"]
    assert row["P(joy)"] == pytest.approx(p_joy(model, parts).tolist())
    assert list(row) == ["n", "text", "id", "P(joy)"]
    assert kept.startswith(b'{"n": 1.50, ')
    tally = keep_file.tally
    assert (tally.documents, tally.kept, tally.parts, tally.kept_parts) == (2, 1, 5, 3)


@pytest.mark.parametrize("separator", [b"\n", b"ab", "é".encode()])
def test_a_document_of_which_every_part_is_kept_has_the_bytes_that_it_had(keep_file, separator):
    texts = ["a\n\nb", "\n\n", "", "\na", "b\n", "ababab", "ééaé", "x\n \n\ty"]
    content = jsonl([{"text": text} for text in texts])
    assert keep_file("a.jsonl", content, separator=separator) == content


def test_parts_in_csv_and_parquet(keep_file):
    content = b'id,text,z\r\n7,"long enough, yes\nno",q\r\n8,no,q\r\n'
    kept = keep_file("a.csv", content, "length > 4", separator=b"\n")
    assert kept == b'id,text,z\r\n7,"long enough, yes",q\r\n'
    scored = keep_file("a.csv", content, "length > 1 and P(joy) > 0", separator=b"\n", scores=True)
    header, row = csv.reader(io.StringIO(scored.decode().replace("\r\n8,no", "\r\n#8,no").split("\r\n#")[0]))
    assert header[-1] == "P(joy)"
    assert len(row[-1].split(",")) == 2
    for kind in (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())):
        table = pa.table({"text": pa.array(["long enough\nno", "no"]).cast(kind), "n": [1, 2]})
        found = pq.read_table(pa.BufferReader(keep_file("a.parquet", parquet(table), "length > 4", separator=b"\n")))
        assert found.schema == table.schema
        assert found.column("text").to_pylist() == ["long enough"]


def test_names_of_json_stay_as_they_are_typed_where_a_text_changes(keep_file):
    content = '{"no\u0301te": 1, "text": "long enough\\nno"}\n{"no\u0301te": 2, "text": "long enough"}\n'.encode()
    kept = keep_file("a.jsonl", content, "length > 4", separator=b"\n").decode().splitlines()
    assert [list(json.loads(row)) for row in kept] == [["no\u0301te", "text"]] * 2
    decomposed = '{"te\u0301xt": "long enough\\nno", "n": 1}\n'.encode()
    kept = keep_file("a.jsonl", decomposed, "length > 4", separator=b"\n", text="te\u0301xt").decode()
    assert json.loads(kept) == {"te\u0301xt": "long enough", "n": 1}


# Parquet and Arrow


def parquet(table, **options):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def ipc(table, opened=pa.ipc.new_file, **options):
    sink = pa.BufferOutputStream()
    with opened(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, 5)
    return sink.getvalue().to_pybytes()


@pytest.fixture
def rich():
    """A table of many types, with metadata of the schema and of a field."""
    n = len(TEXTS)
    columns = {
        "text": pa.array(TEXTS),
        "when": pa.array([datetime.datetime(2020, 1, 1 + i % 28) for i in range(n)], pa.timestamp("us", "UTC")),
        "day": pa.array([datetime.date(2020, 1, 1 + i % 28) for i in range(n)]),
        "price": pa.array([decimal.Decimal(i) / 8 for i in range(n)], pa.decimal128(12, 3)),
        "kind": pa.array([f"k{i % 3}" for i in range(n)]).dictionary_encode(),
        "tags": pa.array([None if i % 5 == 0 else [f"t{i}", None] for i in range(n)]),
        "deep": pa.array([{"a": i, "b": [{"c": str(i)}]} for i in range(n)]),
        "map": pa.array([[("k", i)] for i in range(n)], pa.map_(pa.string(), pa.int16())),
        "raw": pa.array([bytes([i]) for i in range(n)]),
        "half": pa.array(np.arange(n, dtype=np.float16)),
        "null": pa.nulls(n),
    }
    fields = [
        pa.field(name, column.type, True, {"unit": "x"} if name == "price" else None)
        for name, column in columns.items()
    ]
    return pa.Table.from_arrays(list(columns.values()), schema=pa.schema(fields, {"owner": "us"}))


def test_parquet_keeps_schema_metadata_codec_and_every_type(keep_file, rich):
    content = parquet(
        rich,
        compression={name: "gzip" if name == "raw" else "zstd" for name in rich.column_names[:6]}
        | {
            f"{path}": "zstd"
            for path in (
                "deep.a",
                "deep.b.list.element.c",
                "map.key_value.key",
                "map.key_value.value",
                "tags.list.element",
                "raw",
                "half",
                "null",
            )
        }
        | {"raw": "gzip"},
        row_group_size=7,
    )
    found = pq.ParquetFile(pa.BufferReader(keep_file("a.parquet", content, "length > 5")))
    before = pq.ParquetFile(pa.BufferReader(content))
    assert found.schema_arrow.equals(before.schema_arrow, check_metadata=True)
    expected = rich.filter(pc.greater(pc.utf8_length(rich["text"]), 5))
    assert found.read().equals(expected.cast(found.schema_arrow))
    codecs = [found.metadata.row_group(0).column(i).compression for i in range(found.metadata.num_columns)]
    assert codecs == [before.metadata.row_group(0).column(i).compression for i in range(before.metadata.num_columns)]
    sizes = [found.metadata.row_group(i).num_rows for i in range(found.metadata.num_row_groups)]
    assert max(sizes) == 7
    assert min(sizes[:-1]) == 7


@pytest.mark.parametrize("opened", [pa.ipc.new_file, pa.ipc.new_stream])
@pytest.mark.parametrize("codec", [None, "lz4", "zstd"])
def test_arrow_keeps_schema_layout_and_codec(keep_file, rich, opened, codec):
    rich = pa.concat_tables([rich] * 20).unify_dictionaries().combine_chunks()
    content = ipc(rich, opened, compression=codec)
    kept = keep_file("a.arrow", content, "length > 5")
    assert (kept[:6] == b"ARROW1") == (content[:6] == b"ARROW1")
    reader = (pa.ipc.open_file if kept[:6] == b"ARROW1" else pa.ipc.open_stream)(kept)
    assert reader.schema.equals(rich.schema, check_metadata=True)
    assert reader.read_all().equals(rich.filter(pc.greater(pc.utf8_length(rich["text"]), 5)))
    frames = {"lz4": b"\x04\x22\x4d\x18", "zstd": b"\x28\xb5\x2f\xfd"}
    assert [name for name, frame in frames.items() if frame in kept] == [codec] * (codec is not None)


NESTED = {
    "list": pa.list_(pa.dictionary(pa.int8(), pa.string())),
    "struct": pa.struct([("a", pa.list_(pa.dictionary(pa.int32(), pa.string())))]),
    "map": pa.map_(pa.string(), pa.dictionary(pa.int32(), pa.string())),
}


@pytest.mark.parametrize("kind", NESTED)
@pytest.mark.parametrize("separator", [None, b" "])
def test_dictionaries_within_types_are_kept_from_many_row_groups(keep_file, kind, separator):
    value = {"list": lambda v: [v, "z"], "struct": lambda v: {"a": [v, "z"]}, "map": lambda v: [("k", v)]}[kind]
    column = pa.array([value(f"v{i % 7}") for i in range(len(TEXTS))], NESTED[kind])
    table = pa.table({"text": TEXTS, "own": column})
    content = parquet(table, row_group_size=5)
    kept = pq.read_table(pa.BufferReader(keep_file("a.parquet", content, "length > 5", separator=separator)))
    is_kept = [max(map(len, text.split(" ") if separator else [text])) > 5 for text in TEXTS]
    assert kept["own"].to_pylist() == table.filter(pa.array(is_kept))["own"].to_pylist()
    assert kept.schema == table.schema


@pytest.mark.parametrize("opened", [pa.ipc.new_file, pa.ipc.new_stream])
def test_texts_in_a_dictionary_change_in_any_number_of_batches(keep_file, opened, monkeypatch):
    monkeypatch.setattr("vikt.filtering.arrow_files._Arrow.rows_per_group", 300)
    texts = [f"long enough {i % 500}" + "\nno" * (i % 3 > 0) for i in range(1_000)]
    kinds = pa.array([f"k{i % 11}" for i in range(1_000)]).dictionary_encode()
    table = pa.table({"text": pa.array(texts).dictionary_encode(), "kind": kinds, "n": range(1_000)})
    kept = keep_file("a.arrow", ipc(table, opened), "length > 4", separator=b"\n")
    found = (pa.ipc.open_file if opened is pa.ipc.new_file else pa.ipc.open_stream)(kept).read_all()
    assert found.schema == table.schema
    assert found["text"].to_pylist() == [text.removesuffix("\nno") for text in texts]
    assert found.select(["kind", "n"]).to_pylist() == table.select(["kind", "n"]).to_pylist()


def test_texts_that_do_not_fit_into_their_dictionary_are_told(keep_file):
    texts = [*["long enough"] * 4_000, *(f"w{i} long enough\nno" for i in range(120))]
    table = pa.table({"text": pa.array(texts).cast(pa.dictionary(pa.int8(), pa.string()))})
    with pytest.raises(DataError, match=r"a.arrow: rows cannot be written again as they are \(.*; convert the file"):
        keep_file("a.arrow", ipc(table), "length > 4", separator=b"\n")


def test_types_that_arrow_cannot_take_from_are_kept(keep_file):
    union = pa.UnionArray.from_sparse(
        pa.array([0, 1, 0, 0], pa.int8()), [pa.array([1, 2, 3, 4]), pa.array(list("abcd"))]
    )
    table = pa.table({"text": ["long one", "a", "long two", "long three"], "union": union})
    kept = pa.ipc.open_file(keep_file("a.arrow", ipc(table), "length > 5")).read_all()
    assert kept.column("union").to_pylist() == [1, 3, 4]


def test_timestamps_of_96_bits_stay_so(keep_file):
    table = pa.table({"text": ["a"], "t": pa.array([datetime.datetime(2020, 1, 1)], pa.timestamp("ns"))})
    kept = pq.ParquetFile(pa.BufferReader(keep_file("a.parquet", parquet(table, use_deprecated_int96_timestamps=True))))
    assert kept.schema.column(1).physical_type == "INT96"


CODECS = ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]


@pytest.mark.parametrize("codec", [*CODECS, dict(zip("abcdef", CODECS, strict=True)) | {"text": "none"}])
@pytest.mark.parametrize("scores", [False, True])
def test_each_column_of_parquet_keeps_its_codec_and_the_lack_of_one(keep_file, codec, scores):
    content = parquet(pa.table({"text": TEXTS, **{name: range(len(TEXTS)) for name in "abcdef"}}), compression=codec)
    before, after = (
        pq.ParquetFile(pa.BufferReader(own)).metadata.row_group(0)
        for own in (content, keep_file("a.parquet", content, "P(joy) >= 0", scores))
    )
    assert [after.column(i).compression for i in range(7)] == [before.column(i).compression for i in range(7)]


def test_what_cannot_be_written_again_is_told(keep_file, monkeypatch):
    def refuse(*arguments, **options):
        raise pa.ArrowException("Unsupported compression: LZO")

    monkeypatch.setattr("vikt.filtering.arrow_files.pq.ParquetWriter", refuse)
    content = parquet(pa.table({"text": TEXTS}))
    with pytest.raises(DataError, match=r"a.parquet: rows cannot be written again as they are \(Unsupported"):
        keep_file("a.parquet", content)
