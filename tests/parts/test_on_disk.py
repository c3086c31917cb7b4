"""Rows on disk: every sum is to the last bit that of the same parts in memory, and nothing is left behind."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from plain_rows import PlainRows, plain
from vikt.corpus.documents import Documents
from vikt.errors import InputFileError, OutputFileError
from vikt.features.packed import RowDecoder, packed
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.files.array_file import ArrayFile, write_arrays
from vikt.matrix import SparseMatrix
from vikt.model.losses import cross_entropy_for
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part, scratch
from vikt.parts.disk import OnDisk, write_part
from vikt.solvers.certificate import dual_certificate, gradient_certificate
from vikt.solvers.dual import dual
from vikt.solvers.gradient_descent import batch
from vikt.solvers.newton import newton

N_ROWS, CUTS = 90, [(0, 40), (40, 41), (41, 60), (60, 90)]
WORDS = np.array([f"w{n}" for n in range(60)])
# For the first two parts of words and characters in two classes, and for all.
FOR_SOME, FOR_ALL = 55_000, 10**9


class Both(NamedTuple):
    """The same parts in memory and on disk."""

    memory: InMemory
    disk: OnDisk

    def objectives(self, classes, l2=0.01, **scales):
        loss, penalty = cross_entropy_for(classes), penalty_of(l2, 0.0, self.memory.has_dummy, **scales)
        return Objective(self.memory, loss, penalty), Objective(self.disk, loss, penalty)


def both(folder, classes=2, analyzer="word+char", has_dummy=True, cuts=CUTS, threads=1, room=0):
    random = np.random.default_rng(classes)
    texts = [" ".join(random.choice(WORDS, random.integers(0, 12))) for _ in range(N_ROWS)]
    y, weights = np.sort(random.integers(classes, size=N_ROWS)), random.uniform(0.1, 3, N_ROWS)
    features = TextFeatures(FeatureSettings(analyzer))
    measured = features.measure(Documents.of(texts))
    features.fit_transform(measured)
    in_memory, paths, decoder = [], [], RowDecoder.of(features)
    for number, (first, last) in enumerate(cuts):
        own, rows = measured.take(np.arange(first, last)), slice(first, last)
        X = SparseMatrix(*features.transform(own), has_dummy, threads)
        in_memory.append(Part(X, y[rows], weights[rows]))
        counts = packed(features, own.texts)
        paths.append(folder / f"{number}.part")
        write_part(paths[-1], decoder, counts.to_arrays(), counts.n_entries, y[rows], weights[rows])
    on_disk = OnDisk(paths, decoder, folder / "scratch", has_dummy=has_dummy, threads=threads, room=room)
    return Both(InMemory(*in_memory), on_disk)


def run_apart(code, *arguments):
    """Run code in a process of its own, which can import whatever this one can."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=env, capture_output=True, text=True, check=False
    )


