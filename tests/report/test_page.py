"""A page of blocks as HTML: escaped, sound, the same every time."""

from __future__ import annotations

import pytest

from report_checks import EVIL, everything, read
from vikt.errors import MissingPackageError, OutputFileError
from vikt.report.html import writing
from vikt.report.html.blocks import Page, Picture, Prose, Section
from vikt.report.html.examples import strongest_window
from vikt.report.html.writing import is_report, page_html, write_page


def test_every_text_is_escaped_in_every_block():
    html = page_html(everything(EVIL))
    page = read(html)
    assert "img" not in page.tags
    assert "\u202e" not in html
    assert r"\u202e" in page.text
    assert "{{7*7}}" in page.text
    assert "49" not in page.text


def test_every_block_is_printed():
    from vikt.report.html import blocks

    kinds = {kind for kind in vars(blocks).values() if isinstance(kind, type) and issubclass(kind, blocks.Block)}
    assert kinds - {blocks.Block} == {type(block) for block in everything("x").sections[0].blocks} | {Picture}


def test_a_page_is_the_same_every_time_and_holds_no_address():
    html = page_html(everything("x"))
    assert html == page_html(everything("x"))
    assert "http:" not in html
    assert "https:" not in html
    assert "default-src 'none'" in html


def test_a_section_without_blocks_is_left_out():
    page = Page.of("t", [], [], [None, Section("empty", "Empty", ()), Section("full", "Full", (Prose("x"),))])
    assert [section.anchor for section in page.sections] == ["full"]


def test_only_a_report_is_replaced_without_force(tmp_path):
    path = tmp_path / "report.html"
    write_page(path, everything("one"))
    assert is_report(path)
    write_page(path, everything("two"))
    assert "two" in path.read_text(encoding="utf-8")
    path.write_text("<html>mine</html>", encoding="utf-8")
    with pytest.raises(OutputFileError, match="exists and is not a vikt report"):
        write_page(path, everything("x"))
    assert path.read_text(encoding="utf-8") == "<html>mine</html>"
    write_page(path, everything("x"), force=True)
    assert is_report(path)


@pytest.mark.parametrize("module", ["jinja2", "matplotlib"])
def test_a_missing_package_is_named_with_what_to_install(monkeypatch, module):
    found = writing.find_spec
    monkeypatch.setattr(writing, "find_spec", lambda name: None if name == module else found(name))
    with pytest.raises(
        MissingPackageError, match=rf"(?i)needs {module}, which is not installed; .*pip install '\.\[report\]'"
    ):
        writing.check_installed()


def test_the_strongest_window_holds_the_strongest_characters():
    emphasis = [0.0] * 500
    emphasis[300:310] = [-1.0] * 10
    first, last = strongest_window(emphasis, 50)
    assert last - first == 50
    assert first <= 300 < 310 <= last
    assert strongest_window([1.0, 2.0], 50) == (0, 2)
