"""A fit in plain text: the data, the choices, the proof, and the largest weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vikt.explanation.weights import strongest_features
from vikt.features.description import sentences
from vikt.fitting.data_record import DataRecord
from vikt.fitting.model import FittedModel
from vikt.fitting.part_record import PartRecord
from vikt.fitting.record import FitRecord
from vikt.names import TargetKind
from vikt.report.choices import features_sentence, penalty_sentence, recipe_name
from vikt.report.decision import decision_facts
from vikt.report.labels import label_facts
from vikt.report.targets import target_facts
from vikt.report.update import updates_sentence
from vikt.selection.recipes import single_recipe
from vikt.tables import (
    MOST_CLASSES_IN_A_MATRIX,
    MOST_CLASSES_LISTED,
    columns,
    counted,
    figure,
    label_line,
    listed,
    size,
)

_MOST_WEIGHTS_LISTED = 40
_STRONGEST_OF: dict[TargetKind, str] = {
    "classes": "each class",
    "several": "each label",
    "soft": "each class",
    "ordered": "the lowest level and of the highest",
}


def key_facts(model: FittedModel, record: FitRecord) -> list[tuple[str, str]]:
    """The facts of a fitted model that a notebook shows: a name and a sentence for each."""
    data, part = record.data, record.least_proven
    chosen = [("chosen", features_sentence(record.features))] if record.features else []
    return [
        *label_facts(model, data)[:1],
        ("rows", f"{data.rows:,}, of which {data.fitted_rows:,} are fitted"),
        ("features", features_count(model, record)),
        *chosen,
        *([("updated", updates_sentence(record))] if record.updates else []),
        ("penalty", penalty_fact(part)),
        ("proof", proof(part)),
        *proof_facts(part, model.labels),
        *target_facts(model),
        *decision_facts(model, record),
    ]


def data_lines(record: FitRecord, model: FittedModel) -> str:
    """The rows, their split, and the number of features."""
    return "\n".join(f"{name:<10} {sentence}" for name, sentence in data_facts(record, model))


def data_facts(record: FitRecord, model: FittedModel) -> list[tuple[str, str]]:
    """What is known of the rows: a name and a sentence for each fact; one without a name belongs to that before it."""
    data = record.data
    facts = {
        "rows": f"{data.rows:,}: {data.empty_texts:,} empty, {data.duplicate_texts:,} duplicates",
        "weights": f"{data.rows_of_weight_0:,} rows of weight 0 dropped" if data.rows_of_weight_0 else "",
        **dict(label_facts(model, data)),
        "split": _split(record),
        "groups": _groups(record),
        "cluster": _cluster(record),
        "features": features_count(model, record),
    }
    notes = [("", note) for note in sentences(model.features.facts())]
    updated = [("updated", updates_sentence(record))] if record.updates else []
    return [(name, fact) for name, fact in facts.items() if fact] + notes + updated


def features_count(model: FittedModel, record: FitRecord) -> str:
    """How many features there are, and of how many others they were kept where the model was shrunk."""
    kept_of = "" if record.shrunk_from is None else f", kept of {record.shrunk_from:,}"
    return f"{model.features.n_features:,}{kept_of}"


def _split(record: FitRecord) -> str:
    """What the rows were used for; after an update, the rows that the choices were made on are others."""
    data = record.data
    if record.updates:
        return f"{data.fitted_rows:,} fitted, {data.test_rows or 0:,} test"
    return (
        f"{data.training_rows:,} training, {data.validation_rows:,} validation, {_calibration(data)}"
        f"{data.test_rows or 0:,} test; {data.fitted_rows:,} fitted in the end"
    )


def _groups(record: FitRecord) -> str:
    """How many groups no split divides, where a column groups the rows."""
    data, column = record.data, record.columns.get("group")
    if data.groups is None:
        return ""
    joined = f", {data.groups:,} once those that share a text are joined" if data.groups != data.group_values else ""
    alone = f"; {counted(data.ungrouped_rows or 0, 'row')} without a value stand alone" if data.ungrouped_rows else ""
    of = f" of column {column}" if column else ""
    largest = f"the largest has {counted(data.largest_group or 0, 'row')}"
    sure = "intervals assume independent rows, so they are too narrow where the rows of a group are alike"
    return f"{data.group_values:,}{of}{joined}; {largest}{alone}; {sure}"


def _cluster(record: FitRecord) -> str:
    """How the rows were passed over, where they lay on a cluster."""
    if record.cluster_groups is None:
        return ""
    return f"rows in {counted(record.cluster_groups, 'group')}, passed over at the same time"


def _calibration(data: DataRecord) -> str:
    return "" if data.calibration_rows is None else f"{data.calibration_rows:,} calibration, "


def fit_lines(record: FitRecord, model: FittedModel) -> str:
    """How the features and λ were chosen, the loss, and the proof."""
    part = record.least_proven
    choice = part.penalty
    lines = [*_feature_choice_lines(record), f"penalty    {penalty_fact(part)}"]
    if choice.curve:
        rows = [["C·mean‖x‖²", "λ", "validation log loss", "standard error", ""]]
        for point in choice.curve:
            chosen = "<- chosen" if point.l2 == choice.l2 else ""
            losses = [figure(point.log_loss), figure(point.standard_error)]
            rows.append([f"{point.strength:.3g}", f"{point.l2:.3g}", *losses, chosen])
        lines.append(columns(rows))
    lines.append(f"loss       {loss_sentence(part)}")
    lines.append(f"proof      {proof(part)}")
    lines += [f"{name:<10} {sentence}" for name, sentence in proof_facts(part, model.labels)]
    return "\n".join(lines)


def _feature_choice_lines(record: FitRecord) -> list[str]:
    """The features chosen and the losses of all candidates; the parts of a blend, each with its own λ and proof."""
    chosen, parts = record.features, record.parts if len(record.parts) > 1 else ()
    if not chosen:
        return []
    rows = [["features", "validation log loss", ""]]
    rows += [
        [recipe_name(recipe), figure(loss), "<- chosen" * (recipe == chosen.recipe)] for recipe, loss in chosen.losses
    ]
    lines = [f"chosen     {features_sentence(chosen)}", columns(rows)]
    lines += [
        f"part       {part.share:g} of the score: {recipe_name(single_recipe(part.name))}, "
        f"{penalty_sentence(part.penalty)}; {part.reason or _distance(part.relative, part.bound)}"
        for part in parts
    ]
    if any(name == "nb" for recipe, _ in chosen.losses for name, _ in recipe.shares):
        lines.insert(
            1,
            "           (telling words: words by their presence, with smaller penalties where they tell classes apart)",
        )
    return lines + ["           penalty, loss and proof below: those of the part with the weakest proof"] * bool(parts)


def sized(path: Path) -> str:
    """The path of a model, and its size where it is a file."""
    return f"{path} ({size(path.stat().st_size)})" if path.is_file() else str(path)


def penalty_fact(part: PartRecord) -> str:
    """λ, and how it was chosen."""
    return f"{penalty_sentence(part.penalty)}{_of_larger(part)}"


def _of_larger(part: PartRecord) -> str:
    """A remark that a fact of the fit is about the model before it was shrunk; empty where it was not."""
    return "" if part.shrunk_from is None else ", of the model before it was shrunk"


def loss_sentence(part: PartRecord) -> str:
    """The loss, the passes, and why the fit ended: of several labels the sum of their losses, each fitted by itself."""
    ending = str(part.stopping_reason)
    if part.shrunk_from is not None:
        return f"{part.loss:.6g} after {part.passes:,} passes{_of_larger(part)}"
    if not part.by_label:
        return f"{part.loss:.6g} after {part.passes:,} passes; {ending}"
    if part.stopping_reason.code == "proven":
        ending = f"each label is proven within tol = {part.stopping_reason.facts['tol']:g} of its own optimum"
    summed = "the sum over the labels (the log loss of a test is the mean over them)"
    return f"{part.loss:.6g}, {summed}, after {part.passes:,} passes; {ending}"


def proof(part: PartRecord) -> str:
    """How far the loss can be from the optimum, or why that is not known."""
    return f"none: {part.reason}" if part.reason else _distance(part.relative, part.bound)


def proof_facts(part: PartRecord, labels: Sequence[str]) -> list[tuple[str, str]]:
    """Of several labels, what is proven of each: the worst, and those without a proof, unless the whole has none."""
    proven = {label: own for label, own in zip(labels, part.by_label, strict=False) if not own.reason}
    unproven = {label: own for label, own in zip(labels, part.by_label, strict=False) if own.reason}
    facts = []
    if proven:
        worst = max(proven, key=lambda label: proven[label].relative)
        own = proven[worst]
        distance = _distance(own.relative, own.bound, "the loss of each")
        facts.append(("by label", f"{distance}; the weakest proof is that of {label_line(worst)}"))
    reasons = dict.fromkeys(str(own.reason) for own in unproven.values() if own.reason != part.reason)
    for reason in reasons:
        alike = [label_line(label) for label, own in unproven.items() if str(own.reason) == reason]
        facts.append(
            (
                "no proof",
                f"of {counted(len(alike), 'label')} ({listed(alike)}), which the sums above leave out: {reason}",
            )
        )
    return facts


def _distance(relative: float, bound: float, loss: str = "the loss") -> str:
    distance = f"{100 * relative:.2g}%" if np.isfinite(relative) else f"{bound:.2g}"
    return f"{loss} is at most {distance} above the optimum"


def handmade_lines(model: FittedModel) -> str:
    """The weights of hand-made features by name; empty where there are none, or too many."""
    classes, names = model.labels, model.features.handmade_names
    shown = list(range(len(classes))) if model.loss.columns else [len(classes) - 1]
    if not names or len(names) > _MOST_WEIGHTS_LISTED or len(shown) > MOST_CLASSES_IN_A_MATRIX:
        return ""
    theta = np.stack([model.loss.class_weights(model.theta, k) for k in shown], axis=1)
    rows = [["", *(f"towards {label_line(classes[k])}" for k in shown)]]
    # Ordered levels have cuts in place of an intercept.
    intercept = [] if model.kind == "ordered" else [("(intercept)", theta[0])]
    weights = [*intercept, *zip(names, theta[len(theta) - len(names) :], strict=True)]
    rows += [[label_line(name), *(f"{weight:+.4f}" for weight in row)] for name, row in weights]
    return "weights of the hand-made features (θ)\n" + columns(rows)


def strongest_lines(model: FittedModel, n: int = 8) -> str:
    """The features with the largest weights for each class."""
    strongest = strongest_features(model, n)
    rows = [
        [label_line(label), "  ".join(f"{label_line(name)} {weight:+.2f}" for name, weight in features)]
        for label, features in list(strongest.items())[:MOST_CLASSES_LISTED]
    ]
    parts = model.features.parts
    is_blend = len(parts) > 1 and any(part.weighting.log_count_ratio for part in parts)
    marks = '; "presence of" marks the telling words, beside the same words by TF-IDF' * is_blend
    return f"strongest features of {_STRONGEST_OF[model.kind]} (θ){marks}\n" + columns(rows, left=2)
