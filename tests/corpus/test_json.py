"""JSON as other programs write it: arrays, and texts inside nested values; composed labels and names."""

import json
import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from vikt.corpus.labelled import labelled, read_tables
from vikt.corpus.read_tables import Table
from vikt.corpus.readers import read_batches, read_table
from vikt.errors import ColumnError, DataError

ROWS = [{"label": "ham", "text": 'a ]["'}, {"label": 1, "text": "b\nc"}, {"text": "d", "label": None, "n": 1.0}]


class OfText:
    reads_text, columns = True, ()


def write(path, content):
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("options", [{}, {"indent": 2}, {"separators": (",", ":")}])
def test_an_array_of_objects_is_its_objects_by_line(tmp_path, options):
    lines = write(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS))
    array = write(tmp_path / "a.json", " \n" + json.dumps(ROWS, **options) + "\n")
    assert read_table(array).arrow == read_table(lines).arrow
    assert read_table(write(tmp_path / "b.json", lines.read_text())).arrow == read_table(lines).arrow
    assert [batch.n_rows for batch in read_batches(array, rows_per_batch=2)] == [2, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "expected rows of data, found none"),
        ('[{"a": 1}, 2]', "a.json, row 2: expected a JSON object, found '2'; write an object for each row"),
        ("[[1]]", r"a.json, row 1: expected a JSON object, found '\[1\]'; write an object for each row"),
        ('[{"a": 1} {"a": 2}]', "expected one array of objects, found '{' after row 1"),
        ('[{"a": 1},]', "a.json, row 2: expected a JSON object"),
        ('[{"a": 1}', "found 'the end' after row 1"),
        ('[{"a": 1}] [', r"found '\[' after row 1"),
        ('[{"a": 1}, {"a": }]', "a.json, row 2: .*Expecting value"),
        ('[{"a": NaN}]', "a.json, row 1: .*NaN is not JSON"),
        ('[{"a": 1, "a": 2}]', "a.json, row 1: column names must differ"),
        ('{\n"data": [{"a": 1}]}', "a.json, line 1: expected a JSON object"),
    ],
)
def test_what_is_no_array_of_objects(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        read_table(write(tmp_path / "a.json", content))


def test_a_long_number_in_an_array_is_read_to_the_digit(tmp_path):
    number = "7" * 5000
    table = read_table(write(tmp_path / "a.json", f'[{{"n": {number}, "t": "a"}}, {{"n": 1, "t": "b"}}]'))
    assert table.strings("n") == [number, "1"]


NESTED = [{"id": i, "doc": {"text": f"t{i}", "by": {"name": "me"}}} for i in range(3)]


@pytest.fixture(params=[".json", ".jsonl", ".parquet", ".arrow"])
def nested(request, tmp_path):
    path = tmp_path / f"a{request.param}"
    if request.param == ".parquet":
        pq.write_table(pa.Table.from_pylist(NESTED), path)
    elif request.param == ".arrow":
        feather.write_feather(pa.Table.from_pylist(NESTED), path)
    elif request.param == ".json":
        write(path, json.dumps(NESTED))
    else:
        write(path, "".join(json.dumps(row) + "\n" for row in NESTED))
    return path


def test_a_field_is_named_by_its_path(nested):
    table = read_table(nested).with_fields(["doc.text", "doc.by.name", "doc.none", "id", None])
    assert table.names == ["id", "doc", "doc.text", "doc.by.name"]
    assert table.strings("doc.text") == ["t0", "t1", "t2"]
    assert table.strings("doc.by.name") == ["me", "me", "me"]
    several = Table.of_files([read_table(nested), read_table(nested)]).with_fields(["doc.text"])
    assert several.strings("doc.text") == ["t0", "t1", "t2"] * 2


def test_a_column_of_that_name_comes_first_and_a_missing_field_is_named_by_row(tmp_path):
    table = read_table(write(tmp_path / "a.json", '[{"a.b": "flat", "a": {"b": "deep"}}, {"a.b": "x", "a": {}}]'))
    assert table.with_fields(["a.b"]).strings("a.b") == ["flat", "x"]
    table = read_table(write(tmp_path / "b.json", '[{"a": {"b": "deep"}}, {"a": {}}]')).with_fields(["a.b"])
    with pytest.raises(DataError, match=r"row 2: expected a string in column 'a\.b', found a null"):
        table.column("a.b")


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_field_is_named_in_any_form_of_unicode(tmp_path, suffix, form):
    def spelled(name):
        return unicodedata.normalize(form, name)

    rows = [{spelled("\u00e9"): {spelled("\u00f6"): {spelled("\u00e5"): "deep"}}}]
    path = tmp_path / f"a{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        write(path, json.dumps(rows[0]))
    for asked in ("\u00e9.\u00f6.\u00e5", unicodedata.normalize("NFD", "\u00e9.\u00f6.\u00e5")):
        assert read_table(path).with_fields([asked]).strings(asked) == ["deep"]


def test_a_nested_value_names_a_field_of_it(nested):
    with pytest.raises(DataError, match=r"expected (a string|strings), found"):
        read_table(nested).column("doc")


def test_a_number_and_a_string_that_print_alike_are_refused_in_two_files_as_in_one(tmp_path):
    numbers = write(tmp_path / "a.jsonl", '{"y": 1, "t": "a"}\n{"y": 0, "t": "b"}\n')
    strings = write(tmp_path / "b.json", '[{"y": "2", "t": "c"}, {"y": "0", "t": "d"}]')
    more = write(tmp_path / "c.jsonl", '{"y": 2, "t": "e"}\n')
    table = Table.of_files([read_table(numbers), read_table(strings)])
    assert table.strings("t") == ["a", "b", "c", "d"]
    why = r"b\.json, column 'y': two different .* alike, 0 and the string \"0\", in row 2 and in row 2 of .*a\.jsonl;"
    with pytest.raises(DataError, match=why):
        table.column("y")
    with pytest.raises(DataError, match=r"c\.jsonl, column 'y': .* in row 1 and in row 1 of .*b\.json;"):
        Table.of_files([read_table(strings), read_table(more)]).column("y")
    assert Table.of_files([read_table(numbers), read_table(more)]).strings("y") == ["1", "0", "2"]


# One spelling for what reads alike.


def test_names_and_labels_of_files_are_composed(tmp_path):
    name, label = (unicodedata.normalize("NFD", word) for word in ("été", "café"))
    rows = [{name: label, "text": f"{label} a"}, {"été": "café", "text": "b"}]
    paths = [write(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))]
    paths += [write(tmp_path / "a.csv", f"{name},text\n{label},{label} a\ncafé,b\n")]
    pq.write_table(pa.table({name: [label, "café"], "text": [f"{label} a", "b"]}), tmp_path / "a.parquet")
    for path in [*paths, tmp_path / "a.parquet"]:
        for spelling in (name, "été"):
            rows = labelled(read_tables([path], None), OfText(), "text", spelling)
            assert rows.labels.tolist() == ["café", "café"]
            assert rows.documents.texts[0].decode() == f"{label} a"
    with pytest.raises(ColumnError, match="names must differ"):
        read_table(write(tmp_path / "b.csv", f"{name},été\n1,2\n"))
    with pytest.raises(ColumnError, match="names must differ"):
        read_table(write(tmp_path / "b.jsonl", json.dumps({name: 1, "été": 2})))


