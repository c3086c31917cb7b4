"""A picture as a part of a page: well-formed, of itself, and the same each time."""

from __future__ import annotations

import re
import sys
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

import vikt.errors
from vikt import plots
from vikt.plots.svg import _restyled

NAMESPACE = "{http://www.w3.org/2000/svg}"
NAMES = ["<script>alert(1)</script>", "$x$ and $y_1^2$", "_x_", "a&amp;b \"'", "日本語", "العربية"]


def matrix(names):
    return plots.confusion_matrix([[3] * len(names)] * len(names), names)


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{NAMESPACE}text")]


def test_names_are_text_as_they_are():
    svg = plots.svg(matrix(NAMES), "t")
    assert {"$x$ and $y_1^2$", "_x_", "a&amp;b \"'", "日本語", "العربية"} <= set(texts(svg))
    assert "<script" not in svg
    assert any(text.startswith("<script>") for text in texts(svg))


@given(names=st.lists(st.text(max_size=30), min_size=2, max_size=4))
@settings(max_examples=25, deadline=None)
def test_any_name_makes_well_formed_xml(names):
    root = ElementTree.fromstring(plots.svg(matrix(names), names[0] or "t", names[1]))
    assert root.tag == f"{NAMESPACE}svg"


def test_equal_figures_give_equal_strings():
    one, other = (plots.svg(matrix(NAMES), "title", "description") for _ in range(2))
    assert one == other


def test_no_name_stands_twice_on_a_page():
    pictures = [plots.svg(matrix(NAMES[:n]), "the same title", "d") for n in (2, 3, 4)]
    pictures.append(plots.svg(matrix(NAMES[:2]), "another title", "d"))
    names = [name for picture in pictures for name in re.findall(r'\bid="([^"]+)"', picture)]
    assert names
    assert len(set(names)) == len(names)


def test_every_reference_is_to_a_name_in_the_same_picture():
    from vikt.base import LossRecord

    svg = plots.svg(plots.loss_curve([LossRecord(i, 1 / (i + 1), 1 / (i + 2)) for i in range(9)]), "loss", "falls")
    referred = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)|aria-\w+="([^"]+)"', svg)
    assert referred
    assert {name for found in referred for name in found if name} == set(re.findall(r'\bid="([^"]+)"', svg))


def test_a_page_gives_the_colours_and_the_font():
    svg = plots.svg(matrix(NAMES), "t")
    assert "currentColor" in svg
    assert "font-family" not in svg
    assert "<style" not in svg
    assert "http" not in svg.replace('xmlns="http://www.w3.org/2000/svg"', "")
    file = plots.svg(matrix(NAMES), "t", standalone=True)
    assert "currentColor" not in file
    assert "font-family" in file


def test_title_and_description_are_read_aloud():
    root = ElementTree.fromstring(plots.svg(matrix(NAMES), "ham & <spam>", "of ten, nine"))
    title, description = root[0], root[1]
    assert (title.tag, title.text) == (f"{NAMESPACE}title", "ham & <spam>")
    assert (description.tag, description.text) == (f"{NAMESPACE}desc", "of ten, nine")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == title.get("id")
    assert root.get("aria-describedby") == description.get("id")


def test_a_figure_of_ones_own_is_drawn_too():
    figure = Figure(figsize=(3, 2))
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], "k-o", label="$a$")
    axes.legend()
    assert ElementTree.fromstring(plots.svg(figure, "a line")).get("viewBox") == "0 0 216 144"


def test_no_settings_are_left_behind():
    import matplotlib

    before = dict(matplotlib.rcParams.items())
    matrix(NAMES)
    plots.svg(matrix(NAMES), "t")
    assert dict(matplotlib.rcParams.items()) == before


def test_without_matplotlib_the_remedy_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(vikt.errors.MissingPackageError, match=r"in a clone of vikt: pip install '\.\[plots\]'"):
        matrix(NAMES)


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("font: 12px 'DejaVu Sans', sans-serif; text-anchor: middle", "font-size: 12px; text-anchor: middle"),
        ("font: italic 700 9.5px 'Arial'", "font-style: italic; font-weight: 700; font-size: 9.5px"),
        ("font-size: 12px; font-family: 'Arial'; fill: #1a1b1e", "font-size: 12px; fill: currentColor"),
    ],
)
def test_the_fonts_of_every_version_of_matplotlib_are_left_to_the_page(style, kept):
    assert _restyled(style, "currentColor") == kept
