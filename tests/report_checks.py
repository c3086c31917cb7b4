"""What every report must hold, texts that would harm it, and a page with a block of every kind."""

from __future__ import annotations

from html.parser import HTMLParser

from vikt.explanation.highlight import Run
from vikt.report.html.blocks import (
    Cell,
    Example,
    Facts,
    Fold,
    Matrix,
    Note,
    Page,
    Picture,
    Prose,
    Row,
    Section,
    Square,
    Table,
    Tile,
    Tiles,
    Typed,
    Word,
    Words,
)

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"' {{7*7}} {% raw %} javascript:alert(3) \u202e =1+1"
_VOID = {"meta", "br", "img", "hr"}


class Reader(HTMLParser):
    """The elements of a page, each of which must be closed, and their texts."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.ids, self.links, self.text = [], [], [], [], ""

    def handle_starttag(self, tag, attrs):
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(html):
    """A page's elements, ids, links and text, once it is found sound."""
    page = Reader()
    page.feed(html)
    page.close()
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert "script" not in page.tags
    return page


def everything(text):
    """A page with a block of every kind, each of which holds a text."""
    table = Table.of(text, [text, text], [[text, Cell(text, "there", share=0.5)]])
    blocks = (
        Prose(text),
        Note(text, "warning"),
        Tiles((Tile(text, text, text),)),
        table,
        Matrix(text, (text,), (text,), ((Square(3, 0.5, "there", False),),)),
        Words(((text, (Word(text, text, 0.5),)),)),
        Facts(((text, text),)),
        Typed(text),
        Row((Picture("<svg viewBox='0 0 1 1'></svg>", text, text, table), Prose(text))),
        Fold(text, (Prose(text), Fold(text, (Prose(text),))), "there", text, "error"),
        Example(text, ((text, text),), (Run(text, 1.0, 0.5), Run(text, 0.0, 0.0)), 3, 4, ((text, text),)),
    )
    return Page.of(text, [text], [Tile(text, text)], [Section("all", text, blocks)])
