"""The figures of a model by slice: where it is worse than elsewhere, and whether chance explains that."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Bools, Floats, Ints
from vikt.corpus.documents import column_values
from vikt.corpus.frames import ArrowStream, Frame, frame_of
from vikt.corpus.numbers import exact_number_of, number_of
from vikt.corpus.texts import Texts
from vikt.errors import DataError
from vikt.evaluation.figures import Figure, share
from vikt.evaluation.outcomes import Answers
from vikt.evaluation.probability_figures import log_loss_figure
from vikt.mappings import Json
from vikt.metrics.averages import macro_f1_of
from vikt.metrics.differences import fisher, newcombe_interval
from vikt.metrics.intervals import Interval
from vikt.names import finite

# The length of the text, unless a column has that name.
LENGTH = "length"
_CONFIDENCE = 0.95
# Numbers and times of more different values than this are sliced in fifths.
_MOST_NUMBERS = 10
_MOST_VALUES = 20
_FEWEST_ROWS = 10

# The values of a column, None where one is missing.
Values = Sequence[str | None]
NO_COLUMNS: Mapping[str, Values] = MappingProxyType({})
# Names of columns, or their values.
By = str | Sequence[str] | ArrayLike | Mapping[str, object] | ArrowStream | None


@dataclass(frozen=True)
class Slice:
    """The rows of one value, or of some values, of a column.

    Attributes
    ----------
    name : str
        The value; "12 to 48" for a fifth of the rows by number or time; "(missing)"; "(others: 34 values)".
    n_rows : int
    accuracy, log_loss : Figure
        With 95% intervals of their own. Of several labels per text, the accuracy is that of whole sets of labels.
    macro_f1 : float
        The mean F1 of the labels that occur in the slice.
    difference : Figure
        The accuracy less that of all other rows, with an interval corrected for the number of slices. nan where there
        are no other rows.
    p_value : float
        Of Fisher's exact test of the two accuracies, two-sided, not corrected.
    finding : {"worse", "better", ""}
        Than the rest, where the interval excludes 0 and the test agrees; where no slice differs from the rest, the
        chance that any is called so is at most 5%.
    """

    name: str
    n_rows: int
    accuracy: Figure
    macro_f1: float
    log_loss: Figure
    difference: Figure
    p_value: float
    finding: str

    def to_json(self) -> Json:
        """Finite numbers or null; `finding` is "worse", "better" or null."""
        return {
            "value": self.name,
            "rows": self.n_rows,
            "accuracy": self.accuracy.to_json(),
            "macro_f1": finite(self.macro_f1),
            "log_loss": self.log_loss.to_json(),
            "difference": self.difference.to_json(),
            "p_value": self.p_value,
            "finding": self.finding or None,
        }


@dataclass(frozen=True)
class Slicing:
    """The slices of one column, that of the lowest accuracy first.

    `confidence` is that of the interval of a difference, corrected for the number of slices of all columns.
    `note` says why a column has no slices; it is empty where it has some.
    """

    column: str
    confidence: float
    slices: tuple[Slice, ...]
    note: str = ""

    def to_json(self) -> Json:
        """As `vikt evaluate --by` prints it in JSON."""
        found = [part.to_json() for part in self.slices]
        about = {"note": self.note} if self.note else {}
        return {"column": self.column, "confidence": self.confidence, "slices": found} | about


def slices_of(found: Answers, columns: Mapping[str, Values]) -> tuple[Slicing, ...]:
    """The figures of each slice by these columns.

    Numbers, and ISO 8601 dates and times, of more than ten different values are sliced in fifths, equal ones together;
    other columns by value, the 20 most frequent of at least ten rows each, the rest together. Missing values are a
    slice of their own. A column none of whose values has ten rows has no slices, and a note that says so.

    Raises
    ------
    DataError
        A column has not as many values as there are rows.
    """
    parted = {name: _parts(name, values, found.n_rows) for name, values in columns.items()}
    n_slices = sum(map(len, parted.values()))
    confidence = 1 - (1 - _CONFIDENCE) / max(n_slices, 1)
    measured = _Measured(found, found.is_right, found.losses)
    return tuple(
        Slicing(
            name,
            confidence,
            tuple(
                sorted(
                    (measured.part(value, rows, confidence) for value, rows in parts.items()),
                    key=lambda part: (part.accuracy.value, -part.n_rows, part.name),
                )
            ),
            "" if parts else _unusable(columns[name]),
        )
        for name, parts in parted.items()
    )


@dataclass(frozen=True)
class _Measured:
    """What the figures of slices are computed from: right or wrong, the losses, and the counts of labels."""

    found: Answers
    is_right: Bools
    losses: Floats

    def part(self, name: str, rows: Bools, confidence: float) -> Slice:
        own, rest = ((int(self.is_right[side].sum()), int(side.sum())) for side in (rows, ~rows))
        value, interval = newcombe_interval(own, rest, confidence)
        reason, p_value = "" if rest[1] else "there are no other rows", fisher(own, rest)
        losses = self.losses[rows]
        known = ~np.isnan(losses)
        return Slice(
            name,
            own[1],
            share(*own),
            float(macro_f1_of(self.found.counts(rows))),
            log_loss_figure(losses[known], int((~known).sum())),
            Figure(value, *interval, reason),
            p_value,
            _finding(interval) if p_value < 1 - confidence else "",
        )


def _finding(difference: Interval) -> str:
    return "worse" if difference.high < 0 else "better" if difference.low > 0 else ""


def _parts(name: str, values: Values, n_rows: int) -> dict[str, Bools]:
    """The rows of each slice by its name."""
    if len(values) != n_rows:
        raise DataError(
            f"column {name!r:.60}: expected a value for each of {n_rows:,} rows, found {len(values):,}; "
            "pass as many, or names of columns"
        )
    present = np.array([value is not None for value in values], dtype=bool)
    measure_of = _measures({value for value in values if value is not None})
    # Of the spellings of a number the last is kept: the shortest.
    spellings = {measure_of[value]: value for value in sorted(measure_of, key=lambda value: (-len(value), value))}
    if len(spellings) > _MOST_NUMBERS:
        place_of = {measure: place for place, measure in enumerate(sorted(spellings))}
        places = np.array([-1 if value is None else place_of[measure_of[value]] for value in values])
        parts = _fifths(places, [spellings[measure] for measure in place_of])
    else:
        parts = _by_value([value and spellings.get(measure_of.get(value), value) for value in values])
    return parts | ({} if present.all() or (present.any() and not parts) else {"(missing)": ~present})


def _measures(values: set[str]) -> Json:
    """What each value is as a number, to the digit, or as a time; nothing where some are neither."""
    for measure in (_number, _time):
        found = {value: measure(value) for value in values}
        if None not in found.values():
            return found
    return {}


def _number(spelled: str) -> Decimal | float | None:
    number = exact_number_of(spelled)
    return number if number is not None else number_of(spelled) if math.isinf(number_of(spelled)) else None


def _time(spelled: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(spelled)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _fifths(places: Ints, ordered: list[str]) -> dict[str, Bools]:
    """Five parts of about as many rows, from the place of each row's value among the values in order, -1 for none."""
    present = places >= 0
    edges = np.unique(np.quantile(places[present], [0.2, 0.4, 0.6, 0.8, 1.0], method="inverted_cdf"))
    fifth = np.searchsorted(edges, places)
    parts = {}
    for k in range(len(edges)):
        rows = present & (fifth == k)
        least, most = ordered[places[rows].min()], ordered[places[rows].max()]
        parts[f"{least} to {most}" if least != most else least] = rows
    return parts


