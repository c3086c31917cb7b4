"""Files of data damaged at random, and files made to fill the memory or to be read for ever."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TABLE = pa.table(
    {
        "label": ["ham", "spam", None] * 50,
        "text": pa.array(["a b", "é漢", ""] * 50, pa.large_string()),
        "n": [1.5, 2.0, -0.0] * 50,
        "kind": pa.array(["a", "b", "a"] * 50).dictionary_encode(),
        "tags": [["x"], [], None] * 50,
        "struct": [{"a": 1, "b": "x"}, None, {"a": 2, "b": None}] * 50,
        "when": pa.array([0, 1, 2] * 50, pa.timestamp("ns", "UTC")),
        "raw": [b"a", b"b", b"c"] * 50,
    }
)
CSV = 'label,text\r\nham,"say ""hi"",\r\nthen"\r\n\r\nspam,é\n'.encode() * 3
TSV = 'label\ttext\r\nham\tthe "new" one\n\nspam\t007\r\nham\té\u2028漢\n'.encode()
JSONL = b'{"label": "ham", "text": "a"}\n\n{"label": 1.0, "text": [1, {"a": null}]}\n{"text": "\\ud83d\\ude00"}\n'
JSON = b'[{"label": "ham", "text": "a"}, {"label": null, "n": -1e5}]'
LINES = "__label__ham see you\n\n__label__spam win __label__x\nno label é\n".encode()
SVMLIGHT = b"+1 1:0.5 7:2e3 # note\n\n-1 2:1\n"


def _written(write: Callable[[io.BytesIO], Any]) -> bytes:
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def _parquet(**options: Any) -> bytes:
    return _written(lambda stream: pq.write_table(TABLE, stream, **options))


def _ipc(new: Callable[..., Any], **options: Any) -> bytes:
    def write(stream: io.BytesIO) -> None:
        with new(stream, TABLE.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
            writer.write_table(TABLE)

    return _written(write)


def _zst(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


# A valid file of each format, by the end of its name.
FILES = {
    "a.csv": CSV,
    "a.tsv": TSV,
    "a.jsonl": JSONL,
    "a.json": JSON,
    "a.txt": LINES,
    "a.svmlight": SVMLIGHT,
    "a.parquet": _parquet(),
    "b.parquet": _parquet(compression="zstd", data_page_version="2.0", use_dictionary=False),
    "c.parquet": _parquet(compression="none", use_byte_stream_split=["n"], use_dictionary=["text"]),
    "a.arrow": _ipc(pa.ipc.new_file),
    "b.arrow": _ipc(pa.ipc.new_stream),
    "c.arrow": _ipc(pa.ipc.new_file, compression="zstd"),
    "a.csv.gz": gzip.compress(CSV * 50, mtime=0),
    "a.jsonl.zst": _zst(JSONL * 50),
}
# Those that a filter reads, with a text in each row.
FILTERED = {name: content for name, content in FILES.items() if not name.endswith((".json", ".txt", ".svmlight"))}
FILTERED |= {"a.jsonl": JSONL[:31], "a.jsonl.zst": _zst(JSONL[:31] * 50)}
PIECES = [
    *(piece.encode() for piece in (
        "\n", "\r\n", "\r", "\t", ",", '"', "\0", "\ufeff", "{", "}", "[" * 500, "]", ":", "#", "nan", "1e999",
        "9" * 5000, "__label__", "\u2028", "\x85", "\x1c", "\\ud800", "\U0001f600", "-", "",
    )),
    b"\xff", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", bytes(8), b"\xed\xa0\x80", b"PAR1",
]  # fmt: skip


def damaged(n: int, seed: int, files: Mapping[str, bytes] = FILES) -> Iterator[tuple[str, bytes]]:
    """Files of each format with bytes replaced, put in, left out or doubled; each is whole at first."""
    yield from files.items()
    for number in range(n - len(files)):
        chance = random.Random(f"{seed} {number}")
        name = list(files)[number % len(files)]
        content = files[name]
        for _ in range(chance.choice([1, 1, 1, 2, 3, 6])):
            content = chance.choice(DAMAGES)(content, chance)
        yield name, content


def _put_in(content: bytes, chance: random.Random) -> bytes:
    at, piece = chance.randrange(len(content) + 1), chance.choice(PIECES)
    return content[:at] + piece + content[at + chance.choice([0, 1, len(piece)]) :]


def _altered(content: bytes, chance: random.Random) -> bytes:
    if not content:
        return b"\0"
    at = chance.randrange(len(content))
    return (
        content[:at]
        + bytes([chance.choice([chance.randrange(256), content[at] ^ 1 << chance.randrange(8)])])
        + content[at + 1 :]
    )


def _left_out(content: bytes, chance: random.Random) -> bytes:
    first, last = sorted(chance.choices(range(len(content) + 1), k=2))
    return content[:first] + content[min(last, first + chance.choice([1, 10, 10**9])) :]


def _doubled(content: bytes, chance: random.Random) -> bytes:
    first, last = sorted(chance.choices(range(len(content) + 1), k=2))
    return content[:last] + content[first:last] * chance.choice([1, 2, 9]) + content[last:]


DAMAGES = [_put_in] * 3 + [_altered] * 5 + [_left_out, _doubled]

MANY, MORE = 1_000_000, 100_000


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that would be large, wide or deep."""
    yield "gzip of a line without an end.csv.gz", _gzip_of(b"label,text\nham," + b"a" * 1000, b"a" * MANY, 3000)
    yield "gzip of many lines.csv.gz", _gzip_of(b"label,text\n", b"ham,a\n" * MANY, 500)
    yield "gzip of gzip of zeros.csv.gz", gzip.compress(_gzip_of(b"", bytes(MANY), 3000))
    yield "zstd of a line without an end.jsonl.zst", _zst_of(b'{"text": "', b"a" * MANY, 3000)
    yield "zstd of many lines.tsv.zst", _zst_of(b"label\ttext\n", b"ham\ta\n" * MANY, 500)
    yield "zstd of a JSON array.json.zst", _zst_of(b"[", b'{"text": "a"},' * MORE, 3000)
    yield "a million columns.csv", ",".join(f"c{i}" for i in range(MANY)).encode() + b"\n" + b"," * (MANY - 1) + b"\n"
    yield "a million fields in a row.csv", b"label,text\n" + b"," * MANY
    yield "a million names.jsonl", b"{" + ",".join(f'"c{i}": 1' for i in range(MANY)).encode() + b"}"
    yield "names of its own in each row.jsonl", b"".join(b'{"c%d": 1}\n' % i for i in range(MORE))
    yield (
        "many names, many rows.jsonl",
        (json.dumps(dict.fromkeys(map(str, range(MORE)), 1)).encode() + b"\n" + b'{"1": 1}\n' * MORE),
    )
    yield "a quotation mark never closed.csv", b'label,text\nham,"' + b"a,b\n" * 10 * MANY
    for opening in (b"[", b'{"a":', b'[{"a":'):
        yield f"nested {opening!r}.jsonl", b'{"a": ' + opening * MORE
        yield f"nested {opening!r}.json", b"[" + opening * MORE
    yield "a number of a million digits.jsonl", b'{"a": ' + b"9" * MANY + b"}"
    yield "an index of a million digits.svmlight", b"1 " + b"9" * MANY + b":1"
    yield "a million labels in a line.txt", b"__label__a " * MANY
    yield "parquet of one value in many rows.parquet", _parquet_of(pa.array(["a" * 1000]), 5 * MANY)
    yield "parquet of a long value in many rows.parquet", _parquet_of(pa.array(["a" * MANY]), 10_000)
    yield "parquet of deep lists.parquet", _deep_parquet(60)
    yield "arrow of endless nulls.arrow", _ipc_of(pa.table({"text": pa.nulls(2**31 - 1)}))
    yield (
        "arrow of one run.arrow",
        _ipc_of(pa.table({"text": pa.RunEndEncodedArray.from_arrays([2**30], ["a" * 1000])})),
    )
    yield "fifty thousand columns.csv", ",".join(f"c{i}" for i in range(50_000)).encode() + b"\n" + b"," * 49_999
    yield (
        "arrow of one dictionary value in many rows.arrow",
        _ipc_of(pa.table({"text": _repeated(pa.array(["a" * MANY]), MORE)})),
    )


def _gzip_of(start: bytes, piece: bytes, times: int) -> bytes:
    """The start and then the piece so many times, each a part of its own, which gzip joins."""
    return gzip.compress(start, mtime=0) + gzip.compress(piece * 10, mtime=0) * (times // 10)


def _zst_of(start: bytes, piece: bytes, times: int) -> bytes:
    return _zst(start) + _zst(piece * 10) * (times // 10)


def _repeated(value: Any, n: int) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array([0] * n, pa.int32()), value)


def _parquet_of(value: Any, n: int) -> bytes:
    return _written(lambda stream: pq.write_table(pa.table({"text": _repeated(value, n)}), stream, store_schema=False))


def _ipc_of(table: Any) -> bytes:
    def write(stream: io.BytesIO) -> None:
        with pa.ipc.new_file(stream, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_table(table)

    return _written(write)


def _deep_parquet(depth: int) -> bytes:
    column = pa.array([1])
    for _ in range(depth):
        column = pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), column)
    return _written(lambda stream: pq.write_table(pa.table({"text": column}), stream))
