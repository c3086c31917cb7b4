"""What judging a model costs: evaluation, comparison, label errors, influence and reports.

    pip install 'vikt[report]' scikit-learn cleanlab        # cleanlab is optional; left out where it is absent
    python benchmarks/bench_judging.py [--repeats N] [--only PART ...]

One thread, the sides in turn, medians of the repeats: CPU seconds, as the machine is shared, and wall seconds beside
them. The first call of what takes less than a few seconds, which loads what was compiled, is told apart. A run of some
parts replaces them in the results and keeps the others.

evaluation: all figures with their intervals, from the probabilities on; and `evaluate` from texts on, less
`predict_proba` of the same texts. scikit-learn is given labels and probabilities and computes the figures that both
have. Unequal, in its favour: it computes no interval and no calibration error. Against it: it has a function for each
figure, each of which checks and encodes the labels again.

comparison: two models on the same rows, from the answers of both on, and from texts on.

label errors: `label_errors` of a classifier that is not fitted (it chooses features and λ, then fits ten folds) beside
`fit` of the same classifier; on IMDB with 5% of the labels changed, how many of these are in the tenth ranked highest,
and how many of the fiftieth ranked highest are wrong. cleanlab ranks vikt's own probabilities; and it starts from the
texts, with its default of five folds (`CleanLearning`) of scikit-learn's LogisticRegression, once. Unequal: its
features and C are given, while vikt chooses λ, and the features unless they are to be words.

influence: which training rows made an answer, beside making the features of these rows, which are part of it.

report: `vikt train` and `vikt evaluate` with and without `--report`, as whole processes; the report of a training has
an audit in it too. (Audits by themselves are measured by bench_audit.py.)

Results go to benchmarks/results/judging.json; `python benchmarks/tables.py` puts them in docs/benchmarks.md.
"""

from __future__ import annotations

from measuring import DATA, RESULTS, Measured, in_turn, machine, print_rows, process, save, timed

# isort: split
import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

import vikt
from vikt.corpus.readers import read_table
from vikt.evaluation.comparison import compare
from vikt.evaluation.evaluation import Evaluation, evaluation_of
from vikt.evaluation.outcomes import Outcomes, outcomes
from vikt.explanation.influence import influence
from vikt.fitting.examples import Examples
from vikt.fitting.prepare import prepare
from vikt.fitting.record import FitRecord
from vikt.fitting.refitted import fitted_rows, settings_of
from vikt.progress import no_progress

VIKT = [sys.executable, "-m", "vikt"]
WRONG = 0.05


class Corpus(NamedTuple):
    """Files, the column of the labels, and the settings of two models."""

    train: str
    test: str
    label: str
    settings: dict[str, Any]
    others: dict[str, Any]


WORDS, HASHED = {"analyzer": "word", "tol": 1e-4}, {"analyzer": "word", "hashing": 20, "tol": 1e-4}
CHARACTERS = {"analyzer": "char_wb", "ngrams": (2, 4), "l2": 1e-6, "tol": 1e-4}
CORPORA = {
    "IMDB label": Corpus("imdb/train.parquet", "imdb/test.parquet", "label", WORDS, HASHED),
    "languages": Corpus("languages/train.tsv", "languages/test.tsv", "label", CHARACTERS, CHARACTERS | {"l2": 1e-5}),
    "TREC fine": Corpus("trec/train.tsv", "trec/test.tsv", "fine", WORDS, HASHED),
    "TREC label": Corpus("trec/train.tsv", "trec/test.tsv", "label", WORDS, HASHED),
}
JUDGED = ("IMDB label", "languages", "TREC fine")
# What each command is given; the smallest corpus first, which loads what was compiled.
REPORTS = {
    "SMS": (["sms/sms.tsv"], ["sms/sms.tsv"]),
    "TREC label": (["trec/train.tsv", "--label", "label", "--test", "trec/test.tsv"], ["trec/test.tsv"]),
    "TREC fine": (["trec/train.tsv", "--label", "fine", "--test", "trec/test.tsv"], ["trec/test.tsv"]),
    "IMDB label": (["imdb/train.parquet", "--label", "label", "--test", "imdb/test.parquet"], ["imdb/test.parquet"]),
}

Side = Callable[[], Measured]
Facts = Callable[[Any], Measured]


