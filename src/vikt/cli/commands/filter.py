"""`vikt filter` as it is typed."""

from __future__ import annotations

from typing import Annotated

import typer

from vikt.cli.app import command
from vikt.cli.options import Delimiter, Header, Json, Model, Quiet, Quoting, TextColumn, Threads
from vikt.corpus.dialect import Dialect


@command(
    "vikt filter spam.vikt corpus/ --keep 'P(spam) < 0.1' -o clean/",
    "vikt filter lang.vikt 'dump/**/*.jsonl.zst' --keep \"predicted == sv and probability >= 0.65\" -o swedish/",
    "vikt filter math.vikt part-*.parquet --keep 'P(math) >= 50%' --scores --threads 4 -o math/",
    "vikt filter quality.vikt pages/ --keep 'P(good) > 0.5' --split '\\n' -o paragraphs/",
    "vikt filter topics.vikt s3://bucket/crawl --keep \"'sport' in labels\" -o s3://bucket/sport",
    no_args_is_help=True,
)
def filter(
    model: Model,
    data: Annotated[
        list[str],
        typer.Argument(
            help="Parquet, JSONL, CSV, TSV and Arrow files, also with .gz or .zst; folders, patterns, and addresses "
            "such as s3://bucket/folder.",
            metavar="DATA",
        ),
    ],
    keep: Annotated[
        str,
        typer.Option(
            "--keep",
            help="Condition on the texts that are kept: P(LABEL), predicted, probability and length are compared by "
            "< <= > >= == !=, and 'LABEL' in labels where a text has several; joined by and, or, not and brackets.",
            metavar="CONDITION",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="Folder to write to; each file keeps its name.", metavar="FOLDER"),
    ],
    text: TextColumn = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            help="Filter the parts of a document, divided at SEPARATOR such as '\\n', each by itself, and keep the "
            "parts that satisfy the condition.",
            metavar="SEPARATOR",
            show_default=False,
        ),
    ] = None,
    scores: Annotated[
        bool, typer.Option("--scores", help="Add a column P(LABEL) for each label in the condition.")
    ] = False,
    delimiter: Delimiter = None,
    quoting: Quoting = None,
    header: Header = None,
    threads: Threads = 1,
    force: Annotated[
        bool, typer.Option("--force", help="Start anew: remove what a filter wrote there, and overwrite files.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Keep the rows of many files whose texts satisfy a condition.

    Each file is written to FOLDER with the same name, format, compression, schema and order; a row that is kept stays
    as it is. Memory use does not grow with the files. Run the same command again to resume after an interruption:
    files are finished one by one, and finished files are not read again. A row that cannot be read ends the run, and is
    never dropped.
    """
    from vikt.cli import filter as work

    request = work.Request(
        data=data, out=output, keep=keep, text=text, split=split, scores=scores,
        dialect=Dialect(delimiter, quoting, header), threads=threads, force=force, as_json=as_json, quiet=quiet,
    )  # fmt: skip
    work.filter_corpus(model, request)
