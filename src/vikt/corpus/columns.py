"""Which column holds the text and which the label: as named, or guessed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vikt.corpus.dialect import other_delimiter
from vikt.errors import ColumnError
from vikt.names import nearest
from vikt.tables import quoted

# Each column is an array of its own, so that millions of them would take gigabytes whatever they hold.
MOST_COLUMNS = 50_000

# In order of preference.
TEXT_NAMES = (
    "text", "document", "sentence", "review", "message", "content", "body", "comment", "tweet", "utterance",
    "question", "email", "mail", "post",
)  # fmt: skip
LABEL_NAMES = (
    "label", "labels", "class", "category", "target", "sentiment", "tag", "tags", "topic", "intent", "y",
)  # fmt: skip


def composed(name: str) -> str:
    """A label or the name of a column in Unicode's composed form (NFC), so that what reads alike is one.

    Examples
    --------
    >>> composed("cafe\u0301") == "caf\u00e9"
    True
    """
    return unicodedata.normalize("NFC", name)


@dataclass(frozen=True)
class Columns:
    """The columns to read, and a sentence for each that was guessed."""

    text: str | None
    label: str | None
    guesses: tuple[str, ...] = ()


def find_columns(
    names: Sequence[str],
    *,
    text: str | None = None,
    label: str | None = None,
    origin: str,
    need_text: bool = True,
    need_label: bool = True,
    mean_length: Callable[[str], float] | None = None,
) -> Columns:
    """The text column and the label column of a table.

    A column that is not named is guessed: the column with a usual name, else the only other column, else, for the text,
    the one of two columns with the longer values.

    Parameters
    ----------
    names : sequence of str
        The columns there are.
    text, label : str, optional
        The columns named by the user.
    origin : str
        The file's name, for messages.
    need_text, need_label : bool
        Whether the text, or the label, is read; else it is not guessed.
    mean_length : callable, optional
        The mean length of a column's values, such as `Table.mean_length`.

    Raises
    ------
    ColumnError
        A named column is missing, both are the same, or one cannot be guessed.

    Examples
    --------
    >>> find_columns(["id", "Review", "label"], origin="films.csv")
    Columns(text='Review', label='label', guesses=('text column: "Review" (guessed by its name)',
        'label column: "label" (guessed by its name)'))
    """
    text, label = text and composed(text), label and composed(label)
    for name in (text, label):
        if name is not None and name not in names:
            raise missing_column(name, names, origin)
    chosen = text
    text_guess: tuple[str, ...] = ()
    label_guess: tuple[str, ...] = ()
    by_name = _known(names, LABEL_NAMES, text) if label is None and need_label else label
    if need_text:
        chosen, text_guess = _find(
            "text", names, text, by_name, TEXT_NAMES, origin, mean_length if need_label else None
        )
    if chosen is not None and chosen == label:
        raise ColumnError(f"{origin}: text and label must be two columns, found {label!r} for both; name another")
    if need_label:
        label, label_guess = _find("label", names, label, chosen, LABEL_NAMES, origin, None)
    return Columns(chosen, label, text_guess + label_guess)


def find_label(names: Sequence[str], text: str | None) -> str | None:
    """The column with a usual name of labels, other than that of the text; None where there is none.

    Examples
    --------
    >>> find_label(["id", "Topic", "text"], None), find_label(["id"], None)
    ('Topic', None)
    """
    return _known(names, LABEL_NAMES, text)


def wanted_columns(wanted: Sequence[str] | None, names: Sequence[str], origin: str) -> list[str]:
    """The columns to read, all if none are named. Raises ColumnError where one is missing."""
    if wanted is None:
        return list(names)
    for name in map(composed, wanted):
        if name not in names:
            raise missing_column(name, names, origin)
    return list(map(composed, wanted))


def check_width(n_columns: int, origin: str) -> None:
    """Refuse a table of more columns than a table can have. Raises ColumnError."""
    if n_columns > MOST_COLUMNS:
        raise ColumnError(
            f"{origin}: expected at most {MOST_COLUMNS:,} columns, found {n_columns:,}; write long rows of numbers in "
            "svmlight's format, or as lists"
        )


def missing_column(name: str, names: Sequence[str], origin: str, remedy: str = "choose one of these") -> ColumnError:
    """The error for a missing column; it lists the columns there are, and the nearest name or else the remedy."""
    if len(names) == 1 and (other := other_delimiter(names[0])):
        return undivided(names[0], other, origin)
    near = nearest(name, names)
    hint = remedy if near is None else f"did you mean {near!r:.60}?"
    message = f"{origin}: expected a column {name!r:.60}, found {quoted(names)}; "
    if name.isdecimal() and not any(map(str.isdecimal, names)):
        return ColumnError(f"{message}if its first row is data, read it", header=False)
    return ColumnError(message + hint)


def undivided(name: str, other: str, origin: str) -> ColumnError:
    """The error for a table of a single column, whose name another delimiter divides."""
    return ColumnError(
        f"{origin}: found one column, {name!r:.60}, whose name contains {other!r}; name it as the text column if it is "
        "one, else read the file",
        delimiter=other,
    )


def doubled_column(name: str, n: int, origin: str) -> ColumnError:
    """The error for a name that n columns have."""
    return ColumnError(f"{origin}: column names must differ, found {name!r:.60} {n} times; rename all but one")


def _find(
    role: str,
    names: Sequence[str],
    named: str | None,
    other: str | None,
    known: Sequence[str],
    origin: str,
    mean_length: Callable[[str], float] | None,
) -> tuple[str, tuple[str, ...]]:
    if named is not None:
        return named, ()
    rest = [name for name in names if name != other]
    chosen, reason = _known(rest, known, None), "guessed by its name"
    if chosen is None and len(rest) == 1:
        chosen, reason = rest[0], "the only other column" if other is not None else "the only column"
    if chosen is None and len(rest) == 2 and mean_length is not None:
        chosen, reason = max(rest, key=mean_length), "guessed: the longer of two columns"
    if chosen is None:
        raise ColumnError(f"{origin}: found no {role} column among {quoted(names)}; name it", **{role: ...})
    return chosen, (f'{role} column: "{chosen}" ({reason})',)


def _known(names: Sequence[str], known: Sequence[str], taken: str | None) -> str | None:
    folded = {name.strip().casefold(): name for name in reversed(names) if name != taken}
    return next((folded[name] for name in known if name in folded), None)
