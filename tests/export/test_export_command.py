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


def test_a_page_of_a_size_says_what_is_kept_and_what_it_costs(run, model, emails, tmp_path):
    rows, page = tmp_path / "rows.jsonl", tmp_path / "m.html"
    lines = [json.dumps({"label": label, "text": text}) for text, label in zip(*emails, strict=True)]
    rows.write_text("\n".join(lines), encoding="utf-8")
    run("export", model, "-o", page)
    n_bytes = page.stat().st_size - 1000
    code, out, err = run("export", model, "-o", page, "--size", f"{n_bytes}B", "--data", rows)
    assert code == 0, err
    assert page.stat().st_size <= n_bytes
    assert "with weights of 8 bits" in out
    assert "proof      none" in out
    assert f"on {len(lines)} rows" in out
    code, out, _ = run("export", model, "-o", page, "--size", f"{n_bytes}B", "--json")
    told = json.loads(out)
    assert (told["certificate"]["relative"], told["cost"]) == (None, None)
    assert "8 bits" in told["certificate"]["reason"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "m.md", "--size", "3MB"], "only a page has a size to choose"),
        (["-o", "m.html", "--size", "three"], "expected a size such as 500kB or 3MB"),
        (["-o", "m.html", "--size", "1" * 400 + "kB"], "expected a size such as 500kB or 3MB"),
        (["-o", "m.html", "--size", "2kB"], "asked for; allow at least 1"),
        (["-o", "m.html", "--data", "rows.csv"], "give --size too"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(run, model, tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    code, _, err = run("export", model, *options)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())
