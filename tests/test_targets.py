"""What holds of models of every kind of targets."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vikt
from vikt.errors import ClassesError, DataError, DivergenceError, ParameterError
from vikt.report.fit import data_lines, fit_lines

rng = np.random.default_rng(0)
TEXTS = [" ".join(rng.choice([f"w{i}" for i in range(20)], 6)) for _ in range(90)]
MEMBERS = np.array([[f"w{k}" in text.split() for k in (1, 2, 3)] for text in TEXTS])
SHARES = (1.0 + 2 * MEMBERS) / (1.0 + 2 * MEMBERS).sum(axis=1, keepdims=True)
LABELS = {"several": MEMBERS, "soft": SHARES, "ordered": MEMBERS.sum(axis=1)}


def classifier(**options):
    return vikt.TextClassifier("word", **{"min_df": 1, "l2": 1e-3} | options)


def fitted(kind, order=slice(None), **options):
    return classifier(targets=kind, **options).fit(list(np.array(TEXTS)[order]), LABELS[kind][order])


@pytest.mark.parametrize("kind", LABELS)
def test_neither_the_order_of_rows_nor_threads_change_a_byte_and_a_file_gives_the_same_answers(kind, tmp_path):
    order = np.random.default_rng(1).permutation(len(TEXTS))
    models = {"a": fitted(kind), "b": fitted(kind, order), "c": fitted(kind, threads=2)}
    for name, model in models.items():
        model.save(tmp_path / name)
    first = (tmp_path / "a").read_bytes()
    assert [(tmp_path / name).read_bytes() == first for name in models] == [True] * 3
    assert np.array_equal(vikt.load(tmp_path / "a").predict_proba(TEXTS), models["a"].predict_proba(TEXTS))


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("labels", [[], np.zeros((0, 3))])
def test_a_test_without_rows_is_refused_in_the_same_words_for_every_kind(kind, labels):
    model = fitted(kind)
    for figures in (model.evaluate, model.score):
        with pytest.raises(DataError, match=r"^expected labelled rows, found none; give at least one$"):
            figures([], labels)


@pytest.mark.parametrize("kind", LABELS)
def test_texts_and_labels_of_a_test_that_differ_in_number_are_refused_in_the_same_words_for_every_kind(kind):
    model = fitted(kind)
    for labels, found in (([], "0 labels"), (LABELS[kind][:3], "3 labels")):
        for figures in (model.evaluate, model.score, lambda *rows: vikt.compare(model, model, *rows)):
            with pytest.raises(DataError, match=f"^expected one label per row, found 2 rows and {found};"):
                figures(TEXTS[:2], labels)


def test_a_test_takes_labels_that_can_be_read_only_once():
    soft = [dict(zip("abc", row.tolist(), strict=True)) for row in SHARES]
    sets = [[label for label, is_there in zip("abc", row, strict=True) if is_there] for row in MEMBERS]
    for rows, alone in ((soft, ["a", "b"] * 45), (sets, sets)):
        model = classifier().fit(TEXTS, rows)
        for labels in (rows, alone):
            assert model.evaluate(TEXTS, iter(labels)).to_json() == model.evaluate(TEXTS, labels).to_json()
            assert model.score(TEXTS, iter(labels)) == model.score(TEXTS, labels)


@pytest.mark.filterwarnings("ignore::vikt.errors.ShapeWarning")
def test_a_model_of_shares_is_tested_on_classes_in_a_column():
    model, labels = fitted("soft"), SHARES.argmax(axis=1)
    assert model.score(TEXTS, labels[:, None]) == model.score(TEXTS, labels)


@pytest.mark.parametrize("solver", ["batch", "stochastic", "minibatch"])
@pytest.mark.parametrize("kind", ["several", "soft"])
def test_a_descent_that_diverges_makes_no_model(kind, solver):
    # After three passes the weights are beyond float32, and the loss of the rows alone is still finite.
    with pytest.raises(DivergenceError, match="try 1e"):
        fitted(kind, solver=solver, learning_rate=1e30, max_iter=3)


def test_shares_of_0_and_1_are_classes():
    y = MEMBERS[:, 0] + MEMBERS[:, 1].astype(int)
    options = {"min_df": 1, "l2": 1e-3, "tol": 1e-9}
    soft = vikt.TextClassifier("word", targets="soft", **options).fit(TEXTS, np.eye(3)[y])
    hard = vikt.TextClassifier("word", **options).fit(TEXTS, y)
    assert np.allclose(soft.predict_proba(TEXTS), hard.predict_proba(TEXTS), atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("several", {"coverage": 0.9}, "coverage: cannot be used with several labels; leave it out"),
        ("several", {"max_error": 0.1}, "max_error: cannot be used with several labels; leave it out"),
        ("several", {"class_weight": "balanced"}, "class_weight: cannot be used with several labels; leave it out"),
        (
            "several",
            {"aim": "f1"},
            r"aim: f1 \(macro_f1\) and cost need one class per text; .*, as in f1\(LABEL\) or .*",
        ),
        ("several", {"weighting": "nb"}, "weighting: nb cannot be used with several labels; choose another weighting"),
        ("soft", {"aim": "precision(ham) >= 0.9"}, "aim: cannot be used with soft labels; leave it out"),
        ("ordered", {"l1_ratio": 0.5}, "l1_ratio: cannot be used with ordered labels; leave it out"),
        ("ordered", {"solver": "dual"}, "solver: 'dual' cannot fit ordered labels; choose 'auto' or 'newton'"),
        ("classes", {"thresholds": 0.5}, "thresholds: cannot be used with one class per text; leave it out"),
    ],
)
def test_an_option_that_does_not_serve_a_kind_is_refused_before_any_row_is_read(kind, options, message):
    class Unreadable:
        def __iter__(self):
            raise AssertionError("it was read")

    with pytest.raises(ParameterError, match=f"^{message}$"):
        vikt.TextClassifier(targets=kind, **options).fit(Unreadable(), Unreadable())


def test_one_label_that_a_row_has_or_has_not_is_refused():
    with pytest.raises(ClassesError, match="so there are two classes"):
        vikt.TextClassifier(targets="several").fit(TEXTS, [["a"] if n % 2 else [] for n in range(90)])


def test_a_level_that_is_a_number_is_known_however_it_is_written_and_a_class_is_what_it_says():
    labels = MEMBERS.sum(axis=1).astype(str)
    written = np.char.add(labels, ".0")
    levels, classes = classifier(targets="ordered").fit(TEXTS, labels), classifier().fit(TEXTS, labels)
    assert levels.evaluate(TEXTS, written).to_json() == levels.evaluate(TEXTS, labels).to_json()
    assert levels.evaluate(TEXTS[:2], ["9.0", "x"]).unseen == {"9.0": 1, "x": 1}
    assert classes.evaluate(TEXTS, written).accuracy.value == 0


def test_levels_beyond_the_range_of_floats_have_no_figure_in_numbers():
    labels = np.array(["1", "2", "1e400", "3"])[MEMBERS.sum(axis=1)]
    figures = classifier(targets="ordered").fit(TEXTS, labels).evaluate(TEXTS, labels).figures
    assert "mean_absolute_error_in_numbers" not in figures
    assert np.isfinite(figures["spearman"].value)


def test_a_level_without_a_row_is_no_answer():
    labels = np.array(["low", "high"])[MEMBERS[:, 0].astype(int)]
    model = classifier(targets="ordered", order=["low", "medium", "high"]).fit(TEXTS, labels)
    assert model.classes_.tolist() == ["low", "high"]
    [absent] = [line for line in data_lines(model.record_, model.model_).split("\n") if line.startswith("absent")]
    assert absent.endswith(": medium")


def test_a_label_of_a_test_that_is_spelled_in_another_way_is_told_so():
    labels = np.array(["bug", "wish"])[MEMBERS[:, 0].astype(int)]
    printed = str(classifier().fit(TEXTS, labels).evaluate(TEXTS, np.where(labels == "bug", "Bug ", labels)))
    assert "was never seen in training: counted as wrong; the model has 'bug', so check the spelling" in printed


def test_one_label_per_text_is_no_test_of_a_model_of_several():
    model = classifier(targets="several").fit(TEXTS, LABELS["several"])
    with pytest.raises(DataError, match="this model answers several labels for each text, found one label for each"):
        model.evaluate(TEXTS, ["red"] * len(TEXTS))


@pytest.mark.parametrize("kind", LABELS)
def test_weight_2_is_the_row_twice(kind):
    # Document frequencies count rows, so that features must not weigh by them.
    options = {"weighting": "counts", "tol": 1e-9}
    weights = np.random.default_rng(2).integers(1, 4, len(TEXTS))
    weighted = classifier(targets=kind, **options).fit(TEXTS, LABELS[kind], sample_weight=weights)
    twice = fitted(kind, np.repeat(np.arange(len(TEXTS)), weights), **options)
    assert weighted.predict_proba(TEXTS) == pytest.approx(twice.predict_proba(TEXTS), abs=1e-4)


def test_two_labels_that_do_not_exclude_each_other_are_two_models_of_two_classes():
    both = classifier(tol=1e-9).fit(TEXTS, MEMBERS[:, :2])
    assert both.theta_.shape[0] == 2
    for k in range(2):
        alone = classifier(tol=1e-9).fit(TEXTS, MEMBERS[:, k])
        assert both.predict_proba(TEXTS)[:, k] == pytest.approx(alone.predict_proba(TEXTS)[:, 1], abs=1e-6)


@pytest.fixture(scope="module")
def extremes():
    """Labels of which one is on all rows and one on a single row, and a model of them."""
    sets = [["all", *(f"w{k}" for k in (1, 2, 3) if row[k - 1])] for row in MEMBERS]
    sets[0].append("rare")
    return sets, classifier().fit(TEXTS, sets)


def test_a_label_on_every_row_is_answered_as_constant_and_left_out_of_the_proof(extremes):
    _, model = extremes
    probabilities = model.predict_proba([*TEXTS, "", "unknown"])
    assert model.classes_.tolist() == ["all", "rare", "w1", "w2", "w3"]
    assert np.ptp(probabilities[:, 0]) == 0
    assert 0.99 < probabilities[0, 0] < 1
    assert np.ptp(probabilities[:, 1]) > 0
    [part] = json.loads(json.dumps(model.record_.to_json()["parts"]))
    constant, *others = part["certificates"]
    assert (constant["relative"], constant["bound"]) == (None, None)
    assert constant["reason"] == {"code": "constant_label"}
    assert all(own["relative"] <= 1e-7 and own["reason"] is None for own in others)
    assert part["loss"] == pytest.approx(sum(own["loss"] for own in others))
    bound = sum(own["bound"] for own in others)
    assert part["certificate"]["relative"] == pytest.approx(bound / (part["loss"] - bound))
    printed = fit_lines(model.record_, model.model_)
    assert (
        "no proof   of 1 label (all), which the sums above leave out: all rows have the label, or none has it"
        in printed
    )


def test_labels_that_are_answered_alike_for_every_text_are_named_where_a_model_is_tested(extremes, tmp_path):
    sets, model = extremes
    found = model.evaluate(TEXTS, sets)
    assert found.to_json()["constant_labels"] == ["all"]
    said = "1 label is answered alike for every text, since it has no weights: all"
    assert f"\nconstant   {said}\n" in repr(found)
    assert said in found._repr_html_()
    pytest.importorskip("jinja2")
    model.report(tmp_path / "r.html", TEXTS, sets)
    assert said in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_label_that_the_fits_of_folds_lack_takes_the_common_threshold(extremes):
    thresholds = extremes[1].model_.thresholds
    of_label = dict(zip(["all", "rare", "w1", "w2", "w3"], thresholds.thresholds, strict=True))
    assert of_label["all"] == of_label["rare"] == thresholds.common
    assert thresholds.n_rows[:2] == (0, 0)
    # Which of the others have a threshold of their own depends on the fits of folds, which are loose.
    assert {of_label["w1"], of_label["w2"], of_label["w3"]} != {thresholds.common}
