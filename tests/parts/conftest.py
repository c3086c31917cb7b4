"""A cluster that tests share, and both ways of Newton's steps."""

from __future__ import annotations

import sys

import pytest

from vikt.parts.dask_engine import cluster_at


@pytest.fixture(scope="session")
def two():
    """A cluster of two workers."""
    pytest.importorskip("distributed")
    with cluster_at("local:2") as engine:
        yield engine


@pytest.fixture(params=["exact", "conjugate gradients"])
def steps(request, monkeypatch):
    monkeypatch.setattr(sys.modules["vikt.solvers.newton"], "is_exact", lambda objective: request.param == "exact")
