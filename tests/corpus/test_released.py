"""Labelled documents keep their texts and their places, and not the table that they were read from."""

from __future__ import annotations

import pyarrow as pa
import pytest

from vikt.classifier import TextClassifier
from vikt.corpus.labelled import labelled, read_tables
from vikt.features.text import TextFeatures


@pytest.mark.parametrize("n_files", [1, 2])
def test_no_memory_of_a_table_is_held_after_its_texts_were_taken(tmp_path, n_files):
    lines = [f"{'text ' * 20}{i}\t{'ab'[i % 2]}\n" for i in range(2000)]
    files = [tmp_path / f"{number}.tsv" for number in range(n_files)]
    for file in files:
        file.write_text("text\tlabel\n" + "".join(lines), encoding="utf-8")
    features = TextFeatures(TextClassifier("word").settings().features)
    before = pa.total_allocated_bytes()
    rows = labelled(read_tables(files, None), features, None, None)
    assert pa.total_allocated_bytes() == before
    assert rows.documents.texts.n_bytes > 200_000 * n_files
    last = len(rows.documents) - 1
    assert rows.documents.place(last) == f"{files[-1]}, row 2000"
    assert rows.documents.place(0) == f"{files[0]}, row 1"
