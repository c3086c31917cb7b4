"""The figures of a test."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from vikt.corpus.label_spelling import respelled
from vikt.errors import AimMissedError
from vikt.evaluation.evaluation import Evaluation
from vikt.evaluation.figures import Figure
from vikt.evaluation.of_labels import LabelEvaluation
from vikt.evaluation.requirements import checked_requirements, parsed_requirements
from vikt.evaluation.several import SetEvaluation
from vikt.evaluation.slices import Slicing
from vikt.fitting.record import FitRecord
from vikt.mappings import Json, ReadJson
from vikt.markup import block, details, heading, html_text, table
from vikt.metrics.intervals import wilson_interval
from vikt.report.as_json import certificate_json
from vikt.report.layout import layout_of
from vikt.report.slices import slice_blocks, slice_rows
from vikt.tables import (
    MOST_CLASSES_LISTED,
    MOST_NAMED,
    columns,
    counted,
    data_frame,
    figure,
    label_line,
    listed,
    quoted,
)

if TYPE_CHECKING:
    from pandas import DataFrame

# The figures by their names in JSON, in the order of a report after the first ones, which each kind has of its own.
FIGURE_NAMES = {
    "accuracy": "accuracy",
    "micro_f1": "micro F1",
    "macro_f1": "macro F1",
    "log_loss": "log loss",
    "answered": "answered",
    "accuracy_answered": "accuracy of the answered",
    "coverage": "coverage of the sets",
    "mean_set_size": "mean size of the sets",
    "mean_absolute_error": "mean absolute error in levels",
    "mean_absolute_error_in_numbers": "mean absolute error in numbers",
    "quadratic_kappa": "quadratic kappa",
    "spearman": "Spearman's correlation",
    "subset_accuracy": "subset accuracy",
    "hamming_loss": "Hamming loss",
    "balanced_accuracy": "balanced accuracy",
    "micro_precision": "micro precision",
    "micro_recall": "micro recall",
    "macro_precision": "macro precision",
    "macro_recall": "macro recall",
    "weighted_precision": "weighted precision",
    "weighted_f1": "weighted F1",
    "matthews": "Matthews' coefficient",
    "top_k_accuracy": "top-{k} accuracy",
    "label_ranking_average_precision": "label-ranking average precision",
    "precision_at_1": "precision at {k}",
    "precision_at_3": "precision at {k}",
    "precision_at_5": "precision at {k}",
    "roc_auc": "ROC area",
    "average_precision": "average precision",
    "brier": "Brier score",
    "calibration_error": "calibration error",
}
# How many stand where there is room for few.
_MOST_FIRST = 4
_FIXED = "white-space:pre;overflow-x:auto;font-family:monospace"


def first_figures(metrics: Mapping[str, ReadJson]) -> list[tuple[str, ReadJson]]:
    """The first few of some figures by their names, as JSON holds each."""
    known = [(name.format(**metrics[key]), metrics[key]) for key, name in FIGURE_NAMES.items() if key in metrics]
    return known[:_MOST_FIRST]


@dataclass(frozen=True, repr=False)
class ModelFigures(LabelEvaluation):
    """The figures of a model on labelled rows, with the record of the model's fit; they print as a report.

    `slices` are those by each column that `by` named; `remarks` say what makes the figures tell little.
    """

    record: FitRecord
    slices: tuple[Slicing, ...] = ()
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        evaluation: LabelEvaluation,
        record: FitRecord,
        slices: tuple[Slicing, ...] = (),
        remarks: tuple[str, ...] = (),
    ) -> Self:
        """The figures of an evaluation of the class's own kind."""
        return cls(**vars(evaluation), record=record, slices=slices, remarks=remarks)

    def to_json(self) -> Json:
        """The figures as JSON holds them, with the certificate and the data of the model; no NaN or Infinity."""
        about = {"certificate": certificate_json(self.record), "data": self.record.data.to_json()}
        slices = {"slices": [slicing.to_json() for slicing in self.slices]} if self.slices else {}
        return super().to_json() | about | slices

    def require(self, *conditions: str) -> None:
        """Raise AimMissedError unless every condition holds, such as "accuracy >= 0.9" or "recall(spam) >= 95%".

        Figures have the names of JSON; precision, recall and f1 can be of a class. An undefined figure meets nothing.

        Raises
        ------
        AimMissedError
            A figure misses its condition; the message has each, with what was found.
        UsageError
            A condition is invalid, or there is no such figure or class.
        """
        required = checked_requirements(parsed_requirements(conditions), self)
        missed = [str(each) for each in required if not each.is_met]
        if missed:
            raise AimMissedError("; ".join(missed))

    def to_frame(self) -> DataFrame:
        """The figures of each class as a pandas data frame, a row for each. Raises MissingPackageError without pandas.

        Its columns are class, precision, recall, f1, support, predicted, mean_probability and rate.
        """
        rows = self.per_class
        names = list(next(iter(rows.values())))
        return data_frame({"class": list(rows)} | {name: [row[name] for row in rows.values()] for name in names})

    def __repr__(self) -> str:
        lines = evaluation_lines(self, self.record.data.weighted)
        return "\n\n".join([*self.remarks, lines, *slice_blocks(self.slices)])

    def _repr_html_(self) -> str:
        weighted = self.record.data.weighted
        figures = [[html_text(cell) for cell in row] for row in figure_rows(self)]
        return block(
            *(heading(html_text(remark)) for remark in self.remarks),
            table([["figure", "value", "95% interval", "note"], *figures]),
            *(heading(html_text(note)) for note in evaluation_notes(self, weighted)),
            table([[html_text(cell) for cell in row] for row in class_rows(self, weighted)]),
            *(
                details(
                    f"by {slicing.column}",
                    heading(html_text(slicing.note)) if slicing.note else table(slice_rows(slicing)),
                )
                for slicing in self.slices
            ),
            *(
                details(name, f'<div style="{_FIXED}">{html_text(lines)}</div>')
                for name, lines in layout_of(self).last().items()
            ),
        )


