"""Room to count columns in, kept between texts."""

from __future__ import annotations

import copy
import pickle
import threading

import pytest

import vikt
from vikt.features.ngrams.weighing import Counts

TEXTS, LABELS = ["win money now", "lunch on friday", "win a prize", "the report"] * 3, ["spam", "ham"] * 6


def test_zeros_are_kept_for_the_thread_that_gives_them_back():
    counts = Counts(3)
    zeros = counts.take()
    counts.keep(zeros)
    assert counts.take() is zeros
    # Taken and not given back, as where counting was interrupted.
    zeros[:] = 1
    assert counts.take().tolist() == [0, 0, 0]


def test_each_thread_counts_by_itself():
    counts, others = Counts(3), []
    zeros = counts.take()
    counts.keep(zeros)
    thread = threading.Thread(target=lambda: others.append(counts.take()))
    thread.start()
    thread.join()
    assert others[0] is not zeros


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_model_that_has_answered_is_copied(copied):
    model = vikt.TextClassifier(min_df=1, l2=0.01).fit(TEXTS, LABELS)
    expected = model.predict_proba(TEXTS)
    assert (copied(model).predict_proba(TEXTS) == expected).all()
