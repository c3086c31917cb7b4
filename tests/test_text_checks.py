"""scikit-learn's estimator checks as they apply to texts, on `TextClassifier` and `TextVectorizer`.

Its own give numbers to every estimator; here are the same demands on strings.
"""

from __future__ import annotations

import copy
import functools
import inspect
import pickle

import numpy as np
import pytest
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from vikt import TextClassifier, TextVectorizer
from vikt.errors import ClassesError, DataError, UsageError, ViktError

TEXTS = [
    f"{opinion} {thing} {i % 5}" for opinion in ("good", "bad", "dull") for thing in ("film", "fun") for i in range(8)
]
LABELS = [text.split()[0] for text in TEXTS]
CLASSIFIERS = [
    TextClassifier(min_df=1),
    TextClassifier("char_wb", l2=0.01),
    TextClassifier("word+char", weighting="nb", l2=0.01),
    TextClassifier(hashing=10, l2=0.01, class_weight="balanced"),
]
VECTORIZERS = [TextVectorizer(), TextVectorizer(analyzer="char", ngram_range=(1, 2)), TextVectorizer(hashing=8)]
ESTIMATORS = [*CLASSIFIERS, *VECTORIZERS]
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
every_classifier = pytest.mark.parametrize("estimator", CLASSIFIERS, ids=repr)
METHODS = ("predict", "predict_proba", "predict_log_proba", "transform")


@functools.cache
def fitted(estimator):
    """A fit that tests share, and none changes."""
    return clone(estimator).fit(TEXTS, LABELS)


def answers(estimator, texts, form=lambda texts: texts):
    """What each method says of the texts, as arrays."""
    said = [getattr(estimator, method)(form(texts)) for method in METHODS if hasattr(estimator, method)]
    return [array.toarray() if issparse(array) else np.asarray(array) for array in said]


def same(first, second):
    return all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize("kind", [TextClassifier, TextVectorizer])
def test_a_constructor_only_keeps_its_parameters(kind):
    defaults = {name: own.default for name, own in inspect.signature(kind).parameters.items()}
    made = kind()
    assert vars(made) == made.get_params() == defaults
    odd = {name: object() for name in defaults}
    assert all(kind(**odd).get_params()[name] is value for name, value in odd.items())
    assert all(kind().set_params(**odd).get_params()[name] is value for name, value in odd.items())
    with pytest.raises(UsageError):
        made.set_params(threads=5, colour=1)
    assert vars(made) == defaults


@every_estimator
def test_fit_returns_itself_and_changes_no_parameter(estimator):
    made = clone(estimator)
    before = copy.deepcopy(made.get_params())
    assert made.fit(TEXTS, LABELS) is made
    assert made.get_params() == before
    learnt = {name for name in vars(made) if name not in before}
    assert all(name.startswith("_") or name.endswith("_") for name in learnt)
    assert any(name.endswith("_") for name in learnt)


@every_estimator
def test_fit_is_idempotent_and_answers_change_nothing(estimator):
    made = clone(estimator).fit(TEXTS, LABELS)
    state, texts = dict(vars(made)), list(TEXTS)
    first = answers(made, texts)
    assert vars(made).keys() == state.keys()
    assert all(vars(made)[name] is value for name, value in state.items())
    assert texts == TEXTS
    assert same(answers(made, TEXTS), first)
    assert same(answers(made.fit(TEXTS, LABELS), TEXTS), first)


@every_estimator
def test_copies_answer_alike(estimator):
    made = fitted(estimator)
    for other in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made), copy.copy(made)):
        assert same(answers(other, TEXTS), answers(made, TEXTS))
    assert not clone(made).__sklearn_is_fitted__()


@every_estimator
def test_a_copy_that_is_fitted_leaves_the_first_as_it_was(estimator):
    made = fitted(estimator)
    first = answers(made, TEXTS)
    copy.copy(made).fit(["other words", "quite different"] * 4, ["x", "y"] * 4)
    assert same(answers(made, TEXTS), first)


@every_estimator
def test_answers_depend_on_one_text_alone(estimator):
    made = fitted(estimator)
    whole = answers(made, TEXTS)
    one_by_one = [np.concatenate(rows) for rows in zip(*(answers(made, [text]) for text in TEXTS), strict=True)]
    order = np.random.default_rng(0).permutation(len(TEXTS))
    assert same(one_by_one, whole)
    assert same(answers(made, [TEXTS[i] for i in order]), [rows[order] for rows in whole])


@every_estimator
@pytest.mark.parametrize(
    "form", [tuple, iter, lambda texts: np.array(texts), lambda texts: np.array(texts, object)], ids=list("tiao")
)
def test_any_sequence_of_texts_is_the_same(estimator, form):
    made = clone(estimator).fit(form(TEXTS), LABELS)
    assert same(answers(made, TEXTS, form), answers(fitted(estimator), TEXTS))


