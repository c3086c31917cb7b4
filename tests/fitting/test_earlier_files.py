"""Model files that name no hash of their rows, written before files did: held-out rows are still found."""

from __future__ import annotations

from pathlib import Path

import pytest

import vikt
from vikt.auditing.against_model import trained_on
from vikt.auditing.subject import LabelledTexts, Subject
from vikt.corpus.documents import Documents
from vikt.errors import DataError
from vikt.fitting.trained import load_trained

FILES = Path(__file__).parent / "earlier"
TEXTS = [f"{'good' if i % 2 else 'bad'} film {i} of {i % 7}" for i in range(120)]
LABELS = ["pos" if i % 2 or not i % 5 else "neg" for i in range(120)]
# As the version that wrote the files gave them.
HELD_OUT = [3, 23, 24, 29, 34, 51, 55, 59, 68, 76, 101]
ADDED = ["a good one", TEXTS[HELD_OUT[0]]], ["pos", "neg"]


def test_an_update_of_an_earlier_file_holds_out_the_same_rows_as_it_did_then():
    classifier = vikt.load(FILES / "seeded.vikt")
    classifier.update(TEXTS[::-1], LABELS[::-1], add=ADDED)
    then = vikt.load(FILES / "seeded_updated.vikt").record_
    now = classifier.record_
    assert now.held_out.tolist() == then.held_out.tolist()
    assert now.unfitted.tolist() == then.unfitted.tolist()
    assert now.data.fingerprint == then.data.fingerprint
    assert (now.updates, now.data.digest) == (then.updates, None)


def test_an_update_of_an_updated_earlier_file_finds_its_rows_again():
    classifier = vikt.load(FILES / "seeded_updated.vikt")
    texts, labels = TEXTS + ADDED[0], LABELS + ADDED[1]
    classifier.update(texts, labels, forget=([TEXTS[i] for i in HELD_OUT[:2]], [LABELS[i] for i in HELD_OUT[:2]]))
    assert classifier.data_["test_rows"] == len(HELD_OUT) - 2


def test_an_earlier_file_saved_again_stays_the_same(tmp_path):
    vikt.load(FILES / "seeded.vikt").save(tmp_path / "again.vikt")
    assert (tmp_path / "again.vikt").read_bytes() == (FILES / "seeded.vikt").read_bytes()


def test_the_rows_of_an_earlier_file_are_recognised_and_others_refused():
    saved = load_trained(FILES / "seeded.vikt")
    for labels, is_found in ((LABELS, True), (LABELS[::-1], False)):
        side = LabelledTexts.of("training", Documents.of(TEXTS), labels)
        assert bool(list(trained_on(Subject(side, model=saved)))) == is_found
    with pytest.raises(DataError, match="4a696ea6438b83f96b26aefcae599780"):
        vikt.load(FILES / "seeded.vikt").update(TEXTS, LABELS[::-1], add=ADDED)


def test_new_files_name_the_hash_of_their_rows(tmp_path):
    classifier = vikt.TextClassifier("word", l2=1e-3).fit(TEXTS, LABELS)
    assert classifier.data_["digest"] == "blake2b-128"
    classifier.save(tmp_path / "new.vikt")
    assert vikt.load(tmp_path / "new.vikt").record_ == classifier.record_
