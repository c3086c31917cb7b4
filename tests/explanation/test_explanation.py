"""An explanation for people: a table, a highlighted text, a data frame; for any class."""

from __future__ import annotations

import json
import re
import sys

import numpy as np
import pytest

import vikt
from markup_checks import read_html
from vikt.errors import MissingPackageError, UsageError, ViktError
from vikt.explanation import highlight
from vikt.explanation.highlight import runs

TEXTS, LABELS = ["good film", "good fun", "bad film", "bad fun", "so so", "so la la"], list("ppnnoo")
HOSTILE = "good \x1b[2J\r\x00\x9b \u202ebad\u2066 <script>alert('x')</script> & \ud800 film"


@pytest.fixture(scope="module")
def two():
    return vikt.TextClassifier(min_df=1, ngrams=(1, 1), l2=0.01).fit(TEXTS[:4], LABELS[:4])


@pytest.fixture(scope="module")
def three():
    return vikt.TextClassifier(min_df=1, analyzer="char_wb", ngrams=(1, 3), l2=0.01).fit(TEXTS, LABELS)


def test_inspect_names_no_figures_of_a_model_without_a_test(two, tmp_path, run):
    two.save(tmp_path / "m")
    code, out, _ = run("inspect", tmp_path / "m")
    assert code == 0
    assert "strongest features" in out
    assert "test figures" not in out


def test_it_prints_what_the_command_prints(two, tmp_path, run):
    two.save(tmp_path / "m")
    _, out, _ = run("explain", tmp_path / "m", "good bad film")
    explanation = two.explain("good bad film")
    assert out == f"good bad film\n\n{explanation}\n"
    assert repr(explanation) == str(explanation)


def test_nothing_that_a_terminal_obeys_is_printed(two, tmp_path, run):
    two.save(tmp_path / "m")
    for printed in (run("explain", tmp_path / "m", HOSTILE)[1], str(two.explain(HOSTILE))):
        assert printed.replace("\n", "").isprintable()
    shown = run("explain", tmp_path / "m", HOSTILE)[1].splitlines()[0]
    assert shown.startswith("good \\x1b[2J\\r\\x00\\x9b \\u202ebad\\u2066 <script>")


def test_json_holds_the_same_text_and_nothing_that_a_terminal_obeys(tmp_path, run):
    evil = "\x9b31m\u202e\x7f"
    vikt.TextClassifier("char", ngrams=(1, 1), min_df=1, l2=0.01).fit([evil, "y"] * 2, [evil, "no"] * 2).save(
        tmp_path / "m"
    )
    printed = run("explain", tmp_path / "m", evil, "--json")[1]
    assert printed.replace("\n", "").isprintable()
    told = json.loads(printed)
    assert told["label"] == evil
    assert {part["feature"] for part in told["contributions"]} == set(evil)


def test_marks_add_up_to_the_contributions_and_spell_the_text(two):
    text = "Good, BAD & <film>\tgood\nbad"
    page, titles = read_html(two.explain(text)._repr_html_())
    assert text in page
    added = {part.feature: part.contribution for part in two.explain(text).contributions}
    assert added.keys() == {"good", "bad", "film"}
    # The other word says nothing and has no mark.
    good, bad = added["good"] / 2, added["bad"] / 2
    assert titles == pytest.approx([good, bad, good, bad], abs=1e-5)


def test_hostile_texts_labels_and_features_are_only_text():
    evil = "<b onclick=x>\u202e\x1b"
    classifier = vikt.TextClassifier(analyzer="char", ngrams=(1, 2), min_df=1, l2=0.01)
    classifier.fit([evil, "y"] * 2, [evil, "no"] * 2)
    page, _ = read_html(classifier.explain(HOSTILE)._repr_html_())
    assert "<script>alert('x')</script>" in page
    assert "onclick" in page
    assert "<b onclick" in read_html(classifier.strongest_features(evil)._repr_html_())[0]


def test_the_words_of_a_right_to_left_text_keep_its_direction(two):
    assert '<div dir="auto"' in two.explain("مرحبا good")._repr_html_()


