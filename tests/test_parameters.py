"""Parameters: NumPy's scalars are numbers, what cannot be is refused before any work, and a fit is all or none."""

from __future__ import annotations

import pickle
import re
import warnings

import numpy as np
import pytest
from sklearn.base import clone

import vikt
from vikt import LogisticRegression, NaiveBayes, TextClassifier, TextVectorizer
from vikt.errors import ConvergenceWarning, UsageError, ViktError

TEXTS, LABELS = ["good film", "good fun", "bad film", "bad fun"] * 5, list("ppnn") * 5
X, Y = np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 3.0]]), [0, 0, 1, 1]
ROWS = {TextClassifier: (TEXTS, LABELS), TextVectorizer: (TEXTS,), LogisticRegression: (X, Y), NaiveBayes: (X, Y)}
KINDS = list(ROWS)


class Unread:
    """Data that must not be looked at."""

    def __getattr__(self, name):
        raise AssertionError(name)

    def __iter__(self):
        raise AssertionError("read")


# Parameters as NumPy's scalars, with the same ones as Python's own numbers.
AS_NUMPY = [
    (TextClassifier, {"min_df": np.int64(1), "l2": np.float64(0.01), "random_state": np.int32(3)}),
    (TextClassifier, {"min_df": np.float32(0.25), "hashing": np.int64(8), "lowercase": np.bool_(False)}),
    (TextClassifier, {"ngrams": np.array([1, 2]), "folds": np.int16(3), "one_standard_error": np.bool_(True)}),
    (TextClassifier, {"l2": np.float64(0.1), "l1_ratio": np.float32(0.5), "tol": np.float64(1e-3)}),
    (
        TextClassifier,
        {
            "l2": np.float64(0.1),
            "solver": np.str_("minibatch"),
            "learning_rate": np.float64(0.5),
            "batch_size": np.int64(4),
            "max_iter": np.int64(5000),
            "class_weight": {"p": np.float64(2)},
            "threads": np.int64(2),
        },
    ),
    (LogisticRegression, {"C": np.float32(2), "fit_intercept": np.bool_(False), "threads": np.int64(2)}),
    (LogisticRegression, {"l2": np.float64(0.1), "max_iter": np.int64(50), "warm_start": np.bool_(True)}),
    (NaiveBayes, {"kind": np.str_("bernoulli"), "alpha": np.float32(0.5)}),
    (TextVectorizer, {"min_df": np.int64(2), "max_df": np.float32(0.75), "ngram_range": np.array([1, 2])}),
    (TextVectorizer, {"max_features": np.int64(2), "binary": np.bool_(True), "threads": np.int32(2)}),
    (TextVectorizer, {"hashing": np.int64(6), "use_idf": np.bool_(False)}),
]


def plain(value):
    if isinstance(value, dict):
        return {name: plain(own) for name, own in value.items()}
    return tuple(value.tolist()) if isinstance(value, np.ndarray) else getattr(value, "item", lambda: value)()


def answers(estimator, rows):
    if isinstance(estimator, TextVectorizer):
        return estimator.transform(rows).toarray()
    return estimator.predict_proba(rows)


@pytest.mark.parametrize(("kind", "parameters"), AS_NUMPY)
@pytest.mark.filterwarnings("ignore::vikt.errors.ConvergenceWarning")
def test_numpys_scalars_are_numbers(kind, parameters, tmp_path):
    made, expected = kind(**parameters).fit(*ROWS[kind]), kind(**plain(parameters)).fit(*ROWS[kind])
    assert np.array_equal(answers(made, ROWS[kind][0]), answers(expected, ROWS[kind][0]))
    for name, value in parameters.items():
        assert made.get_params()[name] is value
    if kind is TextClassifier:
        made.save(tmp_path / "a")
        expected.save(tmp_path / "b")
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
        assert vikt.load(tmp_path / "a").get_params() == {**expected.get_params(), "threads": 1}


