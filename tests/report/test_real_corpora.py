"""Reports of real corpora in a browser: no console error, nothing fetched, small enough, and read on a phone."""

from __future__ import annotations

import pytest

from browsing import opened


@pytest.mark.slow
@pytest.mark.parametrize(
    ("train", "test", "options"),
    [
        ("sms/sms.tsv", None, []),
        ("trec/train.tsv", "trec/test.tsv", ["--label", "label"]),
        ("trec/train.tsv", "trec/test.tsv", ["--label", "fine"]),
        ("imdb/train.parquet", "imdb/test.parquet", []),
    ],
    ids=["sms", "trec", "trec-fine", "imdb"],
)
def test_a_report_of_a_real_corpus_is_quiet_small_and_fits(browser, corpus, run, tmp_path, train, test, options):
    report = tmp_path / "r.html"
    tested = [] if test is None else ["--test", corpus(test)]
    code, _, err = run("train", corpus(train), *tested, *options, "-o", tmp_path / "m", "--report", report, "-q")
    assert code == 0, err
    assert report.stat().st_size < 3e6
    for width in (390, 1200):
        with opened(browser, report, width=width) as (page, seen):
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            page.wait_for_timeout(100)
            assert (seen.console, seen.dialogs, seen.requests) == ([], [], [])
            assert page.evaluate("document.documentElement.scrollWidth") <= width
