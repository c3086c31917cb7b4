"""The stages that benchmarks tell apart are functions that exist."""

from __future__ import annotations

import runpy
from importlib import import_module
from operator import attrgetter
from pathlib import Path

import pytest

STAGES = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "stages.py"))["STAGES"]


@pytest.mark.parametrize("place", [place for places in STAGES.values() for place in places], ids=".".join)
def test_a_stage_is_made_of_functions_that_exist(place):
    module, path = place
    if not module.startswith("vikt."):
        pytest.importorskip(module.partition(".")[0])
    assert callable(attrgetter(path)(import_module(module)))
