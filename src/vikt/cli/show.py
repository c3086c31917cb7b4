"""Results for people: what was read, the fit, a test, an explanation."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from vikt.classifier import TextClassifier
from vikt.cli.console import columns, figure
from vikt.evaluation.evaluation import Evaluation, Figure, finite
from vikt.explanation.linear import Explanation, class_weights, strongest_features
from vikt.features.description import sentence
from vikt.metrics.intervals import wilson_interval
from vikt.selection.features import Recipe

_MOST_CLASSES_IN_A_MATRIX = 12
_MOST_CLASSES_LISTED = 60
_MOST_NAMED = 8
_WIDEST_LABEL = 60
_MOST_WEIGHTS_LISTED = 40


def data_lines(classifier: TextClassifier) -> str:
    data: dict[str, Any] = classifier.data_
    counts = sorted(data["classes"].items(), key=lambda item: -item[1])
    listed = _first([f"{_label(label)} {count:,}" for label, count in counts])
    lines = [
        f"rows       {data['rows']:,}: {data['empty_texts']:,} empty, {data['duplicate_texts']:,} duplicates",
        f"classes    {len(counts):,}: {listed}",
        f"split      {data['training_rows']:,} training, {data['validation_rows']:,} validation, "
        f"{data.get('test_rows', 0):,} test; {data['fitted_rows']:,} fitted in the end",
        f"features   {classifier.features_.n_features:,}",
        *(f"           {sentence(fact)}" for fact in classifier.features_.facts()),
    ]
    single = [_label(label) for label, count in counts if count == 1]
    if single:
        lines.insert(
            2, f"rare       {_counted(len(single), 'class')} of one row, learnt from and not tested: {_first(single)}"
        )
    if data["rows_of_weight_0"]:
        lines.insert(1, f"weights    {data['rows_of_weight_0']:,} rows of weight 0 dropped")
    return "\n".join(lines)


def fit_lines(classifier: TextClassifier) -> str:
    choice = classifier.choice_
    lines = [*_feature_choice_lines(classifier), f"penalty    {choice.said}"]
    if choice.curve:
        rows = [["C·mean‖x‖²", "λ", "validation log loss", "standard error", ""]]
        for point in choice.curve:
            chosen = "<- chosen" if point.l2 == choice.l2 else ""
            losses = [figure(point.log_loss), figure(point.standard_error)]
            rows.append([f"{point.strength:.3g}", f"{point.l2:.3g}", *losses, chosen])
        lines.append(columns(rows))
    lines.append(f"loss       {classifier.loss_:.6g} after {classifier.n_iter_} passes; {classifier.stopping_reason_}")
    lines.append(f"proof      {proof(classifier)}")
    return "\n".join(lines)


def _feature_choice_lines(classifier: TextClassifier) -> list[str]:
    """The features chosen and those they were chosen from; the parts of a blend, each with its own λ and proof."""
    chosen = classifier.feature_choice_
    if not chosen:
        return []
    rows = [["features", "validation log loss", ""]]
    rows += [[said, figure(loss), "<- chosen" if said == chosen.recipe.said else ""] for said, loss in chosen.curve]
    lines = [f"chosen     {chosen.said}", columns(rows)]
    lines += [
        f"part       {part['share']:g} of the score: {Recipe('', ((part['name'], 1.0),)).said}, {part['said']}; "
        + (part["reason"] or _distance(part["relative"], part["bound"]))
        for part in classifier.parts_
    ]
    return lines + ["           below: the part proven least"] * bool(classifier.parts_)


def proof(classifier: TextClassifier) -> str:
    if classifier.certificate_reason_:
        return f"none: {classifier.certificate_reason_}"
    return _distance(classifier.certificate_, classifier.bound_)


def _distance(relative: float | None, bound: float) -> str:
    if relative is None or not np.isfinite(relative):
        return f"the loss is at most {bound:.2g} above the least there is"
    return f"the loss is at most {100 * relative:.2g}% above the least there is"


def evaluation_lines(evaluation: Evaluation, weighted: bool = False) -> str:
    """The figures of a test; with each class's mean probability and rate where the model was trained with weights."""
    figures = [
        ("accuracy", evaluation.accuracy),
        ("macro F1", evaluation.macro_f1),
        ("log loss", evaluation.log_loss),
    ]
    lines = [f"{name:<10} {_with_interval(value)}" for name, value in figures]
    lines += [*_unseen_lines(evaluation), "", _class_table(evaluation, weighted)]
    lines += [*_absent_lines(evaluation), *(_shift_lines(evaluation) if weighted else [])]
    return "\n".join([*lines, "", _confusions(evaluation)])


