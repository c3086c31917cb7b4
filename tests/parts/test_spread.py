"""Values of any kind on a Dask cluster: shards of text, what is learnt over them, and rows that are made of them."""

from __future__ import annotations

import os
import signal
from collections import Counter
from functools import partial
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from vikt.matrix import design_matrix
from vikt.parts import InMemory, Part
from vikt.parts.cluster import OnCluster
from vikt.parts.dask_engine import cluster_at
from vikt.parts.spread import Spread

pytest.importorskip("distributed")
WORDS = [f"w{i % 7} w{i % 5} w{i % 3}".split() for i in range(60)]
SHARDS = [WORDS[start::5] for start in range(5)]


@pytest.fixture
def shards(two, tmp_path):
    """Shards that are read anew at each use, which leaves a file in the folder each time."""
    return Spread.made_by(two, sources(tmp_path), kept=False)


def sources(folder):
    return [partial(read_shard, str(folder), number) for number in range(len(SHARDS))]


def read_shard(folder, number):
    Path(folder, uuid4().hex).touch()
    return SHARDS[number]


def n_read(folder):
    return len(list(folder.iterdir()))


def count_words(shard):
    return Counter(word for words in shard for word in words)


def learn_words(shard, numbers, most):
    """Number words in the order in which they come."""
    for word in (word for words in shard for word in words):
        if len(numbers) < most:
            numbers.setdefault(word, len(numbers))
    return numbers, None


def pack_rows(shard, numbers):
    X = np.zeros((len(shard), len(numbers)))
    for row, words in enumerate(shard):
        for word in words:
            X[row, numbers[word]] += 1
    return Part(design_matrix(X), np.arange(len(shard)) % 2, np.ones(len(shard)))


def test_sums_of_what_is_read_anew_at_each_use(shards, tmp_path):
    assert n_read(tmp_path) == 0
    for times in (1, 2):
        assert shards.sums(count_words) == sum(map(count_words, SHARDS), Counter())
        assert n_read(tmp_path) == times * len(SHARDS)


def test_what_is_kept_is_read_once(two, tmp_path):
    shards = Spread.made_by(two, sources(tmp_path))
    assert n_read(tmp_path) == len(SHARDS)
    assert shards.sums(count_words) == shards.sums(count_words)
    assert n_read(tmp_path) == len(SHARDS)


def test_states_are_carried_from_shard_to_shard(shards):
    first, second = {}, {}
    for numbers, own in ((first, SHARDS[:2]), (second, SHARDS[2:])):
        for shard in own:
            learn_words(shard, numbers, 6)
    learnt, nothing = shards.turns(learn_words, [{}, {}], [[0, 1], [2, 3, 4]], 6)
    assert list(map(list, learnt)) == [list(first), list(second)]
    assert list(shards.own(nothing)) == [None] * 5


def test_rows_made_of_shards_lie_where_these_were_read(shards, tmp_path):
    (numbers,), _ = shards.turns(learn_words, [{}], [range(5)], 100)
    before = n_read(tmp_path)
    parts = OnCluster(shards.over(shards.each(pack_rows, numbers)), n_turns=4)
    in_memory = InMemory(*(pack_rows(shard, numbers) for shard in SHARDS))
    assert (parts.n_parts, parts.n_turns, parts.n_rows, parts.n_features) == (5, 4, 60, in_memory.n_features)
    for _ in range(2):
        assert parts.sums(Part.weighted_rows).tobytes() == in_memory.sums(Part.weighted_rows).tobytes()
    assert n_read(tmp_path) == before + len(SHARDS)


@pytest.mark.slow
def test_rows_of_a_lost_worker_are_made_anew_of_its_shards_alone(tmp_path):
    numbers = {f"w{i}": i for i in range(7)}
    with cluster_at("local:2") as engine:
        shards = Spread.made_by(engine, sources(tmp_path), kept=False)
        parts = OnCluster(shards.over(shards.each(pack_rows, numbers)))
        expected = parts.sums(Part.weighted_rows)
        before = n_read(tmp_path)
        pid, *_ = engine._client.run(os.getpid).values()
        os.kill(pid, signal.SIGKILL)
        assert parts.sums(Part.weighted_rows).tobytes() == expected.tobytes()
        assert 2 <= n_read(tmp_path) - before <= 3


@pytest.mark.parametrize("n", [1, 300_000])
def test_values_of_each_come_here_and_go_back(two, n):
    spread = Spread.of(two, range(5))
    made = spread.each(ones, n)
    own = list(spread.own(made))
    assert [(len(each), set(each)) for each in own] == [(n, {float(number)}) for number in range(5)]
    back = spread.given(each + 1 for each in own)
    assert spread.sums(total, back) == n * 15
    assert [each[0] for each in spread.own(back)] == [1, 2, 3, 4, 5]


def ones(number, n):
    return np.full(n, float(number))


def total(number, values):
    return float(np.sum(values))


def test_a_large_state_travels(two):
    spread = Spread.of(two, range(4))
    starts = [None, np.zeros(1 << 23, dtype=np.uint8)]
    (first, second), _ = spread.turns(count_up, starts, [[0, 1, 3], [2]])
    assert np.array_equal(np.flatnonzero(first), [0, 1, 3])
    assert np.array_equal(np.flatnonzero(second), [2])


def count_up(number, counters):
    counters = np.zeros(1 << 23, dtype=np.uint8) if counters is None else counters
    counters[number] += 1
    return counters, None


def test_what_is_worked_on_is_seen_by_name(two, shards, tmp_path):
    spread = Spread.made_by(two, sources(tmp_path))
    _ = spread.over(spread.each(pack_rows, {f"w{i}": i for i in range(7)}))
    shards.sums(count_words)
    shards.turns(learn_words, [{}], [range(5)], 100)
    seen = two._client.run_on_scheduler(task_names)
    assert {"read-shard", "pack-rows", "count-words", "learn-words", "copy-learn-words"} <= seen


def task_names(dask_scheduler):
    return set(dask_scheduler.task_prefixes)
