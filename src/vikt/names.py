"""Names that options and tables share. It imports nothing, so that the command line knows them at no cost.

`tests/test_names.py` holds each against the table that it names.
"""

# What a text is divided into: the recipes of `vikt.features`, which `analyzer` chooses from.
ANALYZERS = ("auto", "none", "word", "char", "char_wb", "word+char")

# What a count is worth: `vikt.features`' weightings.
WEIGHTINGS = ("tfidf", "counts", "binary", "nb")

# The solvers of `vikt.solvers`, after the choice among them.
SOLVERS = ("auto", "dual", "newton", "elastic_net", "batch", "stochastic", "minibatch")

# The formats of files that `vikt.corpus` reads.
FORMATS = ("csv", "tsv", "jsonl", "parquet", "arrow", "txt", "svmlight")
