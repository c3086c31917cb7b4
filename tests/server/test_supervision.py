"""Processes that do the same work: replaced when they die, ended by signals, and with their parent."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time

import pytest

from vikt.errors import ServiceError
from vikt.server import processes

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs forks")


def waiting(row):
    """Work until SIGTERM."""
    # Not an event: its lock may be held by what the signal interrupts.
    signals: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
    while not signals:
        time.sleep(0.02)


def signals_once(holds):
    """The signals so far, the first as soon as a condition holds, or after half a minute."""
    signals = []

    def wait():
        deadline = time.monotonic() + 30
        while not holds() and time.monotonic() < deadline:
            time.sleep(0.02)
        signals.append(signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()
    return signals


def runs(folder):
    return sorted(int(path.name.split("-")[0]) for path in folder.iterdir())


def noting(folder, work):
    """Work that leaves a file for each run."""

    def noted(row):
        (folder / f"{row}-{os.getpid()}").touch()
        work(row)

    return noted


def test_each_row_has_a_process_until_a_signal(tmp_path):
    received = signals_once(lambda: len(runs(tmp_path)) >= 3)
    processes.supervised(noting(tmp_path, waiting), 3, received, 5)
    assert runs(tmp_path) == [0, 1, 2]
    for path in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.name.split("-")[1]), 0)


def test_processes_that_end_at_once_end_the_service_with_one_error():
    """Also where several have ended by the same look."""
    with pytest.raises(ServiceError, match="a worker exited right after it started"):
        processes.supervised(lambda row: None, 3, [], 5)


def test_one_that_dies_is_replaced_and_the_others_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "_LEAST_SECONDS", 0.05)
    received = signals_once(lambda: len(runs(tmp_path)) >= 3)

    def dying(row):
        if row == 0 and runs(tmp_path).count(0) == 1:
            time.sleep(0.15)
            os.kill(os.getpid(), signal.SIGKILL)
        waiting(row)

    processes.supervised(noting(tmp_path, dying), 2, received, 5)
    assert runs(tmp_path) == [0, 0, 1]


def test_one_that_keeps_dying_is_started_ever_more_seldom():
    run = processes._Run(0, time.monotonic(), is_first=False)
    pauses = []
    for _ in range(8):
        run = processes._next(1, run._replace(starts=time.monotonic()))
        pauses.append(run.pause)
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    assert processes._next(1, run._replace(starts=time.monotonic() - 60)).pause == 0


def test_a_second_signal_kills(tmp_path):
    def stubborn(row):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        (tmp_path / f"{row}-ignores").touch()
        time.sleep(60)

    received = signals_once(lambda: runs(tmp_path) == [0, 1])
    threading.Timer(1, received.append, [signal.SIGTERM]).start()
    start = time.monotonic()
    processes.supervised(stubborn, 2, received, 30)
    assert time.monotonic() - start < 10


def test_a_process_ends_with_its_parent(tmp_path):
    def work(row):
        (tmp_path / "started").write_text(str(os.getpid()))
        waiting(row)
        (tmp_path / "ended").touch()

    parent = os.fork()
    if not parent:
        processes._started(work, 0)
        while not (tmp_path / "started").exists():
            time.sleep(0.02)
        os._exit(0)
    os.waitpid(parent, 0)
    deadline = time.monotonic() + 10
    with contextlib.suppress(ProcessLookupError):
        while not (tmp_path / "ended").exists():
            os.kill(int((tmp_path / "started").read_text() or 0), 0)
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert (tmp_path / "ended").exists()
