"""Near duplicates: the search finds what comparing all pairs finds."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

import vikt
from vikt.auditing import near
from vikt.auditing.distinct import distinct_texts
from vikt.auditing.near import NEAR, NOWHERE, near_twins
from vikt.corpus.texts import Texts
from vikt.features.rows import CompressedRows

REVIEW = (
    "The film was long and rather slow but the actors were good and I did not regret the evening that we spent on it, "
    "even though the ending could have been told in half of the time that it took"
)


def found_in(code, *args, **kwargs):
    return [finding for finding in vikt.audit(*args, **kwargs).findings if finding.code == code]


def nearest_of_all_pairs(X, n_older):
    cosines = (X @ X.T).toarray()
    return [
        max(
            ((cosines[row, other], other) for other in range(min(row, n_older)) if cosines[row, other] >= NEAR),
            default=(0.0, NOWHERE),
        )
        for row in range(X.shape[0])
    ]


def rows_of(texts, n_older):
    numbers = np.arange(len(texts))
    rows = distinct_texts(numbers[:n_older], numbers[n_older:], Texts.from_strings(texts)).rows
    return rows, scipy.sparse.csr_matrix((rows.values, rows.indices, rows.indptr), (len(texts), rows.n_features))


@given(
    st.lists(st.lists(st.sampled_from("abcdefghijkl"), min_size=1, max_size=14), min_size=2, max_size=25),
    st.integers(1, 25),
)
def test_the_search_finds_what_comparing_all_pairs_finds(documents, n_older):
    texts = [" ".join(words) for words in documents]
    n_older = min(n_older, len(texts))
    rows, X = rows_of(texts, n_older)
    cosines = (X @ X.T).toarray()
    for row, (found, (nearest, _)) in enumerate(
        zip(near_twins(rows, n_older).rows.tolist(), nearest_of_all_pairs(X, n_older), strict=True)
    ):
        if found == NOWHERE:
            assert nearest < NEAR + 1e-6
        else:
            assert found < min(row, n_older)
            assert cosines[row, found] == pytest.approx(nearest, abs=1e-6)


def test_the_rows_are_those_of_scikit_learn():
    texts = [REVIEW, "The film was good", "A long evening , a slow film"]
    _, X = rows_of(texts, 3)
    peer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+|[^\w\s]").fit_transform(texts)
    np.testing.assert_allclose((X @ X.T).toarray(), (peer @ peer.T).toarray(), atol=1e-6)


def test_an_edited_copy_is_found_and_another_text_is_not():
    texts = [REVIEW, "Nothing of the kind at all", REVIEW.replace("rather slow", "quite slow") + "!", REVIEW.upper()]
    [finding] = found_in("V103", texts, list("abaa"))
    assert finding.rows == (2, 3)
    assert finding.message == "2 training texts are nearly an earlier text"
    assert finding.examples[0].remark == "like index 0, labelled a"


def test_questions_that_differ_in_the_word_that_matters_are_not_near():
    names = ["Anthony", "Justin", "Sabrina", "Sheri", "Jesus", "Maria", "Erik", "Anna", "Pontus", "Linnea"]
    assert found_in("V103", [f"What does the name {name} mean ?" for name in names], list("ab") * 5) == []


def test_a_copy_of_a_copy_is_a_row_meant_too():
    edited = REVIEW.replace("rather slow", "quite slow")
    [finding] = found_in("V103", [REVIEW, edited, edited], list("aab"))
    assert finding.rows == (1, 2)
    assert finding.message.endswith("1 of them under another label")


def test_test_texts_nearly_in_training_are_found_but_not_those_in_it():
    training = [REVIEW, "Something else, which is short"]
    test = [REVIEW.replace("good", "fine"), REVIEW, REVIEW.upper(), "Quite another thing"]
    both = {"test_texts": test, "test_labels": list("abab")}
    [finding] = found_in("V113", training, list("ab"), **both)
    assert (finding.side, finding.rows) == ("test", (0,))
    assert found_in("V103", training, list("ab"), **both) == []


def test_test_texts_are_not_compared_with_one_another():
    test = [REVIEW, REVIEW.replace("good", "fine")]
    assert found_in("V113", ["one", "two"], list("ab"), test_texts=test, test_labels=list("ab")) == []


def test_texts_that_were_not_compared_with_all_are_counted(monkeypatch):
    monkeypatch.setattr(near, "MOST_COMPARED", 1)
    half, share = np.sqrt(0.5), np.float32(np.sqrt(1 / 3))
    # Rows 1 and 2 share features with row 0 and one another, and are near neither.
    indices = np.array([0, 1, 0, 2, 0, 3, 1, 4, 2], dtype=np.int32)
    values = np.array([half] * 6 + [share] * 3, dtype=np.float32)
    rows = CompressedRows(np.array([0, 2, 4, 6, 9]), indices, values, 5)
    assert near_twins(rows, 4).rows.tolist() == [NOWHERE] * 4
    assert near_twins(rows, 4).n_cut > 0
    monkeypatch.setattr(near, "MOST_COMPARED", 1000)
    assert near_twins(rows, 4).n_cut == 0


@pytest.mark.parametrize("rate", [0.02, 0.05])
def test_copies_of_reviews_with_edited_words_are_found(corpus, rate):
    import pyarrow.parquet as pq

    texts = pq.read_table(corpus("imdb/train.parquet"))["text"].to_pylist()[:1500]
    draw = np.random.default_rng(0)
    copies = []
    for text in texts[::30]:
        edited = [draw.random() < rate for _ in text.split()]
        edited[3] = True
        words = zip(text.split(), edited, strict=True)
        copies.append(" ".join("edited" if is_edited else word for word, is_edited in words))
    [finding] = found_in("V103", texts + copies, [0, 1] * ((len(texts) + len(copies)) // 2))
    assert len(set(finding.rows) & set(range(len(texts), len(texts) + len(copies)))) == len(copies)
    assert len(set(finding.rows) & set(range(len(texts)))) < 5