def _unusable(values: Values) -> str:
    n_values = len({value for value in values if value is not None})
    none = "its only value has fewer than" if n_values == 1 else f"none of its {n_values:,} values has"
    return f"{none} {_FEWEST_ROWS} rows, so there are no slices; use another column"


def _by_value(values: Values) -> dict[str, Bools]:
    """The rows of each value; none where no value has enough of them."""
    counts = Counter(value for value in values if value is not None)
    frequent = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_VALUES]
    own = [value for value, count in frequent if count >= _FEWEST_ROWS]
    if counts and not own:
        return {}
    others = [value for value in counts if value not in own]
    # One value alone has its own name.
    last = others if len(others) == 1 else [f"(others: {len(others):,} values)"] * bool(others)
    names = [*own, *last]
    place_of = {value: place for place, value in enumerate(own)}
    places = np.array([-1 if value is None else place_of.get(value, len(own)) for value in values])
    return {name: places == place for place, name in enumerate(names)}


def length_values(texts: Texts) -> Values:
    """The number of characters of each text, as a column."""
    return list(map(str, texts.lengths.tolist()))


def values_by(by: By, frame: Frame | None, texts: Texts) -> dict[str, Values]:
    """The columns that evaluated rows are sliced by.

    Parameters
    ----------
    by : str, list of str, column or frame, optional
        Names of columns of `frame`, of which "length" may be the length of the text; or the values themselves.
    frame : Frame, optional
        That of the texts.
    texts : Texts

    Raises
    ------
    ParameterError, ColumnError
        There is no such column.
    DataError
        The values cannot be used.
    """
    if by is None:
        return {}
    known = {*(frame or ()), LENGTH}
    if isinstance(by, str):
        return {by: _named(by, frame, texts)}
    if isinstance(by, list | tuple) and by and all(isinstance(name, str) and name in known for name in by):
        return {name: _named(name, frame, texts) for name in by}
    own = frame_of(by)
    columns = {str(getattr(by, "name", None) or "by"): by} if own is None else own
    return {name: column_values(column, None, name) for name, column in columns.items()}


def _named(name: str, frame: Frame | None, texts: Texts) -> Values:
    if name == LENGTH and (frame is None or name not in frame):
        return length_values(texts)
    return column_values(name, frame, "by")
