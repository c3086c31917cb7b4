"""The ONNX graph of a model of columns: the same probabilities and answers, by ONNX Runtime."""

from __future__ import annotations

import numpy as np
import pytest

import vikt
from vikt.errors import UsageError
from vikt.export.onnx_graph import onnx_of
from vikt.fitting.saved import SavedModel

pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

DECLARED = [
    {"name": "time", "kind": "number"},
    {"name": "links", "kind": "number"},
    {"name": "embedding", "kind": "dense"},
    {"name": "sender", "kind": "category", "column": "from"},
]


def frame(n=60, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "time": (1.7e9 + 1e5 * rng.normal(size=n)).tolist(),
        "links": rng.integers(0, 2, n).tolist(),
        "embedding": rng.normal(size=(n, 4)).tolist(),
        "from": rng.choice(["kth.se", "su.se", "åå.se", ""], n).tolist(),
    }


def labels_of(rows, n_classes):
    return [f"class {int(10 * row[0]) % n_classes}" for row in rows["embedding"]]


def fitted(labels, rows, **options):
    return vikt.TextClassifier("none", features=DECLARED, l2=0.001, **options).fit(rows, labels)


def outputs(classifier, rows):
    content = onnx_of(SavedModel(classifier.model_, classifier.record_), "m")
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    n = len(rows["links"])
    given = {
        "time": np.array(rows["time"]).reshape(n, 1),
        "links": np.array(rows["links"], dtype=np.float64).reshape(n, 1),
        "embedding": np.array(rows["embedding"], dtype=np.float32),
        "from": np.array(rows["from"], dtype=object).reshape(n, 1),
    }
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, given), strict=True))


def assert_same(classifier, rows):
    found = outputs(classifier, rows)
    np.testing.assert_allclose(found["probabilities"], classifier.predict_proba(rows), atol=1e-5)
    return found


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes(n_classes):
    rows, new = frame(), frame(40, seed=1)
    new["from"][:2] = ["unseen", "KTH.SE"]
    classifier = fitted(labels_of(rows, n_classes), rows)
    assert assert_same(classifier, new)["label"].tolist() == classifier.predict(new).tolist()


def test_several_labels():
    rows = frame()
    sets = [[name for name, value in zip("abc", row, strict=False) if value > 0] for row in rows["embedding"]]
    classifier = fitted(sets, rows, thresholds=0.4)
    assert assert_same(classifier, rows)["answers"].tolist() == classifier.predict(rows).tolist()


def test_levels():
    rows = frame(120)
    levels = [sum(value > cut for cut in (-0.5, 0.5)) for value, *_ in rows["embedding"]]
    classifier = fitted(levels, rows, targets="ordered")
    assert assert_same(classifier, rows)["label"].tolist() == list(map(str, classifier.predict(rows).tolist()))


def test_shares():
    rows = frame()
    shares = np.random.default_rng(0).dirichlet(np.ones(3), 60)
    assert_same(fitted(shares, rows, targets="soft"), rows)


def test_a_temperature():
    rows = frame(400)
    classifier = fitted(labels_of(rows, 2), rows, calibrate=True)
    assert_same(classifier, rows)


def test_a_number_that_is_always_the_same():
    rows = frame()
    rows["time"] = [3.0] * 60
    classifier = fitted(labels_of(rows, 2), rows)
    assert_same(classifier, {**rows, "time": [7.0] * 60})


def test_text_is_refused_with_the_reason(emails, run, tmp_path):
    vikt.TextClassifier("word", min_df=1, l2=0.001).fit(*emails).save(tmp_path / "m.vikt")
    code, _, err = run("export", tmp_path / "m.vikt", "-o", tmp_path / "m.onnx")
    assert code == 2
    assert "ONNX has no operators for vikt's text features: Unicode normalisation" in err
    assert not (tmp_path / "m.onnx").exists()


def test_other_features_are_refused():
    rows = {"money": ["$", "1", "$1", "x"] * 5, "n": [1, 2, 3, 4] * 5}
    for declared, message in (
        ([{"name": "money", "kind": "pattern", "pattern": "[$]", "column": "money"}], "of kind 'pattern'"),
        ([{"name": "n", "kind": "number"}, {"name": "N", "kind": "category", "column": "n"}], "one type"),
    ):
        classifier = vikt.TextClassifier("none", features=declared, l2=0.1).fit(rows, ["a", "b"] * 10)
        with pytest.raises(UsageError, match=message):
            onnx_of(SavedModel(classifier.model_, classifier.record_), "m")


def test_the_command_replaces_its_own(run, tmp_path):
    rows = frame()
    fitted(labels_of(rows, 2), rows).save(tmp_path / "m.vikt")
    graph = tmp_path / "m.onnx"
    assert run("export", tmp_path / "m.vikt", "-o", graph)[0] == 0
    content = graph.read_bytes()
    assert run("export", tmp_path / "m.vikt", "-o", graph)[0] == 0
    assert graph.read_bytes() == content
    graph.write_bytes(b"mine")
    assert run("export", tmp_path / "m.vikt", "-o", graph)[0] == 1
