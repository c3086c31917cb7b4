"""Label errors of several labels per text: each label judged as cleanlab judges it, and errors that were planted."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vikt
from vikt.errors import DataError, UsageError
from vikt.explanation.suspicion import find_label_errors
from vikt.features.text import TextFeatures
from vikt.fitting.examples import Examples
from vikt.fitting.model import measured
from vikt.fitting.out_of_fold import OutOfFold

LABELS = np.array(["joy", "love", "anger", "none"])


def examples_of(members, texts=None, labels=LABELS):
    texts = texts or [f"row {i}" for i in range(len(members))]
    sets = [[str(label) for label in labels[: members.shape[1]][row]] for row in members]
    settings = vikt.TextClassifier().settings()
    return Examples.of(measured(texts, TextFeatures(settings.features)), sets, kind="several")


def judged(members, p, texts=None, labels=LABELS):
    """What is found by given probabilities, whose columns are those of `labels`, as those of `members` are."""
    examples = examples_of(members, texts, labels)
    place = [labels.tolist().index(label) for label in examples.classes]
    answers = np.log(p[examples.origin][:, place])
    return find_label_errors(examples, OutOfFold(answers, np.ones(len(examples), dtype=bool)))


def drawn(n_rows, n_labels, seed):
    """Labels of unequal frequency, probabilities that tell something of them, and which labels were changed."""
    random = np.random.default_rng(seed)
    members = random.random((n_rows, n_labels)) < np.linspace(0.1, 0.5, n_labels)
    p = 1 / (1 + np.exp(-(random.normal(size=members.shape) + 4 * members - 2)))
    flipped = random.random(members.shape) < 0.04
    return members ^ flipped, p, flipped


def test_each_label_is_judged_as_cleanlab_judges_it():
    multilabel = pytest.importorskip("cleanlab.multilabel_classification.filter")
    given, p, _ = drawn(1500, 3, 0)
    found = judged(given, p)
    per_class = multilabel.find_multilabel_issues_per_class(
        [np.flatnonzero(row).tolist() for row in given], p, filter_by="confident_learning", n_jobs=1
    )
    pairs = {(int(row), str(label)) for row, label in zip(found.rows, found.labels, strict=True)}
    assert len(pairs) == len(found) > 30
    assert pairs == {(int(row), LABELS[k]) for row, k in zip(*np.nonzero(per_class), strict=True)}
    order = np.argsort(LABELS[:3])
    assert found.all_scores == pytest.approx(np.where(given, p, 1 - p)[:, order], abs=1e-12)


def test_what_was_flipped_is_found_and_called_missing_or_wrong():
    given, p, flipped = drawn(3000, 4, 1)
    found = judged(given, p)
    k = [LABELS.tolist().index(label) for label in found.labels]
    is_flipped = flipped[found.rows, k]
    assert is_flipped.mean() > 0.8
    assert is_flipped.sum() > 0.6 * flipped.sum()
    assert np.array_equal(found.suggestions == "remove", given[found.rows, k])
    assert np.array_equal(found.is_missing, ~given[found.rows, k])
    assert np.all(np.diff(found.scores) >= 0)
    n_given = given.sum()
    assert found.estimated_share == pytest.approx((flipped & given).sum() / n_given, abs=0.05)
    assert found.estimated_missing == pytest.approx((flipped & ~given).sum() / n_given, abs=0.05)


def test_corrections_of_a_row_are_joined_and_stand_at_its_most_suspected_label():
    given, p, _ = drawn(600, 4, 2)
    p[5], given[5] = [0.99, 0.01, 0.5, 0.02], [False, True, False, False]
    found = judged(given, p)
    corrections = found.corrections()
    assert len(set(corrections.rows)) == len(corrections.rows) == len(set(found.rows))
    assert np.all(np.diff(corrections.scores) >= 0)
    assert corrections.labels[corrections.rows.tolist().index(5)] == ["joy"]
    assert [found.remark(i) for i in np.flatnonzero(found.rows == 5)] in (
        ["add joy", "remove love"], ["remove love", "add joy"],
    )  # fmt: skip


def test_the_order_of_the_rows_does_not_matter():
    given, p, _ = drawn(400, 3, 3)
    order = np.random.default_rng(4).permutation(400)
    texts = [f"row {i}" for i in range(400)]
    one, other = judged(given, p, texts), judged(given[order], p[order], [texts[i] for i in order])
    assert order[other.rows].tolist() == one.rows.tolist()
    assert other.labels.tolist() == one.labels.tolist()
    assert other.scores.tobytes() == one.scores.tobytes()


def test_labels_of_one_text_or_of_every_row_are_out_of_reach():
    given, p, _ = drawn(300, 4, 5)
    given[:, 2], given[:, 3] = True, False
    given[7, 3] = True
    found = judged(given, p)
    assert found.out_of_reach == {"anger": 300, "none": 1}
    assert set(found.labels.tolist()) <= {"joy", "love"}
    assert np.isnan(found.all_scores[:, found.classes == "none"]).all()
    assert "out of reach: 301" not in repr(found)
    assert "that they cannot be judged" in repr(found)


def test_no_label_that_can_be_judged_is_refused():
    members = np.array([[True, False], [False, False], [False, True]])
    with pytest.raises(DataError, match="no label here has at least two texts with it and two without it"):
        judged(members, np.full((3, 2), 0.5))


def test_soft_labels_are_refused_before_the_work():
    classifier = vikt.TextClassifier(analyzer="word", min_df=1, targets="soft", l2=0.01)
    with pytest.raises(UsageError, match=r"^soft labels state how sure they are"):
        classifier.label_errors(["a b", "c d", "e f"], [{"x": 0.5, "y": 0.5}, {"x": 1.0}, {"y": 1.0}])


def test_results_print_and_are_json(tmp_path):
    given, p, _ = drawn(500, 3, 6)
    found = judged(given, p)
    n_rows = len(set(found.rows))
    assert repr(found).startswith(f"{len(found)} labels of {n_rows} rows among 500 suspected, ")
    assert "P(as given)" in repr(found)
    assert "<table" in found._repr_html_()
    told = json.loads(json.dumps(found.to_json()))
    assert told["suspected"][0]["suggestion"] in ("add", "remove")
    assert (told["rows"], told["estimated_missing"]) == (500, found.estimated_missing)
    pytest.importorskip("jinja2")
    vikt.write_report(tmp_path / "r.html", found)
    assert "probability of what is given" in (tmp_path / "r.html").read_text(encoding="utf-8")


def planted(n_texts=240):
    """Texts whose words say their labels, of which every 40th lacks one that it should have."""
    random = np.random.default_rng(0)
    words = {"joy": "glad", "love": "hug", "anger": "rage"}
    sets = [[label for label in words if random.random() < 0.4] for _ in range(n_texts)]
    texts = [
        " ".join([*(words[label] for label in own), *random.choice(list("abcdefgh"), 3), str(i)])
        for i, own in enumerate(sets)
    ]
    lacking = [i for i in range(0, n_texts, 40) if sets[i]]
    given = [own[1:] if i in lacking else own for i, own in enumerate(sets)]
    return texts, sets, given, lacking


def test_labels_that_texts_lack_are_found_by_models_that_have_not_seen_them():
    texts, sets, given, lacking = planted()
    found = vikt.TextClassifier(analyzer="word", l2=1e-3).label_errors(texts, given)
    place = {label: k for k, label in enumerate(found.classes.tolist())}
    lowest = np.argsort(found.all_scores, axis=None)[: found.all_scores.size // 20]
    assert set(lowest.tolist()) >= {row * len(place) + place[sets[row][0]] for row in lacking}
    assert len(found) > 0
    assert set(found.rows.tolist()) <= set(lacking)
    assert set(found.suggestions.tolist()) == {"add"}


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_an_audit_reads_several_labels_of_a_file_and_writes_their_corrections(run, tmp_path, name):
    pandas = pytest.importorskip("pandas")
    texts, sets, given, lacking = planted()
    path, review = tmp_path / "a.tsv", tmp_path / name
    lines = [f"{text}\t{';'.join(own)}" for text, own in zip(texts, given, strict=True)]
    path.write_text("\n".join(["text\tlabels", *lines]) + "\n", encoding="utf-8")
    options = ["--label", "labels", "--labels-separator", ";", "--analyzer", "word", "-o", review]
    code, out, err = run("audit", path, *options)
    assert code == 3, err
    # A word that stands for a label is a leak, too.
    assert "V151  label-leak" in out
    assert "V171  probable-mislabel:" in out
    assert "240 rows, 3 labels" in out
    if name.endswith("csv"):
        table = pandas.read_csv(review, keep_default_na=False)
        suggested = [own.split(";") for own in table["suggested_label"]]
    else:
        table = pandas.read_parquet(review)
        suggested = [own.tolist() for own in table["suggested_label"]]
    rows = [texts.index(text) for text in table["text"]]
    assert 0 < len(rows) == len(set(rows))
    assert set(rows) <= set(lacking)
    assert suggested == [sorted(sets[row]) for row in rows]


def test_levels_of_an_order_are_judged_as_classes(emails):
    texts, labels = emails
    options = {"analyzer": "word", "l2": 1e-3}
    found = vikt.TextClassifier(targets="ordered", order=["ham", "spam"], **options).label_errors(texts, labels)
    expected = vikt.TextClassifier(**options).label_errors(texts, labels)
    assert found.rows.tolist() == expected.rows.tolist()
    assert found.all_scores.tobytes() == expected.all_scores.tobytes()
