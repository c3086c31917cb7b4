"""What holds of models of every kind of targets."""

from __future__ import annotations

import numpy as np
import pytest

import vikt
from vikt.errors import ClassesError

rng = np.random.default_rng(0)
TEXTS = [" ".join(rng.choice([f"w{i}" for i in range(20)], 6)) for _ in range(90)]
MEMBERS = np.array([[f"w{k}" in text.split() for k in (1, 2, 3)] for text in TEXTS])
SHARES = (1.0 + 2 * MEMBERS) / (1.0 + 2 * MEMBERS).sum(axis=1, keepdims=True)
LABELS = {"several": MEMBERS, "soft": SHARES, "ordered": MEMBERS.sum(axis=1)}


def fitted(kind, order=slice(None), **options):
    given = {"min_df": 1, "l2": 1e-3, "targets": kind} | options
    return vikt.TextClassifier("word", **given).fit(list(np.array(TEXTS)[order]), LABELS[kind][order])


@pytest.mark.parametrize("kind", LABELS)
def test_neither_the_order_of_rows_nor_threads_change_a_byte_and_a_file_gives_the_same_answers(kind, tmp_path):
    order = np.random.default_rng(1).permutation(len(TEXTS))
    models = {"a": fitted(kind), "b": fitted(kind, order), "c": fitted(kind, threads=2)}
    for name, model in models.items():
        model.save(tmp_path / name)
    first = (tmp_path / "a").read_bytes()
    assert [(tmp_path / name).read_bytes() == first for name in models] == [True] * 3
    assert np.array_equal(vikt.load(tmp_path / "a").predict_proba(TEXTS), models["a"].predict_proba(TEXTS))


def test_shares_of_0_and_1_are_classes():
    y = MEMBERS[:, 0] + MEMBERS[:, 1].astype(int)
    options = {"min_df": 1, "l2": 1e-3, "tol": 1e-9}
    soft = vikt.TextClassifier("word", targets="soft", **options).fit(TEXTS, np.eye(3)[y])
    hard = vikt.TextClassifier("word", **options).fit(TEXTS, y)
    assert np.allclose(soft.predict_proba(TEXTS), hard.predict_proba(TEXTS), atol=1e-4)


def test_one_label_that_a_row_has_or_has_not_is_refused():
    with pytest.raises(ClassesError, match="makes two classes"):
        vikt.TextClassifier(targets="several").fit(TEXTS, [["a"] if n % 2 else [] for n in range(90)])


def test_a_level_without_a_row_is_no_answer():
    labels = np.array(["low", "high"])[MEMBERS[:, 0].astype(int)]
    order = ["low", "medium", "high"]
    model = vikt.TextClassifier("word", targets="ordered", order=order, min_df=1, l2=1e-3).fit(TEXTS, labels)
    assert model.classes_.tolist() == ["low", "high"]
