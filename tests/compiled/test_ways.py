"""One definition, run three ways: plain, compiled ahead of time, compiled when first called. All give the same bits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

FLOATS = st.floats(-(2.0**60), 2.0**60, width=32)


@settings(deadline=None)
@given(texts=st.lists(st.binary(max_size=30), max_size=8))
def test_hashes_wrap_alike(ways, texts):
    text = np.frombuffer(b"".join(texts) + b" ", dtype=np.uint8)
    offsets = np.cumsum([0, *map(len, texts)])
    found = [np.empty(len(texts), dtype=np.uint64) for _ in ways]
    for kernels, hashes in zip(ways, found, strict=True):
        kernels.hash_each(text, offsets, hashes)
    assert found[0].tolist() == found[1].tolist() == found[2].tolist()


def test_the_hash_is_that_of_fowler_noll_and_vo(ways):
    # The published values of FNV-1a in 64 bits.
    offsets, hashes = np.array([0, 0, 1, 7]), np.empty(3, dtype=np.uint64)
    for kernels in ways:
        kernels.hash_each(np.frombuffer(b"afoobar", dtype=np.uint8), offsets, hashes)
        assert hashes.tolist() == [0xCBF29CE484222325, 0xAF63DC4C8601EC8C, 0x85944171F73967E8]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(deadline=None)
@given(
    rows=st.lists(st.lists(FLOATS, min_size=3, max_size=3), max_size=5),
    weights=st.lists(st.floats(0, 2.0**60, width=32), min_size=3, max_size=3),
)
def test_floats_agree_to_the_last_bit(ways, dtype, rows, weights):
    values = np.array(rows, dtype=dtype).reshape(-1, 3)
    found = [np.empty(len(rows), dtype=dtype) for _ in ways]
    told = [k.lengths(values, np.array(weights, dtype), out) for k, out in zip(ways, found, strict=True)]
    assert told[0] == told[1] == told[2]
    assert found[0].tobytes() == found[1].tobytes() == found[2].tobytes()


def test_results_are_numbers_of_python(ways):
    values, out = np.eye(3), np.empty(3)
    for kernels in ways:
        assert kernels.next_of(np.int32(2)) == 3
        assert kernels.half(3) == 1.5
        assert kernels.is_even(4) is True
        assert kernels.hash_each(np.zeros(1, np.uint8), np.zeros(1, np.int64), np.zeros(0, np.uint64)) is None
        n, largest, is_any = kernels.lengths(values, np.ones(3), out)
        assert (n, type(n), is_any) == (3, int, True)
        assert largest == pytest.approx(math.log(2) - 1 / math.e)


@pytest.mark.parametrize("up", [False, True])
def test_arrays_that_belong_together_come_as_one_tuple(toy, ways, up):
    import toy_kernels

    place = toy_kernels.Place(10, np.array([1, 2, 3]), 2.5)
    for kernels in ways:
        table = np.ones((2, 3), dtype=np.int64)
        kernels.shifted(place, up, table)
        assert table.tolist() == [[13, 14, 15] if up else [0, 0, 0]] * 2


def test_a_field_of_records_need_not_be_contiguous(ways):
    records = np.zeros(4, dtype=[("id", np.int64), ("weight", np.float64)])
    records["weight"] = [1, 2, 4, 8]
    for kernels in ways:
        assert kernels.total(records["weight"]) == 15
        assert kernels.total(records["weight"][::-2]) == 10


@pytest.mark.parametrize("values", [np.float32, np.float64])
@pytest.mark.parametrize("weights", [np.float32, np.float64])
def test_choices_of_types_are_made_by_the_arrays(ways, values, weights):
    found = [k.mixed(np.array([0.1], values), np.array([[0.2]], weights)) for k in ways]
    assert found[1] == found[2] == float(values(0.1)) + float(weights(0.2))


def test_intrinsics_do_what_their_plain_twins_do(ways, text):
    n = len(text) - 7
    exponents = np.arange(-126, 128, dtype=np.int32)
    for kernels in ways:
        out, powers = np.empty(n, dtype=np.int64), np.empty(len(exponents), dtype=np.float32)
        kernels.words(text, n, out)
        assert [int(word).to_bytes(8, "little", signed=True) for word in out] == [
            text[i : i + 8].tobytes() for i in range(n)
        ]
        kernels.powers(exponents, powers)
        np.testing.assert_array_equal(powers, np.exp2(exponents.astype(np.float64)).astype(np.float32))


def test_plain_kernels_take_arrays_of_any_layout(ways):
    plain, ones = ways[0], np.ones(2)
    values, out = np.arange(8.0).reshape(2, 4), np.empty(2)
    read_only = values.T.copy().T[:, ::2]
    read_only.flags.writeable = False
    assert plain.lengths(read_only, ones, out)[0] == 2
    np.testing.assert_array_equal(out, np.hypot([0, 4], [2, 6]))
    assert plain.lengths(np.empty((0, 2)), ones, np.empty(0)) == (0, 0.0, False)


def test_plain_kernels_meet_and_give_pythons_numbers(ways):
    # NumPy's own would wrap here, with a warning.
    assert ways[0].next_of(np.uint8(255)) == 256
    assert type(ways[0].next_of(np.int32(1))) is int
    assert type(ways[0].fnv(np.zeros(1, dtype=np.uint8), 0, 1)) is int