def _unseen_lines(evaluation: Evaluation) -> list[str]:
    unseen = sorted(evaluation.unseen.items(), key=lambda item: -item[1])
    lines = [
        f"unseen     label {_label(label)!r}, in {_counted(count, 'test row')}, was never seen in training: "
        "counted as wrong"
        for label, count in unseen[:_MOST_NAMED]
    ]
    rest = sum(count for _, count in unseen[_MOST_NAMED:])
    more = f"unseen     and {_counted(len(unseen) - _MOST_NAMED, 'more such label')}, in {_counted(rest, 'test row')}"
    return lines + [more] * (rest > 0)


def _absent_lines(evaluation: Evaluation) -> list[str]:
    absent, others = list(map(_label, evaluation.absent)), len(evaluation.labels) - len(evaluation.absent)
    if not absent:
        return []
    return [
        f"  no test row is of {_counted(len(absent), 'class')}: {_first(absent)}; recall and F1 are undefined there, "
        f"and macro F1 is over the other {others:,}"
    ]


def _shift_lines(evaluation: Evaluation) -> list[str]:
    """Said where the weights, and not chance in drawing the test rows, hold probabilities and rates apart."""
    ends = (wilson_interval(count, evaluation.n_rows) for count in evaluation.support.tolist())
    means = evaluation.mean_probability
    if all(low <= mean <= high for (low, high), mean in zip(ends, means.tolist(), strict=True)):
        return []
    k = int(np.argmax(np.abs(means - evaluation.rate)))
    label = _label(evaluation.labels[k])
    return [
        f"  the probabilities are those of the weighted data the model learnt from: its mean P({label}) "
        f"is {figure(means[k])}, where {figure(evaluation.rate[k])} of the rows are {label}"
    ]


def handmade_lines(classifier: TextClassifier) -> str:
    """The weights of hand-made features by name; empty where there are none, or too many."""
    classes, names = classifier.class_names, classifier.features_.handmade_names
    shown = [len(classes) - 1] if len(classes) == 2 else list(range(len(classes)))
    if not names or len(names) > _MOST_WEIGHTS_LISTED or len(shown) > _MOST_CLASSES_IN_A_MATRIX:
        return ""
    theta = np.stack([class_weights(classifier.theta_, k) for k in shown], axis=1)
    rows = [["", *(f"towards {_label(classes[k])}" for k in shown)]]
    rows += [
        [_visible(name), *(f"{weight:+.4f}" for weight in row)]
        for name, row in zip(["(intercept)", *names], [theta[0], *theta[len(theta) - len(names) :]], strict=True)
    ]
    return "weights of the hand-made features (θ)\n" + columns(rows)


def strongest_lines(classifier: TextClassifier, n: int = 8) -> str:
    strongest = strongest_features(classifier.features_, classifier.model_, classifier.class_names, n)
    rows = [
        [_label(label), "  ".join(f"{_visible(name)} {weight:+.2f}" for name, weight in features)]
        for label, features in list(strongest.items())[:_MOST_CLASSES_LISTED]
    ]
    return "strongest features of each class (θ)\n" + columns(rows, left=2)


def explanation_lines(explanation: Explanation, most: int = 15) -> str:
    parts = explanation.contributions
    rows = [["feature", "weight θ_j", "value x_j", "θ_j·x_j"]]
    rows += [
        [_visible(part.feature), f"{part.weight:+.4f}", f"{part.value:.4f}", f"{part.contribution:+.4f}"]
        for part in parts[:most]
    ]
    if len(parts) > most:
        rest = sum(part.contribution for part in parts[most:])
        rows.append([f"{len(parts) - most} more features", "", "", f"{rest:+.4f}"])
    rows.append(["(intercept)", f"{explanation.intercept:+.4f}", "1", f"{explanation.intercept:+.4f}"])
    rows.append([f"score of {_label(explanation.label)!r}", "", "", f"{explanation.score:+.4f}"])
    verdict = f"{_label(explanation.label)}  probability {explanation.probability:.4f}"
    return f"{verdict}\n\n{columns(rows)}"


