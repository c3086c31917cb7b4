from __future__ import annotations

import pytest

from vikt.spool import sources, spool, spooling


@pytest.fixture
def _small(monkeypatch):
    """Many batches, runs and shards of few rows."""
    monkeypatch.setattr(sources, "_ROWS_PER_BATCH", 5)
    monkeypatch.setattr(spooling, "_BYTES_PER_RUN", 900)
    monkeypatch.setattr(spool, "_BYTES_PER_SHARD", 800)
