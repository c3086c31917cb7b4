"""CSV and TSV as other programs write them: delimiters, quotation marks, files without a header, joined files."""

import io

import numpy as np
import pytest

from vikt.corpus.dialect import Dialect
from vikt.corpus.header import refuse_doubtful_header
from vikt.corpus.readers import Table, read_table
from vikt.corpus.writers import TableWriter
from vikt.errors import ColumnError, DataError, UsageError


@pytest.fixture
def made(tmp_path):
    def call(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return call


def columns(table):
    return {name: table.strings(name) for name in table.names}


TWO_ROWS = {"label": ["ham", "spam"], "text": ["a, b", 'the "x"']}


@pytest.mark.parametrize(
    ("name", "content", "dialect"),
    [
        ("a.csv", 'label;text\nham;a, b\nspam;"the ""x"""\n', Dialect(";")),
        ("a.csv", 'label|text\nham|a, b\nspam|"the ""x"""\n', Dialect("|")),
        ("a.csv", 'label\ttext\nham\ta, b\nspam\t"the ""x"""\n', Dialect("\t")),
        ("a.csv", 'label;text\nham;a, b\nspam;the "x"\n', Dialect(";", quoting=False)),
        ("a.tsv", 'label\ttext\nham\ta, b\nspam\t"the ""x"""\n', Dialect(quoting=True)),
        ("a.tsv", 'label|text\nham|a, b\nspam|the "x"\n', Dialect("|")),
        ("a.txt", 'label\ttext\nham\ta, b\nspam\tthe "x"\n', Dialect("\t")),
        ("a", 'label;text\nham;a, b\nspam;"the ""x"""\n', Dialect(";")),
        ("a.csv", 'SEP=;\r\nlabel;text\r\nham;a, b\r\nspam;"the ""x"""\r\n', Dialect()),
    ],
)
def test_every_delimiter_gives_the_same_table(made, name, content, dialect):
    assert columns(read_table(made(name, content), dialect=dialect)) == TWO_ROWS


def test_the_line_that_names_the_delimiter_is_told(made):
    table = read_table(made("a.csv", "sep=;\nlabel;text\nham;a\n"))
    assert "using the delimiter ';' named on the first line" in table.notes[0]
    assert (table.n_rows, table.n_lines) == (1, 3)


@pytest.mark.parametrize("delimiter", ["", "ab", '"', "\n"])
def test_what_no_delimiter_can_be(delimiter):
    with pytest.raises(UsageError, match="expected one character"):
        Dialect(delimiter)


def test_without_a_header_columns_are_numbered_and_the_first_row_is_data(made):
    table = read_table(made("a.tsv", "ham\thello\nham\thello\n"), dialect=Dialect(header=False))
    assert columns(table) == {"1": ["ham", "ham"], "2": ["hello", "hello"]}
    assert table.place(0).endswith("row 1")
    with pytest.raises(DataError, match=r"row 2 \(line 2\): expected 2 fields"):
        read_table(made("b.tsv", "ham\thello\nham\n"), dialect=Dialect(header=False))


@pytest.mark.parametrize(
    ("name", "content", "rows", "n_blank"),
    [
        ("a.csv", "\nwin free\n\nlunch\n", [[""], ["win free"], [""], ["lunch"]], 0),
        ("a.tsv", "\nwin free\n\nlunch\n", [[""], ["win free"], [""], ["lunch"]], 0),
        ("a.csv", '""\nwin\n', [[""], ["win"]], 0),
        ("a.csv", ",\nwin,x\n", [["", ""], ["win", "x"]], 0),
        ("a.tsv", "\t\nwin\tx\n", [["", ""], ["win", "x"]], 0),
        ("a.csv", "\n\nwin,x\n", [["win", "x"]], 2),
        ("a.csv", "\n\n", [[""], [""]], 0),
    ],
)
def test_without_a_header_no_row_is_lost_since_it_is_empty(made, name, content, rows, n_blank):
    table = read_table(made(name, content), dialect=Dialect(header=False))
    assert [list(row.values()) for row in table.arrow.to_pylist()] == rows
    assert table.n_blank == n_blank


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("content", ["text\rwin\rlunch", "text\rwin\rlunch\r\n"])
@pytest.mark.parametrize("header", [False, None])
def test_lines_that_end_in_carriage_returns_alone_are_refused(made, name, content, header):
    with pytest.raises(DataError, match=r"carriage return.*convert (the line ends|it: tr )"):
        read_table(made(name, content), dialect=Dialect(header=header))


def test_a_carriage_return_inside_a_first_row_of_tsv_is_text(made):
    table = read_table(made("a.tsv", "a\rb\tx\nc\ty\n"), dialect=Dialect(header=False))
    assert columns(table) == {"1": ["a\rb", "c"], "2": ["x", "y"]}


def test_a_quotation_mark_is_no_delimiter(made):
    path = made("a.csv", 'sep="\nlabel;text\nham;a\n')
    with pytest.raises(DataError, match=r"a\.csv, line 1: expected a delimiter after sep="):
        read_table(path)
    assert columns(read_table(path, dialect=Dialect(";"))) == {"label": ["ham"], "text": ["a"]}


def test_a_dialect_is_of_csv_and_tsv_alone(made):
    with pytest.raises(UsageError, match="apply only to CSV and TSV, but the format is jsonl"):
        read_table(made("a.jsonl", '{"a": 1}\n'), dialect=Dialect(header=False))


@pytest.mark.parametrize(
    ("name", "content", "remedy"),
    [
        ("a.csv", "label;text\nham;a, b\n", {"delimiter": ";"}),
        ("a.csv", '"label";"text"\n"ham";"a"\n', {"delimiter": ";"}),
        ("a.csv", "label\ttext\nham\ta, b\n", {"delimiter": "\t"}),
        ("a.tsv", 'label\ttext\nham\t"a\tb"\n', {"quoting": True}),
        ("a.tsv", '"label"\t"text"\n"ham"\t"a"\n', {"quoting": True}),
    ],
)
def test_the_remedy_is_named_where_the_delimiter_or_quoting_is_another(made, name, content, remedy):
    with pytest.raises(DataError) as refusal:
        read_table(made(name, content))
    assert refusal.value.remedy == remedy
    assert "--" not in str(refusal.value)


# Whether the first row is a header.


def refuse(path, dialect=None, *, need_label=True):
    refuse_doubtful_header(read_table(path, dialect=dialect or Dialect()), need_label=need_label)


@pytest.mark.parametrize(
    "header",
    [
        "label\ttext", "Label\tReview Text", "v1\tv2", "id\tcomment_text", "target\tids", "class\tSMS", "0\t1",
        "Sentiment (1-5)\tTweet content", "is_spam\tbody", "category\tdescription", "text\t2021", "y\tx", "\ttext",
        "Etikett\tТекст",
    ],
)  # fmt: skip
def test_usual_headers_are_headers(made, header):
    refuse(made("a.tsv", header + "\n" + "ham\tCall me, please.\nspam\tWin $1,000 now!\n" * 30))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("ham\tOk lar\n" + "spam\tWin now\nham\tOn my way\n" * 5, "'ham' is also the value of 5 of the 10 rows"),
        ("3\tWall St. Bears\n4\tStocks rise\n1\tOil falls\n", "'3'"),
        ("2004-08-19\tOil falls to 40\n2004-08-20\tStocks rise\n", "'2004-08-19'"),
        ("unique\tGo until jurong point, crazy, available only\nb\tc\n", "'Go until"),
        ("post\tHow far is it?\n" + "email\tNot far at all.\npost\tWhy so far?\n" * 5, "'post' is also the value of 5"),
    ],
)
def test_data_in_the_first_row_are_refused(made, content, why):
    path = made("a.tsv", content)
    with pytest.raises(ColumnError, match="no column is named, and the first row looks like data") as refusal:
        refuse(path)
    assert why in str(refusal.value)
    assert refusal.value.remedy == {"header": False, "text": "2", "label": "1"}
    refuse(path, Dialect(header=True))
    refuse(path, Dialect(header=False))


