"""The command line: `vikt train`, `evaluate`, `predict`, `explain`, `inspect`, `demo`."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from vikt import __version__
from vikt.cli.console import guarded
from vikt.names import AnalyzerName, FormatName, SolverName, WeightingName

app = typer.Typer(
    name="vikt",
    help="Text classification with logistic regression: certified optimal, reproducible, explained.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Boxes around the help would take as long to import as all the rest.
    context_settings={"help_option_names": ["-h", "--help"]},
)


Json = Annotated[bool, typer.Option("--json", help="Print the results as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no notes on stderr.")]
Threads = Annotated[
    int, typer.Option("--threads", min=1, help="How many threads make features and fit; no result depends on it.")
]
Model = Annotated[Path, typer.Argument(help="A model written by `vikt train`.", metavar="MODEL")]
TextColumn = Annotated[str | None, typer.Option("--text", help="The column of the texts.", metavar="COL")]
Format = Annotated[
    FormatName | None, typer.Option("--format", help="What DATA is, where its name does not tell.", show_default=False)
]
LabelColumn = Annotated[str | None, typer.Option("--label", help="The column of the labels.", metavar="COL")]


def _example(*lines: str) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


@app.command(
    epilog=_example(
        "vikt train reviews.csv",
        "vikt train train.tsv --label topic --test test.tsv -o topics.vikt",
        "vikt train mails.jsonl --analyzer char_wb --ngrams 2-4 --json",
        "vikt train reviews/ --test reviews-test/",
        "vikt train 'logs/*.jsonl.gz'",
        "vikt train mails.csv --features spam.toml --number misspelt --category sender",
        "vikt train mails.csv --analyzer none --number misspelt --number links",
        "vikt train mails.csv --folds 5 --one-standard-error",
        "vikt train train.tsv --solver minibatch --patience 3",
    )
)
@guarded
def train(
    data: Annotated[
        list[str],
        typer.Argument(
            help="Labelled texts: .csv, .tsv, .jsonl, .parquet, .arrow, fastText's .txt, .svmlight, also with .gz or "
            ".zst; a folder a class; patterns; - is stdin."
        ),
    ],
    text: TextColumn = None,
    label: LabelColumn = None,
    test: Annotated[str | None, typer.Option(help="Labelled texts for the report alone; else a tenth of DATA.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the model goes.")] = Path("model.vikt"),
    analyzer: Annotated[
        AnalyzerName, typer.Option(help="What a text falls into; auto chooses by validation.")
    ] = "auto",
    ngrams: Annotated[
        str | None,
        typer.Option(help="Shortest and longest n-gram; words 1-2, characters 1-5 if not given.", metavar="A-B"),
    ] = None,
    weighting: Annotated[WeightingName | None, typer.Option(help="What a count is worth; tfidf if not given.")] = None,
    min_df: Annotated[int, typer.Option(help="Drop features in fewer texts.")] = 2,
    lowercase: Annotated[
        bool | None,
        typer.Option("--lowercase/--keep-case", help="Words lose their case, characters keep it, if not given."),
    ] = None,
    hashing: Annotated[
        int | None,
        typer.Option(help="Hash n-grams into 2^BITS buckets instead of keeping a vocabulary.", metavar="BITS"),
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="Hand-made features beside the n-grams, declared in TOML.", metavar="FILE")
    ] = None,
    number: Annotated[
        list[str] | None, typer.Option(help="A column of numbers as a feature; once for each.", metavar="COL")
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option(help="A column of categories as a feature; once for each.", metavar="COL")
    ] = None,
    l2: Annotated[
        str, typer.Option("--l2", help="The penalty λ, or auto: chosen by validation.", metavar="X")
    ] = "auto",
    folds: Annotated[
        int | None,
        typer.Option(help="Choose λ by K folds of cross-validation, not by a tenth of DATA.", min=2, metavar="K"),
    ] = None,
    one_standard_error: Annotated[
        bool,
        typer.Option(
            "--one-standard-error", help="Choose the largest λ within one standard error of the least validation loss."
        ),
    ] = False,
    l1_ratio: Annotated[
        float, typer.Option("--l1-ratio", help="The part of L1 in the penalty; weights become 0.", min=0, max=1)
    ] = 0.0,
    solver: Annotated[SolverName, typer.Option(help="How the loss is minimised.")] = "auto",
    tol: Annotated[float, typer.Option(help="The distance from the optimum to prove, relative.")] = 1e-4,
    max_iter: Annotated[int | None, typer.Option(help="The most passes over the data.", min=1)] = None,
    learning_rate: Annotated[str, typer.Option(help="α of the descents, or auto.", metavar="X")] = "auto",
    batch_size: Annotated[int, typer.Option(help="Texts a step of minibatch descent.", min=1)] = 100,
    patience: Annotated[
        int | None,
        typer.Option(help="Stop a descent once the validation loss has risen more often than this in a row."),
    ] = None,
    weight: Annotated[str | None, typer.Option(help="The column of row weights.", metavar="COL")] = None,
    format: Format = None,
    class_weight: Annotated[str | None, typer.Option(help="balanced, or factors: spam=2,ham=1.", metavar="W")] = None,
    seed: Annotated[int, typer.Option(help="Of the splits and of every draw.")] = 0,
    threads: Threads = 1,
    refit_all: Annotated[bool, typer.Option("--refit-all", help="Fit the tested tenth too in the end.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is no vikt model.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Learn a model from labelled texts, test it, and save it.

    Without --test, a tenth of the rows is kept apart for the report and another chooses the penalty.
    """
    from vikt.cli import train as work

    options = dict(  # noqa: C408  (the names are those of TextClassifier)
        analyzer=analyzer,
        ngrams=work.parse_ngrams(ngrams),
        weighting=weighting,
        min_df=min_df,
        lowercase=lowercase,
        hashing=hashing,
        l2=work.parse_number("--l2", l2),
        folds=folds,
        one_standard_error=one_standard_error,
        l1_ratio=l1_ratio,
        solver=solver,
        tol=tol,
        max_iter=max_iter,
        learning_rate=work.parse_number("--learning-rate", learning_rate),
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
    epilog=_example("vikt evaluate model.vikt test.tsv", "vikt evaluate model.vikt test.csv --label topic --json")
)
@guarded
def evaluate(
    model: Model,
    data: Annotated[list[str], typer.Argument(help="Labelled texts, as for train.")],
    text: TextColumn = None,
    label: LabelColumn = None,
    format: Format = None,
    threads: Threads = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Test a model on labelled texts.

    Columns are those it was trained on unless named.
    """
    from vikt.cli import evaluate as work

    work.evaluate_file(model, data, text, label, format, threads, as_json, quiet)


@app.command(
    epilog=_example(
        "echo 'What a film!' | vikt predict model.vikt",
        "vikt predict model.vikt new.csv -o labelled.parquet --proba",
        "vikt predict model.vikt new.jsonl --top 3 --threshold 0.2",
        "tail -f mails.log | vikt predict model.vikt",
    )
)
@guarded
def predict(
    model: Model,
    data: Annotated[str, typer.Argument(help="A table, as for train; without it, a text a line on stdin.")] = "-",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file instead of stdout; its name tells the format.")
    ] = None,
    text: TextColumn = None,
    format: Format = None,
    top: Annotated[int, typer.Option(help="The so many most probable classes.", min=1, metavar="K")] = 1,
    threshold: Annotated[
        float, typer.Option(help="Leave the label empty where its probability is below.", min=0, max=1, metavar="P")
    ] = 0.0,
    proba: Annotated[bool, typer.Option("--proba", help="Add a column for the probability of each class.")] = False,
    threads: Threads = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Label texts, line by line or a whole table.

    A line in, label TAB probability out; or a table in, the same table out with columns added. Memory does not grow
    with the input, and a pipe is answered line by line.
    """
    from vikt.cli import predict as work

    work.predict(model, data, output, text, format, threads, top, threshold, proba, as_json, quiet)


@app.command(
    epilog=_example("vikt explain model.vikt 'Great plot but bad acting.'", "vikt explain model.vikt --json < mail.txt")
)
@guarded
def explain(
    model: Model,
    text: Annotated[str | None, typer.Argument(help="The text; without it, all of stdin.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="What the model reads beside the text; once for each.", metavar="NAME=VALUE"),
    ] = None,
    top: Annotated[int, typer.Option(help="How many features to list.", min=1)] = 15,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show what each feature of a text adds to its score."""
    from vikt.cli.explain import explain_text

    explain_text(model, text, column or [], top, as_json)


@app.command(epilog=_example("vikt inspect model.vikt", "vikt inspect model.vikt --json"))
@guarded
def inspect(model: Model, as_json: Json = False, quiet: Quiet = False) -> None:
    """Show what a model file holds.

    Its classes, penalty, proof, test figures and strongest features.
    """
    from vikt.cli.inspect import inspect_model

    inspect_model(model, as_json)


@app.command(epilog=_example("vikt demo"))
@guarded
def demo(as_json: Json = False, quiet: Quiet = False) -> None:
    """Train, test and explain on a small sample, in seconds."""
    from vikt.cli import demo as work

    work.demo(as_json, quiet)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vikt {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line. Output is UTF-8 whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    app()
