"""A work folder: removed once its job is done, kept while it is not, and refused to any other job."""

from __future__ import annotations

import contextlib
import sys

import pytest

from vikt.errors import DataError, OutputFileError
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
    for n in (1, 2):
        with contextlib.suppress(KeyError), work_folder(tmp_path / "work", {"n": n}) as folder:
            folder.folder("rows")
            raise KeyError
    assert read_json(tmp_path / "work" / "job.json") == {"n": 2}


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
