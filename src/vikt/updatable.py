"""A classifier that can be updated: rows added, rows forgotten."""

from __future__ import annotations

from typing import Self

from vikt.arrays import RowValues
from vikt.corpus.targets import Labels
from vikt.errors import UsageError
from vikt.fitting.fitted import FittedAttributes
from vikt.fitting.model import Inputs
from vikt.fitting.saved import SavedModel
from vikt.progress import Progress, progress_reporter

# Texts and their labels, with or without weights.
LabelledRows = tuple[Inputs, Labels] | tuple[Inputs, Labels, RowValues]


class Updatable(FittedAttributes):
    """A fitted classifier that learns from further rows, and forgets."""

    def update(
        self,
        texts: Inputs,
        labels: Labels,
        sample_weight: RowValues = None,
        *,
        add: LabelledRows | None = None,
        forget: LabelledRows | None = None,
        progress: Progress | bool = False,
    ) -> Self:
        """Add rows to what the model has learnt from, or make it forget some.

        The features are learnt again from the rows that were fitted, less `forget`, plus `add`; λ and the kind of
        features stay as they were chosen. The solver starts near the present weights, and proves the result like any
        fit. Rows that were held out stay out; added rows of the same text are neither fitted nor tested.

        Parameters
        ----------
        texts, labels, sample_weight
            All rows that the model was trained on, in any order; they are compared with its fingerprint.
        add : (texts, labels) or (texts, labels, sample_weight), optional
            Rows to learn from as well; classes may be new.
        forget : (texts, labels), optional
            Rows to forget: all rows equal to one of these are.
        progress : bool or callable
            As for `fit`.

        Raises
        ------
        UsageError
            There is nothing to add or forget.
        DataError
            The rows are not those that the model was trained on, a row to forget is not among them, or those that
            remain cannot be fitted.
        """
        from vikt.evaluation.held_out import evaluated_update
        from vikt.fitting.given_rows import GivenRows
        from vikt.fitting.update import update

        model, record = self._model, self._record
        given = [None if rows is None else GivenRows.of(model, *rows) for rows in (add, forget)]
        if not any(given):
            raise UsageError("there is nothing to update; pass rows to add or forget")
        old = GivenRows.of(model, texts, labels, sample_weight)
        with progress_reporter(progress) as report:
            updated = update(SavedModel(model, record), old, *given, threads=self._n_threads, progress=report)
        updated.fit.warn_unless_converged()
        found = evaluated_update(updated, self._n_threads)
        record = updated.fit.record
        if found is not None:
            record = record.with_test(found.n_rows, found.to_json()["metrics"])
        self._set_learnt(model_=updated.fit.model, record_=record, loss_curve_=updated.fit.loss_curve)
        return self
