"""Warnings: at the line of the user's that called vikt, and of scikit-learn's classes where that is loaded."""

from __future__ import annotations

import inspect
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning as SklearnsWarning

from vikt import LogisticRegression, TextClassifier, TextVectorizer
from vikt.errors import ConvergenceWarning

X, Y = np.eye(4), [0, 1, 0, 1]
TEXTS, LABELS = ["good film", "bad film"] * 5, ["p", "n"] * 5
NAMED = LogisticRegression().fit(pd.DataFrame(X, columns=list("abcd")), Y)
CALLS = {
    "column of labels": lambda: LogisticRegression().fit(X, np.reshape(Y, (-1, 1))),
    "column of labels of texts": lambda: TextClassifier(min_df=1, l2=0.1).fit(TEXTS, np.reshape(LABELS, (-1, 1))),
    "descent": lambda: LogisticRegression(solver="batch", max_iter=1).fit(X, Y),
    "descent on texts": lambda: TextClassifier(min_df=1, l2=0.1, solver="batch", max_iter=1).fit(TEXTS, LABELS),
    "names in predict": lambda: NAMED.predict(X),
    "names in predict_proba": lambda: NAMED.predict_proba(X),
    "names in score": lambda: NAMED.score(X, Y),
    "idle option": lambda: TextVectorizer(analyzer="char", stop_words=["a"]).fit(TEXTS),
    "idle option of fit_transform": lambda: TextVectorizer(analyzer="char", stop_words=["a"]).fit_transform(TEXTS),
    "vocabulary": lambda: TextVectorizer(vocabulary=["A"], use_idf=False).transform(TEXTS),
    "stop words": lambda: TextVectorizer(stop_words=["don't"]).fit(TEXTS),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_warning_points_at_the_users_line(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert [(each.filename, each.lineno) for each in caught] == [(__file__, inspect.getsourcelines(call)[1])]


@pytest.mark.parametrize("kind", [ConvergenceWarning, SklearnsWarning])
def test_a_filter_of_either_class_catches_a_fit_without_convergence(kind):
    with pytest.warns(kind) as caught:
        CALLS["descent"]()
    assert isinstance(pickle.loads(pickle.dumps(caught[0].message)), kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", kind)
        CALLS["descent on texts"]()
