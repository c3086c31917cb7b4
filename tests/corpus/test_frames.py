"""Texts and columns as users hold them: pandas, Polars, Arrow, NumPy, data sets, Python."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import vikt
from vikt.corpus.documents import Documents
from vikt.corpus.frames import array_of, texts_of
from vikt.errors import ColumnError, DataError, ShapeWarning
from vikt.features.handmade import Category, Number

TEXTS = ["ett", "två 🙂", "", "tre\0", "fyra"]
LABELS = ["x", "y", "x", "y", "x"]
TABLE = pa.table({"text": TEXTS, "label": LABELS})
INDEX = [7, 7, 0, -1, 3]


class OldSeries:
    """A Series as pandas made it before it exported Arrow: neither a mapping nor a frame, though it has keys."""

    def __init__(self, values):
        self.values, self.dtype = values, np.dtype(object)

    def __iter__(self):
        return iter(self.values)

    def __len__(self):
        return len(self.values)

    def keys(self):
        return INDEX

    def to_numpy(self):
        return np.array(self.values, dtype=object)

    def __array__(self, dtype=None, copy=None):
        return self.to_numpy()


COLUMNS = {
    "tuple": lambda: tuple(TEXTS),
    "generator": lambda: (text for text in TEXTS),
    "NumPy objects": lambda: np.array(TEXTS, dtype=object),
    "masked array without a mask": lambda: np.ma.array(TEXTS, dtype=object),
    "pandas": lambda: pd.Series(TEXTS, index=INDEX),
    "pandas objects": lambda: pd.Series(TEXTS, index=INDEX, dtype=object),
    "pandas category": lambda: pd.Series(TEXTS, index=INDEX).astype("category"),
    "pandas Arrow": lambda: pd.Series(TEXTS, index=INDEX, dtype=pd.ArrowDtype(pa.string())),
    "pandas Index": lambda: pd.Index(TEXTS),
    "pandas of old": lambda: OldSeries(TEXTS),
    "Polars": lambda: pl.Series(TEXTS),
    "Polars categorical": lambda: pl.Series(TEXTS, dtype=pl.Categorical),
    "Polars Enum": lambda: pl.Series(TEXTS, dtype=pl.Enum(TEXTS)),
    "Polars object": lambda: pl.Series(TEXTS, dtype=pl.Object),
    "Arrow array": lambda: pa.array(TEXTS),
    "Arrow large strings": lambda: pa.array(TEXTS, pa.large_string()),
    "Arrow dictionary": lambda: pa.array(TEXTS).dictionary_encode(),
    "Arrow slice": lambda: pa.array(["before", *TEXTS, "after"]).slice(1, 5),
    "Arrow chunks": lambda: pa.chunked_array([[], TEXTS[:2], [], TEXTS[2:]], pa.string()),
    "Arrow chunks of dictionaries": lambda: pa.chunked_array(
        [pa.array(TEXTS[:2]).dictionary_encode(), pa.array(TEXTS[2:]).dictionary_encode()]
    ),
}
FRAMES = {
    "mapping": lambda: {"text": TEXTS, "label": LABELS},
    "pandas": lambda: pd.DataFrame({"text": TEXTS, "label": LABELS}, index=INDEX),
    "Polars": lambda: pl.DataFrame({"text": TEXTS, "label": LABELS}),
    "Arrow table": lambda: TABLE,
    "Arrow batch": lambda: TABLE.to_batches()[0],
    "Arrow reader": lambda: TABLE.to_reader(),
    "an odd column beside": lambda: pd.DataFrame({"text": TEXTS, 3: [1, "a", None, object(), {}]}),
    "an odd Polars column beside": lambda: pl.DataFrame(
        {"text": TEXTS, "o": pl.Series([object()] * 5, dtype=pl.Object)}
    ),
    "columns of one name beside": lambda: pd.DataFrame([[text, 1, 2] for text in TEXTS], columns=["text", "a", "a"]),
}


@pytest.fixture(scope="module")
def classifier(emails):
    return vikt.TextClassifier(l2=1e-3, min_df=1).fit(*emails)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_is_texts_whoever_made_it(name):
    assert [text.decode() for text in texts_of(COLUMNS[name]())] == TEXTS
    assert array_of(COLUMNS[name]()).tolist() == TEXTS


@pytest.mark.parametrize("dtype", ["U", "T"])
def test_arrays_of_numpys_own_strings(dtype):
    if dtype == "T" and not hasattr(np.dtypes, "StringDType"):
        pytest.skip("StringDType came with NumPy 2")
    assert list(texts_of(np.array(["ett", "två 🙂", ""], dtype=dtype))) == [b"ett", "två 🙂".encode(), b""]


@pytest.mark.parametrize("name", FRAMES)
def test_of_a_frame_the_named_column_is_read(name, classifier):
    found = Documents.of(FRAMES[name](), "text", [])
    assert [text.decode() for text in found.strings()] == TEXTS
    assert np.array_equal(classifier.predict_proba(FRAMES[name]()), classifier.predict_proba(TEXTS))


def test_data_sets(classifier):
    datasets = pytest.importorskip("datasets")
    dataset = datasets.Dataset(TABLE)
    for source in (dataset, dataset["text"], dataset.with_format("pandas")):
        assert np.array_equal(classifier.predict_proba(source), classifier.predict_proba(TEXTS))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_frame_fits_as_its_columns_do(frame, emails, classifier):
    data = frame({"text": emails[0], "label": emails[1]})
    fitted = vikt.TextClassifier(l2=1e-3, min_df=1).fit(data["text"], data["label"])
    assert np.array_equal(fitted.theta_, classifier.theta_)
    again = vikt.TextClassifier(l2=1e-3, min_df=1).fit(data, data["label"])
    assert np.array_equal(again.theta_, classifier.theta_)
    assert again.score(data, data["label"]) == classifier.score(*emails)


MISSING = {
    "list": lambda: ["a", None, "b", float("nan")],
    "NumPy": lambda: np.array(["a", None, "b", np.nan], dtype=object),
    "masked": lambda: np.ma.array(["a", "?", "b", "?"], mask=[0, 1, 0, 1]),
    "pandas": lambda: pd.Series(["a", None, "b", None]),
    "pandas NA": lambda: pd.Series(["a", pd.NA, "b", pd.NaT], dtype=object),
    "pandas category": lambda: pd.Series(["a", None, "b", None], dtype="category"),
    "Polars": lambda: pl.Series(["a", None, "b", None]),
    "Arrow": lambda: pa.chunked_array([["a", None], ["b", None]]),
    "Arrow dictionary": lambda: pa.array(["a", None, "b", None]).dictionary_encode(),
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_texts_are_refused_with_the_first_and_their_number(name, classifier):
    with pytest.raises(DataError, match=r"text 1 is missing \(2 in all, counted from 0\); drop such rows"):
        classifier.predict(MISSING[name]())


def test_a_column_of_nulls_alone(classifier):
    with pytest.raises(DataError, match=r"text 0 is missing \(3 in all, counted from 0\)"):
        classifier.predict(pa.nulls(3))


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("one text", DataError, r"found one str; write \[text\]"),
        (b"one text", DataError, "found one bytes"),
        (3, DataError, "expected a sequence of strings, found 3"),
        (None, DataError, "expected a sequence of strings, found None"),
        (np.array(["a"] * 3).reshape(3, 1), DataError, r"one dimension, found an array of shape \(3, 1\)"),
        (np.array([["a", "b"]] * 3), DataError, r"one dimension, found an array of shape \(3, 2\)"),
        (np.array("a"), DataError, r"shape \(\)"),
        ([["a"], ["b"]], DataError, r"text 0: expected a string, found list \(\['a'\]\)"),
        ([b"a"], DataError, r"text 0: expected a string, found bytes \(b'a'\)"),
        (["a", 3], DataError, r"text 1: expected a string, found int \(3\)"),
        (pl.Series([1, 2]), DataError, r"text 0: expected a string, found int \(1\)"),
        (pa.array([b"a"]), DataError, r"text 0: expected a string, found bytes \(b'a'\)"),
        (pl.LazyFrame({"text": ["a"]}), DataError, r"found a LazyFrame; call its collect\(\) first"),
        ({"body": ["a"], "id": [1]}, ColumnError, r"a column 'text', found 'body', 'id'; .* by text_column"),
        (pd.DataFrame({"body": ["a"]}), ColumnError, r"a column 'text', found 'body'; .* by text_column"),
        (pl.DataFrame({"Text": ["a"]}), ColumnError, "did you mean 'Text'"),
        (pd.DataFrame([["a", "b"]], columns=["text", "text"]), ColumnError, "must differ, found 'text' 2 times"),
        ({"text": "one text"}, DataError, "found one str"),
        ({"a", "b"}, DataError, "found a set, which has no order and drops repeats; pass a list"),
        ({"text": frozenset("ab")}, DataError, "found a set"),
        (pd.DataFrame({"text": ["a"], "id": [1]}).iloc[0], DataError, r"a row of a frame, .*; pass df.iloc\[\[0\]\]"),
        (next(pd.DataFrame({"id": [1], "text": ["a"]}).itertuples()), DataError, "a row of a frame"),
        (
            pd.DataFrame({"text": ["a"]}).groupby("text"),
            DataError,
            r"groups of them \(DataFrameGroupBy\); pass the frame",
        ),
        (pd.DataFrame({"text": ["a"]}).groupby("text").text, DataError, r"groups of them \(SeriesGroupBy\)"),
    ],
)
def test_what_holds_no_texts_is_refused_in_one_line(source, error, message, classifier):
    with pytest.raises(error, match=message) as raised:
        classifier.predict(source)
    assert "\n" not in str(raised.value)


def test_sets_and_groups_are_no_labels(classifier):
    frame = pd.DataFrame({"text": TEXTS, "label": LABELS})
    for labels, found in [
        (set(LABELS), "a set"),
        (frame.groupby("label"), "groups"),
        (frame.groupby("label").text, "groups"),
    ]:
        with pytest.raises(DataError, match=f"found {found}"):
            vikt.TextClassifier().fit(frame.text, labels)


def test_one_row_of_a_frame_as_a_frame(classifier):
    frame = pd.DataFrame({"text": TEXTS, "label": LABELS})
    assert classifier.predict(frame.iloc[[1]]).tolist() == classifier.predict(TEXTS[1:2]).tolist()
    assert len(classifier.predict(pd.Series(TEXTS[:2], index=["first", "second"]))) == 2


def test_lone_surrogates_are_kept_by_pandas_too():
    texts = ["\ud800", "a"]
    assert list(texts_of(pd.Series(texts, dtype=object))) == list(texts_of(texts)) == [b"\xed\xa0\x80", b"a"]


def test_the_text_column_by_another_name(emails, tmp_path, classifier):
    frame = pd.DataFrame({"review": emails[0], "text": "not this one"})
    named = vikt.TextClassifier(l2=1e-3, min_df=1, text_column="review").fit(frame, emails[1])
    assert np.array_equal(named.theta_, classifier.theta_)
    named.save(tmp_path / "m")
    for one in (named, vikt.load(tmp_path / "m")):
        assert one.text_column == "review"
        assert np.array_equal(one.predict_proba(frame), classifier.predict_proba(emails[0]))
        assert one.explain(frame.iloc[0]).probability == classifier.explain(emails[0][0]).probability
        with pytest.raises(ColumnError, match="a column 'review', found 'text'"):
            one.predict(frame[["text"]])


def test_a_model_of_the_command_line_knows_its_text_column(run, emails, tmp_path):
    frame = pd.DataFrame({"note": emails[0], "label": emails[1]})
    frame.to_json(tmp_path / "d.jsonl", orient="records", lines=True)
    assert run("train", tmp_path / "d.jsonl", "--text", "note", "--l2", "0.001", "-o", tmp_path / "m")[0] == 0
    model = vikt.load(tmp_path / "m")
    assert np.array_equal(model.predict_proba(frame), model.predict_proba(emails[0]))
    assert run("explain", tmp_path / "m", "win money")[0] == 0


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table, dict])
def test_hand_made_features_read_their_columns_of_any_frame(frame):
    texts, senders, sizes = ["a b", "b c", "c d", "d a"] * 3, ["x", "y", "x", "y"] * 3, [1, 2, 3, 4] * 3
    features = [Category(name="sender", column="sender"), Number(name="size")]
    data = frame({"text": texts, "sender": senders, "size": sizes, "beside": [None] * 12})
    fitted = vikt.TextClassifier(l2=0.01, features=features).fit(data, senders)
    assert fitted.predict(data).tolist() == senders
    assert fitted.explain({"text": "a", "sender": "y", "size": 2}).label == "y"
    with pytest.raises(ColumnError, match="a column 'sender', found 'text'"):
        fitted.predict({"text": texts})


@pytest.mark.parametrize("several", [list, pl.Series, lambda texts: pd.DataFrame({"text": texts}), pl.DataFrame])
def test_explain_takes_one_text(several, classifier):
    with pytest.raises(
        DataError, match=r"explain: expected one text, .*, found (list|Series|DataFrame); .* df.iloc\[0\]$"
    ):
        classifier.explain(several(["a", "b"]))


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("options", [{}, {"tokenizer": str.split, "token_pattern": None}, {"preprocessor": str.upper}])
def test_the_vectorizer_reads_the_same_columns(name, options):
    vectorizer = vikt.TextVectorizer(**options)
    assert (vectorizer.fit_transform(COLUMNS[name]()) != vectorizer.fit_transform(TEXTS)).nnz == 0


@pytest.mark.parametrize("name", FRAMES)
def test_the_vectorizer_learns_no_frames_names(name):
    with pytest.raises(DataError, match=r"expected one column, found a frame .* such as df\['text'\]"):
        vikt.TextVectorizer().fit(FRAMES[name]())


def test_the_vectorizer_reads_columns_of_paths_and_of_bytes(tmp_path):
    (tmp_path / "a.txt").write_text("ett två", encoding="utf-8")
    paths = pl.Series([str(tmp_path / "a.txt")])
    assert vikt.TextVectorizer(input="filename").fit(paths).get_feature_names_out().tolist() == ["ett", "två"]
    for coded in (pl.Series(["två".encode("latin-1")]), pa.array(["två".encode("latin-1")])):
        assert vikt.TextVectorizer(encoding="latin-1").fit(coded).get_feature_names_out().tolist() == ["två"]


def test_numbers_by_python_are_not_merged():
    assert array_of([2**63 + 1, 2**63 + 2, -1]).tolist() == [2**63 + 1, 2**63 + 2, -1]
    assert array_of([2**53 + 1, 0.5]).tolist() == [2**53 + 1, 0.5]
    assert [type(value) for value in array_of([True, 1]).tolist()] == [bool, int]
    assert array_of(["a\0", "a"]).tolist() == ["a\0", "a"]
    assert array_of(pl.Series([1, None, 2**63 - 1])).tolist() == [1, None, 2**63 - 1]


def test_a_value_of_several_lines_is_shown_on_one():
    with pytest.raises(DataError, match="text 0: expected a string, found DataFrame") as raised:
        texts_of([pd.DataFrame({"a": [1, 2]})])
    assert "\n" not in str(raised.value)


def test_a_frame_of_one_column_as_labels_is_flattened_with_a_remedy_for_frames():
    frame = pd.DataFrame({"text": ["win money", "lunch today"] * 10, "label": ["spam", "ham"] * 10})
    with pytest.warns(ShapeWarning, match="or one column of a frame"):
        flattened = vikt.TextClassifier(l2=0.1).fit(frame, frame[["label"]])
    assert flattened.predict(["win money"])[0] == "spam"
