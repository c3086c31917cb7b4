"""Aims, temperature, sets of labels and bounded errors, from the command line to the answers."""

from __future__ import annotations

import json
import re

import numpy as np
import pyarrow.parquet as pq
import pytest

from vikt import TextClassifier, load
from vikt.errors import AimMissedError, DataError, UsageError
from vikt.evaluation.outcomes import outcomes
from vikt.fitting.examples import Examples
from vikt.fitting.model import measured
from vikt.fitting.refitted import fitted_rows

WORDS = {
    "spam": ["win", "cash", "prize", "now", "free"],
    "ham": ["lunch", "report", "friday", "home", "call"],
    "pets": ["dog", "cat", "walk", "vet", "bark"],
}


def corpus(n, seed=0, classes=("ham", "spam"), noise=0.2):
    """Texts of five words each; some words are those of another class."""
    random = np.random.default_rng(seed)
    labels = [classes[k] for k in random.integers(len(classes), size=n)]
    texts = []
    for label in labels:
        sources = [classes[random.integers(len(classes))] if random.random() < noise * 2 else label for _ in range(5)]
        texts.append(" ".join(WORDS[source][random.integers(5)] for source in sources) + f" n{random.integers(40)}")
    return texts, labels


@pytest.fixture(scope="module")
def rows():
    return corpus(1000)


