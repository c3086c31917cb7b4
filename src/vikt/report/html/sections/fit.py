"""How features and λ were chosen, how the loss fell, and what is proven of it."""

from __future__ import annotations

from vikt.fitting.model import FittedModel
from vikt.fitting.part_record import PartRecord
from vikt.fitting.record import FitRecord
from vikt.report.choices import features_sentence, recipe_name
from vikt.report.fit import loss_sentence, penalty_fact, proof, proof_facts
from vikt.report.html.blocks import Block, Facts, Prose, Row, Section, Table, folded
from vikt.report.html.pictures import loss_picture, path_picture
from vikt.selection.recipes import single_recipe
from vikt.tables import MOST_CLASSES_LISTED, figure, label_line


def fit_section(model: FittedModel, record: FitRecord) -> Section:
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
        blocks += _part(part, len(record.parts) > 1, model.labels)
    return Section("fit", "Penalty, loss and proof", tuple(blocks))


def _part(part: PartRecord, is_one_of_several: bool, labels: list[str]) -> list[Block]:
    facts = [
        ("penalty", penalty_fact(part)),
        ("loss", loss_sentence(part)),
        ("proof", proof(part)),
        *proof_facts(part, labels),
    ]
    if is_one_of_several:
        facts.insert(0, ("part", f"{recipe_name(single_recipe(part.name))}, {part.share:g} of the score"))
    pictures: list[Block] = []
    if part.penalty.is_validated:
        pictures.append(path_picture(part))
    if len(part.loss_curve) > 1:
        pictures.append(loss_picture(part))
    of_labels = [_labels(part, labels)] * bool(part.by_label)
    return [Facts(tuple(facts)), *([Row(tuple(pictures))] if pictures else []), *of_labels]


def _labels(part: PartRecord, labels: list[str]) -> Block:
    """λ, the loss and the proof of each label."""
    l2s = part.penalty.of_labels(len(labels)).tolist()
    rows = [
        [label_line(label), f"{l2:.3g}", figure(own.loss), "none" if own.reason else f"{100 * own.relative:.2g}%"]
        for label, l2, own in zip(labels, l2s, part.by_label, strict=False)
    ]
    header = ["label", "λ", "loss", "above the optimum, at most"]
    return folded(Table.of("Penalty, loss and proof of each label", header, rows[:MOST_CLASSES_LISTED]))