@dataclass(frozen=True, repr=False)
class ModelEvaluation(ModelFigures, Evaluation):
    """Those of a model of one label per text."""


@dataclass(frozen=True, repr=False)
class ModelSetEvaluation(ModelFigures, SetEvaluation):
    """Those of a model of several labels per text."""


_OF_MODELS: Mapping[type[LabelEvaluation], type[ModelFigures]] = {
    Evaluation: ModelEvaluation,
    SetEvaluation: ModelSetEvaluation,
}


def model_figures(
    evaluation: LabelEvaluation, record: FitRecord, slices: tuple[Slicing, ...] = (), remarks: tuple[str, ...] = ()
) -> ModelFigures:
    """The figures of a model with the record of its fit, whatever the kind of its targets."""
    return _OF_MODELS[type(evaluation)].of(evaluation, record, slices, remarks)


def evaluation_lines(evaluation: LabelEvaluation, weighted: bool = False) -> str:
    """The figures of a test; with each class's mean probability and rate where the model was trained with weights."""
    layout = layout_of(evaluation)
    lines = [f"{FIGURE_NAMES[key]:<10} {_with_interval(evaluation.figures[key])}" for key in layout.first]
    lines += [*layout.about(), *layout.notes(), *_unseen_lines(evaluation), ""]
    lines += [_other_figures(evaluation), "", _class_table(evaluation, weighted)]
    lines += [*_absent_lines(evaluation), *(_shift_lines(evaluation) if weighted else [])]
    return "\n".join([*lines, *(f"\n{block}" for block in layout.last().values())])


def evaluation_notes(evaluation: LabelEvaluation, weighted: bool) -> list[str]:
    """What a reader of the figures must know: labels unseen in training or without rows, weights that shift."""
    notes = *layout_of(evaluation).notes(), *_unseen_lines(evaluation), *_absent_lines(evaluation)
    shifts = _shift_lines(evaluation) if weighted else []
    return [" ".join(line.split()) for line in (*notes, *shifts)]


def figure_rows(evaluation: LabelEvaluation) -> list[list[str]]:
    """The figures as rows of a table: name, value, interval, and of what it is or why it is not."""
    layout = layout_of(evaluation)
    keys = [key for key in dict.fromkeys((*layout.first, *FIGURE_NAMES)) if key not in layout.repeated()]
    found = [(FIGURE_NAMES[key], evaluation.figures[key]) for key in keys if key in evaluation.figures]
    return [[name.format(**value.facts), *_spelled(value), _about(value)] for name, value in found]


def _other_figures(evaluation: LabelEvaluation) -> str:
    rows = figure_rows(evaluation)[len(layout_of(evaluation).first) :]
    lines = columns([["figure", "value", "95% interval"], *(row[:3] for row in rows)]).split("\n")
    return "\n".join([lines[0], *(f"{line}  {row[3]}".rstrip() for line, row in zip(lines[1:], rows, strict=True))])


