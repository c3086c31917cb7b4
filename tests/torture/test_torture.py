"""A short form of `make torture`: nothing breaks vikt, in a few seconds of trying."""

import pytest
import trials

# Files that are cut, and what writes, are tried by tests/files.
SHORT = ["flips", "crafted", "damaged", "bombs"]
# Slow clients are to be seen closed after ten seconds.
OF_A_SERVICE = ["requests", pytest.param("slow", marks=pytest.mark.slow)]


@pytest.mark.parametrize("name", SHORT)
def test_files_made_to_harm_are_refused_or_work(tmp_path, name):
    [(_, row)] = trials.trials_in_folders(trials.OF_FILES, tmp_path, True, name.__eq__)
    assert row.tried >= 4
    assert not row.faults, row.faults_found


@pytest.mark.parametrize("name", OF_A_SERVICE)
def test_requests_made_to_harm_are_refused_or_answered(tmp_path, name):
    pytest.importorskip("fastapi")
    [(_, row)] = trials.trials_of_a_service(tmp_path, True, name.__eq__)
    assert row.tried >= 4
    assert not row.faults, row.faults_found
