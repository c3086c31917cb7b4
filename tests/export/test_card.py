"""The model card: valid front matter, Markdown in which labels are text, and what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import models_of_kinds
import vikt
from vikt.fitting.saved import SavedModel
from vikt.report.card.card import model_card
from vikt.report.card.markdown import md, md_table, yaml_text
from vikt.shrinking.shrunk import shrunk_to
from vikt.tables import one_line, visible

yaml = pytest.importorskip("yaml")
markdown_it = pytest.importorskip("markdown_it")

HOSTILE = [
    "a|b", "`code`", "**bold**", "_it_", "<script>alert(1)</script>", "[x](http://e.org)", "![i](j)", "line\nbreak",
    "~~gone~~", "&amp;", "# title", "\\", "$x$", "https://e.org", "www.e.org", "-", "1. one", "---", "\ud800", "\u202e",
    '"quoted"', "a: b", "{{x}}", "'", "@me", "|", " ", "",
]  # fmt: skip


def rendered(text):
    """The tokens of a text, with tables; inline ones among them."""
    tokens = markdown_it.MarkdownIt("commonmark").enable("table").parse(text)
    return [own for token in tokens for own in (token, *(token.children or []))]


def front_matter(card):
    _, front, body = card.split("---\n", 2)
    return yaml.safe_load(front), body


@pytest.fixture(scope="module")
def saved(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier("word", min_df=1, l2=0.001).fit(texts[:300], labels[:300])
    metrics = classifier.evaluate(texts[300:], labels[300:]).to_json()["metrics"]
    return SavedModel(classifier.model_, classifier.record_.with_test(100, metrics))


def test_the_front_matter_is_yaml_with_the_figures_of_the_record(saved):
    facts, body = front_matter(model_card(saved, "spam"))
    assert facts["library_name"] == "vikt"
    assert facts["pipeline_tag"] == "text-classification"
    assert "license" not in facts
    assert "# license: fill in" in model_card(saved, "spam")
    [result] = facts["model-index"][0]["results"]
    values = {metric["name"]: metric["value"] for metric in result["metrics"]}
    assert values["accuracy"] == pytest.approx(saved.record.metrics["accuracy"]["value"], abs=1e-6)
    assert body.strip().startswith("# spam")


def test_it_says_what_the_record_does(saved):
    card = model_card(saved, "spam")
    assert f"by {saved.model.features.n_features:,} features" in card
    assert saved.record.data.fingerprint in card
    assert f"| accuracy | {saved.record.metrics['accuracy']['value']:.4f} |" in card
    assert 'classifier = vikt.load("spam.vikt")' in card
    assert "the loss is at most" in card


def test_without_a_test_there_are_no_figures(saved):
    card = model_card(shrunk_to(saved, 20), "small")
    facts, _ = front_matter(card)
    assert "model-index" not in facts
    assert "None: the model was not tested" in card
    assert f"shrunk from {saved.model.features.n_features:,} features" in card


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_only_text(text):
    """A parser finds no markup in it, and in a table no cell more than those there are."""
    tokens = rendered(f"say {md(text)} now")
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}
    cells = [token for token in rendered(md_table([text, "b"], [["c", text]])) if token.type in ("th_open", "td_open")]
    assert len(cells) == 4


@given(st.text())
def test_no_text_becomes_markup(text):
    """What a reader sees is the text, control characters spelled out."""
    tokens = rendered(f"say {md(text)} now")
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}
    shown = "".join(token.content for token in tokens if token.type in ("text", "text_special"))
    assert shown == f"say {one_line(text)} now"


@given(st.text())
def test_any_text_is_a_scalar_of_yaml(text):
    assert yaml.safe_load(f"name: {yaml_text(text)}")["name"] == visible(text)


def test_hostile_labels_and_words(tmp_path):
    labels = [label for label in HOSTILE if label.strip() and "\ud800" not in label]
    texts = [f"{label} word{i} <b>w</b>|`x`" for i, label in enumerate(labels) for _ in range(2)]
    classifier = vikt.TextClassifier("char", min_df=1, l2=0.01).fit(texts, [label for label in labels for _ in "ab"])
    card = model_card(SavedModel(classifier.model_, classifier.record_), 'a"b`c|d')
    facts, body = front_matter(card)
    assert facts["library_name"] == "vikt"
    found = {token.type for token in rendered(body)}
    assert not found & {"html_block", "html_inline", "image", "link_open", "strong_open", "em_open"}
    card.encode()


@pytest.mark.parametrize("kind", ["several", "ordered", "soft"])
def test_every_kind_of_target(tmp_path, kind):
    shares = [[0.2, 0.8], [0.6, 0.4], [0.5, 0.5]] * 4
    made = {
        "several": lambda: models_of_kinds.several(tmp_path / "s.vikt"),
        "ordered": lambda: models_of_kinds.ordered(tmp_path / "o.vikt"),
        "soft": lambda: models_of_kinds.fitted(shares, targets="soft"),
    }
    classifier = made[kind]()
    facts, body = front_matter(model_card(SavedModel(classifier.model_, classifier.record_), kind))
    assert facts["tags"][0] == "text-classification"
    assert "## What it answers" in body or kind == "soft"


def test_the_command_writes_and_replaces_it(run, emails, tmp_path):
    vikt.TextClassifier("word", min_df=1, l2=0.001).fit(*emails).save(tmp_path / "spam.vikt")
    card = tmp_path / "README.md"
    assert run("export", tmp_path / "spam.vikt", "-o", card)[0] == 0
    assert "# spam\n" in card.read_text()
    assert run("export", tmp_path / "spam.vikt", "-o", card)[0] == 0
    card.write_text("# mine\n")
    code, _, err = run("export", tmp_path / "spam.vikt", "-o", card)
    assert code == 1
    assert "is not a model card that vikt wrote" in err
