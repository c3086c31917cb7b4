"""The files of the page: served as they are, and joined to one."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

import pytest

from vikt.explanation.highlight import SHADES
from vikt.export.html.page import engine, is_classifier_page
from vikt.server.settings import Limits
from vikt.web.page import PAGE, SERVED_POLICY, one_file, served_files


def test_the_page_asks_for_files_that_are_served_and_nothing_else():
    page = served_files()[PAGE].content.decode()
    asked = re.findall(r'(?:src|href)="([^#"][^"]*)"', page)
    assert set(asked) | {PAGE} == set(served_files())
    assert not any("://" in name or name.startswith("/") for name in asked)


def test_the_page_holds_no_script_and_no_style_so_that_the_strict_policy_allows_it():
    page = served_files()[PAGE].content.decode()
    assert "unsafe" not in SERVED_POLICY
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script>", page)
    code = "".join(asset.content.decode() for name, asset in served_files().items() if name.endswith(".js"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", code)


def test_the_policy_of_one_file_names_the_hash_of_each_script_and_style():
    page = one_file(["vikt.showPage(null);"], [("model", "AAAA")])
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    inside = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", page, re.DOTALL)
    hashes = {"'sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() + "'" for code in inside}
    assert hashes == set(re.findall(r"'sha256-[^']+'", policy))
    assert "connect-src" not in policy
    assert "default-src 'none'" in policy
    assert not re.search(r'(?:src|href)="(?!#|data:)', page)
    assert '<script type="text/plain" id="model">AAAA</script>' in page
    assert "fetch(" not in page


@pytest.mark.parametrize("content", ["</script><script>alert(1)</script>", "<!-- <script>", "</SCRIPT >"])
def test_what_would_end_its_element_is_refused(content):
    with pytest.raises(ValueError, match="end its element"):
        one_file([content])
    with pytest.raises(ValueError, match="end its element"):
        one_file([], [("model", content)])


def test_the_constants_of_the_scripts_are_those_of_python():
    local, words = engine(), (files("vikt.web") / "words.js").read_text(encoding="utf-8")
    assert {int(n) for n in re.findall(r"const SHADES = (\d+);", local + words)} == {SHADES}
    shades = re.findall(r"\.s(\d+) \{ --shade", served_files()["style.css"].content.decode())
    assert sorted(map(int, shades)) == list(range(1, SHADES + 1))
    (explained,) = re.findall(r"explained: ([\d_]+)", local)
    assert int(explained) == Limits().explained_characters


def test_a_page_that_was_saved_from_a_service_is_not_taken_for_an_exported_one(tmp_path):
    for content, expected in ((served_files()[PAGE].content, False), (one_file([]).encode(), True)):
        (tmp_path / "page.html").write_bytes(content)
        assert is_classifier_page(tmp_path / "page.html") is expected


def test_no_file_uses_what_the_oldest_browsers_lack():
    """Chrome 87, Firefox 113 and Safari 16.4, as docs/export.md promises."""
    code = "".join(asset.content.decode() for name, asset in served_files().items() if name.endswith(".js")) + engine()
    newer = r"\.(?:at|toSorted|toReversed|toSpliced|with|findLast|findLastIndex|hasOwn|groupBy|isWellFormed|union)\("
    assert re.findall(newer + r"|structuredClone|fromAsync|withResolvers", code) == []
