"""The embedded sample is what its README says."""

from __future__ import annotations

from importlib.resources import files

import pytest

SAMPLE = files("vikt.corpus.sample")


@pytest.mark.parametrize(("name", "fields", "rows"), [("emails.tsv", 3, 400), ("opinions.tsv", 2, 200)])
def test_rows_are_whole_different_and_balanced(name, fields, rows):
    text = (SAMPLE / name).read_text(encoding="utf-8")
    _, *lines = text.rstrip("\n").split("\n")
    cells = [line.split("\t") for line in lines]
    assert len(cells) == rows
    assert all(len(row) == fields and all(row) for row in cells)
    assert len({row[-1] for row in cells}) == rows
    counts = [sum(row[0] == label for row in cells) for label in {row[0] for row in cells}]
    assert len(counts) == 2
    assert min(counts) > 0.4 * rows
