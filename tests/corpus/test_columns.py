"""Which columns are text and label: told, guessed and said, or refused."""

import pytest

from vikt.corpus.columns import find_columns
from vikt.errors import ColumnError


def find(*names, **options):
    return find_columns(names, origin="films.csv", **options)


def test_named_columns_are_taken_and_nothing_is_said():
    found = find("label", "fine", "text", text="fine", label="label")
    assert (found.text, found.label, found.guesses) == ("fine", "label", ())


def test_usual_names_are_found_and_said():
    found = find("id", "Label", "REVIEW")
    assert (found.text, found.label) == ("REVIEW", "Label")
    assert found.guesses == (
        'text column: "REVIEW" (guessed by its name)',
        'label column: "Label" (guessed by its name)',
    )


@pytest.mark.parametrize(
    ("names", "options", "text", "label"),
    [
        (("token", "tag"), {}, "token", "tag"),
        (("id", "text", "Tags"), {}, "text", "Tags"),
        (("text", "rating"), {}, "text", "rating"),
        (("label", "fine", "text"), {"label": "fine"}, "text", "fine"),
        (("label", "content", "text"), {"text": "content"}, "content", "label"),
        (("sentence", "review", "class"), {}, "sentence", "class"),
        (("a", "b"), {"label": "a"}, "b", "a"),
        (("a", "b"), {"text": "a"}, "a", "b"),
        (("text", "label"), {"label": "text", "text": "label"}, "label", "text"),
        (("target", "text"), {"text": "target"}, "target", "text"),
    ],
)
def test_choice(names, options, text, label):
    found = find(*names, **options)
    assert (found.text, found.label) == (text, label)


def test_of_two_unknown_columns_the_longer_is_the_text():
    lengths = {"q": 4.0, "body of it": 120.0}
    found = find("q", "body of it", mean_length=lengths.__getitem__)
    assert (found.text, found.label) == ("body of it", "q")
    assert "longer of two" in found.guesses[0]
    assert "only other" in found.guesses[1]


def test_prediction_needs_no_label():
    assert find("label", "text", need_label=False).label is None
    assert find("whatever", need_label=False).text == "whatever"
    with pytest.raises(ColumnError, match="name it with text="):
        find("a", "b", need_label=False)


def test_a_missing_column_is_named_with_those_there_and_the_nearest():
    with pytest.raises(ColumnError, match=r"films.csv: expected a column 'texts'.*'label', 'Text'.*mean 'Text'"):
        find("label", "Text", text="texts")
    with pytest.raises(ColumnError, match=r"'sentiment'.*choose one of these"):
        find("a", "b", label="sentiment")


def test_what_cannot_be_guessed_is_asked_for():
    with pytest.raises(ColumnError, match="name it with text="):
        find("a", "b", "c", mean_length=lambda name: 1.0)
    with pytest.raises(ColumnError, match="'c'; name it with label="):
        find("text", "b", "c")
    with pytest.raises(ColumnError, match="name it with label="):
        find("text")
    with pytest.raises(ColumnError, match="two columns"):
        find("a", "b", text="a", label="a")
