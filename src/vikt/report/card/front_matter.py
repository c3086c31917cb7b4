"""The front matter of a card, by which the Hugging Face Hub finds and compares models."""

from __future__ import annotations

from collections.abc import Iterator

from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord
from vikt.mappings import ReadJson
from vikt.names import TargetKind
from vikt.report.card.markdown import yaml_text
from vikt.report.evaluation import FIGURE_NAMES

# The Hub's names for figures.
_HUB_NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "f1",
    "micro_f1": "f1",
    "matthews": "matthews_correlation",
    "roc_auc": "roc_auc",
    "brier": "brier_score",
    "mean_absolute_error": "mae",
    "spearman": "spearmanr",
}
_TAGS: dict[TargetKind, list[str]] = {
    "classes": [],
    "several": ["multi-label-classification"],
    "soft": ["soft-labels"],
    "ordered": ["ordinal-classification"],
}
# What a model file does not know.
_TO_FILL_IN = ["# license: fill in, such as apache-2.0", "# language: fill in, such as en"]


def front_matter(model: FittedModel, record: FitRecord, name: str) -> str:
    """The facts for programs, as YAML between two lines of dashes."""
    task = "text-classification" if model.features.reads_text else "tabular-classification"
    tags = [task, "logistic-regression", "interpretability", *_TAGS[model.kind]]
    lines = [
        "library_name: vikt",
        f"pipeline_tag: {task}",
        *_TO_FILL_IN,
        "tags:",
        *(f"- {tag}" for tag in tags),
        *_results(record, name, task),
    ]
    return "\n".join(["---", *lines, "---"])


def _results(record: FitRecord, name: str, task: str) -> Iterator[str]:
    """The figures of the test that the Hub knows by name; nothing where there are none."""
    metrics = {key: record.metrics[key] for key in _HUB_NAMES if _is_known(record.metrics.get(key))}
    if not metrics:
        return
    yield "model-index:"
    yield f"- name: {yaml_text(name)}"
    yield "  results:"
    yield "  - task:"
    yield f"      type: {task}"
    yield "    dataset:"
    yield "      type: held-out"
    yield f'      name: "{record.data.test_rows:,} held-out rows"'
    yield "    metrics:"
    for key, found in metrics.items():
        yield f"    - type: {_HUB_NAMES[key]}"
        yield f"      name: {yaml_text(FIGURE_NAMES[key])}"
        yield f"      value: {found['value']:.6f}"


def _is_known(found: ReadJson | None) -> bool:
    return found is not None and found["value"] is not None
