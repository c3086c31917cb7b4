"""A work folder: removed once its job is done, kept while it is not, and refused to any other job."""

from __future__ import annotations

import contextlib
import shutil
import sys

import pytest

from vikt.errors import DataError, OutputFileError, UsageError
from vikt.files.work_folder import read_json, work_folder


def interrupted(path, job):
    """Work that ends in the middle, with a piece made."""
    with contextlib.suppress(KeyboardInterrupt), work_folder(path, job) as folder:
        assert folder.once("piece.json", lambda: {"made": 1}) == {"made": 1}
        raise KeyboardInterrupt


def test_a_folder_is_removed_once_its_job_is_done(tmp_path):
    with work_folder(tmp_path / "work", {"option": 1}) as folder:
        (folder.folder("inner") / "file").write_bytes(b"x")
    assert not (tmp_path / "work").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
@pytest.mark.parametrize("error", [None, DataError])
def test_a_folder_that_a_link_points_to_is_emptied(tmp_path, error):
    (tmp_path / "disk").mkdir()
    path = tmp_path / "work"
    path.symlink_to(tmp_path / "disk")
    with contextlib.suppress(DataError), work_folder(path, {"option": 1}) as folder:
        (folder.folder("inner") / "file").write_bytes(b"x")
        if error:
            raise error("refused")
    assert path.is_symlink()
    assert not list((tmp_path / "disk").iterdir())
    with work_folder(path, {"option": 2}) as folder:
        assert folder.once("piece.json", lambda: {"made": 2}) == {"made": 2}


def test_a_folder_that_takes_no_files_is_told(tmp_path):
    # A folder in the place of the lock refuses it to whoever works there, as a read-only disk does.
    (tmp_path / "work" / "lock").mkdir(parents=True)
    with pytest.raises(OutputFileError, match="lock: cannot be written"), work_folder(tmp_path / "work", {}):
        pytest.fail("a folder without a lock")


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    path = tmp_path / "work"
    path.write_bytes(b"mine")
    with pytest.raises(OutputFileError, match="work: is a file, not a folder; "), work_folder(path, {}):
        pytest.fail("no folder")
    assert path.read_bytes() == b"mine"


def test_the_same_job_finds_what_was_made(tmp_path):
    interrupted(tmp_path / "work", {"option": 1})
    with work_folder(tmp_path / "work", {"option": 1}) as folder:
        assert folder.once("piece.json", pytest.fail) == {"made": 1}


def test_another_job_is_refused_unless_it_starts_anew(tmp_path):
    path = tmp_path / "work"
    interrupted(path, {"option": 1, "data": ["a"]})
    other = {"option": 2}
    told = "another command: its option was 1, and is now 2"
    with pytest.raises(OutputFileError, match=told) as refused, work_folder(path, other):
        pytest.fail("the folder of another job")
    assert refused.value.remedy == {"restart": True}
    with work_folder(path, {"option": 2}, restart=True) as folder:
        assert folder.once("piece.json", lambda: {"made": 2}) == {"made": 2}


def test_what_differs_is_told_in_words(tmp_path):
    path = tmp_path / "work"
    interrupted(path, {"option": None, "data": ["a", "b"]})
    for other, told in (
        ({"option": 0.5, "data": ["a", "b"]}, "its option was not given, and is now 0.5;"),
        ({"option": None, "data": ["c"]}, "its data was 'a', 'b', and is now 'c';"),
    ):
        with pytest.raises(OutputFileError, match=told), work_folder(path, other):
            pytest.fail("the folder of another job")


def test_another_job_is_taken_where_nothing_was_done(tmp_path):
    path = tmp_path / "work"
    (path / "rows").mkdir(parents=True)
    for name in ("lock", "rows/.torn.vikt-partial"):
        (path / name).write_bytes(b"x")  # as a job leaves them that is killed at once
    (path / "job.json").write_text('{"n": 1}', encoding="utf-8")
    with work_folder(path, {"n": 2}) as folder:
        assert read_json(folder / "job.json") == {"n": 2}
        assert sorted(found.name for found in path.iterdir()) == ["job.json", "lock"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OutputFileError, UsageError])
