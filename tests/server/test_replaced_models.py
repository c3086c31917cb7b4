"""A model file that is replaced, damaged, cut or removed while it is served."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from serving import LABELS, TEXTS, saved, service

from vikt.errors import InputFileError
from vikt.server.copies import Copies, copies

pytestmark = pytest.mark.anyio
OTHERS = ["work", "leisure"] * 6


@pytest.fixture
def path(tmp_path):
    return saved(tmp_path / "model.vikt")


async def answer(client):
    found = await client.post("/models/model/predict", json={"texts": ["win money now"]})
    assert found.status_code == 200
    return found.json()["answers"][0]["predicted"]


def replaced(path, content):
    """Put a new file in the place of another, as `vikt train` does."""
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.rename(path)


async def test_a_replaced_model_is_taken_up(path, tmp_path):
    async with service({"model": path}) as (client, handlers):
        assert await answer(client) == "spam"
        handlers.models.renew(handlers.metrics)
        assert await answer(client) == "spam"
        replaced(path, saved(tmp_path / "other.vikt", labels=OTHERS).read_bytes())
        handlers.models.renew(handlers.metrics)
        assert await answer(client) == "work"
        assert b'vikt_model_loads_total{model="model"} 1.0' in handlers.metrics.exposition()
        kept = list((handlers.models.copies.folder / "model").iterdir())
        assert len(kept) == 1


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "removed", "text", "folder", "pipe"])
async def test_a_broken_model_is_reported_once_and_the_old_one_stays(path, damage, capsys):
    content = path.read_bytes()
    async with service({"model": path}) as (client, handlers):
        if damage in ("removed", "folder", "pipe"):
            path.unlink()
        if damage == "folder":
            path.mkdir()
        if damage == "pipe":
            os.mkfifo(path)
        damaged = {"cut": content[:-100], "flipped": content[:-1] + b"\x7f", "empty": b"", "text": b"hello"}
        if damage in damaged:
            replaced(path, damaged[damage])
        for _ in range(3):
            handlers.models.renew(handlers.metrics)
        assert await answer(client) == "spam"
        assert b'vikt_model_load_failures_total{model="model"} 1.0' in handlers.metrics.exposition()
        (refusal,) = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "model refused" in line]
        assert refusal["message"].startswith(f"{path}: ")
        if damage == "folder":
            path.rmdir()
        replaced(path, saved(path.with_name("other.vikt"), labels=OTHERS).read_bytes())
        handlers.models.renew(handlers.metrics)
        assert await answer(client) == "work"


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), MemoryError(), ValueError("a secret text")])
async def test_a_fault_that_passes_is_not_the_last_word(path, tmp_path, fault, monkeypatch, capsys):
    async with service({"model": path}) as (client, handlers):
        replaced(path, saved(tmp_path / "other.vikt", labels=OTHERS).read_bytes())

        def fail(*_):
            raise fault

        with monkeypatch.context() as patched:
            patched.setattr(shutil, "copyfileobj", fail)
            for _ in range(2):
                handlers.models.renew(handlers.metrics)
        assert await answer(client) == "spam"
        assert b'vikt_model_load_failures_total{model="model"} 2.0' in handlers.metrics.exposition()
        assert "secret" not in capsys.readouterr().err
        handlers.models.renew(handlers.metrics)
        assert await answer(client) == "work"


async def test_a_folder_of_copies_that_a_cleaner_removed_is_made_again(path, tmp_path):
    async with service({"model": path}) as (client, handlers):
        shutil.rmtree(handlers.models.copies.folder)
        replaced(path, saved(tmp_path / "other.vikt", labels=OTHERS).read_bytes())
        handlers.models.renew(handlers.metrics)
        assert await answer(client) == "work"
        assert handlers.models.copies.folder.stat().st_mode & 0o777 == 0o700


async def test_a_failed_warm_up_is_logged_and_the_service_goes_on(path, capsys):
    async with service({"model": path}) as (client, handlers):
        handlers.models.served["model"].__dict__["answers"] = lambda: 1 / 0
        handlers.models.is_warm.clear()
        handlers.models.warm_up()
        assert json.loads(capsys.readouterr().err.splitlines()[-1])["error"] == "ZeroDivisionError"
        assert (await client.get("/readyz")).status_code == 200


async def test_a_file_that_is_cut_in_place_kills_nobody(path):
    """A mapped file that is cut would end the process with SIGBUS at the next answer."""
    async with service({"model": path}) as (client, handlers):
        os.truncate(path, 10)
        assert await answer(client) == "spam"
        handlers.models.renew(handlers.metrics)
        path.write_bytes(b"\x00" * 100_000)
        assert await answer(client) == "spam"


async def test_requests_in_flight_are_answered_by_the_model_that_they_found(path, tmp_path):
    other = saved(tmp_path / "other.vikt", labels=OTHERS).read_bytes()
    async with service({"model": path}) as (client, handlers):
        old, size = handlers.models["model"], path.stat().st_size
        replaced(path, other)
        handlers.models.renew(handlers.metrics)
        assert await answer(client) == "work"
        # Its file is gone, but not what was mapped.
        assert not (handlers.models.copies.folder / "model" / f"{old.version}.vikt").exists()
        assert json.loads(old.information)["bytes"] == size
        assert b"spam" in old.answers().lines(TEXTS, as_json=True)


def test_processes_share_one_copy_of_a_version(path, tmp_path):
    shared = Copies(tmp_path / "shared")
    shared.folder.mkdir()
    version, copy = shared.of("model", path)
    before = copy.stat()
    assert shared.of("model", path) == (version, copy)
    assert copy.stat() == before
    saved(path, labels=LABELS[::-1])
    newer, newer_copy = shared.of("model", path)
    assert newer != version
    shared.drop_older("model", newer)
    assert not copy.exists()
    assert newer_copy.read_bytes() == path.read_bytes()


def test_a_process_that_lags_removes_no_later_copy(path, tmp_path):
    shared = Copies(tmp_path / "shared")
    shared.folder.mkdir()
    version, _ = shared.of("model", path)
    saved(path, labels=LABELS[::-1])
    # An older time of the file does not make the copy older.
    os.utime(path, (1, 1))
    _, later_copy = shared.of("model", path)
    shared.drop_older("model", version)
    assert later_copy.exists()


async def test_a_copy_that_is_gone_is_no_refusal_of_the_version(path, tmp_path, monkeypatch):
    async with service({"model": path}) as (client, handlers):
        replaced(path, saved(tmp_path / "other.vikt", labels=OTHERS).read_bytes())
        with monkeypatch.context() as patched:
            copy_of = Copies.of

            def removed(*given):
                version, copy = copy_of(*given)
                copy.unlink()
                return version, copy

            patched.setattr(Copies, "of", removed)
            handlers.models.renew(handlers.metrics)
        assert await answer(client) == "spam"
        handlers.models.renew(handlers.metrics)
        assert await answer(client) == "work"


def test_a_file_that_changes_while_it_is_copied_is_refused(path, tmp_path, monkeypatch):
    def written_meanwhile(source, target, length):
        target.write(source.read())
        path.write_bytes(b"newer and longer than before" * 10_000)

    monkeypatch.setattr(shutil, "copyfileobj", written_meanwhile)
    (tmp_path / "shared").mkdir()
    with pytest.raises(InputFileError, match="was written while it was read"):
        Copies(tmp_path / "shared").of("model", path)
    assert not list((tmp_path / "shared" / "model").iterdir())


def test_copies_are_removed_at_the_end_and_those_of_killed_services_at_the_start(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with copies() as running:
        left = tmp_path / "vikt-serve-left"
        left.mkdir()
        (left / ".owner").touch()
        with copies() as own:
            assert running.folder.exists()
            assert not left.exists()
        assert not own.folder.exists()
    assert not list(tmp_path.iterdir())