def test_columns_without_a_place_in_the_text_are_told(emails):
    texts, labels = emails
    features = [{"kind": "length", "name": "length"}]
    classifier = vikt.TextClassifier("none", features=features, l2=1e-3).fit(texts, labels)
    explanation = classifier.explain(texts[0])
    [part] = explanation.contributions
    page, titles = read_html(explanation._repr_html_())
    assert titles == []
    assert f"{part.contribution:+.4f} from features that have no place in the text" in page


def test_the_shade_is_of_a_run_and_its_figure_exact():
    found = list(runs("ab cd", [0.5, 0.49, 0.0, -1.0, 0.01]))
    assert "".join(run.text for run in found) == "ab cd"
    assert [run.text for run in found] == ["ab", " ", "c", "d"]
    assert [run.shade for run in found] == [0.5, 0.0, -1.0, 0.0]
    assert [run.emphasis for run in found] == pytest.approx([0.99, 0.0, -1.0, 0.01])


def test_a_long_word_is_no_paler_than_a_short_one_that_adds_less():
    short, _, long = runs("a congratulations", [0.5, 0.0] + [0.06] * 15)
    assert long.emphasis == pytest.approx(0.9)
    assert (long.shade, short.shade) == (1.0, 0.5)


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.asarray(colour) / 255]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


PAGES = {"light": (255, 33), "black": (0, 224), "JupyterLab, dark": (17, 255), "VS Code, dark": (30, 204)}


@pytest.mark.parametrize("theme", PAGES)
@pytest.mark.parametrize("shade", [1.0, 0.5, -0.5, -1.0])
def test_highlighted_words_have_the_contrast_of_wcag_aa(theme, shade):
    page, text = PAGES[theme]
    [background] = re.findall(r"background:rgba\((.*?)\)", highlight.style(shade))
    *colour, opacity = map(float, background.split(","))
    behind = np.array(colour) * opacity + page * (1 - opacity)
    low, high = sorted([luminance(behind), luminance([text] * 3)])
    assert (high + 0.05) / (low + 0.05) >= 4.5


@pytest.mark.parametrize("shade", [1.0, 0.125, -0.125, -1.0])
def test_highlighted_words_on_a_terminal_have_the_contrast_of_wcag_aa(shade):
    foreground, background = (
        luminance([int(part) for part in colour.split(",")])
        for colour in re.findall(r"rgb\((.*?)\)", highlight.terminal_style(shade))
    )
    assert (foreground + 0.05) / (background + 0.05) >= 4.5


def test_labels_with_a_backslash_are_escaped_once():
    label = "a\\b"
    classifier = vikt.TextClassifier(min_df=1, ngrams=(1, 1), l2=0.01).fit(TEXTS[:4], [label, label, "n", "n"])
    assert "score of 'a\\b'" in str(classifier.explain("good", label=label))
    assert "label 'c\\d', in 1 test row," in str(classifier.evaluate(["good", "bad"], ["c\\d", "n"]))


def test_a_long_feature_is_cut_off_in_the_table_of_people_only():
    word = "x" * 500
    classifier = vikt.TextClassifier(min_df=1, ngrams=(1, 1), l2=0.01).fit([word, "y"] * 2, ["p", "n"] * 2)
    explanation = classifier.explain(word)
    assert max(map(len, str(explanation).splitlines())) < 120
    assert explanation.contributions[0].feature == word


def test_each_class_has_its_own_explanation(two, three):
    text = "so good"
    for classifier in (two, three):
        p = classifier.predict_proba([text])[0]
        for k, label in enumerate(classifier.classes_):
            explanation = classifier.explain(text, label=label)
            assert explanation.label == label
            assert explanation.probability == pytest.approx(p[k])
            parts = sum(part.contribution for part in explanation.contributions)
            assert explanation.score == pytest.approx(explanation.intercept + parts)
        assert classifier.explain(text).label == classifier.predict([text])[0]
    scores = [three.explain(text, label=label).score for label in three.classes_]
    assert scores == pytest.approx(three.decision_function([text])[0].tolist(), rel=1e-5)
    assert two.explain(text, label="n").score == pytest.approx(-two.explain(text, label="p").score)
    with pytest.raises(UsageError, match="no class 'q'; choose from 'n', 'o', 'p'"):
        three.explain(text, label="q")


