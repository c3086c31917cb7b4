"""Several labels per text at the same λ: seconds to a proven 1e-4, against scikit-learn's one against the rest.

    python benchmarks/bench_labels.py [--repeats 3] [--quick] [--memory-only]

One thread everywhere. Both read one matrix in memory: words and single symbols, 1-2-grams, sublinear TF-IDF, min_df 2.
Making it is not counted, what each does to it first is. C = 10. The sides are taken in turn, and medians told; seconds
are CPU seconds of the process.

- "emotions": 43,410 short texts, 28 labels, 1.18 a text.
- "90 topics (simulated)": 7,770 reviews of IMDB, drawn, with 90 made-up topics. A topic is twelve words, drawn, and is
  on the texts that hold most of these by TF-IDF, noise added: on 2,877 of them for the commonest, on a handful for the
  rarest, 1.2 a text, as in the Reuters-21578 news with its 90 topics, which cannot be passed on.

Sides:
- vikt, all labels in one fit; each is proven within 1e-4.
- vikt, one label at a time, as fits of two classes. Here and below, of the topics every fifth is fitted, and the
  seconds are multiplied by five, as fits apart allow.
- scikit-learn's OneVsRestClassifier(LogisticRegression(solver="liblinear", C=10)), at its default tolerance. It proves
  nothing, and penalises the intercept, which is another objective; how far its weights are from the optimum of ours is
  told all the same.

The memory of a fit of 1,000 labels by 50,000 rows of 40 of 50,000 columns, labels drawn at random from 10 rows to
5,000, is the peak of a process of its own, Python and all packages included, beside that of the same process without
the fit. Labels at random are slow to fit, so that one is to a proven 3e-2 only, which changes no array.

Results go to benchmarks/results/labels.json, unless --quick or --memory-only leaves something out.
"""

from __future__ import annotations

from measuring import DATA, Measured, in_turn, machine, print_rows, process, save, timed

# isort: split
import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from vikt.matrix import design_matrix
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part
from vikt.solvers import Settings, minimise
from vikt.vectorizer import TextVectorizer

