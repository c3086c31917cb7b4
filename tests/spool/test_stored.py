"""Shards at an address: what the spool has of them, or a message that names the file and the remedy."""

from __future__ import annotations

import csv
from zlib import crc32

import numpy as np
import pytest

from vikt.errors import InputFileError
from vikt.spool.rows import SpooledRows, content_of, rows_in
from vikt.spool.spooling import spool
from vikt.spool.stored import StoredShards, shard_address

ROWS = [(f"text {i % 23} {'é' * (i % 5)}", "xyz"[i % 3], i % 4 / 2) for i in range(90)]


@pytest.fixture
def spooled(tmp_path, _small):
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label", "weight"), *ROWS])
    return spool([tmp_path / "rows.csv"], tmp_path / "spool", weight="weight")


def stored(spooled, system):
    contents = [bytes(content_of(spooled.shard(number))) for number in range(spooled.n_shards)]
    for number, content in enumerate(contents):
        system.pipe(shard_address("/shards", number), content)
    return StoredShards("memory://shards", [crc32(content) for content in contents])


def same(found, expected):
    assert [*found.texts] == [*expected.texts]
    assert np.array_equal(found.digests.halves, expected.digests.halves)
    for name in ("y", "weights", "origin"):
        own, other = getattr(found, name), getattr(expected, name)
        assert own.dtype == other.dtype
        assert own.tolist() == other.tolist()


def test_a_stored_shard_has_the_rows_of_the_spool(memory, spooled):
    shards = stored(spooled, memory)
    assert spooled.n_shards > 4
    for number in range(spooled.n_shards):
        same(shards.shard(number), spooled.shard(number))


def test_no_rows():
    assert rows_in(bytes(content_of(SpooledRows.none()))).n_rows == 0


def test_a_shard_that_is_missing_is_named_with_the_remedy(memory, spooled):
    shards = stored(spooled, memory)
    memory.rm("/shards/002.arrow")
    with pytest.raises(InputFileError, match=r"^memory://shards/002\.arrow: .* missing; run the same work again"):
        shards.shard(2)


@pytest.mark.parametrize("place", [0, 0.3, 0.6, 0.9])
def test_any_damage_is_noticed_by_the_checksum(memory, spooled, place):
    shards = stored(spooled, memory)
    content = bytearray(memory.cat("/shards/001.arrow"))
    content[int(place * len(content))] ^= 16
    memory.pipe("/shards/001.arrow", bytes(content))
    with pytest.raises(InputFileError, match=r"^memory://shards/001\.arrow: .* checksum is wrong; remove the file"):
        shards.shard(1)
