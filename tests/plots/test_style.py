"""The colours and letters of all pictures."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikt.plots.style import SERIES, name, short, spread


def linear(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def contrast(one, other):
    """Of WCAG 2.2."""
    light, dark = sorted((0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in map(linear, (one, other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("page", ["#ffffff", "#15171a"])
@pytest.mark.parametrize("colour", SERIES)
def test_lines_stand_out_from_a_light_and_from_a_dark_page(colour, page):
    assert contrast(colour, page) >= 3


# Machado, Oliveira and Fernandes 2009, severity 1: what eyes without red, green or blue cones see.
WITHOUT = {
    "red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(rgb):
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    white = [0.9505, 1.0, 1.089]
    xyz = [sum(a * b for a, b in zip(row, rgb, strict=True)) / w for row, w in zip(to_xyz, white, strict=True)]
    x, y, z = (max(v, 0) ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("cones", [None, *WITHOUT])
def test_blue_and_orange_differ_for_every_eye(cones):
    def seen(colour):
        rgb = linear(colour)
        matrix = WITHOUT.get(cones, [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
        return lab([sum(a * b for a, b in zip(row, rgb, strict=True)) for row in matrix])

    def distance(one, other):
        return sum((a - b) ** 2 for a, b in zip(seen(one), seen(other), strict=True)) ** 0.5

    assert distance(*SERIES[:2]) > 40
    assert min(distance(one, other) for one, other in itertools.combinations(SERIES, 2)) > 20


@given(st.text())
def test_a_name_is_one_line_of_bounded_width(text):
    from rich.cells import cell_len

    line = name(text, 12)
    assert cell_len(line) <= 12
    assert line.isprintable() or not line.splitlines()[1:]


@given(st.lists(st.floats(-50, 50), max_size=12), st.floats(0.1, 5))
def test_spread_heights_keep_their_order_and_distance(heights, distance):
    moved = spread(heights, distance)
    order = sorted(range(len(heights)), key=lambda i: (heights[i], moved[i]))
    gaps = [moved[b] - moved[a] for a, b in itertools.pairwise(order)]
    assert all(gap >= distance - 1e-6 for gap in gaps)
    if all(heights[b] - heights[a] >= distance for a, b in itertools.pairwise(order)):
        assert moved == pytest.approx(heights)


@pytest.mark.parametrize("value", [1e-9, 3.16e-6, 2e-5, 0.001, 0.25, 7.0, 1500.0, 2e7])
def test_a_short_number_reads_back(value):
    text = short(value).replace(",", "")
    if "10" in text and any(digit in text for digit in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"):
        factor, _, exponent = text.rpartition("10")
        plain = exponent.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
        found = float(factor.removesuffix("·") or 1) * 10 ** int(plain)
    else:
        found = float(text)
    assert found == pytest.approx(value, rel=0.01)
