"""How a model is used, in Python and on the command line: lines that can be run as they are."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from vikt.fitting.model import FittedModel
from vikt.names import TargetKind
from vikt.report.card.markdown import md_code
from vikt.tables import one_line

_PREDICTS: Mapping[TargetKind, str] = {
    "classes": "predict",
    "several": "predict_sets",
    "soft": "predict_proba",
    "ordered": "predict",
}
# A value of each kind of feature that reads no text, in Python, for a feature of n columns.
_VALUES = {"number": "1.0", "dense": "[0.1] * {width}"}
_TEXT, _QUOTE = "a text", "'"
# svmlight's pairs of index and value come from files alone.
_PAIRS = "numbered"


def use(model: FittedModel, name: str) -> str:
    """The lines that answer a text, or a row of columns, and explain the answer."""
    path = f"{name}.vikt"
    kinds = {feature.kind for feature in model.features.settings.handmade}
    if _PAIRS in kinds:
        return md_code("", [f"vikt predict {shlex.quote(path)} rows.svmlight"])
    rows = "texts.csv" if model.features.reads_text else "rows.csv"
    shell = [f"vikt predict {shlex.quote(path)} {rows}"]
    # A row of numbers is too long to type.
    if "dense" not in kinds:
        shell.append(f"vikt explain {shlex.quote(path)}{_typed(model)}")
    python = [
        "import vikt",
        "",
        f"classifier = vikt.load({path!r})",
        f"classifier.{_PREDICTS[model.kind]}({_inputs(model)})",
    ]
    return f"{md_code('python', python)}\n\n{md_code('', shell)}"


def _inputs(model: FittedModel) -> str:
    """One text, or one row as a mapping of columns, in Python."""
    columns = _example_values(model)
    if not columns:
        return f"[{_TEXT!r}]"
    text = {model.text_column: repr(_TEXT)} if model.features.reads_text else {}
    pairs = ", ".join(f"{name!r}: [{value}]" for name, value in {**text, **columns}.items())
    return f"{{{pairs}}}"


def _typed(model: FittedModel) -> str:
    """The same as arguments of a command."""
    text = f" {shlex.quote(_TEXT)}" if model.features.reads_text else ""
    # Only Python needs the quotation marks of a string.
    columns = [one_line(f"{name}={value.strip(_QUOTE)}") for name, value in _example_values(model).items()]
    return text + "".join(f" --column {shlex.quote(column)}" for column in columns)


def _example_values(model: FittedModel) -> dict[str, str]:
    """A value in Python of each column that the model reads beside the text."""
    features = model.features
    values = dict.fromkeys(features.columns, repr("..."))
    for feature, encoder in zip(features.settings.handmade, features.encoders, strict=True):
        if feature.needs is not None and feature.kind in _VALUES:
            values[feature.needs] = _VALUES[feature.kind].format(width=encoder.n_columns)
    return values
