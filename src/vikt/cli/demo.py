"""`vikt demo`: train, test and explain, on the embedded sample."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from importlib.resources import as_file, files
from pathlib import Path

from vikt.cli.console import print_json, say, show
from vikt.cli.train import Request, show_trained, trained, trained_json
from vikt.explanation.linear import explain
from vikt.report.explanation import print_highlighted

_MAIL = "Congratulations, you have won two free tickets! Click the button and pay only 9.95 kr for the postage."

_MODEL = Path("demo.vikt")

_NEXT = """What to type next:

    echo 'Lunch on Friday?' | {vikt} predict demo.vikt
    {vikt} explain demo.vikt 'Lunch on Friday?'
    {vikt} inspect demo.vikt

On your own data, a table (.csv, .tsv, .jsonl, .parquet ...) with a text column and a label column:

    {vikt} train mails.csv
    {vikt} train --help"""


def demo(as_json: bool, quiet: bool) -> None:
    """Train on 400 e-mails written for this project, test, and explain one mail."""
    if not quiet:
        say("400 short e-mails, spam or ham, written for this project: a first look, not evidence.\n")
    with as_file(files("vikt.corpus.sample") / "emails.tsv") as mails:
        request = Request(data=[str(mails)], text="text", label="label", output=_MODEL, as_json=as_json, quiet=quiet)
        if not as_json:
            show("$ vikt train emails.tsv --min-df 1 -o demo.vikt\n")
        made = trained(request, {"min_df": 1})
    explanation = explain(made.model, [_MAIL])
    if as_json:
        print_json(trained_json(made, request) | {"explanation": explanation.to_json()})
        return
    show_trained(made, request)
    show(f"\n$ vikt explain demo.vikt '{_MAIL}'\n")
    print_highlighted(explanation)
    print()
    show(explanation.lines(12))
    show("\n" + _NEXT.format(vikt=command()))


def command() -> str:
    """What to type for this program, here: `vikt` where the shell finds it by that name, else its path."""
    program = Path(sys.argv[0])
    if program.name == "__main__.py":
        return f"{shlex.quote(_from_here(sys.executable))} -m vikt"
    found = shutil.which("vikt")
    is_found = found is not None and os.path.realpath(found) == os.path.realpath(program)
    return "vikt" if is_found else shlex.quote(_from_here(program))


def _from_here(path: str | Path) -> str:
    """The path as seen from the working folder, if it is in there."""
    here, absolute = os.getcwd(), os.path.abspath(path)
    return os.path.relpath(absolute, here) if absolute.startswith(here + os.sep) else absolute
