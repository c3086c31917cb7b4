"""Shards, joined, are the examples of all rows in memory, however the files are cut and whatever the order of rows."""

from __future__ import annotations

import csv
import itertools
import json
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vikt.corpus.labelled import labelled, read_tables
from vikt.errors import ClassesError, DataError
from vikt.features.measured import Measured
from vikt.fitting.data_record import DataRecord
from vikt.fitting.examples import Examples
from vikt.fitting.sharded.shards import Shards
from vikt.spool.spooling import TextsAlone, spool

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b b", "", "d, e", 'f "g"', "h\ni", "å"]) | st.text("xyzåö ", max_size=9),
        st.sampled_from("xyz"),
        st.sampled_from([0.0, 1.0, 1.0, 2.5]),
    ),
    min_size=2,
    max_size=120,
)
USES_SMALL = [HealthCheck.function_scoped_fixture]


def in_memory(paths, seed=0, weight=None):
    rows = labelled(read_tables(paths, None), TextsAlone(), "text", "label", weight)
    return Examples.of(Measured(rows.documents.texts, (), rows.documents.texts), rows.labels, rows.weights, seed)


def spooled(paths, seed=0, weight=None, **options):
    with tempfile.TemporaryDirectory() as folder:
        shards = Shards.of(spool(paths, Path(folder), seed=seed, weight=weight, **options))
        return shards, [shards.examples(number) for number in range(len(shards))]


def write_csv(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("text", "label", "weight"), *rows])
    return path


def bytes_of(examples):
    """Everything about each shard but the numbers of its rows in the input."""
    return [
        (each.documents.texts.content, each.documents.texts.offsets.tolist(), each.labels.tolist(), each.y.tolist(),
         each.weights.tolist(), each.contents.tolist(), each.groups.tolist(), each.digests.halves.tolist())
        for each in examples
    ]  # fmt: skip


def check_same(paths, seed=0, weight=None):
    """Compare rows, splits and facts with those of memory."""
    expected = in_memory(paths, seed, weight)
    shards, found = spooled(paths, seed, weight)
    assert [text for each in found for text in each.documents.texts] == list(expected.documents.texts)
    for name in ("y", "weights", "labels"):
        assert np.concatenate([getattr(each, name) for each in found]).tolist() == getattr(expected, name).tolist()
    assert np.concatenate([each.digests.halves for each in found]).tolist() == expected.digests.halves.tolist()
    groups = np.cumsum([0, *(each.n_groups if len(each) else 0 for each in found)])
    assert [g + own for each, g in zip(found, groups, strict=False) for own in each.groups.tolist()] == (
        expected.groups.tolist()
    )
    assert sorted(origin for each in found for origin in each.origin.tolist()) == sorted(expected.origin.tolist())
    assert shards.classes.tolist() == expected.classes.tolist()
    starts = np.cumsum([0, *map(len, found)])
    for tenths in (1, 2):
        split = shards.split(tenths)
        rows = [split.rows(number, each) for number, each in enumerate(found)]
        for part, own in enumerate(expected.split(tenths)):
            joined = [start + parts[part] for start, parts in zip(starts, rows, strict=False)]
            assert np.concatenate(joined).tolist() == own.tolist()
        for number, parts in enumerate(rows):
            filled = [part for part, own in enumerate(parts) if len(own)]
            assert split.only_part(number) == (filled[0] if len(filled) == 1 else None)
    record = DataRecord.of(expected, reads_text=True, weighted=expected.is_weighted, training=1, validation=1, fitted=1)
    facts = shards.facts._asdict()
    assert facts | {"blank_lines": None} == {name: getattr(record, name) for name in facts}
    return shards


@pytest.mark.usefixtures("_small")
@settings(suppress_health_check=USES_SMALL, deadline=None, max_examples=60)
@given(rows=ROWS, seed=st.integers(-3, 3), weighted=st.booleans())
def test_shards_joined_are_the_examples_of_memory(rows, seed, weighted, tmp_path_factory):
    path = write_csv(tmp_path_factory.mktemp("rows") / "rows.csv", rows)
    if len({label for _, label, weight in rows if weight or not weighted}) < 2:
        return
    check_same([path], seed, "weight" if weighted else None)


