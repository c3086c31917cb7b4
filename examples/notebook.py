"""A data scientist's first afternoon with vikt, cell by cell, each with the answer that it must give.

Cells about pandas, Polars, Arrow and `datasets` are skipped where the library is not installed.
"""

import importlib
import io
import tempfile
from importlib.resources import files
from pathlib import Path

import numpy as np

import vikt

# %% Four hundred short e-mails, spam or ham
lines = (files("vikt.corpus.sample") / "emails.tsv").read_text(encoding="utf-8").splitlines()[1:]
labels, senders, texts = (list(column) for column in zip(*(line.split("\t") for line in lines), strict=True))
assert len(texts) == 400
assert sorted(set(labels)) == ["ham", "spam"]

# %% A first model, tested on a tenth that it has not seen
classifier = vikt.TextClassifier()
assert repr(classifier) == "TextClassifier()"
held_out, true_labels = classifier.fit_and_hold_out(texts, labels)
assert len(held_out) == len(true_labels) == 40
assert set(held_out) <= set(texts)
assert classifier.score(held_out, true_labels) > 0.8
evaluation = classifier.evaluate(held_out, true_labels)
print(evaluation)
assert evaluation.accuracy.value == classifier.score(held_out, true_labels)
assert evaluation.accuracy.low < evaluation.accuracy.value <= evaluation.accuracy.high
assert evaluation.matrix.sum() == 40
assert evaluation.per_class["spam"]["support"] == (true_labels == "spam").sum()
assert evaluation.to_json()["metrics"]["accuracy"]["rows"] == 40

# %% What is it, and is it the best model of its kind?
assert classifier.classes_.tolist() == ["ham", "spam"]
assert classifier.certificate_ <= 1e-4
assert classifier.data_["fitted_rows"] == 360
assert classifier.coef_.shape == (1, classifier.n_features_in_)
assert classifier.intercept_.shape == (1,)
assert len(classifier.get_feature_names_out()) == classifier.n_features_in_
assert "proof" in classifier._repr_html_()
print(classifier.strongest_features("spam", n=5))
assert len(classifier.strongest_features("ham", n=3).features) == 3

# %% Answers
mail = "Congratulations, you have won two free tickets! Click the button."
assert classifier.predict([mail]).tolist() == ["spam"]
assert classifier.predict([mail], top=2).tolist() == [["spam", "ham"]]
assert classifier.predict([mail, ""], threshold=0.999).tolist()[1] is None
p = classifier.predict_proba([mail, "Lunch on Friday?"])
assert p.shape == (2, 2)
assert np.allclose(p.sum(axis=1), 1)
assert np.allclose(np.log(p), classifier.predict_log_proba([mail, "Lunch on Friday?"]))
score = classifier.decision_function([mail])
assert score.shape == (1,)
assert np.isclose(1 / (1 + np.exp(-score[0])), p[0, 1])
assert len(classifier.predict([])) == 0

# %% Why?
explanation = classifier.explain(mail)
print(explanation)
assert explanation.label == "spam"
assert np.isclose(explanation.probability, p[0, 1])
assert np.isclose(
    explanation.score, explanation.intercept + sum(part.contribution for part in explanation.contributions)
)
assert "<mark" in explanation._repr_html_()
assert np.isclose(classifier.explain(mail, label="ham").score, -explanation.score)

# %% Save, load, and find the same answers
with tempfile.TemporaryDirectory() as folder:
    classifier.save(Path(folder, "mails.vikt"))
    loaded = vikt.load(Path(folder, "mails.vikt"))
assert (loaded.predict_proba(texts) == classifier.predict_proba(texts)).all()
assert loaded.get_params() == classifier.get_params()
assert str(loaded.evaluate(held_out, true_labels)) == str(evaluation)


def error_of(mistake):
    """The error that a mistake raises."""
    try:
        mistake()
    except vikt.ViktError as error:
        return error
    raise AssertionError("no error")


# %% Mistakes have names, and a remedy
assert isinstance(error_of(lambda: vikt.load("no such file.vikt")), vikt.errors.InputFileError)
assert isinstance(error_of(lambda: classifier.predict("one text")), vikt.errors.DataError)
assert isinstance(error_of(lambda: vikt.TextClassifier().predict(["a"])), vikt.errors.NotFittedError)
assert isinstance(error_of(lambda: vikt.TextClassifier(min_df=-1).fit(texts, labels)), vikt.errors.ParameterError)
assert isinstance(error_of(lambda: vikt.TextClassifier().fit(texts, labels[:9])), vikt.errors.DataError)
assert "choose from 'ham', 'spam'" in str(error_of(lambda: classifier.explain(mail, label="eel")))

