"""An ascent that is interrupted after any pass, and resumes in another process, ends with the same bits."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.sparse import random as random_matrix

from interrupted_work import KilledError
from plain_rows import PlainRows, plain
from vikt.errors import InputFileError
from vikt.files import snapshot
from vikt.files.snapshot import Snapshot, SnapshotFile
from vikt.matrix import design_matrix
from vikt.model.losses import cross_entropy_for
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part
from vikt.parts.disk import OnDisk, write_part
from vikt.solvers import Settings, minimise
from vikt.solvers.dual import dual


@pytest.fixture(autouse=True)
def _every_pass(monkeypatch):
    monkeypatch.setattr(snapshot, "_SECONDS_APART", 0.0)


class Killing(SnapshotFile):
    """Is killed once it has kept so many snapshots."""

    def __init__(self, path, after):
        super().__init__(path)
        self.left = after

    def keep(self, snapshot):
        super().keep(snapshot)
        self.left -= 1
        if not self.left:
            raise KilledError


DECODER = PlainRows(30)


def part_of(classes, number, weight=1.0):
    random = np.random.default_rng((classes, number))
    X = random_matrix(40, DECODER.n_features, 0.2, format="csr", dtype=np.float32, random_state=number)
    return Part(design_matrix(X), random.integers(classes, size=40), random.uniform(0.1, 3, 40) * weight)


def in_memory(folder, classes, **changed):
    return InMemory(*(part_of(classes, number, **changed) for number in range(3)))


def one_part(folder, classes):
    return InMemory(part_of(classes, 0))


def in_turns(folder, classes):
    return InMemory(*(part_of(classes, number) for number in range(3)), n_turns=2)


def on_disk(folder, classes):
    for number in range(3):
        part = part_of(classes, number)
        write_part(folder / f"{number}.part", DECODER, plain(part.X), len(part.X.values), part.y, part.weights)
    return OnDisk([folder / f"{number}.part" for number in range(3)], DECODER, folder / "scratch")


def objective(parts, classes, l2=1e-4):
    return Objective(parts, cross_entropy_for(classes), penalty_of(l2, 0.0, True))


def outcome(solution):
    return solution.theta.tobytes(), solution.certificate, [record[:2] for record in solution.loss_curve]


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("place", [in_memory, one_part, in_turns, on_disk])
def test_an_ascent_goes_on_from_its_last_pass(tmp_path, place, classes):
    # Below what float32 can tell, so that proofs fail on the way, and the goal sinks.
    options = {"tol": 1e-9, "max_iter": 25}
    expected = dual(objective(place(tmp_path, classes), classes), **options)
    passes = len(expected.loss_curve)
    assert passes > 10
    for after in range(1, passes, 6):
        path = tmp_path / f"{after}.ascent"
        with pytest.raises(KilledError):
            dual(objective(place(tmp_path, classes), classes), checkpoint=Killing(path, after), **options)
        made = []
        resumed = dual(
            objective(place(tmp_path, classes), classes),
            checkpoint=SnapshotFile(path),
            on_record=made.append,
            **options,
        )
        assert outcome(resumed) == outcome(expected)
        assert [record.passes for record in made] == [*range(after + 1, passes + 1)]
        seconds = [record.seconds for record in resumed.loss_curve]
        assert seconds == sorted(seconds)


def test_killed_again_and_again(tmp_path):
    options, l2 = {"tol": 1e-4}, 0.02
    expected = dual(objective(in_memory(tmp_path, 3), 3, l2), **options)
    for _ in expected.loss_curve[1:]:
        with pytest.raises(KilledError):
            dual(objective(in_memory(tmp_path, 3), 3, l2), checkpoint=Killing(tmp_path / "ascent", 1), **options)
    made = []
    resumed = dual(
        objective(in_memory(tmp_path, 3), 3, l2),
        checkpoint=SnapshotFile(tmp_path / "ascent"),
        on_record=made.append,
        **options,
    )
    assert outcome(resumed) == outcome(expected)
    assert len(made) == 1


def test_newtons_method_starts_from_the_same_ascent(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["vikt.solvers"], "_MOST_AHEAD", 0.0)
    settings = Settings(tol=1e-12)
    expected = minimise(objective(in_memory(tmp_path, 2), 2), settings)
    passes = len(expected.loss_curve)
    assert passes > 11

    def kill(record):
        # Newton's method counts anew, from 0.
        if record.passes == 1 and made and made[-1].passes == 0:
            raise KilledError
        made.append(record)

    made = []
    with pytest.raises(KilledError):
        minimise(
            objective(in_memory(tmp_path, 2), 2), settings, on_record=kill, checkpoint=SnapshotFile(tmp_path / "a")
        )
    resumed = minimise(objective(in_memory(tmp_path, 2), 2), settings, checkpoint=SnapshotFile(tmp_path / "a"))
    assert outcome(resumed) == outcome(expected)


@pytest.mark.parametrize(
    ("changed", "options"),
    [
        ({"weight": 2.0}, {}),
        ({}, {"l2": 1e-3}),
        ({}, {"tol": 1e-5}),
        ({}, {"random_state": 1}),
    ],
    ids=str,
)
def test_the_snapshot_of_another_fit_is_left_alone(tmp_path, changed, options):
    path = tmp_path / "ascent"
    with pytest.raises(KilledError):
        dual(objective(in_memory(tmp_path, 2), 2), tol=1e-6, checkpoint=Killing(path, 2))
    options = {"tol": 1e-6} | options
    l2 = options.pop("l2", 1e-4)
    expected = dual(objective(in_memory(tmp_path, 2, **changed), 2, l2), **options)
    found = dual(objective(in_memory(tmp_path, 2, **changed), 2, l2), checkpoint=SnapshotFile(path), **options)
    assert outcome(found) == outcome(expected)


# The file.


def test_a_snapshot_comes_back_as_it_was(tmp_path):
    arrays = [np.arange(6.0).reshape(2, 3), np.float32(2.0) * np.ones((0, 4), np.float32), np.array(0.1), np.arange(3)]
    facts = {"n": 12345678901234567890123, "x": 0.1, "names": ["å"], "far": np.inf}
    file = SnapshotFile(tmp_path / "kept")
    assert file.kept() is None
    file.keep(Snapshot(facts, iter(arrays)))
    kept = SnapshotFile(tmp_path / "kept").kept()
    assert kept.facts == facts
    for found, expected in zip(kept.arrays, arrays, strict=True):
        assert (found.dtype, found.shape, found.tobytes()) == (expected.dtype, expected.shape, expected.tobytes())


def test_a_snapshot_stands_for_those_of_the_next_second(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshot, "_SECONDS_APART", 1.0)
    now = [100.0]
    monkeypatch.setattr(snapshot, "perf_counter", lambda: now[0])
    file = SnapshotFile(tmp_path / "kept")
    found = []
    for number in range(5):
        now[0] += 0.4
        file.keep(Snapshot({"number": number}, []))
        found.append((kept := file.kept()) and kept.facts["number"])
    assert found == [None, None, 2, 2, 2]


def test_a_snapshot_that_fails_leaves_the_one_before(tmp_path):
    def failing():
        yield np.arange(3)
        raise KilledError

    file = SnapshotFile(tmp_path / "kept")
    file.keep(Snapshot({"number": 1}, [np.arange(2)]))
    with pytest.raises(KilledError):
        file.keep(Snapshot({"number": 2}, failing()))
    kept = file.kept()
    assert (kept.facts, [array.tolist() for array in kept.arrays]) == ({"number": 1}, [[0, 1]])
    assert len([*tmp_path.iterdir()]) == 1


def test_damage_is_refused_or_does_no_harm(tmp_path):
    path = tmp_path / "ascent"
    run = objective(in_memory(tmp_path, 2), 2, l2=0.02)
    expected = outcome(dual(run, tol=1e-6))
    with pytest.raises(KilledError):
        dual(run, tol=1e-6, checkpoint=Killing(path, 2))
    content, refused = path.read_bytes(), 0
    flipped = [(at, content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]) for at in range(0, len(content), 61)]
    for at, damaged in [*flipped, *((n, content[:n]) for n in (0, 10, len(content) // 2, len(content) - 1))]:
        path.write_bytes(damaged)
        # What no checksum covers is of no use to the fit.
        try:
            found = outcome(dual(run, tol=1e-6, checkpoint=SnapshotFile(path)))
        except InputFileError:
            refused += 1
        else:
            assert found == expected, at
    assert refused > len(flipped) / 2
    path.write_bytes(content[:-1])
    with pytest.raises(
        InputFileError, match=r"ascent: was truncated or altered, or cannot be read; remove it, and the"
    ):
        dual(run, tol=1e-6, checkpoint=SnapshotFile(path))
