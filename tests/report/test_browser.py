"""The report in a browser: nothing runs, nothing is fetched, and people can read it."""

from __future__ import annotations

from itertools import pairwise

import pytest

import vikt
from browsing import LOW_CONTRAST, opened
from report_checks import EVIL, everything
from vikt.report.html.writing import write_page

pytestmark = pytest.mark.slow

_LINKS = ' <a href="javascript:alert(4)">x</a> <svg onload=alert(5)> <iframe src="https://example.org/"> '


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report of a model whose data are hostile throughout."""
    path = tmp_path_factory.mktemp("report") / "r.html"
    words = ("one", "two", "three")
    texts = [f"{EVIL}{_LINKS}{word} {'unbroken' * 30}" for word in words] * 10
    labels = [f"{EVIL}{_LINKS}{k}" for k in range(3)] * 10
    classifier = vikt.TextClassifier(analyzer="word+char", l2=0.01, min_df=1).fit(texts, labels)
    classifier.report(path, texts, labels[1:] + labels[:1])
    return path


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    """A page with a block of every kind."""
    path = tmp_path_factory.mktemp("gallery") / "g.html"
    write_page(path, everything("A text of some words"))
    return path


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_hostile_data_do_nothing_and_the_page_fits(browser, report, gallery, width, theme):
    for path in (report, gallery):
        with opened(browser, path, width=width, theme=theme) as (page, seen):
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            page.wait_for_timeout(50)
            assert (seen.console, seen.dialogs, seen.requests) == ([], [], [])
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator("img, script, iframe, [onload], [onerror], a[href^='javascript']").count() == 0
            assert page.evaluate(LOW_CONTRAST) == []


def test_the_keyboard_reaches_and_opens_everything(browser, report):
    with opened(browser, report) as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.url.endswith("#content")
        summary = page.locator("main summary").first
        summary.focus()
        page.keyboard.press("Enter")
        assert page.locator("main details").first.evaluate("d => d.open")


def test_a_count_of_the_matrix_opens_its_mistakes(browser, report):
    with opened(browser, report) as (page, _):
        link = page.locator(".matrix a").first
        anchor = link.get_attribute("href")
        assert not page.locator(anchor).is_visible()
        link.click()
        page.wait_for_timeout(100)
        assert page.locator(anchor).is_visible()


def test_a_screen_reader_finds_landmarks_headings_in_order_and_names(browser, report):
    with opened(browser, report) as (page, _):
        for landmark in ("main", "nav[aria-label]", "body > header", "footer", "h1"):
            assert page.locator(landmark).count() == 1, landmark
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        assert page.evaluate("[...document.querySelectorAll('table')].every(t => t.caption && t.caption.textContent)")
        assert page.evaluate("[...document.querySelectorAll('th')].every(t => t.scope)")
        assert page.evaluate("document.documentElement.lang") == "en"


def test_what_is_folded_is_printed(browser, report):
    with opened(browser, report) as (page, _):
        inner = page.locator("main details > div").first
        assert inner.bounding_box() is None or not inner.is_visible()
        page.emulate_media(media="print")
        assert inner.bounding_box()["height"] > 0
        page.set_viewport_size({"width": 720, "height": 1000})
        assert page.evaluate("document.documentElement.scrollWidth") <= 720
