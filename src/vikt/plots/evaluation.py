"""Pictures of how good a model is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats, Ints
from vikt.errors import UsageError
from vikt.plots.inputs import items, numbers
from vikt.plots.style import BLUE, INK, LETTER, ORANGE, SMALL, brief, canvas, inches, name, picture
from vikt.tables import NO_ANSWER_NAME

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CLASSES = 12
_FEW = 6
_STRONGEST_SHADE = 0.75
_WIDEST_HEADING = 14


@picture
def confusion_matrix(matrix: ArrayLike, labels: Sequence[object], *, most: int = MOST_CLASSES) -> Figure:
    """The confusion matrix: counts, shaded by the share of their row, blue where right and orange where wrong.

    Of more than `most` labels, those with the most rows are shown, and the rest as one.

    Parameters
    ----------
    matrix : array_like of int, (L, L) or (L, L + 1)
        Rows of data by their real label and the label predicted, as `vikt.confusion_matrix` and `Evaluation.matrix`
        count them. One more column holds the rows without an answer.
    labels : sequence, (L,)
    most : int

    Raises
    ------
    UsageError
        It is not a matrix of counts, or the labels do not fit it.

    Examples
    --------
    >>> figure = confusion_matrix([[8, 2], [1, 9]], ["ham", "spam"])
    >>> figure.savefig("confusion.svg")  # doctest: +SKIP
    """
    counts = numbers("matrix", matrix).astype(np.int64)
    rows = [str(label) for label in items("labels", labels)]
    if counts.shape not in [(len(rows), len(rows)), (len(rows), len(rows) + 1)]:
        raise UsageError(
            f"matrix: expected a row and a column for each of {len(rows)} labels, found shape {counts.shape}; give the "
            "labels of its rows"
        )
    unanswered = [NO_ANSWER_NAME] * (counts.shape[1] - len(rows))
    if len(rows) > most:
        counts, rows = gathered(np.column_stack([*np.nonzero(counts), counts[counts != 0]]), rows, most)
    few = len(rows) <= _FEW
    side, above = [name(label) for label in rows], [name(label, _WIDEST_HEADING) for label in rows + unanswered]
    wide, high = (0.85, 0.54) if few else (0.46, 0.34)
    is_turned = inches(above) > wide
    margins = {
        "left": inches(side) + 0.5,
        "right": 0.5 if is_turned else 0.15,
        "top": 0.35 + 0.75 * inches(above) if is_turned else 0.6,
        "bottom": 0.1,
    }
    size = wide * len(above) + margins["left"] + margins["right"], high * len(rows) + margins["top"] + margins["bottom"]
    figure, axes = canvas(*size, **margins)
    _cells(axes, counts[:, : len(above)], few)
    axes.set_xticks(range(len(above)), above, rotation=40 if is_turned else 0, ha="left" if is_turned else "center")
    axes.set_yticks(range(len(rows)), side)
    axes.set_ylabel("real")
    axes.set_xlabel("predicted", loc="left", labelpad=6)
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    return figure


def gathered(entries: Ints, labels: list[str], most: int = MOST_CLASSES) -> tuple[Ints, list[str]]:
    """The confusion matrix of at most `most` labels: those with the most rows, in their order, and all others as one.

    Parameters
    ----------
    entries : ndarray of int, (N, 3)
        As in `Evaluation.entries`, so that a matrix of very many labels need not be laid out.
    labels : list of str
    most : int

    Returns
    -------
    ndarray of int, (L, L + 1), and list of str, (L,)
        The last column counts rows without an answer.

    Raises
    ------
    UsageError
        The entries are not of three numbers each.

    Examples
    --------
    >>> gathered(np.array([[0, 0, 5], [1, 2, 4], [2, -1, 1]]), ["a", "b", "c"], most=2)
    (array([[5, 0, 0],
           [0, 4, 1]]), ['a', '2 others'])
    """
    cells = numbers("entries", entries).astype(np.int64)
    if cells.ndim != 2 or cells.shape[1] != 3:
        raise UsageError(f"entries: expected an array of shape (N, 3), found {cells.shape}; give Evaluation.entries")
    real, predicted, rows = cells.T
    totals = np.bincount(real, weights=rows, minlength=len(labels))
    n_kept = most - 1 if len(labels) > most else len(labels)
    kept = np.sort(np.argsort(-totals, kind="stable")[:n_kept])
    names = [labels[k] for k in kept]
    if n_kept < len(labels):
        names.append(f"{len(labels) - n_kept:,} others")
    # The place after the last label, also reached as -1, is that of no answer.
    group = np.append(np.full(len(labels), n_kept), len(names))
    group[kept] = np.arange(n_kept)
    counts = np.zeros((len(names), len(names) + 1), dtype=np.int64)
    np.add.at(counts, (group[real], group[predicted]), rows)
    return counts, names


def _cells(axes: Axes, counts: Ints, few: bool) -> None:
    from matplotlib.patches import Rectangle

    totals = counts.sum(axis=1, keepdims=True)
    shares: Floats = counts / np.maximum(totals, 1)
    for (row, column), count in np.ndenumerate(counts):
        share = float(shares[row, column])
        colour = BLUE if row == column else ORANGE
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(
            Rectangle(corner, 1, 1, facecolor=(colour, _STRONGEST_SHADE * share), edgecolor=(INK, 0.2), linewidth=0.6)
        )
        if few:
            below = f"{share:.1%}" if totals[row] else "-"
            axes.text(column, row - 0.16, brief(int(count), 1_000_000), ha="center", va="center", size=LETTER)
            axes.text(column, row + 0.2, below, ha="center", va="center", size=SMALL, alpha=0.8)
        elif count:
            axes.text(column, row, brief(int(count)), ha="center", va="center", size=SMALL - 1)
    axes.set_xlim(-0.5, counts.shape[1] - 0.5)
    axes.set_ylim(counts.shape[0] - 0.5, -0.5)
