"""`vikt export`: what is written, and what is refused."""

from __future__ import annotations

import json

import pytest

import vikt


@pytest.fixture(scope="module")
def model(tmp_path_factory, emails):
    path = tmp_path_factory.mktemp("export") / "m.vikt"
    vikt.TextClassifier("word", min_df=1, l2=0.01).fit(*emails).save(path)
    return path


def test_a_page_is_written_and_replaced(run, model, tmp_path):
    page = tmp_path / "m.html"
    assert run("export", model, "-o", page)[0] == 0
    content = page.read_bytes()
    code, out, _ = run("export", model, "-o", page, "--json")
    assert (code, json.loads(out)["bytes"]) == (0, len(content))
    assert page.read_bytes() == content


def test_another_file_is_replaced_only_by_force(run, model, tmp_path):
    page = tmp_path / "m.html"
    page.write_text("<!doctype html>mine")
    code, _, err = run("export", model, "-o", page)
    assert code == 1
    assert "is not a page that vikt exported" in err
    assert "--force" in err
    assert run("export", model, "-o", page, "--force")[0] == 0


def test_an_ending_without_format_is_refused(run, model, tmp_path):
    code, _, err = run("export", model, "-o", tmp_path / "m.docx")
    assert code == 2
    assert "--to html" in err
    assert run("export", model, "-o", tmp_path / "m.docx", "--to", "html")[0] == 0
