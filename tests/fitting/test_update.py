"""A model updated is what training anew on the same rows gives, and forgets nothing by halves."""

from __future__ import annotations

import numpy as np
import pytest

import vikt
from vikt.corpus.readers import read_table
from vikt.errors import DamagedModelError, DataError, UsageError
from vikt.features.text import TextFeatures
from vikt.files.model_file import save_model
from vikt.fitting.examples import Examples
from vikt.fitting.fit import fit
from vikt.fitting.given_rows import GivenRows
from vikt.fitting.model import measured
from vikt.fitting.refitted import fitted_rows, plan_of, settings_of
from vikt.fitting.saved import SavedModel
from vikt.fitting.start import Start
from vikt.fitting.update import update
from vikt.report.decision import decision_facts
from vikt.selection.choices import PenaltyChoice
from vikt.selection.plan import Plan
from vikt.selection.recipes import Recipe

N = 320


def examples_of(classifier, texts, labels, weights=None):
    documents = measured(texts, TextFeatures(classifier.settings().features))
    return Examples.of(documents, labels, weights, classifier.random_state)


def trained_anew(classifier, texts, labels, weights=None, record=None):
    """A fit of exactly these rows, by the λ and the recipe of a record, from a cold start."""
    record = record or classifier.record_
    examples = examples_of(classifier, texts, labels, weights)
    rows = np.arange(len(examples))
    return fit(examples, (rows, rows[:0]), settings_of(record, examples), plan=plan_of(record)).model


