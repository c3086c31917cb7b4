"""A trained model read from a file."""

from __future__ import annotations

from pathlib import Path

from vikt.errors import DamagedModelError
from vikt.files.model_file import load_model
from vikt.fitting.saved import SavedModel


def load_trained(path: str | Path) -> SavedModel:
    """The model and the record of its fit in a file.

    Raises
    ------
    InputFileError
        There is no such file.
    ModelFileError
        It is not a vikt model, is damaged, or has another format.
    """
    arrays, header = load_model(path)
    try:
        return SavedModel.from_file(arrays, header)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        found = " ".join(str(error).split())
        raise DamagedModelError(f"{path}: its parts are no model together: {found:.200}; train it again") from None
