"""A model of any kind of targets, updated, is what training anew on the same rows gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import vikt
from vikt.corpus.targets import TargetRows
from vikt.errors import DataError, UsageError

WORDS = [f"w{i}" for i in range(30)]
TELLING = np.array(["w1", "w2", "w3"])
N = 160


@pytest.fixture(scope="module")
def texts():
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, 8)) for _ in range(220)]


def members_of(texts):
    return np.array([[word in text.split() for word in TELLING] for text in texts])


def sets_of(texts):
    return [TELLING[row].tolist() for row in members_of(texts)]


def shares_of(texts):
    counts = 1.0 + 2 * members_of(texts)
    return counts / counts.sum(axis=1, keepdims=True)


def votes_of(texts):
    return 1 + 2 * members_of(texts)


def shares_by_name(texts):
    return [dict(zip(TELLING.tolist(), row, strict=True)) for row in shares_of(texts).tolist()]


LEVELS = ["low", "medium", "high", "top"]


def levels_of(texts):
    return members_of(texts).sum(axis=1).tolist()


def names_of(texts):
    return [LEVELS[level] for level in levels_of(texts)]


def categories_of(texts):
    return pd.Categorical(names_of(texts), LEVELS, ordered=True)


KINDS = {
    "lists": ("several", sets_of, {}),
    "matrix": ("several", members_of, {}),
    "shares": ("soft", shares_of, {}),
    "shares by name": ("soft", shares_by_name, {}),
    "votes": ("soft", votes_of, {}),
    "levels": ("ordered", levels_of, {}),
    "named levels": ("ordered", names_of, {"order": LEVELS}),
    "ordered categories": ("ordered", categories_of, {}),
}


def classifier_of(kind, **options):
    return vikt.TextClassifier("word", targets=kind, l2=1e-3, tol=1e-9, min_df=1, **options)


@pytest.mark.parametrize("name", KINDS)
def test_an_update_is_what_training_anew_gives(texts, name, tmp_path):
    kind, labels_of, options = KINDS[name]
    classifier = classifier_of(kind, **options).fit(texts[:N], labels_of(texts[:N]))
    classifier.save(tmp_path / "model")
    loaded = vikt.load(tmp_path / "model")
    loaded.update(
        texts[:N],
        labels_of(texts[:N]),
        add=(texts[N:], labels_of(texts[N:])),
        forget=(texts[5:25], labels_of(texts[5:25])),
    )
    remaining = texts[:5] + texts[25:]
    anew = classifier_of(kind, **options).fit(remaining, labels_of(remaining))
    assert loaded.classes_.tolist() == anew.classes_.tolist()
    assert np.allclose(anew.predict_proba(texts), loaded.predict_proba(texts), atol=1e-4)
    assert loaded.record_.data.fingerprint == anew.record_.data.fingerprint
    assert loaded.certificate_ <= 1e-6


def test_new_labels_come_with_added_rows_and_go_with_forgotten_ones(texts):
    labels = sets_of(texts)
    classifier = classifier_of("several").fit(texts, labels)
    thresholds = classifier.model_.thresholds
    new = ["an eel and another eel", "eel pie w1"], [["fish"], ["fish", "w1"]]
    classifier.update(texts, labels, add=new)
    assert classifier.classes_.tolist() == ["fish", "w1", "w2", "w3"]
    fish, *others = classifier.model_.thresholds.thresholds
    assert (fish, tuple(others)) == (thresholds.common, thresholds.thresholds)
    classifier.update(texts + new[0], labels + new[1], forget=new)
    assert classifier.classes_.tolist() == ["w1", "w2", "w3"]
    assert classifier.model_.thresholds == thresholds
    assert "eel" not in classifier.get_feature_names_out().tolist()


def test_an_added_label_that_joins_labels_of_the_model_is_refused_with_its_row(texts):
    classifier = classifier_of("several").fit(texts, sets_of(texts))
    for mark in (";", " | ", ", "):
        with pytest.raises(DataError, match=rf"index 1 has the label 'w1.*w2', .* labels_separator='[{mark}]'"):
            classifier.update(texts, sets_of(texts), add=(["eel", "pie"], [["w1"], [f"w1{mark}w2"]]))
    classifier.update(texts, sets_of(texts), add=(["eel", "pie"], [["w1"], ["w1;fish"]]))
    assert "w1;fish" in classifier.classes_.tolist()


@pytest.mark.parametrize("level", ["blocker", "7"])
def test_an_added_level_that_is_not_in_the_order_is_refused_with_its_own_row(texts, level):
    classifier = classifier_of("ordered", order=LEVELS).fit(texts, names_of(texts))
    with pytest.raises(DataError, match=f"index 0: the label '{level}' is not in the order"):
        classifier.update(texts, names_of(texts), add=(["an eel"], [level]))


def test_added_labels_of_another_type_than_those_of_the_model_are_refused_with_both_types(texts):
    classifier = classifier_of("several").fit(texts, members_of(texts))
    with pytest.raises(DataError, match=r"the labels of the model are numbers \('0', '1', '2'\), but the string 'w1'"):
        classifier.update(texts, members_of(texts), add=(["an eel"], [["w1"]]))


def test_an_update_that_drops_the_label_of_the_aim_is_refused(texts):
    more, labels = [*texts, "an eel and another eel", "eel pie"], [*sets_of(texts), ["fish"], ["fish", "w1"]]
    classifier = classifier_of("several", aim="recall(fish) >= 0.1").fit(more, labels)
    before = classifier.theta_.tobytes()
    with pytest.raises(
        DataError, match=r"the aim of the model is recall\(fish\) >= 0.1, but these rows leave the labels"
    ):
        classifier.update(more, labels, forget=(more[-2:], labels[-2:]))
    assert classifier.theta_.tobytes() == before
    classifier.update(more, labels, forget=(more[-1:], labels[-1:]))
    assert "fish" in classifier.classes_.tolist()


@pytest.mark.parametrize("name", ["lists", "shares", "named levels"])
def test_rows_that_stay_held_out_test_the_updated_model(texts, name):
    kind, labels_of, options = KINDS[name]
    classifier = classifier_of(kind, **options)
    held_out, _ = classifier.fit_and_hold_out(texts[:N], labels_of(texts[:N]))
    classifier.update(texts[:N], labels_of(texts[:N]), add=(texts[N:], labels_of(texts[N:])))
    tested = classifier.evaluate(held_out, labels_of(held_out)).to_json()["metrics"]
    assert classifier.record_.metrics == tested
    assert classifier.data_["test_rows"] == len(held_out)


def test_a_class_of_no_share_any_more_goes(texts):
    rows, labels = [*texts, "an eel"], [*shares_by_name(texts), {"fish": 0.5, "w1": 0.5}]
    classifier = classifier_of("soft").fit(rows, labels)
    assert classifier.classes_.tolist() == ["fish", "w1", "w2", "w3"]
    classifier.update(rows, labels, forget=(["an eel"], labels[-1:]))
    assert classifier.classes_.tolist() == ["w1", "w2", "w3"]


def test_a_row_is_forgotten_by_its_text_and_all_of_its_labels(texts):
    labels = sets_of(texts)
    classifier = classifier_of("several").fit(texts, labels)
    with pytest.raises(
        DataError, match=r"""index 0: .* with the label '\["w1", "w2", "w3"\]', but the model was trained on it with """
    ):
        classifier.update(texts, labels, forget=(texts[:1], [["w3", "w2", "w1"]]))
    first = next(i for i, own in enumerate(labels) if len(own) == 2)
    classifier.update(texts, labels, forget=(texts[first : first + 1], [labels[first][::-1]]))
    assert classifier.record_.updates[0].forgotten == 1


def test_one_class_a_row_cannot_update_a_model_of_another_kind(texts):
    for kind, labels_of in (("several", sets_of), ("soft", shares_of)):
        classifier = classifier_of(kind).fit(texts, labels_of(texts))
        with pytest.raises(DataError, match=f"targets='{kind}' takes"):
            classifier.update(texts, labels_of(texts), add=(["an eel"], ["w1"]))


def test_what_is_derived_for_one_class_per_row_is_refused_for_levels(texts):
    kind, labels_of, options = KINDS["levels"]
    classifier = classifier_of(kind, **options).fit(texts, labels_of(texts))
    with pytest.raises(UsageError, match="a model of ordered labels has no influence of training rows"):
        classifier.influence(texts[0], texts, labels_of(texts))
    with pytest.raises(UsageError, match="standard errors"):
        classifier.standard_errors(texts, labels_of(texts))


def test_influence_of_shares_is_what_leaving_a_row_out_shows(texts):
    classifier = classifier_of("soft").fit(texts, shares_of(texts))
    found = classifier.influence(texts[0], texts, shares_of(texts), n=1).rows[0]
    rest = [i for i in range(len(texts)) if i != found.row]
    kept = [texts[i] for i in rest]
    without = classifier_of("soft").fit(kept, shares_of(kept))
    k = int(np.argmax(classifier.predict_proba(texts[:1])))
    before, after = (model.predict_proba(texts[:1])[0, k] for model in (classifier, without))
    assert np.log(before / (1 - before)) - np.log(after / (1 - after)) == pytest.approx(found.effect, rel=0.2)


def test_joined_rows_have_the_targets_that_each_had():
    rng = np.random.default_rng(1)
    parts = [rng.random((20, 3)) < 0.4, rng.random((10, 2)) < 0.4]
    rows = [
        TargetRows.of_sets(part, np.array(labels))
        for part, labels in zip(parts, (["a", "c", "d"], ["b", "c"]), strict=True)
    ]
    joined = TargetRows.joined(rows, np.array(["a", "b", "c", "d"]))
    expected = np.zeros((30, 4), dtype=bool)
    expected[:20, [0, 2, 3]], expected[20:, [1, 2]] = parts
    assert np.array_equal(joined.truth, expected)
    assert len(np.unique(joined.y)) == len(np.unique(expected, axis=0))
