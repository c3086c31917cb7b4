"""The decision of a model in words: what is answered, and what is known of that from held-out rows."""

from __future__ import annotations

from vikt.decisions.record import CalibrationRecord, ErrorRecord, SetsRecord, TemperatureRecord
from vikt.decisions.rules import ClassThreshold, LeastCost, MostProbable, Rule
from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord
from vikt.tables import MOST_CLASSES_LISTED, columns, counted, figure, label_line, listed


def decision_lines(model: FittedModel, record: FitRecord) -> str:
    """The decision, and how it was made; empty for a plain model."""
    found = record.calibration
    if found is None:
        return ""
    facts = decision_facts(model, record)
    lines = [f"{name:<10} {sentence}" for name, sentence in facts]
    if found.estimates:
        lines.insert(2, columns(estimate_rows(found)))
    return "\n".join(lines)


def decision_facts(model: FittedModel, record: FitRecord) -> list[tuple[str, str]]:
    """The decision and how it was made: a name and a sentence for each fact; none for a plain model."""
    found, rows = record.calibration, record.data.calibration_rows or 0
    if found is None:
        return []
    facts = [("decision", rule_sentence(model.decision.rule, model.labels))]
    if found.aim is not None:
        facts.append(
            ("aim", f"{found.aim}, on {counted(rows, 'row')} that no fit learnt from; they flatter it a little")
        )
    if found.temperature is not None:
        facts.append(("calibrated", _temperature_sentence(found.temperature)))
    if found.error is not None:
        facts.append(("max error", _error_sentence(found.error)))
    if found.sets is not None:
        facts.append(("sets", _sets_sentence(found.sets, rows)))
    return facts + [("unknown", "a text without any known feature is not answered")] * (
        not model.decision.answers_unknown
    )


def rule_sentence(rule: Rule, labels: list[str]) -> str:
    """Which class is answered.

    Examples
    --------
    >>> rule_sentence(ClassThreshold(1, 0.9), ["ham", "spam"])
    'spam where its probability is at least 0.9, else ham'
    """
    return _SENTENCES[rule.kind](rule, list(map(label_line, labels)))


def _threshold_sentence(rule: ClassThreshold, labels: list[str]) -> str:
    other = labels[1 - rule.k] if len(labels) == 2 else "the most probable other class"
    return f"{labels[rule.k]} where its probability is at least {rule.threshold:.6g}, else {other}"


def _cost_sentence(rule: LeastCost, labels: list[str]) -> str:
    if rule.pairs:
        costs = [f"{labels[real]} taken for {labels[answered]} costs {cost:g}" for real, answered, cost in rule.pairs]
        return f"the class of the least expected cost: {listed(costs)}, any other mistake 1"
    weights = [f"{label} {weight:.4g}" for label, weight in zip(labels, rule.by_class, strict=True)]
    return f"the class of the largest weighted probability: {listed(weights)}"


_SENTENCES = {
    MostProbable.kind: lambda rule, labels: "the most probable class",
    ClassThreshold.kind: _threshold_sentence,
    LeastCost.kind: _cost_sentence,
}


def estimate_rows(found: CalibrationRecord) -> list[list[str]]:
    """What held-out rows say of the decision, as rows of a table, the names of its columns first."""
    rows = [["figure", "held-out rows", "95% interval", "by the most probable class"]]
    for name, estimate in list(found.estimates.items())[:MOST_CLASSES_LISTED]:
        interval = f"{figure(estimate.low)} to {figure(estimate.high)}"
        rows.append([label_line(name), figure(estimate.value), interval, figure(estimate.plain)])
    return rows


def _temperature_sentence(found: TemperatureRecord) -> str:
    gain = f"{found.gain.value:.4f} (95%: {found.gain.low:.4f} to {found.gain.high:.4f})"
    chance = f"chance gains {found.chance:.4f} or more once in 20 times"
    if found.is_kept:
        return f"scores are divided by {found.temperature:g}, which gains {gain} of log loss; {chance}"
    return f"scores stay as they are: divided by {found.temperature:g}, they gain {gain} of log loss; {chance}"


def _error_sentence(found: ErrorRecord) -> str:
    where = f"where the probability is above {found.confidence:.6g}" if found.confidence else "everywhere"
    return (
        f"answered {where}, {found.answered:,} of {found.rows:,} held-out rows, {found.errors:,} of them wrongly: the "
        f"error is {found.bound:.4f} or less, with 95% confidence for all {found.tried:,} shares tried"
    )


def _sets_sentence(found: SetsRecord, rows: int) -> str:
    sizes = f"{found.mean_size:.2f} labels on average, and {found.single:.0%} have one"
    return (
        f"classes of probability {found.threshold:.4g} or more hold the real one with probability {found.coverage:g}; "
        f"the sets of {counted(rows, 'held-out row')} have {sizes}"
    )