def print_highlighted(explanation: Explanation) -> None:
    """The text, what speaks for the class on green, what speaks against it on red, in the measure that it does."""
    from rich.console import Console
    from rich.text import Text

    strongest = max((abs(value) for value in explanation.emphasis), default=0.0) or 1.0
    text = Text(explanation.text)
    for i, value in enumerate(explanation.emphasis):
        share = abs(value) / strongest
        if share > 0.1:
            shade = round(40 + 130 * share)
            text.stylize(f"on rgb({0 if value > 0 else shade},{shade if value > 0 else 0},0)", i, i + 1)
    console = Console(file=sys.stdout)
    console.print(text, soft_wrap=True, highlight=False)


def _with_interval(value: Figure) -> str:
    said = f"{figure(value.value)}  (95%: {figure(value.low)} to {figure(value.high)})"
    return said + (f"; {value.reason}" if value.reason else "")


def _class_table(evaluation: Evaluation, weighted: bool) -> str:
    rows = [["class", "precision", "recall", "F1", "rows", "predicted"] + ["mean P", "rate"] * weighted]
    for label, row in list(evaluation.per_class.items())[:_MOST_CLASSES_LISTED]:
        rates = [figure(row[name]) for name in ("precision", "recall", "f1")]
        shares = [figure(row[name]) for name in ("mean_probability", "rate") if weighted]
        rows.append([_label(label), *rates, f"{row['support']:,}", f"{row['predicted']:,}", *shares])
    more = len(evaluation.per_class) - _MOST_CLASSES_LISTED
    return columns(rows) + (f"\n  and {more:,} more classes (see --json)" if more > 0 else "")


def _confusions(evaluation: Evaluation) -> str:
    labels = list(map(_label, evaluation.labels))
    if len(labels) <= _MOST_CLASSES_IN_A_MATRIX:
        counts = evaluation.matrix.tolist()
        rows = [["real \\ predicted", *labels]]
        rows += [[label, *(f"{count:,}" for count in row)] for label, row in zip(labels, counts, strict=True)]
        return "confusion matrix\n" + columns(rows)
    wrong = [entry for entry in evaluation.entries.tolist() if entry[0] != entry[1]]
    largest = sorted(wrong, key=lambda entry: -entry[2])[:10]
    rows = [[labels[i], "taken for", labels[j], f"{count:,}"] for i, j, count in largest]
    return "most frequent confusions (all of them: --json)\n" + (columns(rows, left=3) if rows else "  none")


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}{'es' if name.endswith('s') else 's'}"


def _first(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _label(label: str) -> str:
    """A label on one line of bounded width."""
    visible = _visible(label.strip() or label)
    return visible if len(visible) <= _WIDEST_LABEL else visible[: _WIDEST_LABEL - 1] + "…"


def _visible(name: str) -> str:
    """Spaces in character n-grams shown, and nothing that a terminal would obey."""
    return "".join(
        c if c.isprintable() else repr(c)[1:-1] for c in name.replace(" ", "␣" if name.strip() != name else " ")
    )


def evaluation_json(evaluation: Evaluation, classifier: TextClassifier) -> dict[str, Any]:
    return {**evaluation.to_json(), "certificate": certificate_json(classifier), "data": classifier.data_}


def path_json(classifier: TextClassifier) -> list[dict[str, Any]]:
    """The curve that λ was chosen from; empty where it was given, or had no rows to be chosen on."""
    names = ("strength", "C", "l2", "log_loss", "standard_error")
    return [{name: getattr(point, name) for name in names} for point in classifier.choice_.curve]


def certificate_json(classifier: TextClassifier) -> dict[str, Any]:
    said: dict[str, Any] = {"relative": finite(classifier.certificate_), "bound": finite(classifier.bound_)}
    return said | ({"reason": classifier.certificate_reason_} if classifier.certificate_reason_ else {})
