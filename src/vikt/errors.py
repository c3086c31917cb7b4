"""What can go wrong, as a tree.

::

    ViktError
    ├── UsageError (ValueError)             an option or argument that cannot be
    ├── DataError (ValueError)              the data cannot be used as they are
    │   ├── ColumnError                     a column that is missing, doubled or not to be guessed
    │   ├── EncodingError                   bytes that are not UTF-8
    │   ├── ClassesError                    fewer than two classes
    │   └── EmptyVocabularyError            no feature is left
    ├── InputFileError (OSError)            a file that cannot be read
    ├── OutputFileError (OSError)           a file that cannot be written, or must not be replaced
    ├── ModelFileError (ValueError)         a model file that is refused
    │   ├── DamagedModelError               truncated or altered
    │   ├── ForeignModelError               not a model of vikt
    │   ├── OlderModelError                 of a format that is no longer read
    │   └── NewerModelError                 written by a later version of the format
    ├── DivergenceError (ArithmeticError)   a descent whose loss grows: the learning rate is too large
    └── NotFittedError (ValueError, AttributeError)

    ConvergenceWarning (UserWarning)        a fit that ended before its tolerance was proven
    ShapeWarning (UserWarning)              labels as a column instead of a row

Every message says what happened, where, what was found and what to do about it.
"""

import sys
from collections.abc import Iterable, Mapping
from typing import TypeVar

Entry = TypeVar("Entry")
Kind = TypeVar("Kind", bound=Exception)


class ViktError(Exception):
    """The root of all errors that vikt raises on purpose."""


class UsageError(ViktError, ValueError):
    """An option or argument that cannot be."""


class DataError(ViktError, ValueError):
    """The data cannot be used as they are."""


class ColumnError(DataError):
    """A column is missing, doubled, or cannot be guessed."""


class EncodingError(DataError):
    """Bytes that are not UTF-8."""


class ClassesError(DataError):
    """Fewer than two classes."""


class EmptyVocabularyError(DataError):
    """No feature is left to learn from."""


class InputFileError(ViktError, OSError):
    """A file that cannot be read."""


class OutputFileError(ViktError, OSError):
    """A file that cannot be written, or must not be replaced."""


class ModelFileError(ViktError, ValueError):
    """A model file that is refused."""


class DamagedModelError(ModelFileError):
    """A model file that was truncated or altered."""


class ForeignModelError(ModelFileError):
    """A file that is no model of vikt."""


class OlderModelError(ModelFileError):
    """A model file of an earlier format than this version reads."""


class NewerModelError(ModelFileError):
    """A model file of a later format than this version reads."""


class DivergenceError(ViktError, ArithmeticError):
    """A descent whose loss grows instead of falling: the learning rate is too large."""


class NotFittedError(ViktError, ValueError, AttributeError):
    """A model was asked before it was fitted."""


class ConvergenceWarning(UserWarning):
    """A fit ended before its tolerance was proven."""


class ShapeWarning(UserWarning):
    """Labels came as a column instead of a row."""


def check_known(role: str, name: str, known: Iterable[str]) -> None:
    """Refuse a name that no table has.

    Raises
    ------
    UsageError
        The message lists those there are.
    """
    choices = list(known)
    if name not in choices:
        raise UsageError(f"{role}: {name!r} is not known; choose from {', '.join(map(repr, choices))}")


def known(role: str, name: str, table: Mapping[str, Entry]) -> Entry:
    """The entry of a table by its name.

    Raises
    ------
    UsageError
        There is none; the message lists the names there are.
    """
    check_known(role, name, table)
    return table[name]


def known_to_sklearn(own: type[Kind], name: str) -> type[Kind]:
    """Our class, and scikit-learn's of that name too where scikit-learn is loaded, so that its users can catch it."""
    theirs = getattr(sys.modules.get("sklearn.exceptions"), name, None)
    return own if theirs is None else type(name, (own, theirs), {})
