"""Hand-made features: what each measures, how values are scaled, what is declared, and classifiers made of them."""

from __future__ import annotations

import json
import re

import numpy as np
import pyarrow as pa
import pytest

import vikt
from vikt.corpus.documents import Documents, Pairs
from vikt.corpus.readers import read_table
from vikt.corpus.sentences import sentences as sentences_of
from vikt.corpus.texts import Texts
from vikt.errors import ColumnError, DataError, InputFileError, UsageError
from vikt.features.description import sentences
from vikt.features.handmade import (
    Capitalised,
    Category,
    Dense,
    FirstInSentence,
    Length,
    Lexicon,
    Number,
    Numbered,
    Pattern,
    Shape,
)  # fmt: skip
from vikt.features.handmade.declarations import KINDS, declaration, features_declared
from vikt.features.handmade.encoders import Block, Categories, Indices, Scaled
from vikt.features.handmade.values import spelled_values, take_values

# What a feature measures.


def measured(feature, documents):
    values = feature.measure(Documents.of(documents))
    return [value.decode() for value in values] if isinstance(values, Texts) else values.tolist()


def test_a_lexicon_holds_whole_words_and_phrases():
    lexicon = Lexicon(name="good", words=("great", "well made", "kth.se", "naïve"))
    texts = ["Great film", "greater", "well, made", "WELL  MADE", "a@kth.se", "nai\u0308ve", "", "made well"]
    assert measured(lexicon, texts) == [1, 0, 0, 1, 1, 1, 0, 0]


def test_a_part_of_a_phrase_is_no_hit():
    assert measured(Lexicon(name="l", words=("not so good", "so")), ["so", "not", "not so", "good"]) == [1, 0, 1, 0]


def test_a_pattern_finds_what_re_finds_and_never_hangs():
    texts = ["pay $1,000 now", "1000 kr", "€5", "no money", "", "a\nb $ 7"]
    pattern = r"[$€] ?[0-9]|[0-9]+ kr"
    assert measured(Pattern(name="money", pattern=pattern), texts) == [bool(re.search(pattern, text)) for text in texts]
    # Python's own engine would need longer than the universe has for this one.
    assert measured(Pattern(name="slow", pattern=r"^(a+)+$"), ["a" * 100_000 + "b"]) == [0]


@pytest.mark.parametrize("pattern", ["(a", r"(?=a)", r"(a)\1", "(a{1000}){1000}", "*"])
def test_a_pattern_that_cannot_be(pattern):
    with pytest.raises(UsageError, match=r"is invalid .*RE2"):
        Pattern(name="p", pattern=pattern)


def test_token_features_look_at_the_sentence_alone():
    tokens = ["In", "Rome", ".", "They", "left", "!", '"', "Åsa", "?"]
    assert measured(Capitalised(name="c"), tokens) == [1, 1, 0, 1, 0, 0, 0, 1, 0]
    assert measured(FirstInSentence(name="f"), tokens) == [1, 0, 0, 1, 0, 0, 1, 0, 0]
    assert measured(Category(name="p", offset=-1), tokens) == ["", "In", "Rome", "", "They", "left", "", '"', "Åsa"]
    assert measured(Category(name="n", offset=2), tokens) == [".", "", "", "!", "", "", "?", "", ""]
    assert measured(Shape(name="s"), ["McDonald", "10,000", "e-mail", "ÅÄÖ", "中国", ""]) == [
        "XxXx", "9,9", "x-x", "X", "x", ""
    ]  # fmt: skip
    assert measured(Capitalised(name="c", offset=-1), tokens)[1] == 1


def test_lengths():
    texts = ["two words", "", "é" * 10]
    assert np.allclose(measured(Length(name="l"), texts), np.log1p([9, 0, 10]))
    assert np.allclose(measured(Length(name="l", unit="words"), texts), np.log1p([2, 0, 1]))


