"""Hostile input of every kind: no crash, no hang, no silent loss.

Each check runs on the same hundred examples or so every time, and with `-m slow` on thousands of new ones.
"""

import gzip
import io
import json
import re
import tempfile
import unicodedata
from collections import Counter
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vikt import TextClassifier, load
from vikt.corpus.documents import LARGEST, Documents, Pairs
from vikt.corpus.read_labelled import PAIRS
from vikt.corpus.read_stream import without_end
from vikt.corpus.read_tables import Table
from vikt.corpus.readers import READERS, read_batches, read_table
from vikt.corpus.texts import Texts
from vikt.errors import EmptyVocabularyError, UsageError, ViktError
from vikt.features.handmade import LONGEST_PHRASE, Capitalised, Length, Lexicon, Pattern, Shape
from vikt.features.handmade.declarations import KINDS, declaration, features_declared
from vikt.features.handmade.encoders import Block, Categories, Indices, Scaled
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.normalise import compose
from vikt.features.ngrams.pictographs import PICTOGRAPHS
from vikt.features.ngrams.weighting import WEIGHTINGS

FUZZES = []


def fuzz(n_examples, **strategies):
    """Let a check run on so many examples, and on twenty times as many with -m slow."""

    def add(check):
        FUZZES.append(pytest.param(check, strategies, n_examples, id=check.__name__))
        return check

    return add


def run(check, strategies, **options):
    always = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
    settings(**options, **always)(given(**strategies)(check))()