# What cannot be, for each parameter of each estimator; `features`, `vocabulary` and the like have tests of their own.
WHOLE = [0, -1, 1.0, "1", None, np.nan, True, np.float64(2)]
ABOVE_0 = [0, -1.0, np.nan, np.inf, "1", None, True]
FLAG = ["yes", 1, 0.0, None]
FIT = {
    "l1_ratio": [-0.1, 1.1, np.nan, "0.5", None],
    "class_weight": [3, "even", {"p": 0}, {"p": -1}, {"p": np.nan}, {"p": "2"}],
    "solver": ["sgd", None, 1, ["dual"]],
    "tol": [0, -1.0, np.nan, np.inf, "1", True],
    "max_iter": [0, -1, 1.5, "9"],
    "learning_rate": [0, -1, np.nan, "fast"],
    "batch_size": WHOLE,
    "patience": [-1, 0.5, "2"],
    "random_state": [-1, 2**32, 10**30, 0.5, "0", np.float64(1)],
    "threads": WHOLE,
}
BITS, LIMIT, COUNT = [0, 29, 40, 8.0, "8", True], [0, -1, 1.5, -0.5, np.nan, "2", None], [0, -1, 1.5, "2"]
REFUSED = {
    TextClassifier: FIT
    | {
        "analyzer": ["sentence", "nb", None, str.split],
        "ngrams": [2, "1-2", (2, 1), (0, 1), (1,), (1, 2, 3), (1.0, 2.0), (1, "2")],
        "weighting": ["bm25", 1],
        "min_df": LIMIT,
        "lowercase": ["yes", 1],
        "hashing": BITS,
        "l2": [-1, np.nan, np.inf, "0.1", None, True],
        "folds": [1, 0, 2.5, "3"],
        "one_standard_error": FLAG,
        "text_column": [None, 3],
        "aim": [3, ["f1", 3], 0.99],
        "coverage": [0, 1, -0.5, 95, np.nan, "0.95", True],
        "max_error": [0, 1, -0.5, np.inf, "0.02", True],
        "calibrate": FLAG,
        "targets": ["multilabel", None],
        "order": ["low,high", ["low"], ["low", "low"], 3],
        "thresholds": ["each", 1.5, -0.1, True, None],
    },
    LogisticRegression: FIT
    | {"C": [0, -1.0, np.nan, "1", None, True], "l2": [-1, np.nan, "auto"], "fit_intercept": FLAG, "warm_start": FLAG},
    NaiveBayes: {"kind": ["gaussian", None], "alpha": ABOVE_0},
    TextVectorizer: {
        "input": ["url", None],
        "encoding": [None, 8],
        "decode_error": [None],
        "strip_accents": ["latin", 1],
        "lowercase": FLAG,
        "preprocessor": ["lower"],
        "tokenizer": ["split"],
        "analyzer": ["wrod", None],
        "stop_words": ["swedish", 5],
        "token_pattern": [5],
        "ngram_range": [2, "1-2", (0, 1), (1,), (1.0, 2.0)],
        "max_df": LIMIT,
        "min_df": LIMIT,
        "max_features": COUNT,
        "binary": FLAG,
        "dtype": ["number"],
        "norm": ["l3", 2],
        "use_idf": FLAG,
        "smooth_idf": FLAG,
        "sublinear_tf": FLAG,
        "hashing": BITS,
        "threads": WHOLE,
    },
}
CASES = [(kind, name, value) for kind in KINDS for name, values in REFUSED[kind].items() for value in values]


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_is_tried(kind):
    assert set(kind().get_params()) - set(REFUSED[kind]) <= {"features", "vocabulary"}


