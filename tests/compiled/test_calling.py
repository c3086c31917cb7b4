"""What compiled kernels refuse: they never read what is not of their types."""

from __future__ import annotations

import numpy as np
import pytest

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
