"""The difference of two models: in figures, in their answers, and in how they were trained."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from vikt.evaluation.comparison import Comparison, Disagreement
from vikt.evaluation.differences import Difference
from vikt.fitting.saved import SavedModel
from vikt.names import LABEL_NOUNS
from vikt.report.choices import recipe_name
from vikt.report.comparison import difference_sentence, figure_name
from vikt.report.fit import penalty_fact, proof
from vikt.report.html.blocks import Block, Column, Example, Prose, Section, Table, Tile
from vikt.report.html.examples import excerpt
from vikt.report.html.sections.summary import percent
from vikt.selection.recipes import Recipe
from vikt.tables import answer_line, counted, figure, label_line, listed

_MOST_CONFUSIONS = 12


def differences_section(comparison: Comparison) -> Section:
    """The figures of both models, their differences and intervals."""
    rows = [
        [
            figure_name(name),
            figure(found.a),
            figure(found.b),
            "–" if found.value != found.value else f"{found.value:+.4f}",
            "–" if found.low != found.low else f"{found.low:+.4f} to {found.high:+.4f}",
            _verdict(found),
        ]
        for name, found in comparison.differences.items()
    ]
    headings: list[Column | str] = ["figure", "A", "B", "B - A", "95% interval", Column("finding", is_words=True)]
    test = (
        f"Only A is right on {counted(comparison.only_a_right, 'row')}, only B on {comparison.only_b_right:,}. Both "
        f"are right on {counted(comparison.both_right, 'row')}, neither on {comparison.neither_right:,}. McNemar's "
        f"exact test gives {_p_value(comparison)}."
    )
    return Section("metrics", "Metrics", (Table.of("Figures of both models", headings, rows), Prose(test)))


def _verdict(found: Difference) -> str:
    verdict = f"{found.better} is better" if found.better else "no difference shown"
    return f"{verdict}; {found.reason}" if found.reason else verdict


def _p_value(comparison: Comparison) -> str:
    p = comparison.p_value
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"


def disagreements_section(comparison: Comparison, place: Callable[[int], str]) -> Section | None:
    """The answers in which the models differ, and the rows on which both are most confident."""
    if not comparison.n_disagreements:
        return None
    rows = [
        [*(_spelled(comparison, answer) for answer in (label, a, b)), f"{count:,}"]
        for label, a, b, count in comparison.confusions[:_MOST_CONFUSIONS]
    ]
    headings: list[Column | str] = ["label", Column("A answers", True), Column("B answers", True), "rows"]
    blocks: list[Block] = [
        Prose(f"The models differ on {counted(comparison.n_disagreements, 'row')}."),
        Table.of("The commonest differences", headings, rows),
        Prose(
            "The disagreements on which both are most confident: first those where only A is right, then only B, "
            "then neither."
        ),
        *(_example(comparison, row, place(row.row)) for row in comparison.examples),
    ]
    return Section("disagreements", "Where they differ", tuple(blocks))


def _example(comparison: Comparison, row: Disagreement, place: str) -> Example:
    facts = (
        ("label", _spelled(comparison, row.label)),
        ("A", f"{_spelled(comparison, row.a)}, with probability {row.probability_a:.3f}"),
        ("B", f"{_spelled(comparison, row.b)}, with probability {row.probability_b:.3f}"),
    )
    return excerpt(place, facts, row.text)


def _spelled(comparison: Comparison, answer: str | None) -> str:
    """An answer; one of several labels is a list in JSON."""
    if answer is None or comparison.share != "subset_accuracy":
        return answer_line(answer)
    return listed([label_line(label) for label in json.loads(answer)]) or "none"


def models_section(models: Sequence[tuple[str, SavedModel]]) -> Section | None:
    """How each model was trained, side by side."""
    if not models:
        return None
    facts = [_facts(name, saved) for name, saved in models]
    rows = [[name, *(own[name] for own in facts)] for name in facts[0]]
    headings: list[Column | str] = ["fact", *(Column(f"model {letter}", is_words=True) for letter in "AB")]
    return Section("models", "The models", (Table.of("How they were trained", headings, rows),))


def _facts(name: str, saved: SavedModel) -> dict[str, str]:
    model, record = saved.model, saved.record
    part = record.least_proven
    recipe = Recipe(record.analyzer, tuple((own.name, own.share) for own in record.parts))
    return {
        "file": name,
        "answers": f"{counted(len(model.labels), LABEL_NOUNS[model.kind])}: "
        f"{listed([label_line(label) for label in model.labels], 6)}",
        "rows fitted": f"{record.data.fitted_rows:,}",
        "features": f"{model.features.n_features:,} from {recipe_name(recipe)}",
        "penalty": penalty_fact(part),
        "proof": proof(part),
        "data": f"fingerprint {record.data.fingerprint}",
    }


def comparison_tiles(comparison: Comparison) -> list[Tile]:
    """The share of the rows that both answer rightly, and what speaks for a difference."""
    share, name = comparison.differences[comparison.share], figure_name(comparison.share).capitalize()
    return [
        Tile(f"{name} of A", percent(share.a)),
        Tile(f"{name} of B", percent(share.b)),
        Tile("Different answers", f"{comparison.n_disagreements:,}", f"of {counted(comparison.n_rows, 'row')}"),
        Tile("McNemar's test", _p_value(comparison), "exact, two-sided"),
    ]


def comparison_sentences(comparison: Comparison) -> list[str]:
    """How good both are; which is better; how often they differ."""
    name, share = comparison.share, comparison.differences[comparison.share]
    shares = f"A is right on {percent(share.a)} of {counted(comparison.n_rows, 'row')}, B on {percent(share.b)}."
    verdict = difference_sentence(name, share).partition(": ")[2]
    verdict = verdict.replace("no difference shown", "no difference is shown", 1)
    differ = f"They give different answers to {counted(comparison.n_disagreements, 'row')}."
    return [shares, f"In {figure_name(name)}, {verdict}.", differ]