@pytest.mark.parametrize("label", [" ", "\t ", "\u3000"])
def test_a_label_of_blanks_is_empty(tmp_path, label):
    path = write(tmp_path / "a.csv", f"label,text\nham,a\n{label},b\n")
    with pytest.raises(DataError, match="row 2 has no label"):
        labelled(read_tables([path], None), OfText(), "text", "label")


def test_a_null_among_the_values_of_a_dictionary_is_missing(tmp_path):
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["a", None]))
    feather.write_feather(pa.table({"text": column}), tmp_path / "a.arrow")
    table = read_table(tmp_path / "a.arrow")
    with pytest.raises(DataError, match="row 2: expected a string in column 'text', found a null"):
        table.column("text")


def test_one_number_is_spelled_one_way_in_all_files_of_svmlight(tmp_path):
    first = write(tmp_path / "a.svm", "+1 1:1\n-1 2:1\n")
    second = write(tmp_path / "b.svm", "-1 2:1\n1 1:1\n")

    class OfNumbers:
        reads_text, columns = False, ("features",)

    with pytest.raises(
        DataError, match=r"b.svm, line 2: the labels '\+1' \(.*a.svm, line 1\) and '1' are the same number"
    ):
        labelled(read_tables([first, second], None), OfNumbers(), None, "label")


