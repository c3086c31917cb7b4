"""What people bring, and the right answer to it: through the command line, from the file to the labels."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

import vikt
from vikt.cli.main import main
from vikt.features.handmade import Number
from vikt.files.model_file import save_model
from vikt.fitting.saved import SavedModel

WORDS = {"spam": "win money now", "ham": "lunch on friday", "work": "the report is late"}
ROWS = [(label, f"{text} {n}") for n in range(20) for label, text in WORDS.items()]
TABLE = {"label": [label for label, _ in ROWS], "text": [text for _, text in ROWS]}
FORMATS = [".csv", ".tsv", ".jsonl", ".parquet", ".arrow", ".feather"]
PACKED = [".csv.gz", ".tsv.zst", ".jsonl.zst", ".parquet.gz", ".arrow.zst"]
AS_WRITTEN = ["NA", "null", "nan", "None", "true", "007", "1.0", "1", "-", "1e5"]


@pytest.fixture
def run(monkeypatch, capfdbinary):
    """Run in this process: (exit code, stdout, stderr). What fails says so in one line."""

    def call(*args, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["vikt", *map(str, args)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = (stream.decode() for stream in capfdbinary.readouterr())
        code = ended.value.code or 0
        assert "Traceback" not in err
        if code == 1:
            assert [line for line in err.splitlines() if line.startswith("vikt: ")] == err.splitlines()[-1:]
        return code, out, err

    return call


@pytest.fixture
def ok(run):
    """As `run`, of what must succeed: its stdout."""

    def call(*args, stdin=b""):
        code, out, err = run(*args, stdin=stdin)
        assert code == 0, err
        return out

    return call


@pytest.fixture
def refused(run):
    """As `run`, of what must be refused: its message, which holds all that is expected."""

    def call(*args, said, stdin=b"", code=1):
        found, out, err = run(*args, stdin=stdin)
        assert (found, out) == (code, ""), err
        for word in said:
            assert word in err, err

    return call


@pytest.fixture
def made(tmp_path):
    """Write a file, and its folder: its path."""

    def call(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return call


@pytest.fixture
def train(ok, tmp_path):
    """Train with a given penalty: the model's path."""

    def call(*data):
        ok("train", *data, "-q", "--min-df", 1, "--l2", 0.001, "-o", tmp_path / "made.vikt")
        return tmp_path / "made.vikt"

    return call


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.vikt"
    classifier = vikt.TextClassifier(min_df=1, l2=0.001).fit(TABLE["text"], TABLE["label"])
    record = replace(classifier.record_, columns={"text": "text", "label": "label"})
    save_model(path, *SavedModel(classifier.model_, record).to_file())
    return path


def written(path, table):
    """A table of strings in the format that a file's name tells."""
    rows = list(zip(*table.values(), strict=True))
    if ".parquet" in path.name:
        pq.write_table(pa.table(table), path)
    elif ".arrow" in path.name or ".feather" in path.name:
        feather.write_feather(pa.table(table), path)
    elif ".jsonl" in path.name:
        path.write_text(jsonl(dict(zip(table, row, strict=True)) for row in rows))
    else:
        mark = "," if ".csv" in path.name else "\t"
        path.write_text("".join(mark.join(row) + "\n" for row in [tuple(table), *rows]))
    return packed(path)


def packed(path):
    codec = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    if codec:
        path.write_bytes(pa.compress(path.read_bytes(), codec=codec, asbytes=True))
    return path


