"""A small model that tests of the filter share."""

from __future__ import annotations

import pytest

from models_of_kinds import fitted


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.vikt"
    fitted(["joy", "fear", "joy"] * 4).save(path)
    return path
