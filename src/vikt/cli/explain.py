"""`vikt explain`: what each feature of one text adds to its score."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vikt.cli.console import print_json, show
from vikt.corpus.dialect import Dialect
from vikt.corpus.documents import Documents
from vikt.corpus.read_stream import read_lines, standard_input
from vikt.corpus.sources import check_read_once
from vikt.errors import UsageError
from vikt.explanation.fewest_words import fewest_words
from vikt.explanation.linear import explain, explain_answer
from vikt.fitting.trained import load_trained
from vikt.names import suggestion
from vikt.report.explanation import print_highlighted
from vikt.tables import counted, cut, quoted

if TYPE_CHECKING:
    from vikt.cli.because import Because


@dataclass(frozen=True, kw_only=True)
class Request:
    """The arguments of `vikt explain`; `because` is the number of rows to name of the training `data`."""

    model: Path
    texts: Sequence[str]
    columns: Sequence[str]
    label: str | None
    against: str | None
    top: int
    fewest_words: bool
    because: int | None
    data: Sequence[str]
    format: str | None
    dialect: Dialect
    threads: int
    as_json: bool
    quiet: bool


def explain_text(request: Request) -> None:
    """Print what each feature of a text adds to the score of a class, and what training rows do."""
    text, because = _text(request.texts), _because(request)
    check_read_once([request.model, text or "-", *request.data])
    saved = load_trained(request.model)
    model = saved.model
    k = None if request.label is None else model.named_position(request.label)
    other = None if request.against is None else model.named_position(request.against, "against")
    if text == "-":
        text = "\n".join(read_lines(standard_input())) if model.features.reads_text else ""
    document = {model.text_column: text} | _named_values(request.columns, model.features.columns)
    missing = [name for name in model.features.columns if name not in document]
    if missing:
        raise UsageError(
            f"the model also reads the column {missing[0]!r}; give its value with --column '{missing[0]}=VALUE'"
        )
    row = {name: [value] for name, value in document.items()}
    documents = Documents.of(row, model.text_column if model.features.reads_text else None, model.features.columns)
    documents = Documents(documents.texts, documents.columns, place="--column".format)
    is_named = k is not None or other is not None
    told = explain(model, documents, k, other) if is_named else explain_answer(model, documents)
    fewest = fewest_words(model, row) if request.fewest_words else None
    influence = because.influence(saved, row, model.labels.index(told.of_labels[0].label)) if because else None
    if request.as_json:
        further = {"fewest_words": fewest, "because": influence}
        print_json(told.to_json() | {name: found.to_json() for name, found in further.items() if found})
        return
    if told.remark:
        show(f"{told.remark}\n")
    for number, explanation in enumerate(told.of_labels):
        if number:
            print()
        print_highlighted(explanation)
        print()
        show(explanation.lines(request.top))
    for found in filter(None, (fewest, influence)):
        show(f"\n{found}")


def _text(texts: Sequence[str]) -> str:
    """The text to explain, or - for standard input. Raises UsageError where there are several."""
    if len(texts) > 1:
        raise UsageError(
            f"expected one text, found {counted(len(texts), 'argument')}; put the text in quotation marks: "
            f"{shlex.quote(cut(' '.join(texts), 60))}"
        )
    return texts[0] if texts else "-"


def _because(request: Request) -> Because | None:
    """What is asked of the training rows. Raises UsageError where the options do not go together."""
    if (request.because is None) != (not request.data):
        missing, given = ("--data", "--because") if not request.data else ("--because", "--data")
        raise UsageError(f"{given} needs {missing}; give both, as in: --because 5 --data reviews.csv")
    if request.because is None:
        return None
    if request.against is not None:
        raise UsageError("--because names the rows that speak for one class; leave out --against")
    from vikt.cli.because import Because

    return Because(
        data=request.data, format=request.format, dialect=request.dialect,
        n=request.because, threads=request.threads, quiet=request.quiet,
    )  # fmt: skip


def _named_values(pairs: Sequence[str], read: Sequence[str]) -> dict[str, str]:
    """The values of columns, given as NAME=VALUE, by name; `read` are the columns that the model reads."""
    values = dict[str, str]()
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--column: expected NAME=VALUE, found {pair!r}")
        if name in values:
            raise UsageError(f"--column: the value of {name!r:.60} was given twice; give it once")
        if name not in read:
            unread = f"{name!r:.60}{suggestion(name, read)}"
            raise UsageError(f"--column: the model reads no column {unread}; besides the text it reads {quoted(read)}")
        values[name] = value
    return values