def test_columns_of_every_kind():
    table = {
        "misspelt": ["0.5", "1e-3"],
        "yes": [True, False],
        "said": ["true", "false"],
        "sender": ["kth.se", ""],
        "day": pa.array([1, 2], pa.int8()),
        "embedding": [[1.0, 2.0], [3.0, 4.0]],
        "spelled": ["[1, 2.5]", "[0, 1]"],
        "array": np.eye(2, dtype=np.float32),
    }
    assert measured(Number(name="misspelt"), table) == [0.5, 0.001]
    assert measured(Number(name="n", column="yes"), table) == measured(Number(name="said"), table) == [1, 0]
    assert measured(Category(name="day", column="day"), table) == ["1", "2"]
    assert measured(Category(name="sender", column="sender"), table) == ["kth.se", ""]
    assert measured(Dense(name="embedding"), table) == [[1, 2], [3, 4]]
    assert measured(Dense(name="spelled"), table) == [[1, 2.5], [0, 1]]
    assert measured(Dense(name="array"), table) == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("feature", "column", "message"),
    [
        (Number(name="c"), ["1", "x"], "index 1: expected a finite number of at most 1e+30 in column 'c', found 'x'"),
        (
            Number(name="c"),
            ["1", "1_0"],
            "index 1: expected a finite number of at most 1e+30 in column 'c', found '1_0'",
        ),
        (Number(name="c"), ["1", ""], "index 1: expected a finite number of at most 1e+30 in column 'c', found ''"),
        (Number(name="c"), [1.0, float("nan")], "index 1: expected a"),
        (Number(name="c"), [1.0, None], "index 1: expected a number in column 'c', found None"),
        (Number(name="c"), [float("inf"), 1.0], "index 0: expected a finite number"),
        (Category(name="c", column="c"), ["a", None], "index 1: expected a string in column 'c', found None"),
        (Dense(name="c"), [[1.0, 2.0], [1.0]], "index 1: expected 2 numbers in column 'c', found"),
        (Dense(name="c"), ["[1]", "[x]"], "index 1: expected a finite number of at most 1e+30 in column 'c'"),
        (Dense(name="c"), [["a"], ["b"]], "column 'c': expected lists of numbers, found list<item: string>"),
        (Dense(name="c"), [{"a": 1}, {"a": 2}], "column 'c': expected lists of numbers, found struct"),
        (Numbered(name="c"), ["1:2", ""], "expected pairs of index and value"),
        (Number(name="d"), ["1", "2"], "expected a column 'd', found 'c'"),
    ],
)
def test_a_value_that_cannot_be_is_named(feature, column, message):
    with pytest.raises(DataError, match=re.escape(message)):
        feature.measure(Documents.of({"c": column}))


# What is learnt of the values.


