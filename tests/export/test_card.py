"""The model card: valid front matter, Markdown in which labels are text, and what it says."""

from __future__ import annotations

import shlex

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
from vikt.web.about import facts

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
    assert "classifier = vikt.load('spam.vikt')" in card
    assert "the loss is at most" in card


def test_without_a_test_there_are_no_figures(saved):
    card = model_card(shrunk_to(saved, 20), "small")
    facts, _ = front_matter(card)
    assert "model-index" not in facts
    assert "None: the model has not been tested in its present form." in card
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
    assert "## How it decides" in body or kind == "soft"


NUMBER, DENSE = {"name": "x", "kind": "number"}, {"name": "e", "kind": "dense"}
CATEGORY = {"name": "from whom", "kind": "category", "column": "```\n'the sender'\ud800"}
TEXTS, NUMBERS = ["good", "bad"] * 8, [float(i % 3) for i in range(16)]
OF_COLUMNS = {
    "a number": ("none", [NUMBER], {"x": NUMBERS}, "by 1 feature,"),
    "an embedding": ("none", [DENSE], {"e": [[n, 1.0, -n] for n in NUMBERS]}, "by 3 features,"),
    "a category": ("none", [CATEGORY], {CATEGORY["column"]: ["k", "l"] * 8}, "by 2 features,"),
    "a text and a number": ("word", [NUMBER], {"text": TEXTS, "x": NUMBERS}, "by 3 features,"),
}


@pytest.mark.parametrize(("analyzer", "declared", "rows", "counted"), OF_COLUMNS.values(), ids=OF_COLUMNS)
def test_the_lines_of_a_card_run(run, tmp_path, monkeypatch, analyzer, declared, rows, counted):
    """What a card says of using a model of columns works as it is written, and calls rows what is no text."""
    classifier = vikt.TextClassifier(analyzer, features=declared, l2=0.1, min_df=1).fit(rows, TEXTS)
    classifier.save(tmp_path / "m.vikt")
    monkeypatch.chdir(tmp_path)
    card = classifier.card("m")
    card.encode()
    facts, body = front_matter(card)
    of = "text" if "text" in rows else "row"
    assert f"that sorts {of}s into 2 classes {counted}" in body
    assert facts["pipeline_tag"] == ("text-classification" if of == "text" else "tabular-classification")
    assert of == "text" or "text" not in body
    python, shell, _ = (token.content for token in rendered(body) if token.type == "fence")
    answers = {}
    exec(python.replace("classifier.predict", "answers = classifier.predict"), answers)
    assert len(answers["answers"]) == 1
    predict, *explain = map(shlex.split, shell.splitlines())
    assert predict == ["vikt", "predict", "m.vikt", f"{of}s.csv"]
    if declared == [CATEGORY]:
        return  # No shell spells such a name.
    assert bool(explain) == (declared != [DENSE])
    for _, *arguments in explain:
        code, _, err = run(*arguments)
        assert code == 0, err


def test_a_card_of_pairs_reads_them_from_a_file(run, tmp_path):
    lines = [f"{-1 if n % 2 else 1} {1 + n % 2}:{n}\n" for n in range(1, 61)]
    (tmp_path / "a.svmlight").write_text("".join(lines))
    assert run("train", tmp_path / "a.svmlight", "-o", tmp_path / "m.vikt", "--l2", "0.1", "-q")[0] == 0
    card = vikt.load(tmp_path / "m.vikt").card("m")
    assert "```\nvikt predict m.vikt rows.svmlight\n```" in card
    assert "classifier.predict" not in card


def test_few_figures_of_a_card_and_those_of_the_page_are_the_same(saved):
    card, names = model_card(saved, "spam"), [name for name, _ in facts(saved)]
    table = card[card.index("## Figures") : card.index("## Training data")]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines() if line.startswith("| ")][2:]
    assert rows == names[-4:]


def test_the_command_writes_and_replaces_it(run, emails, tmp_path):
    vikt.TextClassifier("word", min_df=1, l2=0.001).fit(*emails).save(tmp_path / "spam.vikt")
    card = tmp_path / "README.md"
    assert run("export", tmp_path / "spam.vikt", "-o", card)[0] == 0
    assert "# spam\n" in card.read_text()
    written = card.read_text()
    assert written == vikt.load(tmp_path / "spam.vikt").card("spam")
    assert run("export", tmp_path / "spam.vikt", "-o", card)[0] == 0
    *_, last = rendered(front_matter(written)[1])
    assert (last.type, last.content[:4]) == ("html_block", "<!--")


@pytest.mark.parametrize("edit", ["the licence", "a sentence at the end", "a line less", "another file", "nothing"])
def test_what_a_person_has_written_is_kept(run, emails, tmp_path, edit):
    model, card = tmp_path / "spam.vikt", tmp_path / "README.md"
    vikt.TextClassifier("word", min_df=1, l2=0.001).fit(*emails).save(model)
    assert run("export", model, "-o", card)[0] == 0
    written = card.read_text()
    edited = {
        "the licence": written.replace("# license: fill in, such as apache-2.0", "license: mit"),
        "a sentence at the end": written + "It is for my own letters.\n",
        "a line less": written.replace("- logistic-regression\n", ""),
        "another file": "# mine\n",
        "nothing": "",
    }[edit]
    card.write_text(edited)
    code, _, err = run("export", model, "-o", card)
    assert code == 1
    assert "exists and is not an unedited model card from vikt" in err
    assert "--force" in err
    assert card.read_text() == edited
    assert run("export", model, "-o", card, "--force")[0] == 0
    assert card.read_text() == written
