"""The pipeline of scikit-learn: the answers of the model, by scikit-learn's own classes where they can say it."""

from __future__ import annotations

import io

import numpy as np
import pytest

import models_of_kinds
import vikt
from vikt.errors import UsageError
from vikt.export.sklearn_pipeline import joblib_of, pipeline_of
from vikt.fitting.saved import SavedModel

joblib = pytest.importorskip("joblib")

HOSTILE = [
    "", " ", "\t\n", "Å", "A\u030a", "İstanbul ΣΑΣ ß", "\U0001f469\u200d\U0001f4bb \U0001f1f8\U0001f1ea 1\ufe0f\u20e3",
    "日本語 ไทย हिन्दी", "a  b\u00a0c\u2003d\x85e", "e\u0301\u0323" * 50, "x" * 300, "nul\0 and \ud800",
    "\x1c\x1d words_with_lines ... !?", "ﬁ ﬂ Ⅷ",
]  # fmt: skip
OPTIONS = {
    "words": {"analyzer": "word"},
    "nb": {"analyzer": "word", "weighting": "nb"},
    "blend of words and characters": {"analyzer": "word+char"},
    "characters": {"analyzer": "char", "ngrams": (1, 3)},
    "characters within words": {"analyzer": "char_wb", "ngrams": (2, 4)},
    "counts of characters": {"analyzer": "char", "ngrams": (1, 2), "weighting": "counts"},
    "lower case": {"analyzer": "char_wb", "lowercase": True},
    "hashed words": {"analyzer": "word", "hashing": 10},
    "hashed characters": {"analyzer": "char_wb", "hashing": 10},
    "calibrated": {"analyzer": "word", "calibrate": True},
}


def saved(classifier):
    return SavedModel(classifier.model_, classifier.record_)


def fitted(emails, **options):
    return vikt.TextClassifier(**{"min_df": 1, "l2": 0.0001, **options}).fit(*emails)


def assert_same(pipeline, classifier, texts):
    np.testing.assert_allclose(pipeline.predict_proba(texts), classifier.predict_proba(texts), rtol=0, atol=1e-9)
    assert pipeline.predict(texts).tolist() == classifier.predict(texts).tolist()
    assert pipeline.classes_.tolist() == classifier.classes_.tolist()


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_it_answers_as_the_model_does(emails, options):
    classifier = fitted(emails, **options)
    pipeline = pipeline_of(saved(classifier))
    assert_same(pipeline, classifier, [*emails[0][:50], *HOSTILE])


@pytest.mark.parametrize("options", [OPTIONS["words"], OPTIONS["lower case"], OPTIONS["hashed words"]])
def test_a_file_gives_the_same_pipeline(emails, options):
    classifier = fitted(emails, **options)
    pipeline = joblib.load(io.BytesIO(joblib_of(saved(classifier), "m")))
    assert_same(pipeline, classifier, emails[0][:50])


def test_characters_need_no_vikt(emails):
    """The pickle of scikit-learn's own classes names no module of vikt's."""
    classifier = fitted(emails, analyzer="char_wb", ngrams=(2, 3))
    content = io.BytesIO()
    joblib.dump(pipeline_of(saved(classifier)), content)
    assert b"sklearn.pipeline" in content.getvalue()
    assert b"vikt" not in content.getvalue()


def test_more_classes_and_other_labels(emails):
    texts = models_of_kinds.TEXTS
    for labels in ([0, 1, 2] * 4, ["a", "b", "ç"] * 4, [True, False] * 6):
        classifier = models_of_kinds.fitted(labels)
        assert_same(pipeline_of(saved(classifier)), classifier, texts)
    shares = np.random.default_rng(0).dirichlet(np.ones(3), len(texts))
    classifier = models_of_kinds.fitted(shares, targets="soft")
    assert_same(pipeline_of(saved(classifier)), classifier, texts)


@pytest.mark.parametrize("options", [OPTIONS["blend of words and characters"], OPTIONS["characters"]])
def test_texts_of_many_languages(corpus, options):
    rows = [line.split("\t") for line in corpus("languages/test.tsv").read_text(encoding="utf-8").split("\n")[1:1001]]
    texts, labels = [row[1] for row in rows], [row[0] for row in rows]
    classifier = vikt.TextClassifier(l2=1e-5, tol=1e-3, **options).fit(texts[:600], labels[:600])
    assert_same(pipeline_of(saved(classifier)), classifier, texts[600:])


def test_what_scikit_learn_cannot_say_is_refused(emails, tmp_path):
    declared = [{"name": "length", "kind": "length"}]
    models = {
        "several labels": models_of_kinds.several(tmp_path / "s.vikt"),
        "ordered labels": models_of_kinds.ordered(tmp_path / "o.vikt"),
        "largest error": fitted(emails, analyzer="word", max_error=0.3),
        "hand-made features": fitted(emails, analyzer="word", features=declared),
    }
    for message, classifier in models.items():
        with pytest.raises(UsageError, match=message):
            pipeline_of(saved(classifier))


def test_the_command(run, emails, tmp_path):
    classifier = fitted(emails, analyzer="word")
    classifier.save(tmp_path / "m.vikt")
    assert run("export", tmp_path / "m.vikt", "-o", tmp_path / "m.joblib")[0] == 0
    assert_same(joblib.load(tmp_path / "m.joblib"), classifier, emails[0][:20])
    code, _, err = run("export", tmp_path / "m.vikt", "-o", tmp_path / "m.joblib")
    assert code == 1
    assert "--force" in err