def side(work: Callable[[], Any], facts: Facts = lambda result: {}) -> Side:
    """Does the work once: its seconds, and facts of its result, which are not timed."""

    def measured() -> Measured:
        result, wall, cpu = timed(work)
        return {"wall_s": wall, "cpu_s": cpu, **facts(result)}

    return measured


def seconds(row: Measured) -> float:
    return row["cpu_s"]["median"]


def texts_and_labels(path: str, label: str) -> tuple[list[str], list[str]]:
    table = read_table(DATA / path)
    return table.strings("text"), table.strings(label)


class Judged(NamedTuple):
    """A corpus's test rows, two models, and what both say of the rows."""

    texts: list[str]
    labels: list[str]
    models: list[vikt.TextClassifier]
    found: list[Outcomes]


@cache
def judged(name: str) -> Judged:
    corpus = CORPORA[name]
    train, test = (texts_and_labels(path, corpus.label) for path in (corpus.train, corpus.test))
    # scikit-learn's figures refuse labels without a probability; only a part of a corpus has any.
    known = set(train[1])
    texts, labels = map(list, zip(*(row for row in zip(*test, strict=True) if row[1] in known), strict=True))
    models = [vikt.TextClassifier(**settings).fit(*train) for settings in (corpus.settings, corpus.others)]
    return Judged(texts, labels, models, [outcomes(model.model_, texts, labels) for model in models])


def bench_evaluation(repeats: int) -> Measured:
    return {name: evaluation_of_corpus(judged(name), repeats) for name in JUDGED}


def evaluation_of_corpus(rows: Judged, repeats: int) -> Measured:
    model, found = rows.models[0], rows.found[0]
    labels, probabilities = np.array(found.labels), np.exp(found.log_probabilities)
    sides = in_turn(
        {
            "predict_proba": side(lambda: model.predict_proba(rows.texts)),
            "evaluate": side(lambda: model.evaluate(rows.texts, rows.labels).to_json()),
            "figures and intervals": side(lambda: evaluation_of(found).to_json()),
            "scikit-learn, figures alone": side(
                lambda: sklearn_figures(labels, np.array(found.classes), probabilities),
                partial(distance, evaluation_of(found)),
            ),
        },
        repeats,
    )
    beyond = seconds(sides["evaluate"]) - seconds(sides["predict_proba"])
    return {"rows": len(labels), "classes": len(found.classes), "sides": sides, "beyond_prediction_s": beyond}


def sklearn_figures(labels: Any, classes: Any, probabilities: Any) -> dict[str, float]:
    """Every figure, and the figures and curves of each class; classes that no row has are left out, as they must be."""
    answers = classes[probabilities.argmax(axis=1)]
    f1 = partial(metrics.f1_score, labels, answers, labels=np.unique(labels), zero_division=0)
    precision = partial(metrics.precision_score, labels, answers, labels=np.unique(labels), zero_division=np.nan)
    # Of two classes the second; of more, those that some row has.
    against = np.flatnonzero(np.isin(classes, labels)) if len(classes) > 2 else np.array([1])
    truth, likely = np.squeeze(labels[:, None] == classes[against]), np.squeeze(probabilities[:, against])
    brier = likely if len(classes) == 2 else probabilities
    found = {
        "accuracy": metrics.accuracy_score(labels, answers),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, answers),
        "macro_f1": f1(average="macro"),
        "weighted_f1": f1(average="weighted"),
        "macro_precision": precision(average="macro"),
        "weighted_precision": precision(average="weighted"),
        "matthews": metrics.matthews_corrcoef(labels, answers),
        "log_loss": metrics.log_loss(labels, probabilities, labels=classes),
        "brier": metrics.brier_score_loss(labels, brier, **brier_labels(classes)),
        "roc_auc": metrics.roc_auc_score(truth, likely, average="macro"),
        "average_precision": metrics.average_precision_score(truth, likely, average="macro"),
    }
    metrics.confusion_matrix(labels, answers, labels=classes)
    metrics.precision_recall_fscore_support(labels, answers, labels=classes, zero_division=np.nan)
    calibration_curve(labels == answers, np.minimum(probabilities.max(axis=1), 1), n_bins=15)
    if len(classes) > 2:
        found["top_k_accuracy"] = metrics.top_k_accuracy_score(labels, probabilities, k=3, labels=classes)
        metrics.roc_auc_score(truth, likely, average=None)
        metrics.average_precision_score(truth, likely, average=None)
    for k in against:
        metrics.roc_curve(labels == classes[k], probabilities[:, k])
        metrics.precision_recall_curve(labels == classes[k], probabilities[:, k])
    return found


