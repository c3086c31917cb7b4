"""A trained model read from a file."""

from __future__ import annotations

from pathlib import Path

from vikt.errors import DamagedModelError
from vikt.files.model_file import load_model
from vikt.fitting.saved import SavedModel


def load_trained(path: str | Path) -> SavedModel:
    """The model and the record of its fit in a file. Raises as `vikt.load` does."""
    arrays, header = load_model(path)
    try:
        return SavedModel.from_file(arrays, header)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, StopIteration) as error:
        found = " ".join(str(error).split())
        raise DamagedModelError(f"{path}: its parts do not form a model: {found:.200}; train it again") from None
