"""`vikt demo`: the whole main job on the embedded sample."""

from __future__ import annotations

import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from vikt.classifier import load
from vikt.cli import show
from vikt.cli.console import print_json, say
from vikt.cli.train import Request, train

_MAIL = "Congratulations, you have won two free tickets! Click the button and pay only 9.95 kr for the postage."

_NEXT = """What to type next, on texts of your own (a table with a column of texts and one of labels):

    vikt train mails.csv                      learn, test, save to model.vikt
    echo 'Lunch on Friday?' | vikt predict model.vikt
    vikt explain model.vikt 'Lunch on Friday?'
    vikt evaluate model.vikt more.csv
    vikt train --help"""


def demo(as_json: bool, quiet: bool) -> None:
    """Train on 400 e-mails written for this project, test, and explain one mail."""
    if not quiet:
        say("400 short e-mails, spam or ham, written for this project: a first look, no evidence.")
        say("(The first run compiles the hot loops, which takes some seconds and happens once.)\n")
    with tempfile.TemporaryDirectory() as folder, as_file(files("vikt.corpus.sample") / "emails.tsv") as mails:
        model = Path(folder) / "demo.vikt"
        request = Request(
            data=[mails],
            text="text",
            label="label",
            weight=None,
            test=None,
            output=model,
            threads=1,
            refit_all=False,
            force=False,
            as_json=as_json,
            quiet=quiet,
        )
        if not as_json:
            print("$ vikt train emails.tsv -o demo.vikt\n")
        train(request, {"min_df": 1})
        explanation = load(model).explain(_MAIL)
    if as_json:
        print_json(explanation.to_json())
        return
    print(f"\n$ vikt explain demo.vikt '{_MAIL}'\n")
    show.print_highlighted(explanation)
    print()
    print(show.explanation_lines(explanation, 12))
    print(f"\n{_NEXT}")
