"""Modules of kernels for these tests, one of which imports from the other, and a cache of their own."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

HASHING_KERNELS = """
from __future__ import annotations

import numpy as np

PRIME, START, ALL = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325), np.uint64(0xFFFFFFFFFFFFFFFF)
KEPT = ALL


def with_byte(value: int, byte: int) -> int:
    return ((value ^ byte) * PRIME) & KEPT
"""
KERNELS = '''
from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

from vikt.compiled.array_types import (
    ArrayType, Bytes, Float32s, Float64Field, Float64s, Int32s, Int64s, Int64Matrix, RealMatrix, Reals, WeightMatrix
)
from vikt.compiled.intrinsics import prefetch, two_to_the, word_at
from toy_hashing_kernels import START
from toy_hashing_kernels import with_byte as after_byte

KEPT = 3  # in no way that of the other module
UInt64s = Annotated[Any, ArrayType("uint64", 1)]


def fnv(text: Bytes, start: int, end: int) -> int:
    value = START
    for i in range(start, end):
        value = after_byte(value, text[i])
    return value


def hash_each(text: Bytes, offsets: Int64s, hashes: UInt64s) -> None:
    for i in range(offsets.shape[0] - 1):
        hashes[i] = fnv(text, offsets[i], offsets[i + 1])


def lengths(values: RealMatrix, weights: Reals, out: Reals) -> tuple[int, float, bool]:
    """Of each row, weighted; the number of those that are not zero; the largest; whether there are any."""
    n = 0
    largest = 0.0
    for i in range(values.shape[0]):
        total = 0.0
        for j in range(values.shape[1]):
            total += 1.0 * weights[j] * values[i, j] * values[i, j]
        out[i] = math.sqrt(total)
        n += total > 0
        largest = max(largest, math.log1p(total) - math.exp(-total))
    return n, largest, values.shape[0] > 0


def next_of(n: int) -> int:
    return n + 1


def half(x: float) -> float:
    return x / 2


def is_even(n: int) -> bool:
    return n % 2 == 0


class Place(NamedTuple):
    base: int
    numbers: Int64s
    weight: float


def shifted(place: Place, up: bool, table: Int64Matrix) -> None:
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            table[i, j] = place.base + place.numbers[j] + int(place.weight) if up else 0


def total(field: Float64Field) -> float:
    result = 0.0
    for i in range(field.shape[0]):
        result += field[i]
    return result


def mixed(values: Reals, weights: WeightMatrix) -> float:
    return values[0] * 1.0 + weights[0, 0]


def words(text: Bytes, n: int, out: Int64s) -> None:
    for i in range(n):
        prefetch(text, i)
        prefetch(out, i)
        out[i] = word_at(text, i)


def powers(exponents: Int32s, out: Float32s) -> None:
    for i in range(exponents.shape[0]):
        out[i] = two_to_the(exponents[i])
'''


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    """The name of the module of kernels."""
    folder = tmp_path_factory.mktemp("kernels")
    (folder / "toy_hashing_kernels.py").write_text(HASHING_KERNELS)
    (folder / "toy_kernels.py").write_text(KERNELS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        importlib.import_module("toy_kernels")
        yield "toy_kernels"


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Where its compiled code is kept."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(cache, monkeypatch):
    # For one test at a time: in this cache the tests elsewhere would find nothing, and compile all anew.
    monkeypatch.setenv("VIKT_CACHE_DIR", str(cache))


@pytest.fixture(scope="session")
def ways(toy, cache):
    """Its kernels as plain Python, compiled ahead of time, and compiled when first called."""
    from vikt.compiled import compiled
    from vikt.compiled.building import jit
    from vikt.compiled.plain_python import plain

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIKT_CACHE_DIR", str(cache))
        ahead = compiled(toy)
    return [plain(toy), ahead, jit(toy)]


@pytest.fixture(scope="session")
def ahead(ways):
    return ways[1]


@pytest.fixture
def text():
    return np.frombuffer(b"one\xfftwo, and three" + b" " * 8, dtype=np.uint8)
