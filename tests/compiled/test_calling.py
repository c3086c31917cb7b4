"""What compiled kernels refuse: they never read what is not of their types."""

from __future__ import annotations

import numpy as np
import pytest

from vikt.compiled import calling
from vikt.compiled.loading import BuildError

OFFSETS, HASHES = np.array([0, 1]), np.empty(1, dtype=np.uint64)
UNALIGNED = np.frombuffer(b"." + np.arange(2).tobytes(), dtype=np.uint8)[1:].view(np.int64)


@pytest.mark.parametrize(
    ("offsets", "found"),
    [
        (OFFSETS.astype(np.int32), "found one of <i4"),
        (OFFSETS.astype(np.uint64), "found one of <u8"),
        (OFFSETS.astype(np.float64), "found one of <f8"),
        (OFFSETS.astype(">i8"), "found one of >i8"),
        (OFFSETS.reshape(1, 2), r"shape \(1, 2\)"),
        (np.arange(4)[::2], "not contiguous"),
        (UNALIGNED, "not aligned"),
        ([0, 1], r"found \[0, 1\]"),
        (None, "found None"),
    ],
    ids=str,
)
def test_arrays_of_other_types_are_refused(ahead, offsets, found):
    with pytest.raises(TypeError, match=f"hash_each: argument 1 must be an array .* of int64 .*{found}"):
        ahead.hash_each(np.zeros(1, np.uint8), offsets, HASHES)


def test_what_is_no_array_is_not_read(ahead):
    for value in (None, "text", b"bytes", 1.5, object(), np.int64, np.float64(1), memoryview(b"ab"), [np.zeros(1)]):
        with pytest.raises(TypeError, match="total: argument 0 must be an array"):
            ahead.total(value)


def test_arrays_of_subclasses_are_taken_as_arrays(toy, ahead, tmp_path):
    import toy_kernels

    mapped = np.memmap(tmp_path / "numbers", dtype=np.int64, mode="w+", shape=(3,))
    mapped[:] = 1, 2, 3
    table = np.zeros((1, 3), dtype=np.int64).view(np.matrix)
    ahead.shifted(toy_kernels.Place(10, mapped, 0.0), True, table)
    ahead.shifted([10, mapped, 0.0], True, table)
    assert table.tolist() == [[11, 12, 13]]
    with pytest.raises(TypeError, match=r"total: argument 0 must be an array .* of float64"):
        ahead.total(mapped)


@pytest.mark.parametrize("dtype", ["q", "l", "<i8", "=i8", np.dtype("i8", metadata={"unit": "s"})], ids=str)
def test_other_spellings_of_a_type_are_that_type(ahead, dtype):
    if np.dtype(dtype).itemsize == 8:
        numbers = np.array([0, 1], dtype=dtype)
        ahead.hash_each(np.zeros(1, np.uint8), numbers, HASHES)


def test_kernels_are_not_called_where_arrays_are_laid_out_otherwise(toy, monkeypatch):
    monkeypatch.setattr(calling, "_HEADER", calling._HEADER + 8)
    with pytest.raises(BuildError, match="lays out its arrays in another way"):
        calling._check_layout.__wrapped__()


def test_other_types_than_the_choices_are_refused(ahead):
    with pytest.raises(TypeError, match=r"argument 0 must be an array .* of float32 or float64"):
        ahead.lengths(np.eye(2, dtype=np.int64), np.ones(2), np.ones(2))
    with pytest.raises(TypeError, match="lengths cannot take these arguments together"):
        ahead.lengths(np.eye(2), np.ones(2, np.float32), np.ones(2))


@pytest.mark.parametrize("n", [1.5, "1", None, np.float64(2), np.arange(2)], ids=str)
def test_numbers_of_other_types_are_refused(ahead, n):
    with pytest.raises(TypeError, match="next_of: argument 0 must be int"):
        ahead.next_of(n)


@pytest.mark.parametrize("args", [(), (1, 2)])
def test_too_few_and_too_many_arguments_are_refused(ahead, args):
    with pytest.raises(TypeError, match=f"next_of takes 1 arrays and numbers, found {len(args)}"):
        ahead.next_of(*args)


def test_what_only_kernels_call_is_not_called_from_python(ahead):
    with pytest.raises(AttributeError, match="fnv is no kernel that Python calls"):
        _ = ahead.fnv
