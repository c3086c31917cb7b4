"""`vikt demo`: train, test and explain, on the embedded sample."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from vikt.cli.console import print_json, say, show
from vikt.cli.train import Request, train
from vikt.explanation.linear import explain
from vikt.report.explanation import print_highlighted

_MAIL = "Congratulations, you have won two free tickets! Click the button and pay only 9.95 kr for the postage."

_MODEL = Path("demo.vikt")

_NEXT = """What to type next (.venv/bin/vikt instead of vikt, unless the environment is activated):

    echo 'Lunch on Friday?' | vikt predict demo.vikt
    vikt explain demo.vikt 'Lunch on Friday?'
    vikt inspect demo.vikt

On your own data, a table (.csv, .tsv, .jsonl, .parquet ...) with a text column and a label column:

    vikt train mails.csv
    vikt train --help"""


def demo(as_json: bool, quiet: bool) -> None:
    """Train on 400 e-mails written for this project, test, and explain one mail."""
    if not quiet:
        say("400 short e-mails, spam or ham, written for this project: a first look, not evidence.\n")
    with as_file(files("vikt.corpus.sample") / "emails.tsv") as mails:
        request = Request([str(mails)], "text", "label", output=_MODEL, as_json=as_json, quiet=quiet)
        if not as_json:
            show("$ vikt train emails.tsv -o demo.vikt\n")
        model = train(request, {"min_df": 1})
    explanation = explain(model, [_MAIL])
    if as_json:
        print_json(explanation.to_json())
        return
    show(f"\n$ vikt explain demo.vikt '{_MAIL}'\n")
    print_highlighted(explanation)
    print()
    show(explanation.lines(12))
    show(f"\n{_NEXT}")