def _about(value: Figure) -> str:
    of = f"of '{label_line(value.facts['class'])}'" if "class" in value.facts else ""
    return "; ".join(filter(None, [of, value.reason]))


def _unseen_lines(evaluation: LabelEvaluation) -> list[str]:
    unseen = sorted(evaluation.unseen.items(), key=lambda item: -item[1])
    known = set(evaluation.labels) - set(evaluation.unseen)
    alike = {label: known.intersection(group) for group in respelled(evaluation.labels) for label in group}
    lines = [
        f"unseen     label '{label_line(label)}', in {counted(count, 'test row')}, was never seen in training: "
        f"counted as wrong{_spelling_hint(alike.get(label, ()))}"
        for label, count in unseen[:MOST_NAMED]
    ]
    rest = sum(count for _, count in unseen[MOST_NAMED:])
    more = f"unseen     and {counted(len(unseen) - MOST_NAMED, 'more such label')}, in {counted(rest, 'test row')}"
    return lines + [more] * (rest > 0)


def _spelling_hint(known: Collection[str]) -> str:
    """That the model knows a label in another spelling, or in several."""
    return f"; the model has {quoted(sorted(known))}, so check the spelling" if known else ""


def _absent_lines(evaluation: LabelEvaluation) -> list[str]:
    absent, others = list(map(label_line, evaluation.absent)), len(evaluation.labels) - len(evaluation.absent)
    if not absent:
        return []
    have, their = ("has", "its") if len(absent) == 1 else ("have", "their")
    return [
        f"  {counted(len(absent), evaluation.noun)} {have} no row in the test: {listed(absent)}; {their} recall and F1 "
        f"are undefined, and macro F1 is the mean over the other {others:,}"
    ]


def _shift_lines(evaluation: LabelEvaluation) -> list[str]:
    """A note where the weights, rather than chance in drawing test rows, make probabilities differ from rates."""
    ends = (wilson_interval(count, evaluation.n_rows) for count in evaluation.support.tolist())
    means = evaluation.mean_probability
    if all(low <= mean <= high for (low, high), mean in zip(ends, means.tolist(), strict=True)):
        return []
    k = int(np.argmax(np.abs(means - evaluation.rate)))
    label = label_line(evaluation.labels[k])
    return [
        f"  trained with weights: mean P({label}) is {figure(means[k])}, but {figure(evaluation.rate[k])} of these "
        f"rows are {label}"
    ]


def _with_interval(value: Figure) -> str:
    shown, interval = _spelled(value)
    return shown + (f"  (95%: {interval})" if interval != "-" else "") + (f"; {value.reason}" if value.reason else "")


def _spelled(value: Figure) -> tuple[str, str]:
    interval = "-" if np.isnan(value.low) else f"{figure(value.low)} to {figure(value.high)}"
    return figure(value.value), interval


def class_rows(evaluation: LabelEvaluation, weighted: bool, has_intervals: bool = False) -> list[list[str]]:
    """The figures of each class as rows of a table, the names of its columns first."""
    names = [cell for name in ("precision", "recall", "F1") for cell in (name, *["95%"] * has_intervals)]
    per_class = evaluation.per_class
    more = ["threshold"] * any("threshold" in row for row in per_class.values())
    rows = [[evaluation.noun, *names, "rows", "predicted", *more] + ["mean P", "rate"] * weighted]
    for label, row in list(per_class.items())[:MOST_CLASSES_LISTED]:
        found = (Figure(row[name], row[f"{name}_low"], row[f"{name}_high"]) for name in ("precision", "recall", "f1"))
        rates = [cell for value in found for cell in _spelled(value)[: 1 + has_intervals]]
        shares = [figure(row[name]) for name in (*more, *["mean_probability", "rate"] * weighted)]
        rows.append([label_line(label), *rates, f"{row['support']:,}", f"{row['predicted']:,}", *shares])
    return rows


def _class_table(evaluation: LabelEvaluation, weighted: bool) -> str:
    more = len(evaluation.labels) - MOST_CLASSES_LISTED
    return columns(class_rows(evaluation, weighted)) + (
        f"\n  and {counted(more, f'more {evaluation.noun}')} (see --json)" if more > 0 else ""
    )
