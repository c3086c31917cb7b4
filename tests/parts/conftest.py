"""A cluster that tests share."""

from __future__ import annotations

import pytest

from vikt.parts.dask_engine import cluster_at


@pytest.fixture(scope="session")
def two():
    """A cluster of two workers."""
    pytest.importorskip("distributed")
    with cluster_at("local:2") as engine:
        yield engine
