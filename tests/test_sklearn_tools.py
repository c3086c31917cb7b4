"""scikit-learn's tools at work on vikt's estimators: searches, pipelines, ensembles, routing, tags, processes."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.sparse import csr_matrix
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.exceptions import DataConversionWarning
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.inspection import permutation_importance
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import get_routing_for_object

import vikt
from vikt import LogisticRegression, NaiveBayes, TextClassifier, TextVectorizer, errors

pytestmark = pytest.mark.filterwarnings("ignore::vikt.errors.ConvergenceWarning")


@pytest.fixture(scope="module")
def mails(emails):
    """Texts and labels, mixed."""
    order = np.random.default_rng(0).permutation(400)[:200]
    return [emails[0][i] for i in order], [emails[1][i] for i in order]


def words():
    return make_pipeline(TextVectorizer(), LogisticRegression(C=10))


# Searches and validation.


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_grid_over_numpys_numbers_finds_a_model_that_is_saved(mails, tmp_path, n_jobs):
    grid = {"l2": np.logspace(-5, -1, 3), "min_df": np.arange(1, 3), "ngrams": [(1, 1), (1, 2)]}
    search = GridSearchCV(TextClassifier("word"), grid, cv=3, n_jobs=n_jobs).fit(*mails)
    assert search.best_score_ > 0.8
    assert search.score(*mails) > 0.95
    search.best_estimator_.save(tmp_path / "m")
    assert np.array_equal(vikt.load(tmp_path / "m").predict_proba(mails[0]), search.predict_proba(mails[0]))


def test_a_random_search_and_a_grid_of_a_pipeline(mails):
    parameters = {
        "logisticregression__C": np.logspace(-2, 2, 5),
        "textvectorizer__max_features": np.arange(50, 500, 50),
    }
    search = RandomizedSearchCV(words(), parameters, n_iter=3, cv=3, random_state=0).fit(*mails)
    assert search.best_score_ > 0.7


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("estimator", [TextClassifier("word", l2=1e-4), words()])
def test_validation_and_learning_curves(mails, estimator, n_jobs):
    assert cross_val_score(estimator, *mails, cv=3, n_jobs=n_jobs).mean() > 0.8
    assert cross_val_score(estimator, *mails, cv=3, n_jobs=n_jobs, scoring="neg_log_loss").mean() > -0.6
    probabilities = cross_val_predict(estimator, *mails, cv=3, n_jobs=n_jobs, method="predict_proba")
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-12
    _, _, scores = learning_curve(estimator, *mails, cv=3, n_jobs=n_jobs, train_sizes=[0.5, 1.0])
    assert scores.mean(axis=1)[1] > 0.8


def test_an_error_in_another_process_comes_back(mails):
    with pytest.raises(errors.UsageError, match="min_df: expected"):
        cross_val_score(TextClassifier(min_df=0), *mails, cv=2, n_jobs=1, error_score="raise")


@pytest.mark.slow
@pytest.mark.parametrize("parameters", [{"min_df": 0}, {"min_df": 10_000}])
def test_an_error_in_a_process_of_its_own_comes_back(mails, parameters):
    with pytest.raises(errors.ViktError, match="min_df"):
        cross_val_score(TextClassifier(**parameters), *mails, cv=2, n_jobs=2, error_score="raise")


# Ensembles, inspection, frames.


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "make",
    [
        lambda n_jobs: CalibratedClassifierCV(TextClassifier("word", l2=1e-4), cv=3, n_jobs=n_jobs),
        lambda n_jobs: CalibratedClassifierCV(words(), cv=3, n_jobs=n_jobs),
        lambda n_jobs: StackingClassifier(
            [("texts", TextClassifier("word", l2=1e-4)), ("words", words())],
            final_estimator=LogisticRegression(),
            cv=3,
            n_jobs=n_jobs,
        ),
        lambda n_jobs: VotingClassifier(
            [("texts", TextClassifier("char_wb", l2=1e-4)), ("words", words())], voting="soft", n_jobs=n_jobs
        ),
    ],
)
def test_ensembles(mails, make, n_jobs):
    model = make(n_jobs).fit(*mails)
    assert model.score(*mails) > 0.9
    assert set(model.classes_) == {"ham", "spam"}


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", [LogisticRegression, NaiveBayes])
def test_permutation_importance(kind, n_jobs):
    random = np.random.default_rng(0)
    X = random.poisson(1.0, size=(3000, 20)).astype(float)
    y = (X[:, 0] > 0).astype(int)
    found = permutation_importance(kind().fit(X, y), X, y, n_repeats=2, random_state=0, n_jobs=n_jobs)
    assert found.importances_mean.argmax() == 0


@pytest.mark.slow
def test_data_that_joblib_maps_for_other_processes():
    random = np.random.default_rng(0)
    X = random.normal(size=(20_000, 20))  # above the megabyte from which joblib maps
    y = (X[:, 0] > 0).astype(int)
    for rows in (X, csr_matrix(X)):
        search = GridSearchCV(LogisticRegression(), {"C": np.logspace(-1, 1, 2)}, cv=2, n_jobs=2).fit(rows, y)
        assert search.best_score_ > 0.95
    texts = [f"word{i % 7} word{i % 11} " * 10 for i in range(20_000)]
    assert cross_val_score(
        TextClassifier("word", l2=1e-4), np.array(texts), np.arange(20_000) % 7, cv=2, n_jobs=2
    ).all()


def test_columns_of_a_frame_and_unions_of_features(mails):
    texts, labels = mails
    frame = pd.DataFrame({"subject": [text[:20] for text in texts], "body": texts, "length": list(map(len, texts))})
    columns = ColumnTransformer(
        [("body", TextVectorizer(), "body"), ("subject", TextVectorizer(min_df=2), "subject")], remainder="passthrough"
    )
    model = Pipeline([("columns", columns), ("model", LogisticRegression())]).fit(frame, labels)
    assert model.score(frame, labels) > 0.9
    assert "body__the" in model["columns"].get_feature_names_out()
    union = FeatureUnion([("words", TextVectorizer()), ("characters", TextVectorizer(analyzer="char_wb"))])
    assert make_pipeline(union, NaiveBayes()).fit(texts, labels).score(texts, labels) > 0.9
    assert "characters__a" in union.fit(texts).get_feature_names_out()


def test_rows_of_texts_are_sparse_and_no_frame():
    vectorizer = TextVectorizer()
    assert vectorizer.set_output(transform="default") is vectorizer.set_output() is vectorizer
    for library in ("pandas", "polars"):
        with pytest.raises(ValueError, match="sparse"):
            make_pipeline(TextVectorizer(), LogisticRegression()).set_output(transform=library)


# Metadata routing.


@pytest.fixture
def routed():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def test_without_routing_a_request_says_what_to_do():
    with pytest.raises(errors.UsageError, match="enable_metadata_routing=True"):
        TextClassifier().set_fit_request(sample_weight=True)


@pytest.mark.usefixtures("routed")
@pytest.mark.parametrize("kind", [TextClassifier, LogisticRegression, NaiveBayes])
def test_requests_are_kept_and_copied(kind):
    estimator = kind().set_fit_request(sample_weight="cost")
    for same in (estimator, clone(estimator), copy.deepcopy(estimator), pickle.loads(pickle.dumps(estimator))):
        assert get_routing_for_object(same).fit.requests["sample_weight"] == "cost"
    assert get_routing_for_object(kind()).fit.requests["sample_weight"] is None
    assert estimator.get_params() == kind().get_params()
    with pytest.raises(errors.UsageError, match=r"fit takes sample_weight.* found 'colour'"):
        kind().set_fit_request(colour=True)


@pytest.mark.usefixtures("routed")
def test_weights_reach_fit_and_score_in_pipelines_and_searches(mails):
    texts, labels = mails
    weights = np.where(np.array(labels) == "spam", 5.0, 1.0)
    expected = LogisticRegression().fit(TextVectorizer().fit_transform(texts), labels, weights)
    model = LogisticRegression().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    pipeline = make_pipeline(TextVectorizer(), model).fit(texts, labels, sample_weight=weights)
    assert np.array_equal(pipeline[-1].coef_, expected.coef_)
    right = pipeline.predict(texts) == np.array(labels)
    assert pipeline.score(texts, labels, sample_weight=weights) == pytest.approx(np.average(right, weights=weights))
    rows = TextVectorizer().fit_transform(texts)
    search = GridSearchCV(model, {"C": [1.0, 10.0]}, cv=3).fit(rows, labels, sample_weight=weights)
    assert (
        search.best_score_ != GridSearchCV(LogisticRegression(), {"C": [1.0, 10.0]}, cv=3).fit(rows, labels).best_score_
    )


@pytest.mark.usefixtures("routed")
def test_weights_reach_a_classifier_of_texts(mails):
    weights = np.arange(200) % 3
    model = TextClassifier("word", l2=1e-4).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    cross_validate(model, *mails, cv=2, params={"sample_weight": weights}, error_score="raise")


@pytest.mark.usefixtures("routed")
def test_offsets_reach_every_method():
    X, y, offset = np.arange(8.0).reshape(-1, 1), [0, 1] * 4, np.linspace(-1, 1, 8)
    model = LogisticRegression().set_fit_request(offset=True).set_predict_proba_request(offset=True)
    pipeline = make_pipeline(model).fit(X, y, offset=offset)
    expected = LogisticRegression().fit(X, y, offset=offset)
    assert np.array_equal(pipeline.predict_proba(X, offset=offset), expected.predict_proba(X, offset=offset))


# Tags and processes.


def test_tags_say_what_is_read():
    for estimator in (TextClassifier(), TextVectorizer()):
        tags = get_tags(estimator)
        assert tags.input_tags.string
        assert not tags.input_tags.two_d_array
        assert not tags.input_tags.sparse
    for estimator in (LogisticRegression(), NaiveBayes()):
        assert get_tags(estimator).input_tags.two_d_array
        assert get_tags(estimator).input_tags.sparse
    assert is_classifier(TextClassifier())
    assert get_tags(TextVectorizer()).transformer_tags is not None


def every_error():
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]
    return [kind for kind in kinds if kind.__module__ == "vikt.errors"]


@pytest.mark.parametrize("kind", every_error())
def test_errors_are_pickled_and_copied(kind):
    given = ("min_df", "expected {more}, found 0") if issubclass(kind, errors.ParameterError) else ("x.csv: {broken}",)
    takes_remedy = issubclass(kind, errors.ViktError) and not issubclass(kind, errors.ParameterError)
    error = kind(*given, **({"text": ..., "header": False} if takes_remedy else {}))
    error.row = 7
    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(same) is kind
        assert str(same) == str(error)
        assert vars(same) == vars(error)


def test_errors_that_are_scikit_learns_too_are_pickled():
    with pytest.raises(SklearnNotFittedError) as raised:
        TextClassifier().predict(["a"])
    same = pickle.loads(pickle.dumps(raised.value))
    assert type(same) is type(raised.value)
    assert isinstance(same, errors.NotFittedError)
    assert str(same) == str(raised.value)
    with pytest.warns(DataConversionWarning) as warned:
        LogisticRegression().fit([[0.0], [1.0]], [[0], [1]])
    assert isinstance(pickle.loads(pickle.dumps(warned[0].message)), errors.ShapeWarning)
    # A process without scikit-learn reads it as our own class.
    code = "import pickle, sys; e = pickle.load(sys.stdin.buffer); print(type(e).__mro__, 'sklearn' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(raised.value), capture_output=True, check=True
    )
    assert b"vikt.errors.NotFittedError" in done.stdout
    assert done.stdout.endswith(b"False\n")
