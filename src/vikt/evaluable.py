"""A classifier that can be tested on labelled texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import RowValues
from vikt.corpus.frames import frame_of
from vikt.corpus.targets import spelled_targets
from vikt.evaluation.of_kinds import answers_of, figures_of, labels_for
from vikt.evaluation.outcomes import check_some_rows
from vikt.evaluation.slices import By, slices_of, values_by
from vikt.fitting.fitted import FittedAttributes
from vikt.fitting.model import Inputs
from vikt.fitting.saved import TESTED_ON_TRAINING
from vikt.metrics.classification import accuracy
from vikt.report.evaluation import ModelFigures, model_figures


class Evaluable(FittedAttributes):
    """A fitted classifier whose answers are compared with labels."""

    def score(self, texts: Inputs, labels: ArrayLike, sample_weight: RowValues = None) -> float:
        """Accuracy, Σ w_i·[ŷ_i = y_i] / Σ w_i: that of `evaluate`, but with weights.

        A text that is not answered counts as wrong. Of several labels per text it is the subset accuracy.

        Parameters
        ----------
        texts, labels
            As for `evaluate`.
        sample_weight : (m,), optional
            The weights w; 1 by default.
        """
        found = answers_of(self._model, texts, labels, self._n_threads)
        return accuracy(np.ones_like(found.is_right), found.is_right, sample_weight)

    def evaluate(self, texts: Inputs, labels: ArrayLike, by: By = None) -> ModelFigures:
        """The figures of `vikt evaluate` on labelled texts, with 95% confidence intervals.

        They print as the command prints them; `to_json()` is its `--json`. Labels that training did not have count as
        wrong. Where the texts are exactly those of the training, the figures say so: they then tell little.

        Parameters
        ----------
        texts : (m,) strings, or a frame
        labels : (m,) or (m, K)
            In any form that `fit` takes for the kind of target; or one label per text, of a model of soft labels.
            Of shares, the most probable class is the label that answers are compared with, the first of equals.
        by : str, list of str, column or frame, optional
            Compare slices of the rows too: by columns of the frame, by "length", that of the text, or by these values.

        Raises
        ------
        DataError
            There are no texts, or not one label for each.
        UsageError, ColumnError
            There is no column `by`.
        """
        frame = frame_of(texts)
        measured = self._model.measured(texts if frame is None else frame)
        check_some_rows(len(measured))
        read = labels_for(self._model, labels, len(measured))
        found = answers_of(self._model, measured, read, self._n_threads)
        slices = slices_of(found, values_by(by, frame, measured.texts))
        learnt = self._saved.learnt_from(measured, *spelled_targets(read))
        remarks = (f"{TESTED_ON_TRAINING}; test it on other rows",) if learnt else ()
        return model_figures(figures_of(found), self._record, slices, remarks)

    def report(self, path: str | Path, texts: Inputs, labels: ArrayLike, *, by: By = None, force: bool = False) -> None:
        """Write the report of `vikt evaluate --report` on labelled texts to an HTML file.

        Parameters
        ----------
        path : path
            A report that is there is replaced.
        texts, labels, by
            As for `evaluate`.
        force : bool
            Replace any other file as well.

        Raises
        ------
        DataError
            There are no texts, or not one label for each.
        UsageError, ColumnError
            There is no column `by`.
        OutputFileError
            The file cannot be written, or is not a report.
        MissingPackageError
            Jinja2 or Matplotlib is not installed: in a clone of vikt, ``pip install '.[report]'``.
        """
        from vikt.report.html.from_python import write_model_report

        saved, command = self._saved, f"vikt.{self!r}.fit(texts, labels)"
        write_model_report(path, saved, texts, labels, by, command=command, threads=self._n_threads, force=force)