def test_every_file_is_looked_at(made):
    good, bad = made("a.tsv", "label\ttext\nham\ta\n"), made("b.tsv", "ham\ta\nham\tb\n")
    tables = [read_table(good), read_table(bad)]
    with pytest.raises(ColumnError, match=r"b\.tsv"):
        refuse_doubtful_header(type(tables[0]).of_files(tables), need_label=True)


@pytest.mark.parametrize("name", ["sms/sms.tsv", "trec/train.tsv", "languages/test.tsv", "emotions/test.tsv"])
def test_the_header_of_real_corpora_is_one_and_their_first_row_is_not(corpus, made, name):
    content = corpus(name).read_text(encoding="utf-8")
    refuse(corpus(name))
    with pytest.raises(ColumnError, match="looks like data") as refusal:
        refuse(made("headless.tsv", content.partition("\n")[2]))
    text = len(content.partition("\n")[0].split("\t"))
    assert refusal.value.remedy == {"header": False, "text": str(text), "label": "1"}


def test_the_header_of_a_corpus_of_tokens_is_one_though_a_token_is_called_so(corpus):
    refuse(corpus("names/tokens.csv"))


def test_one_column_that_holds_another_delimiter_throughout_is_not_read_as_text(made):
    path = made("a.csv", "label;text\nham;a\nspam;b\n")
    with pytest.raises(ColumnError, match="found one column, 'label;text'") as refusal:
        refuse(path, need_label=False)
    assert refusal.value.remedy == {"delimiter": ";"}
    refuse(made("b.csv", "text;comment\nnone here\n"))
    refuse(path, Dialect(","))