@pytest.fixture(scope="module")
def mails(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("mails") / "mails.tsv"
    path.write_text("label\ttext\n" + "".join(f"{label}\t{text}\n" for text, label in zip(*rows, strict=True)))
    return path


QUICK = ["--analyzer", "word", "--ngrams", 1, "-q"]
CLASSIFIER = {"analyzer": "word", "ngrams": (1, 1)}


def test_an_aim_is_met_kept_and_reported(run, mails, tmp_path):
    model = tmp_path / "m.vikt"
    code, out, err = run("train", mails, "-o", model, "--aim", "precision(spam) >= 0.95", *QUICK)
    assert (code, err) == (0, "")
    assert "decision   spam where its probability is at least 0." in out
    assert "aim        precision(spam) >= 0.95; the rule was chosen on " in out
    assert "a text without any known feature is not answered" in out
    code, out, _ = run("train", mails, "-o", tmp_path / "n", "--aim", "precision( spam )>=95%", "--json", *QUICK)
    found = json.loads(out)
    threshold = found["model"]["decision"]["rule"]["threshold"]
    estimate = found["model"]["calibration"]["estimates"][0]
    assert estimate["name"] == "precision(spam)"
    assert estimate["value"] >= 0.95
    data = found["data"]
    assert data["calibration_rows"] + data["fitted_rows"] + data["test_rows"] == data["rows"]
    assert 40 <= data["calibration_rows"] <= 50
    assert "decision   spam where its probability is at least" in run("inspect", model)[1]
    assert json.loads(run("inspect", model, "--json")[1])["decision"]["rule"]["class"] == "spam"
    # What predict, evaluate and explain answer is that of the threshold.
    texts = ["win cash prize now free", "lunch report friday home call", "win lunch", "zzz"]
    found = [line.split("\t") for line in _lines(run, model, texts, tmp_path)]
    classifier = load(model)
    spam = classifier.predict_proba(texts)[:, 1]
    expected = ["spam" if p >= threshold else "ham" for p in spam[:3]] + [""]
    assert [fields[0] for fields in found] == expected
    assert [label or "" for label in classifier.predict(texts).tolist()] == expected
    assert run("explain", model, texts[2])[1].splitlines()[2].startswith(expected[2])
    found = outcomes(classifier.model_, texts, ["spam"] * 4)
    assert found.predicted.tolist() == [{"ham": 0, "spam": 1, "": -1}[label] for label in expected]


def _lines(run, model, texts, tmp_path):
    (tmp_path / "texts.txt").write_text("\n".join(texts) + "\n")
    code, out, _ = run("predict", model, tmp_path / "texts.txt", "-q")
    assert code == 0
    return out.splitlines()


MISSED = {
    ("--max-error", "0.1%"): "--max-error 0.001 needs 2,995 held-out rows or more, found ",
    ("--max-error", 0.06): "--max-error 0.06 cannot be met: on 49 held-out rows, the error of even the surest",
    ("--coverage", 0.999): "--coverage 0.999 needs 999 held-out rows or more, found ",
    (
        "--aim",
        "f1 >= 0.999",
        "--l2",
        10,
    ): "macro_f1 >= 0.999 cannot be met: on 49 held-out rows the highest",
    (
        "--aim",
        "f1(spam) >= 99.9%",
        "--hashing",
        1,
    ): "f1(spam) >= 0.999 cannot be met: on 49 held-out rows",
}


@pytest.mark.parametrize("options", MISSED)
def test_what_cannot_be_met_ends_with_code_3_and_writes_no_file(run, mails, tmp_path, options):
    code, out, err = run("train", mails, "-o", tmp_path / "m.vikt", *options, *QUICK)
    assert (code, out) == (3, "")
    assert err.startswith(f"vikt: {MISSED[options]}")
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


REFUSED = {
    (
        "--aim",
        "precision(spm) >= 0.9",
    ): "--aim: there is no class 'spm' (did you mean 'spam'?); the classes are",
    (
        "--aim",
        "precision(spam) > 0.9",
    ): "--aim: expected a form such as precision(spam) >= 0.99, found 'precision(spam) > 0.9'; only >= is possible",
    ("--max-error", "x%"): "--max-error: expected a number such as 0.02 or 2%, found 'x%'",
    ("--aim", "acuracy >= 0.9"): "--aim: 'acuracy' is not an aim",
    ("--aim", "f1", "--refit-all"): "--refit-all fits all rows, but --aim needs held-out rows",
    ("--coverage", 0.9, "--refit-all"): "--refit-all fits all rows, but --coverage needs",
    ("--aim", "f1", "--max-error", 0.1): "--max-error: cannot be combined with aim",
    ("--calibrate", "--coverage", 0.9): "--calibrate: would fit a temperature to the rows that ",
    ("--aim", "cost(ham->spam) = 2", "--class-weight", "balanced"): "--class-weight: changes the probabilities",
    ("--coverage", 1): "--coverage: expected a number above 0 and below 1, found 1",
}


@pytest.mark.parametrize("options", REFUSED)
def test_what_makes_no_sense_is_wrong_usage(run, mails, tmp_path, options):
    code, out, err = run("train", mails, "-o", tmp_path / "m.vikt", *options, *QUICK)
    assert (code, out) == (2, "")
    assert err.startswith(f"vikt: {REFUSED[options]}")
    assert list(tmp_path.iterdir()) == []


def test_costs_may_be_repeated(run, mails, tmp_path):
    model = tmp_path / "m.vikt"
    costs = ["--aim", "cost(ham->spam) = 10", "--aim", "cost(spam->ham) = 2"]
    code, out, _ = run("train", mails, "-o", model, *costs, *QUICK)
    assert code == 0
    assert "ham taken for spam costs 10, spam taken for ham costs 2, any other mistake 1" in out
    classifier = load(model)
    assert classifier.aim == ["cost(ham->spam) = 10", "cost(spam->ham) = 2"]
    spam = classifier.predict_proba(["win lunch", "win win cash", "lunch"])[:, 1]
    expected = ["spam" if 2 * p > 10 * (1 - p) else "ham" for p in spam]
    assert classifier.predict(["win lunch", "win win cash", "lunch"]).tolist() == expected


def test_the_rows_that_calibrate_are_never_fitted_and_no_order_matters(rows):
    texts, labels = rows
    classifier = TextClassifier(**CLASSIFIER, aim="f1(spam)").fit(texts, labels)
    examples = Examples.of(measured(texts, classifier.features_), labels)
    fitted = fitted_rows(classifier.record_, examples)
    data = classifier.record_.data
    assert len(fitted) == data.fitted_rows == data.rows - data.calibration_rows
    # The same weights as of these rows alone.
    own = examples.origin[fitted]
    again = TextClassifier(**CLASSIFIER, l2=classifier.l2_)
    again.fit([texts[i] for i in own], [labels[i] for i in own])
    assert np.array_equal(again.theta_, classifier.theta_)
    # Equal texts are on one side.
    others = set(texts) - {texts[i] for i in own}
    assert others.isdisjoint(texts[i] for i in own)
    assert len([text for text in texts if text in others]) == data.calibration_rows
    order = np.random.default_rng(0).permutation(len(texts))
    shuffled = TextClassifier(**CLASSIFIER, aim="f1(spam)").fit([texts[i] for i in order], [labels[i] for i in order])
    assert np.array_equal(shuffled.theta_, classifier.theta_)
    assert shuffled.model_.decision == classifier.model_.decision


@pytest.mark.parametrize("options", [{"l2": 0.01}, {"folds": 3}, {"solver": "minibatch", "patience": 1, "l2": 0.01}])
def test_an_aim_goes_with_every_way_to_choose_the_penalty(rows, options):
    classifier = TextClassifier(**CLASSIFIER, aim="recall(spam) >= 0.9", tol=1e-2, **options).fit(*rows)
    data = classifier.record_.data
    assert 40 <= data.calibration_rows <= 50
    validating = data.validation_rows if "patience" in options else 0
    assert data.fitted_rows + data.calibration_rows + validating == data.rows
    assert classifier.record_.calibration.estimates["recall(spam)"].value >= 0.9


def test_errors_are_bounded_and_the_rest_is_not_answered(run, tmp_path):
    texts, labels = corpus(4000)
    classifier = TextClassifier(**CLASSIFIER, max_error=0.08, random_state=1).fit(texts, labels)
    new, real = corpus(4000, seed=1)
    predicted = classifier.predict(new)
    answered = [(a, b) for a, b in zip(predicted.tolist(), real, strict=True) if a is not None]
    assert 0.2 < len(answered) / len(new) < 0.98
    assert np.mean([a != b for a, b in answered]) < 0.08
    found = classifier.record_.calibration.error
    assert (classifier.predict_proba(new).max(axis=1) > found.confidence).sum() == len(answered)
    classifier.save(tmp_path / "m.vikt")
    loaded = load(tmp_path / "m.vikt")
    assert loaded.record_.calibration == classifier.record_.calibration
    assert loaded.predict(new).tolist() == predicted.tolist()
    assert "answered where the probability is above" in run("inspect", tmp_path / "m.vikt")[1]


def test_sets_of_labels_are_a_column_of_every_format(run, tmp_path):
    texts, labels = corpus(2000, classes=("ham", "pets", "spam"), noise=0.3)
    classifier = TextClassifier(**CLASSIFIER, coverage=0.9).fit(texts, labels)
    new, real = corpus(2000, seed=1, classes=("ham", "pets", "spam"), noise=0.3)
    sets = classifier.predict_sets(new)
    assert 0.86 <= np.mean([label in own for label, own in zip(real, sets, strict=True)]) <= 0.97
    assert len({len(own) for own in sets}) > 1
    assert [own[0] for own in sets] == classifier.predict(new).tolist()
    figures = classifier.evaluate(new, real).figures
    assert figures["coverage"].value == np.mean([label in own for label, own in zip(real, sets, strict=True)])
    assert figures["mean_set_size"].value == np.mean([len(own) for own in sets])
    assert figures["coverage"].low < figures["coverage"].value < figures["coverage"].high
    model = tmp_path / "m.vikt"
    classifier.save(model)
    rows = tmp_path / "new.jsonl"
    rows.write_text("".join(json.dumps({"text": text}) + "\n" for text in new[:50]))
    expected = sets[:50]
    assert run("predict", model, rows, "-o", tmp_path / "a.parquet", "-q")[0] == 0
    assert pq.read_table(tmp_path / "a.parquet")["set"].to_pylist() == expected
    assert run("predict", model, rows, "-o", tmp_path / "a.jsonl", "--top", 2, "--proba", "-q")[0] == 0
    found = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [row["set"] for row in found] == expected
    assert list(found[0])[1:6] == ["predicted", "probability", "predicted_2", "probability_2", "set"]
    assert run("predict", model, rows, "-o", tmp_path / "a.tsv", "-q")[0] == 0
    lines = (tmp_path / "a.tsv").read_text().splitlines()
    assert [json.loads(line.split("\t")[-1]) for line in lines[1:]] == expected
    (tmp_path / "new.txt").write_text("\n".join(new[:50]) + "\n")
    out = run("predict", model, tmp_path / "new.txt", "-q")[1]
    assert [json.loads(line.split("\t")[2]) for line in out.splitlines()] == expected
    out = run("predict", model, tmp_path / "new.txt", "--json", "-q")[1]
    assert [json.loads(line)["set"] for line in out.splitlines()] == expected


def test_a_temperature_is_said_and_kept_only_where_it_gains(run, mails, tmp_path):
    code, out, _ = run("train", mails, "-o", tmp_path / "a.vikt", "--calibrate", *QUICK)
    assert code == 0
    assert "calibrated no temperature: dividing the scores by " in out
    assert load(tmp_path / "a.vikt").model_.decision.is_plain
    # A strong penalty makes the model too unsure.
    code, out, _ = run("train", mails, "-o", tmp_path / "b.vikt", "--calibrate", "--l2", 0.1, *QUICK)
    assert "calibrated scores are divided by 0." in out
    assert load(tmp_path / "b.vikt").model_.decision.temperature < 1
    assert load(tmp_path / "b.vikt").predict(["zzz"]).tolist() != [None]


def test_the_explanation_says_where_there_is_no_answer(rows):
    classifier = TextClassifier(**CLASSIFIER, aim="f1(spam)").fit(*rows)
    unknown, known = classifier.explain("zzz"), classifier.explain("win cash")
    assert (unknown.is_answered, known.is_answered) == (False, True)
    assert unknown.to_json()["answered"] is False
    assert "the model does not answer this text" in unknown.lines()
    assert "the model does not answer this text" in unknown._repr_html_()
    assert "does not answer" not in known.lines()


def test_a_classifier_shows_its_decision(rows):
    classifier = TextClassifier(**CLASSIFIER, aim="f1(spam)").fit(*rows)
    assert "spam where its probability is at least" in classifier._repr_html_()
    assert "aim='f1(spam)'" in repr(classifier)


def test_in_python_what_is_missed_is_an_error_and_nothing_is_set(rows):
    classifier = TextClassifier(**CLASSIFIER, aim="f1 >= 0.9999")
    with pytest.raises(AimMissedError, match=r"macro_f1 >= 0\.9999 cannot be met"):
        classifier.fit(*rows)
    assert not hasattr(classifier, "model_")
    with pytest.raises(DataError, match="too few texts to hold out a twentieth for calibration"):
        TextClassifier(aim="f1", l2=0.1, min_df=1).fit(["a b", "c d"] * 3, ["x", "y"] * 3)
    texts, labels = [f"{word} {k}" for k in range(30) for word in ("win", "lunch")], ["spam", "ham"] * 30
    groups = [f"user {k}" for k in range(6) for _ in range(10)]
    for setting, purpose in [
        ({"aim": "f1"}, "a twentieth for calibration"),
        ({"patience": 3, "solver": "batch"}, "the tenth"),
    ]:
        with pytest.raises(DataError, match=f"6 groups are too few to hold out {purpose}"):
            TextClassifier(l2=0.1, min_df=1, **setting).fit(texts, labels, groups=groups)
    plain = TextClassifier(**CLASSIFIER, l2=0.1).fit(*rows)
    with pytest.raises(UsageError, match=r"makes no sets of labels; train it again with coverage=0\.95"):
        plain.predict_sets(["win"])


def test_a_test_file_leaves_a_twentieth_to_calibrate(run, mails, tmp_path):
    code, out, _ = run("train", mails, "--test", mails, "-o", tmp_path / "m", "--aim", "f1", "--json", *QUICK)
    data = json.loads(out)["data"]
    assert code == 0
    assert data["fitted_rows"] + data["calibration_rows"] == data["rows"]


def test_what_a_test_says_of_the_aim_is_told_beside_the_held_out_rows(run, mails, tmp_path):
    test, report, model = tmp_path / "test.tsv", tmp_path / "r.html", tmp_path / "m"
    test.write_text("label\ttext\n" + "spam\twin cash prize\n" * 3 + "spam\tlunch report friday\nham\thome call\n")
    options = ["--test", test, "-o", model, "--aim", "recall(spam) >= 0.9", "--report", report]
    code, out, _ = run("train", mails, *options, *QUICK)
    missed = "recall(spam) >= 0.9 is not met: found 0.7500 (95%: 0.3006 to 0.9544)"
    assert code == 0
    assert f"warning    on the test, {missed}" in out
    assert re.search(
        r"warning    the interval of recall\(spam\) starts at 0\.\d+, below the aim.*\d+ of spam among", out
    )
    assert re.search(r"\n  recall\(spam\) .* 0\.7500  0\.3006 to 0\.9544\n", out)
    assert f"The aim {missed}." in report.read_text().replace("&gt;", ">")
    assert f"aim        {missed}" in run("evaluate", model, test)[1]


def test_an_aim_that_gains_nothing_says_so(run, mails, tmp_path):
    plain = ["--aim", "cost(ham->spam) = 1"]  # every mistake costs 1, so the most probable class is as good
    out = run("train", mails, "-o", tmp_path / "m", *plain, *QUICK)[1]
    assert "warning    the aim gains nothing: on the held-out rows mean_cost is " in out
    cost, accuracy = (float(re.search(pattern, out)[1]) for pattern in COST_AND_ACCURACY)
    assert cost == pytest.approx(1 - accuracy, abs=1e-4)


# The mean cost on the test, where each mistake costs 1, and the accuracy there.
COST_AND_ACCURACY = (r"mean_cost .* (\S+)  \S+ to \S+\n", r"accuracy +(\S+)")