@pytest.mark.usefixtures("_small")
@settings(suppress_health_check=USES_SMALL, deadline=None, max_examples=40)
@given(rows=ROWS, cuts=st.lists(st.integers(0, 120), max_size=3), shuffle=st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_the_cut_of_files_changes_a_byte(rows, cuts, shuffle, tmp_path_factory):
    if len({label for _, label, weight in rows if weight}) < 2:
        return
    folder = tmp_path_factory.mktemp("rows")
    mixed = list(rows)
    shuffle.shuffle(mixed)
    edges = [0, *sorted(cuts), len(mixed)]
    pieces = [mixed[a:b] for a, b in itertools.pairwise(edges)]
    names = [write_csv(folder / f"{i}.csv", piece) for i, piece in enumerate(pieces) if piece]
    one, before = spooled([write_csv(folder / "all.csv", rows)], weight="weight")
    other, after = spooled(names, weight="weight")
    assert bytes_of(before) == bytes_of(after)
    assert one.facts == other.facts
    assert [own.tolist() for own in one.counts] == [own.tolist() for own in other.counts]


@pytest.mark.usefixtures("_small")
def test_each_row_leads_back_to_the_input(tmp_path):
    rows = [(f"text {i % 17}", "xy"[i % 2], 1) for i in range(50)]
    paths = [write_csv(tmp_path / "a.csv", rows[:20]), write_csv(tmp_path / "b.csv", rows[20:])]
    _, found = spooled(paths)
    assert len(found) > 2
    for each in found:
        for text, label, origin in zip(each.documents.texts, each.labels, each.origin, strict=True):
            assert (text.decode(), label) == rows[origin][:2]


@pytest.mark.parametrize("name", ["sms/sms.tsv", "trec/train.tsv", "languages/train.tsv"])
def test_a_real_corpus_is_that_of_memory(name, corpus, monkeypatch):
    monkeypatch.setattr("vikt.spool.spool._BYTES_PER_SHARD", 1 << 16)
    monkeypatch.setattr("vikt.spool.spooling._BYTES_PER_RUN", 1 << 18)
    shards = check_same([corpus(name)])
    assert len(shards) > 4
    assert shards.facts.duplicate_texts > 20


@pytest.mark.parametrize("suffix", ["jsonl", "parquet", "arrow", "tsv", "txt", "csv.gz"])
@pytest.mark.usefixtures("_small")
def test_every_format_gives_the_same_shards(suffix, tmp_path):
    rows = [(f"text {i % 17}", "xy"[i % 2], 1) for i in range(50)]
    path = tmp_path / f"rows.{suffix}"
    write_as(suffix, path, rows)
    plain = write_csv(tmp_path / "plain.csv", rows)
    assert bytes_of(spooled([path])[1]) == bytes_of(spooled([plain])[1])


def write_as(suffix, path, rows):
    import gzip

    import pyarrow as pa
    import pyarrow.feather as feather
    import pyarrow.parquet as pq

    texts, labels, _ = zip(*rows, strict=True)
    table = pa.table({"text": list(texts), "label": list(labels)})
    if suffix == "parquet":
        pq.write_table(table, path, row_group_size=13)
    elif suffix == "arrow":
        feather.write_feather(table, path, chunksize=11)
    elif suffix == "jsonl":
        path.write_text("".join(json.dumps({"text": t, "label": y}) + "\n" for t, y, _ in rows))
    elif suffix == "tsv":
        path.write_text("text\tlabel\n" + "".join(f"{t}\t{y}\n" for t, y, _ in rows))
    elif suffix == "txt":
        path.write_text("".join(f"__label__{y} {t}\n" for t, y, _ in rows))
    else:
        path.write_bytes(gzip.compress(("text,label\n" + "".join(f"{t},{y}\n" for t, y, _ in rows)).encode()))


def test_a_folder_per_class_is_spooled(tmp_path):
    for i in range(30):
        file = tmp_path / "data" / "xy"[i % 2] / f"{i}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"text {i}")
    check_same([tmp_path / "data"])


def test_the_number_of_shards_follows_from_the_rows(monkeypatch, tmp_path):
    rows = [("x" * 52, random.Random(i).choice("ab"), 1) for i in range(100)]
    path = write_csv(tmp_path / "a.csv", rows)
    for n_bytes, n_shards, excess in [(10_000, 1, 0), (9_999, 2, 0), (5_000, 2, 0), (4_999, 4, 0), (1, 256, 38)]:
        monkeypatch.setattr("vikt.spool.spool._BYTES_PER_SHARD", n_bytes)
        made = spooled([path])[0].spool
        assert (made.n_shards, made.excess_per_shard) == (n_shards, excess)  # of 10,000 bytes


def test_rows_without_two_classes_or_weight_are_refused(tmp_path):
    path = write_csv(tmp_path / "a.csv", [("a", "x", 1), ("b", "y", 0)])
    with pytest.raises(ClassesError, match="found one class, 'x'"):
        spooled([path], weight="weight")
    path = write_csv(tmp_path / "b.csv", [("a", "x", 0), ("b", "y", 0)])
    with pytest.raises(DataError, match="all 2 weights are zero"):
        spooled([path], weight="weight")
