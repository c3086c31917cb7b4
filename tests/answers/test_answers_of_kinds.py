"""`vikt predict` by models of soft and of ordered labels; and distilling, where one model's answers train another."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import vikt
from models_of_kinds import CUTS, LEVELS, TEXTS, ordered


def unfitted(**parameters):
    return vikt.TextClassifier("word", ngrams=(1, 1), min_df=1, l2=0.003, **parameters)


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "parquet"])
def test_the_probabilities_of_one_model_train_another(emails, tmp_path, run, format):
    texts, labels = emails[0][150:250], emails[1][150:250]
    teacher = unfitted().fit(texts[:60], labels[:60])
    teacher.save(tmp_path / "teacher")
    (tmp_path / "new.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    answered, student = tmp_path / f"soft.{format}", tmp_path / "student"
    code, _, err = run("predict", tmp_path / "teacher", tmp_path / "new.jsonl", "--proba", "-o", answered)
    assert code == 0, err
    options = ["--analyzer", "word", "--ngrams", "1", "--min-df", 1, "--l2", 0.003]
    code, out, err = run("train", answered, "-o", student, *options)
    assert code == 0, err
    assert "classes    2, by their mean share" in out
    found = vikt.load(student)
    assert found.model_.kind == "soft"
    expected = unfitted()
    expected.fit_and_hold_out(texts, teacher.predict_proba(texts))
    assert found.classes_.tolist() == ["ham", "spam"]
    assert found.predict_proba(texts) == pytest.approx(expected.predict_proba(texts), abs=1e-6)
    assert np.mean(found.predict(texts) == teacher.predict(texts)) > 0.9


def test_a_student_of_shares_equals_one_of_rows_with_weights():
    shares = np.random.default_rng(0).dirichlet([1, 1, 1], len(TEXTS))
    rows, classes = [text for text in TEXTS for _ in range(3)], [0, 1, 2] * len(TEXTS)
    # Presence, since document frequencies would count a row three times.
    soft = unfitted(tol=1e-12, weighting="binary").fit(TEXTS, shares)
    hard = unfitted(tol=1e-12, weighting="binary").fit(rows, classes, shares.ravel())
    assert soft.predict_proba(TEXTS) == pytest.approx(hard.predict_proba(TEXTS), abs=1e-6)
    assert soft.predict(TEXTS).tolist() == soft.predict_proba(TEXTS).argmax(axis=1).tolist()


def test_a_level_is_answered_with_its_probability_and_levels_keep_their_order(tmp_path, run):
    model = ordered(tmp_path / "m")
    (tmp_path / "new.csv").write_text("text\n" + "".join(f"{text}\n" for text in TEXTS))
    code, out, _ = run("predict", tmp_path / "m", tmp_path / "new.csv", "--proba")
    rows = list(csv.DictReader(out.splitlines()))
    assert code == 0
    assert list(rows[0]) == ["text", "predicted", "probability", *(f"P({level})" for level in LEVELS)]
    scores = model.decision_function(TEXTS)
    assert len(set(np.searchsorted(CUTS, scores))) > 2
    for row, score in zip(rows, scores, strict=True):
        below = [1 / (1 + np.exp(score - cut)) for cut in CUTS]
        chances = np.diff([0, *below, 1])
        k = int(np.searchsorted(CUTS, score))
        assert row["predicted"] == str(LEVELS[k])
        assert float(row["probability"]) == pytest.approx(chances[k])
        assert [float(row[f"P({level})"]) for level in LEVELS] == pytest.approx(chances.tolist())


def test_the_levels_after_the_median_are_the_most_probable_ones(tmp_path):
    model = ordered(tmp_path / "m")
    best, probabilities = model.predict(TEXTS, top=4), model.predict_proba(TEXTS)
    assert best[:, 0].tolist() == model.predict(TEXTS).tolist()
    for row, own in zip(best, probabilities, strict=True):
        others = [own[LEVELS.index(level)] for level in row[1:]]
        assert others == sorted(others, reverse=True)
        assert sorted(row) == LEVELS
