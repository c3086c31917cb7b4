"""What every piece of HTML for notebooks must hold: elements that close, no script, nothing fetched."""

from __future__ import annotations

from html.parser import HTMLParser

_ALLOWED = {"div", "span", "b", "mark", "code", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}
_ATTRIBUTES = {"style", "title", "dir", "open", "scope"}


class _Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.texts, self.titles = [], [], []

    def handle_starttag(self, tag, attrs):
        assert tag in _ALLOWED, tag
        assert {name for name, _ in attrs} <= _ATTRIBUTES, attrs
        assert "url(" not in str(dict(attrs).get("style"))
        self.open.append(tag)
        if tag == "mark":
            self.titles += [float(value) for name, value in attrs if name == "title"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def read_html(html):
    """The text of a piece of HTML, and the titles of its marks, once it is found sound."""
    page = _Page()
    page.feed(html)
    page.close()
    assert page.open == []
    text = "".join(page.texts)
    assert text.replace("\n", "").replace("\t", "").isprintable()
    return text, page.titles
