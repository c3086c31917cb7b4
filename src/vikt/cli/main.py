"""The command line: `vikt train`, `evaluate`, `predict`, `explain`, `inspect`, `demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from vikt import __version__
from vikt.cli.console import FAILED, guarded, reported
from vikt.cli.options import (
    Delimiter,
    Format,
    Header,
    InputOptions,
    Json,
    LabelColumn,
    Model,
    Quiet,
    Quoting,
    TextColumn,
    Threads,
)
from vikt.cli.usage import Misuse, exit_misused
from vikt.corpus.dialect import Dialect
from vikt.names import LOOSE_TOL, TOL, AnalyzerName, OutputFormatName, SolverName, WeightingName

app = typer.Typer(
    name="vikt",
    help="Text classification with logistic regression: certified optimal, reproducible, explained.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Boxes around the help would take as long to import as all the rest.
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _example(*lines: str) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


@app.command(
    no_args_is_help=True,
    epilog=_example(
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
        "vikt train train.tsv --solver minibatch --patience 3",
    ),
)
@guarded
def train(
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
    weight: Annotated[str | None, typer.Option(help="Column that holds the weight of each row.", metavar="COL")] = None,
    format: Format = None,
    delimiter: Delimiter = None,
    quoting: Quoting = None,
    header: Header = None,
    class_weight: Annotated[
        str | None, typer.Option(help="Class weights: balanced, or factors such as spam=2,ham=1.", metavar="W")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the splits and of all random choices.", metavar="N")] = 0,
    threads: Threads = 1,
    refit_all: Annotated[
        bool, typer.Option("--refit-all", help="After the test, refit the model on all rows.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is not a vikt model.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a model on labelled texts, test it and save it.

    Without --test, one tenth of the rows is held out for the test. Another tenth is used to choose the penalty.
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
    )
    request = work.Request(
        data=data,
        text=text,
        label=label,
        weight=weight,
        test=test,
        format=format,
        dialect=Dialect(delimiter, quoting, header),
        features=features,
        numbers=number or [],
        categories=category or [],
        output=output,
        threads=threads,
        refit_all=refit_all,
        force=force,
        as_json=as_json,
        quiet=quiet,
    )
    work.train(request, options)


@app.command(
    no_args_is_help=True,
    epilog=_example("vikt evaluate model.vikt test.tsv", "vikt evaluate model.vikt test.csv --label topic --json"),
)
@guarded
def evaluate(
    model: Model,
    data: Annotated[list[str], typer.Argument(help="Labelled texts, in any format that train reads.", metavar="DATA")],
    text: TextColumn = None,
    label: LabelColumn = None,
    format: Format = None,
    delimiter: Delimiter = None,
    quoting: Quoting = None,
    header: Header = None,
    threads: Threads = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Test a model on labelled texts.

    Columns have the same names as in training unless you name others.
    """
    from vikt.cli import evaluate as work

    dialect = Dialect(delimiter, quoting, header)
    given = InputOptions(data=data, text=text, label=label, format=format, dialect=dialect)
    work.evaluate_file(model, given, threads=threads, as_json=as_json, quiet=quiet)


@app.command(
    no_args_is_help=True,
    epilog=_example(
        "echo 'What a film!' | vikt predict model.vikt",
        "vikt predict model.vikt new.csv -o labelled.parquet --proba",
        "vikt predict model.vikt new.jsonl --top 3 --threshold 0.2",
        "vikt predict model.vikt 'logs/*.csv' more.csv -o labelled.csv",
        "vikt predict topic.vikt new.csv --prefix topic_ | vikt predict spam.vikt - --format csv --prefix spam_",
        "tail -f mails.log | vikt predict model.vikt",
    ),
)
@guarded
def predict(
    model: Model,
    data: Annotated[
        list[str] | None,
        typer.Argument(
            help="Texts in any format that train reads: files, folders and patterns; - (the default) is stdin, one "
            "text per line unless --format says otherwise.",
            metavar="[DATA]...",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Write to this file instead of stdout; its name sets the format.", metavar="FILE"
        ),
    ] = None,
    text: TextColumn = None,
    format: Format = None,
    to: Annotated[
        OutputFormatName | None,
        typer.Option("--to", help="Output format, if the file name does not show it.", show_default=False),
    ] = None,
    delimiter: Delimiter = None,
    quoting: Quoting = None,
    header: Header = None,
    top: Annotated[int, typer.Option(help="Give the K most probable classes.", min=1, metavar="K")] = 1,
    threshold: Annotated[
        float, typer.Option(help="Leave a label out if its probability is below P.", min=0, max=1, metavar="P")
    ] = 0.0,
    proba: Annotated[bool, typer.Option("--proba", help="Add a column with the probability of each class.")] = False,
    prefix: Annotated[
        str, typer.Option(help="Prefix for the names of the added columns.", metavar="NAME", show_default=False)
    ] = "",
    threads: Threads = 1,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Label texts, given as lines or as a table.

    For each line of text, print the label, a tab and its probability. For a table, write the same table with columns
    added. Memory use does not grow with the input, and each line of a pipe is answered as it arrives.
    """
    from vikt.cli import predict as work

    dialect = Dialect(delimiter, quoting, header)
    request = work.Request(
        data=data or ["-"], text=text, format=format, dialect=dialect,
        output=output, to=to, force=force, as_json=as_json, quiet=quiet,
    )  # fmt: skip
    work.predict(model, request, threads=threads, top=top, threshold=threshold, proba=proba, prefix=prefix)


@app.command(
    no_args_is_help=True,
    epilog=_example(
        "vikt explain model.vikt 'Great plot but bad acting.'", "vikt explain model.vikt --json < mail.txt"
    ),
)
@guarded
def explain(
    model: Model,
    text: Annotated[
        list[str] | None,
        typer.Argument(
            help="The text to explain, in quotation marks; - (the default) is all of stdin.",
            metavar="[TEXT]",
            show_default=False,
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Value of another column that the model reads; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Explain the score of this class, not of the predicted one.", metavar="CLASS")
    ] = None,
    top: Annotated[int, typer.Option(help="List the N features that matter most.", metavar="N", min=1)] = 15,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show how much each feature of a text adds to the score of its predicted class, or of another."""
    from vikt.cli.explain import explain_text

    explain_text(model, text or [], column or [], label, top, as_json)


@app.command(no_args_is_help=True, epilog=_example("vikt inspect model.vikt", "vikt inspect model.vikt --json"))
@guarded
def inspect(model: Model, as_json: Json = False, quiet: Quiet = False) -> None:
    """Show the contents of a model file.

    It lists the classes, the penalty, the proof, the test figures and the strongest features.
    """
    from vikt.cli.inspect import inspect_model

    inspect_model(model, as_json)


@app.command(epilog=_example("vikt demo"))
@guarded
def demo(as_json: Json = False, quiet: Quiet = False) -> None:
    """Train, test and explain a model on a small built-in sample."""
    from vikt.cli import demo as work

    work.demo(as_json, quiet)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vikt {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    stdout = sys.stdout
    with reported():
        try:
            code = app(standalone_mode=False)
        except Misuse as error:
            exit_misused(error)
        except typer.Abort:
            raise SystemExit(FAILED) from None
        finally:
            if sys.stdout is not stdout:
                raise BrokenPipeError  # Typer has put another stream in the place of one whose pipe is closed.
        raise SystemExit(code or 0)
