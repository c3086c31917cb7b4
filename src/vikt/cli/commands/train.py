"""`vikt train` as it is typed."""

from __future__ import annotations

from typing import Any

import click

from vikt.cli.app import command
from vikt.cli.model_options import decision, features, fit, kinds_of_targets
from vikt.cli.options import (
    FILE,
    as_json,
    gathered,
    input_format,
    labelled_columns,
    quiet,
    report,
    threads,
    weight,
)
from vikt.cli.values import WHOLE, parse_memory


@command(
    "vikt train reviews.csv",
    "vikt train train.tsv --label topic --test test.tsv -o topics.vikt",
    "vikt train mails.jsonl --analyzer char_wb --ngrams 2-4 --json",
    "vikt train reviews/ --test reviews-test/",
    "vikt train 'logs/*.jsonl.gz'",
    "vikt train export.csv --delimiter ';'",
    "vikt train sms.tsv --no-header --text 2 --label 1",
    "vikt train mails.csv --features spam.toml --number misspelt --category sender",
    "vikt train mails.csv --analyzer none --number misspelt --number links",
    "vikt train mails.csv --folds 5 --one-standard-error",
    "vikt train mails.csv --group sender",
    "vikt train mails.csv --report report.html",
    "vikt train train.tsv --solver minibatch --patience 3",
    "vikt train mails.csv --aim 'precision(spam) >= 0.99'",
    "vikt train mails.csv --aim 'cost(ham->spam) = 10'",
    "vikt train topics.csv --max-error 0.02 --coverage 0.95",
    "vikt train emotions.tsv --labels-separator ,",
    "vikt train tickets.csv --targets ordered --order low,medium,high",
    "vikt train 'logs/*.parquet' --memory 1GB",
    "vikt train 'logs/*.parquet' --cluster tcp://host:8786 --work-dir /shared/work",
    "vikt train 'logs/*.parquet' --cluster tcp://host:8786 --shards s3://bucket/folder",
)
@click.argument(
    "data",
    nargs=-1,
    required=True,
    help="Labelled texts: .csv, .tsv, .jsonl, .parquet, .arrow, .svmlight or fastText .txt files, plain or "
    "compressed (.gz, .zst); a folder with one subfolder per class; a glob pattern; or - for stdin. With --memory or "
    "--cluster also addresses such as s3://bucket/*.parquet.",
)
@labelled_columns
@kinds_of_targets
@weight
@click.option(
    "--group",
    metavar="COL",
    help="Keep rows with the same value in this column (one user, say) on one side of every split.",
)
@click.option(
    "--test",
    metavar="DATA",
    help="Test on these labelled texts instead of a held-out tenth of DATA. The model is saved even if a row of them "
    "cannot be read; the exit code is then 1.",
)
@input_format
@features
@click.option("--features", type=FILE, metavar="FILE", help="Add the hand-made features declared in this TOML file.")
@click.option(
    "--number", "numbers", multiple=True, metavar="COL", help="Use this numeric column as a feature; may be repeated."
)
@click.option(
    "--category",
    "categories",
    multiple=True,
    metavar="COL",
    help="Use this categorical column as features; may be repeated.",
)
@fit
@decision
@click.option(
    "--output", "-o", type=FILE, default="model.vikt", metavar="FILE", help="Write the model to this file; - is stdout."
)
@report()
@threads
@click.option(
    "--memory",
    type=parse_memory,
    metavar="SIZE",
    help="Train from disk, in at most this much memory, such as 1GB: for texts that memory cannot hold.",
)
@click.option(
    "--work-dir",
    type=FILE,
    metavar="DIR",
    help="With --memory or --cluster: folder for the work, kept if it is interrupted, so that the same command resumes "
    "it (default: beside the model). All workers of a cluster must be able to read it, unless --shards is given.",
)
@click.option("--restart", is_flag=True, help="With --memory or --cluster: start anew instead of resuming.")
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Train on the workers of a Dask cluster: tcp://host:8786 is its scheduler; local:4 starts four workers on "
    "this machine.",
)
@click.option(
    "--groups",
    type=WHOLE,
    metavar="N",
    help="With --cluster: into how many groups, 256 at most, the rows are divided, which the solver passes over at the "
    "same time (default: 4). The model depends on this number, but not on the number of workers.",
)
@click.option(
    "--shards",
    metavar="ADDRESS",
    help="With --cluster: where the workers read the texts if they do not share the work folder: an address such as "
    "s3://bucket/folder, or another folder. The texts are stored there in pieces, and removed once the model is "
    "written.",
)
@click.option("--refit-all", is_flag=True, help="After the test, refit the model on all rows.")
@click.option("--force", is_flag=True, help="Overwrite files that are not a vikt model or report.")
@as_json
@quiet
def train(**typed: Any) -> None:
    """Train a model on labelled texts, test it and save it.

    Without --test, one tenth of the rows is held out for the test. Another tenth chooses the penalty; the model is then
    fitted to all rows but those of the test. With --aim, --coverage, --max-error or --calibrate, half of that other
    tenth is kept out of the fit too: thresholds and the like are set on it. If an aim cannot be met, the exit code is 3
    and no file is written.
    """
    from vikt.cli import train as work

    request, options = gathered(work.Request, typed)
    if not request.spools:
        work.train(request, options)
        return
    from vikt.cli.train_sharded import train as train_sharded

    train_sharded(request, options)
