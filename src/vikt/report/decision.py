"""The decision of a model in words: what is answered, and what is known of that from held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from vikt.decisions.label_thresholds import LabelThresholds
from vikt.decisions.record import CalibrationRecord, ErrorRecord, SetsRecord, TemperatureRecord
from vikt.decisions.rules import ClassThreshold, LeastCost, Median, MostProbable, Rule
from vikt.evaluation.aim_figures import aim_figures, tested_aim
from vikt.evaluation.figures import Figure
from vikt.evaluation.of_labels import LabelEvaluation
from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord
from vikt.tables import MOST_CLASSES_LISTED, columns, counted, figure, label_line, listed, one_line

NO_FIGURES: Mapping[str, Figure] = MappingProxyType({})


def decision_lines(model: FittedModel, record: FitRecord, evaluation: LabelEvaluation | None = None) -> str:
    """The decision, how it was made, and where there is a test, what its aim comes to there; empty if it is plain."""
    found = record.calibration
    if found is None:
        return ""
    figures = {} if evaluation is None else aim_figures(model, record, evaluation)
    lines = []
    for name, sentence in decision_facts(model, record):
        lines.append(f"{name:<10} {sentence}")
        if name == "aim":
            lines.append(columns(estimate_rows(found, figures)))
            lines += [f"warning    {warning}" for warning in decision_warnings(model, record, evaluation)]
    return "\n".join(lines)


def decision_facts(model: FittedModel, record: FitRecord) -> list[tuple[str, str]]:
    """The decision and how it was made: a name and a sentence for each fact; none for a plain model."""
    found = record.calibration
    if found is None:
        return []
    # The decision is kept, but the rows that it was proven on say nothing of the new weights.
    change = "it was shrunk" if record.shrunk_from else "its update" if record.updates else ""
    before = f"; this held for the model before {change} and is not proven for the new one" * bool(change)
    old = f", and are those of the model before {change}" * bool(change)
    facts = [("decision", rule_sentence(model.decision.rule, model.labels))]
    if found.aim is not None:
        unseen = "not used for fitting" if model.thresholds is None else "answered out of fold"
        chosen = f"the rule was chosen on {counted(found.rows, 'row')} {unseen}"
        facts.append(("aim", f"{one_line(found.aim)}; {chosen}, so these figures are slightly optimistic{old}"))
    if found.temperature is not None:
        facts.append(("calibrated", _temperature_sentence(found.temperature)))
    if found.error is not None:
        facts.append(("max error", _error_sentence(found.error) + before))
    if found.sets is not None:
        facts.append(("sets", _sets_sentence(found.sets, found.rows) + before))
    return facts + [("unknown", "a text without any known feature is not answered")] * (
        not model.decision.answers_unknown
    )


def rule_sentence(rule: Rule, labels: list[str]) -> str:
    """Which class is answered.

    Examples
    --------
    >>> rule_sentence(ClassThreshold(1, 0.9), ["ham", "spam"])
    'spam where its probability is at least 0.9, else ham'
    >>> rule_sentence(LabelThresholds.given(0.5, 2), ["joy", "love"])
    'the labels that reach their thresholds'
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
    Median.kind: lambda rule, labels: "the median level",
    LabelThresholds.kind: lambda rule, labels: "the labels that reach their thresholds",
    ClassThreshold.kind: _threshold_sentence,
    LeastCost.kind: _cost_sentence,
}


def decision_warnings(model: FittedModel, record: FitRecord, evaluation: LabelEvaluation | None = None) -> list[str]:
    """What speaks against relying on the aim: the test misses it, too few rows show it, or it gains nothing."""
    found, warnings = record.calibration, list[str]()
    if found is None or not found.estimates:
        return []
    name, estimate = next(iter(found.estimates.items()))
    tested = None if evaluation is None else tested_aim(model, record, evaluation)
    if tested is not None and not tested.is_met:
        warnings.append(f"on the test, {one_line(str(tested))}")
    if found.condition is not None and not found.condition.holds(estimate.low):
        n_of = [f"{rows:,} of {label_line(label)}" for label, rows in found.class_rows.items()]
        rows = f" ({listed(n_of)} among the held-out rows)" if n_of else ""
        warnings.append(
            f"the interval of {label_line(name)} starts at {figure(estimate.low)}, below the aim, so new texts may "
            f"miss it{rows}; give more labelled texts"
        )
    if found.gains_nothing:
        warnings.append(
            f"the aim gains nothing: on the held-out rows {label_line(name)} is {figure(estimate.value)}, and "
            f"{figure(estimate.plain)} without it"
        )
    return warnings


def estimate_rows(found: CalibrationRecord, tested: Mapping[str, Figure] = NO_FIGURES) -> list[list[str]]:
    """What held-out rows, and those of a test, say of the decision: a table, the names of its columns first."""
    rows = [["figure", "held-out rows", "95% interval", "without the aim"]]
    rows[0] += ["test", "95% interval"] * bool(tested)
    for name, estimate in list(found.estimates.items())[:MOST_CLASSES_LISTED]:
        interval = f"{figure(estimate.low)} to {figure(estimate.high)}"
        rows.append([label_line(name), figure(estimate.value), interval, figure(estimate.plain)])
        if tested:
            rows[-1] += [figure(tested[name].value), f"{figure(tested[name].low)} to {figure(tested[name].high)}"]
    return rows


def _temperature_sentence(found: TemperatureRecord) -> str:
    gain = f"{found.gain.value:.4f} (95%: {found.gain.low:.4f} to {found.gain.high:.4f})"
    chance = f"chance gains {found.chance:.4f} or more once in 20 times"
    if found.is_kept:
        return f"scores are divided by {found.temperature:g}, which lowers the log loss by {gain}; {chance}"
    would = "would lower" if found.gain.value > 0 else "would not lower"
    by = f" by {gain}, which may be chance" if found.gain.value > 0 else ""
    return f"no temperature: dividing the scores by {found.temperature:g} {would} the log loss{by}"


def _error_sentence(found: ErrorRecord) -> str:
    where = f"where the probability is above {found.confidence:.6g}" if found.confidence else "everywhere"
    return (
        f"answered {where}: {found.answered:,} of {counted(found.rows, 'held-out row')}, {found.errors:,} wrong; error "
        f"at most {found.bound:.4f} with 95% confidence ({counted(found.tried, 'share')} tried)"
    )


def _sets_sentence(found: SetsRecord, rows: int) -> str:
    return (
        f"sets contain the true label with probability {found.coverage:g}; on {counted(rows, 'held-out row')} they "
        f"average {found.mean_size:.2f} labels, and {found.single:.0%} hold one"
    )
