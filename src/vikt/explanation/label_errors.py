"""Labels that are probably wrong, by confident learning on out-of-fold probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, LabelArray, RowIndices
from vikt.mappings import Json
from vikt.markup import block, heading, html_text, table
from vikt.tables import Joined, columns, counted, cut, data_frame, label_line, listed, visible

if TYPE_CHECKING:
    from pandas import DataFrame

_MOST_LISTED, _WIDEST_EXCERPT = 10, 70


class Corrections(NamedTuple):
    """The suspected rows, each once, the most suspected first; how they should be labelled; and the lowest score.

    `labels` are one string a row, or `Joined` lists where a text has several.
    """

    rows: RowIndices
    labels: list[str] | Joined
    scores: Floats


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

    # When a label is suspected, and what the score is the probability of.
    rule: ClassVar[str] = "A label is suspected where a model that has not seen the text is sure of another class."
    score_of: ClassVar[str] = "the label"

    rows: RowIndices
    labels: LabelArray
    suggestions: LabelArray
    scores: Floats
    texts: tuple[str, ...]
    all_scores: Floats
    classes: LabelArray
    joint: Floats
    out_of_reach: dict[str, int]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def estimated_share(self) -> float:
        """The estimated share of wrong labels among all, suspected or not."""
        return max(0.0, 1.0 - float(np.trace(self.joint)))

    @property
    def extent(self) -> str:
        """Among how many labels they were found."""
        return f"of {counted(len(self.all_scores), 'label')}"

    @property
    def summary(self) -> str:
        """How many labels are suspected, as a sentence."""
        return f"{len(self):,} {self.extent} suspected; an estimated {self.estimated_share:.1%} are wrong"

    def remark(self, i: int) -> str:
        """What is suggested for suspected label i, in a few words."""
        return f"rather {label_line(str(self.suggestions[i]))}"

    def corrections(self, separator: str = ",") -> Corrections:
        """How the suspected rows should be labelled; `separator` joins several labels of a row in a field."""
        return Corrections(self.rows, list(map(str, self.suggestions.tolist())), self.scores)

    def to_json(self) -> Json:
        """The suspected rows as JSON holds them, without their texts; the estimate; and what was out of reach."""
        return {
            "suspected": [
                dict(zip(self._columns, row, strict=True)) for row in zip(*self._columns.values(), strict=True)
            ],
            "estimated_share": self.estimated_share,
            "rows": len(self.all_scores),
            "out_of_reach": self.out_of_reach,
        }

    def to_frame(self) -> DataFrame:
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
    def _columns(self) -> dict[str, Sequence[object]]:
        named = {"row": self.rows, "label": self.labels, "suggestion": self.suggestions, "score": self.scores}
        return {name: values.tolist() for name, values in named.items()}

    def _rows(self) -> list[list[str]]:
        rows = [[f"P({self._scored})", "label", "suggestion", "row", "text"]]
        for row, label, other, score, text in zip(*self._columns.values(), self.texts, strict=True):
            if len(rows) > _MOST_LISTED:
                break
            named = label_line(str(label)), label_line(str(other))
            rows.append([f"{score:.4f}", *named, f"{row:,}", visible(cut(text, _WIDEST_EXCERPT))])
        return rows

    def _remarks(self) -> list[str]:
        more = len(self) - _MOST_LISTED
        remarks = [f"  and {counted(more, f'more {self._thing}')}"] if more > 0 else []
        return remarks + [f"out of reach: {self._out_of_reach()}"] * bool(self.out_of_reach)

    @property
    def _scored(self) -> str:
        return "label"

    @property
    def _thing(self) -> str:
        """What a line of the table is about."""
        return "row"

    def _out_of_reach(self) -> str:
        n, named = sum(self.out_of_reach.values()), listed(list(map(label_line, self.out_of_reach)))
        return f"{counted(n, 'row')} whose label no other text has ({named})"


@dataclass(frozen=True, repr=False, eq=False)
class SetLabelErrors(LabelErrors):
    """Labels that are probably missing or wrong, where a text has several. They print as a table.

    Each label is judged by itself, as one of two classes: a row has it, or has it not. Of a row, several labels may be
    suspected.

    Attributes
    ----------
    rows : (s,) int
        The row of each suspected label, numbered from 0 as they were given.
    labels : (s,)
        The label in question.
    suggestions : (s,) str
        What to do with it: "add" or "remove".
    scores : (s,)
        P(the row has the label, or has it not, as given | text), by a model that has seen no row of this text; the
        lowest first.
    texts : sequence of str
    all_scores : (m, K)
        The score of every label in every row given; nan where there is none.
    classes : (K,)
        The labels.
    joint : (K, 2, 2)
        For each label the estimated share of the rows that have it not (0) or have it (1), and should not or should.
    out_of_reach : dict of str to int
        Labels that fewer than two texts have, or have not, which cannot be judged; and how many rows have them.
    given : tuple of tuple of str
        The labels of the row of each suspected one.
    n_given : int
        How many labels all rows have.

    Examples
    --------
    >>> import vikt
    >>> texts = [f"{text} {i}" for i, text in enumerate(["sunny day", "sunny sea", "rainy day", "rainy sea"] * 6)]
    >>> labels = [["sun", "land"], ["sun", "water"], ["rain", "land"], ["rain", "water"]] * 6
    >>> labels[0] = ["land"]
    >>> found = vikt.TextClassifier(analyzer="word").label_errors(texts, labels)
    >>> found.rows.tolist(), found.labels.tolist(), found.suggestions.tolist()
    ([0], ['sun'], ['add'])
    """

    rule: ClassVar[str] = (
        "A label is suspected where a model that has not seen the text is sure that it is missing, or wrong."
    )
    score_of: ClassVar[str] = "what is given"

    given: tuple[tuple[str, ...], ...]
    n_given: int

    @property
    def is_missing(self) -> NDArray[np.bool_]:
        """Whether each suspected label is missing rather than wrong: (s,)."""
        return np.asarray(self.suggestions == ADD)

    @property
    def estimated_share(self) -> float:
        """The estimated share of the given labels that are wrong, suspected or not."""
        return self._share(1, 0)

    @property
    def estimated_missing(self) -> float:
        """How many labels are missing by estimate, as a share of those given."""
        return self._share(0, 1)

    def _share(self, given: int, real: int) -> float:
        return float(self.joint[:, given, real].sum()) * len(self.all_scores) / max(self.n_given, 1)

    @property
    def extent(self) -> str:
        return f"of {counted(len(np.unique(self.rows)), 'row')} among {len(self.all_scores):,}"

    @property
    def summary(self) -> str:
        missing = int(self.is_missing.sum())
        return (
            f"{counted(len(self), 'label')} {self.extent} suspected, {missing:,} missing and {len(self) - missing:,} "
            f"wrong; an estimated {self.estimated_share:.1%} of the {self.n_given:,} labels are wrong, and "
            f"{self.estimated_missing:.1%} as many are missing"
        )

    def remark(self, i: int) -> str:
        return f"{self.suggestions[i]} {label_line(str(self.labels[i]))}"

    def corrections(self, separator: str = ",") -> Corrections:
        """How the suspected rows should be labelled: with all of their labels."""
        real: dict[int, set[str]] = {}
        for i, (row, label) in enumerate(zip(self.rows.tolist(), map(str, self.labels.tolist()), strict=True)):
            real.setdefault(row, set(self.given[i])).symmetric_difference_update({label})
        first = np.sort(np.unique(self.rows, return_index=True)[1])
        return Corrections(
            self.rows[first], Joined([sorted(labels) for labels in real.values()], separator), self.scores[first]
        )

    def to_json(self) -> Json:
        """As of one class per row, with the estimate of what is missing."""
        return super().to_json() | {"estimated_missing": self.estimated_missing}

    @property
    def _scored(self) -> str:
        return "as given"

    @property
    def _thing(self) -> str:
        return "label"

    def _out_of_reach(self) -> str:
        named = listed([f"{label_line(label)} ({n:,} rows)" for label, n in self.out_of_reach.items()])
        n = counted(len(self.out_of_reach), "label")
        return f"{n} that fewer than two texts have, or fewer than two lack, so that they cannot be judged: {named}"


ADD, REMOVE = "add", "remove"