def test_the_command_explains_the_class_it_is_told(tmp_path, run):
    labels = ["caf\u00e9", "1.5", "z"]
    classifier = vikt.TextClassifier(min_df=1, ngrams=(1, 1), l2=0.01).fit(["good", "bad", "so"] * 2, labels * 2)
    classifier.save(tmp_path / "m")
    for typed, label in [("cafe\u0301", "caf\u00e9"), ("1.5", "1.5"), ("z", "z")]:
        code, out, _ = run("explain", tmp_path / "m", "good bad", "--label", typed, "--json")
        assert code == 0
        assert json.loads(out) == classifier.explain("good bad", label=label).to_json()
    code, out, err = run("explain", tmp_path / "m", "good", "--label", "q")
    assert (code, out) == (2, "")
    assert err == "vikt: --label: the model has no class 'q'; choose from '1.5', 'caf\u00e9', 'z'\n"


def test_the_command_finds_a_class_that_is_a_number(tmp_path, run):
    vikt.TextClassifier(min_df=1, ngrams=(1, 1), l2=0.01).fit(["good", "bad"] * 2, [0, 1] * 2).save(tmp_path / "m")
    assert json.loads(run("explain", tmp_path / "m", "good", "--label", "1", "--json")[1])["label"] == "1"


def test_a_frame_holds_the_contributions_in_order(two):
    pytest.importorskip("pandas")
    explanation = two.explain("good bad bad film")
    frame = explanation.to_frame()
    assert list(frame.columns) == ["feature", "weight", "value", "contribution"]
    assert np.allclose(frame["weight"] * frame["value"], frame["contribution"])
    assert frame["contribution"].sum() + explanation.intercept == pytest.approx(explanation.score)
    assert frame["contribution"].abs().is_monotonic_decreasing


def test_without_pandas_the_advice_is_to_install_it(two, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    for shown in (two.explain("good"), two.strongest_features("p")):
        with pytest.raises(MissingPackageError, match="pip install pandas") as caught:
            shown.to_frame()
        assert isinstance(caught.value, ViktError)
        assert isinstance(caught.value, ImportError)


def test_why_one_class_and_not_another_is_the_log_of_the_ratio_of_their_probabilities(three):
    p = dict(zip(three.classes_, three.predict_proba(["good film la"])[0], strict=True))
    for label, other in (("p", "o"), ("o", "p"), ("n", "o")):
        found = three.explain("good film la", label, against=other)
        assert found.score == pytest.approx(np.log(p[label] / p[other]), abs=1e-6)
        assert found.score == pytest.approx(found.intercept + sum(part.contribution for part in found.contributions))
        assert (found.probability, found.about.probability_against) == pytest.approx((p[label], p[other]))
        assert found.about.against == other
    assert " ".join(str(found).split()).endswith(f"score of 'n' less that of 'o' {found.score:+.4f}")


def test_of_two_classes_the_other_is_always_meant(two):
    plain, against = two.explain("good bad film", "p"), two.explain("good bad film", "p", against="n")
    assert against.score == plain.score
    assert against.contributions == plain.contributions


def test_a_class_is_not_compared_with_itself(three, tmp_path, run):
    with pytest.raises(UsageError, match="against: 'p' is the class that is explained"):
        three.explain("good", "p", against="p")
    three.save(tmp_path / "m")
    code, _, err = run("explain", tmp_path / "m", "good", "--label", "p", "--against", "x")
    assert code == 2
    assert "--against: the model has no class 'x'" in err
    told = json.loads(run("explain", tmp_path / "m", "good", "--label", "p", "--against", "n", "--json")[1])
    assert told["against"] == "n"
