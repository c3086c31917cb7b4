"""Labels of several kinds in files of every format: each is read alike, or refused with its file and row."""

from __future__ import annotations

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import feather

from vikt.corpus.given_targets import target_rows
from vikt.corpus.label_notes import target_notes
from vikt.corpus.label_reading import LabelReading
from vikt.corpus.labelled import labelled, read_tables
from vikt.corpus.read_tables import Table
from vikt.corpus.writers import TableWriter
from vikt.errors import ColumnError, DataError, UsageError
from vikt.tables import Joined, JoinedNumbers

AUTO, COMMAS = LabelReading(), LabelReading(separator=",")
SETS = [["joy"], [], ["love", "joy"], ["fear"], ["joy", "love"]]
MEMBERS = [[0, 1, 0], [0, 0, 0], [0, 1, 1], [1, 0, 0], [0, 1, 1]]
NAMES = ["fear", "joy", "love"]
TEXTS = [f"text {i}" for i in range(5)]


class OfText:
    reads_text, columns = True, ()


def read(path, reading=AUTO, label=None, text=None, weight=None):
    paths = path if isinstance(path, list) else [path]
    return labelled(read_tables(paths, None), OfText(), text, label, weight, reading=reading)


def jsonl(path, labels, name="label"):
    rows = [{name: label, "text": text} for label, text in zip(labels, TEXTS, strict=False)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def csv_of(path, columns):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def lists(folder, name):
    if name == "jsonl":
        return jsonl(folder / "a.jsonl", SETS)
    if name == "json":
        rows = [{"label": label, "text": text} for label, text in zip(SETS, TEXTS, strict=True)]
        (folder / "a.json").write_text(json.dumps(rows), encoding="utf-8")
        return folder / "a.json"
    if name == "fastText":
        lines = [
            " ".join([*(f"__label__{label}" for label in row), text]) for row, text in zip(SETS, TEXTS, strict=True)
        ]
        (folder / "a.txt").write_text("\n".join(lines), encoding="utf-8")
        return folder / "a.txt"
    kinds = {"dictionaries": pa.list_(pa.dictionary(pa.int8(), pa.string())), "large": pa.large_list(pa.string())}
    table = pa.table({"label": pa.array(SETS, kinds.get(name, pa.list_(pa.string()))), "text": TEXTS})
    if name == "arrow":
        feather.write_feather(table, folder / "a.arrow")
        return folder / "a.arrow"
    pq.write_table(table, folder / "a.parquet")
    return folder / "a.parquet"


@pytest.mark.parametrize("targets", ["auto", "several"])
@pytest.mark.parametrize("name", ["jsonl", "json", "fastText", "parquet", "dictionaries", "large", "arrow"])
def test_lists_of_labels_are_the_same_in_every_format(tmp_path, name, targets):
    found = read(lists(tmp_path, name), LabelReading(targets))
    assert found.labels.table.kind == "several"
    assert found.labels.names == NAMES
    assert found.labels.truth.astype(int).tolist() == MEMBERS
    assert len(found.documents) == 5


def test_lists_of_numbers_are_spelled_as_in_the_file(tmp_path):
    assert read(jsonl(tmp_path / "a.jsonl", [[1, 2], [1.0], [True]])).labels.names == ["1", "1.0", "2", "true"]
    pq.write_table(pa.table({"label": [[1, 2], [2]], "text": TEXTS[:2]}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").labels.names == ["1", "2"]


def test_a_separator_divides_values_and_an_empty_one_has_no_label(tmp_path):
    path = csv_of(tmp_path / "a.csv", {"label": ["joy", " ", "love , joy", "fear", "joy,love"], "text": TEXTS})
    found = read(path, COMMAS).labels
    assert (found.names, found.truth.astype(int).tolist()) == (NAMES, MEMBERS)
    other = csv_of(tmp_path / "b.csv", {"label": ["joy", "", "love || joy", "fear", "joy||love"], "text": TEXTS})
    found = read(other, LabelReading(separator="||")).labels
    assert (found.names, found.truth.astype(int).tolist()) == (NAMES, MEMBERS)


@given(st.lists(st.lists(st.sampled_from(["a", "b c", "é", "d", "e:f"]), unique=True), min_size=2, max_size=30))
def test_sets_are_read_back_as_they_were_written(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("sets")
    columns = {"label": [", ".join(row) for row in rows], "text": [f"t{i}" for i in range(len(rows))]}
    found = read(csv_of(folder / "a.csv", columns), COMMAS).labels
    names = np.array(found.names)
    assert [set(names[row]) for row in found.truth] == [set(row) for row in rows]


ZERO_ONE = [["0", "1"], ["0.0", "1.0"], ["false", "true"], ["False", "True"]]


@pytest.mark.parametrize("marks", ZERO_ONE)
def test_a_column_for_each_label_holds_0_and_1(tmp_path, marks):
    columns = {name: [marks[row[k]] for row in MEMBERS] for k, name in enumerate(NAMES)}
    found = read(csv_of(tmp_path / "a.csv", {"text": TEXTS, "other": TEXTS, **columns}), label="joy, love,fear")
    assert (found.labels.names, found.labels.truth.astype(int).tolist()) == (NAMES, MEMBERS)
    assert (found.columns.text, found.columns.label) == ("text", "fear,joy,love")


@pytest.mark.parametrize("kind", [pa.bool_(), pa.int8(), pa.float32()])
def test_columns_of_parquet_hold_0_and_1_in_any_type(tmp_path, kind):
    columns = {name: pa.array([row[k] for row in MEMBERS]).cast(kind) for k, name in enumerate(NAMES)}
    pq.write_table(pa.table({"text": TEXTS, **columns}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", label="joy,love,fear").labels.truth.astype(int).tolist() == MEMBERS


def test_a_column_whose_name_holds_commas_is_one_column(tmp_path):
    path = csv_of(tmp_path / "a.csv", {"a,b": ["x", "y"], "a": ["0", "1"], "b": ["1", "0"], "text": TEXTS[:2]})
    assert read(path, label="a,b").labels.tolist() == ["x", "y"]
    with pytest.raises(ColumnError, match="expected a column 'c', found"):
        read(path, label="a,c")
    with pytest.raises(ColumnError, match="expected columns 'c', 'd', found"):
        read(path, label="c,d")


PREDICTED = {
    "text": ["win a prize", "lunch at noon"],
    "predicted": ["spam", "ham"],
    "probability": ["0.75", "1"],
    "P(spam)": ["0.75", "0"],
    "P(ham)": ["0.25", "1"],
}


def test_a_table_with_the_answers_of_a_model_is_a_file_of_shares(tmp_path):
    path = csv_of(tmp_path / "a.csv", PREDICTED)
    for reading, label in ((AUTO, None), (LabelReading("soft"), None), (AUTO, "P(spam),P(ham)")):
        found = read(path, reading, label)
        assert (found.labels.table.kind, found.labels.names) == ("soft", ["ham", "spam"])
        assert found.labels.truth.tolist() == [[0.25, 0.75], [1, 0]]
        assert (found.columns.text, found.weights) == ("text", None)


def test_columns_of_answers_are_not_guessed_as_the_text(tmp_path):
    columns = {"mail": PREDICTED["text"], **{name: PREDICTED[name] for name in list(PREDICTED)[1:]}}
    found = read(csv_of(tmp_path / "a.csv", columns))
    assert found.columns.text == "mail"
    assert 'label columns: "P(ham)", "P(spam)" (guessed by their names)' in found.notes


def test_prefixed_shares_are_named_and_a_label_comes_before_shares(tmp_path):
    prefixed = {name if name == "text" else f"topic_{name}": values for name, values in PREDICTED.items()}
    found = read(csv_of(tmp_path / "a.csv", prefixed), label="topic_P(spam),topic_P(ham)", text="text")
    assert (found.labels.table.kind, found.labels.names) == ("soft", ["ham", "spam"])
    both = csv_of(tmp_path / "b.csv", {"label": ["spam", "ham"], **PREDICTED})
    assert read(both).labels.tolist() == ["spam", "ham"]
    assert read(both, LabelReading("soft")).labels.truth.tolist() == [[0.25, 0.75], [1, 0]]


def test_answers_after_a_prefix_are_a_file_of_shares_unless_two_models_have_answered(tmp_path):
    answers = {f"topic_{name}": values for name, values in list(PREDICTED.items())[1:]}
    columns = {"mail": PREDICTED["text"], **answers}
    found = read(csv_of(tmp_path / "a.csv", columns))
    assert (found.labels.table.kind, found.labels.names) == ("soft", ["ham", "spam"])
    assert (found.columns.text, found.columns.label) == ("mail", "topic_P(ham),topic_P(spam)")
    both = csv_of(tmp_path / "b.csv", {**columns, **{name.replace("topic", "x"): answers[name] for name in answers}})
    with pytest.raises(ColumnError):
        read(both)
    assert read(both, label="x_P(ham),x_P(spam)").columns.text == "mail"


def test_objects_hold_shares_or_votes(tmp_path):
    shares = [{"ham": 0.5, "spam": 0.5}, {"spam": 1.0}]
    found = read(jsonl(tmp_path / "a.jsonl", shares))
    assert (found.labels.names, found.labels.truth.tolist()) == (["ham", "spam"], [[0.5, 0.5], [0, 1]])
    assert found.weights is None
    pq.write_table(pa.table({"label": shares, "text": TEXTS[:2]}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").labels.truth.tolist() == [[0.5, 0.5], [0, 1]]
    votes = read(jsonl(tmp_path / "b.jsonl", [{"ham": 3, "spam": 1}, {"spam": 2}, {"spam": 2}]))
    assert votes.labels.truth.tolist() == [[0.75, 0.25], [0, 1], [0, 1]]
    assert votes.weights.tolist() == [4, 2, 2]


def test_votes_are_multiplied_by_the_weight_of_the_row(tmp_path):
    columns = {"text": TEXTS[:2], "w": ["2", "0.5"], "P(a)": ["3", "0"], "P(b)": ["1", "2"]}
    assert read(csv_of(tmp_path / "a.csv", columns), weight="w").weights.tolist() == [8, 1]


def test_levels_are_in_the_order_of_numbers_or_the_one_that_is_given(tmp_path):
    path = csv_of(tmp_path / "a.csv", {"label": ["10", "9", "10"], "text": TEXTS[:3]})
    found = read(path, LabelReading("ordered")).labels
    assert (found.names, found.truth.tolist()) == (["9", "10"], [1, 0, 1])
    path = csv_of(tmp_path / "b.csv", {"label": ["high", "low", "high"], "text": TEXTS[:3]})
    found = read(path, LabelReading("ordered", order=("low", "medium", "high"))).labels
    assert (found.names, found.truth.tolist()) == (["low", "medium", "high"], [2, 0, 2])


@pytest.mark.parametrize("suffix", ["arrow", "parquet"])
def test_an_ordered_dictionary_is_the_order_where_none_is_named(tmp_path, suffix):
    write = {"arrow": feather.write_feather, "parquet": pq.write_table}[suffix]
    levels = ["low", "medium", "high"]
    for name, own in (("a", levels), ("b", levels), ("c", levels[::-1])):
        held = pa.array([own.index("high"), own.index("low")], pa.int8())
        column = pa.DictionaryArray.from_arrays(held, own, ordered=True)
        write(pa.table({"label": column, "text": TEXTS[:2]}), tmp_path / f"{name}.{suffix}")
    a, b, c = (tmp_path / f"{name}.{suffix}" for name in "abc")
    found = read([a, b], LabelReading("ordered"))
    assert (found.order, found.labels.names, found.labels.truth.tolist()) == (tuple(levels), levels, [2, 0, 2, 0])
    named = read(a, LabelReading("ordered", order=("high", "medium", "low")))
    assert (named.order, named.labels.truth.tolist()) == (("high", "medium", "low"), [0, 2])
    assert read(a).labels.tolist() == ["high", "low"]
    with pytest.raises(DataError, match="the label 'high' is not a number"):
        read([a, c], LabelReading("ordered"))


JOINED = ["joy", "fear", "joy,fear", "love", "love, fear"] * 4


def test_values_that_look_like_labels_between_commas_are_refused(tmp_path):
    path = csv_of(tmp_path / "a.csv", {"label": JOINED, "text": [f"t{i}" for i in range(20)]})
    with pytest.raises(DataError, match=r"'joy,fear'; .* labels_separator=',', or .* targets='classes'"):
        read(path)
    assert read(path, LabelReading("classes")).labels.tolist() == JOINED
    assert read(path, COMMAS).labels.names == NAMES


@pytest.mark.parametrize("mark", [";", "; ", "|"])
def test_semicolons_and_bars_are_refused_like_commas_also_where_values_are_empty(tmp_path, mark):
    labels = ["joy", "fear", f"joy{mark}fear", ""] * 5
    path = csv_of(tmp_path / "a.csv", {"label": labels, "text": [f"t{i}" for i in range(20)]})
    with pytest.raises(DataError, match=rf"such as 'joy.*fear'; .* labels_separator='[{mark.strip()}]'"):
        read(path)
    assert read(path, LabelReading(separator=mark.strip())).labels.names == ["fear", "joy"]


@pytest.mark.parametrize("printed", ["['a', 'b']", '["a"]', "['a' 'b']", "('a',)", "{'a'}", "[0 1]", '{"a": 0.5}'])
@pytest.mark.parametrize("reading", [AUTO, COMMAS, LabelReading("several"), LabelReading("soft")])
def test_printed_lists_are_refused_with_and_without_a_separator(tmp_path, printed, reading):
    path = csv_of(tmp_path / "a.csv", {"label": [printed, "a", "[]"], "text": ["t", "u", "v"]})
    with pytest.raises(DataError, match=r"a\.csv: values of column 'label' are printed .*; write lists as JSON or"):
        read(path, reading)
    assert read(path, LabelReading("classes")).labels.tolist() == [printed, "a", "[]"]


@pytest.mark.parametrize(
    "labels",
    [
        ["[deleted]", "(none)", "{x}"],
        ["Washington, DC", "Portland, OR", "Portland, ME", "x"] * 5,
        ["joy"] * 50 + ["fear"] * 50 + ["joy,fear", "joy,fear"],
        ["a,a", "b"] * 5,
        ["joy,", "fear,"] * 5,
        ["Smith, John"] * 10 + ["Smith, Ann"] * 10,
    ],
)
def test_commas_in_classes_are_kept(tmp_path, labels):
    path = csv_of(tmp_path / "a.csv", {"label": labels, "text": [f"t{i}" for i in range(len(labels))]})
    assert read(path).labels.tolist() == labels


def test_files_that_are_alike_are_joined_and_others_refused(tmp_path):
    first, second = jsonl(tmp_path / "a.jsonl", [["a"], []]), jsonl(tmp_path / "b.jsonl", [["b", "a"]])
    found = read([first, second]).labels
    assert (found.names, found.truth.astype(int).tolist()) == (["a", "b"], [[1, 0], [0, 0], [1, 1]])
    third = jsonl(tmp_path / "c.jsonl", ["a"])
    with pytest.raises(DataError, match=r"holds lists in .*a\.jsonl and one value per row in .*c\.jsonl"):
        read([first, third])


def test_lines_of_one_label_are_joined_with_a_table(tmp_path):
    table = csv_of(tmp_path / "a.csv", {"label": ["a", "b"], "text": TEXTS[:2]})
    assert read([table, text_lines(tmp_path / "a.txt", "__label__a x")]).labels.tolist() == ["a", "b", "a"]
    with pytest.raises(DataError, match=r"holds one value per row in .*a\.csv and fastText's labels in .*b\.txt"):
        read([table, text_lines(tmp_path / "b.txt", "__label__a __label__b x")])


def text_lines(path, *lines):
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_line_without_a_label_is_a_row_only_among_lines_of_several(tmp_path):
    path = text_lines(tmp_path / "a.txt", "__label__a x", "none", "__label__b y")
    with pytest.raises(DataError, match="line 2: expected a label such as __label__ham"):
        read(path)
    assert read(path, LabelReading("several")).labels.truth.astype(int).tolist() == [[1, 0], [0, 0], [0, 1]]
    several = text_lines(tmp_path / "b.txt", "__label__a __label__b x", "y")
    with pytest.raises(DataError, match=r"line 1: expected one label, found 2 \('a', 'b'\)"):
        read(several, LabelReading("classes"))


REFUSED = {
    "an empty label": (
        "label\tt\na,,b\tx\n",
        COMMAS,
        r"row 1 has an empty label among others \(1 such label\); remove it; a text without any label has an empty",
    ),
    "a label twice": ("label\tt\na\ty\na, b,a\tx\n", COMMAS, "row 2 has the label 'a' twice"),
    "several without a separator": ("label\tt\na\ty\n", LabelReading("several"), r"labels_separator=',', or name one"),
    "a column as shares": ("label\tt\na\ty\n", LabelReading("soft"), r"holds no shares of classes; name columns such"),
    "words in order": ("label\tt\n1\ty\nhigh\tx\n", LabelReading("ordered"), "row 2: the label 'high' is not a number"),
    "not in the order": (
        "label\tt\nlow\ty\nmid\tx\n",
        LabelReading("ordered", order=("low", "high")),
        "row 2: the label 'mid' is not in",
    ),
    "one share below 0": (
        "P(a)\tP(b)\tt\n1\t0\tx\n1.5\t-.5\ty\n",
        AUTO,
        "row 2: expected a finite share.*'b', found -0.5",
    ),
    "a sum of 0": ("P(a)\tP(b)\tt\n1\t0\tx\n0\t0\ty\n", AUTO, "row 2: the shares of the classes sum to 0"),
    "an infinite share": ("P(a)\tP(b)\tt\ninf\t0\tx\n", AUTO, "row 1: expected a finite share.*'a', found inf"),
    "a share in words": (
        "P(a)\tP(b)\tt\nmuch\t0\tx\n",
        AUTO,
        r"row 1: expected a number in column 'P\(a\)', found 'much'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_labels_of_a_table_are_refused_with_their_row(tmp_path, name):
    content, reading, message = REFUSED[name]
    (tmp_path / "a.tsv").write_text(content, encoding="utf-8")
    with pytest.raises((DataError, UsageError), match=message) as refused:
        read(tmp_path / "a.tsv", reading, text="t")
    assert "a.tsv" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (["b", "b"], r"row 2 has the label 'b' twice \(3 such repeats\)"),
        (["b", ""], r"row 2 has an empty label among others \(3 such labels\)"),
        ({"a": -1, "b": 2}, r"row 2: expected a finite share .* \(3 such rows\)"),
    ],
)
def test_messages_count_rows_not_different_values(tmp_path, row, message):
    with pytest.raises(DataError, match=message):
        read(jsonl(tmp_path / "a.jsonl", [{"a": 1} if isinstance(row, dict) else ["a"], row, row, row]))


@pytest.mark.parametrize("rows", [[[1, 0, 0], [0, 0, 1]], [[True, False], [False, True]]])
def test_lists_of_0_and_1_are_refused_as_in_python(tmp_path, rows):
    with pytest.raises(DataError, match=r"row 1, column 'label': lists of 0 and 1 could be lists of the labels"):
        read(jsonl(tmp_path / "a.jsonl", rows))


@pytest.mark.parametrize(("yes", "no"), [(1, 0), (True, False)])
def test_0_and_1_by_label_are_several_labels_where_that_is_named(tmp_path, yes, no):
    path = jsonl(tmp_path / "a.jsonl", [{"a": yes, "b": no}, {"a": no, "b": no}, {"a": yes, "b": yes}])
    several = read(path, LabelReading("several")).labels
    assert (several.names, several.truth.astype(int).tolist()) == (["a", "b"], [[1, 0], [0, 0], [1, 1]])
    with pytest.raises(DataError, match=r"a\.jsonl, row \d.* with targets='several'"):
        read(path)
    with pytest.raises(DataError, match=r"labels, counted from 0: row \d.* with targets='several'"):
        target_rows([{"a": yes, "b": no}, {"a": no, "b": no}])


@pytest.mark.parametrize(("values", "message"), [("0,0,0", "sum to 0"), ("inf,0.5,0.5", "the class 'a', found inf")])
def test_shares_that_no_sum_can_divide_are_refused_as_such(tmp_path, values, message):
    (tmp_path / "a.csv").write_text(f"text,P(a),P(b),P(c)\nx,0.2,0.3,0.5\ny,{values}\n", encoding="utf-8")
    with pytest.raises(DataError, match=message) as refused:
        read(tmp_path / "a.csv")
    assert "soft" not in str(refused.value)


def test_each_missing_column_of_labels_is_named(tmp_path):
    (tmp_path / "a.csv").write_text("text,P(a),P(b)\nx,0.5,0.5\n", encoding="utf-8")
    with pytest.raises(ColumnError, match=r"expected columns 'a', 'b', found .*; did you mean 'P\(a\)', 'P\(b\)'\?"):
        read(tmp_path / "a.csv", label="a,b")


JSON_REFUSED = {
    "a string among lists": ([["a"], "b"], "row 2 has 'b', where other rows have lists of labels"),
    "a list in quotation marks": ([["a"], '["b"]'], r"row 2, .*found the string '\[\"b\"\]'; write it without"),
    "an object among lists": ([["a"], {"b": 1}], "row 2 has '{.*}', where other rows have lists of labels"),
    "a null": ([["a"], None], "row 2 has no label, where other rows have lists.*empty for a text without any label"),
    "a null in a list": ([["a"], ["a", None]], "row 2, column 'label': expected a list of labels"),
    "a list in a list": ([["a"], [["b"]]], "row 2, column 'label': expected a list of labels"),
    "a label twice": ([["a"], ["b", "b"]], "row 2 has the label 'b' twice"),
    "an empty label": ([["a"], ["b", " "]], "row 2 has an empty label"),
    "1 beside its string": ([["1"], [1]], 'row 2, .* the labels 1 and "1" are spelled alike'),
    "numbers with fractions": ([[0.5, 0.5]], "row 1, .*found the number 0.5, which has a fraction"),
    "a list among objects": ([{"a": 1}, ["a"]], "row 2 has .*, where other rows have shares by class"),
    "a share in words": ([{"a": 1}, {"a": "much"}], 'row 2: .*found "much"; correct it, or name the field .* label.a'),
    "a share below 0": ([{"a": 1}, {"a": -1, "b": 2}], "row 2: expected a finite share of 0 or more for the class 'a'"),
    "a class in two forms": ([{"a": 1}, {"\u00e9": 0.5, "e\u0301": 0.5}], "row 2 has the class '\u00e9' twice, in two"),
    "no share": ([{"a": 1}, {}], "row 2: the shares of the classes sum to 0"),
}


@pytest.mark.parametrize("name", JSON_REFUSED)
def test_bad_labels_of_json_are_refused_with_their_row(tmp_path, name):
    labels, message = JSON_REFUSED[name]
    with pytest.raises(DataError, match=message) as refused:
        read(jsonl(tmp_path / "a.jsonl", labels))
    assert "a.jsonl" in str(refused.value)


@pytest.mark.parametrize(
    ("value", "found"), [("-2", "expected 0 or 1 for the label 'a', found -2"), ("", "no value"), ("x", "found 'x'")]
)
def test_a_column_of_a_label_holds_nothing_but_0_and_1(tmp_path, value, found):
    path = csv_of(tmp_path / "a.csv", {"text": TEXTS[:2], "a": ["0", value], "b": ["1", "0"]})
    with pytest.raises(DataError, match=f"row 2.*{found}"):
        read(path, label="a,b")


@pytest.mark.parametrize(
    ("value", "found"), [("4", "expected 0 or 1 for the label 'a', found 4"), ("0.4", ".*sum to 1, found a sum of 0.4")]
)
def test_numbers_that_may_be_votes_or_shares_are_refused_with_the_option_that_reads_them(tmp_path, value, found):
    path = csv_of(tmp_path / "a.csv", {"text": TEXTS[:2], "a": ["0", value], "b": ["1", "0"]})
    with pytest.raises(DataError, match=f"row 2: {found} .*targets='soft'"):
        read(path, label="a,b")
    assert read(path, LabelReading("soft"), label="a,b").labels.names == ["a", "b"]
    with pytest.raises(DataError, match="the label 'a'"):
        read(path, LabelReading("several"), label="a,b")


TEST_OF_SHARES = LabelReading.of_trained("soft", None)


def test_the_test_of_a_model_of_shares_has_votes_or_one_class_a_row(tmp_path):
    votes = csv_of(tmp_path / "a.csv", {"text": TEXTS[:2], "a": ["1", "4"], "b": ["3", "0"]})
    found = read(votes, TEST_OF_SHARES, label="a,b")
    assert found.labels.truth.tolist() == [[0.25, 0.75], [1, 0]]
    assert found.weights.tolist() == [4, 4]
    shares = {"text": TEXTS[:2], "P(a)": ["0.5", "1"], "P(b)": ["0.5", "0"]}
    assert read(csv_of(tmp_path / "b.csv", shares), TEST_OF_SHARES).labels.truth.tolist() == [[0.5, 0.5], [1, 0]]
    for name, columns in {"c.csv": {"label": ["a", "b"], "text": TEXTS[:2]}, "d.csv": shares | {"label": "ab"}}.items():
        assert read(csv_of(tmp_path / name, columns), TEST_OF_SHARES).labels.tolist() == ["a", "b"]
    lines = tmp_path / "e.txt"
    lines.write_text("__label__a x y\n__label__b z\n", encoding="utf-8")
    assert read(lines, TEST_OF_SHARES).labels.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("__label__a __label__a text", "line 2 has the label 'a' twice"),
        ("__label__a, __label__b text", "line 2: the label 'a,' ends in a comma"),
        ("__label__a __label__ text", "line 2: expected a label, found __label__ alone"),
    ],
)
def test_several_labels_of_fasttext_that_cannot_be(tmp_path, line, message):
    path = text_lines(tmp_path / "a.txt", "__label__a __label__b one", line)
    with pytest.raises(DataError, match=message):
        read(path)


def test_a_reading_says_one_thing():
    with pytest.raises(UsageError, match="labels_separator=',' separates several labels, but targets='classes'"):
        LabelReading("classes", ",")
    for options in ({"targets": "classes"}, {"separator": ","}):
        with pytest.raises(UsageError, match=r"order: is for ordered labels, but .* drop one of them"):
            LabelReading(order=("low", "high"), **options)
    with pytest.raises(UsageError, match="expected what separates labels, found nothing"):
        LabelReading(separator="")
    for kind in ("classes", "soft", "ordered"):
        with pytest.raises(UsageError, match=r"labels_separator=',' .* the model answers one label for each text"):
            LabelReading.of_trained(kind, ",")


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet", "arrow"])
def test_several_labels_are_read_back_as_they_are_written(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    table = Table.from_columns(["text"], [TEXTS], path="here")
    numbers = [[1 / 3] * len(row) for row in SETS]
    with path.open("wb") as stream, TableWriter(stream, path.name) as writer:
        for rows in (np.array([1]), np.array([0, 2, 3, 4])):  # the first batch shows no type
            held, shares = ([values[row] for row in rows] for values in (SETS, numbers))
            writer.write(table.select(rows), {"label": Joined(held), "p": JoinedNumbers(shares)})
    found = read(path, COMMAS, label="label", text="text").labels
    assert (found.names, found.truth.astype(int).tolist()) == (NAMES, [MEMBERS[row] for row in (1, 0, 2, 3, 4)])
    if suffix == "parquet":
        assert pq.read_table(path)["p"].to_pylist()[:3] == [[], [1 / 3], [1 / 3, 1 / 3]]
    if suffix == "csv":
        assert path.read_text().splitlines()[3] == 'text 2,"love,joy","0.3333333333333333,0.3333333333333333"'


def test_labels_of_which_little_can_be_learnt_are_counted(tmp_path):
    labels = [["a", "all"], ["all"], ["b", "c", "all"], ["c", "all"], ["C ", "all"]]
    found = read(jsonl(tmp_path / "a.jsonl", labels)).labels
    assert target_notes("a", found) == (
        "a: 1 label is on every row: 'all'",
        "a: 3 labels are on one row only: 'C ', 'a', 'b'",
        "a: labels differ only by case or blanks: 'C ', 'c'; each is a class of its own",
    )
    found = read(lists(tmp_path, "json")).labels
    assert target_notes("a", found, ",") == ("a: 1 label is on one row only: 'fear'", "a: 1 row has no label")


def test_a_separator_that_separates_nothing_is_noted(tmp_path):
    path = csv_of(tmp_path / "a.csv", {"label": ["a", "b", "", "a", "b"], "text": TEXTS})
    assert target_notes("a", read(path, COMMAS).labels, ",") == (
        "a: 1 row has no label",
        "a: labels_separator=',' separates nothing: no row has more than one label",
    )
