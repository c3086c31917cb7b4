"""How features and λ were chosen, how the loss fell, and what is proven of it."""

from __future__ import annotations

from vikt.fitting.record import FitRecord, PartRecord
from vikt.report.choices import features_sentence, penalty_sentence, recipe_name
from vikt.report.fit import proof
from vikt.report.html.blocks import Block, Facts, Prose, Row, Section, Table
from vikt.report.html.pictures import loss_picture, path_picture
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
            Table.of("Validation log loss of each choice of features", ["features", "log loss", "choice"], rows),
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
    pictures: list[Block] = []
    if part.penalty.is_validated:
        pictures.append(path_picture(part))
    if len(part.loss_curve) > 1:
        pictures.append(loss_picture(part))
    return [Facts(tuple(facts)), *([Row(tuple(pictures))] if pictures else [])]
