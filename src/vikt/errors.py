"""Exceptions and warnings, as a tree.

::

    ViktError
    ├── UsageError (ValueError)             an invalid option or argument
    │   └── ParameterError                  an invalid parameter of an estimator
    │       └── UnknownParameterError (TypeError)  a name that is not a parameter
    ├── DataError (ValueError)              data that cannot be used
    │   ├── ColumnError                     a column that is missing, ambiguous or named twice
    │   ├── EncodingError                   bytes that are not UTF-8
    │   ├── ClassesError                    fewer than two classes
    │   ├── NotNumbersError (TypeError)     a matrix that holds something other than numbers
    │   └── EmptyVocabularyError            no feature to learn from
    ├── AimMissedError (ValueError)         an aim or a condition that is not met
    ├── InputFileError (OSError)            a file that cannot be read
    ├── OutputFileError (OSError)           a file that cannot be written, or must not be replaced
    ├── ModelFileError (ValueError)         a model file that is refused
    │   ├── DamagedModelError               truncated or altered
    │   ├── ForeignModelError               not a vikt model
    │   ├── OlderModelError                 written in a format that is no longer read
    │   └── NewerModelError                 written in a later version of the format
    ├── DivergenceError (ArithmeticError)   a descent whose loss grows
    ├── ServiceError (OSError)              a service that cannot start
    ├── ClusterError (OSError)              a cluster that cannot be reached, or is lost
    ├── MissingPackageError (ImportError)   a package that is not installed
    └── NotFittedError (ValueError, AttributeError)

    ConvergenceWarning (UserWarning)        a fit that stopped before it proved its tolerance
    ShapeWarning (UserWarning)              labels given as a column instead of a row

Every message says what happened, where, what was found and what to do about it.
"""

import functools
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self, TypeVar, cast

from vikt.names import suggestion

Entry = TypeVar("Entry")
Kind = TypeVar("Kind", bound=Exception)


class ViktError(Exception):
    """The base class of every error that vikt raises on purpose.

    Parameters
    ----------
    message : str
    **remedy
        The arguments that solve the problem, such as force=True, or text=... where the value is the user's to choose.
        The error as a string ends with them; the command line names their options instead.

    Examples
    --------
    >>> print(UsageError("x.csv: found no text column; name it", text=..., header=False))
    x.csv: found no text column; name it with text=..., header=False
    """

    def __init__(self, message: str = "", **remedy: object) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy

    def __str__(self) -> str:
        arguments = (f"{name}={'...' if value is ... else repr(value)}" for name, value in self.remedy.items())
        return f"{self.message} with {', '.join(arguments)}" if self.remedy else self.message


class UsageError(ViktError, ValueError):
    """An invalid option or argument."""


class ParameterError(UsageError):
    """An invalid parameter of an estimator.

    Attributes
    ----------
    parameter : str
        Its name.
    problem : str
        What is wrong with it.
    """

    def __init__(self, parameter: str, problem: str) -> None:
        super().__init__(f"{parameter}: {problem}")
        self.parameter, self.problem = parameter, problem
        self.args = (parameter, problem)  # with which a copy is made


class UnknownParameterError(ParameterError, TypeError):
    """A name that is not a parameter of an estimator."""


class DataError(ViktError, ValueError):
    """Data that cannot be used."""


class ColumnError(DataError):
    """A column that is missing, ambiguous or named twice."""


class EncodingError(DataError):
    """Bytes that are not UTF-8."""


class ClassesError(DataError):
    """Fewer than two classes."""


class NotNumbersError(DataError, TypeError):
    """A matrix that holds something other than numbers."""


class EmptyVocabularyError(DataError):
    """No feature is left to learn from."""


class AimMissedError(ViktError, ValueError):
    """An aim or a condition that is not met: no model is made, or one is not good enough."""


class InputFileError(ViktError, OSError):
    """A file that cannot be read."""


class OutputFileError(ViktError, OSError):
    """A file that cannot be written, or must not be replaced."""


class ModelFileError(ViktError, ValueError):
    """A model file that is refused."""


class DamagedModelError(ModelFileError):
    """A model file that was truncated or altered."""


class ForeignModelError(ModelFileError):
    """A file that is not a vikt model."""


class OlderModelError(ModelFileError):
    """A model file in an earlier format than this version reads."""


class NewerModelError(ModelFileError):
    """A model file in a later format than this version reads."""


class DivergenceError(ViktError, ArithmeticError):
    """A descent whose loss grows: its learning rate is too large."""


class ServiceError(ViktError, OSError):
    """A service that cannot start."""


class ClusterError(ViktError, OSError):
    """A cluster that cannot be reached, or is lost."""


class MissingPackageError(ViktError, ImportError):
    """A package that a method needs is not installed."""

    @classmethod
    def of_extra(cls, purpose: str, missing: Sequence[str], extra: str) -> Self:
        """What is missing for a purpose, and the extra of vikt that installs it.

        Examples
        --------
        >>> print(MissingPackageError.of_extra("a picture", ["Matplotlib"], "plots"))
        a picture needs Matplotlib, which is not installed; in a clone of vikt: pip install '.[plots]'
        """
        named = " and ".join([", ".join(missing[:-1]), missing[-1]] if len(missing) > 1 else missing)
        are = "is" if len(missing) == 1 else "are"
        return cls(f"{purpose} needs {named}, which {are} not installed; in a clone of vikt: pip install '.[{extra}]'")


class NotFittedError(ViktError, ValueError, AttributeError):
    """A model is used before it is fitted."""


class ConvergenceWarning(UserWarning):
    """A fit stopped before it proved its tolerance."""


class ShapeWarning(UserWarning):
    """Labels are given as a column instead of a row."""


def check_known(role: str, name: str, known: Iterable[str]) -> None:
    """Refuse a name that is not among those known.

    Raises
    ------
    ParameterError
        The message lists the names that are known.
    """
    choices = list(known)
    if name not in choices:
        hint = suggestion(str(name), choices)
        raise ParameterError(role, f"{name!r} is not known{hint}; choose from {', '.join(map(repr, choices))}")


def known(role: str, name: str, table: Mapping[str, Entry]) -> Entry:
    """The entry of a table by its name.

    Raises
    ------
    ParameterError
        There is none; the message lists the names there are.
    """
    check_known(role, name, table)
    return table[name]


def known_to_sklearn(own: type[Kind], name: str) -> type[Kind]:
    """A class that is scikit-learn's of that name too, where it is loaded, so that its users can catch it."""
    theirs = getattr(sys.modules.get("sklearn.exceptions"), name, None)
    return own if theirs is None else cast(type[Kind], _both(cast(Any, own), theirs))


def warn(message: str, kind: type[Warning] = UserWarning) -> None:
    """Warn at the line of the user's that called vikt."""
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "vikt":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, kind, stacklevel=level)


@functools.cache
def _both(own: Any, theirs: Any) -> Any:
    def reduce(error: Exception) -> tuple[object, ...]:
        return _again, (own, theirs.__name__, error.args), vars(error)

    # A pickle names no class made at run time; the process that reads it makes its own.
    return type(theirs.__name__, (own, theirs), {"__module__": own.__module__, "__reduce__": reduce})


def _again(own: type[Kind], name: str, args: tuple[object, ...]) -> Kind:
    return known_to_sklearn(own, name)(*args)