def parquet(path, labels):
    pq.write_table(pa.table({"label": labels, "text": ["a"] * len(labels)}), path)
    return path


def csv(path, labels):
    return write(path, "label,text\n" + "".join(f"{label},a\n" for label in labels))


def jsonl(path, labels):
    return write(path, "".join(f'{{"label": {label}, "text": "a"}}\n' for label in labels))


MANY_DIGITS = [2**53, 2**53 + 1]


@pytest.mark.parametrize(
    ("files", "pair"),
    [
        ([(parquet, [0, 1]), (parquet, [0.0, 1.0])], r"'0' \(.*0\.parquet, row 1\) and '0\.0' "),
        ([(jsonl, ["1", "1.0", "1e0"])], r"'1' \(.*row 1\) and '1.0' "),
        ([(csv, ["a", "1.0"]), (parquet, [0, 1])], r"'1' \(.*row 2\) and '1.0' "),
        ([(parquet, [0, 1]), (parquet, MANY_DIGITS)], None),
        ([(parquet, ["1.1", "1.10"])], None),
        ([(csv, ["1.1", "1.10"]), (csv, ["1", "1.0"])], None),
        ([(jsonl, ['"1.1"', '"1.10"'])], None),
        ([(jsonl, ["0", "1", "true", "2.5"])], None),
        ([(csv, ["1.1", "1.10"]), (parquet, [0, 1])], None),
    ],
)
def test_a_number_is_spelled_one_way_as_a_label_where_a_file_holds_it_as_one(tmp_path, files, pair):
    paths = [make(tmp_path / f"{i}.{make.__name__}", labels) for i, (make, labels) in enumerate(files)]
    table = read_tables(paths, None)
    if pair is None:
        labels = labelled(table, OfText(), "text", "label").labels
        assert labels.tolist() == [str(label).strip('"') for _, column in files for label in column]
    else:
        with pytest.raises(DataError, match=f"the labels {pair}are the same number"):
            labelled(table, OfText(), "text", "label")


def test_numbers_that_are_no_labels_are_spelled_as_they_like(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"l": "a", "t": "x", "w": 1}\n{"l": "b", "t": "y", "w": 1.0}\n')
    assert labelled(read_tables([path], None), OfText(), "t", "l", "w").weights.tolist() == [1, 1]


def test_a_string_that_reads_like_an_object_has_no_fields(tmp_path):
    rows = [{"doc": {"text": "win"}}, {"doc": "{oops"}, {"doc": '{"text": "lunch"}'}, {"doc": {"text": "{oops"}}]
    table = read_table(write(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows)))
    assert table.with_fields(["doc.text"]).native("doc.text").to_pylist() == ["win", None, None, "{oops"]
    with pytest.raises(DataError, match=r"row 2: expected a string in column 'doc\.text', found a null"):
        table.with_fields(["doc.text"]).column("doc.text")


def test_joined_labels_of_fasttext_are_kept_and_told_once(tmp_path):
    path = write(tmp_path / "a.txt", "__label__a,the x\n__label__b y\n__label__c;d z\n__label__e:f z\n")
    table = read_table(path)
    assert table.strings("label") == ["a,the", "b", "c;d", "e:f"]
    assert len(table.notes) == 1
    assert "3 labels with a comma, semicolon or colon (first: line 1), such as 'a,the', 'c;d', 'e:f'" in table.notes[0]


def test_a_folder_above_or_below_a_hidden_one_is_read(tmp_path, monkeypatch):
    for name in ("ham/1.txt", "spam/2.txt", "spam/.hidden/3.txt"):
        (tmp_path / ".data" / name).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path / ".data" / name, name)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for path in (tmp_path / ".data", "../.data"):
        assert read_table(path).strings("text") == ["ham/1.txt", "spam/2.txt"]
