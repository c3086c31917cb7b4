"""Fits against scikit-learn's default solver, and the whole training process against its pipeline.

    pip install vowpalwabbit           # optional; left out where it is absent
    python benchmarks/bench_fit.py [--skip-slow] [--python-of vowpalwabbit=/its/own/python]

One thread everywhere. Both sides minimise the same objective on the same SciPy matrix, at C = 10. Ours, asked for 1e-4,
is timed from `fit` to weights, the ordering of rows and the certificate included, as the median of five fits after one
to warm up; scikit-learn's lbfgs, which takes minutes, once. How far each ends from the optimum is measured against a
fit of ours proven to 1e-6. Unequal: scikit-learn stops where its own tolerance says so, farther from the optimum than
we do; so we are also asked for the distance at which it stopped, which we prove and it does not.

The whole processes read IMDB's Parquet files, make features, fit at a fixed penalty, test on 25,000 reviews and save.
Unequal: vikt and scikit-learn have different words (vikt's include punctuation), vikt computes intervals too and proves
its distance. Vowpal Wabbit makes one pass over 1-2-grams in 2^20 buckets and proves nothing; in its favour it reads
lines that are lower-cased and cut into vikt's words beforehand. It is held to one core; its peak memory is told as no
less than this driver's.

Results go to benchmarks/results/fit.json; `python benchmarks/tables.py` puts them in
docs/benchmarks.md.
"""

from __future__ import annotations

from measuring import DATA, HERE, machine, process, python_of, save, timed

# isort: split
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression as Rival
from sklearn.metrics import accuracy_score, log_loss

import prepared
import vikt
import work_predict
from vikt.corpus.readers import read_table
from vikt.matrix import design_matrix
from vikt.model.objective import Objective
from vikt.solvers.dual import dual

C = 10.0
TOL = 1e-4
REPEATS = 5

PIPELINE = """
import sys, joblib, pyarrow.parquet as pq
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import make_pipeline
train, test = (pq.read_table(path, columns=["text", "label"]).to_pydict() for path in sys.argv[1:3])
model = make_pipeline(
    TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2), LogisticRegression(C=10, max_iter=1000)
).fit(train["text"], train["label"])
p = model.predict_proba(test["text"])
print(accuracy_score(test["label"], model.classes_[p.argmax(axis=1)]), log_loss(test["label"], p))
joblib.dump(model, sys.argv[3])
"""

WORK = str(HERE / "work_predict.py")
WABBIT = "Vowpal Wabbit, one core"


def load(corpus: str, label: str):
    """Texts and labels of a corpus's training file."""
    table = read_table(DATA / corpus)
    return table.strings("text"), np.array(table.strings(label))


