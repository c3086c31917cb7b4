"""What is known of shards before any is read again: how many rows of which class each has for which use."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from vikt.classifier import TextClassifier
from vikt.files.work_folder import work_folder
from vikt.fitting.sharded.memory_limit import MemoryLimit
from vikt.fitting.sharded.shard_work import ShardWork
from vikt.fitting.sharded.shards import Shards
from vikt.progress import no_progress
from vikt.spool import spool as spool_module
from vikt.spool.spool import Spool
from vikt.spool.spooling import spool


@pytest.fixture
def spooled(tmp_path, monkeypatch):
    """The rows of three classes, one of them of few rows, in shards; some texts have several labels."""
    monkeypatch.setattr(spool_module, "_BYTES_PER_SHARD", 1 << 12)
    random = np.random.default_rng(0)
    labels = random.choice(["ham", "rare", "spam"], 2000, p=[0.6, 0.01, 0.39]).tolist()
    rows = [
        (f"text {i}", label, weight)
        for i, label, weight in zip(random.integers(0, 1500, 2000), labels, random.random(2000), strict=True)
    ]
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label", "weight"), *rows])
    return spool([tmp_path / "rows.csv"], tmp_path / "spool", weight="weight")


@pytest.fixture
def reads(monkeypatch):
    """The shards that were read."""
    read, found = Spool.shard, []
    monkeypatch.setattr(Spool, "shard", lambda self, number: found.append(number) or read(self, number))
    return found


def work_on(spooled, folder, tenths):
    own = TextClassifier().settings()
    shards = Shards.once(spooled, folder, no_progress)
    return ShardWork(shards, own, folder, tenths, MemoryLimit.of(10**9, own))


@pytest.mark.parametrize("tenths", [1, 2])
def test_rows_are_counted_by_use_and_few_shards_read_for_it(spooled, reads, tmp_path, tenths):
    with work_folder(tmp_path / "work", {}) as folder:
        work = work_on(spooled, folder, tenths)
        usage = work.usage
        n_shards = len(work.shards)
        assert reads[:n_shards] == list(range(n_shards))
        assert len(reads) <= n_shards + 3 * tenths < n_shards + n_shards // 2
        for shard in range(n_shards):
            examples = work.shards.examples(shard)
            for use, rows in enumerate(work.reader.split.rows(shard, examples)):
                own = examples.take(rows)
                assert usage.rows[shard, use].tolist() == np.bincount(own.y, minlength=3).tolist()
                assert usage.weights[shard, use].tolist() == np.bincount(own.y, own.weights, 3).tolist()
        assert usage.rows.sum() == work.shards.facts.rows


def test_work_that_goes_on_counts_nothing_again(spooled, reads, tmp_path):
    with work_folder(tmp_path / "work", {}) as folder:
        first = work_on(spooled, folder, 2)
        before = first.shards, first.usage
        reads.clear()
        again = work_on(spooled, folder, 2)
        assert again.shards.facts == before[0].facts
        for name, own in before[1]._asdict().items():
            assert (getattr(again.usage, name) == own).all()
        assert not reads