# What joined files, stray quotation marks and foreign line ends leave.


def test_headers_and_byte_order_marks_inside_a_file_are_passed_over_and_told(made):
    part = "\ufefflabel\ttext\nham\ta\n"
    table = read_table(made("a.tsv", part + part + "\ufeffspam\tb\n"))
    assert columns(table) == {"label": ["ham", "ham", "spam"], "text": ["a", "a", "b"]}
    assert [note.partition(": ")[2] for note in table.notes] == [
        "dropped 2 byte-order marks inside the file (first: line 3), usually left by concatenation",
        "skipped 1 repeated header line (first: line 3)",
    ]
    quoted = '\ufeff"label","text"\n"ham","a"\n'
    assert columns(read_table(made("a.csv", quoted * 2))) == {"label": ["ham", "ham"], "text": ["a", "a"]}
    assert read_table(made("a.jsonl", '{"t": "a"}\n\ufeff{"t": "b"}\n')).strings("t") == ["a", "b"]
    assert read_table(made("a.txt", "__label__x a\n\ufeff__label__y b\n")).strings("label") == ["x", "y"]


@pytest.mark.parametrize(("first", "second"), [("\u00e9", "e\u0301"), ("e\u0301", "\u00e9")])
def test_the_header_of_a_joined_file_is_one_in_any_form_of_unicode(made, first, second):
    table = read_table(made("a.tsv", f"{first}\ttext\nham\ta\n{second}\ttext\nspam\tb\n"))
    assert columns(table) == {"\u00e9": ["ham", "spam"], "text": ["a", "b"]}


def test_a_byte_order_mark_inside_a_quoted_value_is_text(made):
    table = read_table(made("a.csv", 'text,label\n"a\n\ufeffb",x\n\ufeff"c\n\ufeffd",y\n'))
    assert columns(table) == {"text": ["a\n\ufeffb", "c\n\ufeffd"], "label": ["x", "y"]}
    assert "1 byte-order mark " in "".join(table.notes)


def test_what_vikt_writes_keeps_a_byte_order_mark_at_its_start(made):
    rows = [["\ufefftext", "b"], ["\ufeff", "\ufeff"], ["a\n\ufeffb", "c"]]
    written = Table.from_columns(["\ufeffname", "n"], list(zip(*rows, strict=True)), "here")
    stream = io.BytesIO()
    with TableWriter(stream, "a.csv") as writer:
        writer.write(written, {})
    table = read_table(made("a.csv", stream.getvalue()))
    assert columns(table) == columns(written)
    with (
        pytest.raises(DataError, match="cannot start with a byte-order mark"),
        TableWriter(io.BytesIO(), "a.tsv") as writer,
    ):
        writer.write(written.select(np.array([1])), {})


def test_a_text_may_be_the_name_of_its_only_column(made):
    assert columns(read_table(made("a.csv", "text\ntext\n"))) == {"text": ["text"]}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n"])
@pytest.mark.parametrize("last", ["", "\r"])
@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a.tsv", ["text\tlabel", "a b\tx", "c d\ty"]),
        ("a.csv", ["text,label", "a b,x", "c d,y"]),
        ("a.txt", ["__label__x a b", "c d __label__y"]),
    ],
)
def test_no_line_end_is_part_of_a_label(made, name, lines, end, last):
    table = read_table(made(name, end.join(lines) + last))
    assert table.strings("label") == ["x", "y"]


def test_rows_on_several_lines_are_counted_against_the_lines(made):
    table = read_table(made("a.csv", 'text,label\nfine,y\n"buy it,x\nnext,y\nthe 10",x\nlast,y\n'))
    assert table.n_rows == 3
    assert table.notes[0].endswith(
        "3 rows in 6 lines; 1 row on several lines (first: from line 3); if this is unintended, look for a stray "
        "quotation mark"
    )


def test_blanks_before_a_quotation_mark_are_told(made):
    table = read_table(made("a.csv", 'text,label\na, "x"\nb,y\nc, "x"\n'))
    assert table.strings("label") == [' "x"', "y", ' "x"']
    assert "2 values with blanks before a quotation mark (first: row 1), such as ' \"x\"'" in table.notes[0]


def test_remarks_are_told_once_whatever_the_batches(made):
    from vikt.corpus.readers import read_batches

    path = made("a.csv", 'text,label\n"a\nb",x\n"c\nd", "y"\n')
    notes = [note for batch in read_batches(path, rows_per_batch=1) for note in batch.notes]
    assert sorted(note[len(str(path)) :][:16] for note in notes) == [": 1 value with b", ": 2 rows in 5 li"]