def brier_labels(classes: Any) -> dict[str, Any]:
    return {"pos_label": classes[1]} if len(classes) == 2 else {"labels": classes}


def distance(evaluation: Evaluation, figures: dict[str, float]) -> Measured:
    """The largest difference of a figure from scikit-learn's."""
    return {"distance": max(abs(evaluation.figures[name].value - value) for name, value in figures.items())}


def bench_comparison(repeats: int) -> Measured:
    return {name: comparison_of_corpus(judged(name), repeats) for name in JUDGED}


def comparison_of_corpus(rows: Judged, repeats: int) -> Measured:
    from vikt.corpus.texts import Texts

    a, b = rows.models
    texts = Texts.from_strings(rows.texts)
    sides = in_turn(
        {
            "predict_proba of both": side(lambda: [model.predict_proba(rows.texts) for model in rows.models]),
            "compare": side(lambda: vikt.compare(a, b, rows.texts, rows.labels).to_json()),
            "differences and intervals": side(lambda: compare(*rows.found, texts).to_json()),
        },
        repeats,
    )
    beyond = seconds(sides["compare"]) - seconds(sides["predict_proba of both"])
    return {"rows": len(rows.texts), "sides": sides, "beyond_prediction_s": beyond}


def with_wrong_labels(labels: list[str]) -> tuple[Any, Any]:
    """Labels of two classes, some of them changed; and which are."""
    given = np.array(labels)
    wrong = np.zeros(len(given), dtype=bool)
    wrong[np.random.default_rng(0).choice(len(given), round(WRONG * len(given)), replace=False)] = True
    first, second = np.unique(given)
    return np.where(wrong, np.where(given == first, second, first), given), wrong


def bench_label_errors(repeats: int) -> Measured:
    texts, labels = texts_and_labels(CORPORA["IMDB label"].train, "label")
    given, wrong = with_wrong_labels(labels)
    results = {}
    for name, settings in {"chosen features": {}, "words": {"analyzer": "word"}}.items():
        found = vikt.TextClassifier(**settings).label_errors(texts, given)
        sides = {
            "fit": side(lambda settings=settings: vikt.TextClassifier(**settings).fit(texts, given)),
            "label_errors": side(
                lambda settings=settings: vikt.TextClassifier(**settings).label_errors(texts, given),
                lambda found: ranked(found.all_scores, wrong),
            ),
        }
        if find_spec("cleanlab"):
            sides["cleanlab on the same probabilities"] = cleanlab_alone(found.all_scores, given, wrong)
        rows = in_turn(sides, repeats, warm_up=False)
        results[name] = {"sides": rows, "times_training": seconds(rows["label_errors"]) / seconds(rows["fit"])}
    if find_spec("cleanlab"):
        results["scikit-learn"] = {"sides": in_turn({"cleanlab": cleanlab_from_texts(texts, given, wrong)}, 1, False)}
    return results