def used_or_refused(use, place=""):
    """What a use gives, or None where it is refused with one line that names the place."""
    try:
        return use()
    except ViktError as error:
        said = str(error)
    assert place in said
    assert not {"\n", "\r"} & set(said)
    return None


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
    """The table and its values, or None where it is refused; read in batches it must be the same."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        read = used_or_refused(lambda: with_values(read_table(path, **options)), str(path))
        batches = used_or_refused(lambda: list(read_batches(path, rows_per_batch=2, **options)), str(path))
        if read is None or batches is None:
            assert read is None
            return None
        table, values = read
        whole = Table.concatenate(batches)
        assert (whole.n_lines, whole.n_rows + whole.n_blank) == (table.n_lines, table.n_rows + table.n_blank)
        for name in table.names:
            assert used_or_refused(lambda name=name: table.strings(name), str(path)) in (values[name], None)
        return table, values


def with_values(table):
    return table, {name: table.spelled(name).to_pylist() for name in table.names}


def lines_of(content):
    lines = content.decode().split("\n")
    # Files that were joined have byte-order marks where a line starts: they are no text.
    return [without_end(line.removeprefix("\ufeff") + "\n") for line in lines[: None if lines[-1] else -1]]


@fuzz(75, content=st.binary(max_size=200) | st.lists(pieces).map(b"".join), format=st.sampled_from([*READERS, None]))
def any_bytes_in_any_format(content, format):
    read_or_refused("a", content, format=format)


@fuzz(300, name=st.sampled_from(list(FILES)), changes=changes_of(pieces))
def a_damaged_file_of_any_format(name, changes):
    read_or_refused(name, mutated(FILES[name], changes))


@fuzz(75, at=st.floats(0, 1, exclude_max=True), flip=st.integers(0, 255))
def damaged_gzip_is_the_same_or_refused(at, flip):
    content = bytearray(FILES["a.tsv.gz"])
    content[int(at * len(content))] ^= flip
    read = read_or_refused("a.tsv.gz", bytes(content))
    assert read is None or read[1] == read_or_refused("a.tsv.gz", FILES["a.tsv.gz"])[1]


@fuzz(75, changes=changes_of(texts_put_in), lines=st.integers(1, 3))
def every_byte_of_tsv_is_in_its_values(changes, lines):
    content = mutated(TSV * lines, changes)
    read = read_or_refused("a.tsv", content)
    if read is None:
        return
    table, values = read
    found = ["\t".join(table.names), *("\t".join(row) for row in zip(*values.values(), strict=True))]
    expected = lines_of(content)
    # A line that repeats a header of several names is passed over, and told.
    repeated = expected.count(found[0]) - 1 if len(table.names) > 1 else 0
    assert bool(repeated) == any("repeated header line" in note for note in table.notes)
    assert table.n_lines == len(expected) == len(found) + table.n_blank + repeated
    # Before the header a line without names is blank, tabs or not.
    after = expected[expected.index(found[0]) + 1 :]
    kept = [found[0], *(line for line in after if line and not (repeated and line == found[0]))]
    assert found == kept or len(table.names) == 1


@fuzz(75, changes=changes_of(texts_put_in))
def every_character_of_csv_is_in_its_values(changes):
    content = mutated(CSV, changes)
    read = read_or_refused("a.csv", content)
    if read is None:
        return
    table, values = read
    assert table.n_lines == len(lines_of(content))
    signs = Counter(content.decode().removeprefix("\ufeff"))
    found = Counter("".join([*table.names, *(value for column in values.values() for value in column)]))
    assert all(signs[sign] == found[sign] for sign in signs if sign not in '",\r\n\ufeff')
    assert all(signs[sign] >= found[sign] for sign in '",\r\n\ufeff')


@fuzz(75, changes=changes_of(texts_put_in))
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


@fuzz(75, changes=changes_of(texts_put_in))
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


@fuzz(75, changes=changes_of(texts_put_in))
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
    "pairs with holes": pa.array([[(1, 0.5)], [(2, 0.5), (None, 1.0)]], PAIRS),
    "pairs too large": pa.array([[], [(2, 0.5), (3, 1e300)]], PAIRS),
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
    found = used_or_refused(lambda: getattr(documents, use)("x"), "column 'x'")
    assert found is None or len(found) > 0


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


# Texts to units and n-grams.

SPARSE = {
    *range(0x0E00, 0x0F00), *range(0x1000, 0x10A0), *range(0x1780, 0x1800), *range(0x3040, 0x3100),
    *range(0x31F0, 0x3200), *range(0x3400, 0xA000), *range(0xF900, 0xFB00), *range(0xFF66, 0xFFA0),
    *range(0x1B000, 0x1B170), *range(0x20000, 0x33480),
}  # fmt: skip
HOSTILE = [
    "a", "B", "word", "0", "_", "-", "'", ".", " ", " ", "\n", "\r\n", "\r", "\t", "\0", "\x1c", "\x85", "\x7f",
    "\u2028", "\u00a0", "\u3000", "\ufeff", "\u200b", "\u200c", "\u200d", "\u2060", "\u202e", "\u2066", "\u061c",
    "\ud800", "\udfff", "\ud83d", "\ude00", "\ud83d\ude00", "\ufffe", "\uffff", "\U0010ffff", "\ue000", "\U000f0000",
    "\u0378", "\U000e0041", "\U000e01ef", "\u0301", "\u0323", "\u0344", "\u0f73", "\u0f71", "e\u0301", "\u00e9",
    "\u212b", "\u0130", "I", "\u0131", "\u03a3", "\u03c3", "\u03c2", "\u00df", "\u1e9e", "\u0149", "\u01c5", "\ufb01",
    "\u1e9b\u0323", "\u1100", "\u1161", "\u11a8", "\uac00", "\uac01", "\u0e44\u0e17\u0e22", "\u6f22", "\u30ab\u309b",
    "\u0939\u093f\u0928\u094d", "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0001f3fd", "\u2764\ufe0f",
    "\U0001f1f8\U0001f1ea", "\U0001f1f8", "1\ufe0f\u20e3", "\u20e3", "\u200d\U0001f680",
    "\U0001f3f4\U000e0067\U000e007f", "\U00020000", "\u0663",
]  # fmt: skip

hostile_pieces = st.sampled_from(HOSTILE) | st.characters()
hostile_texts = st.lists(
    hostile_pieces | st.tuples(st.sampled_from(HOSTILE), st.sampled_from([40, 400])).map(lambda run: run[0] * run[1]),
    max_size=12,
).map("".join)
corpora = st.lists(hostile_texts, min_size=1, max_size=8)
ranges = st.tuples(st.integers(1, 3), st.integers(0, 2)).map(lambda pair: (pair[0], sum(pair)))


def composed(text):
    return unicodedata.normalize("NFC", text)


PARTS_OF_EMOJI = {
    "J": range(0x200D, 0x200E),
    "K": range(0x20E3, 0x20E4),
    "M": range(0x1F3FB, 0x1F400),
    "R": range(0x1F1E6, 0x1F200),
    "T": range(0xE0020, 0xE0080),
}


def sign_of(character):
    """What a character is to vikt's words: W of a word, S alone, E goes with what is before, - separates.

    And in emoji: P a pictograph, J its joiner, M a skin tone, R half a flag, T a tag, K a keycap.
    """
    category = unicodedata.category(character)
    for sign, points in PARTS_OF_EMOJI.items():
        if ord(character) in points:
            return sign
    if category[0] == "M" or character == "\u200c":
        return "E"
    if category[0] in "LN" or character == "_":
        return "S" if ord(character) in SPARSE else "W"
    separates = character.isspace() or category in ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp")
    return "-" if separates else "P" if any(ord(character) in points for points in PICTOGRAPHS) else "S"


# A word, and what a keycap ends; a flag; pictographs; another symbol.
CLUSTERS = re.compile("[WEJ]+(?:K[EJKMT]*)?|RR?[EJKMT]*|P(?:[EKMT]*JP)*[EJKMT]*|[SMK][EJKMT]*")


def words_of(text, lowercase=True):
    text = composed(composed(text).lower()) if lowercase else composed(text)
    signs = "".join(map(sign_of, text))
    return [text[match.start() : match.end()] for match in CLUSTERS.finditer(signs)]


def runs_of(units, shortest, longest, joiner):
    last = range(len(units))
    return [joiner.join(units[i : i + n]) for i in last for n in range(shortest, longest + 1) if i + n <= len(units)]


def ngrams_within_words(text, shortest, longest):
    words = [f" {word} " for word in composed(text).split()]
    short = [word for word in words if len(word) < shortest]
    return short + [ngram for word in words for ngram in runs_of(word, shortest, longest, "")]


# The n-grams of a text by each analyzer, by Python's strings and regular expressions alone.
ORACLES = {
    "word": lambda text, *n: runs_of(words_of(text), *n, " "),
    "pattern": lambda text, *n: runs_of(re.findall(r"(?u)\b\w\w+\b", text.lower()), *n, " "),
    "char": lambda text, *n: runs_of(re.sub(r"\s\s+", " ", composed(text)), *n, ""),
    "char_wb": ngrams_within_words,
}


def counts_by_name(rows, names):
    spans = zip(rows.indptr[:-1].tolist(), rows.indptr[1:].tolist(), strict=True)
    assert rows.indices.min(initial=0) >= 0
    assert rows.indices.max(initial=-1) < rows.n_features == len(names)
    assert np.isfinite(rows.values).all()
    return [{names[rows.indices[k]]: float(rows.values[k]) for k in range(a, b)} for a, b in spans]


@fuzz(150, texts=corpora, analyzer=st.sampled_from(list(ORACLES)), ngrams=ranges, alphabetical=st.booleans())
def ngrams_are_those_counted_by_hand(texts, analyzer, ngrams, alphabetical):
    options = Ngrams(analyzer, ngrams, WEIGHTINGS["counts"], alphabetical=alphabetical)
    expected = [Counter(ORACLES[analyzer](text, *ngrams)) for text in texts]
    held = Texts.from_strings(texts)
    try:
        part, rows = options.fit_transform(held)
    except EmptyVocabularyError:
        assert not any(expected)
        return
    names = part.names()
    assert len(set(names)) == len(names)
    assert not alphabetical or names == sorted(names)
    assert counts_by_name(rows, names) == expected
    assert counts_by_name(part.transform(held), names) == expected
    alone = [counts_by_name(part.transform(Texts.from_strings([text])), names)[0] for text in texts]
    assert alone == expected


@fuzz(
    100,
    texts=corpora,
    analyzer=st.sampled_from(list(ORACLES)),
    ngrams=ranges,
    weighting=st.sampled_from(list(WEIGHTINGS)),
)
def learning_and_using_give_one_matrix(texts, analyzer, ngrams, weighting):
    options = Ngrams(analyzer, ngrams, WEIGHTINGS[weighting])
    held = Texts.from_strings(texts)
    try:
        part, rows = options.fit_transform(held)
    except EmptyVocabularyError:
        return
    again = part.transform(held)
    assert rows.indptr.tolist() == again.indptr.tolist()
    names = [str(column) for column in range(rows.n_features)]
    first, second = counts_by_name(rows, names), counts_by_name(again, names)
    assert [row.keys() for row in first] == [row.keys() for row in second]
    for one, other in zip(first, second, strict=True):
        assert list(one.values()) == pytest.approx([other[name] for name in one], rel=1e-6)


@fuzz(50, texts=corpora, analyzer=st.sampled_from(list(ORACLES)), ngrams=ranges)
def occurrences_stand_where_they_are_said_to(texts, analyzer, ngrams):
    held = Texts.from_strings(texts)
    try:
        part, rows = Ngrams(analyzer, ngrams, WEIGHTINGS["counts"]).fit_transform(held)
    except EmptyVocabularyError:
        return
    rows = counts_by_name(rows, part.names())
    for text, row in zip(texts, rows, strict=True):
        one = Texts.from_strings([text])
        content = part.normalised(one)[0]
        found = part.occurrences(one)
        assert Counter(name for name, _ in found if name in row) == row
        for name, spans in found:
            assert all(0 <= a < b <= len(content) for a, b in spans)
            assert sorted(spans) == spans
            spelled = part.analyzer.joiner.join(content[a:b].decode("utf-8", "surrogatepass") for a, b in spans)
            # A space that the text does not spell has no place in it.
            assert (
                spelled == name
                or spelled == name.replace(" ", "")
                or (analyzer == "char" and spelled.split() == name.split())
            )


marks = st.sampled_from(["\u0301", "\u0323", "\u0344", "\u0f73", "\u0f71", "\u05b0", "\u3099", "\u1dce", "\U0001d165"])


@fuzz(50, text=hostile_texts, run=st.lists(marks, min_size=1, max_size=9).map("".join), after=hostile_texts)
def long_runs_of_marks_are_composed_as_python_does(text, run, after):
    text += run * (2500 // len(run)) + after
    assert compose(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    "run", ["a\u0301\u0323", "\u0f73", "\u0344\u0323", "\u1100\u1161\u11a8", "\u03a3", "\ud800", "\U0001f469\u200d"]
)
@pytest.mark.parametrize("analyzer", ORACLES)
def test_long_runs_end(run, analyzer):
    text = run[0] + run[1:] * 300_000 if run[1:] else run * 300_000
    options = Ngrams(analyzer, (1, 2), WEIGHTINGS["counts"])
    try:
        _, rows = options.fit_transform(Texts.from_strings([text, "a word"]))
    except EmptyVocabularyError:
        return
    assert rows.values.sum() > 0


# Hand-made features.

plain_words = st.text("abÉ", min_size=1, max_size=3) | st.just("-")
plain_texts = st.lists(plain_words | st.sampled_from([" ", "\n", "", "."]), max_size=15).map("".join)
phrases = st.lists(plain_words, min_size=1, max_size=3).map(" ".join)
# Characters of old scripts, whose classes are the same in every version of Unicode.
old_texts = st.text("aZ9É漢ǅ٣é\u0301.-' \n\U0001d400\u02b0\ud800\udfff\0", max_size=30)


def measured(feature, texts):
    return feature.measure(Documents.of(texts))


def phrase_pattern(phrase):
    units = re.findall(r"\w+|[^\w\s]", phrase)
    pattern = re.escape(units[0])
    for before, unit in pairwise(units):
        pattern += (r"\s+" if before.isalnum() and unit.isalnum() else r"\s*") + re.escape(unit)
    return (r"(?<!\w)" if units[0].isalnum() else "") + pattern + (r"(?!\w)" if units[-1].isalnum() else "")


@fuzz(100, words=st.lists(phrases, min_size=1, max_size=4), texts=st.lists(plain_texts, min_size=1, max_size=6))
def a_lexicon_finds_whole_words_and_phrases(words, texts):
    pattern = re.compile("|".join(map(phrase_pattern, words)), re.IGNORECASE)
    expected = [float(bool(pattern.search(text))) for text in texts]
    assert measured(Lexicon(name="n", words=tuple(words)), texts).tolist() == expected


@fuzz(50, words=st.lists(hostile_texts, min_size=1, max_size=4), texts=corpora)
def a_lexicon_of_anything(words, texts):
    try:
        found = measured(Lexicon(name="n", words=tuple(words)), texts)
    except UsageError:
        assert not all(0 < len(words_of(text)) <= LONGEST_PHRASE for text in words)
        return
    assert measured(Lexicon(name="n", words=tuple(words)), words).all()
    assert len(found) == len(texts)


literals = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", r"\d", "(?:ab|b)", r"\.", "(?:x{2})"])
patterns = st.lists(
    st.tuples(literals, st.sampled_from(["", "", "*", "+", "?", "{1,2}", "*?"])).map("".join), min_size=1, max_size=4
).map("".join)


@fuzz(
    100,
    pattern=patterns,
    ends=st.sampled_from(["{}", "^{}", "{}$", "(?i){}", "a|{}", r"\b{}"]),
    texts=st.lists(st.text("abAx1. ", max_size=8)),
)
def a_pattern_matches_as_pythons_do(pattern, ends, texts):
    pattern = ends.format(pattern)
    expected = [float(bool(re.search(pattern, text))) for text in texts]
    assert measured(Pattern(name="n", pattern=pattern), texts).tolist() == expected


@fuzz(100, pattern=st.text(st.sampled_from("()[]{}*+?|^$\\pLN<>-:=!,0129a\n\0\ud800é")) | hostile_texts, texts=corpora)
def any_pattern_is_used_or_refused(pattern, texts):
    found = used_or_refused(lambda: measured(Pattern(name="n", pattern=pattern), texts), "pattern: ")
    assert found is None or set(found.tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b$", "(a|b|ab)*c", "(.*)*x", "((a{0,30}){0,30})$", "(x+x+)+y"])
def test_patterns_that_take_others_for_ever_end_at_once(pattern):
    assert measured(Pattern(name="n", pattern=pattern), ["a" * 300_000 + "!", "x" * 300_000]).shape == (2,)


def shape_of(text):
    signs = {"Lu": "X", "Ll": "x", "Lo": "x", "Lm": "x", "Mn": "x", "Nd": "9"}
    runs = groupby(text, key=lambda character: signs.get(unicodedata.category(character)))
    return "".join(sign or "".join(run) for sign, run in runs)


@fuzz(100, texts=st.lists(old_texts, min_size=1, max_size=6))
def shapes_and_capitals_of_old_scripts(texts):
    shapes = [shape.decode("utf-8", "surrogatepass") for shape in measured(Shape(name="n"), texts)]
    assert shapes == list(map(shape_of, texts))
    capitals = [float(unicodedata.category(text[:1] or " ") == "Lu") for text in texts]
    assert measured(Capitalised(name="n"), texts).tolist() == capitals


@fuzz(100, texts=corpora)
def shapes_and_lengths_of_anything(texts):
    assert len(measured(Shape(name="n"), texts)) == len(measured(Capitalised(name="n"), texts)) == len(texts)
    characters = [len(re.sub(r"\s\s+", " ", composed(text))) for text in texts]
    words = [len(words_of(text, lowercase=False)) for text in texts]
    assert measured(Length(name="n"), texts).tolist() == np.log1p(characters).tolist()
    assert measured(Length(name="n", unit="words"), texts).tolist() == np.log1p(words).tolist()


TOML = """
[button]
kind = "lexicon"
words = ["button", "click below"]
["sums of money"]
kind = 'pattern'
pattern = '[$€£]\\s?[0-9]'
offset = -1
[domain]
kind = "category"
column = "sender"
values = ["kth.se"]
min_rows = 2
[length]
kind = "length"
unit = "words"
[listed]
kind = "lexicon"
words = "words.txt"
""".encode()
TOML_WORDS = [kind.encode() for kind in KINDS] + [
    b"kind", b"words", b"offset", b"= 1", b"= true", b"= []", b'= ""', b"= 1979-13-01", b"= nan", b"[[a]]", b"{",
]  # fmt: skip


def is_declared_or_refused(declared):
    features = used_or_refused(lambda: features_declared(declared)) or ()
    assert features_declared(map(declaration, features)) == features
    for feature in features:
        used_or_refused(lambda feature=feature: rows_of(feature))


def rows_of(feature):
    values = feature.measure(Documents.of({"text": ["a", "\ud800"], "sender": ["b", ""]}))
    encoder = feature.encoder().fit(values)
    assert len(encoder.rows(values).indptr) == 3


@fuzz(150, changes=changes_of(pieces | st.sampled_from(TOML_WORDS)))
def a_damaged_declaration(changes):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "words.txt").write_text("one\n\ntwo words\n", encoding="utf-8")
        Path(folder, "a.toml").write_bytes(mutated(TOML, changes))
        is_declared_or_refused(Path(folder, "a.toml"))


fields = ["name", "kind", "words", "pattern", "column", "offset", "unit", "values", "min_rows", "more"]
field_values = (
    st.sampled_from([*KINDS, "words", "characters", "text", "sender", -1, 1, 2**63, -(2**70), 10**400, True, None, 1.5])
    | hostile_texts | st.lists(hostile_texts, max_size=2) | st.lists(st.none() | st.integers(), max_size=1)
)  # fmt: skip


@fuzz(150, declared=st.lists(st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b", ""]) | hostile_texts, "kind": st.sampled_from(list(KINDS)) | field_values},
    optional=dict.fromkeys(fields[2:], field_values),
), max_size=3))  # fmt: skip
def any_declaration(declared):
    is_declared_or_refused(declared)


numbers = st.floats(-LARGEST, LARGEST)
modest = st.integers(-1000, 1000).map(float)
columns = st.integers(1, 8).flatmap(
    lambda m: st.one_of(
        st.tuples(st.just(Scaled), st.lists(modest | numbers, min_size=m, max_size=m).map(np.array)),
        st.tuples(
            st.just(Block),
            st.lists(st.lists(modest | numbers, min_size=3, max_size=3), min_size=m, max_size=m).map(np.array),
        ),
        st.tuples(st.just(Categories), st.lists(hostile_texts, min_size=m, max_size=m).map(Texts.from_strings)),
        st.tuples(
            st.just(Indices),
            st.dictionaries(st.integers(0, 2**63 - 1), modest | numbers, min_size=1, max_size=5).map(
                lambda pairs: Pairs(
                    np.array([0, len(pairs)]), np.array(sorted(pairs)), np.array([pairs[i] for i in sorted(pairs)])
                )
            ),
        ),
    )
)


@fuzz(200, made=columns)
def encoders_give_finite_values_and_come_back_from_arrays(made):
    kind, values = made
    encoder = kind().fit(values)
    rows = used_or_refused(lambda: encoder.rows(values))
    if rows is None:
        return
    assert np.isfinite(rows.values).all()
    assert rows.n_features == len(encoder.names("n"))
    again = kind().from_arrays(encoder.to_arrays())
    assert [part.tolist() for part in again.rows(values)[:3]] == [part.tolist() for part in rows[:3]]
    assert (again.names("n"), again.facts("n")) == (encoder.names("n"), encoder.facts("n"))


# Models.

labels_of_anything = st.lists(
    st.sampled_from(["a", "b", "a\0", "b\n", "\t", "", "\ud800", "é", "1", "\u2028", "\U0001f600"]),
    min_size=2,
    max_size=3,
    unique=True,
)
rows_to_learn = labels_of_anything.flatmap(
    lambda labels: st.lists(st.tuples(hostile_texts, st.sampled_from(labels)), min_size=2, max_size=10).map(
        lambda rows: rows + [("good word", label) for label in labels]
    )
)
HANDMADE = (Lexicon(name="said", words=("word", "é")), Shape(name="shape"), Length(name="length"))


def taught(rows, **options):
    texts, labels = zip(*rows, strict=True)
    return TextClassifier(min_df=1, l2=0.01, **options).fit(list(texts), list(labels))


@fuzz(
    12,
    rows=rows_to_learn,
    analyzer=st.sampled_from(["word", "char", "char_wb", "word+char"]),
    handmade=st.booleans(),
    order=st.randoms(),
)
def a_model_of_anything_comes_back_and_knows_no_order(rows, analyzer, handmade, order):
    options = {"analyzer": analyzer, "features": HANDMADE if handmade else None}
    texts, labels = map(list, zip(*rows, strict=True))
    classifier = taught(rows, **options)
    probabilities = classifier.predict_proba(texts)
    assert np.isfinite(probabilities).all()
    assert probabilities.sum(axis=1) == pytest.approx(1.0)
    shuffled = order.sample(rows, len(rows))
    with tempfile.TemporaryDirectory() as folder:
        path, other = Path(folder, "a.vikt"), Path(folder, "b.vikt")
        classifier.save(path)
        taught(shuffled, **options).save(other)
        assert path.read_bytes() == other.read_bytes()
        loaded = load(path)
        assert loaded.classes_.tolist() == sorted(set(labels))
        assert loaded.predict_proba(texts).tolist() == probabilities.tolist()
        assert loaded.predict(texts).tolist() == classifier.predict(texts).tolist()
    alone = np.concatenate([loaded.predict_proba([text]) for text in texts])
    assert alone == pytest.approx(probabilities)
    for text in texts:
        explained = loaded.explain(text)
        parts = sum(part.contribution for part in explained.contributions)
        assert explained.score == pytest.approx(explained.intercept + parts)
        log_p = loaded.predict_log_proba([text])[0]
        if len(log_p) == 2:
            assert explained.score == pytest.approx(log_p.max() - log_p.min(), abs=1e-9)
        assert len(explained.emphasis) == len(explained.text)
        json.dumps(explained.to_json(), allow_nan=False)


def test_a_feature_that_bears_a_words_name_lends_it_no_emphasis():
    features = [Pattern(name="film", pattern="good")]
    classifier = TextClassifier(min_df=1, l2=0.01, ngrams=(1, 1), features=features)
    classifier.fit(["good film", "bad film", "good x", "bad x"], ["p", "n", "p", "n"])
    emphasis = classifier.explain("good film").emphasis
    assert sum(emphasis[:4]) > 1 > 0.1 > sum(emphasis[5:])


@pytest.mark.parametrize(("check", "strategies", "n_examples"), FUZZES)
def test_the_same_examples_every_time(check, strategies, n_examples):
    run(check, strategies, max_examples=n_examples, derandomize=True)


@pytest.mark.slow
@pytest.mark.parametrize(("check", "strategies", "n_examples"), FUZZES)
def test_thousands_of_new_examples(check, strategies, n_examples):
    run(check, strategies, max_examples=20 * n_examples)
