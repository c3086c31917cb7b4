"""Fit the rows of a small table of e-mails on a cluster: python fit.py local:2, or python fit.py tcp://scheduler:8786."""

import sys
from importlib.resources import files

import numpy as np

from vikt import TextVectorizer
from vikt.matrix import design_matrix
from vikt.model.losses import cross_entropy_for
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import Part
from vikt.parts.cluster import OnCluster
from vikt.parts.dask_engine import cluster_at
from vikt.solvers.newton import newton

N_PARTS = 8


def parts_of_emails():
    lines = (files("vikt.corpus.sample") / "emails.tsv").read_text(encoding="utf-8").splitlines()[1:]
    labels, _, texts = zip(*(line.split("\t") for line in lines), strict=True)
    X = design_matrix(TextVectorizer().fit_transform(texts))
    y = np.unique(labels, return_inverse=True)[1]
    parts = np.array_split(np.random.default_rng(0).permutation(len(y)), N_PARTS)
    return [Part(X.take(rows), y[rows], np.ones(len(rows))) for rows in parts]


def main(address):
    with cluster_at(address) as engine:
        parts = OnCluster.of_parts(engine, parts_of_emails())
        solution = newton(Objective(parts, cross_entropy_for(2), penalty_of(1e-3, 0.0, parts.has_dummy)))
    print(f"{parts.n_rows} rows in {parts.n_parts} parts: {solution.reason}")


# The workers of a local cluster import this file.
if __name__ == "__main__":
    main(*sys.argv[1:])