@pytest.mark.parametrize(("kind", "name", "value"), CASES)
def test_what_cannot_be_is_refused_before_any_work(kind, name, value):
    estimator = kind(**{name: value})  # a constructor raises nothing
    with pytest.raises(UsageError) as raised:
        estimator.fit(*[Unread()] * len(ROWS[kind]))
    message = str(raised.value)
    assert message.startswith(f"{name}: expected ")
    assert f"found {getattr(value, 'item', lambda: value)()!r}" in message
    assert "\n" not in message
    assert not hasattr(raised.value, "__notes__")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--min-df", "-1"], "--min-df: expected a whole number of 1 or more.* found -1"),
        (["--max-iter", "0"], "--max-iter: expected a whole number of 1 or more, found 0"),
        (["--batch-size", "0"], "--batch-size: expected"),
        (["--tol", "-1"], "--tol: expected a number above 0, found -1"),
        (["--tol", "nan"], "--tol: expected a number, found nan"),
        (["--hashing", "40"], "--hashing: .* 1 to 28 bits, found 40"),
        (["--seed", "-1"], "--seed: expected a whole number of 0 to 4294967295, found -1"),
        (["--seed", "99999999999999999999"], "--seed: .* found 99999999999999999999"),
        (["--l2", "nan"], "--l2: expected a number of at least 0"),
        (["--l2", "1e-200"], "--l2: expected λ of 0, or of 1e-100 or more"),
        (["--l1-ratio", "2"], "--l1-ratio: expected a number from 0"),
        (["--learning-rate", "-1"], "--learning-rate: expected a number above 0, or 'auto', found -1"),
        (["--folds", "1"], "--folds: expected a whole number of 2 or more, found 1"),
        (["--folds", "3", "--l2", "1"], "--folds: chooses λ, but --l2 1 already sets it; pass only one"),
        (["--one-standard-error", "--l2", "1"], "--one-standard-error: chooses λ"),
        (["--patience", "-1"], "--patience: expected a whole number of 0 or more, found -1"),
        (["--patience", "1"], "--patience: early stopping needs gradient descent"),
        (["--learning-rate", "0.1"], "--learning-rate: only gradient descent has a learning rate, found solver 'auto'"),
        (["--batch-size", "5", "--solver", "batch"], "--batch-size: .* found solver 'batch'; choose from 'minibatch'"),
        (["--class-weight", "ham=0"], "--class-weight: expected balanced, or factors above 0 such as spam=2,ham=1"),
        (["--class-weight", "ham=nan"], "--class-weight: .* found 'ham=nan'"),
        (["--class-weight", "eggs=1"], "--class-weight: no class 'eggs'"),
        (["--analyzer", "none"], "--analyzer: 'none' needs hand-made features"),
        (["--ngrams", "0-2"], "--ngrams: expected two whole numbers"),
    ],
)
def test_the_command_line_names_the_option(run, tmp_path, options, said):
    import re

    path = tmp_path / "mails.tsv"
    rows = [f"ham\tlunch on friday {i}\nspam\twin a prize {i}\n" for i in range(20)]
    path.write_text("label\ttext\n" + "".join(rows), encoding="utf-8")
    code, out, err = run("train", path, "-q", "-o", tmp_path / "m.vikt", *options)
    assert (code, out) == (2, "")
    assert re.search(said, err), err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "m.vikt").exists()


def test_the_command_line_takes_a_share_as_python_does(run, tmp_path):
    path, model = tmp_path / "mails.tsv", tmp_path / "m.vikt"
    path.write_text("label\ttext\n" + "".join(f"ham\tlunch {i}\nspam\tprize {i}\n" for i in range(20)))
    for given, min_df in (("0.25", 0.25), ("1.0", 1.0), ("3", 3)):
        code, _, err = run("train", path, "-q", "-o", model, "--analyzer", "word", "--min-df", given)
        if given == "1.0":
            # No word is in all texts.
            assert (code, "in at least --min-df 1.0 of 32 texts; lower --min-df" in err) == (1, True)
        else:
            parameter = vikt.load(model).min_df
            assert (code, parameter, type(parameter)) == (0, min_df, type(min_df))


def test_warnings_of_other_packages_for_programmers_are_not_for_users(capsys):
    from vikt.cli.console import guarded

    @guarded
    def command():
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        warnings.warn("open", ResourceWarning, stacklevel=1)
        warnings.warn("max_iter = 3 passes reached; raise tol", ConvergenceWarning, stacklevel=1)

    with warnings.catch_warnings():
        command()
    assert capsys.readouterr().err == "warning: --max-iter 3 passes reached; raise --tol\n"


# Seeds.


@pytest.mark.parametrize("kind", [TextClassifier, LogisticRegression])
def test_no_seed_is_the_seed_0_and_a_generator_draws_one_for_each_fit(kind, tmp_path):
    def fitted(seed):
        return kind(solver="minibatch", tol=1e-3, random_state=seed, **options).fit(*ROWS[kind])

    options = {"min_df": 1, "l2": 0.1} if kind is TextClassifier else {}
    expected = answers(fitted(0), ROWS[kind][0])
    assert np.array_equal(answers(fitted(None), ROWS[kind][0]), expected)
    for make in (np.random.RandomState, np.random.default_rng):
        one, other = fitted(make(5)), fitted(make(5))
        assert np.array_equal(answers(one, ROWS[kind][0]), answers(other, ROWS[kind][0]))
        assert not np.array_equal(answers(one, ROWS[kind][0]), expected)
        if kind is TextClassifier:
            one.save(tmp_path / "m")
            drawn = vikt.load(tmp_path / "m").random_state
            assert np.array_equal(answers(fitted(drawn), TEXTS), answers(one, TEXTS))


