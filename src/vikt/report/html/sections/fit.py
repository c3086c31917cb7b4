"""How features and λ were chosen, how the loss fell, and what is proven of it."""

from __future__ import annotations

import math

from vikt.fitting.record import FitRecord, PartRecord
from vikt.report.choices import features_sentence, penalty_sentence, recipe_name
from vikt.report.fit import proof
from vikt.report.html.blocks import Block, Facts, Fold, Prose, Section, Table
from vikt.selection.recipes import single_recipe
from vikt.tables import figure


def fit_section(record: FitRecord) -> Section:
    """The choices, the loss curve and the certificate of each part of the model."""
    blocks: list[Block] = []
    if record.features:
        chosen = record.features
        rows = [
            [recipe_name(recipe), figure(loss), "chosen" if recipe == chosen.recipe else ""]
            for recipe, loss in chosen.losses
        ]
        blocks += [
            Prose(f"Features were chosen by validation: {features_sentence(chosen)}."),
            Table.of("Validation log loss of each choice of features", ["features", "log loss", ""], rows),
        ]
    for part in record.parts:
        blocks += _part(part, len(record.parts) > 1)
    return Section("fit", "Penalty, loss and proof", tuple(blocks))


def _part(part: PartRecord, is_one_of_several: bool) -> list[Block]:
    facts = [
        ("penalty", penalty_sentence(part.penalty)),
        ("loss", f"{part.loss:.6g} after {part.passes:,} passes; {part.stopping_reason}"),
        ("proof", proof(part)),
    ]
    if is_one_of_several:
        facts.insert(0, ("part", f"{recipe_name(single_recipe(part.name))}, {part.share:g} of the score"))
    tables = [table for table in (_path(part), _curve(part)) if table is not None]
    return [Facts(tuple(facts)), *(Fold(table.caption, (table,)) for table in tables)]


def _path(part: PartRecord) -> Table | None:
    choice = part.penalty
    if not choice.curve:
        return None
    rows = [
        [
            f"{point.strength:.3g}",
            f"{point.l2:.3g}",
            figure(point.log_loss),
            figure(point.standard_error),
            "chosen" if point.l2 == choice.l2 else "",
        ]
        for point in choice.curve
    ]
    return Table.of(
        "The values of λ that were tried",
        ["C·mean‖x‖²", "λ", "validation log loss", "standard error", ""],
        rows,
    )


def _curve(part: PartRecord) -> Table | None:
    if len(part.loss_curve) < 2:
        return None
    validates = any(record.validation_loss is not None for record in part.loss_curve)
    rows = [
        [f"{passes:,}", f"{training:.6g}", *([_loss(validation)] if validates else [])]
        for passes, training, validation in (record[:3] for record in part.loss_curve)
    ]
    return Table.of("The loss after each pass", ["passes", "training loss", *["validation loss"] * validates], rows)


def _loss(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.6g}"
