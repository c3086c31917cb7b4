"""The names of a matrix's columns, where it comes as a frame: kept by a fit, and compared afterwards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vikt.corpus.frames import frame_of
from vikt.errors import DataError, warn

_MOST_NAMES = 5


def column_names(X: object) -> NDArray[np.object_] | None:
    """The names of a frame's columns, (n,); None where it has none, or numbers for names.

    Raises
    ------
    DataError
        Some names are strings and others are not.
    """
    frame = frame_of(X)
    names = frame.names if frame is not None else []
    is_string = [isinstance(name, str) for name in names]
    if not any(is_string):
        return None
    if not all(is_string):
        other = names[is_string.index(False)]
        raise DataError(
            "Feature names are only supported if all input features have string names; "
            f"found {other!r:.60} of type {type(other).__name__}; convert it with X.columns.astype(str)"
        )
    return np.array(list(map(str, names)), dtype=object)


def check_column_names(X: object, learnt: NDArray[np.object_] | None, owner: str) -> None:
    """Compare the columns of a frame with those of the fit, in scikit-learn's words.

    Parameters
    ----------
    X : matrix
    learnt : (n,), optional
        The names in the fit, if there were any.
    owner : str
        The name of the estimator, for messages.

    Warns
    -----
    UserWarning
        One has names and the other has none: their order is then the caller's concern.

    Raises
    ------
    DataError
        Names differ, or stand in another order.
    """
    names = column_names(X)
    if names is None and learnt is not None:
        warn(f"X does not have valid feature names, but {owner} was fitted with feature names")
    elif names is not None and learnt is None:
        warn(f"X has feature names, but {owner} was fitted without feature names")
    elif names is not None and learnt is not None and not np.array_equal(names, learnt):
        raise DataError(
            "The feature names should match those that were passed during fit.\n"
            + (
                _listed("Feature names unseen at fit time", set(names) - set(learnt))
                + _listed("Feature names seen at fit time, yet now missing", set(learnt) - set(names))
                or "Feature names must be in the same order as they were in fit.\n"
            )
            + "Select the columns by the names in feature_names_in_"
        )


def _listed(title: str, names: set[str]) -> str:
    shown = sorted(names)[:_MOST_NAMES] + (["..."] if len(names) > _MOST_NAMES else [])
    return "\n- ".join([f"{title}:", *shown]) + "\n" if names else ""
