"""An audit as a whole: what it prints, its JSON, its exit code, the checks skipped."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import vikt
from vikt.auditing.checks import CHECKS
from vikt.auditing.finding import SEVERITIES, Example, Finding
from vikt.errors import DataError, UsageError

PAGES = Path(__file__).parents[2] / "docs" / "audit"


def codes(found):
    return [finding.code for finding in found.findings]


@pytest.fixture
def files(tmp_path):
    """Training and test files: a text under two labels, and a test text that training has too."""
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    texts = [
        f"{word} number {i}" for i, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight"])
    ]
    rows = [f"{text} {half},{label}" for half in ("a", "b") for label in ("ham", "spam") for text in texts]
    train.write_text("\n".join(["text,label", "lunch?,ham", "lunch?,spam", *rows]) + "\n")
    test.write_text("text,label\nnew here,ham\nlunch?,ham\n")
    return train, test


def test_what_is_found_is_json_and_an_error_ends_with_code_3(run, files):
    code, out, _ = run("audit", files[0], "--test", files[1], "--json")
    found = json.loads(out)
    assert code == 3
    [error] = [finding for finding in found["findings"] if finding["severity"] == "error"]
    assert (error["code"], error["name"], error["side"], error["rows"]) == (
        "V111",
        "test-text-in-training",
        "test",
        [2],
    )
    assert error["examples"][0] == {
        "place": "row 2", "text": "lunch?", "label": "ham", "remark": "as row 1, labelled ham",
    }  # fmt: skip
    [conflict] = [finding for finding in found["findings"] if finding["code"] == "V104"]
    assert conflict["rows"][:2] == [1, 2]
    assert found["classes"]["test"] == {"ham": 2}


def test_a_check_that_is_passed_over_finds_nothing_and_is_named(run, files):
    code, out, _ = run("audit", *files[:1], "--test", files[1], "--ignore", "V111", "--ignore", "conflicting-labels")
    assert code == 0
    assert "V111  " not in out
    assert "skipped: V111, conflicting-labels" in out


def test_an_unknown_check_is_refused_before_anything_is_read(run):
    code, _, err = run("audit", "nowhere.csv", "--ignore", "V14")
    assert code == 2
    assert "--ignore: 'V14' is not known (did you mean 'V1" in err
    with pytest.raises(UsageError, match="ignore"):
        vikt.audit(["a", "b"], ["x", "y"], ignore=["V999"])


def test_rows_are_numbered_as_messages_number_them(run, tmp_path):
    lines = tmp_path / "mail.txt"
    lines.write_text("__label__a one\n\n__label__b two\n__label__b one\n")
    found = json.loads(run("audit", lines, "--json")[1])["findings"][0]
    assert found["rows"] == [1, 4]
    assert [example["place"] for example in found["examples"]] == ["line 1", "line 4"]
    assert vikt.audit(["one", "two", "one"], ["a", "b", "b"]).findings[0].rows == (0, 2)


@pytest.mark.parametrize(
    "make",
    [
        list,
        pd.Series,
        pl.Series,
        pa.array,
        lambda texts: pd.DataFrame({"text": texts, "other": range(len(texts))}),
        lambda texts: pl.DataFrame({"text": texts}),
        lambda texts: pa.table({"text": texts}),
        lambda texts: {"text": texts},
    ],
)
def test_texts_come_from_any_maker(make):
    assert codes(vikt.audit(make(["a b", "c d", "a b"]), [1, 2, 2], ignore="V121")) == ["V104"]


def test_a_column_of_texts_can_be_named():
    frame = pd.DataFrame({"review": ["a b", "c d", "a b"]})
    assert "V104" in codes(vikt.audit(frame, [True, False, False], text_column="review"))


def test_texts_and_labels_of_a_test_belong_together():
    with pytest.raises(UsageError, match="give both"):
        vikt.audit(["a", "b"], ["x", "y"], test_texts=["a"])


def test_missing_labels_of_a_test_are_found():
    found = vikt.audit(["a", "b"], ["x", "y"], test_texts=["c", "d"], test_labels=["x", None])
    [finding] = [finding for finding in found.findings if finding.code == "V120"]
    assert (finding.side, finding.rows) == ("test", (1,))
    assert finding.message.startswith("1 test row has no label, which a test refuses: index 1; ")


def test_an_audit_prints_html_and_a_frame():
    found = vikt.audit(["<script>alert(1)</script>", "b", "<script>alert(1)</script>"], ["x", "y", "y"])
    assert "conflicting-labels: 1 training text occurs under several labels, in 2 rows" in repr(found)
    assert "<script>" not in found._repr_html_()
    frame = found.to_frame()
    assert frame.loc[frame.code == "V104", "rows"].tolist() == [2]


def test_the_most_serious_come_first():
    found = vikt.audit(["a b", "a b", "c", ""], list("xxyy"), test_texts=["A  b"], test_labels=["z"])
    ranks = [SEVERITIES.index(finding.severity) for finding in found.findings]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0


def test_every_check_has_a_page_and_a_code_and_a_name_of_its_own():
    assert {path.stem for path in PAGES.glob("*.md")} == {check.code for check in CHECKS}
    for check in CHECKS:
        page = (PAGES / f"{check.code}.md").read_text(encoding="utf-8")
        assert page.startswith(f"# {check.code}: {check.name} ({check.severity})\n")
        assert f"--ignore {check.code}" in page
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    overview = (PAGES.parent / "audit.md").read_text(encoding="utf-8")
    assert [
        check.code for check in CHECKS if f"| [{check.code}](audit/{check.code}.md) | {check.name} |" not in overview
    ] == []


def test_a_finding_names_its_page():
    example = Example("row 1", "text", "ham")
    finding = Finding("V104", "conflicting-labels", "warning", "training", (1,), "said", (example,))
    assert finding.to_json()["page"] == "docs/audit/V104.md"
    assert finding.to_json()["examples"] == [{"place": "row 1", "text": "text", "label": "ham"}]


@pytest.mark.parametrize(
    "texts",
    [["", " "], ["\u200b", "\ufeff"], ["a"], ["a\ud800b <a x=\ud800> &amp;", "\udfff"], ["a" * 9999, "b"]],
)
def test_any_texts_are_audited(texts):
    found = vikt.audit(texts, [f"label {i}" for i in range(len(texts))])
    assert "found" in repr(found)
    assert json.dumps(found.to_json())
    assert found._repr_html_()


def test_no_texts_are_refused():
    with pytest.raises(DataError, match="expected training texts, found none"):
        vikt.audit([], [])
    with pytest.raises(DataError, match="expected test texts, found none"):
        vikt.audit(["a"], ["x"], test_texts=[], test_labels=[])