C, TOL = 10.0, 1e-4
FEATURES = {"analyzer": "word", "ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True}

# Of the news with 90 topics: texts, and those of the commonest topic; the power of a topic's rank by which they fall.
N_TEXTS, N_TOPICS, COMMONEST, POWER = 7770, 90, 2877, 1.3
WORDS_A_TOPIC, NOISE = 12, 0.05

# Of the fit whose memory is measured.
N_ROWS, N_COLUMNS, A_ROW, N_LABELS, LOOSE_TOL = 50_000, 50_000, 40, 1000, 3e-2
PEAK_BESIDES_MB = 300.0

Data = tuple[Any, Any]


def emotions() -> Data:
    lines = (DATA / "emotions" / "train.tsv").read_text(encoding="utf-8").splitlines()[1:]
    sets, texts = zip(*(line.split("\t", 1) for line in lines), strict=True)
    sets = [set(filter(None, labels.split(","))) for labels in sets]
    names = sorted(set().union(*sets))
    members = np.array([[name in labels for name in names] for labels in sets])
    return TextVectorizer(**FEATURES).fit_transform(list(texts)), members


def topics() -> Data:
    import pyarrow.parquet as pq

    random = np.random.default_rng(0)
    texts = pq.read_table(DATA / "imdb" / "train.parquet").column("text").to_pylist()
    texts = [texts[i] for i in np.sort(random.permutation(len(texts))[:N_TEXTS])]
    X = TextVectorizer(**FEATURES).fit_transform(texts)
    frequency = np.bincount(X.indices, minlength=X.shape[1])
    words = np.flatnonzero((frequency > len(texts) * 0.005) & (frequency < len(texts) * 0.1))
    members = np.zeros((len(texts), N_TOPICS), dtype=bool)
    for k in range(N_TOPICS):
        held = np.asarray(X[:, random.choice(words, WORDS_A_TOPIC, replace=False)].sum(axis=1)).ravel()
        n_texts = max(1, round(len(texts) * COMMONEST / N_TEXTS * (k + 1) ** -POWER))
        members[np.argsort(-held - NOISE * random.gumbel(size=len(texts)))[:n_texts], k] = True
    return X, members


PROBLEMS = {"emotions": emotions, "90 topics (simulated)": topics}
# Of so many labels, one is fitted by the sides that fit labels apart.
ONE_OF = {"emotions": 1, "90 topics (simulated)": 5}


def of_labels(X: Any, members: Any) -> Objective:
    part = Part(design_matrix(X), members, np.ones(len(members)))
    return Objective(InMemory(part), OneLossPerLabel(members.shape[1]), penalty_of(strength(members), 0.0, True))


def strength(members: Any) -> float:
    """λ of C."""
    return 1 / (2 * C * len(members))


def vikt_fit(X: Any, members: Any, tol: float = TOL) -> Measured:
    solution, wall, cpu = timed(lambda: minimise(of_labels(X, members), Settings(tol=tol)))
    worst = max(proof.relative for proof in solution.by_label if proof.reason is None)
    told = {"proven": solution.certificate.relative, "proven_of_each": worst, "converged": solution.converged}
    return {"wall_s": wall, "cpu_s": cpu, "passes": len(solution.loss_curve), **told}


def one_by_one(X: Any, members: Any) -> Measured:
    def fits() -> float:
        proofs = []
        for has_it in members.T:
            objective = Objective.of(design_matrix(X), has_it.astype(int), n_classes=2, l2=strength(members))
            proofs.append(minimise(objective, Settings(tol=TOL)).certificate.relative)
        return max(proofs)

    worst, wall, cpu = timed(fits)
    return {"wall_s": wall, "cpu_s": cpu, "proven_of_each": worst}


def sklearn_fit(X: Any, members: Any, least: float) -> Measured:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    rival = OneVsRestClassifier(LogisticRegression(solver="liblinear", C=C))
    fitted, wall, cpu = timed(lambda: rival.fit(X, members.astype(int)))
    theta = np.array([np.concatenate([each.intercept_, each.coef_[0]]) for each in fitted.estimators_])
    return {"wall_s": wall, "cpu_s": cpu, "distance": of_labels(X, members).value(theta) / least - 1}


def as_all(side: Callable[[], Measured], times: float) -> Callable[[], Measured]:
    """A side that fits some of the labels, with the seconds of all."""

    def run() -> Measured:
        found = side()
        return found | {key: found[key] * times for key in ("wall_s", "cpu_s")}

    return run


def bench(name: str, quick: bool, repeats: int) -> Measured:
    X, members = PROBLEMS[name]()
    if quick:
        X, members = X[:2000], members[:2000]
    members = members[:, members.any(axis=0) & ~members.all(axis=0)]
    some = np.arange(members.shape[1])[ONE_OF[name] // 2 :: ONE_OF[name]]
    # Compiles, if nothing did before.
    proofs = np.array(minimise(of_labels(X, members), Settings(tol=1e-6)).by_label, dtype=object)[some]
    least = sum(value - bound for _, bound, value, _ in proofs)
    sides = {
        "vikt": partial(vikt_fit, X, members),
        "vikt, one by one": as_all(partial(one_by_one, X, members[:, some]), members.shape[1] / len(some)),
        "scikit-learn": as_all(partial(sklearn_fit, X, members[:, some], least), members.shape[1] / len(some)),
    }
    found = in_turn(sides, repeats, warm_up=False)
    shape = {"rows": len(members), "labels": members.shape[1], "columns": X.shape[1], "entries": int(X.nnz)}
    rival = found["scikit-learn"]["cpu_s"]["median"]
    faster = {side: rival / found[side]["cpu_s"]["median"] for side in ("vikt", "vikt, one by one")}
    return {
        "problem": name,
        **shape,
        "labels_a_row": float(members.sum(axis=1).mean()),
        "one_of": ONE_OF[name],
        **found,
        "times_faster": faster,
    }


def large() -> Data:
    """Rows and labels of the fit whose memory is measured: no matrix of scores is ever made."""
    random = np.random.default_rng(0)
    indices = np.sort(random.zipf(1.3, size=(N_ROWS, A_ROW)) % N_COLUMNS, axis=1).astype(np.int32)
    values = np.full(indices.size, A_ROW**-0.5)
    X = csr_matrix((values, indices.ravel(), np.arange(0, indices.size + 1, A_ROW)), shape=(N_ROWS, N_COLUMNS))
    X.sum_duplicates()
    members = np.zeros((N_ROWS, N_LABELS), dtype=bool)
    for k, n_rows in enumerate(np.geomspace(10, 5000, N_LABELS).round().astype(int)):
        members[random.permutation(N_ROWS)[:n_rows], k] = True
    return X, members


def work_large(fits: bool) -> None:
    """In a process of its own: the rows alone, or a fit too."""
    X, members = large()
    rows = X.data.nbytes + X.indices.nbytes + X.indptr.nbytes + members.nbytes
    told = {"rows_mb": rows / 1e6, "theta_mb": 4 * N_LABELS * (N_COLUMNS + 1) / 1e6}
    if fits:
        told |= vikt_fit(X, members, LOOSE_TOL)
    print(json.dumps(told))


def bench_memory() -> Measured:
    found = {}
    for name, extra in (("without", []), ("with", ["--fit"])):
        run = process([sys.executable, str(Path(__file__)), "--large", *extra], keep=True)
        found[name] = json.loads(run.pop("out")) | {"peak_mb": run["peak_mb"]}
    told = found["with"]
    told["without_fit_mb"] = found["without"]["peak_mb"]
    told["most_mb"] = told["rows_mb"] + 2 * told["theta_mb"] + PEAK_BESIDES_MB
    return {"rows": N_ROWS, "columns": N_COLUMNS, "labels": N_LABELS, **told}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="how often each side is timed (3)")
    parser.add_argument("--quick", action="store_true", help="2,000 rows of each problem, and no memory")
    parser.add_argument("--memory-only", action="store_true", help="the memory of the large fit alone")
    parser.add_argument("--large", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--fit", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.large:
        work_large(given.fit)
        return
    # First, while this process is small: a child's peak is never told as less than that of the process starting it.
    memory = {} if given.quick else bench_memory()
    cases = [] if given.memory_only else [bench(name, given.quick, given.repeats) for name in PROBLEMS]
    header = ["problem", "side", "CPU s", "wall s", "times faster"]
    lines = [
        [
            case["problem"],
            side,
            *(f"{case[side][key]['median']:.2f}" for key in ("cpu_s", "wall_s")),
            f"{case['times_faster'][side]:.1f}" if side in case["times_faster"] else "",
        ]
        for case in cases
        for side in ("vikt", "vikt, one by one", "scikit-learn")
    ]
    print_rows(f"several labels, C = {C:g}, to {TOL:g}", header, lines)
    if memory:
        print(f"\nmemory: {memory['peak_mb']:.0f} MB at the most, of {memory['most_mb']:.0f}; {memory['cpu_s']:.0f} s")
    packages = dict.fromkeys(("numpy", "scikit-learn"), sys.executable)
    results = {"machine": machine(packages), "repeats": given.repeats, "cases": cases, "memory": memory}
    save("labels", results, partial=given.quick or given.memory_only)


if __name__ == "__main__":
    main()
