"""`vikt update` on files of several, soft and ordered labels."""

from __future__ import annotations

import csv
import json

import pytest

import vikt
from target_files import write_news, write_scales


def labels_of_sets(rows):
    return [row["topics"].split(",") if row["topics"] else [] for row in rows]


def shares_of(rows):
    return [{"ham": float(row["P(ham)"]), "spam": float(row["P(spam)"])} for row in rows]


# The options of training, and the labels of rows as Python takes them.
KINDS = {
    "news.csv": (["--labels-separator", ","], labels_of_sets),
    "soft.csv": ([], shares_of),
    "tickets.csv": (["--targets", "ordered", "--order", "low,medium,high"], lambda rows: [r["priority"] for r in rows]),
    "reviews.csv": (["--targets", "ordered"], lambda rows: [row["stars"] for row in rows]),
}


@pytest.fixture
def written(tmp_path):
    """Write the rows of each kind, and some of them to other files."""
    write_news(tmp_path)
    write_scales(tmp_path)

    def part(name, to, rows):
        header, *lines = (tmp_path / name).read_text(encoding="utf-8").splitlines()
        (tmp_path / to).write_text("\n".join([header, *lines[rows]]) + "\n", encoding="utf-8")
        with (tmp_path / to).open(encoding="utf-8", newline="") as file:
            return tmp_path / to, list(csv.DictReader(file))

    return part


@pytest.mark.parametrize("name", KINDS)
def test_rows_of_files_are_added_and_forgotten_as_in_python(written, run, tmp_path, name):
    options, labels_of = KINDS[name]
    old, gone, new = (
        written(name, to, rows)
        for to, rows in (("old.csv", slice(150)), ("gone.csv", slice(5, 8)), ("new.csv", slice(150, 180)))
    )
    model, updated = tmp_path / "model.vikt", tmp_path / "updated.vikt"
    code, _, err = run("train", old[0], *options, "--l2", "0.01", "--analyzer", "word", "-q", "-o", model)
    assert code == 0, err
    changes = "--add", new[0], "--forget", gone[0], "-o", updated
    code, out, err = run("update", model, "--data", old[0], *changes, "--json", "-q")
    assert code == 0, err
    said, after = json.loads(out), vikt.load(updated)
    assert (said["update"]["added"], said["update"]["forgotten"], said["data"]["rows"]) == (30, 3, 177)
    in_python = vikt.load(model)
    texts, labels = [row["text"] for row in old[1]], labels_of(old[1])
    add, forget = (([row["text"] for row in rows], labels_of(rows)) for _, rows in (new, gone))
    in_python.update(texts, labels, add=add, forget=forget)
    assert after.model_.kind == in_python.model_.kind
    assert after.theta_.tobytes() == in_python.theta_.tobytes()
    assert after.record_.metrics == in_python.record_.metrics == said["metrics"]
    # A test that is named is read as the labels of training were.
    code, out, err = run("update", model, "--data", old[0], *changes, "--force", "--test", gone[0], "--json", "-q")
    assert code == 0, err
    assert json.loads(out)["data"]["test_rows"] == 3


def test_rows_to_add_may_separate_labels_in_their_own_way(written, run, tmp_path):
    (_, old), (new, more) = written("news.csv", "old.csv", slice(150)), written("news.csv", "new.csv", slice(150, 180))
    lists, model = tmp_path / "old.jsonl", tmp_path / "model.vikt"
    rows = zip(old, labels_of_sets(old), strict=True)
    lists.write_text("".join(json.dumps({"text": row["text"], "topics": own}) + "\n" for row, own in rows))
    new.write_text("\n".join(["text,topics", *(f"{row['text']},{row['topics'].replace(',', ';')}" for row in more)]))
    assert run("train", lists, "--l2", "0.01", "--analyzer", "word", "-q", "-o", model)[0] == 0
    code, out, err = run("update", model, "--data", lists, "--add", new, "--labels-separator", ";", "--json", "-q")
    assert code == 0, err
    assert sorted(json.loads(out)["data"]["classes"]) == ["health", "money", "sport"]