def jsonl(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def read(path):
    """A table as pyarrow has it; text formats through vikt's reader, which other tests prove."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if path.suffix == ".zst":
        content = pa.CompressedInputStream(pa.BufferReader(content), "zstd").read()
    if ".parquet" in path.name:
        return pq.read_table(pa.BufferReader(content))
    if ".arrow" in path.name or ".feather" in path.name:
        return feather.read_table(pa.BufferReader(content))
    from vikt.corpus.readers import read_table

    return read_table(path).arrow


def answers(out):
    """The labels of lines of answers."""
    return [line.split("\t")[0] for line in out.split("\n")[:-1]]


def objects(out):
    return [json.loads(line) for line in out.split("\n")[:-1]]


# 1. Readers


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    """The bytes of the model of a plain table of ROWS."""
    folder = tmp_path_factory.mktemp("plain")
    command = [sys.executable, "-m", "vikt", "train", written(folder / "mails.tsv", TABLE)]
    subprocess.run([*command, "-q", "--min-df", "1", "--l2", "0.001", "-o", folder / "m.vikt"], check=True, timeout=120)
    return (folder / "m.vikt").read_bytes()


@pytest.mark.parametrize("suffix", [*FORMATS, *PACKED])
def test_every_format_gives_the_same_model(train, tmp_path, plain, suffix):
    assert train(written(tmp_path / f"mails{suffix}", TABLE)).read_bytes() == plain


@pytest.mark.parametrize("suffix", [".txt", ".txt.gz", ".txt.zst"])
def test_fasttext_lines_give_the_same_model(train, made, plain, suffix):
    lines = "".join(f"__label__{label} {text}\n" for label, text in ROWS)
    assert train(packed(made(f"mails{suffix}", lines))).read_bytes() == plain


def test_a_folder_a_class_gives_the_same_model(train, made, tmp_path, plain):
    for n, (label, text) in enumerate(ROWS):
        made(f"mails/{label}/deep/deeper/{n}.txt", text)
    assert train(tmp_path / "mails").read_bytes() == plain


def test_several_files_of_several_formats_by_a_pattern_give_the_same_model(train, made, tmp_path, plain):
    written(tmp_path / "a1.tsv", {name: values[:20] for name, values in TABLE.items()})
    # Columns in another order.
    written(tmp_path / "a2.jsonl", {name: TABLE[name][20:40] for name in ("text", "label")})
    written(tmp_path / "b.parquet", {name: values[40:] for name, values in TABLE.items()})
    assert train(tmp_path / "a?.*", tmp_path / "b.parquet").read_bytes() == plain


def svmlight(least, step=1):
    """Two classes told apart by the features `least` and `least + step`; every row is another."""
    return "".join(f"{'+-'[n % 2]}1 {least + n % 2 * step}:1 {least + 9 + n * step}:0.5\n" for n in range(60))


@pytest.mark.parametrize(("least", "base"), [(0, "from 0"), (1, "from 1")])
def test_the_base_of_svmlight_is_found_and_said(ok, made, tmp_path, least, base):
    out = ok("train", made("a.svm", svmlight(least)), "-o", tmp_path / "m.vikt")
    assert f"counted {base}" in out
    assert answers(ok("predict", tmp_path / "m.vikt", made("b.svm", f"0 {least}:1\n"), "-o", tmp_path / "b.csv")) == []
    assert read(tmp_path / "b.csv").column("predicted").to_pylist() == ["+1"]


def test_the_width_of_svmlight_is_fixed_by_training(train, ok, refused, made):
    model = train(made("a.svm", svmlight(1)))
    narrow, wide = ok("predict", model, made("n.svm", "x 1:1\n")), ok("predict", model, made("w.svm", "x 1:1 9999:7\n"))
    assert [row["probability"] for row in objects(narrow)] == [row["probability"] for row in objects(wide)]
    refused("predict", model, made("zero.svm", "x 0:1\n"), said=["zero.svm, line 1", "indices from 1", "index 0"])
    refused("predict", model, made("late.svm", "# note\nx 1:1\nx 0:1\n"), said=["late.svm, line 3"])
    refused("evaluate", model, made("test.svm", "+1 1:1\n\n-1 0:1\n"), said=["test.svm, line 3"])


def test_svmlight_counts_from_zero_if_any_row_does(ok, made, tmp_path):
    # The index 0 is in one row, which the split may put on either side.
    for n in range(0, 20, 3):
        rows = [f"{'+-'[i % 2]}1 " + "0:1 " * (i == n) + f"{1 + i % 2}:1 {9 + i}:0.5\n" for i in range(20)]
        out = ok("train", made("a.svm", "".join(rows)), "--l2", 0.001, "-o", tmp_path / "m.vikt")
        assert "counted from 0" in out


def test_svmlight_indices_above_32_bits_are_exact(train, ok, made):
    model = train(made("a.svm", svmlight(2**32 + 5, step=2**32)))
    rows = objects(ok("predict", model, made("b.svm", f"x {2**32 + 5}:1\nx {2**33 + 5}:1\nx 5:1\n")))
    assert [row["predicted"] for row in rows[:2]] == ["+1", "-1"]
    assert rows[2]["probability"] == pytest.approx(0.5, abs=0.05)  # An index of the same low bits is another.


@pytest.mark.parametrize("pairs", ["3:1 2:1", "2:1 2:1"])
def test_unsorted_and_doubled_svmlight_indices_are_named_by_line(refused, made, pairs):
    refused("train", made("a.svm", svmlight(1) + f"+1 {pairs}\n"), said=["a.svm, line 61", "indices must rise"])


def test_a_stray_quotation_mark_in_a_tsv_swallows_no_row(train, tmp_path):
    texts = [f'"{text}' if n == 3 else text for n, text in enumerate(TABLE["text"])]
    assert vikt.load(train(written(tmp_path / "a.tsv", TABLE | {"text": texts}))).data_["rows"] == 60


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbfwin money\nlunch\n", b"win money\r\nlunch\r\n", b"win money\nlunch", b"win\rmoney\nlunch\n"],
    ids=["mark", "crlf", "no final end", "lone cr"],
)
def test_marks_and_line_ends_change_no_prediction(ok, made, model, content):
    expected = ok("predict", model, stdin=b"win money\nlunch\n")
    assert ok("predict", model, stdin=content) == expected
    assert ok("predict", model, made("a.txt", content)) == expected
    table = objects(ok("predict", model, made("a.tsv", b"text\n" + content), "--json"))
    assert [f"{row['predicted']}\t{row['probability']:.12g}" for row in table] == expected.splitlines()


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".txt"])
@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1e"])
def test_what_only_looks_like_a_line_end_is_text(ok, made, tmp_path, model, suffix, character):
    text = f"win{character}money"
    content = {".jsonl": jsonl([{"text": text}]), ".txt": text + "\n"}.get(suffix, f"text\n{text}\n")
    ok("predict", model, made(f"a{suffix}", content), "-o", tmp_path / "out.jsonl")
    assert [(row["text"], row["predicted"]) for row in objects((tmp_path / "out.jsonl").read_text())] == [
        (text, "spam")
    ]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".parquet", ".txt"])
def test_text_after_a_nul_counts(ok, tmp_path, model, suffix):
    path, text = tmp_path / f"a{suffix}", "\0lunch\0 on friday"
    path.write_text(text + "\n") if suffix == ".txt" else written(path, {"text": [text]})
    ok("predict", model, path, "-o", tmp_path / "out.jsonl")
    row = objects((tmp_path / "out.jsonl").read_text())[0]
    assert (row["text"], row["predicted"]) == (text, "ham")
    assert row["probability"] > 0.9


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_cell_of_140000_characters(ok, tmp_path, model, suffix):
    text = "word " * 28_000 + "lunch"
    ok("predict", model, written(tmp_path / f"a{suffix}", {"text": [text, "win"]}), "-o", tmp_path / f"out{suffix}")
    out = read(tmp_path / f"out{suffix}").to_pydict()
    assert (out["text"], out["predicted"]) == ([text, "win"], ["ham", "spam"])


def test_a_line_of_4_megabytes(ok, made, model):
    line = b"word " * 800_000 + b"lunch\n"
    assert answers(ok("predict", model, stdin=b"win\n" + line + b"report\n")) == ["spam", "ham", "work"]
    assert answers(ok("predict", model, made("a.csv", b"text\n" + line), "--json", "-q"))[0].endswith("}")


@pytest.mark.parametrize("suffix", FORMATS)
def test_labels_and_texts_are_kept_as_written(train, ok, tmp_path, suffix):
    table = {
        "label": [label for label in AS_WRITTEN for _ in range(20)],
        "text": [f"{label} word{place} {n}" for place, label in enumerate(AS_WRITTEN) for n in range(20)],
    }
    model = train(written(tmp_path / f"a{suffix}", table))
    assert vikt.load(model).classes_.tolist() == sorted(AS_WRITTEN)
    words = {"text": [f"word{place}" for place in range(len(AS_WRITTEN))]}
    out = tmp_path / f"out{suffix}"
    ok("predict", model, written(tmp_path / f"b{suffix}", words | {"as": AS_WRITTEN}), "-o", out)
    assert read(out).column("predicted").to_pylist() == read(out).column("as").to_pylist() == AS_WRITTEN


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_label_may_change_its_type_late_in_the_file(train, tmp_path, suffix):
    n = 10_050  # More rows than a batch.
    table = {"label": ["1"] * n + ["1.5", "x"] * 20, "text": [f"a {i % 50}" for i in range(n + 40)]}
    path = tmp_path / f"a{suffix}"
    if suffix == ".jsonl":
        labels = [1] * n + [1.5, "x"] * 20
        path.write_text(jsonl({"label": a, "text": b} for a, b in zip(labels, table["text"], strict=True)))
    else:
        written(path, table)
    assert vikt.load(train(path)).data_["classes"] == {"1": n, "1.5": 20, "x": 20}


def labelled_jsonl(*labels):
    return jsonl({"label": label, "text": f"word{n} {i}"} for i in range(20) for n, label in enumerate(labels))


def test_json_labels_of_several_types(train, made):
    assert vikt.load(train(made("a.jsonl", labelled_jsonl(1, True, "x", 2.5)))).classes_.tolist() == [
        "1", "2.5", "true", "x",
    ]  # fmt: skip


@pytest.mark.parametrize("pair", [(1, "1"), (True, "true"), ("1.0", 1.0)])
def test_json_labels_that_differ_and_print_alike_are_refused(refused, made, pair):
    refused("train", made("a.jsonl", labelled_jsonl(*pair)), said=["a.jsonl, row 2, column 'label'", "rows 1 and 2"])


def test_parquet_dictionaries_are_labels_and_nulls_are_named_by_row(train, refused, tmp_path):
    labels = pa.array(TABLE["label"]).dictionary_encode()
    pq.write_table(pa.table({"label": labels, "text": TABLE["text"]}), tmp_path / "a.parquet", row_group_size=25)
    assert vikt.load(train(tmp_path / "a.parquet")).data_["classes"] == {"ham": 20, "spam": 20, "work": 20}
    with_null = pa.array([*TABLE["label"][:40], None, *TABLE["label"][41:]]).dictionary_encode()
    pq.write_table(pa.table({"label": with_null, "text": TABLE["text"]}), tmp_path / "b.parquet", row_group_size=25)
    refused("train", tmp_path / "b.parquet", said=["b.parquet, row 41", "no label", "column 'label'"])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "text,label,text\nx,ham,y\n", ["column names must differ", "'text'"]),
        ("a.tsv", "text\tlabel\nx\tham\ny\n", ["row 2 (line 3)", "expected 2 fields", "found 1"]),
        ("a.csv", 'text,label\n"x\ny",ham\na,b,c\n', ["row 2 (line 4)", "expected 2 fields", "found 3"]),
        ("a.jsonl", '{"text": "x", "label": "ham"}\n{"text": "y"}\n', ["row 2", "no label", "'label'"]),
        ("a.jsonl", '{"text": "x", "label": "ham", "text": "y"}\n', ["line 1", "'text' 2 times"]),
        ("a.csv", "text,label\nx,\ny,ham\n", ["row 1", "no label"]),
        ("a.txt", "__label__ham x\ny\n", ["line 2", "expected a label"]),
        ("a.csv", "text,label\rx,ham\r", ["carriage return"]),
        ("a.tsv", "text\tlabel\rx\tham\r", ["line 1", "carriage return", "tr "]),
    ],
)
def test_columns_and_fields_that_cannot_be_name_file_and_row(refused, made, tmp_path, name, content, said):
    good = written(tmp_path / "good.tsv", TABLE)
    refused("train", good, made(name, content), said=[str(tmp_path / name), *said])


def test_one_bad_byte_in_a_folder_names_the_file_and_the_offset(refused, made, tmp_path, model):
    for n, (label, text) in enumerate(ROWS):
        made(f"mails/{label}/{n}.txt", text.encode() + b"\xff" * (n == 30))
    said = [f"{tmp_path / 'mails'}/spam/30.txt", "0xff", f"offset {len(ROWS[30][1])}"]
    refused("train", tmp_path / "mails", said=said)
    refused("predict", model, tmp_path / "mails", "-o", tmp_path / "out.csv", said=said)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("suffix", [".csv", ".txt"])
@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-16", "iconv -f UTF-16 "), ("utf-16-le", "-f UTF-16LE"), ("utf-16-be", "UTF-16BE"), ("latin-1", "-f LATIN1")],
)
def test_other_encodings_are_recognised_with_the_remedy(refused, made, model, suffix, encoding, said):
    content = "text,label\ncaf\xe9,ham\n".encode(encoding)
    refused("evaluate", model, made(f"a{suffix}", content), said=[f"a{suffix}, line ", said])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("win\n".encode("utf-16"), "UTF-16"),
        (b"win \xe9\n", "LATIN1"),
    ],
)
def test_what_is_no_text_on_a_pipe_is_recognised_with_the_remedy(refused, model, content, said):
    refused("predict", model, stdin=content, said=["standard input, line 1", said])


def test_a_comma_belongs_to_a_fasttext_label_but_at_its_end(train, refused, made):
    lines = "".join(f"__label__a,b win {n}\n__label__c lunch {n}\n" for n in range(20))
    assert vikt.load(train(made("a.txt", lines))).classes_.tolist() == ["a,b", "c"]
    refused("train", made("b.txt", lines + "__label__a, win\n"), said=["b.txt, line 41", "'a,'"])
    two = made("c.txt", lines + "__label__a __label__c win\n")
    refused("train", two, "--targets", "classes", said=["c.txt, line 41", "found 2"])


def test_the_label_of_a_labelled_line_is_no_word(ok, made, model):
    lines = b"__label__ham win money\n__label__work\nwin __label__work money\n"
    expected = ok("predict", model, stdin=b"win money\n\nwin money\n")
    assert ok("predict", model, stdin=lines) == ok("predict", model, made("a.txt", lines)) == expected


@pytest.mark.parametrize(
    ("name", "content", "rows", "told"),
    [
        ("a.csv", "id,text\n\n1,win\n\n2,lunch\n", 2, "skipped 2 blank lines"),
        ("a.csv", "text\nwin\n\nlunch\n", 3, ""),
        ("a.jsonl", '{"text": "win"}\n\n{"text": ""}\n', 2, "skipped 1 blank line"),
        ("a.tsv", "id\ttext\n1\twin\n\n", 1, "skipped 1 blank line"),
        ("f/ham/1.txt", "", 1, ""),
    ],
)
def test_rows_in_are_rows_answered_and_rows_told(run, made, tmp_path, model, name, content, rows, told):
    path = made(name, content)
    code, out, err = run("predict", model, tmp_path / "f" if "/" in name else path, "--json")
    assert (code, len(objects(out))) == (0, rows)
    assert told in err
    assert bool(told) == bool(err)


def test_a_column_that_is_guessed_is_said(run, made, model):
    for name, said in (("text", ""), ("Review", '"Review" (guessed by its name)'), ("x", '"x" (the only column)')):
        code, out, err = run("predict", model, made("a.csv", f"{name}\nwin\n"), "--json")
        assert (code, objects(out)[0]["predicted"]) == (0, "spam")
        assert said in err
        assert bool(said) == bool(err)


def test_a_row_of_a_table_is_no_blank_line(refused, tmp_path):
    table = {"label": [*TABLE["label"], None], "text": [*TABLE["text"], ""]}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    refused("train", tmp_path / "a.parquet", said=["a.parquet, row 61", "'label'"])


# 2. Prediction keeps its lines

AWKWARD = [
    "",
    "win",
    "   ",
    "\t",
    "zzz qqq",
    "\r",
    "\x85",
    "\u2028",
    "\0",
    "__label__ham",
    '"',
    "\ufeff",
    "win money" * 99,
]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "options", [[], ["--threshold", 0.5], ["--threshold", 1], ["--top", 2], ["--proba"], ["--json"]]
)
def test_one_line_out_for_each_line_in(ok, model, ends, options):
    lines = ok("predict", model, *options, stdin="".join(text + ends for text in AWKWARD).encode()).split("\n")
    assert len(lines) == len(AWKWARD) + 1
    assert lines[-1] == ""
    assert len({line.count("\t") for line in lines[:-1]}) == 1


def test_a_threshold_leaves_the_label_empty_and_the_line_there(ok, model):
    lines = b"win money now\n\nzzz\n"
    assert answers(ok("predict", model, "--threshold", 0.5, stdin=lines)) == ["spam", "", ""]
    assert answers(ok("predict", model, "--threshold", 1, stdin=lines)) == ["", "", ""]
    table = objects(ok("predict", model, "--threshold", 0.5, "--json", stdin=lines))
    assert [row["predicted"] for row in table] == ["spam", None, None]
    assert all(0 <= row["probability"] <= 1 for row in table)


def test_top_gives_the_classes_there_are_from_the_likeliest_down(ok, model):
    row = objects(ok("predict", model, "--top", 9, "--json", stdin=b"win lunch\n"))[0]
    assert sorted(row[name] for name in ("predicted", "predicted_2", "predicted_3")) == ["ham", "spam", "work"]
    assert row["probability"] >= row["probability_2"] >= row["probability_3"]
    assert ok("predict", model, "--top", 9, stdin=b"win\n") == ok("predict", model, "--top", 3, stdin=b"win\n")


@pytest.mark.parametrize("n_classes", [2, 500])
def test_every_class_has_its_probability(ok, tmp_path, n_classes):
    labels = [f"class {n}" for n in range(n_classes)]
    texts = [f"word{n} common" for n in range(n_classes)]
    vikt.TextClassifier(min_df=1, l2=0.01, tol=0.1).fit(texts, labels).save(tmp_path / "m.vikt")
    names = [f"P({label})" for label in sorted(labels)]
    for line in ok("predict", tmp_path / "m.vikt", "--proba", stdin=b"word1\n\nzzz\n").splitlines():
        shares = np.array([float(field) for field in line.split("\t")[2:]])
        assert len(shares) == n_classes
        assert shares.sum() == pytest.approx(1, abs=1e-9)
    for row in objects(ok("predict", tmp_path / "m.vikt", "--proba", "--json", stdin=b"word1\n\nzzz\n")):
        shares = np.array([row[name] for name in names])
        assert list(row) == ["predicted", "probability", *names]
        assert shares.min() >= 0
        assert shares.sum() == pytest.approx(1, abs=1e-9)
        assert row[f"P({row['predicted']})"] == row["probability"] == shares.max()


@pytest.mark.parametrize("source", FORMATS)
def test_a_table_of_any_format_goes_to_any_format(ok, tmp_path, model, source):
    table = {"id": ["007", "NA", "1.0"], "text": ['win "money"', "lunch", ""], "x": ["a|b", "", "é"]}
    if source in (".csv", ".tsv"):
        table["text"][0] = "win money"  # written() quotes nothing.
    path = written(tmp_path / f"in{source}", table)
    for suffix in [*FORMATS, *PACKED, ".ndjson"]:
        out = tmp_path / f"out{suffix}"
        ok("predict", model, path, "-o", out)
        found = read(out).to_pydict()
        assert list(found) == [*table, "predicted", "probability"], suffix
        assert {name: found[name] for name in table} == table, suffix
        assert found["predicted"][:2] == ["spam", "ham"], suffix


@pytest.fixture
def typed():
    """Columns of many types, and each of their values as JSON has it."""
    return {
        "text": (pa.array(["win", "lunch"]), ["win", "lunch"]),
        "int8": (pa.array([1, None], pa.int8()), [1, None]),
        "uint64": (pa.array([2**64 - 1, 0], pa.uint64()), [2**64 - 1, 0]),
        "float": (pa.array([1.0, 1e300]), [1.0, 1e300]),
        "single": (pa.array([0.1, float("nan")], pa.float32()), [0.1, None]),
        "bool": (pa.array([True, None]), [True, None]),
        "date": (pa.array([date(2020, 2, 29), None]), ["2020-02-29", None]),
        "time": (
            pa.array([datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
            ["2020-01-02 03:04:05.000000Z", None],
        ),
        "null": (pa.nulls(2), [None, None]),
        "list": (pa.array([[1.5, None, float("inf")], []]), [[1.5, None, None], []]),
        "struct": (pa.array([{"a": [{"b": "é"}]}, None]), [{"a": [{"b": "é"}]}, None]),
        "dictionary": (pa.array(["x", None]).dictionary_encode(), ["x", None]),
    }


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather", ".parquet.zst"])
def test_the_types_of_parquet_are_kept(ok, tmp_path, model, typed, suffix):
    table = pa.table({name: column for name, (column, _) in typed.items()})
    pq.write_table(table, tmp_path / "in.parquet")
    ok("predict", model, tmp_path / "in.parquet", "-o", tmp_path / f"out{suffix}")
    found = read(tmp_path / f"out{suffix}")
    assert found.column("predicted").to_pylist() == ["spam", "ham"]
    same = found.drop_columns(["predicted", "probability"])
    assert same.schema.equals(pq.read_table(tmp_path / "in.parquet").schema)
    assert str(same.to_pydict()) == str(table.to_pydict())


def test_the_values_of_parquet_are_values_of_json(ok, tmp_path, model, typed):
    pq.write_table(pa.table({name: column for name, (column, _) in typed.items()}), tmp_path / "in.parquet")
    rows = objects(ok("predict", model, tmp_path / "in.parquet"))
    assert [{name: row[name] for name in typed} for row in rows] == [
        {name: values[i] for name, (_, values) in typed.items()} for i in range(2)
    ]


NUMBERS = '{"text": "win", "n": [1.0, 1e5, 1E+2, -0, 12345678901234567890123, 0.10, true, null, {"a": "\\u0000"}]'


def test_json_is_kept_to_the_digit(ok, made, model):
    rows = [
        NUMBERS + "}",
        '{"text": "lunch", "x": 1e400, "y": 12345678901234567890, "z": null}',
        '{"y": {}, "text": ""}',
    ]
    out = ok("predict", model, made("a.jsonl", "\n".join(rows)))
    assert [line.partition(', "predicted"')[0] + "}" for line in out.splitlines()] == rows


def test_json_becomes_the_types_of_parquet(ok, made, tmp_path, model):
    rows = [
        {"text": "win", "i": 1, "f": 1.5, "b": True, "l": [1], "u": 2**64 - 1},
        {"text": "lunch", "f": 2, "late": "x"},
    ]
    ok("predict", model, made("a.jsonl", jsonl(rows)), "-o", tmp_path / "out.parquet")
    found = read(tmp_path / "out.parquet").drop_columns(["predicted", "probability"])
    assert found.to_pylist() == [{**rows[0], "late": None}, dict.fromkeys(rows[0]) | rows[1]]
    assert [str(found.schema.field(name).type) for name in ("i", "f", "b", "u")] == [
        "int64",
        "double",
        "bool",
        "uint64",
    ]


@pytest.mark.parametrize("value", ["12345678901234567890123", '"a"', "1e400", "9007199254740993"])
def test_what_no_type_of_parquet_holds_is_refused_by_column(refused, made, tmp_path, model, value):
    path = made("a.jsonl", f'{{"text": "win", "n": 1.5}}\n{{"text": "win", "n": {value}}}\n')
    refused("predict", model, path, "-o", tmp_path / "out.parquet", said=["a.jsonl, column 'n'", "write JSONL"])
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize("suffix", FORMATS)
def test_columns_of_several_files_keep_their_names(ok, refused, made, tmp_path, model, suffix):
    made("t/a.csv", "x,text\n1,win\n")
    made("t/b.csv", "text,x\nlunch,2\n")
    made("t/c.csv", "text\nreport\n")
    ok("predict", model, tmp_path / "t/*.csv", "-o", tmp_path / f"out{suffix}")
    found = read(tmp_path / f"out{suffix}").to_pydict()
    assert [value or None for value in found["x"]] == ["1", "2", None]
    assert found["predicted"] == ["spam", "ham", "work"]
    made("t/d.csv", "text,y\nwin,3\n")
    if suffix != ".jsonl":
        refused("predict", model, tmp_path / "t/*.csv", "-o", tmp_path / "o.csv", said=["d.csv, row 1", "'y'", "JSONL"])


def test_a_value_of_json_that_appears_late_is_not_lost(ok, refused, made, tmp_path, model):
    path = made("a.jsonl", '{"text": "win", "a": 1}\n' * 10_001 + '{"text": "lunch", "z": 2}\n')
    assert objects(ok("predict", model, path))[-1] | {"probability": 0} == {
        "text": "lunch", "z": 2, "predicted": "ham", "probability": 0,
    }  # fmt: skip
    for name in ("out.csv", "out.parquet", "out.arrow.gz"):
        refused("predict", model, path, "-o", tmp_path / name, said=["a.jsonl, row 10001 and after", "'z'"])


def test_a_carriage_return_in_a_value_is_quoted_in_csv(ok, made, tmp_path, model):
    ok("predict", model, made("a.jsonl", jsonl([{"text": "win\rmoney", "x": '"\r'}])), "-o", tmp_path / "out.csv")
    assert read(tmp_path / "out.csv").to_pylist()[0] | {"probability": 0} == {
        "text": "win\rmoney", "x": '"\r', "predicted": "spam", "probability": 0,
    }  # fmt: skip


@pytest.mark.parametrize("suffix", [*FORMATS, *PACKED])
def test_lines_become_a_table_of_any_format(ok, tmp_path, model, suffix):
    ok("predict", model, "-o", tmp_path / f"out{suffix}", stdin=b'win "money"\n\nlunch')
    found = read(tmp_path / f"out{suffix}").to_pydict()
    assert list(found) == ["text", "predicted", "probability"]
    assert found["text"] == ['win "money"', "", "lunch"]
    assert [found["predicted"][i] for i in (0, 2)] == ["spam", "ham"]


def test_labels_of_lines_are_a_column_where_there_are_any(ok, tmp_path, model):
    ok("predict", model, "-o", tmp_path / "out.csv", stdin=b"__label__ham lunch\nwin money")
    assert read(tmp_path / "out.csv").select(["label", "text"]).to_pylist() == [
        {"label": "ham", "text": "lunch"}, {"label": "", "text": "win money"},
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["out", "out.txt", "out.txt.gz", "out.txt.zst"])
def test_lines_stay_lines_in_a_file(ok, tmp_path, model, name):
    lines = b"win money\n\nlunch\n"
    ok("predict", model, "-o", tmp_path / name, stdin=lines)
    content = (tmp_path / name).read_bytes()
    if name.endswith("zst"):
        content = pa.CompressedInputStream(pa.BufferReader(content), "zstd").read()
    content = gzip.decompress(content) if name.endswith("gz") else content
    assert content.decode() == ok("predict", model, stdin=lines)


def test_lines_of_several_files_by_a_pattern(ok, made, tmp_path, model):
    made("a1.txt", "win\n")
    made("a2.txt", "lunch")
    made("a3.txt.gz", gzip.compress(b"report\n"))
    assert answers(ok("predict", model, tmp_path / "a*.txt*")) == ["spam", "ham", "work"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_tables_on_standard_input(ok, tmp_path, model, suffix):
    content = written(tmp_path / f"a{suffix}", {"text": ["win", "lunch"], "x": ["1", "2"]}).read_bytes()
    kind = "arrow" if suffix == ".feather" else suffix[1:]
    rows = objects(ok("predict", model, "--format", kind, "--json", stdin=content))
    assert [(row["x"], row["predicted"]) for row in rows] == [("1", "spam"), ("2", "ham")]


def test_an_ascii_locale_and_windows_line_ends_change_no_byte(made, tmp_path, model):
    made("a.csv", "text,é\nlunch é,ü\n")
    made("b.csv", "text,é\r\nlunch é,ü\r\n")
    command = [sys.executable, "-m", "vikt", "predict", str(model)]
    plain = {**os.environ, "PYTHONUTF8": "1"}
    poor = {**os.environ, "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
    outs = {
        subprocess.run(
            [*command, tmp_path / name], env=env, capture_output=True, check=True, timeout=120
        ).stdout.replace(b"a.csv", b"b.csv")
        for name, env in (("a.csv", plain), ("a.csv", poor), ("b.csv", poor))
    }
    assert len(outs) == 1
    assert next(iter(outs)).decode().startswith("text,é,predicted,probability\nlunch é,ü,ham,")


@pytest.mark.slow
def test_a_million_lines_through_a_pipe_in_bounded_memory(model):
    program = (
        "import resource, sys; from vikt.cli.main import main\n"
        f"sys.argv = ['vikt', 'predict', {str(model)!r}]\n"
        "try: main()\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)"
    )
    peaks = []
    for n in (100_000, 1_000_000):
        done = subprocess.run(
            [sys.executable, "-c", program],
            input=b"win money now and then\n" * n,
            capture_output=True,
            timeout=600,
            check=True,
        )
        assert done.stdout.count(b"\n") == n
        # The first run may say before that it compiles.
        peaks.append(int(done.stderr.split()[-1]))
    assert peaks[1] < peaks[0] + 100, peaks


# What careless users do


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["predict", "MODEL", "none*.csv"], 1, ["none*.csv", "no file matches"]),
        (["predict", "MODEL", "none.csv"], 1, ["none.csv", "no such file"]),
        (["predict", "MODEL", "empty"], 1, ["empty", "found none"]),
        (["train", "empty"], 1, ["empty", "found none"]),
        (["train", "flat"], 1, ["flat", "expected a folder for each class"]),
        (["evaluate", "MODEL", "mails.tsv", "./mails.tsv"], 2, ["named twice"]),
        (["predict", "MODEL", "mails.tsv", "-o", "mails.tsv"], 2, ["mails.tsv", "is an input"]),
        (["predict", "MODEL", "-o", "out.docx"], 2, ["'.docx'", ".csv, .tsv"]),
        (["predict", "MODEL", "mails.tsv", "-o", "out"], 2, ["cannot write a file without a suffix;"]),
        (["predict", "MODEL", "mails.tsv", "-o", "out.svm"], 2, ["'.svm'"]),
        (["predict", "MODEL", "mails.tsv", "-o", "nowhere/out.csv"], 1, ["nowhere"]),
        (["predict", "MODEL", "mails.tsv", "--text", "body"], 1, ["mails.tsv", "'body'"]),
        (["predict", "MODEL", "mails.tsv", "--format", "parquet"], 1, ["mails.tsv", "expected Parquet"]),
        (["predict", "MODEL", "mails.tsv", "--top", "0"], 2, ["--top"]),
        (["predict", "MODEL", "mails.tsv", "--threshold", "1.1"], 2, ["--threshold"]),
        (["predict", "MODEL", "mails.tsv", "--threshold", "nan"], 2, ["--threshold"]),
        (["predict", "MODEL", "again.csv"], 1, ["again.csv", "'predicted'"]),
        (["predict", "MODEL", "a.svm"], 1, ["a.svm", "no text column"]),
        (["predict", "MODEL", "cut.tsv.zst"], 1, ["cut.tsv.zst", "Truncated"]),
        (["predict", "MODEL", "cut.txt.gz"], 1, ["cut.txt.gz", "Truncated"]),
        (["predict", "MODEL", "tabs.jsonl", "-o", "out.tsv"], 1, ["tabs.jsonl, row 1", "TSV"]),
        (["predict", "MODEL", "bytes.parquet"], 1, ["bytes.parquet, row 1, column 'x'", "0xff"]),
        (["predict", "mails.tsv", "MODEL"], 1, ["mails.tsv", "not a vikt model"]),
        (["predict", "MODEL", ""], 2, ["empty"]),
        (["train", "mails.tsv", "--test", ""], 2, ["empty"]),
        (["train", "MODEL"], 1, [".csv, .feather"]),
        (["train", "book.xlsx"], 1, ["book.xlsx: is a workbook", "save the sheet as CSV"]),
        (["train", "mails.tsv", "lacks.csv"], 1, ["lacks.csv", "'label'"]),
        (["train", "mails.tsv", "--test", "lacks.csv"], 1, ["lacks.csv", "'label'"]),
    ],
)  # fmt: skip
def test_what_cannot_be_gets_one_clear_line(refused, made, tmp_path, model, monkeypatch, args, code, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    written(tmp_path / "mails.tsv", TABLE)
    made("flat/1.txt", "win")
    made("again.csv", "text,predicted\nwin,spam\n")
    made("lacks.csv", "text\nwin\n")
    made("book.xlsx", "PK")
    made("a.svm", "1 1:1\n")
    made("cut.tsv.zst", pa.compress(b"text\nwin\n", codec="zstd", asbytes=True)[:-3])
    made("cut.txt.gz", gzip.compress(b"win\n", mtime=0)[:-3])
    made("tabs.jsonl", jsonl([{"text": "win\tmoney"}]))
    pq.write_table(pa.table({"text": ["win"], "x": [b"\xff"]}), "bytes.parquet")
    before = sorted(os.listdir())
    refused(*[str(model) if arg == "MODEL" else arg for arg in args], said=said, code=code)
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize("name", ["a.csv", "a.csv.zst", "a.gz.csv", "a.csv.gz"])
def test_a_packed_file_is_told_by_its_begin_and_not_by_its_name(ok, made, model, name):
    for content in (b"text\nwin\n", gzip.compress(b"text\nwin\n")):
        assert objects(ok("predict", model, made(name, content), "--json"))[0]["predicted"] == "spam"


def test_the_format_of_a_test_file_is_told_as_that_of_the_data(ok, tmp_path):
    data, test = written(tmp_path / "a.tsv", TABLE), written(tmp_path / "b.parquet", TABLE)
    data.rename(tmp_path / "a.tmp")
    written(tmp_path / "c.tsv", TABLE).rename(tmp_path / "c.tmp")
    for name in (test, tmp_path / "c.tmp"):
        options = ["--format", "tsv", "--test", name, "-q", "--l2", 0.01, "-o", tmp_path / "m.vikt"]
        ok("train", tmp_path / "a.tmp", *options)


def test_a_test_file_that_is_trained_on_is_said(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "a.tsv", TABLE)
    code, _, err = run("train", "a.tsv", "--test", tmp_path / "a.tsv", "--l2", 0.1)
    assert code == 0
    assert "a.tsv: is used both for training and for the test" in err


def test_labels_that_no_line_can_hold_are_escaped_in_lines_and_exact_in_json(train, ok, made):
    labels = ["a\tb", "c\nd", "e\0f", "g" * 10_000]
    model = train(made("a.jsonl", labelled_jsonl(*labels)))
    texts = "".join(f"word{n}\n" for n in range(4)).encode()
    assert answers(ok("predict", model, stdin=texts)) == ["a\\tb", "c\\nd", "e\\x00f", labels[3]]
    assert [row["predicted"] for row in objects(ok("predict", model, "--json", stdin=texts))] == labels
    assert json.loads(ok("evaluate", model, made("b.jsonl", labelled_jsonl(*labels)), "--json"))["metrics"]["accuracy"]


def test_files_need_only_the_columns_that_are_used(ok, refused, made, tmp_path):
    """One file has a column that the other lacks; the first column of a pair is the text, whatever else is there."""
    lines = [f"{text},{label}" for label, text in ROWS]
    plain = made("plain.csv", "\n".join(["text,label", *lines]))
    wider = made("wider.csv", "\n".join(["text,label,id", *(f"again {line},{n}" for n, line in enumerate(lines))]))
    named = ("--text", "text", "--label", "label", "--l2", 0.001, "-o", tmp_path / "m.vikt")
    assert "rows       120" in ok("train", plain, wider, *named)
    refused("train", plain, wider, *named, "--number", "id", said=[f"{plain}: expected a column 'id'"])


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".arrow"])
def test_a_table_without_rows_gets_the_columns_of_the_answers(run, made, model, tmp_path, suffix):
    """So a nightly batch without new rows is read as any other, with the same columns of the same types."""
    empty = written(made("empty" + suffix, ""), {"text": pa.array([], pa.string()), "id": pa.array([], pa.string())})
    full = written(made("full" + suffix, ""), {"text": ["win"], "id": ["7"]})
    outputs = [tmp_path / f"out-{source.stem}{suffix}" for source in (empty, full)]
    code, out, err = run("predict", model, empty, "-o", outputs[0])
    assert (code, out) == (0, "")
    assert "no rows" in err
    assert run("predict", model, full, "-o", outputs[1])[0] == 0
    if suffix in (".parquet", ".arrow"):
        found, expected = map(read, outputs)
        assert found.equals(expected.slice(0, 0))
    else:
        assert outputs[0].read_text() == outputs[1].read_text().splitlines(keepends=True)[0]


def test_rows_after_a_table_without_rows_are_answered_once_headed(ok, refused, made, model):
    empty, full = made("empty.csv", "text,id\n"), made("full.csv", "text,id\nwin money now,7\n")
    assert ok("predict", model, empty, full) == ok("predict", model, full)
    refused("predict", model, made("other.csv", "id,number\n"), said=["text column"])
    assert ok("predict", model, "-", "--format", "jsonl") == ""


def test_a_wrong_column_of_labels_is_refused(run, made, model, tmp_path):
    other = made("other.csv", "text,label\nwin money now,NUM\nlunch on friday,LOC\n")
    note = f"{other}: no label is a class of the model ('ham', 'spam', 'work'), found 'LOC', 'NUM'"
    for command in (("evaluate", model), ("compare", model, model)):
        code, out, err = run(*command, other)
        assert (code, out) == (1, "")
        assert note in err
    known = made("known.csv", "".join(f"{text},{label}\n" for label, text in [("label", "text"), *ROWS]))
    for options in ([], ["--memory", "1GB"]):
        code, _, err = run("train", known, "--test", other, "--l2", 0.001, "-o", tmp_path / "k.vikt", *options)
        assert code == 1
        assert note in err
        assert "the model is saved, without figures of the test" in err
    assert "no label" not in run("evaluate", model, made("some.csv", "text,label\nwin money now,spam\nlunch,LOC\n"))[2]


def test_rows_that_a_model_was_trained_on_are_noted_where_they_test_it(run, made, ok, tmp_path):
    lines = [f"{text},{label}\n" for label, text in ROWS]
    data, reordered = (made(f"{i}.csv", "text,label\n" + "".join(own)) for i, own in enumerate((lines, lines[::-1])))
    others = made("others.csv", "text,label\n" + "".join(lines[1:]))
    model = tmp_path / "t.vikt"
    ok("train", data, "--l2", 0.001, "-o", model)
    note = "the model was trained on exactly these rows, so its figures on them say little"
    for command in (["evaluate", model], ["compare", model, model], ["shrink", model, "--features", 3, "--data"]):
        found = [note in run(*command, rows, *["--force"] * (command[0] == "shrink"))[2] for rows in (data, reordered)]
        assert found == [True, True], command
    assert note not in run("evaluate", model, others)[2]
    assert note not in run("evaluate", model, data, "--quiet")[2]


def test_odd_labels_are_noted_before_the_fit(run, made, tmp_path):
    rows = [(label, f"{text} {n}") for n in range(20) for label, text in {"joy": "win", "fear": "fall"}.items()]
    rows.append(("joy;fear", "cry"))
    data = made("data.csv", "text,label\n" + "".join(f'{text},"{label}"\n' for label, text in rows))
    code, _, err = run("train", data, "--l2", 0.001, "--min-df", 1, "-o", tmp_path / "m.vikt")
    assert code == 0
    assert "hold semicolons" in err
    assert "semicolons" not in run("train", data, "-q", "--l2", 0.001, "--min-df", 1, "-o", tmp_path / "m.vikt")[2]


@pytest.mark.parametrize("text", ["Win a free phone", "Free phone?", "It's *free*"])
def test_a_text_in_the_place_of_a_file_is_told_how_to_be_labelled(refused, model, text):
    refused("predict", model, text, said=["no such file", "echo ", " | vikt predict ", str(model)])


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_the_model_after_the_data_is_told_to_come_first(refused, made, model, command):
    data = made("data.csv", "text,label\nwin,spam\n")
    refused(command, data, model, said=[f"{data}: is not a vikt model, but {model} is; name models before data"])


def test_a_text_without_quotation_marks_is_asked_for_them(ok, refused, model):
    refused("explain", model, "great", "film's", "end", code=2, said=["3 arguments", "in quotation marks: 'great film"])
    assert ok("explain", model, "win money") == ok("explain", model, stdin=b"win money")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["train", "x.csv", "--batch-size", "0.5"], ["vikt: --batch-size: expected a whole number, found '0.5'"]),
        (["predict", "m.vikt", "--threshold", "80"], ["vikt: --threshold: expected a number from 0 to 1, found 80"]),
        (["predict", "m.vikt", "--top", "0"], ["vikt: --top: expected a whole number of 1 or more, found 0"]),
        (["train", "x.csv", "--threads", "0"], ["vikt: --threads: ", "1"]),
        (
            ["train", "x.csv", "--analyzer", "words"],
            ["vikt: --analyzer: 'words'", "'char_wb'", "(did you mean 'word'?);"],
        ),
        (["predict", "m.vikt", "--to", "xml"], ["vikt: --to: ", "'xml'", "'parquet'"]),
        (["train", "x.csv", "--l2"], ["vikt: ", "--l2"]),
        (["trian", "x.csv"], ["no such command 'trian' (did you mean 'train'?); see"]),
        (["evaluate", "m.vikt"], ["vikt: ", "DATA"]),
        (["evaluate", "m.vikt", "x.csv", "--nonsense"], ["vikt: no such option", "--nonsense"]),
    ],
)
def test_a_wrong_option_is_refused_in_one_line_that_names_it(run, args, said):
    code, out, err = run(*args)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert all(word in err for word in [*said, "; see ", " --help"]), err
    assert not any(word in err for word in ("Value error", "Input should", "Usage")), err


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["filter", "m.vikt", "x.csv", "--keep", "P(a) > 0.5", "-o", "out", "--keep", "length > 3"], "--keep"),
        (["train", "x.csv", "--seed", "1", "--seed=1"], "--seed"),
        (["train", "x.csv", "-o", "a.vikt", "--output", "b.vikt"], "--output"),
        (["predict", "m.vikt", "--quoting", "--no-quoting"], "--quoting"),
        (["serve", "m.vikt", "--port", "1", "--port", "2"], "--port"),
    ],
)
def test_an_option_of_one_value_is_given_once(run, words, option):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert f"vikt: {option} was given twice; give it once; see " in err
    assert err.endswith(f" {words[0]} --help\n")


def test_what_repeats_by_design_may_be_given_twice(run, made, model):
    data = made("a.csv", "text,label\n" + "win money,spam\nlunch today,ham\n" * 9)
    code, _, err = run("evaluate", model, data, "--require", "accuracy >= 0", "--require", "macro_f1 >= 0", "-q", "-q")
    assert code == 0, err


@pytest.mark.parametrize("words", [["train", "x.csv", "-o"], ["train", "x.csv", "--quoting=yes"], ["train", "--seed"]])
def test_a_mistake_in_an_option_names_the_help_of_the_command(run, words):
    code, _, err = run(*words)
    assert code == 2
    assert err.endswith("train --help\n")


@pytest.mark.parametrize("words", [["train", "x.csv", "-o", ""], ["inspect", ""], ["predict", "", "x.csv"]])
def test_an_empty_name_of_a_file_is_refused_as_one(run, words):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "expected the name of a file, found an empty one; see " in err


def test_a_model_is_refused_by_what_reads_it(run, made, monkeypatch):
    model = made("m.vikt", b"")
    monkeypatch.setattr("os.access", lambda *_, **__: False)
    assert run("inspect", model)[::2] == (1, f"vikt: {model}: is empty, so it is not a vikt model\n")


def test_json_and_another_format_exclude_each_other(run, tmp_path):
    for asked in (["-o", tmp_path / "x.csv"], ["-o", tmp_path / "x.feather"], ["--to", "tsv"]):
        code, out, err = run("predict", tmp_path / "none.vikt", "--json", *asked, stdin=b"win\n")
        assert (code, out) == (2, "")
        assert f"--json writes JSON, but {asked[0]} {asked[1]} asks for" in err


def test_a_command_without_arguments_shows_its_help(run):
    code, out, err = run("predict")
    assert code == 2
    assert "--threshold" in out + err


def test_columns_beside_the_text_at_the_command_line(run, tmp_path):
    data = {"text": ["win cash now", "see you soon"] * 10, "id": [1.0, 2.0] * 10}
    model = tmp_path / "m.vikt"
    vikt.TextClassifier(analyzer="word", l2=0.1, features=[Number(name="id")]).fit(data, ["s", "h"] * 10).save(model)
    assert run("explain", model, "great film", "--column", "id=1")[0] == 0
    code, _, said = run("explain", model, "great film", "--column", "id=x")
    assert code == 1
    assert said.startswith("vikt: --column: expected a finite number")
    code, _, said = run("explain", model, "great film", "--column", "id=1", "--column", "id=2")
    assert (code, "the value of 'id' was given twice" in said) == (2, True)
    code, _, said = run("explain", model, "great film", "--column", "id=1", "--column", "ID=2")
    assert code == 2
    assert "the model reads no column 'ID' (did you mean 'id'?); besides the text it reads 'id'" in said
    code, _, said = run("predict", model, stdin=b"text,id\nwin,1\n")
    assert code == 2
    assert "the column id; pass a table, and name its format with --format" in said


def test_a_fault_late_in_the_test_loses_no_model(run, made, tmp_path):
    training = made("train.csv", "text,label\n" + "win money,spam\nlunch today,ham\n" * 20)
    rows = "win money,spam\nlunch today,ham\n" * 10_000
    test, model = made("test.csv", f"text,label\n{rows}win,\n"), tmp_path / "m.vikt"
    train = ["train", training, "--test", test, "-o", model, "--l2", 0.01, "-q"]
    code, out, err = run(*train)
    assert code == 1
    assert f"{model}: the model is saved, without figures of the test" in err
    assert f"type: vikt evaluate {model} {test}" in err
    assert "proof " in out
    assert "accuracy" not in out
    assert "row 20001 has no label" in err.replace(",", "")
    assert run("inspect", model)[0] == 0
    told = json.loads(run(*train, "--json")[1])
    assert (told["metrics"], told["model"]["path"]) == ({}, str(model))
    whole = made("test.csv", f"text,label\n{rows}")
    assert run("evaluate", model, whole)[0] == 0
    assert "20,000" in run(*train)[1]


def test_ctrl_c_during_the_test_loses_no_model(run, made, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    training = made("train.csv", "text,label\n" + "win money,spam\nlunch today,ham\n" * 20)
    monkeypatch.setattr("vikt.cli.train._of_file", interrupted)
    model = tmp_path / "m.vikt"
    code, out, err = run("train", training, "--test", training, "-o", model, "--l2", 0.01, "-q")
    assert (code, "proof " in out) == (130, True)
    assert f"{model}: the model is saved, without figures of the test" in err
    assert run("inspect", model)[0] == 0


def test_the_columns_of_the_test_are_checked_before_the_training(refused, made, tmp_path):
    training = made("train.csv", "text,label\n" + "win money,spam\nlunch today,ham\n" * 20)
    test, model = made("test.csv", "text,topic\nwin,spam\n"), tmp_path / "m.vikt"
    refused("train", training, "--test", test, "-o", model, "--l2", 0.01, said=[str(test), "'label'"])
    assert not model.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe with a name")
def test_the_test_may_come_from_a_pipe_that_has_a_name(run, made, tmp_path):
    training, pipe = made("train.csv", "text,label\n" + "win money,spam\nlunch today,ham\n" * 20), tmp_path / "test.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("text,label\n" + "win money,spam\n" * 15_000,))
    writer.start()
    code, out, err = run("train", training, "--test", pipe, "-o", tmp_path / "m.vikt", "--l2", 0.01, "-q")
    writer.join()
    assert (code, err) == (0, "")
    assert "15,000" in out
