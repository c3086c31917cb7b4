"""Groups of rows that no split divides: connected components, by a naive loop."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, cross_validate

import vikt
from vikt.corpus.groups import joined_groups
from vikt.corpus.texts import Texts
from vikt.errors import ColumnError, DataError, ParameterError
from vikt.fitting.examples import Examples
from vikt.fitting.model import measured


def naive_components(texts, users):
    """Join two sets of rows that share a text or a user until none do."""
    sets = [{row} for row in range(len(texts))]
    alike = lambda i, j: texts[i] == texts[j] or (users[i] is not None and users[i] == users[j])  # noqa: E731
    for i in range(len(texts)):
        for j in range(i):
            if alike(i, j):
                one, other = (next(s for s in sets if row in s) for row in (i, j))
                if one is not other:
                    sets.remove(other)
                    one |= other
    return sets


ROWS = st.lists(
    st.tuples(st.sampled_from("abcdefghijklmnop"), st.sampled_from([None, *"ABCDEFGHIJ"])), min_size=2, max_size=40
)


@given(rows=ROWS)
def test_groups_are_the_connected_components(rows):
    texts, users = zip(*rows, strict=True)
    expected = naive_components(texts, users)
    largest = max((len(own) for own in expected if any(users[row] is not None for row in own)), default=0)
    if largest > len(rows) / 2:
        with pytest.raises(DataError, match=f"of {len(rows)} rows, more than half"):
            joined_groups(Texts.from_strings(texts), users)
        return
    groups, grouping = joined_groups(Texts.from_strings(texts), users)
    found = {}
    for row, group in enumerate(groups):
        found.setdefault(group, set()).add(row)
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, expected))
    assert grouping.values == len(set(users) - {None})
    assert grouping.missing == users.count(None)
    assert grouping.largest == largest
    assert grouping.groups == sum(any(users[row] is not None for row in rows_) for rows_ in expected)


@given(rows=ROWS, seed=st.integers(0, 999))
def test_the_name_of_a_group_does_not_depend_on_the_order(rows, seed):
    order = np.random.default_rng(seed).permutation(len(rows))
    texts, users = zip(*rows, strict=True)
    moved = [[values[row] for row in order] for values in (texts, users)]
    try:
        groups = joined_groups(Texts.from_strings(texts), users).groups
    except DataError:
        return
    assert list(joined_groups(Texts.from_strings(moved[0]), moved[1]).groups) == [groups[row] for row in order]


def sample(seed, m=400, n_users=60, n_texts=300):
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, n_texts, m)
    labels = np.where(rng.random(m) < 0.4, "spam", "ham")
    texts = [
        f"{'win money' if label == 'spam' else 'lunch'} number {n}" for n, label in zip(numbers, labels, strict=True)
    ]
    users = [None if user == 0 else f"user {user}" for user in rng.integers(0, n_users, m)]
    return texts, labels, users


def apart(parts, *columns):
    """Whether no value of any column is in two parts."""
    for values in columns:
        sides = [{values[row] for row in part} - {None} for part in parts]
        assert sum(map(len, sides)) == len(set.union(*sides))


@given(seed=st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_no_split_divides_a_user_or_a_text(seed):
    texts, labels, users = sample(seed, m=120, n_users=40, n_texts=4000)
    texts[1], users[1] = texts[0], "user 77"
    classifier = vikt.TextClassifier()
    examples = classifier._examples(classifier.settings(), texts, None, labels, None, users)
    parts = [examples.origin[part].tolist() for part in examples.split(2)]
    apart(parts, texts, users)
    assert sorted(row for part in parts for row in part) == list(range(120))
    everything = np.arange(120)
    apart([examples.origin[fold].tolist() for _, fold in examples.folds(everything, 5)], texts, users)


def model_bytes(classifier, path):
    classifier.save(path)
    return path.read_bytes()


def test_any_order_of_the_rows_gives_the_same_model(tmp_path):
    texts, labels, users = sample(1, n_texts=4000)
    order = np.random.default_rng(0).permutation(len(texts))
    first = vikt.TextClassifier("word").fit(texts, labels, groups=users)
    moved = [np.asarray(column)[order] for column in (texts, labels, users)]
    again = vikt.TextClassifier("word").fit(moved[0], moved[1], groups=moved[2])
    assert model_bytes(first, tmp_path / "a.vikt") == model_bytes(again, tmp_path / "b.vikt")
    assert first.data_["group_values"] == 59
    assert first.data_["ungrouped_rows"] == users.count(None)
    assert vikt.load(tmp_path / "a.vikt").data_ == first.data_
    without = vikt.TextClassifier("word").fit(texts, labels)
    assert "groups" not in without.data_


def test_a_row_of_weight_0_joins_no_groups(tmp_path):
    texts, labels, users = sample(2, n_texts=4000)
    weights = np.ones(len(texts))
    one = vikt.TextClassifier("word").fit(texts, labels, weights, groups=users)
    more = [*texts, texts[0]], [*labels, "ham"], [*weights, 0.0]
    other = next(user for user in users if user not in (None, users[0]))
    two = vikt.TextClassifier("word").fit(*more, groups=[*users, other])
    assert two.data_["groups"] == one.data_["groups"]
    assert np.array_equal(one.theta_, two.theta_)


def test_the_rows_held_out_are_of_users_of_their_own():
    texts, labels, users = sample(3, n_texts=4000)
    frame = pd.DataFrame({"text": texts, "user": users})
    held_out, _ = vikt.TextClassifier("word", l2=0.01).fit_and_hold_out(frame, labels, groups="user")
    rest = frame.drop(held_out.index)
    assert len(held_out) > 10
    assert not set(held_out["user"].dropna()) & set(rest["user"].dropna())


@pytest.mark.parametrize(
    "kind", [list, iter, np.array, pd.Series, pl.Series, lambda users: pd.Series(users).astype("category")]
)
def test_groups_come_in_any_column(kind, tmp_path):
    texts, labels, _ = sample(4, n_texts=4000)
    users = [row % 50 for row in range(len(texts))]
    expected = vikt.TextClassifier("word", l2=0.01).fit(texts, labels, groups=list(map(str, users)))
    found = vikt.TextClassifier("word", l2=0.01).fit(texts, labels, groups=kind(users))
    assert model_bytes(found, tmp_path / "a.vikt") == model_bytes(expected, tmp_path / "b.vikt")


def test_what_cannot_be_grouped_is_refused():
    texts, labels, users = sample(5, n_texts=4000)
    classifier = vikt.TextClassifier("word", l2=0.01)
    with pytest.raises(DataError, match="each of 400 rows, found 3"):
        classifier.fit(texts, labels, groups=["a", "b", "c"])
    with pytest.raises(ParameterError, match="without columns"):
        classifier.fit(texts, labels, groups="user")
    with pytest.raises(ColumnError, match="did you mean 'user'"):
        classifier.fit({"text": texts, "user": users}, labels, groups="usr")
    with pytest.raises(DataError, match="the group 'anna' holds 300 of 400 rows"):
        classifier.fit(texts, labels, groups=["anna"] * 300 + users[300:])
    with pytest.raises(DataError, match="share texts such as 'ok', hold 201 of 400 rows"):
        classifier.fit(["ok"] * 201 + texts[201:], labels, groups=[f"user {row}" for row in range(400)])
    texts = [f"{text} in row {row}" for row, text in enumerate(texts)]
    with pytest.raises(DataError, match="found several columns"):
        classifier.fit(texts, labels, groups=pd.DataFrame({"user": users}))
    with pytest.raises(DataError, match="found 5"):
        classifier.fit(texts, labels, groups=5)
    with pytest.raises(DataError, match="4 groups of 400 texts"):
        classifier.fit_and_hold_out(texts, labels, groups=[row % 4 for row in range(400)])
    with pytest.raises(ParameterError, match="at most 4, as many as there are groups"):
        vikt.TextClassifier("word", folds=5).fit(texts, labels, groups=[row % 4 for row in range(400)])


def test_a_model_fitted_to_all_rows_of_its_groups_can_be_updated():
    texts, labels, users = sample(7, n_texts=4000)
    classifier = vikt.TextClassifier("word").fit(texts, labels, groups=users)
    assert classifier.update(texts, labels, add=(["win a prize"], ["spam"])).data_["rows"] == 401


def test_scikit_learns_routing_passes_groups_to_the_folds_and_to_the_classifier():
    texts = np.array([f"win money {row}" if row % 2 else f"lunch {row}" for row in range(120)])
    labels, users = np.array(["ham", "spam"] * 60), np.arange(120) // 2
    with sklearn.config_context(enable_metadata_routing=True):
        classifier = vikt.TextClassifier("word", l2=0.01).set_fit_request(groups=True)
        folds = GroupKFold(4)
        found = cross_validate(
            classifier, texts, labels, params={"groups": users}, cv=folds, return_estimator=True, error_score="raise"
        )
    assert [own.data_["groups"] for own in found["estimator"]] == [45] * 4


def test_train_keeps_groups_on_one_side(run, tmp_path):
    texts, labels, users = sample(6, n_texts=4000)
    path = tmp_path / "mails.csv"
    frame = pd.DataFrame({"text": texts, "label": labels, "user": users})
    frame.to_csv(path, index=False)
    options = "-o", tmp_path / "m.vikt", "--analyzer", "word", "--l2", 0.01
    code, out, _ = run("train", path, "--group", "user", *options)
    assert code == 0
    assert "groups     59 of column user" in out
    assert f"{users.count(None)} rows without a value stand alone" in out
    told = json.loads(run("inspect", tmp_path / "m.vikt", "--json")[1])
    assert told["columns"]["group"] == "user"
    frame[:9].to_csv(tmp_path / "more.csv", index=False)
    code, _, err = run(
        "update", tmp_path / "m.vikt", "--data", path, "--add", tmp_path / "more.csv", "-o", tmp_path / "n.vikt"
    )
    assert code == 1
    assert "trained with groups" in err
    code, _, err = run("train", path, "--group", "usr", *options)
    assert code == 1
    assert "did you mean 'user'" in err
    frame[:100].to_csv(tmp_path / "test.csv", index=False)
    frame[100:].to_csv(path, index=False)
    tested = ["train", path, "--group", "user", "--test", tmp_path / "test.csv", *options]
    _, out, err = run(*tested, "--report", tmp_path / "r.html")
    assert "that training has too" in err
    for told in (out, (tmp_path / "r.html").read_text(), *json.loads(run(*tested, "--json", "-q")[1])["notes"]):
        assert "that training has too, so the test figures may be too optimistic" in told


def test_a_promise_is_calibrated_on_one_row_of_each_group():
    random = np.random.default_rng(4)
    users = [f"user {u}" for u in range(400) for _ in range(3)]
    labels = [["ham", "spam"][k] for k in random.integers(2, size=1200)]
    texts = [f"{label if random.random() < 0.95 else 'ham'} word{i}" for i, label in enumerate(labels)]
    classifier = vikt.TextClassifier("word", max_error=0.5).fit(texts, labels, groups=users)
    data, found = classifier.record_.data, classifier.record_.calibration
    # A twentieth of the users, of three rows each.
    assert data.calibration_rows == 3 * found.rows
    assert found.error.rows == found.rows
    without = vikt.TextClassifier("word", max_error=0.5).fit(texts, labels).record_
    assert without.calibration.rows == without.data.calibration_rows


def test_the_row_of_a_group_is_not_always_of_its_first_label():
    texts = [f"text {i}" for i in range(60) for _ in range(2)]
    labels = ["ham", "spam"] * 60
    examples = Examples.of(measured(texts, vikt.TextClassifier("word", l2=1).fit(texts, labels).features_), labels)
    rows = examples.one_of_each_group(np.arange(20, 120))
    assert sorted(examples.groups[rows].tolist()) == list(range(10, 60))
    assert 10 < examples.y[rows].sum() < 40