def ranked(scores: Any, wrong: Any) -> Measured:
    """How many of the wrong labels are in the tenth ranked highest, and how much of the fiftieth ranked highest is."""
    order = np.argsort(scores, kind="stable")
    n = len(order)
    found = {"recall": wrong[order[: n // 10]].sum() / wrong.sum(), "precision": wrong[order[: n // 50]].mean()}
    return {name: float(value) for name, value in found.items()}


def cleanlab_alone(scores: Any, labels: Any, wrong: Any) -> Side:
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    y = np.unique(labels, return_inverse=True)[1]
    first = np.where(y == 0, scores, 1 - scores)
    p = np.column_stack([first, 1 - first])

    def work() -> Any:
        find_label_issues(y, p, filter_by="confident_learning", n_jobs=1)
        return get_label_quality_scores(y, p)

    return side(work, lambda found: ranked(found, wrong))


def cleanlab_from_texts(texts: list[str], labels: Any, wrong: Any) -> Side:
    from cleanlab.classification import CleanLearning

    def work() -> Any:
        X = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit_transform(texts)
        options = {"filter_by": "confident_learning", "n_jobs": 1}
        learner = CleanLearning(LogisticRegression(C=10, max_iter=1000), find_label_issues_kwargs=options)
        return learner.find_label_issues(X, np.unique(labels, return_inverse=True)[1])["label_quality"].to_numpy()

    return side(work, lambda found: ranked(found, wrong))


def bench_influence(repeats: int) -> Measured:
    chosen = {"IMDB label, chosen features": influence_in_corpus(CORPORA["IMDB label"], {}, 1)}
    return chosen | {
        f"{name}, words": influence_in_corpus(CORPORA[name], WORDS, repeats) for name in ("IMDB label", "TREC fine")
    }


def influence_in_corpus(corpus: Corpus, settings: dict[str, Any], repeats: int) -> Measured:
    texts, labels = texts_and_labels(corpus.train, corpus.label)
    fitted = vikt.TextClassifier(**settings).fit(texts, labels)
    model, record = fitted.model_, fitted.record_
    examples = Examples.of(model.measured(texts), labels)
    question = texts_and_labels(corpus.test, corpus.label)[0][:1]
    sides = in_turn(
        {
            "features": side(lambda: features_of(record, examples)),
            "influence": side(lambda: influence(model, record, examples, question)),
        },
        repeats,
        warm_up=False,
    )
    beyond = seconds(sides["influence"]) - seconds(sides["features"])
    return {"rows": len(examples), "parts": len(record.parts), "sides": sides, "beyond_features_s": beyond}


def features_of(record: FitRecord, examples: Examples) -> None:
    """The rows of each part of a model, as `influence` makes them too."""
    settings, rows = settings_of(record, examples), fitted_rows(record, examples)
    for part in record.parts:
        features = replace(settings.features, analyzer=part.name)
        prepare(examples, features, rows, rows[:0], settings.class_weight, 1, no_progress)


def bench_report(repeats: int) -> Measured:
    return {name: reports_of(train, test, repeats) for name, (train, test) in REPORTS.items()}


def reports_of(train: list[str], test: list[str], repeats: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        model = str(Path(folder, "model.vikt"))
        commands = {
            "train": [*VIKT, "train", *in_data(train), "-q", "--force", "-o", model],
            "evaluate": [*VIKT, "evaluate", model, *in_data(test), "-q"],
        }
        reports = {name: Path(folder, f"{name}.html") for name in commands}
        sides = {}
        for name, command in commands.items():
            sides[name] = partial(process, command)
            sides[f"{name} --report"] = partial(process, [*command, "--report", str(reports[name])])
        rows = in_turn(sides, repeats, warm_up=False)
        sizes = {f"{name}_bytes": report.stat().st_size for name, report in reports.items()}
    beyond = {f"{name}_beyond_s": seconds(rows[f"{name} --report"]) - seconds(rows[name]) for name in commands}
    return {"sides": rows, **sizes, **beyond}


def in_data(arguments: list[str]) -> list[str]:
    return [str(DATA / argument) if "/" in argument else argument for argument in arguments]


PARTS: dict[str, Callable[[int], Measured]] = {
    "evaluation": bench_evaluation,
    "comparison": bench_comparison,
    "label errors": bench_label_errors,
    "influence": bench_influence,
    "report": bench_report,
}


def show(part: str, results: Measured) -> None:
    """The seconds of every side, and the numbers beside them."""
    rows = [
        [
            problem,
            name,
            *(f"{row['cpu_s'][key]:.3f}" for key in ("median", "min", "max")),
            f"{row['wall_s']['median']:.3f}",
            f"{row.get('first_s', float('nan')):.3f}",
            ", ".join(f"{key} {row[key]['median']:.3g}" for key in ("recall", "precision", "distance") if key in row),
        ]
        for problem, result in results.items()
        for name, row in result["sides"].items()
    ]
    print_rows(part, ["", "side", "CPU s", "min", "max", "wall s", "first s", ""], rows)
    for problem, result in results.items():
        told = ", ".join(f"{key} {value:.4g}" for key, value in result.items() if isinstance(value, int | float))
        print(f"{problem}: {told}", flush=True)


def kept(path: Path) -> Measured:
    """The parts that an earlier run has left."""
    return json.loads(path.read_text())["parts"] if path.exists() else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", metavar="PART", choices=list(PARTS), default=list(PARTS))
    options = parser.parse_args()
    measured = {}
    for part in options.only:
        measured[part] = {"repeats": options.repeats, "results": PARTS[part](options.repeats)}
        show(part, measured[part]["results"])
    found = kept(RESULTS / "judging.json") | measured
    packages = dict.fromkeys(("numpy", "scikit-learn", "cleanlab"), sys.executable)
    parts = {part: found[part] for part in PARTS if part in found}
    save("judging", {"machine": machine(packages), "parts": parts})


if __name__ == "__main__":
    main()