def test_a_clone_of_a_generator_is_a_copy():
    estimator = TextClassifier(min_df=1, l2=0.1, random_state=np.random.RandomState(1))
    assert np.array_equal(*(answers(clone(estimator).fit(TEXTS, LABELS), TEXTS) for _ in range(2)))


# Names.


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        (TextClassifier, "ngram_range", "use ngrams"),
        (TextClassifier, "C", "l2 = 1/(2·C·m)"),
        (TextClassifier, "stop_words", "TextVectorizer"),
        (TextClassifier, "verbose", "progress=True"),
        (TextClassifier, "use_idf", "use weighting"),
        (LogisticRegression, "ngram_range", "remove it"),
        (LogisticRegression, "ngrams", "remove it"),
        (LogisticRegression, "stop_words", "remove it"),
        (NaiveBayes, "C", "remove it"),
        (NaiveBayes, "n_jobs", "remove it"),
        (TextVectorizer, "verbose", "remove it"),
        (TextClassifier, "weigting", "(did you mean 'weighting'?)"),
        (LogisticRegression, "n_jobs", "threads"),
        (LogisticRegression, "penalty", "l1_ratio"),
        (NaiveBayes, "alhpa", "(did you mean 'alpha'?)"),
        (TextVectorizer, "ngrams", "ngram_range"),
    ],
)
def test_a_name_that_is_not_a_parameter_is_answered_with_ours(kind, name, said):
    for call in (lambda: kind(**{name: 1}), lambda: kind().set_params(**{name: 1})):
        with pytest.raises(UsageError) as raised:
            call()
        assert isinstance(raised.value, TypeError)
        assert re.match(rf"{name}: not a parameter of {kind.__name__}( \(did you mean .*\))?; ", str(raised.value))
        assert said in str(raised.value)


def test_a_share_of_the_texts_is_a_limit():
    texts = ["good film", "good fun", "good day", "bad day"]
    shared = TextClassifier(min_df=0.5, ngrams=(1, 1), l2=0.1).fit(texts, [0, 0, 1, 1])
    assert sorted(shared.features_.names()) == ["day", "good"]


@pytest.mark.parametrize(
    ("estimator", "shown"),
    [
        (TextClassifier(ngrams=(1, 2), l2="auto", threads=1), "TextClassifier(ngrams=(1, 2))"),
        (TextVectorizer(ngram_range=(1, 1), min_df=2), "TextVectorizer(min_df=2)"),
        (NaiveBayes("bernoulli"), "NaiveBayes(kind='bernoulli')"),
    ],
)
def test_the_repr_lists_what_differs_from_the_defaults(estimator, shown):
    assert repr(estimator) == shown


# Threads.


def test_threads_are_a_parameter_and_not_in_the_file(tmp_path):
    for threads in (1, 2):
        made = clone(TextClassifier(min_df=1, threads=threads)).fit(TEXTS, LABELS)
        assert made.get_params()["threads"] == threads
        made.save(tmp_path / str(threads))
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert b"threads" not in (tmp_path / "2").read_bytes()
    assert vikt.load(tmp_path / "2").threads == 1


@pytest.mark.parametrize("kind", [TextClassifier, LogisticRegression, TextVectorizer])
def test_threads_that_cannot_be_are_refused_after_the_fit_too(kind):
    made = kind().fit(*ROWS[kind]).set_params(threads=0)
    with pytest.raises(UsageError, match="threads: expected a whole number of 1 or more, found 0"):
        answers(made, ROWS[kind][0])


# A fit is all or none.


BREAKS = {
    TextClassifier: ["vikt.classifier.fit", "vikt.classifier.Examples.of", "vikt.fitting.fit.blend"],
    TextVectorizer: ["vikt.vectorizer.fit_terms", "vikt.vectorizer.python_options"],
    LogisticRegression: [
        "vikt.estimators.minimise",
        "vikt.estimators.ordered_rows",
        "vikt.model.classes.encode_labels",
    ],
    NaiveBayes: ["vikt.model.classes.encode_labels", "vikt.estimators._weights_learnt"],
}


def state_of(estimator):
    return pickle.dumps(vars(estimator))


