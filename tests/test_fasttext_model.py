"""A model in the place of fastText's: what it answers, and in the filter of datatrove."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import vikt
from models_of_kinds import TEXTS, fitted, several
from vikt.errors import ParameterError, UsageError

LABELS = ["joy", "fear", "joy", "no joy"] * 3


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.vikt"
    fitted(LABELS).save(path)
    return path


def test_it_answers_labels_and_probabilities_as_fasttext_does(path):
    model, classifier = vikt.fasttext_model(path), vikt.load(path)
    probabilities = classifier.predict_proba(TEXTS)
    order = np.argsort(-probabilities, axis=1)
    marked = [f"__label__{label}" for label in classifier.classes_]
    assert model.labels == model.get_labels() == marked
    labels, found = model.predict(TEXTS, k=-1)
    assert labels == [tuple(marked[k] for k in own) for own in order]
    np.testing.assert_allclose(found, np.take_along_axis(probabilities, order, axis=1), rtol=1e-12)
    one, probability = model.predict(TEXTS[0])
    assert (one, len(probability)) == (labels[0][:1], 1)
    least = float(probabilities[0].max()) - 1e-9
    assert [len(own) for own in model.predict(TEXTS[:1], k=2, threshold=least)[0]] == [1]
    assert model.predict([]) == ([], [])
    assert len(model.predict("two\nlines", k=5)[0]) == 3


@pytest.mark.parametrize("k", [0, -2, 1.5, True, None, "1"])
@pytest.mark.parametrize("text", ["happy", ["happy"], []])
def test_numbers_of_labels_that_mean_nothing_are_refused(path, k, text):
    with pytest.raises(ParameterError, match="k: expected a whole number of 1 or more, or -1 for all, found"):
        vikt.fasttext_model(path).predict(text, k=k)


def test_texts_one_by_one_are_answered_by_compiled_code_with_the_same_bytes(path):
    """A text at a time, a model would work as plain Python until it has read some thousand words."""
    script = (
        "import sys, vikt; from vikt.compiled import plain; model = vikt.fasttext_model(sys.argv[1]); "
        "print([(labels, p.tobytes().hex()) for labels, p in (model.predict(text, k=-1) for text in sys.argv[2:])]); "
        "sys.exit(plain.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", script, path, *TEXTS], capture_output=True, text=True, check=True)
    labels, found = vikt.fasttext_model(path).predict(TEXTS, k=-1)
    assert done.stdout.strip() == repr([(own, p.tobytes().hex()) for own, p in zip(labels, found, strict=True)])


def test_models_that_read_more_than_texts_are_refused(tmp_path):
    rows = {"text": TEXTS, "n": list(range(12))}
    (tmp_path / "f.toml").write_text('[n]\nkind = "number"\ncolumn = "n"\n')
    classifier = vikt.TextClassifier("word", min_df=1, l2=0.1, features=tmp_path / "f.toml")
    classifier.fit(rows, LABELS).save(tmp_path / "m.vikt")
    with pytest.raises(UsageError, match="the model also reads the columns n"):
        vikt.fasttext_model(tmp_path / "m.vikt")


def test_several_labels_have_their_own_probabilities(tmp_path):
    classifier = several(tmp_path / "m.vikt")
    labels, found = vikt.fasttext_model(tmp_path / "m.vikt").predict("love", k=-1)
    own = dict(zip(labels, found, strict=True))
    for label, probability in zip(classifier.classes_, classifier.predict_proba(["love"])[0], strict=True):
        assert own[f"__label__{label}"] == pytest.approx(probability)


# In datatrove


@pytest.fixture
def example():
    # It imports the others without asking for them.
    pytest.importorskip("datatrove")
    pytest.importorskip("regex")
    pytest.importorskip("orjson")
    import datatrove_filter

    return datatrove_filter


def documents(texts):
    from datatrove.data import Document

    return [Document(text=text, id=str(i)) for i, text in enumerate(texts)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("batch_size", [1, 5, 1000])
@pytest.mark.parametrize("way", ["keep_labels", "remove_labels"])
def test_the_filter_of_datatrove_keeps_what_the_probabilities_say(example, path, batch_size, way):
    classifier = vikt.load(path)
    joy = classifier.predict_proba(TEXTS)[:, classifier.classes_.tolist().index("joy")]
    least = float(np.median(joy))
    step = example.ViktClassifierFilter(str(path), batch_size=batch_size, **{way: ("joy", least)})
    kept = list(step.run(documents(TEXTS)))
    expected = joy >= least if way == "keep_labels" else joy < least
    assert [document.text for document in kept] == [text for text, own in zip(TEXTS, expected, strict=True) if own]
    by_text = dict(zip(TEXTS, joy, strict=True))
    for document in kept:
        assert document.metadata["__label__joy"] == pytest.approx(by_text[document.text])


@pytest.mark.filterwarnings("ignore")
def test_the_filter_needs_no_package_of_fasttext(example, path, monkeypatch):
    monkeypatch.setattr("datatrove.utils._import_utils._is_distribution_available", lambda name: False)
    assert example.ViktClassifierFilter(str(path)).model.predict
    with pytest.raises(ImportError):
        example.FastTextClassifierFilter(str(path))


@pytest.mark.filterwarnings("ignore")
def test_the_pipeline_of_the_example_filters_a_folder(example, path, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "in").mkdir()
    lines = [json.dumps({"text": text, "id": str(i)}) for i, text in enumerate(TEXTS)]
    (tmp_path / "in" / "a.jsonl").write_text("\n".join(lines))
    example.main(str(path), str(tmp_path / "in"), str(tmp_path / "out"), "joy", "0.5")
    kept = [json.loads(line)["text"] for file in (tmp_path / "out").glob("*.jsonl") for line in file.open()]
    classifier = vikt.load(path)
    joy = classifier.predict_proba(TEXTS)[:, classifier.classes_.tolist().index("joy")]
    assert kept == [text for text, p in zip(TEXTS, joy, strict=True) if p >= 0.5]
    assert not list((tmp_path / "here").iterdir()), "datatrove's logs are left in the working folder"
    with pytest.raises(ValueError, match="has no label __label__jy"):
        _ = example.ViktClassifierFilter(str(path), keep_labels=("jy", 0.5)).model
