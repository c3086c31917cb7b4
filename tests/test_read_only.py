"""What is read is not written: arrays that are read-only, or laid out otherwise, are fitted and answered like others.

Memory maps of joblib are read-only, and so are the models and the data that it sends to other processes.
"""

from __future__ import annotations

import joblib
import numpy as np
import pytest
from scipy.sparse import coo_array, csc_matrix, csr_array, csr_matrix

import vikt
from vikt import LogisticRegression, NaiveBayes, TextClassifier, TextVectorizer

random = np.random.default_rng(0)
X, Y, WEIGHTS = random.poisson(0.5, size=(60, 8)).astype(float), np.arange(60) % 3, random.uniform(0.5, 1, 60)


def frozen(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def frozen_sparse(matrix):
    for name in ("data", "indices", "indptr", "row", "col"):
        if hasattr(matrix, name):
            getattr(matrix, name).flags.writeable = False
    return matrix


def unsorted(X):
    matrix = csr_matrix(X)
    for first, end in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True):
        matrix.indices[first:end] = matrix.indices[first:end][::-1].copy()
        matrix.data[first:end] = matrix.data[first:end][::-1].copy()
    return csr_matrix((matrix.data, matrix.indices, matrix.indptr), matrix.shape)


def with_wide_indices(X):
    matrix = csr_array(X)
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int64), matrix.indptr.astype(np.int64)
    return matrix


def unaligned(X):
    rows = np.zeros(X.shape, dtype=[("a", "i1"), ("b", "f8")])["b"]
    rows[:] = X
    return rows


DENSE = {
    "read-only": frozen,
    "big-endian": lambda X: X.astype(">f8"),
    "columns first": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": lambda X: X[::-1].copy()[::-1],
    "unaligned": unaligned,
    "integers": lambda X: frozen(X.astype(">i4")),
    "objects": lambda X: X.astype(object),
}
SPARSE = {
    "rows": csr_matrix,
    "columns": csc_matrix,
    "triples": coo_array,
    "unsorted": unsorted,
    "wide indices": with_wide_indices,
}
ESTIMATORS = [
    LogisticRegression(),
    LogisticRegression(solver="dual"),
    LogisticRegression(l1_ratio=0.5),
    NaiveBayes(),
    NaiveBayes("bernoulli"),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
@pytest.mark.parametrize("form", DENSE)
def test_dense_rows_of_any_layout(estimator, form):
    expected = estimator.fit(X, Y, WEIGHTS).predict_proba(X)
    given = DENSE[form](X)
    before = given.copy()
    assert np.array_equal(estimator.fit(given, frozen(Y), frozen(WEIGHTS)).predict_proba(given), expected)
    assert np.array_equal(given, before)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
@pytest.mark.parametrize("form", SPARSE)
def test_sparse_rows_of_any_layout(estimator, form):
    expected = estimator.fit(csr_matrix(X), Y, WEIGHTS).predict_proba(csr_matrix(X))
    given = frozen_sparse(SPARSE[form](X))
    assert np.array_equal(estimator.fit(given, Y.astype(">i4"), WEIGHTS).predict_proba(given), expected)
    assert np.array_equal(given.toarray(), X)


def test_rows_mapped_from_a_file(tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    fitted = LogisticRegression().fit(mapped, Y)
    assert np.array_equal(fitted.predict_proba(mapped), LogisticRegression().fit(X, Y).predict_proba(X))


@pytest.fixture
def mapped(tmp_path):
    """An estimator as another process of joblib sees it: its arrays are read-only."""

    def through_a_file(estimator):
        joblib.dump(estimator, tmp_path / "estimator")
        return joblib.load(tmp_path / "estimator", mmap_mode="r")

    return through_a_file


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_a_mapped_model_of_rows_answers_and_is_fitted_again(mapped, estimator):
    model = mapped(estimator.fit(X, Y))
    for rows in (X, csr_matrix(X)):
        assert np.array_equal(model.predict_proba(rows), estimator.predict_proba(rows))
    if isinstance(model, LogisticRegression):
        model.set_params(warm_start=True)
    assert np.allclose(model.fit(X, Y).predict_proba(X), estimator.predict_proba(X), atol=1e-3)


@pytest.mark.parametrize(
    "options", [{}, {"analyzer": "word+char"}, {"hashing": 12}, {"analyzer": "char", "ngrams": (2, 3)}]
)
def test_a_mapped_model_of_texts_answers_at_once_and_compiled(mapped, emails, tmp_path, options):
    texts, labels = emails
    long = [*texts, "a word much longer than sixteen characters: " + "x" * 50]
    model = TextClassifier(l2=1e-4, **options).fit(texts, labels)
    other = mapped(model)
    assert other.explain(long[-1]).score == model.explain(long[-1]).score
    for many in (long[-3:], long * 30):
        assert np.array_equal(other.predict_proba(many), model.predict_proba(many))
    model.save(tmp_path / "a")
    other.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert np.array_equal(vikt.load(tmp_path / "b").predict_proba(texts), model.predict_proba(texts))


@pytest.mark.parametrize(
    "options", [{}, {"ngram_range": (1, 3)}, {"max_features": 100}, {"hashing": 8}, {"vocabulary": ["the", "you"]}]
)
def test_a_mapped_vectorizer_makes_the_same_rows(mapped, emails, options):
    texts = emails[0] * 30
    vectorizer = TextVectorizer(**options).fit(texts)
    assert abs(mapped(vectorizer).transform(texts) - vectorizer.transform(texts)).max() == 0


TEXTS, LABELS = np.array(["good film", "bad film", "good fun", "bad fun"] * 6), np.array(list("pnpn") * 6)


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        (frozen(TEXTS), frozen(LABELS)),
        (frozen(TEXTS.astype(object)), LABELS.astype(object)),
        (TEXTS.astype(TEXTS.dtype.newbyteorder(">")), LABELS.astype(LABELS.dtype.newbyteorder(">"))),
        (np.repeat(TEXTS, 2)[::2], LABELS[::-1].copy()[::-1]),
    ],
)
def test_texts_of_any_layout(texts, labels):
    expected = TextClassifier(l2=0.1).fit(TEXTS, LABELS)
    made = TextClassifier(l2=0.1).fit(texts, labels, frozen(np.ones(24)))
    assert np.array_equal(made.predict_proba(texts), expected.predict_proba(TEXTS))
    assert abs(TextVectorizer().fit_transform(texts) - TextVectorizer().fit_transform(TEXTS)).max() == 0