# %% From here on, words alone: quicker, and the same whoever holds the texts
words = vikt.TextClassifier(l2=1e-4).fit(texts, labels)
expected = words.predict_proba(texts)
number_of_stages = []
again = vikt.TextClassifier(l2=1e-4).fit(texts, labels, progress=lambda *call: number_of_stages.append(call[0]))
assert {"features", "fitting"} <= set(number_of_stages)
assert (again.coef_ == words.coef_).all()
assert (vikt.TextClassifier(l2=1e-4).fit(np.array(texts), np.array(labels)).predict_proba(texts) == expected).all()
assert (vikt.TextClassifier(l2=1e-4).fit(iter(texts), iter(labels)).predict_proba(iter(texts)) == expected).all()
mixed = np.random.default_rng(0).permutation(400)
mixed_texts, mixed_labels = [texts[i] for i in mixed], [labels[i] for i in mixed]
assert (vikt.TextClassifier(l2=1e-4).fit(mixed_texts, mixed_labels).predict_proba(texts) == expected).all()


def installed(name):
    """A library, or None where it is absent."""
    try:
        return importlib.import_module(name)
    except ImportError:
        print(f"({name} is not installed: its cells are skipped)")
        return None


def fitted_on(column, of_labels):
    """The probabilities of a model that is fitted on a column, for that column."""
    return vikt.TextClassifier(l2=1e-4).fit(column, of_labels).predict_proba(column)


# %% pandas
if pd := installed("pandas"):
    df = pd.DataFrame({"text": texts, "sender": senders, "label": labels}, index=np.arange(400) + 1000)
    assert (fitted_on(df["text"], df["label"]) == expected).all()
    assert (fitted_on(df, df["label"]) == expected).all()
    assert (fitted_on(df["text"].astype("category"), df["label"].astype("category")) == expected).all()
    df["predicted"] = words.predict(df["text"])
    assert (df["predicted"] == df["label"]).mean() > 0.95
    df["sure"] = words.predict(df["text"], threshold=0.9)
    assert 0 < df["sure"].isna().sum() < 400
    spam = df[df["label"] == "spam"]
    assert (words.predict_proba(spam) == expected[(df["label"] == "spam").to_numpy()]).all()
    renamed = df.rename(columns={"text": "body"})
    of_body = vikt.TextClassifier(l2=1e-4, text_column="body").fit(renamed, renamed["label"])
    assert (of_body.predict_proba(renamed) == expected).all()
    domain = vikt.TextClassifier(l2=1e-4, features=[{"kind": "category", "name": "sender", "column": "sender"}])
    rest, rest_labels = domain.fit_and_hold_out(df, df["label"])
    assert rest["label"].tolist() == rest_labels.tolist()
    assert set(domain.predict(rest)) <= {"ham", "spam"}
    assert domain.explain(rest.iloc[0]).label == domain.predict(rest.iloc[:1])[0]
    frame = words.explain(mail).to_frame()
    assert list(frame.columns) == ["feature", "weight", "value", "contribution"]
    assert words.strongest_features("spam", n=4).to_frame()["weight"].is_monotonic_decreasing
    assert "1" in str(error_of(lambda: words.predict(pd.Series(["a text", None]))))

# %% Polars
if pl := installed("polars"):
    df = pl.DataFrame({"text": texts, "sender": senders, "label": labels})
    assert (fitted_on(df["text"], df["label"]) == expected).all()
    assert (fitted_on(df, df["label"]) == expected).all()
    assert words.evaluate(df, df["label"]).accuracy.value == words.score(texts, labels)
    answered = df.with_columns(predicted=pl.Series(words.predict(df["text"]).tolist()))
    assert answered.filter(pl.col("predicted") == pl.col("label")).height > 380

# %% Arrow
if installed("pyarrow"):
    import pyarrow as pa
    import pyarrow.csv

    table = pa.table({"text": texts, "label": labels})
    assert (fitted_on(table["text"], table["label"]) == expected).all()
    assert (fitted_on(table, table["label"]) == expected).all()
    assert (words.predict_proba(table.slice(100, 50)) == expected[100:150]).all()
    written = io.BytesIO()
    pyarrow.csv.write_csv(table.append_column("predicted", pa.array(words.predict(table).tolist())), written)
    assert written.getvalue().count(b"\n") == 401

# %% A data set of Hugging Face
if datasets := installed("datasets"):
    data = datasets.Dataset.from_dict({"text": texts, "label": [int(label == "spam") for label in labels]})
    of_data = vikt.TextClassifier(l2=1e-4).fit(data, data["label"])
    assert of_data.classes_.tolist() == [0, 1]
    assert (of_data.predict_proba(data) == expected).all()
    assert of_data.predict(data[:2]["text"]).tolist() == data[:2]["label"]

# %% scikit-learn
if installed("sklearn"):
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline

    assert cross_val_score(vikt.TextClassifier(l2=1e-4), texts, labels, cv=3).mean() > 0.8
    pipeline = make_pipeline(vikt.TextVectorizer(), vikt.LogisticRegression(C=10)).fit(texts, labels)
    assert pipeline.score(texts, labels) > 0.95
    assert "LogisticRegression" in pipeline._repr_html_()

print("every cell gave the answer that it must")
