"""The canonical order and the splits hang on what rows say, not on where they stood."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikt.corpus.digests import DIGESTS, ContentDigests, SeededDigests
from vikt.corpus.order import canonical_order, group_ranks, split_tenths
from vikt.corpus.texts import Texts

ROWS = st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c", b""]), st.integers(0, 2), st.sampled_from([1.0, 2.0])))


@given(rows=ROWS, seed=st.integers(0, 5), shuffle=st.randoms())
def test_any_order_of_the_same_rows_ends_in_one(rows, seed, shuffle):
    def ordered(given_rows):
        texts, labels, weights = zip(*given_rows, strict=True) if given_rows else ((), (), ())
        keys = ContentDigests.of(texts).keys(seed)
        return [given_rows[i] for i in canonical_order(keys, texts.__getitem__, list(labels), list(weights))]

    mixed = list(rows)
    shuffle.shuffle(mixed)
    assert ordered(rows) == ordered(mixed)


def test_collisions_of_the_hash_fall_back_on_content():
    texts = [b"b", b"a", b"b", b"a"]
    order = canonical_order(np.zeros(4), texts.__getitem__, [0, 1, 0, 0], [1, 1, 1, 1])
    assert order.tolist() == [3, 1, 0, 2]


@pytest.mark.parametrize("digest", DIGESTS.values())
def test_the_seed_changes_the_order(digest):
    digests = digest.of(Texts.from_strings(map(str, range(100))))
    assert not np.array_equal(np.argsort(digests.keys(0)), np.argsort(digests.keys(-1)))


def test_tenths_are_stratified_and_rounded_down():
    y = np.array([0] * 100 + [1] * 30 + [2] * 9)
    rest, validation, test = split_tenths(np.arange(139), y, 2)
    assert np.bincount(y[test], minlength=3).tolist() == [10, 3, 0]
    assert np.bincount(y[validation], minlength=3).tolist() == [10, 3, 0]
    assert sorted(np.concatenate([rest, validation, test])) == list(range(139))
    # the last tenth of each class is the test
    assert test.tolist() == [*range(90, 100), *range(127, 130)]
    assert validation.tolist() == [*range(80, 90), *range(124, 127)]


def test_equal_texts_never_stand_on_both_sides_whatever_their_labels():
    texts = sorted([str(i % 40).encode() for i in range(400)])
    y = np.random.default_rng(0).integers(2, size=400)
    parts = split_tenths(group_ranks(texts, ContentDigests.of(texts).keys(0)), y, 2)
    seen = [{texts[i] for i in part} for part in parts]
    assert len(set.union(*seen)) == sum(map(len, seen))
    assert len(seen[2]) > 0


@pytest.mark.parametrize("digest", DIGESTS.values())
def test_the_fingerprint_forgets_order_and_remembers_labels(digest):
    def fingerprint(*rows):
        contents, y = zip(*rows, strict=True)
        return digest.of(Texts.from_strings(contents)).fingerprint(["x", "y"], np.array(y))

    assert fingerprint(("a", 0), ("b", 1)) == fingerprint(("b", 1), ("a", 0))
    assert fingerprint(("a", 0), ("b", 1)) != fingerprint(("a", 1), ("b", 0))
    assert fingerprint(("a", 0), ("a", 0)) != fingerprint(("a", 0))
    assert fingerprint(("x", 1), ("z", 0)) != fingerprint(("y", 0), ("z", 0))
    # A text may be the other's label.
    assert fingerprint(("x", 0), ("y", 1)) != fingerprint(("x", 1), ("y", 0))
    assert fingerprint(*[("a", 0)] * 4) != fingerprint(*[("b", 1)] * 4)


@pytest.mark.parametrize("digest", DIGESTS.values())
def test_labelled_keys_are_equal_for_equal_rows_alone(digest):
    contents = Texts.from_strings(["x", "y", "x", "y", "x"])
    keys = digest.of(contents).labelled_keys(["x", "y"], np.array([0, 1, 1, 0, 0]), 7)
    assert keys[0] == keys[4]
    assert len(set(keys.tolist())) == 4


@pytest.mark.parametrize("digest", DIGESTS.values())
def test_digests_of_some_rows_are_those_that_they_had(digest):
    contents = Texts.from_strings(map(str, range(20)))
    rows = np.array([3, 17, 3])
    assert digest.of(contents).take(rows).keys(1).tolist() == digest.of(contents).keys(1)[rows].tolist()


def test_digests_of_earlier_files_stay_as_they_were():
    digests = SeededDigests.of(Texts.from_strings(["a", "b"]))
    assert digests.fingerprint(["x", "y"], np.array([0, 1])) == "6c18430692cc38c0e5766d609de93d5e"
    assert digests.keys(0).tolist() == [3405396810240292928, 8453121595177857668]
    assert digests.labelled_keys(["x"], np.zeros(2, dtype=int), 0)[0] == 12328773674715933695


@given(st.lists(st.sampled_from([b"a", b"b", b"c", b"d"])), st.integers(1, 4))
def test_equal_groups_have_one_rank_though_keys_collide(groups, n_keys):
    keys = np.array([group[0] % n_keys for group in groups], dtype=np.uint64)
    ranks = group_ranks(groups, keys)
    ordered = sorted(set(zip(keys.tolist(), groups, strict=True)))
    assert ranks.tolist() == [ordered.index(pair) for pair in zip(keys.tolist(), groups, strict=True)]