def test_a_number_is_divided_by_two_standard_deviations():
    values = np.random.default_rng(0).normal(7, 3, 1000)
    scaled = Scaled().fit(values)
    rows = scaled.rows(values).values.astype(float)
    assert rows.mean() == pytest.approx(0, abs=1e-6)
    assert rows.std() == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("factor", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("shift", [0.0, 5.0])
def test_the_scale_and_origin_of_a_number_change_nothing(emails, factor, shift):
    texts, labels = emails
    lengths = np.array([float(len(text)) for text in texts])
    plain, other = (
        vikt.TextClassifier(analyzer="none", features=[Number(name="n")], l2=0.01, tol=1e-10).fit({"n": n}, labels)
        for n in (lengths, (lengths + shift) * factor)
    )
    assert np.allclose(plain.theta_, other.theta_, atol=1e-5)


def test_a_yes_or_no_stays_and_a_constant_says_nothing():
    for values, expected in (([1.0, 0.0, 1.0], [1, 1]), ([3.0, 3.0], []), ([1e12, 1e12], []), ([1.0, 1.0], [])):
        scaled = Scaled().fit(np.array(values))
        assert scaled.rows(np.array(values)).values.tolist() == expected
    assert sentences(scaled.facts("n")) == ["n: 1 in every row, so it says nothing"]


def test_categories():
    categories = Categories(least=2).fit(Texts.from_strings(["b", "a", "a", "", "", "b", "once"]))
    assert categories.names("c") == ["c=a", "c=b"]
    assert categories.rows(Texts.from_strings(["b", "new", "", "a"])).indices.tolist() == [1, 0]
    one = Categories(only=("kth.se",)).fit(Texts.from_strings(["su.se"]))
    assert one.names("sender is kth.se") == ["sender is kth.se"]


def test_a_block_has_one_scale():
    block = Block().fit(np.array([[3.0, 4.0], [0.0, 5.0]]))
    assert np.allclose(block.rows(np.array([[3.0, 4.0], [0.0, 5.0]])).values, [0.6, 0.8, 1.0])
    with pytest.raises(DataError, match="expected rows of 2 numbers"):
        block.rows(np.ones((1, 3)))


def test_indices_keep_the_width_of_training():
    indices = Indices().fit(Pairs(np.array([0, 2, 3]), np.array([1, 2**40, 7]), np.array([1.0, 2.0, 0.0])))
    assert indices.names("f") == ["1", str(2**40)]
    rows = indices.rows(Pairs(np.array([0, 3]), np.array([1, 7, 2**40 + 1]), np.array([4.0, 5.0, 6.0])))
    assert (rows.indices.tolist(), rows.values.tolist(), rows.n_features) == ([0], [4.0], 2)
    with pytest.raises(DataError, match="indices from 1, as in training, found the index 0"):
        indices.rows(Pairs(np.array([0, 1]), np.array([0]), np.array([1.0])))


def test_values_are_taken_and_spelled_row_by_row():
    pairs = Pairs(np.array([0, 2, 2, 3]), np.array([1, 5, 9]), np.array([1.0, 2.0, 3.0]))
    again = take_values(pairs, np.array([2, 0, 0]))
    assert again.offsets.tolist() == [0, 1, 3, 5]
    assert again.indices.tolist() == [9, 1, 5, 1, 5]
    for values in (pairs, np.array([[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]), Texts.from_strings(["a", "", "b"])):
        spelled = list(spelled_values(values))
        assert list(spelled_values(take_values(values, np.array([2, 0])))) == [spelled[2], spelled[0]]
        assert len(set(spelled)) == 3
    assert len(set(spelled_values(np.array([0.0, -0.0])))) == 1


# What is declared.

SPAM = """
[button]
kind = "lexicon"
words = ["button", "click below"]

["sums of money"]
kind = "pattern"
pattern = '[$€] ?[0-9]'

[sender]
kind = "category"
column = "sender"
values = ["kth.se"]

[misspelt]
kind = "number"
"""


def test_toml_is_what_python_declares(tmp_path):
    path = tmp_path / "spam.toml"
    path.write_text(SPAM, encoding="utf-8")
    expected = (
        Lexicon(name="button", words=("button", "click below")),
        Pattern(name="sums of money", pattern="[$€] ?[0-9]"),
        Category(name="sender", column="sender", values=("kth.se",)),
        Number(name="misspelt"),
    )
    assert features_declared(path) == features_declared(expected) == expected
    assert features_declared(json.loads(json.dumps([declaration(feature) for feature in expected]))) == expected


def test_a_lexicon_may_have_a_file_of_its_own(tmp_path):
    (tmp_path / "good.txt").write_text("great\n\n  well made \r\n")
    (tmp_path / "a.toml").write_text('[good]\nkind = "lexicon"\nwords = "good.txt"\n')
    assert features_declared(tmp_path / "a.toml") == (Lexicon(name="good", words=("great", "well made")),)
    (tmp_path / "good.txt").unlink()
    with pytest.raises(InputFileError, match=r"good.txt: there is no such file"):
        features_declared(tmp_path / "a.toml")


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[a", "the TOML is invalid"),
        ("a = 1", "expected a table for each feature"),
        ("[a]\nwords = ['x']", "feature 'a': kind: None is not known; choose from 'lexicon', 'pattern'"),
        ("[a]\nkind = 'lexikon'", "feature 'a': kind: 'lexikon' is not known"),
        ("[a]\nkind = 'lexicon'", "feature 'a': expected words, found none"),
        ("[a]\nkind = 'lexicon'\nwords = [1]", "words: expected a list of strings, found [1]"),
        ("[a]\nkind = 'lexicon'\nwords = []", "words: expected words or phrases"),
        ("[a]\nkind = 'lexicon'\nwords = ['x', ' ']", "words: expected words or phrases"),
        ("[a]\nkind = 'pattern'\npattern = '('", "feature 'a': pattern: '(' is invalid"),
        (
            "[a]\nkind = 'number'\ncolour = 'red'",
            "option: 'colour' is not known (did you mean 'column'?); choose from 'name'",
        ),
        ("[a]\nkind = 'category'\nmin_rows = 'two'", "min_rows: expected a whole number, found 'two'"),
        ("[a]\nkind = 'length'\nunit = 'pages'", "unit: 'pages' is not known; choose from 'characters', 'words'"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused_by_name(tmp_path, toml, message):
    path = tmp_path / "f.toml"
    path.write_text(toml)
    with pytest.raises(UsageError, match=re.escape(message)) as refusal:
        features_declared(path)
    assert "f.toml" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_two_of_one_name():
    with pytest.raises(UsageError, match="'a' is declared twice"):
        features_declared([Number(name="a"), Pattern(name="a", pattern="x")])


def test_every_kind_is_documented():
    assert all(kind.__doc__ and not kind.__doc__.startswith(f"{kind.__name__}(") for kind in KINDS.values())


# Classifiers of them.


def mails(emails, n=400):
    texts, labels = emails
    return (
        {
            "text": list(texts[:n]),
            "sender": ["kth.se" if i % 3 else "win.example" for i in range(n)],
            "misspelt": [(i % 7) / 10 for i in range(n)],
            "vector": np.random.default_rng(0).normal(size=(n, 3)),
        },
        list(labels[:n]),
    )


EVERYTHING = [
    Lexicon(name="button", words=("button", "click")),
    Pattern(name="money", pattern="[$€] ?[0-9]"),
    Category(name="sender", column="sender"),
    Number(name="misspelt"),
    Length(name="length"),
    Dense(name="vector"),
]


@pytest.mark.parametrize("analyzer", ["none", "word"])
def test_the_order_of_rows_changes_not_one_byte_and_saved_is_loaded(emails, tmp_path, analyzer):
    columns, labels = mails(emails)
    files = []
    for seed in (0, 1):
        order = np.random.default_rng(seed).permutation(len(labels))
        given = {name: [column[i] for i in order] for name, column in columns.items()}
        classifier = vikt.TextClassifier(analyzer=analyzer, features=EVERYTHING).fit(given, [labels[i] for i in order])
        classifier.save(tmp_path / f"{seed}.vikt")
        files.append((tmp_path / f"{seed}.vikt").read_bytes())
    assert files[0] == files[1]
    again = vikt.load(tmp_path / "0.vikt")
    assert np.array_equal(again.predict_proba(columns), classifier.predict_proba(columns))
    assert again.features_.names()[-9:] == classifier.features_.names()[-9:]
    for i in (0, 7):
        row = {name: column[i] for name, column in columns.items()}
        explanation = again.explain(row)
        assert explanation.probability == pytest.approx(again.predict_proba({n: [v] for n, v in row.items()}).max())
        total = explanation.intercept + sum(part.contribution for part in explanation.contributions)
        assert explanation.score == pytest.approx(total)


def test_a_batch_is_its_rows_one_by_one(emails):
    columns, labels = mails(emails)
    classifier = vikt.TextClassifier(features=EVERYTHING, l2=1e-4).fit(columns, labels)
    whole = classifier.predict_proba(columns)
    for i in range(0, 400, 57):
        assert np.array_equal(classifier.predict_proba({n: [c[i]] for n, c in columns.items()})[0], whole[i])


def test_a_column_that_is_missing_is_named(emails):
    columns, labels = mails(emails)
    classifier = vikt.TextClassifier(features=EVERYTHING, l2=1e-4).fit(columns, labels)
    del columns["sender"]
    with pytest.raises(ColumnError, match="expected a column 'sender', found 'text', 'misspelt', 'vector'"):
        classifier.predict(columns)


def test_data_frames_are_columns(emails):
    pandas = pytest.importorskip("pandas")
    columns, labels = mails(emails)
    del columns["vector"]
    classifier = vikt.TextClassifier(features=EVERYTHING[:5], l2=1e-4).fit(columns, labels)
    frame = pandas.DataFrame(columns)
    assert np.array_equal(classifier.predict_proba(frame), classifier.predict_proba(columns))


def test_one_feature_is_the_closed_form():
    """Of one yes or no without a penalty: the weights are the log-odds counted."""
    texts = ["yes"] * 30 + ["no"] * 50
    labels = ["a"] * 10 + ["b"] * 20 + ["a"] * 35 + ["b"] * 15
    feature = Lexicon(name="says yes", words=("yes",))
    classifier = vikt.TextClassifier(analyzer="none", features=[feature], l2=0.0).fit(texts, labels)
    intercept = np.log(15 / 35)
    assert classifier.theta_.tolist() == pytest.approx([intercept, np.log(20 / 10) - intercept], abs=1e-5)


def test_none_leaves_nothing_without_features():
    with pytest.raises(UsageError, match="'none' needs hand-made features"):
        vikt.TextClassifier(analyzer="none").fit(["a", "b"], [0, 1])
    with pytest.raises(DataError, match="no feature is left"):
        vikt.TextClassifier(analyzer="none", features=[Category(name="c", min_rows=9)]).fit(["a", "b"], [0, 1])


# Running text.


def test_sentences_stay_together_and_their_order_does_not_matter(corpus, tmp_path):
    table = read_table(corpus("names/tokens.csv"))
    tokens, tags = table.strings("token")[:6000], table.strings("tag")[:6000]
    ends = [i + 1 for i, token in enumerate(tokens) if token in ".!?"]
    pieces = [slice(a, b) for a, b in zip([0, *ends], [*ends, len(tokens)], strict=True)]
    files = []
    for seed in (0, 1):
        order = [*np.random.default_rng(seed).permutation(len(pieces) - 1).tolist(), len(pieces) - 1]
        shuffled = [token for p in order for token in tokens[pieces[p]]]
        labels = ["O" if tag == "O" else "name" for p in order for tag in tags[pieces[p]]]
        classifier = vikt.TextClassifier(
            analyzer="none", features=[Capitalised(name="capital"), Category(name="before", offset=-1)]
        )
        held_out, _ = classifier.fit_and_hold_out(shuffled, labels)
        classifier.save(tmp_path / f"{seed}.vikt")
        files.append((tmp_path / f"{seed}.vikt").read_bytes())
    assert files[0] == files[1]
    lengths = {}
    for sentence in sentences_of(Texts.from_strings(held_out)):
        lengths[sentence] = lengths.get(sentence, 0) + 1
    assert all(n % len(sentence.split(b"\n")) == 0 for sentence, n in lengths.items())


def test_the_name_tagger_of_the_laboratory(corpus):
    """Against the lecture's two features counted by hand: with both yes or no, there are four kinds of token."""
    table = read_table(corpus("names/tokens.csv"))
    tokens = table.strings("token")
    labels = np.array(["O" if tag == "O" else "name" for tag in table.strings("tag")])
    features = [
        Capitalised(name="capital"),
        FirstInSentence(name="first"),
    ]
    classifier = vikt.TextClassifier(analyzer="none", features=features, l2=0.0).fit(tokens, labels)
    capital = np.array([token[:1].isupper() for token in tokens])
    first = np.array([True] + [token in (".", "!", "?") for token in tokens[:-1]])
    found = classifier.predict_proba(tokens)
    # Without a penalty, the mean of each feature is that of the model.
    for column in (capital, first, np.ones(len(tokens), bool)):
        assert found[column, 1].mean() == pytest.approx(np.mean(labels[column] == "name"), abs=1e-4)
    assert np.mean(classifier.predict(tokens) == labels) > 0.95


def test_a_category_without_a_column_is_a_token():
    texts = ["see you on Friday", "win money now"] * 10
    frame = {"text": texts, "sender": ["kth.se", "su.se"] * 10}
    for source in (texts, frame):
        with pytest.raises(UsageError, match=r"feature 'sender': without a column, .* such as '.*; set its column$"):
            vikt.TextClassifier(features=[Category(name="sender")]).fit(source, ["ham", "spam"] * 10)


def test_categories_that_read_alike_are_one():
    composed, parted = "caf\u00e9", "cafe\u0301"
    feature = Category(name="place", column="place", values=(parted,))
    documents = Documents.of({"text": ["a", "b"], "place": [composed, parted]})
    rows = feature.encoder().fit(feature.measure(documents)).rows(feature.measure(documents))
    assert (rows.n_features, rows.indices.tolist()) == (1, [0, 0])
