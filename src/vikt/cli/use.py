"""What a trained model holds, and what it makes of one text: `vikt explain`, `inspect`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from vikt.classifier import TextClassifier, load
from vikt.cli import show
from vikt.cli.console import figure, print_json
from vikt.corpus.read_stream import read_lines
from vikt.errors import UsageError
from vikt.explanation.linear import strongest_features
from vikt.features.description import sentences


def explain_text(model: Path, text: str | None, columns: list[str], top: int, as_json: bool) -> None:
    classifier = load(model)
    if text is None:
        text = "\n".join(read_lines(sys.stdin.buffer)) if classifier.features_.reads_text else ""
    given = {"text": text} | dict(map(_named_value, columns))
    missing = [name for name in classifier.features_.columns if name not in given]
    if missing:
        raise UsageError(f"the model reads {missing[0]!r} beside the text; give it with --column '{missing[0]}=VALUE'")
    explanation = classifier.explain(given)
    if as_json:
        print_json(explanation.to_json())
        return
    show.print_highlighted(explanation)
    print()
    print(show.explanation_lines(explanation, top))


def _named_value(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals:
        raise UsageError(f"--column: expected NAME=VALUE, found {given!r}")
    return name, value


def inspect_model(model: Path, as_json: bool) -> None:
    classifier = load(model)
    if as_json:
        strongest = strongest_features(classifier.features_, classifier.model_, classifier.class_names)
        print_json(_header(classifier, model) | {"strongest": {k: [list(f) for f in v] for k, v in strongest.items()}})
        return
    metrics = classifier.about_.get("metrics", {})
    figures = [f"{name:<10} {figure(entry['value'])}" for name, entry in metrics.items()]
    head = f"model      {model} ({model.stat().st_size / 1e6:.1f} MB), {classifier!r}"
    print("\n\n".join([head, show.data_lines(classifier), show.fit_lines(classifier)]))
    print("\ntest figures\n" + "\n".join(figures) + "\n")
    print("\n\n".join(filter(None, [show.handmade_lines(classifier), show.strongest_lines(classifier)])))


def _header(classifier: TextClassifier, model: Path) -> dict[str, Any]:
    return {
        "path": str(model),
        "bytes": model.stat().st_size,
        "params": classifier.get_params(),
        "classes": classifier.class_names,
        "features": classifier.features_.n_features,
        "told": sentences(classifier.features_.facts()),
        "l2": classifier.l2_,
        "loss": classifier.loss_,
        "choice": classifier.choice_.said,
        "path_of_l2": show.path_json(classifier),
        "data": classifier.data_,
        "certificate": show.certificate_json(classifier),
        **classifier.about_,
    }