OPTIONS = [
    {},
    {"analyzer": "char_wb"},
    {"analyzer": "word+char"},
    {"hashing": 12},
    {"weighting": "nb"},
    {"solver": "newton", "l2": 1e-3},
    {"l1_ratio": 0.5, "l2": 1e-4},
    {"class_weight": {"spam": 2.0}},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_an_update_is_what_training_anew_gives(emails, options):
    texts, labels = emails
    classifier = vikt.TextClassifier(tol=1e-10, **options)
    held_out, _ = classifier.fit_and_hold_out(texts[:N], labels[:N])
    rows = list(zip(texts[:N], labels[:N], strict=True))
    gone = rows[10:40]
    classifier.update(texts[:N], labels[:N], add=(texts[N:], labels[N:]), forget=tuple(zip(*gone, strict=True)))
    remaining = [row for row in rows if row not in gone and row[0] not in held_out]
    remaining += [row for row in zip(texts[N:], labels[N:], strict=True) if row[0] not in held_out]
    anew = trained_anew(classifier, *zip(*remaining, strict=True))
    assert classifier.certificate_ <= 1e-6
    assert np.allclose(anew.probabilities(texts), classifier.predict_proba(texts), atol=1e-4)
    assert sorted(anew.features.names()) == sorted(classifier.get_feature_names_out())
    assert classifier.data_["fitted_rows"] == len(remaining)


def test_each_part_of_a_blend_starts_near_its_own_weights(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(tol=1e-10)
    examples, settings = examples_of(classifier, texts[:N], labels[:N]), classifier.settings()
    recipe = Recipe("nb+word+char", (("nb", 0.25), ("word+char", 0.75)))
    plan = Plan(recipe, (PenaltyChoice(1e-3, "given"), PenaltyChoice(3e-4, "given")))
    rows = np.arange(len(examples)), np.arange(0)
    cold = fit(examples, rows, settings, plan=plan)
    saved = SavedModel(cold.model, cold.record)
    old, add = (GivenRows.of(cold.model, texts[part], labels[part]) for part in (slice(N), slice(N, None)))
    updated = update(saved, old, add).fit
    anew = trained_anew(classifier, texts, labels, record=cold.record)
    assert np.allclose(anew.probabilities(texts), updated.model.probabilities(texts), atol=1e-4)
    same = update(saved, old).fit
    for before, after in zip(cold.record.parts, same.record.parts, strict=True):
        assert after.passes < before.passes / 2


@pytest.mark.parametrize("analyzer", ["word", "char_wb", "word+char"])
@pytest.mark.parametrize("hashing", [None, 10])
def test_weights_are_carried_over_by_the_names_of_features(emails, analyzer, hashing):
    texts, labels = emails
    old = vikt.TextClassifier(analyzer, hashing=hashing, l2=1e-3).fit(texts[:200], labels[:200])
    new = vikt.TextClassifier(analyzer, hashing=hashing, l2=1e-3).fit(texts[100:], labels[100:])
    theta = Start(old.model_, ((analyzer, 1.0),)).theta(0, new.features_, new.classes_)
    weight_of = dict(zip(old.get_feature_names_out(), old.coef_[0].tolist(), strict=True))
    expected = [weight_of.get(name, 0.0) for name in new.get_feature_names_out()]
    assert np.count_nonzero(expected) > 50
    assert 0.0 in expected or hashing
    assert np.allclose(theta[1:], expected)
    assert theta[0] == pytest.approx(old.intercept_[0])


def test_classes_are_carried_over_by_name(emails):
    texts, labels = emails
    three = ["eel" if number % 5 == 0 else label for number, label in enumerate(labels)]
    two, more = (vikt.TextClassifier("word", l2=1e-3).fit(texts, own) for own in (labels, three))
    start = Start(two.model_, (("word", 1.0),)).theta(0, more.features_, more.classes_)
    assert not start[0].any()
    assert np.allclose(start[2] - start[1], two.theta_)
    back = Start(more.model_, (("word", 1.0),)).theta(0, two.features_, two.classes_)
    assert np.allclose(back, more.theta_[2] - more.theta_[1])


def test_an_update_of_nothing_is_the_same_model_to_its_certificate_in_few_passes(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier()
    classifier.fit_and_hold_out(texts, labels)
    before, loss, passes = classifier.predict_proba(texts), classifier.loss_, classifier.n_iter_
    data = classifier.data_
    old = GivenRows.of(classifier.model_, texts[::-1], labels[::-1])
    same = update(SavedModel(classifier.model_, classifier.record_), old).fit
    part = same.record.least_proven
    assert part.loss == pytest.approx(loss, rel=2e-7)
    assert np.allclose(same.model.probabilities(texts), before, atol=1e-3)
    assert part.passes < passes / 2
    assert same.record.data.fingerprint == data["fingerprint"]
    assert same.record.data.fitted_rows == data["fitted_rows"]


def test_the_order_of_the_rows_changes_no_byte(emails, tmp_path):
    texts, labels = emails
    vikt.TextClassifier().fit(texts[:N], labels[:N]).save(tmp_path / "model")
    backwards = slice(None, None, -1)
    for name, turned in (("a", slice(None)), ("b", backwards)):
        classifier = vikt.load(tmp_path / "model")
        add = texts[N:][turned], labels[N:][turned]
        forget = texts[5:9][turned], labels[5:9][turned]
        classifier.update(texts[:N][turned], labels[:N][turned], add=add, forget=forget).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_updates_add_up_and_held_out_rows_stay_out(emails, tmp_path):
    texts, labels = emails
    classifier = vikt.TextClassifier(tol=1e-10)
    held_out, _ = classifier.fit_and_hold_out(texts[:N], labels[:N])
    copies = held_out[:3], ["ham"] * 3
    classifier.update(texts[:N], labels[:N], add=(texts[N:360] + copies[0], labels[N:360] + copies[1]))
    assert classifier.record_.updates == ((43, 0, 3),)
    assert classifier.data_["test_rows"] == len(held_out)
    classifier.save(tmp_path / "model")
    classifier = vikt.load(tmp_path / "model")
    assert classifier.record_.updates == ((43, 0, 3),)
    now = texts[:360] + copies[0], labels[:360] + copies[1]
    examples = examples_of(classifier, *now)
    fitted = {text.decode() for text in examples.documents.texts.take(fitted_rows(classifier.record_, examples))}
    assert fitted == set(texts[:360]) - set(held_out)
    with pytest.raises(DataError, match="trained on 363 rows, found 320; the model was updated since, so give"):
        classifier.update(texts[:N], labels[:N], add=(texts[:1], labels[:1]))
    gone = list(zip(*now, strict=True))[:7]
    classifier.update(*now, add=(texts[360:], labels[360:]), forget=tuple(zip(*gone, strict=True)))
    n_gone = sum(row[0] in held_out for row in gone)
    assert classifier.data_["test_rows"] == len(held_out) - n_gone
    rows = [row for row in zip(*now, strict=True) if row not in gone] + list(
        zip(texts[360:], labels[360:], strict=True)
    )
    anew = trained_anew(classifier, *zip(*(row for row in rows if row[0] not in held_out), strict=True))
    assert np.allclose(anew.probabilities(texts), classifier.predict_proba(texts), atol=1e-4)
    assert len(classifier.record_.updates) == 2
    assert classifier.record_.metrics["accuracy"]["value"] > 0.5


def test_copies_of_held_out_rows_never_test(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier("word", l2=1e-3)
    held_out, own = classifier.fit_and_hold_out(texts, labels)
    now, add = (texts, labels), (list(held_out), list(own))
    classifier.update(*now, add=add)
    metrics, fitted = classifier.record_.metrics, classifier.data_["fitted_rows"]
    for _ in range(2):
        assert classifier.data_["test_rows"] == len(held_out)
        assert classifier.data_["fitted_rows"] == fitted
        now = now[0] + add[0], now[1] + add[1]
        classifier.update(*now, add=add)
    assert classifier.record_.metrics["accuracy"] == metrics["accuracy"]


def test_all_copies_of_a_forgotten_row_are_forgotten_and_no_other(emails):
    texts, labels = emails
    other = "ham" if labels[0] == "spam" else "spam"
    rows = [*texts, texts[0], texts[0]], [*labels, labels[0], other]
    classifier = vikt.TextClassifier("word", l2=1e-3).fit(*rows)
    classifier.update(*rows, forget=(texts[:1], labels[:1]))
    assert classifier.record_.updates == ((0, 2, 0),)
    assert classifier.data_["rows"] == len(texts)


def test_a_row_that_cannot_be_forgotten_is_named_and_nothing_changes(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier("word", l2=1e-3).fit(texts, labels)
    before = classifier.theta_
    other = "ham" if labels[3] == "spam" else "spam"
    wrong = [
        ((["never seen"], ["spam"]), "index 0: 'never seen' is to be forgotten, but the model was not trained on it"),
        (
            ([texts[0], texts[3]], [labels[0], other]),
            f"index 1: .* with the label '{other}', but the model was trained on it with '{labels[3]}'",
        ),
    ]
    for rows, match in wrong:
        with pytest.raises(DataError, match=match):
            classifier.update(texts, labels, forget=rows)
    with pytest.raises(DataError, match="index 0: the row is to be added and to be forgotten"):
        classifier.update(texts, labels, add=(texts[:1], labels[:1]), forget=(texts[:1], labels[:1]))
    assert classifier.theta_ is before
    assert not classifier.record_.updates


def test_new_words_and_classes_come_and_go(emails):
    texts, labels = (column[:120] for column in emails)
    classifier = vikt.TextClassifier("word", tol=1e-8, l2=1e-3).fit(texts, labels)
    fish = ["the eel swims in the river", "an eel and another eel in the river", "eel pie"], ["fish"] * 3
    classifier.update(texts, labels, add=fish)
    assert classifier.classes_.tolist() == ["fish", "ham", "spam"]
    p_fish = classifier.predict_proba(["an eel in the river", texts[0]])[:, 0]
    assert p_fish[0] > 4 * p_fish[1]
    anew = trained_anew(classifier, texts + fish[0], labels + fish[1])
    assert np.allclose(anew.probabilities(texts), classifier.predict_proba(texts), atol=1e-4)
    classifier.update(texts + fish[0], labels + fish[1], forget=fish)
    assert classifier.classes_.tolist() == ["ham", "spam"]
    assert "eel" not in classifier.get_feature_names_out().tolist()
    anew = trained_anew(classifier, texts, labels)
    assert np.allclose(anew.probabilities(texts), classifier.predict_proba(texts), atol=1e-4)


def test_weights_of_rows_and_classes_are_kept(emails):
    texts, labels = emails
    weights = np.random.default_rng(0).integers(0, 4, len(texts)).astype(float)
    classifier = vikt.TextClassifier("word", tol=1e-10, l2=1e-3, class_weight={"ham": 3.0})
    classifier.fit(texts[:N], labels[:N], weights[:N])
    classifier.update(texts[:N], labels[:N], weights[:N], add=(texts[N:], labels[N:], weights[N:]))
    anew = trained_anew(classifier, texts, labels, weights)
    assert np.allclose(anew.probabilities(texts), classifier.predict_proba(texts), atol=1e-4)
    with pytest.raises(DataError, match="the rows trained on have weights, but those added have none"):
        classifier.update(texts, labels, weights, add=(texts[:1], labels[:1]))


def test_numbers_stay_the_classes_of_a_model_from_a_file(emails, tmp_path):
    texts, labels = emails
    numbers = np.array([int(label == "spam") for label in labels])
    classifier = vikt.TextClassifier("word", l2=1e-3).fit(texts[:N], numbers[:N])
    classifier.save(tmp_path / "model")
    spelled = [str(number) for number in numbers]
    again = vikt.load(tmp_path / "model").update(texts[:N], spelled[:N], add=(texts[N:], spelled[N:]))
    assert again.classes_.tolist() == [0, 1]
    assert np.array_equal(again.theta_, classifier.update(texts[:N], numbers[:N], add=(texts[N:], numbers[N:])).theta_)


def test_hand_made_features_and_columns_are_matched_too(emails):
    texts, labels = emails
    lengths = np.array([float(len(text) % 7) for text in texts])
    declared = [{"name": "length", "kind": "number"}, {"name": "sender", "kind": "category", "column": "sender"}]
    frame = {"text": texts, "length": lengths, "sender": [text[:1] for text in texts]}
    classifier = vikt.TextClassifier("word", features=declared, tol=1e-10, l2=1e-3)
    part = {name: column[:N] for name, column in frame.items()}
    more = {name: column[N:] for name, column in frame.items()}
    classifier.fit(part, labels[:N])
    gone = {name: column[:2] for name, column in frame.items()}
    with pytest.raises(DataError, match="was not trained on it"):
        classifier.update(part, labels[:N], forget=(gone | {"length": gone["length"] + 1}, labels[:2]))
    classifier.update(part, labels[:N], add=(more, labels[N:]), forget=(gone, labels[:2]))
    rest = {name: column[2:] for name, column in frame.items()}
    anew = trained_anew(classifier, rest, labels[2:])
    assert np.allclose(anew.probabilities(frame), classifier.predict_proba(frame), atol=1e-4)


def test_a_model_that_was_stopped_early_is_refused(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(solver="batch", patience=2, l2=1e-3, max_iter=5)
    with pytest.warns(match="max_iter"):
        classifier.fit(texts, labels)
    with pytest.raises(UsageError, match="stopped early"):
        classifier.update(texts, labels, forget=(texts[:1], labels[:1]))


def test_an_update_of_nothing_is_refused(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier("word", l2=1e-3).fit(texts, labels)
    with pytest.raises(UsageError, match="nothing to update; pass rows to add or forget"):
        classifier.update(texts, labels)
    with pytest.raises(UsageError, match="nothing to update; pass rows to add or forget"):
        classifier.update(texts, labels, add=([], []), forget=([], []))
    assert not classifier.record_.updates


def test_a_model_that_reads_neighbours_is_refused():
    tokens = ["Anna", "went", "to", "Bern", "."] * 20
    labels = ["name", "other", "other", "name", "other"] * 20
    features = [{"name": "word", "kind": "category"}, {"name": "before", "kind": "category", "offset": -1}]
    classifier = vikt.TextClassifier("none", features=features, l2=1e-3).fit(tokens, labels)
    with pytest.raises(UsageError, match="read neighbouring rows"):
        classifier.update(tokens, labels, add=(["Basel"], ["name"]))


@pytest.mark.parametrize(
    "damage",
    [
        {"arrays": {"held_out": np.zeros(3)}},
        {"arrays": {"unfitted": np.zeros((1, 1), dtype=np.int64)}},
        {"header": {"updates": [{"added": -1, "forgotten": 0, "kept_out": 0}]}},
        {"header": {"updates": [{"added": 1, "forgotten": 0}]}},
        {"header": {"updates": [{"added": 1, "forgotten": 0, "kept_out": 0, "more": 1}]}},
        {"header": {"updates": 3}},
    ],
    ids=str,
)
def test_a_damaged_record_of_updates_is_refused(emails, tmp_path, damage):
    texts, labels = emails
    classifier = vikt.TextClassifier("word", l2=1e-3).fit(texts, labels)
    classifier.update(texts, labels, forget=(texts[:1], labels[:1]))
    arrays, header = SavedModel(classifier.model_, classifier.record_).to_file()
    save_model(tmp_path / "model", arrays | damage.get("arrays", {}), header | damage.get("header", {}))
    with pytest.raises(DamagedModelError):
        vikt.load(tmp_path / "model")


def test_rows_that_made_a_decision_are_neither_fitted_nor_a_test(emails, tmp_path):
    texts, labels = emails
    classifier = vikt.TextClassifier("word", l2=1e-3, aim="recall(spam) >= 0.7")
    held_out, _ = classifier.fit_and_hold_out(texts[:N], labels[:N])
    decision, n_deciding = classifier.model_.decision, classifier.data_["calibration_rows"]
    fitted = classifier.data_["fitted_rows"]
    assert n_deciding > 5
    assert fitted + n_deciding + len(held_out) == N
    for first, last in ((N, 360), (360, 400)):
        add = texts[first:last], labels[first:last]
        classifier.update(texts[:first], labels[:first], add=add)
        assert classifier.model_.decision == decision
        assert classifier.data_["test_rows"] == len(held_out)
        assert classifier.data_["fitted_rows"] == fitted + last - N
        classifier.save(tmp_path / "model")
        classifier = vikt.load(tmp_path / "model")
    spam = [text for text, label in zip(texts, labels, strict=True) if label == "spam"]
    with pytest.raises(DataError, match="thresholds or costs of the model are for the classes"):
        classifier.update(texts, labels, add=(spam, ["eel"] * len(spam)), forget=(spam, ["spam"] * len(spam)))


def test_what_was_proven_of_the_model_before_is_not_promised_of_the_new_one(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier("word", l2=1e-3, max_error=0.5, coverage=0.5).fit(texts[:N], labels[:N])
    facts = dict(decision_facts(classifier.model_, classifier.record_))
    assert facts["max error"].endswith(" tried)")
    classifier.update(texts[:N], labels[:N], add=(texts[N:], labels[N:]))
    for name, fact in decision_facts(classifier.model_, classifier.record_):
        assert ("not proven for the new one" in fact) == (name in ("max error", "sets"))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "label"), [("sms/sms.tsv", "label"), ("trec/train.tsv", "label")])
def test_an_update_of_a_real_corpus_is_what_training_anew_gives(corpus, name, label):
    table = read_table(corpus(name))
    rows = list(zip(table.strings("text"), table.strings(label), strict=True))
    old, new, gone = rows[:-200], rows[-200:], [row for row in rows[50:150] if row not in rows[-200:]]
    classifier = vikt.TextClassifier(tol=1e-10)
    held_out, _ = classifier.fit_and_hold_out(*zip(*old, strict=True))
    classifier.update(*zip(*old, strict=True), add=zip(*new, strict=True), forget=zip(*gone, strict=True))
    fitted = [row for row in (*(row for row in old if row not in set(gone)), *new) if row[0] not in set(held_out)]
    anew = trained_anew(classifier, *zip(*fitted, strict=True))
    texts = [text for text, _ in rows]
    assert np.allclose(anew.probabilities(texts), classifier.predict_proba(texts), atol=1e-4)
    assert classifier.certificate_ <= 1e-6
