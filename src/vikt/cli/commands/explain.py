"""`vikt explain` as it is typed."""

from __future__ import annotations

from typing import Annotated

import typer

from vikt.cli.app import command
from vikt.cli.options import Delimiter, Format, Header, Json, Model, Quiet, Quoting, Threads
from vikt.corpus.dialect import Dialect


@command(
    "vikt explain model.vikt 'Great plot but bad acting.'",
    "vikt explain model.vikt 'Great plot but bad acting.' --label pos --against neg",
    "vikt explain model.vikt 'Great plot but bad acting.' --fewest-words",
    "vikt explain model.vikt 'Great plot but bad acting.' --because 5 --data reviews.csv",
    "vikt explain model.vikt --json < mail.txt",
    no_args_is_help=True,
)
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
    against: Annotated[
        str | None,
        typer.Option(help="Explain why this text is not in CLASS.", metavar="CLASS"),
    ] = None,
    top: Annotated[int, typer.Option(help="List the N features that matter most.", metavar="N", min=1)] = 15,
    fewest_words: Annotated[
        bool, typer.Option("--fewest-words", help="Name the fewest words whose removal changes the answer.")
    ] = False,
    because: Annotated[
        int | None,
        typer.Option(
            help="Name the N training rows that speak most for the class, and the N most against it; needs --data.",
            metavar="N",
            min=1,
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="All rows that the model was trained on, for --because; may be repeated, for several files.",
            metavar="DATA",
        ),
    ] = None,
    format: Format = None,
    delimiter: Delimiter = None,
    quoting: Quoting = None,
    header: Header = None,
    threads: Threads = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show how much each feature of a text adds to a score.

    The score is that of the predicted class, or of another that you name. Where a text has several labels, each that is
    answered is explained, or the most probable one if none is. Of ordered levels the one score is explained, which is
    larger for higher levels, and the cuts between levels are shown.

    With --because, also name the training rows that made the model say so. The model file holds no rows: give those
    that it was trained on, with their columns named as in training. They are compared with the fingerprint in the file.
    """
    from vikt.cli.explain import explain_text
    from vikt.errors import UsageError

    if (because is None) != (data is None):
        missing, given = ("--data", "--because") if data is None else ("--because", "--data")
        raise UsageError(f"{given} needs {missing}; give both, as in: --because 5 --data reviews.csv")
    request = None
    if because is not None:
        from vikt.cli.because import Because

        dialect = Dialect(delimiter, quoting, header)
        request = Because(data=data or [], format=format, dialect=dialect, n=because, threads=threads, quiet=quiet)
    explain_text(model, text or [], column or [], label, against, top, fewest_words, request, as_json)