@pytest.mark.parametrize("error", [ValueError, MemoryError, KeyboardInterrupt])
@pytest.mark.parametrize(("kind", "place"), [(kind, place) for kind in KINDS for place in BREAKS[kind]])
def test_a_fit_that_breaks_off_leaves_the_estimator_as_it_was(monkeypatch, kind, place, error):
    def broken(*args, **options):
        raise error

    before = kind().fit(*ROWS[kind])
    for estimator in (kind(), before):
        state = state_of(estimator)
        with monkeypatch.context() as broken_off:
            broken_off.setattr(place, broken)
            with pytest.raises(error):
                estimator.fit(*ROWS[kind])
        assert state_of(estimator) == state


@pytest.mark.parametrize("kind", KINDS)
def test_data_that_cannot_be_fitted_leave_the_estimator_as_it_was(kind):
    made = kind().fit(*ROWS[kind])
    state = state_of(made)
    bad = {TextVectorizer: ([1],), TextClassifier: ([1, 2], [0, 1])}.get(kind, ([[np.nan], [1.0]], [0, 1]))
    with pytest.raises(ViktError):
        made.fit(*bad)
    assert state_of(made) == state


def test_a_warning_that_is_an_error_leaves_the_estimator_as_it_was():
    random = np.random.default_rng(0)
    model = LogisticRegression(C=1e4, max_iter=1)
    with pytest.raises(ConvergenceWarning):
        model.fit(random.normal(size=(50, 5)), np.arange(50) % 2)
    assert "theta_" not in vars(model)


def test_a_fit_forgets_what_the_last_one_learnt():
    import pandas as pd

    model = LogisticRegression().fit(pd.DataFrame(X, columns=["a", "b"]), Y)
    assert not hasattr(model.fit(X, Y), "feature_names_in_")


@pytest.mark.parametrize("n_classes", [2, 3])
def test_offsets_of_rows_of_weight_0_are_left_out_with_them(n_classes):
    random = np.random.default_rng(1)
    X, y, weights = random.normal(size=(30, 3)), np.arange(30) % n_classes, (np.arange(30) % 5 > 0).astype(float)
    offset = random.normal(size=30 if n_classes == 2 else (30, n_classes))
    kept = weights > 0
    weighted = LogisticRegression().fit(X, y, weights, offset=offset)
    assert np.array_equal(weighted.coef_, LogisticRegression().fit(X[kept], y[kept], offset=offset[kept]).coef_)


HUGE = [
    *((TextClassifier, name) for name in ("l2", "tol", "min_df", "max_iter", "learning_rate")),
    *((LogisticRegression, name) for name in ("C", "l2", "tol")),
    (NaiveBayes, "alpha"),
    (TextVectorizer, "max_df"),
]


@pytest.mark.parametrize(("kind", "name"), HUGE)
@pytest.mark.parametrize("digits", [400, 5000])
def test_numbers_beyond_the_range_of_floats_are_refused_before_any_work(kind, name, digits):
    with pytest.raises(UsageError, match=rf"{name}: expected .*, found a number beyond the range of floats"):
        kind(**{name: 10**digits}).fit(*[Unread()] * len(ROWS[kind]))


@pytest.mark.parametrize("C", [1e-320, 5e-324])
@pytest.mark.parametrize("weight", [1.0, 1e-10])
def test_an_infinite_penalty_is_refused_by_the_name_of_c(C, weight):
    with pytest.raises(UsageError, match=f"C: expected a number above 0 whose .* is finite, found {C!r}"):
        LogisticRegression(C=C).fit(np.eye(4), ["a", "b"] * 2, [weight] * 4)


def test_stop_words_without_dimensions_are_refused():
    with pytest.raises(UsageError, match="stop_words: expected 'english' or a collection of words, found array"):
        TextVectorizer(stop_words=np.array(1)).fit(["a text"])


def test_an_order_says_that_labels_are_ordered():
    order = ["low", "high"]
    found = TextClassifier(analyzer="word", min_df=1, l2=0.1, order=order).fit(TEXTS, [order[y == "p"] for y in LABELS])
    assert (found.model_.kind, found.classes_.tolist()) == ("ordered", order)
    with pytest.raises(UsageError, match="order: is for ordered labels, but targets='classes' is given"):
        TextClassifier(order=order, targets="classes").fit(Unread(), Unread())
