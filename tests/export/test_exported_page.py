"""An exported page opened from a file in Chromium; how small it can be made, and what that costs."""

from __future__ import annotations

import numpy as np
import pytest
from test_engine import drawn_texts, rows_of, saved

import models_of_kinds
import vikt
from browsing import chromium, opened
from engine_runs import check_agreement, in_node
from vikt.errors import UsageError
from vikt.export.html.page import page_of
from vikt.export.html.quantise import fitting_page, quantised
from vikt.features.handmade import Length
from vikt.shrinking.shrunk import shrunk_to
from vikt.web.about import facts

TROUBLE = ["</script><img src=x onerror=alert(1)>", "a\u2028b\0c", "<!--", "\"\\'`${x}"]


@pytest.fixture(scope="module")
def letters(emails):
    return saved(vikt.TextClassifier("word+char", min_df=1, l2=0.001).fit(*emails))


def written(path, model):
    path.write_bytes(page_of(model, "mails"))
    return path


def typed(page, text):
    """The verdict on a text that is typed."""
    page.fill("#text", "")
    page.locator("#verdict", has_not_text="%").wait_for()
    page.fill("#text", text)
    page.locator("#verdict", has_text="%").wait_for()
    return page.inner_text("#verdict")


def test_a_page_answers_from_a_file_and_asks_for_nothing(tmp_path, letters):
    text = "You have won a prize, call now! \U0001f44d\U0001f3fd"
    [answer], [p] = letters.model.predicted([text]), letters.model.probabilities([text]).max(axis=1)
    path = written(tmp_path / "page.html", letters)
    assert path.read_bytes() == page_of(letters, "mails")
    with chromium() as browser, opened(browser, path) as (page, seen):
        verdict = typed(page, text)
        assert answer in verdict
        assert f"{100 * p:.1f} %" in verdict
        assert page.inner_text("#words").split() == text.split()
        assert page.inner_text("#title") == "mails"
        assert page.locator("#facts dd").all_inner_texts() == [sentence for _, sentence in facts(letters)]
        assert "forbidden" in page.evaluate("fetch('https://example.org').then(() => 'sent', () => 'forbidden')")
        assert vars(seen)["dialogs"] == []
        assert [url for url in seen.requests if not url.startswith("https://example.org")] == []
        assert [said for said in seen.console if "example.org" not in said] == []


@pytest.mark.slow
def test_labels_and_words_are_never_markup(tmp_path):
    texts = [f"{word} {other}" for word in TROUBLE for other in ("a", "b", "</script>")]
    labels = [label for label in TROUBLE for _ in range(3)]
    model = saved(vikt.TextClassifier("word", min_df=1, l2=0.01).fit(texts, labels))
    with chromium() as browser, opened(browser, written(tmp_path / "page.html", model)) as (page, seen):
        for text in texts:
            typed(page, text)
        shown = page.locator("#classes").inner_text()
        assert "</script><img src=x onerror=alert(1)>" in shown
        assert page.locator("img").count() == 0
        assert vars(seen) == {"console": [], "dialogs": [], "requests": []}


@pytest.mark.slow
def test_an_old_browser_is_told(tmp_path, letters):
    with chromium() as browser:
        page = browser.new_page()
        page.add_init_script("delete globalThis.DecompressionStream")
        page.goto(f"file://{written(tmp_path / 'page.html', letters)}")
        page.wait_for_selector(".error")
        assert "This browser is too old" in page.inner_text(".error:visible")


@pytest.mark.slow
def test_a_table_gets_labels_offline(tmp_path, letters, emails):
    table = tmp_path / "mails.csv"
    table.write_text("id,text\n1,You have won a prize\n2,Lunch on Friday?\n", encoding="utf-8")
    expected = letters.model.predicted(["You have won a prize", "Lunch on Friday?"]).tolist()
    with chromium() as browser, opened(browser, written(tmp_path / "page.html", letters)) as (page, seen):
        page.set_input_files("#file", table)
        page.wait_for_selector("#table:not([hidden])")
        button = page.locator("#table button.main")
        button.click()
        with page.expect_download() as download:
            page.locator("#table a[download]").click()
        labelled = download.value.path().read_text(encoding="utf-8-sig").splitlines()
        assert [line.split(",")[2] for line in labelled[1:]] == expected
        assert seen.console == []


def test_a_quantised_page_fits_and_says_that_nothing_is_proven(letters):
    size = len(page_of(letters, "mails")) - 10_000
    small = fitting_page(letters, "mails", size)
    assert len(page_of(small, "mails")) <= size
    part = small.record.least_proven
    assert np.isnan(part.relative)
    assert part.reason.code in ("quantised", "shrunk_and_quantised")
    both = quantised(shrunk_to(letters, 60)).record
    assert (both.least_proven.reason.code, both.shrunk_from) == (
        "shrunk_and_quantised",
        letters.model.features.n_features,
    )
    assert str(quantised(letters).record.least_proven.reason) == "the weights were rounded to 8 bits after the fit"
    assert check_agreement(in_node, small, drawn_texts(50)) < 1e-9
    assert fitting_page(letters, "mails", 10_000_000) is letters


@pytest.mark.parametrize(
    "kind", [models_of_kinds.several, pytest.param(models_of_kinds.ordered, marks=pytest.mark.slow)]
)
def test_every_kind_of_targets_can_be_quantised(tmp_path, kind):
    model = saved(kind(tmp_path / "m.vikt"))
    small = quantised(model)
    theta, before = np.atleast_2d(small.model.theta), np.atleast_2d(model.model.theta)
    assert theta[:, 0].tolist() == before[:, 0].tolist()
    assert np.abs(theta - before).max() <= np.abs(before[:, 1:]).max() / 254 + 1e-6
    assert all(len(np.unique(row[1:])) <= 255 for row in theta)
    assert [name for name, _ in facts(small)].count("no proof") == 0
    check_agreement(in_node, small, models_of_kinds.TEXTS)


@pytest.mark.slow
def test_a_tenth_of_the_bytes_costs_little_accuracy(corpus):
    texts, labels = rows_of(corpus("trec/train.tsv"), "text", "label", 5000)
    model = saved(vikt.TextClassifier("word+char", l2=1e-4).fit(texts[:4000], labels[:4000]))
    small = fitting_page(model, "trec", len(page_of(model, "trec")) // 4)
    accuracies = [np.mean(m.model.predicted(texts[4000:]) == np.array(labels[4000:])) for m in (model, small)]
    assert accuracies[1] >= accuracies[0] - 0.01


def test_handmade_features_are_refused(emails):
    model = saved(vikt.TextClassifier("word", min_df=1, l2=0.01, features=[Length(name="length")]).fit(*emails))
    with pytest.raises(UsageError, match="hand-made features, such as 'length'"):
        page_of(model, "mails")