def test_a_folder_without_work_does_not_stay(tmp_path, error):
    with contextlib.suppress(error), work_folder(tmp_path / "work", {}):
        raise error("nothing done")
    assert not (tmp_path / "work").exists()


def refused(path, job):
    """Work whose options turn out to be at fault, with a piece of its own and one for any job."""
    with contextlib.suppress(UsageError), work_folder(path, job, shared=["rows"]) as folder:
        (folder.folder("rows") / "0").write_bytes(b"rows")
        assert folder.once("piece.json", lambda: {"made": 1}) == {"made": 1}
        raise UsageError("the option is too large")


@pytest.mark.parametrize("option", [1, 2], ids=["the same job", "another job"])
def test_a_job_takes_over_where_the_options_were_at_fault(tmp_path, option):
    path = tmp_path / "work"
    refused(path, {"option": 1})
    with work_folder(path, {"option": option}, shared=["rows"]) as folder:
        assert folder.once("piece.json", lambda: {"made": 2}) == {"made": option}
        assert (folder / "rows" / "0").read_bytes() == b"rows"


def test_a_job_that_resumes_is_no_longer_at_fault(tmp_path):
    path = tmp_path / "work"
    refused(path, {"option": 1})
    with contextlib.suppress(KeyboardInterrupt), work_folder(path, {"option": 1}, shared=["rows"]):
        raise KeyboardInterrupt
    with pytest.raises(OutputFileError, match="another command"), work_folder(path, {"option": 2}, shared=["rows"]):
        pytest.fail("the folder of another job")


def test_work_of_an_unknown_job_is_not_resumed(tmp_path):
    interrupted(tmp_path / "work", {"option": 1})
    (tmp_path / "work" / "job.json").unlink()
    with work_folder(tmp_path / "work", {"option": 2}) as folder:
        assert folder.once("piece.json", lambda: {"made": 2}) == {"made": 2}


def removed_at_work(path):
    with work_folder(path, {}) as folder:
        shutil.rmtree(path)
        folder.once("piece.json", dict)


def test_a_folder_that_is_removed_during_the_work_is_told(tmp_path):
    with pytest.raises(OutputFileError, match=r"work: .* removed during the work; run the same work again"):
        removed_at_work(tmp_path / "work")
    with pytest.raises(OutputFileError, match="another file"), work_folder(tmp_path / "work", {}):
        raise OutputFileError("another file")


def test_the_token_of_each_folder_is_its_own(tmp_path):
    with work_folder(tmp_path / "a", {}) as a, work_folder(tmp_path / "b", {}) as b:
        token = a.token.read_bytes()
        assert token != b.token.read_bytes()
        with contextlib.suppress(OutputFileError), work_folder(tmp_path / "a", {}):
            pytest.fail("a folder that another process works in")
        assert a.token.read_bytes() == token


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "letters.txt").write_bytes(b"mine")
    for restart in (False, True):
        with pytest.raises(OutputFileError, match="something else"), work_folder(tmp_path, {}, restart=restart):
            pytest.fail("a folder of something else")
    assert (tmp_path / "letters.txt").read_bytes() == b"mine"


def test_two_processes_do_not_meet_in_a_folder(tmp_path):
    with (
        work_folder(tmp_path / "work", {}),
        pytest.raises(OutputFileError, match="another process"),
        work_folder(tmp_path / "work", {}),
    ):
        pytest.fail("a folder that another process works in")


def test_a_damaged_piece_is_named_with_the_remedy(tmp_path):
    interrupted(tmp_path / "work", {})
    (tmp_path / "work" / "piece.json").write_bytes(b"{")
    with pytest.raises(OutputFileError, match=r"piece\.json: cannot be read") as damaged:  # noqa: SIM117
        with work_folder(tmp_path / "work", {}) as folder:
            folder.once("piece.json", pytest.fail)
    assert damaged.value.remedy == {"restart": True}
