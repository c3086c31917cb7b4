"""`vikt explain`: what each feature of one text adds to its score."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from vikt.cli.console import print_json, show
from vikt.corpus.documents import Documents
from vikt.corpus.read_stream import read_lines, standard_input
from vikt.corpus.sources import check_read_once
from vikt.errors import UsageError
from vikt.explanation.fewest_words import fewest_words
from vikt.explanation.linear import explain, explain_answer
from vikt.files.trained import load_trained
from vikt.report.explanation import print_highlighted
from vikt.tables import counted, cut

if TYPE_CHECKING:
    from vikt.cli.because import Because


def explain_text(
    path: Path,
    texts: list[str],
    columns: list[str],
    label: str | None,
    against: str | None,
    top: int,
    with_fewest_words: bool,
    because: Because | None,
    as_json: bool,
) -> None:
    """Print what each feature of a text adds to the score of a class, and what training rows do."""
    if len(texts) > 1:
        raise UsageError(
            f"expected one text, found {counted(len(texts), 'argument')}; put the text in quotation marks: "
            f"{shlex.quote(cut(' '.join(texts), 60))}"
        )
    text = texts[0] if texts else "-"
    check_read_once([path, text or "-", *(because.data if because else [])])
    if because and against is not None:
        raise UsageError("--because names the rows that speak for one class; leave out --against")
    saved = load_trained(path)
    model = saved.model
    k = None if label is None else model.named_position(label)
    other = None if against is None else model.named_position(against, "against")
    if text == "-":
        text = "\n".join(read_lines(standard_input())) if model.features.reads_text else ""
    document = {model.text_column: text} | dict(map(_named_value, columns))
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
    fewest = fewest_words(model, row) if with_fewest_words else None
    influence = because.influence(saved, row, model.labels.index(told.of_labels[0].label)) if because else None
    if as_json:
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
        show(explanation.lines(top))
    for found in filter(None, (fewest, influence)):
        show(f"\n{found}")


def _named_value(pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not equals:
        raise UsageError(f"--column: expected NAME=VALUE, found {pair!r}")
    return name, value
