"""`vikt update`: what it reads, refuses, writes and says."""

from __future__ import annotations

import json

import pytest

import vikt


def write(path, rows):
    path.write_text("kind\tmail\n" + "".join(f"{label}\t{text}\n" for text, label in rows), encoding="utf-8")
    return path


@pytest.fixture
def files(emails, tmp_path, run):
    """A model, the rows that it was trained on, rows to add, and rows to forget."""
    rows = list(zip(*emails, strict=True))
    old, new, gone = (
        write(tmp_path / f"{name}.tsv", part)
        for name, part in (("old", rows[:320]), ("new", rows[320:]), ("gone", rows[7:9]))
    )
    code, _, _ = run("train", old, "--text", "mail", "--label", "kind", "--l2", "1e-3", "-q", "-o", tmp_path / "model")
    assert code == 0
    return tmp_path / "model", old, new, gone


def test_the_model_is_replaced_and_tells_what_changed(files, run):
    model, old, new, gone = files
    before = model.read_bytes()
    code, out, _ = run("update", model, "--data", old, "--add", new, "--forget", gone, "--json", "-q")
    assert code == 0
    said = json.loads(out)
    assert said["update"]["added"] == 80
    assert said["update"]["forgotten"] == 2
    assert said["data"]["rows"] == 398
    assert 0 < said["data"]["test_rows"] <= 32
    assert said["model"]["updates"] == [{"added": 80, "forgotten": 2, "kept_out": said["update"]["kept_out"]}]
    assert model.read_bytes() != before
    code, out, _ = run("inspect", model)
    assert code == 0
    assert (
        "1 update: 80 rows added, 2 forgotten; features, λ and thresholds were chosen on the rows before the update"
        in out
    )
    assert f"split      {said['data']['fitted_rows']} fitted, {said['data']['test_rows']} test\n" in out


def test_the_report_and_the_earlier_model(files, run, tmp_path):
    model, old, new, _ = files
    before = model.read_bytes()
    code, out, _ = run("update", model, "--data", old, "--add", new, "-o", tmp_path / "newer", "-q")
    assert code == 0
    assert out.startswith("update     80 rows added, 0 forgotten\n")
    assert "test       the held-out rows\naccuracy" in out
    assert model.read_bytes() == before
    assert vikt.load(tmp_path / "newer").data_["rows"] == 400


def test_the_same_as_in_python(files, run, emails, tmp_path):
    model, old, new, gone = files
    texts, labels = emails
    classifier = vikt.load(model)
    add, forget = ((texts[part], labels[part]) for part in (slice(320, None), slice(7, 9)))
    classifier.update(texts[:320], labels[:320], add=add, forget=forget)
    run("update", model, "--data", old, "--add", new, "--forget", gone, "-q")
    again = vikt.load(model)
    assert again.theta_.tobytes() == classifier.theta_.tobytes()
    assert again.record_.metrics == classifier.record_.metrics


def test_a_test_of_its_own_and_none(files, run, emails, tmp_path):
    _, old, new, gone = files
    trained = "--text", "mail", "--label", "kind", "--l2", "1e-3", "-q"
    run("train", old, *trained, "--test", new, "-o", tmp_path / "tested")
    code, out, _ = run("update", tmp_path / "tested", "--data", old, "--forget", gone, "-q", "-o", tmp_path / "a")
    assert code == 0
    assert "test       none: no row is held out; name a test with --test" in out
    assert vikt.load(tmp_path / "a").record_.metrics == {}
    code, out, _ = run(
        "update", tmp_path / "tested", "--data", old, "--forget", gone, "--test", new, "-q", "-o", tmp_path / "b"
    )
    assert code == 0
    assert f"test       {new}\naccuracy" in out
    assert vikt.load(tmp_path / "b").data_["test_rows"] == 80


def test_the_column_of_weights_is_known_from_training(tmp_path, run, emails):
    rows = list(zip(*emails, strict=True))
    for name, part in (("old", rows[:300]), ("new", rows[300:])):
        lines = [f"{label}\t{text}\t{1 + i % 3}\n" for i, (text, label) in enumerate(part)]
        (tmp_path / f"{name}.tsv").write_text("label\ttext\tn\n" + "".join(lines), encoding="utf-8")
    model = tmp_path / "model"
    old, new = tmp_path / "old.tsv", tmp_path / "new.tsv"
    assert run("train", old, "--weight", "n", "--l2", "1e-3", "-q", "-o", model)[0] == 0
    assert run("update", model, "--data", old, "--add", new, "-q")[0] == 0
    assert vikt.load(model).data_["weighted"]


def test_refusals_leave_the_model_as_it_is(files, run, tmp_path):
    model, old, new, _ = files
    before = model.read_bytes()
    strange = write(tmp_path / "strange.tsv", [("nobody wrote this", "ham")])
    for arguments, code, message in (
        (("--data", old, "--forget", strange), 1, "strange.tsv, row 1: 'nobody wrote this' is to be forgotten"),
        (("--data", old), 2, "nothing to update; name rows with --add or --forget"),
        (("--data", new, "--add", old), 1, "the model was trained on 320 rows, found 80"),
        (("--data", old, "--add", old), 2, "is named twice"),
        (("--data", old, "--forget", strange, "-o", old), 2, "is an input"),
        (("--data", old, "--forget", strange, "-o", "-", "--json"), 2, "-o - and --json"),
    ):
        found, _, err = run("update", model, *arguments, "-q")
        assert found == code, err
        assert message in err
    assert model.read_bytes() == before
