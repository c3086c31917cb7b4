"""What a model answers beyond one class per text, in words: the thresholds of labels, or the cuts between levels."""

from __future__ import annotations

from vikt.decisions.label_thresholds import LabelThresholds, ThresholdRule
from vikt.explanation.scores import levels_line
from vikt.fitting.model import FittedModel
from vikt.tables import label_line, listed


def target_lines(model: FittedModel) -> str:
    """The thresholds or cuts of a model; empty where it answers one class per text."""
    return "\n".join(f"{name:<10} {sentence}" for name, sentence in target_facts(model))


def target_facts(model: FittedModel) -> list[tuple[str, str]]:
    """The thresholds or cuts of a model, a name and a sentence for each; none where it answers one class per text."""
    facts = []
    if model.thresholds is not None:
        facts.append(("thresholds", thresholds_sentence(model.thresholds, model.labels)))
    if model.kind == "ordered":
        levels = levels_line(model.labels, model.cuts)
        facts.append(("levels", f"by score: {levels}; the median level is answered"))
    return facts


def thresholds_sentence(found: LabelThresholds, labels: list[str]) -> str:
    """The least probability at which each label is answered.

    Examples
    --------
    >>> thresholds_sentence(LabelThresholds.given(0.5, 2), ["joy", "love"])
    'each label is answered at a probability of 0.5 or more, as given'
    """
    if found.rule == "label":
        own = [f"{label_line(label)} {least:.4g}" for label, least in zip(labels, found.thresholds, strict=True)]
        return f"each label has its own: {listed(own)}; the common one is {found.common:.4g}"
    return f"each label is answered at a probability of {found.common:.4g} or more, {_CHOSEN[found.rule]}"


_CHOSEN: dict[ThresholdRule, str] = {"common": "which has the best micro F1 out of fold", "given": "as given"}
