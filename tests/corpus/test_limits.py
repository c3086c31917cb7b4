"""Data that are made to fill the memory end at a limit, with one line that says so."""

import gzip
import io
import itertools
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vikt.corpus import columns, decompression, read_stream, read_text
from vikt.corpus.read_arrived import read_arrived
from vikt.corpus.readers import read_batches, read_table
from vikt.errors import ColumnError, DataError, InputFileError
from vikt.features.handmade.declarations import features_declared

CSV = "label,text\n" + "".join(f"{'ham' if n % 3 else 'spam'},see you {n * n}\n" for n in range(2000))


@pytest.fixture
def short(monkeypatch):
    """Lines of a hundred bytes at most; what is expanded freely is short too."""
    monkeypatch.setattr(read_stream, "LONGEST_LINE", 100)
    monkeypatch.setattr(decompression, "EXPANDED_FREELY", 10_000)


COMPRESSIONS = {".gz": gzip.compress, ".zst": lambda content: pa.compress(content, codec="zstd", asbytes=True)}


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.json", "a.txt", "a.svmlight", "a"])
def test_a_line_without_an_end_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b'{"text": "' + b"a" * 1000)
    with pytest.raises(InputFileError, match=r"^\S+, line 1: it is longer than 100 bytes; split it$"):
        read_table(path)


@pytest.mark.usefixtures("short")
def test_a_line_within_the_limit_is_read(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_bytes(b"label\ttext\nham\t" + b"a" * 94 + b"\n")
    assert read_table(path).strings("text") == ["a" * 94]


@pytest.mark.usefixtures("short")
def test_what_arrives_without_a_line_end_is_refused():
    with pytest.raises(InputFileError, match=r"^standard input: it is longer than"):
        list(read_arrived(io.BytesIO(b"a" * 1000)))


@pytest.mark.usefixtures("short")
def test_documents_of_a_folder_and_declarations_have_the_same_limit(tmp_path):
    (tmp_path / "ham").mkdir()
    (tmp_path / "ham" / "a.txt").write_bytes(b"a" * 1000)
    with pytest.raises(InputFileError, match=r"a\.txt: it is longer than"):
        read_table(tmp_path)
    with pytest.raises(InputFileError, match=r"a\.txt: it is longer than"):
        features_declared(tmp_path / "ham" / "a.txt")


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_what_expands_too_much_is_refused(tmp_path, suffix):
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(COMPRESSIONS[suffix](b"label,text\n" + b"a,b\n" * 200_000))
    with pytest.raises(InputFileError, match=r"after line \d+: it expands to more than 250 times its size"):
        list(read_batches(path))
    path.write_bytes(COMPRESSIONS[suffix](CSV.encode()))
    assert read_table(path).n_rows == 2000


@pytest.mark.slow
@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_what_is_small_may_expand_as_it_likes(tmp_path, suffix):
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(COMPRESSIONS[suffix](b"label,text\n" + b"a,b\n" * 1_000_000))
    assert sum(batch.n_rows for batch in read_batches(path)) == 1_000_000


@pytest.mark.usefixtures("short")
def test_parquet_of_one_value_in_endless_rows_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["the same text " * 10] * 300_000}), path)
    with pytest.raises(InputFileError, match=r"a\.parquet: it expands to more than 250 times its size"):
        list(read_batches(path))


def test_objects_that_share_no_names_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(read_text, "_MANY_CELLS", 10_000)
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({f"user {n}": 1}) + "\n" for n in range(1000)))
    with pytest.raises(DataError, match=r"objects of the same names, found 1,000 different names in 1,000 rows, 1\.0 "):
        read_table(path)
    rows = itertools.chain([dict.fromkeys(map(str, range(2000)), 1)], ({"0": 1} for _ in range(4000)))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(DataError, match="2,000 different names"):
        list(read_batches(path, rows_per_batch=1))


def test_more_columns_than_anyone_means_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(columns, "MOST_COLUMNS", 3)
    for name, content in (("a.csv", "a,b,c,d\n1,2,3,4\n"), ("a.jsonl", '{"a": 1, "b": 2, "c": 3, "d": 4}\n')):
        (tmp_path / name).write_text(content)
        with pytest.raises(ColumnError, match="expected at most 3 columns, found 4"):
            read_table(tmp_path / name)


def one_value_often(value, n):
    return pa.DictionaryArray.from_arrays(np.zeros(n, dtype=np.int32), [value])


@pytest.mark.parametrize("column", [pa.nulls(1 << 30), one_value_often("a" * 10_000, 100_000)], ids=["nulls", "text"])
def test_arrow_of_little_that_stands_for_much_is_refused(tmp_path, column):
    path = tmp_path / "a.arrow"
    table = pa.table({"text": column})
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(InputFileError, match="it expands to more than 250 times its size"):
        list(read_batches(path))
