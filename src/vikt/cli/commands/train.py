"""`vikt train` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vikt.cli.app import command
from vikt.cli.options import (
    Delimiter,
    Format,
    Header,
    Json,
    LabelColumn,
    LabelsSeparator,
    Order,
    Quiet,
    Quoting,
    Report,
    ReportRequest,
    Targets,
    TextColumn,
    Threads,
    Thresholds,
    Weight,
    parse_share,
)
from vikt.corpus.dialect import Dialect
from vikt.names import LOOSE_TOL, TOL, AnalyzerName, SolverName, WeightingName


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
    no_args_is_help=True,
)
def train(
    context: typer.Context,
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA",
            help="Labelled texts: .csv, .tsv, .jsonl, .parquet, .arrow, .svmlight or fastText .txt files, plain or "
            "compressed (.gz, .zst); a folder with one subfolder per class; a glob pattern; or - for stdin.",
        ),
    ],
    text: TextColumn = None,
    label: LabelColumn = None,
    targets: Targets = "auto",
    labels_separator: LabelsSeparator = None,
    order: Order = None,
    thresholds: Thresholds = "label",
    test: Annotated[
        str | None,
        typer.Option(help="Test on these labelled texts instead of a held-out tenth of DATA.", metavar="DATA"),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Write the model to this file; - is stdout.", metavar="FILE")
    ] = Path("model.vikt"),
    analyzer: Annotated[
        AnalyzerName, typer.Option(help="How texts are split into features; auto chooses by validation.")
    ] = "auto",
    ngrams: Annotated[
        str | None,
        typer.Option(help="Shortest and longest n-gram (default: 1-2 for words, 1-5 for characters).", metavar="A-B"),
    ] = None,
    weighting: Annotated[WeightingName | None, typer.Option(help="How counts are weighted (default: tfidf).")] = None,
    min_df: Annotated[
        str, typer.Option(help="Drop features that occur in fewer than N texts, or in a smaller fraction.", metavar="N")
    ] = "2",
    lowercase: Annotated[
        bool | None,
        typer.Option(
            "--lowercase/--keep-case", help="Ignore case or keep it (default: ignored for words, kept for characters)."
        ),
    ] = None,
    hashing: Annotated[
        int | None,
        typer.Option(help="Hash n-grams into 2^BITS buckets instead of storing a vocabulary.", metavar="BITS"),
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="Add the hand-made features declared in this TOML file.", metavar="FILE")
    ] = None,
    number: Annotated[
        list[str] | None, typer.Option(help="Use this numeric column as a feature; may be repeated.", metavar="COL")
    ] = None,
    category: Annotated[
        list[str] | None,
        typer.Option(help="Use this categorical column as features; may be repeated.", metavar="COL"),
    ] = None,
    l2: Annotated[
        str, typer.Option("--l2", help="Strength of the penalty, λ; auto chooses it by validation.", metavar="X")
    ] = "auto",
    folds: Annotated[
        int | None,
        typer.Option(help="Choose λ by K-fold cross-validation instead of on a held-out tenth.", metavar="K"),
    ] = None,
    one_standard_error: Annotated[
        bool,
        typer.Option(
            "--one-standard-error",
            help="Choose the largest λ whose validation loss is within one standard error of the lowest.",
        ),
    ] = False,
    l1_ratio: Annotated[
        float,
        typer.Option("--l1-ratio", help="Share of L1 in the penalty; L1 sets weights to exactly 0.", metavar="R"),
    ] = 0.0,
    solver: Annotated[SolverName, typer.Option(help="Method that minimises the loss.")] = "auto",
    tol: Annotated[
        float | None,
        typer.Option(
            help="Stop once the loss is proven to be within this relative distance of the optimum "
            f"(default: {TOL:g}, or {LOOSE_TOL:g} for the elastic net and gradient descent).",
            metavar="X",
        ),
    ] = None,
    max_iter: Annotated[int | None, typer.Option(help="Make at most N passes over the data.", metavar="N")] = None,
    learning_rate: Annotated[
        str, typer.Option(help="Learning rate α of gradient descent, or auto.", metavar="X")
    ] = "auto",
    batch_size: Annotated[int, typer.Option(help="Number of texts per step of minibatch descent.", metavar="N")] = 100,
    patience: Annotated[
        int | None,
        typer.Option(
            help="Stop gradient descent once the validation loss has risen more than N times in a row.", metavar="N"
        ),
    ] = None,
    aim: Annotated[
        list[str] | None,
        typer.Option(
            help="Goal to reach or optimise, on rows held out for it: 'precision(spam) >= 0.99', "
            "'recall(spam) >= 0.95', 'f1(spam)', f1, or 'cost(ham->spam) = 10' (costs may be repeated).",
            metavar="AIM",
        ),
    ] = None,
    coverage: Annotated[
        float | None,
        typer.Option(
            help="Also predict sets of labels that contain the true one with probability P.",
            metavar="P",
            parser=parse_share,
        ),
    ] = None,
    max_error: Annotated[
        float | None,
        typer.Option(
            help="Answer only where the error rate among answers is at most P, with 95% confidence.",
            metavar="P",
            parser=parse_share,
        ),
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option("--calibrate", help="Fit a temperature to held-out rows; keep it if it lowers their log loss."),
    ] = False,
    weight: Weight = None,
    group: Annotated[
        str | None,
        typer.Option(
            help="Keep rows with the same value in this column (one user, say) on one side of every split.",
            metavar="COL",
        ),
    ] = None,
    format: Format = None,
    delimiter: Delimiter = None,
    quoting: Quoting = None,
    header: Header = None,
    class_weight: Annotated[
        str | None, typer.Option(help="Class weights: balanced, or factors such as spam=2,ham=1.", metavar="W")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the splits and of all random choices.", metavar="N")] = 0,
    report: Report = None,
    threads: Threads = 1,
    refit_all: Annotated[
        bool, typer.Option("--refit-all", help="After the test, refit the model on all rows.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that are not a vikt model or report.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a model on labelled texts, test it and save it.

    Without --test, one tenth of the rows is held out for the test. Another tenth chooses the penalty; the model is then
    fitted to all rows but those of the test. With --aim, --coverage, --max-error or --calibrate, half of that other
    tenth is kept out of the fit too: thresholds and the like are set on it. If an aim cannot be met, the exit code is 3
    and no file is written.
    """
    from vikt.cli import train as work

    options = dict(  # noqa: C408  (the names are those of TextClassifier)
        analyzer=analyzer,
        ngrams=work.parse_ngrams(ngrams),
        weighting=weighting,
        min_df=int(min_df) if min_df.isdecimal() else work.parse_number(min_df),
        lowercase=lowercase,
        hashing=hashing,
        l2=work.parse_number(l2),
        folds=folds,
        one_standard_error=one_standard_error,
        l1_ratio=l1_ratio,
        solver=solver,
        tol=tol,
        max_iter=max_iter,
        learning_rate=work.parse_number(learning_rate),
        batch_size=batch_size,
        patience=patience,
        class_weight=work.parse_class_weight(class_weight),
        random_state=seed,
        aim=aim,
        coverage=coverage,
        max_error=max_error,
        calibrate=calibrate,
        targets=targets,
        order=work.parse_order(order),
        thresholds=work.parse_number(thresholds),
    )
    request = work.Request(
        data=data,
        text=text,
        label=label,
        labels_separator=labels_separator,
        weight=weight,
        group=group,
        test=test,
        format=format,
        dialect=Dialect(delimiter, quoting, header),
        features=features,
        numbers=number or [],
        categories=category or [],
        output=output,
        threads=threads,
        refit_all=refit_all,
        report=ReportRequest.of(report, context, force),
        force=force,
        as_json=as_json,
        quiet=quiet,
    )
    work.train(request, options)
