"""`vikt filter` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vikt.cli.app import command
from vikt.cli.options import as_json, dialect, model, quiet, text_column, threads


@command(
    "vikt filter spam.vikt corpus/ --keep 'P(spam) < 0.1' -o clean/",
    "vikt filter lang.vikt 'dump/**/*.jsonl.zst' --keep \"predicted == sv and probability >= 0.65\" -o swedish/",
    "vikt filter math.vikt part-*.parquet --keep 'P(math) >= 50%' --scores --threads 4 -o math/",
    "vikt filter quality.vikt pages/ --keep 'P(good) > 0.5' --split '\\n' -o paragraphs/",
    "vikt filter topics.vikt s3://bucket/crawl --keep \"'sport' in labels\" -o s3://bucket/sport",
)
@model
@click.argument(
    "data",
    nargs=-1,
    required=True,
    help="Parquet, JSONL, CSV, TSV and Arrow files, also with .gz or .zst; folders, patterns, and addresses such as "
    "s3://bucket/folder.",
)
@click.option(
    "--keep",
    required=True,
    metavar="CONDITION",
    help="Condition on the texts that are kept: P(LABEL), predicted, probability and length are compared by "
    "< <= > >= == !=, and 'LABEL' in labels where a text has several; joined by and, or, not and brackets.",
)
@click.option(
    "--output", "-o", "out", required=True, metavar="FOLDER", help="Folder to write to; each file keeps its name."
)
@text_column
@click.option(
    "--split",
    metavar="SEPARATOR",
    help="Filter the parts of a document, divided at SEPARATOR such as '\\n', each by itself, and keep the parts that "
    "satisfy the condition.",
)
@click.option("--scores", is_flag=True, help="Add a column P(LABEL) for each label in the condition.")
@dialect
@threads
@click.option("--force", is_flag=True, help="Start anew: remove what a filter wrote there, and overwrite files.")
@as_json
@quiet
def filter(model: Path, **typed: Any) -> None:
    """Keep the rows of many files whose texts satisfy a condition.

    Each file is written to FOLDER with the same name, format, compression, schema and order; a row that is kept stays
    as it is. Memory use does not grow with the files. Run the same command again to resume after an interruption:
    files are finished one by one, and finished files are not read again. A row that cannot be read ends the run, and is
    never dropped.
    """
    from vikt.cli import filter as work

    work.filter_corpus(model, work.Request(**typed))
