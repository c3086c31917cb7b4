"""What a report of figures has of its own for a kind of evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from vikt.evaluation.evaluation import Evaluation
from vikt.evaluation.of_labels import LabelEvaluation
from vikt.evaluation.several import SetEvaluation
from vikt.tables import MOST_CLASSES_IN_A_MATRIX, NO_ANSWER_NAME, columns, counted, label_line, listed

# With two classes some are the same figure twice.
_OF_MANY_CLASSES = frozenset({"macro_precision", "weighted_precision", "weighted_f1"})


@dataclass(frozen=True)
class Layout:
    """The parts of a report that depend on the kind of an evaluation; `first` are the figures that stand first."""

    evaluation: LabelEvaluation
    first: ClassVar[tuple[str, ...]]

    def about(self) -> list[str]:
        """The lines below the first figures."""
        return []

    def notes(self) -> list[str]:
        """The lines after these, on labels whose figures say little."""
        return []

    def repeated(self) -> frozenset[str]:
        """The figures that are left out, since they equal others."""
        return frozenset()

    def last(self) -> dict[str, str]:
        """The blocks at the end, by their names."""
        return {}


@dataclass(frozen=True)
class _OfClasses(Layout):
    evaluation: Evaluation
    first: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "log_loss")

    def repeated(self) -> frozenset[str]:
        return _OF_MANY_CLASSES if len(self.evaluation.labels) == 2 else frozenset()

    def last(self) -> dict[str, str]:
        few = len(self.evaluation.labels) <= MOST_CLASSES_IN_A_MATRIX
        return {"confusions": self._matrix() if few else self._largest()}

    def _matrix(self) -> str:
        labels, counts = list(map(label_line, self.evaluation.labels)), self.evaluation.matrix.tolist()
        rows = [["real \\ predicted", *labels, *[NO_ANSWER_NAME] * (self.evaluation.n_unanswered > 0)]]
        rows += [[label, *(f"{count:,}" for count in row)] for label, row in zip(labels, counts, strict=True)]
        return "confusion matrix\n" + columns(rows)

    def _largest(self) -> str:
        wrong = [entry for entry in self.evaluation.entries.tolist() if entry[0] != entry[1]]
        largest = sorted(wrong, key=lambda entry: -entry[2])[:10]
        # The index of no answer, -1, is that of the last column.
        named = [*map(label_line, self.evaluation.labels), NO_ANSWER_NAME]
        rows = [[named[i], "taken for", named[j], f"{count:,}"] for i, j, count in largest]
        return "most frequent confusions (all of them: --json)\n" + (columns(rows, left=3) if rows else "  none")


@dataclass(frozen=True)
class _OfSets(Layout):
    evaluation: SetEvaluation
    first: ClassVar[tuple[str, ...]] = ("micro_f1", "macro_f1", "log_loss")

    def about(self) -> list[str]:
        """How many labels rows have and are answered, and how many have none."""
        found = self.evaluation
        return [
            f"labels     {found.labels_per_row:.2f} per row, {found.answers_per_row:.2f} answered; of "
            f"{counted(found.n_rows, 'row')}, {found.n_without:,} have none and {found.n_answered_none:,} get no answer"
        ]

    def notes(self) -> list[str]:
        """A note on the labels whose figures say nothing of the texts."""
        constant = list(map(label_line, self.evaluation.constant))
        if not constant:
            return []
        are, have = ("is", "it has") if len(constant) == 1 else ("are", "they have")
        alike = f"{counted(len(constant), 'label')} {are} answered alike for every text, since {have} no weights"
        return [f"constant   {alike}: {listed(constant)}"]


_LAYOUTS: Mapping[type[LabelEvaluation], type[Layout]] = {Evaluation: _OfClasses, SetEvaluation: _OfSets}


def layout_of(evaluation: LabelEvaluation) -> Layout:
    """The layout of an evaluation, by its kind."""
    return next(layout for kind, layout in _LAYOUTS.items() if isinstance(evaluation, kind))(evaluation)
