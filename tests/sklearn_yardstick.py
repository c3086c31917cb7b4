"""scikit-learn's own tests of its text vectorizers, run on `TextVectorizer`.

A plugin of pytest: before scikit-learn's test module is imported, CountVectorizer and TfidfVectorizer become thin
classes over `TextVectorizer`; after each test it is known whether one of them was at work. Nothing is copied.

`sklearn_yardstick.tsv` lists what becomes of each test: it passes, is not about these classes, or cannot pass, and
why. `python tests/sklearn_yardstick.py` prints where the tests of the scikit-learn installed differ from the list.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from vikt.vectorizer import TextVectorizer

MODULE = "sklearn.feature_extraction.tests.test_text"
PASSES, NOT_ABOUT_IT, FAILS = "passes", "not about these classes", "fails"
LIST = Path(__file__).with_suffix(".tsv")
RESULTS = "VIKT_YARDSTICK"

at_work: set[str] = set()
results: dict[str, str] = {}


class PatternAsWord(TextVectorizer):
    """scikit-learn's "word" is "pattern" here, since "word" is vikt's own."""

    @property
    def analyzer(self):
        return self.__dict__["analyzer"]

    @analyzer.setter
    def analyzer(self, analyzer):
        at_work.add("constructed")
        self.__dict__["analyzer"] = "pattern" if analyzer == "word" else analyzer

    def fit_transform(self, raw_documents, y=None):
        at_work.add("fitted")
        return super().fit_transform(raw_documents, y)


class TfidfVectorizer(PatternAsWord):
    pass


class CountVectorizer(PatternAsWord):
    def __init__(self, **options):
        super().__init__(**{"use_idf": False, "norm": None, "dtype": np.int64, **options})

    # `get_params` asks for it.
    __init__.__signature__ = inspect.signature(TextVectorizer.__init__)


def pytest_configure():
    import sklearn.feature_extraction.text as text

    text.CountVectorizer, text.TfidfVectorizer = CountVectorizer, TfidfVectorizer


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    at_work.clear()
    name = item.nodeid.split("::", 1)[1]
    results[name] = FAILS
    result = yield
    results[name] = PASSES if at_work else NOT_ABOUT_IT
    return result


def pytest_sessionfinish():
    Path(os.environ[RESULTS]).write_text(json.dumps(results), encoding="utf-8")


def run() -> dict[str, str]:
    """What became of each test, in a process of its own, whose scikit-learn has our classes in place of its own."""
    with tempfile.TemporaryDirectory() as folder:
        found, settings = Path(folder, "results.json"), Path(folder, "pytest.ini")
        settings.write_text("[pytest]\n", encoding="utf-8")
        options = ["-q", "-p", "sklearn_yardstick", "-p", "no:cacheprovider", "-c", str(settings), "--pyargs", MODULE]
        path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options],
            env={**os.environ, RESULTS: str(found), "PYTHONPATH": path},
            capture_output=True,
            text=True,
            cwd=folder,
        )
        if not found.exists():
            raise RuntimeError(done.stdout + done.stderr)
        return dict(json.loads(found.read_text(encoding="utf-8")))


def listed() -> tuple[str, dict[str, str]]:
    """The minor version of scikit-learn whose tests are listed, and what becomes of each."""
    first, *lines = LIST.read_text(encoding="utf-8").splitlines()
    return first.split()[-1], dict(line.rsplit("\t", 1) for line in lines)


if __name__ == "__main__":
    expected = listed()[1]
    for name, outcome in run().items():
        # A test that cannot pass is listed by the reason.
        listed_outcome = expected.get(name, "not listed")
        if outcome != listed_outcome and (outcome != FAILS or listed_outcome in (PASSES, NOT_ABOUT_IT, "not listed")):
            print(name, f"listed: {listed_outcome}; found: {outcome}", sep="\t")