def left_in(folder):
    return [path for path in (folder / "scratch").rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def _all_in_files(monkeypatch):
    monkeypatch.setattr(scratch, "_IN_MEMORY", 0)


CASES = [
    {"classes": 2},
    {"classes": 4, "analyzer": "nb"},
    {"classes": 3, "analyzer": "word", "has_dummy": False},
    {"classes": 2, "cuts": [(0, 90)]},
    {"classes": 2, "threads": 2},
    {"classes": 2, "room": FOR_SOME},
    {"classes": 4, "analyzer": "nb", "room": FOR_ALL},
]


def bits(value):
    """The bytes of whatever a function returns."""
    if isinstance(value, tuple):
        return tuple(map(bits, value))
    return value.tobytes() if isinstance(value, np.ndarray) else value


@pytest.fixture(params=CASES, ids=str)
def pair(tmp_path, request):
    return both(tmp_path, **request.param).objectives(request.param["classes"])


def test_facts_are_those_of_the_parts_in_memory(tmp_path):
    memory, on_disk = both(tmp_path)
    for name in ("n_rows", "n_features", "has_dummy", "total_weight", "has_offset", "by_library", "quick_dtype"):
        assert getattr(on_disk, name) == getattr(memory, name)
    assert on_disk.only is None
    assert on_disk.n_parts == 4


def test_every_sum_is_that_of_the_parts_in_memory(pair):
    theta = np.random.default_rng(3).normal(0, 0.5, pair[0].shape)
    found, expected = ([
        each.value(theta),
        each.value_and_gradient(theta),
        each.mean_square_norm(),
        each.column_means,
        gradient_certificate(each, theta)[0],
        tuple(gradient_certificate(each, theta)[1]),
    ] for each in pair)  # fmt: skip
    assert list(map(bits, found)) == list(map(bits, expected))


def test_the_duals_certificate_is_that_of_the_parts_in_memory(pair):
    one, other = pair
    alpha = one.scores(np.random.default_rng(3).normal(0, 2, one.shape))
    on_disk = other.parts.each(_kept_as_it_is, alpha)
    expected, found = dual_certificate(one, alpha), dual_certificate(other, on_disk)
    assert (bits(found[0]), tuple(found[1])) == (bits(expected[0]), tuple(expected[1]))


def _kept_as_it_is(part, values):
    return values


@pytest.mark.parametrize("exact", [True, False])
def test_newton_takes_the_same_steps(pair, exact, monkeypatch):
    monkeypatch.setattr(sys.modules["vikt.solvers.newton"], "is_exact", lambda objective: exact)
    expected, found = newton(pair[0], tol=1e-9), newton(pair[1], tol=1e-9)
    assert found.converged
    assert (bits(found.theta), found.certificate) == (bits(expected.theta), expected.certificate)


@pytest.mark.parametrize("tol", [1e-4, 1e-8])
def test_dual_ascent_takes_the_same_steps(tmp_path, tol):
    for case in CASES:
        folder = tmp_path / str(CASES.index(case))
        folder.mkdir()
        pair = both(folder, **case | {"cuts": CUTS}).objectives(case["classes"])
        expected, found = dual(pair[0], tol=tol, max_iter=30), dual(pair[1], tol=tol, max_iter=30)
        assert found.certificate.relative < 1e-3
        assert (bits(found.theta), found.certificate) == (bits(expected.theta), expected.certificate)
        assert len(found.loss_curve) == len(expected.loss_curve)


def test_batch_descent_takes_the_same_steps(pair):
    expected, found = (batch(each, max_iter=5).theta for each in pair)
    assert bits(found) == bits(expected)


def test_scales_of_the_penalty(tmp_path):
    parts = both(tmp_path)
    scales = np.random.default_rng(0).uniform(0.1, 1, (3, parts.disk.n_features)).astype(np.float32)
    one, other = parts.objectives(3, scales=scales)
    assert one.mean_square_norm() == other.mean_square_norm()


def _running_total(part, carried, values, more):
    scores = values * part.weights + more
    carried.append(float(scores.sum()))
    return carried, (scores, {"rows": len(scores)})


def _second(part, both_kept, values):
    return both_kept[0] + both_kept[1]["rows"] * values


def test_a_turn_visits_parts_in_its_order_and_keeps_what_is_theirs(tmp_path):
    parts = both(tmp_path).disk
    values = parts.each(_y)
    (carried,), kept = parts.turns(_running_total, [[]], [[3, 0, 2, 1]], values, 0.5)
    expected = [parts._part(number, None) for number in (3, 0, 2, 1)]
    assert carried == [float((part.y * part.weights + 0.5).sum()) for part in expected]
    twice = parts.each(_second, kept, values)
    found = np.concatenate([*parts.own(twice)])
    whole = [parts._part(number, None) for number in range(4)]
    assert np.array_equal(found, np.concatenate([part.y * part.weights + 0.5 + len(part.y) * part.y for part in whole]))


def _y(part):
    return part.y.astype(float)


def _doubled_values(part, factor):
    return part.X.values * factor[0]


def _sum_of(part, made):
    return float(made.sum())


def test_what_is_derived_is_made_anew_of_each_part(tmp_path):
    memory, on_disk = both(tmp_path)
    made = on_disk.derived(_doubled_values, on_disk.each(_two))
    assert not [path for path in left_in(tmp_path) if path.stat().st_size > 1000]
    assert on_disk.sums(_sum_of, made) == sum(2.0 * float(part.X.values.sum()) for part in memory._parts)


def _two(part):
    return np.array([2.0], dtype=np.float32)


def kept_values(parts):
    """What belongs to each part, once it is made."""
    values = parts.each(_y)
    parts.sums(_sum_of, values)
    return values


def test_what_belongs_to_parts_comes_here_and_back(tmp_path):
    parts = both(tmp_path).disk
    here = [*parts.own(parts.each(_y))]
    assert [len(values) for values in here] == [last - first for first, last in CUTS]
    back = parts.given(2 * values for values in here)
    assert parts.sums(_sum_of, back) == 2 * sum(values.sum() for values in here)
    assert [values.tolist() for values in parts.own(back)] == [(2 * values).tolist() for values in here]


def test_scratch_is_removed_with_what_refers_to_it(tmp_path):
    parts = both(tmp_path).disk
    values = kept_values(parts)
    assert len(left_in(tmp_path)) == 4
    other = kept_values(parts)
    assert len(left_in(tmp_path)) == 8
    del values
    assert len(left_in(tmp_path)) == 4
    del parts
    assert np.concatenate([each.of(None) for each in other.elements]).shape == (90,)
    del other
    assert list((tmp_path / "scratch").iterdir()) == []


def test_scratch_is_removed_when_a_fit_fails_or_the_process_ends(tmp_path):
    code = (
        "import sys; from pathlib import Path; import test_on_disk as t\n"
        "t.scratch._IN_MEMORY = 0\n"
        "folder = Path(sys.argv[1]); parts = t.both(folder).disk; kept = t.kept_values(parts)\n"
        "print(len(t.left_in(folder)))\n"
        "raise SystemExit(3)\n"
    )
    done = run_apart(code, tmp_path)
    assert (done.returncode, done.stdout) == (3, "4\n"), done.stderr
    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_is_small_stays_in_memory_and_gives_its_room_back(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "_IN_MEMORY", 1500)
    parts = both(tmp_path).disk
    for _ in range(3):
        first = kept_values(parts)
        second = kept_values(parts)
        assert 0 < len(left_in(tmp_path)) < 8
        for values in (first, second):
            assert np.concatenate([each.of(None) for each in values.elements]).shape == (90,)
        del first, second, values
        assert not left_in(tmp_path)
        assert parts._scratch._left == 1500
    assert parts.sums(_sum_of, parts.each(_y)) == parts.sums(_sum_of, parts.each(_y))


def test_what_is_kept_in_memory_is_not_changed_by_work(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "_IN_MEMORY", 1 << 20)
    parts = both(tmp_path).disk
    values = kept_values(parts)
    before = parts.sums(_sum_of, values)
    parts.sums(_sum_of, parts.each(_changed_in_place, values))
    assert parts.sums(_sum_of, values) == before


def _changed_in_place(part, values):
    values += 1
    return values


def test_entries_are_read_only_for_products(tmp_path, monkeypatch):
    parts, read = both(tmp_path).disk, []
    original = RowDecoder.write_rows
    monkeypatch.setattr(RowDecoder, "write_rows", lambda *arguments: read.append(1) or original(*arguments))
    objective = Objective(parts, cross_entropy_for(2), penalty_of(0.01, 0.0, True))
    scores = objective.scores(np.zeros(objective.shape))
    objective.mean_loss(objective.losses(scores))
    assert len(read) == 4
    objective.residuals(scores)
    parts.sums(Part.square_norms, None)
    assert len(read) == 4
    objective.weighted_sum(objective.residuals(scores))
    assert len(read) == 8
    # Scores that nobody has needed so far are made of the same entries.
    objective.weighted_sum(objective.residuals(objective.scores(np.ones(objective.shape))))
    assert len(read) == 12


def test_how_often_an_ascent_reads_entries(tmp_path, monkeypatch):
    parts, read = both(tmp_path).disk, []
    original = RowDecoder.write_rows
    monkeypatch.setattr(RowDecoder, "write_rows", lambda *arguments: read.append(1) or original(*arguments))
    done = dual(Objective(parts, cross_entropy_for(2), penalty_of(0.1, 0.0, True)), tol=0.05)
    assert done.converged
    # For the mean row, in each pass, for θ(α), and for its scores.
    assert len(read) == parts.n_parts * (len(done.loss_curve) + 3)


@pytest.mark.parametrize(("room", "expected"), [(0, 4), (FOR_SOME, 2), (FOR_ALL, 0)])
def test_rows_that_fit_are_made_once(tmp_path, monkeypatch, room, expected):
    parts, read = both(tmp_path, room=room).disk, []
    original = RowDecoder.write_rows
    monkeypatch.setattr(RowDecoder, "write_rows", lambda *arguments: read.append(1) or original(*arguments))
    for passes in (1, 2, 3):
        parts.sums(Part.weighted_rows)
        assert len(read) == passes * expected


def test_what_is_kept_of_rows_comes_here_without_the_rows(tmp_path):
    parts = both(tmp_path).disk
    kept = parts.given([np.arange(number) for number in range(4)])
    for path in tmp_path.glob("*.part"):
        path.unlink()
    assert [len(values) for values in parts.own(kept)] == [0, 1, 2, 3]


def test_parts_of_which_only_some_need_their_entries(tmp_path):
    memory, on_disk = both(tmp_path)
    assert on_disk.sums(_entries_of_large_parts) == memory.sums(_entries_of_large_parts)


def _entries_of_large_parts(part):
    return float(part.X.values.sum()) if len(part.y) in (40, 30) else 0.0


# Damage.


@pytest.fixture
def a_part(tmp_path):
    path = tmp_path / "a.part"
    write_arrays(path, {"ints": np.arange(100), "none": np.empty((0, 3)), "table": np.eye(3, dtype="f4")}, {"n": 1})
    return path


def test_arrays_come_back_as_they_were(a_part):
    file = ArrayFile(a_part)
    room = np.empty(file.room_for(file.names), np.uint8)
    ints, none, table = file.read(file.names, room).values()
    assert (file.facts, file.names) == ({"n": 1}, ["ints", "none", "table"])
    assert np.array_equal(ints, np.arange(100))
    assert np.array_equal(table, np.eye(3))
    assert table.dtype == np.float32
    assert np.shares_memory(table, room)
    assert np.shares_memory(ints, room)
    assert none.shape == file.read(["none"])["none"].shape == (0, 3)


def test_an_empty_array_may_be_the_last(tmp_path):
    write_arrays(tmp_path / "a.part", {"ints": np.arange(3), "none": np.empty(0)}, {})
    file = ArrayFile(tmp_path / "a.part")
    assert [len(array) for array in file.read(file.names).values()] == [3, 0]


def test_any_damage_is_refused(a_part):
    content = a_part.read_bytes()
    file = ArrayFile(a_part)
    start, table = file._start, file._places["table"].offset
    damages = [content[:n] for n in (0, 4, 20, 60, start - 1, len(content) - 1)]
    for at in [0, 9, 20, 50, 100, start, start + 799, start + table]:
        damages.append(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    for damaged in damages:
        a_part.write_bytes(damaged)
        with pytest.raises(InputFileError, match=r"a\.part: was truncated or altered; remove it, and start again"):
            ArrayFile(a_part).read(file.names)


def test_a_part_damaged_while_it_is_read_ahead_is_refused(tmp_path):
    parts = both(tmp_path).disk
    path = tmp_path / "3.part"
    content = bytearray(path.read_bytes())
    place = parts._files[3]._places["0.words"]
    content[parts._files[3]._start + place.offset] ^= 1
    path.write_bytes(content)
    objective = Objective(parts, cross_entropy_for(2), penalty_of(0.01, 0.0, True))
    with pytest.raises(InputFileError, match=r"3\.part: was truncated or altered"):
        objective.value(np.zeros(objective.shape))
    path.unlink()
    with pytest.raises(InputFileError, match=r"3\.part: cannot be read: No such file"):
        objective.value(np.zeros(objective.shape))


def test_a_full_disk_is_told_and_nothing_is_left(tmp_path, monkeypatch):
    parts = both(tmp_path).disk

    def full(path, content):
        with path.open("wb") as file:
            file.write(content[:5])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputFileError, match="cannot be written: the disk is full; make room or choose another"):
        kept_values(parts)
    assert not left_in(tmp_path)


def test_a_part_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(OutputFileError, match=r"a\.part: cannot be written: the folder .* does not exist"):
        write_arrays(tmp_path / "missing" / "a.part", {"ints": np.arange(3)}, {})


# Memory.


def _plain_parts(folder, n_parts, m):
    """The files of parts of m rows, of 100 entries each."""
    paths, decoder = [], PlainRows(1000)
    for number in range(n_parts):
        random = np.random.default_rng(number)
        columns = np.sort(random.integers(0, 10, (m, 100)), axis=1) + np.arange(0, 1000, 10)
        begins, values = np.arange(m + 1) * 100, random.random(100 * m, np.float32)
        rows = plain(SparseMatrix(begins, columns.ravel().astype(np.int32), values, decoder.n_features))
        paths.append(folder / f"{number}.part")
        write_part(paths[-1], decoder, rows, 100 * m, random.integers(0, 2, m), np.ones(m))
    return paths


def memory_taken(folder):
    """The peak of a sum over parts in memory as far as there is room, and what is left once they are gone; in bytes."""
    paths, taken = _plain_parts(folder, 6, 1000), []
    tracemalloc.start()
    for room in (0, 2_500_000, 3_500_000, 10**7):
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        parts = OnDisk(paths, PlainRows(1000), folder / "scratch", room=room)
        parts.sums(Part.weighted_rows)
        _, peak = tracemalloc.get_traced_memory()
        del parts
        after, _ = tracemalloc.get_traced_memory()
        taken.append((peak - before, after - before))
    return taken


def test_rows_in_memory_take_no_more_than_their_room_and_go_with_the_parts(tmp_path):
    # In a process of its own, since the threads of others, such as those of a cluster, take memory at any time.
    code = (
        "import json, sys; from pathlib import Path; import test_on_disk as t\n"
        "print(json.dumps(t.memory_taken(Path(sys.argv[1]))))\n"
    )
    done = run_apart(code, tmp_path)
    assert done.returncode == 0, done.stderr
    peaks, left = zip(*json.loads(done.stdout), strict=True)
    assert max(left) < 100_000
    # A part has 0.8 MB of entries, and is read through 0.8 MB.
    assert 1_600_000 < peaks[0] < 1_800_000
    assert 2_300_000 < peaks[1] < 2_600_000
    assert 3_100_000 < peaks[2] < 3_600_000
    assert 4_800_000 < peaks[3] < 6_000_000


def _peak_of_newton(folder, n_parts):
    """The peak memory, in MB, of a process that fits parts of 16 MB each, which it finds on disk."""
    _plain_parts(folder, n_parts, 20_000)
    code = (
        "import sys; from pathlib import Path; import test_on_disk as t\n"
        "folder = Path(sys.argv[1]); paths = sorted(folder.glob('*.part'))\n"
        "parts = t.OnDisk(paths, t.PlainRows(1000), folder / 'scratch')\n"
        "t.newton(t.Objective(parts, t.cross_entropy_for(2), t.penalty_of(0.001, 0.0, True)), tol=1e-2)\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    )
    done = run_apart(code, folder)
    assert done.returncode == 0, done.stderr
    return int(done.stdout) / 1000


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_memory_does_not_grow_with_the_number_of_parts(tmp_path):
    for n_parts in (3, 12):
        (tmp_path / str(n_parts)).mkdir()
    few, many = (_peak_of_newton(tmp_path / str(n_parts), n_parts) for n_parts in (3, 12))
    # In memory nine more parts would take 144 MB, and what belongs to their rows 1.4 MB an array.
    assert many - few < 10
