"""Tests of the service are coroutines, and ask one small model."""

from __future__ import annotations

import pytest
from serving import saved


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("models") / "spam.vikt")
