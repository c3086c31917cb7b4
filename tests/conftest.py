"""Where the real corpora are, and how a test that needs one skips."""

from __future__ import annotations

import io
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np  # noqa: F401
import pytest
import scipy.linalg  # noqa: F401
from hypothesis import settings
from threadpoolctl import threadpool_limits

# The same examples every time in continuous integration, new ones on a developer's machine; and no deadline, since a
# test must pass on any processor, however busy.
settings.register_profile("vikt", deadline=None, max_examples=30, derandomize=bool(os.environ.get("CI")))
settings.register_profile("long", deadline=None, max_examples=300)
settings.load_profile("vikt")

# Loaded all the same, but not searched for doctests, for which a second module of this name cannot be imported.
collect_ignore_glob = ["*conftest.py"]


def pytest_configure(config: pytest.Config) -> None:
    # Workers side by side have a core each: the threads of a BLAS (loaded above) would only wait for one another.
    if hasattr(config, "workerinput"):
        threadpool_limits(1, "blas")


_DATA = Path(os.environ.get("VIKT_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture
def memory():
    """An empty file system in memory, at addresses of fsspec."""
    system = pytest.importorskip("fsspec").filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()


@pytest.fixture(scope="session")
def corpus():
    """Paths of real corpora by name, such as corpus("trec/train.tsv"); the test skips where one is missing."""

    def path(name: str) -> Path:
        found = _DATA / name
        if not found.exists():
            pytest.skip(f"the corpus {name} is not there; set VIKT_DATA to the folder that holds it")
        return found

    return path


@pytest.fixture(scope="session")
def emails():
    """The embedded e-mails: texts and labels."""
    from importlib.resources import files

    lines = (files("vikt.corpus.sample") / "emails.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    return [row[2] for row in rows], [row[0] for row in rows]


# No longer than a module: what drives it has an event loop, beside which no test of coroutines can run its own.
@pytest.fixture(scope="module")
def browser():
    """Chromium without a window; the test skips where there is none."""
    from browsing import chromium

    with chromium() as found:
        yield found


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line in this process, with bytes on its stdin: (exit code, stdout, stderr)."""
    from vikt.cli.main import main

    def call(*args, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["vikt", *map(str, args)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
        with warnings.catch_warnings(), pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return call


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """SIGINT interrupts this process, and those it starts, also where a shell has told the tests to ignore it.

    A shell does so to what runs in the background (`make test &`), as `nohup` may; what is ignored is inherited.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
