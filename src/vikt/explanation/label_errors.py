"""Labels that are probably wrong, by confident learning on out-of-fold probabilities.

A row is *confidently* of class k where its P(k) is at least t_k, the mean P(k) of the rows labelled k; of several such
classes the most probable is meant. Counting the rows by the label that they have and the class that they confidently
are of estimates how the labels go wrong, however well the probabilities of each class are calibrated.

Source: Northcutt, Jiang and Chuang 2021, "Confident learning: estimating uncertainty in dataset labels".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Bools, Classes, Floats, Ints, RowIndices
from vikt.errors import DataError
from vikt.fitting.examples import Examples, labels_of_one_class, spelled_labels
from vikt.fitting.out_of_fold import OutOfFold
from vikt.markup import block, heading, html_text, table
from vikt.tables import columns, counted, cut, data_frame, label_line, listed, visible

# A mean of equal probabilities may be rounded above them.
_ROUNDING = 1e-9
# How many folds the probabilities come from, where there are as many texts.
MOST_FOLDS = 10
_MOST_LISTED, _WIDEST_EXCERPT = 10, 70


class Confident(NamedTuple):
    """What confident learning makes of labels and probabilities.

    Attributes
    ----------
    thresholds : (K,)
        t_k, the mean P(k) of the rows labelled k.
    guess : (m,) int
        The class that each row confidently is of; -1 for none.
    joint : (K, K)
        The estimated share of the rows that are labelled i and of class j; all shares sum to 1.
    """

    thresholds: Floats
    guess: Ints
    joint: Floats


def confident_learning(probabilities: Floats, y: Classes, weights: Floats) -> Confident:
    """The thresholds, confident classes and joint distribution of labels and classes.

    Parameters
    ----------
    probabilities : (m, K)
        Out of fold.
    y : (m,)
        The class index of each label.
    weights : (m,)

    Examples
    --------
    >>> p = np.array([0.9, 0.7, 0.1, 0.2, 0.8])
    >>> found = confident_learning(np.stack([p, 1 - p], axis=1), np.array([0, 0, 0, 1, 1]), np.ones(5))
    >>> found.guess.tolist()
    [0, 0, 1, 1, 0]
    """
    n_classes = probabilities.shape[1]
    own = probabilities[np.arange(len(y)), y]
    totals = np.bincount(y, weights=weights, minlength=n_classes)
    sums = np.bincount(y, weights=weights * own, minlength=n_classes)
    thresholds = np.divide(sums, totals, out=np.full(n_classes, np.inf), where=totals > 0)
    confident = np.where(probabilities >= thresholds * (1 - _ROUNDING), probabilities, -1.0)
    guess = np.where(confident.max(axis=1) >= 0, np.argmax(confident, axis=1), -1)
    counted_rows = guess >= 0
    cells = (y * n_classes + guess)[counted_rows]
    counts = np.bincount(cells, weights=weights[counted_rows], minlength=n_classes**2).reshape(n_classes, -1)
    # A class that no row confidently is of tells nothing of its labels, which are then taken as they are.
    silent = np.flatnonzero(counts.sum(axis=1) == 0)
    counts[silent, silent] = 1.0
    joint = counts * (totals / (counts.sum(axis=1) * totals.sum()))[:, None]
    return Confident(thresholds, guess, joint)


@dataclass(frozen=True, repr=False, eq=False)
class LabelErrors:
    """Labels that are probably wrong, most suspected first. They print as a table.

    A label is suspected where its row is confidently of another class, the suggestion, which is also more probable.

    Attributes
    ----------
    rows : (s,) int
        The suspected rows, numbered from 0 as they were given.
    labels, suggestions : (s,)
        Their labels, and the labels suggested.
    scores : (s,)
        P(label | text), by a model that has seen no row of this text; the lowest first.
    texts : sequence of str
    all_scores : (m,)
        The score of every row given; nan where there is none.
    classes : (K,)
    joint : (K, K)
        The estimated share of the rows that have label i and should have label j.
    out_of_reach : dict of str to int
        Classes some of whose rows have no score, since no other text has their label, and the number of these rows.

    Examples
    --------
    >>> import vikt
    >>> texts = ["good film", "fine film", "good plot", "bad film", "dull film", "bad plot"] * 4
    >>> texts = [f"{text} {i}" for i, text in enumerate(texts)]
    >>> labels = ["pos", "pos", "pos", "neg", "neg", "neg"] * 4
    >>> labels[3] = "pos"
    >>> found = vikt.TextClassifier(analyzer="word").label_errors(texts, labels)
    >>> found.rows.tolist(), found.suggestions.tolist()
    ([3], ['neg'])
    """

    rows: RowIndices
    labels: NDArray[Any]
    suggestions: NDArray[Any]
    scores: Floats
    texts: tuple[str, ...]
    all_scores: Floats
    classes: NDArray[Any]
    joint: Floats
    out_of_reach: dict[str, int]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def estimated_share(self) -> float:
        """The estimated share of wrong labels among all, suspected or not."""
        return max(0.0, 1.0 - float(np.trace(self.joint)))

    @property
    def summary(self) -> str:
        """How many labels are suspected, as a sentence."""
        n = len(self.all_scores)
        return f"{len(self):,} of {counted(n, 'label')} suspected; an estimated {self.estimated_share:.1%} are wrong"

    def to_json(self) -> dict[str, Any]:
        """The suspected rows as JSON holds them, without their texts; the estimate; and what was out of reach."""
        return {
            "suspected": [
                dict(zip(self._columns, row, strict=True)) for row in zip(*self._columns.values(), strict=True)
            ],
            "estimated_share": self.estimated_share,
            "rows": len(self.all_scores),
            "out_of_reach": self.out_of_reach,
        }

    def to_frame(self) -> Any:
        """The suspected rows as a pandas data frame, the most suspected first: row, label, suggestion, score, text.

        Raises
        ------
        MissingPackageError
            pandas is not installed.
        """
        return data_frame(self._columns | {"text": self.texts})

    def __repr__(self) -> str:
        lines = [self.summary]
        if len(self):
            lines += ["", columns(self._rows(), left=5)]
        return "\n".join([*lines, *self._remarks()])

    def _repr_html_(self) -> str:
        cells = [[html_text(cell) for cell in row] for row in self._rows()]
        listing = table(cells, left=5) if len(self) else ""
        return block(heading(html_text(self.summary)), listing, *(heading(html_text(r)) for r in self._remarks()))

    @property
    def _columns(self) -> dict[str, Sequence[Any]]:
        named = {"row": self.rows, "label": self.labels, "suggestion": self.suggestions, "score": self.scores}
        return {name: values.tolist() for name, values in named.items()}

    def _rows(self) -> list[list[str]]:
        rows = [["P(label)", "label", "suggestion", "row", "text"]]
        for row, label, other, score, text in zip(*self._columns.values(), self.texts, strict=True):
            if len(rows) > _MOST_LISTED:
                break
            named = label_line(str(label)), label_line(str(other))
            rows.append([f"{score:.4f}", *named, f"{row:,}", visible(cut(text, _WIDEST_EXCERPT))])
        return rows

    def _remarks(self) -> list[str]:
        more = len(self) - _MOST_LISTED
        remarks = [f"  and {counted(more, 'more row')}"] if more > 0 else []
        if self.out_of_reach:
            n = sum(self.out_of_reach.values())
            named = listed([label_line(label) for label in self.out_of_reach])
            remarks.append(f"out of reach: {counted(n, 'row')} whose label no other text has ({named})")
        return remarks


def find_label_errors(examples: Examples, answered: OutOfFold) -> LabelErrors:
    """The labels of examples that are suspected by their out-of-fold probabilities.

    Raises
    ------
    DataError
        No two classes have several texts each, so that no row can be judged by others.
    """
    reached = answered.is_reached
    if not reached.any():
        raise DataError(
            "label errors are found by comparing the texts of each class, and no two classes here have several texts; "
            "give more texts of each class"
        )
    p, y = np.exp(answered.log_probabilities), examples.y
    found = confident_learning(p[reached], y[reached], examples.weights[reached])
    own = p[np.arange(len(y)), y]
    guess = np.full(len(y), -1)
    guess[reached] = found.guess
    suspected = np.flatnonzero((guess >= 0) & (guess != y) & (p[np.arange(len(y)), guess] > own))
    # Ties are in canonical order, so that the order of the input tells nothing.
    suspected = suspected[np.argsort(own[suspected], kind="stable")]
    all_scores = np.full(examples.n_input, np.nan)
    all_scores[examples.origin[reached]] = own[reached]
    return LabelErrors(
        examples.origin[suspected],
        labels_of_one_class(examples)[suspected],
        np.asarray(examples.classes[guess[suspected]]),
        own[suspected],
        tuple(examples.documents.texts.take(suspected).strings()),
        all_scores,
        examples.classes,
        found.joint,
        _out_of_reach(examples, reached),
    )


def _out_of_reach(examples: Examples, reached: Bools) -> dict[str, int]:
    counts = np.bincount(examples.y[~reached], minlength=len(examples.classes)).tolist()
    return {label: n for label, n in zip(spelled_labels(examples.classes), counts, strict=True) if n}