def problems(skip_slow: bool):
    words = {"analyzer": "pattern", "ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True}
    characters = {"analyzer": "char_wb", "ngram_range": (2, 4), "min_df": 2, "sublinear_tf": True}
    yield "IMDB label (2 classes)", "imdb/train.parquet", "label", words
    yield "TREC fine (50 classes)", "trec/train.tsv", "fine", words
    if not skip_slow:
        yield "languages (45 classes)", "languages/train.tsv", "label", characters
        yield "IMDB rating (8 classes)", "imdb/train.parquet", "rating", words


def distance(X, y, theta, best):
    """L̂(θ)/L̂* - 1, with L̂* the value of the tight fit less its bound."""
    indices = np.unique(y, return_inverse=True)[1]
    n_classes = int(indices.max()) + 1
    objective = Objective.of(design_matrix(X), indices, n_classes=n_classes, l2=1 / (2 * C * len(y)))
    tight = best or dual(objective, tol=1e-6, max_iter=2000).certificate
    least = tight.value - tight.bound
    return objective.value(theta) / least - 1, tight


def bench_fit(name, corpus, label, features):
    texts, y = load(corpus, label)
    X = vikt.TextVectorizer(**features).fit_transform(texts)
    ours = [timed(lambda: vikt.LogisticRegression(C=C, tol=TOL).fit(X, y)) for _ in range(REPEATS + 1)][1:]
    model = ours[0][0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rival, rival_wall, rival_cpu = timed(lambda: Rival(C=C, max_iter=10_000).fit(X, y))
    own_distance, tight = distance(X, y, model.theta_, None)
    theirs = np.column_stack([rival.intercept_, rival.coef_])
    rival_distance, _ = distance(X, y, theirs[0] if len(theirs) == 1 else theirs, tight)
    as_near = [timed(lambda: vikt.LogisticRegression(C=C, tol=rival_distance).fit(X, y)) for _ in range(REPEATS)]
    wall, cpu = (statistics.median(run[i] for run in ours) for i in (1, 2))
    wall_as_near = statistics.median(run[1] for run in as_near)
    result = {
        "problem": name,
        "rows": X.shape[0],
        "features": X.shape[1],
        "non_zeros": int(X.nnz),
        "vikt": {
            "wall_s": wall,
            "cpu_s": cpu,
            "wall_s_all": [run[1] for run in ours],
            "certificate": model.certificate_,
            "distance": own_distance,
        },
        "scikit-learn": {"wall_s": rival_wall, "cpu_s": rival_cpu, "distance": rival_distance},
        "as_near": {"wall_s": wall_as_near, "certificate": as_near[0][0].certificate_},
        "times_faster": rival_wall / wall,
        "times_faster_as_near": rival_wall / wall_as_near,
    }
    print(
        f"{name}: vikt {wall:.2f} s at {own_distance:.1e} (proven {model.certificate_:.1e}), "
        f"scikit-learn {rival_wall:.1f} s at {rival_distance:.1e}: {rival_wall / wall:.0f} times; "
        f"asked for no more than that, vikt {wall_as_near:.2f} s: {rival_wall / wall_as_near:.0f} times",
        flush=True,
    )
    return result


def bench_process(vw_python, repeats=3):
    train, test = (str(DATA / f"imdb/{part}.parquet") for part in ("train", "test"))
    with tempfile.TemporaryDirectory() as folder:
        process([sys.executable, WORK, "prepare", folder, "0", "0"])
        named = [
            "--text",
            "text",
            "--label",
            "label",
            "--test",
            test,
            "--l2",
            str(1 / (2 * C * 25_000)),
            "--tol",
            str(TOL),
        ]
        own = [sys.executable, "-m", "vikt", "train", train, *named, "--json", "-q", "-o", f"{folder}/vikt"]
        commands = {
            "vikt": own,
            "scikit-learn": [sys.executable, "-c", PIPELINE, train, test, f"{folder}/scikit-learn"],
            "Vowpal Wabbit": [vw_python, WORK, "whole", WABBIT, folder],
        }
        models = {"vikt": f"{folder}/vikt", "scikit-learn": f"{folder}/scikit-learn"}
        models["Vowpal Wabbit"] = work_predict.model_path(WABBIT, Path(folder))
        fresh = process(own, {"NUMBA_CACHE_DIR": f"{folder}/cache"})
        if subprocess.run([vw_python, "-c", "import vowpalwabbit"], capture_output=True, check=False).returncode:
            print("Vowpal Wabbit is left out: it is not installed")
            del commands["Vowpal Wabbit"]
        runs = [{name: process(command, keep=True) for name, command in commands.items()} for _ in range(repeats)]
        sizes = {name: Path(models[name]).stat().st_size / 1e6 for name in commands}
        told = json.loads(runs[0]["vikt"]["out"])["metrics"]
        scores = {
            "vikt": [told["accuracy"]["value"], told["log_loss"]["value"]],
            "scikit-learn": [float(number) for number in runs[0]["scikit-learn"]["out"].split()],
        }
        if "Vowpal Wabbit" in commands:
            p = vikt.logistic(np.loadtxt(next(Path(folder).glob("answers.*"))))
            truth = np.array(prepared.read_json(Path(folder, "test.json"))[1]) == "pos"
            scores["Vowpal Wabbit"] = [accuracy_score(truth, p > 0.5), log_loss(truth, p)]
    result = {
        name: {
            "wall_s": statistics.median(run[name]["wall_s"] for run in runs),
            "cpu_s": statistics.median(run[name]["cpu_s"] for run in runs),
            "peak_mb": statistics.median(run[name]["peak_mb"] for run in runs),
            "accuracy": scores[name][0],
            "log_loss": scores[name][1],
            "model_mb": sizes[name],
        }
        for name in commands
    }
    result["vikt"]["wall_s_first_use"] = fresh["wall_s"]
    for name, row in result.items():
        print(
            f"whole process, IMDB label: {name} " + ", ".join(f"{key} {value:.4g}" for key, value in row.items()),
            flush=True,
        )
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skip-slow", action="store_true", help="leave out what takes scikit-learn minutes")
    parser.add_argument(
        "--python-of", action="append", default=[], metavar="PEER=PYTHON", help="a peer in another environment"
    )
    options = parser.parse_args()
    vw_python = python_of(options.python_of)("vowpalwabbit")
    results = {
        "machine": machine({**dict.fromkeys(("numpy", "scikit-learn"), sys.executable), "vowpalwabbit": vw_python}),
        "process": bench_process(vw_python),
        "fit": [bench_fit(*problem) for problem in problems(options.skip_slow)],
    }
    if options.skip_slow:
        print("not saved, as the slow ones were left out")
        return
    save("fit", results)


if __name__ == "__main__":
    main()