@every_estimator
def test_before_the_fit_every_answer_is_refused(estimator):
    made = clone(estimator)
    for method in (*METHODS, "score", "explain", "get_feature_names_out"):
        if hasattr(type(made), method):
            with pytest.raises(NotFittedError) as raised:
                getattr(made, method)(*[TEXTS, LABELS][: 2 if method == "score" else 1])
            assert isinstance(raised.value, ViktError)


@every_estimator
@pytest.mark.parametrize(
    "texts",
    [
        [1, 2, 3, 4],
        np.ones((4, 2)),
        np.array([1j, 2j, 3j, 4j]),
        ["a", None, "b", "c"],
        [["a"], ["b"], ["c"], ["d"]],
        "one string",
        None,
        5,
    ],
    ids=lambda texts: str(texts)[:20],
)
def test_what_is_no_text_is_refused(estimator, texts):
    with pytest.raises(ViktError):
        clone(estimator).fit(texts, ["x", "y", "x", "y"])
    with pytest.raises(ViktError):
        answers(fitted(estimator), texts)


@every_classifier
@pytest.mark.parametrize(
    ("texts", "labels", "error"),
    [
        (["a b"], ["x"], ClassesError),
        (["a b", "c d"], ["x", "x"], ClassesError),
        ([], [], ViktError),
        (["a b", "c d"], ["x"], ViktError),
        (["a b", "c d"], None, ViktError),
        (["a b", "c d"], [0.5, 1.5], DataError),
        (["a b", "c d"], [np.nan, 1.0], DataError),
        (["a b", "c d"], [[0, 1], [1, 0]], DataError),
    ],
)
def test_labels_that_cannot_be_are_refused(estimator, texts, labels, error):
    with pytest.raises(error):
        clone(estimator).fit(texts, labels)


@every_classifier
@pytest.mark.parametrize(
    "form", [list, np.array, lambda labels: np.array(labels, object)], ids=["list", "str", "object"]
)
def test_classes_are_the_labels_sorted(estimator, form):
    made = clone(estimator).fit(TEXTS, form(LABELS))
    assert made.classes_.tolist() == ["bad", "dull", "good"]
    assert made.predict(TEXTS).tolist() == LABELS
    assert made.score(TEXTS, LABELS) == 1.0
    p, log_p = made.predict_proba(TEXTS), made.predict_log_proba(TEXTS)
    assert np.abs(p.sum(axis=1) - 1).max() < 1e-12
    assert np.allclose(np.exp(log_p), p)
    assert (made.classes_[p.argmax(axis=1)] == made.predict(TEXTS)).all()
    two = clone(estimator).fit(TEXTS, np.array(LABELS) == "bad")
    assert two.predict(TEXTS).dtype == bool


@every_classifier
def test_the_order_of_rows_and_a_weight_of_one_change_nothing(estimator):
    expected = answers(fitted(estimator), TEXTS)
    order = np.random.default_rng(1).permutation(len(TEXTS))
    mixed = clone(estimator).fit([TEXTS[i] for i in order], [LABELS[i] for i in order])
    assert same(answers(mixed, TEXTS), expected)
    for ones in (np.ones(len(TEXTS)), [1] * len(TEXTS), np.ones(len(TEXTS), np.float32)):
        assert same(answers(clone(estimator).fit(TEXTS, LABELS, ones), TEXTS), expected)


def test_a_weight_is_so_many_rows():
    """Without limits and idf, since these count rows: a weight of 2 is the row twice, and 0 is no row."""
    weights = np.arange(len(TEXTS)) % 3
    texts, labels = np.repeat(TEXTS, weights), np.repeat(LABELS, weights)
    options = {"min_df": 1, "weighting": "binary", "l2": 0.01, "tol": 1e-10}
    weighted = TextClassifier(**options).fit(TEXTS, LABELS, weights)
    repeated = TextClassifier(**options).fit(texts, labels)
    assert np.abs(weighted.predict_proba(TEXTS) - repeated.predict_proba(TEXTS)).max() < 1e-4


@every_classifier
@pytest.mark.parametrize("weights", [[1.0], -np.ones(48), np.full(48, np.nan), np.zeros(48), ["x"] * 48])
def test_weights_that_cannot_be_are_refused(estimator, weights):
    with pytest.raises(DataError, match="sample_weight"):
        clone(estimator).fit(TEXTS, LABELS, weights)


@pytest.mark.parametrize("estimator", VECTORIZERS, ids=repr)
def test_transform_after_fit_is_fit_transform(estimator):
    made = clone(estimator)
    rows = made.fit_transform(TEXTS)
    assert abs(made.transform(TEXTS) - rows).max() == 0
    assert abs(clone(estimator).fit(TEXTS, LABELS).transform(TEXTS) - rows).max() == 0
    assert rows.shape == (len(TEXTS), len(made.get_feature_names_out()))
