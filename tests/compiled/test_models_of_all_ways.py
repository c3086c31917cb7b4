"""Models, predictions and findings are the same, to the last bit, whatever compiled the kernels, or nothing did."""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vikt
from test_fuzz import hostile_texts, used_or_refused
from vikt.compiled.building import jit, object_file
from vikt.compiled.calling import Kernels
from vikt.compiled.loading import of_object, processors
from vikt.compiled.plain_python import plain

LABELS = ["a", "b", "c"]
# What a row without other words has, so that there is something to learn.
WORDS = {"a": "good film", "b": "bad film", "c": "no film"}
# The others take it for granted that numbers are of single precision, or wrap, and never run as plain Python.
PLAIN = ("vikt.auditing.", "vikt.features.")


def ahead(cpu):
    return functools.cache(lambda name: Kernels(name, of_object(object_file(name, cpu))))


@pytest.fixture(scope="module")
def ways():
    """From the name of a module to its kernels, in each way."""
    compiled = {cpu: ahead(cpu) for cpu in processors()}
    best = compiled[processors()[0]]
    return {
        **compiled,
        "when called": functools.cache(jit),
        "plain": functools.cache(lambda name: plain(name) if name.startswith(PLAIN) else best(name)),
    }


def of_all(ways, work):
    """What a piece of work comes to in each way."""
    outcomes = {}
    for name, kernels in ways.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(vikt.compiled, "_loaded", {})
            patch.setattr(vikt.compiled, "_kernels", kernels)
            patch.setattr(vikt.compiled, "is_linked", lambda: True)
            outcomes[name] = work()
    return outcomes


def learnt(texts, labels, options):
    """The model file and the probabilities, or why there are none."""
    classifier = vikt.TextClassifier(min_df=1, l2=0.01, **options)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "own.vikt")
        classifier.fit(texts, labels).save(path)
        return path.read_bytes(), classifier.predict_proba(texts).tobytes(), alone(classifier, texts)


def alone(classifier, texts):
    return [classifier.predict_proba([text]).tobytes() for text in texts]


def rows_of(label):
    return st.lists(st.tuples(hostile_texts, label), min_size=2, max_size=6)


OPTIONS = st.fixed_dictionaries(
    {
        "analyzer": st.sampled_from(["word", "char", "char_wb", "word+char"]),
        "hashing": st.none() | st.just(10),
        "lowercase": st.booleans(),
    }
)
SOLVERS = [{}, {"solver": "newton"}, {"l1_ratio": 0.5}, {"tol": 1e-9}, {"weighting": "nb"}]
CORPORA = {
    "two classes": rows_of(st.sampled_from(LABELS[:2])).map(lambda rows: rows + [(WORDS[k], k) for k in LABELS[:2]]),
    "three classes": rows_of(st.sampled_from(LABELS)).map(lambda rows: rows + [(WORDS[k], k) for k in LABELS]),
    "labels": rows_of(st.lists(st.sampled_from(LABELS), unique=True)).map(
        lambda rows: rows + [(WORDS[k], [k]) for k in LABELS] + [("film", [])]
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("corpus", CORPORA)
@pytest.mark.parametrize("solver", SOLVERS, ids=str)
def test_models_and_predictions(ways, corpus, solver):
    @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(rows=CORPORA[corpus], options=OPTIONS)
    def check(rows, options):
        texts, labels = map(list, zip(*rows, strict=True))
        # Where the options are refused, they are in all ways.
        outcomes = of_all(ways, lambda: used_or_refused(lambda: learnt(texts, labels, options | solver)))
        first = next(iter(outcomes.values()))
        assert [name for name, outcome in outcomes.items() if outcome != first] == []

    check()


@pytest.mark.slow
@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(rows=CORPORA["three classes"], repeated=st.integers(1, 3))
def test_audits(ways, rows, repeated):
    texts, labels = map(list, zip(*(rows * repeated), strict=True))
    outcomes = of_all(
        ways, lambda: json.dumps(vikt.audit(texts, labels, test_texts=texts, test_labels=labels).to_json())
    )
    assert len(set(outcomes.values())) == 1


@pytest.mark.slow
@settings(max_examples=20, deadline=None, derandomize=True)
@given(rows=st.lists(st.lists(st.floats(-10, 10, width=32), min_size=4, max_size=4), min_size=6, max_size=12))
def test_models_of_matrices(ways, rows):
    X, y = np.array(rows), np.arange(len(rows)) % 2

    def work():
        model = vikt.LogisticRegression(solver="newton").fit(X, y)
        return model.coef_.tobytes() + model.predict_proba(X).tobytes()

    assert len(set(of_all(ways, work).values())) == 1
