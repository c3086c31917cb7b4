"""The labels, the proof and λ of each kind of targets, in words."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import vikt
from models_of_kinds import SETS, TEXTS, several
from vikt.fitting.data_record import DataRecord
from vikt.fitting.part_record import LabelProof
from vikt.names import Reason
from vikt.report.choices import penalty_sentence
from vikt.report.fit import data_lines, fit_lines, key_facts
from vikt.selection.choices import PenaltyChoice


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """A model of several labels, and a record of data of several labels."""
    classifier = several(tmp_path_factory.mktemp("several") / "m.vikt")
    record = classifier.record_
    classes = {"anger": 3, "grief": 1, "joy": len(TEXTS), "love": 0}
    return classifier.model_, replace(record, data=replace(record.data, classes=classes, rows_without_labels=1))


def facts_of(lines):
    return {line[:10].strip(): line[11:] for line in lines.split("\n") if line[:10].strip()}


def test_labels_are_counted_and_those_of_which_little_is_learnt_are_named(sets):
    model, record = sets
    facts = facts_of(data_lines(record, model))
    assert facts["labels"] == "4: joy 12, anger 3, grief 1, love 0"
    assert facts["per text"] == "1.33 labels on average; 1 row has none"
    assert facts["rare"] == "1 label with one row only, used for training and never for testing: grief"
    assert facts["constant"] == "1 label on every row, hence always answered: joy"
    assert facts["absent"] == "1 label on no row, hence never answered: love"


def test_of_many_labels_the_rarest_is_named(sets):
    model, record = sets
    classes = {f"label {i:02}": 100 - i for i in range(20)}
    lines = data_lines(replace(record, data=replace(record.data, classes=classes)), model)
    assert "and 12 more, the rarest label 19 81" in lines


def test_the_proof_of_each_label_is_told_by_the_worst_and_by_those_without_any(sets):
    model, record = sets
    constant = Reason("constant_label")
    proofs = (
        LabelProof(1e-8, 1e-9, 0.1, None),
        LabelProof(3e-6, 1e-7, 0.1, None),
        LabelProof(math.nan, math.nan, 0.0, constant),
        LabelProof(2e-7, 1e-8, 0.1, None),
    )
    part = replace(record.parts[0], by_label=proofs)
    lines = fit_lines(replace(record, parts=(part,)), model)
    assert f"loss       {part.loss:.6g}, the sum over the labels" in lines
    assert "each label is proven within tol = 1e-07 of its own optimum" in lines
    assert "the model is proven" not in lines
    assert (
        "by label   the loss of each is at most 0.0003% above the optimum; the weakest proof is that of grief" in lines
    )
    assert (
        "no proof   of 1 label (joy), which the sums above leave out: all rows have the label, or none has it" in lines
    )
    assert dict(key_facts(model, replace(record, parts=(part,))))["labels"].startswith("4: joy 12")


def test_labels_with_a_penalty_of_their_own_are_counted():
    choice = PenaltyChoice(0.01, "given", by_label=(0.01, 0.01, 0.001, 0.1))
    assert penalty_sentence(choice) == "λ = 0.01 as given; 2 of 4 labels have their own, from 0.001 to 0.1"


def test_soft_labels_are_told_by_their_mean_shares():
    shares = np.tile([[0.75, 0.25, 0.0], [0.0, 0.5, 0.5]], (6, 1))
    classifier = vikt.TextClassifier(analyzer="word", l2=0.01, min_df=1).fit(TEXTS, shares)
    record = classifier.record_
    assert record.data.mean_shares == pytest.approx({"0": 0.375, "1": 0.375, "2": 0.25})
    facts = facts_of(data_lines(record, classifier.model_))
    assert facts["classes"] == "3, by their mean share: 0 0.3750, 1 0.3750, 2 0.2500"
    assert DataRecord.from_json(record.data.to_json()) == record.data


def test_levels_stand_in_their_order_and_absent_ones_are_named():
    levels = ["low", "high", "medium"] * 4
    order = ["low", "rather low", "medium", "high"]
    classifier = vikt.TextClassifier(analyzer="word", l2=0.01, min_df=1, targets="ordered", order=order)
    classifier.fit(TEXTS, levels)
    facts = facts_of(data_lines(classifier.record_, classifier.model_))
    assert facts["classes"] == "3 levels from the lowest: low 4, medium 4, high 4"
    assert facts["absent"] == "1 level that no row has, hence never answered: rather low"


def test_rows_without_labels_are_recorded():
    classifier = vikt.TextClassifier(analyzer="word", l2=0.01, min_df=1).fit(TEXTS, SETS)
    data = classifier.record_.data
    assert data.rows_without_labels == sum(not own for own in SETS)
    assert DataRecord.from_json(data.to_json()) == data
