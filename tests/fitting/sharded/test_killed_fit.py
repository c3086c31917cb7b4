"""A fit from disk that is killed between two passes goes on from the last one, and its model has the same bytes."""

from __future__ import annotations

import random
import signal
import subprocess
import sys

import pytest

import vikt
from interrupted_work import KilledError, content
from vikt.files import snapshot
from vikt.files.snapshot import SnapshotFile
from vikt.fitting.sharded import shard_fit
from vikt.spool import spool as spools

OPTIONS = {"analyzer": "word", "ngrams": (1, 2), "l2": 1e-4, "tol": 1e-6}
# Ends itself, as `kill -9` does, where it is to keep what a pass has led to.
KILLED = """
import os, signal, sys
from vikt.files import snapshot
import vikt
from vikt.spool import spool
spool._BYTES_PER_SHARD, snapshot._SECONDS_APART = 20_000, 0.0
keep, left = snapshot.SnapshotFile.keep, [int(sys.argv[3])]
def kept(self, made):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    keep(self, made)
snapshot.SnapshotFile.keep = kept
vikt.TextClassifier(**eval(sys.argv[4])).fit_files(sys.argv[1], "text", "label", work_dir=sys.argv[2])
"""


@pytest.fixture(params=["ab", "abcde"])
def corpus(tmp_path, request, monkeypatch):
    """A file of generated texts, which make several shards."""
    monkeypatch.setattr(spools, "_BYTES_PER_SHARD", 20_000)
    generator = random.Random(0)
    lines = ["text,label"]
    for _ in range(1500):
        label = generator.choice(request.param)
        words = [f"{generator.choice([label, *request.param])}{generator.randrange(200)}" for _ in range(12)]
        lines.append(f"{' '.join(words)},{label}")
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def fitted(path, **more):
    return vikt.TextClassifier(**OPTIONS).fit_files(path, "text", "label", **more)


def test_a_fit_goes_on_from_its_last_pass(tmp_path, corpus, monkeypatch):
    expected = content(fitted(corpus), tmp_path)
    monkeypatch.setattr(snapshot, "_SECONDS_APART", 0.0)
    passes = []
    fit_part = shard_fit.fit_part

    def counting(*arguments, **options):
        solved = fit_part(*arguments, **options)
        passes.append(len(solved.solution.loss_curve))
        return solved

    def killing(self, made, keep=SnapshotFile.keep):
        keep(self, made)
        if len(made.facts["curve"]) == 3:
            raise KilledError

    with monkeypatch.context() as killed:
        killed.setattr(SnapshotFile, "keep", killing)
        with pytest.raises(KilledError):
            fitted(corpus, work_dir=tmp_path / "work")
    monkeypatch.setattr(shard_fit, "fit_part", counting)
    told = []
    monkeypatch.setattr(SnapshotFile, "keep", lambda self, made: told.append(len(made.facts["curve"])))
    assert content(fitted(corpus, work_dir=tmp_path / "work"), tmp_path) == expected
    assert told == [*range(4, passes[0])]
    assert not (tmp_path / "work").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_kill_9(tmp_path, corpus):
    expected, work = content(fitted(corpus), tmp_path), tmp_path / "work"
    for after in (1, 2, 4):
        command = [sys.executable, "-c", KILLED, corpus, work, str(after), repr(OPTIONS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert (work / "part0").exists()
    assert (work / "part0" / "ascent").exists()
    assert content(fitted(corpus, work_dir=work), tmp_path) == expected
