"""Names that options and tables share; it imports nothing of the package, so that start-up stays cheap.

`tests/test_names.py` holds each against the table that it names.
"""

from __future__ import annotations

from typing import Literal

# The recipes of features that `analyzer` offers.
AnalyzerName = Literal["auto", "none", "word", "char", "char_wb", "word+char"]

# What a count is worth.
WeightingName = Literal["tfidf", "counts", "binary", "nb"]

# The solvers, after the choice among them.
SolverName = Literal["auto", "dual", "newton", "elastic_net", "batch", "stochastic", "minibatch"]

# The formats of files that are read.
FormatName = Literal["csv", "tsv", "jsonl", "parquet", "arrow", "txt", "svmlight"]
