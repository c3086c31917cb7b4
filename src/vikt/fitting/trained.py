"""A trained model read from a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vikt.errors import DamagedModelError, ForeignModelError
from vikt.files.model_file import is_model, load_model
from vikt.fitting.saved import SavedModel


def load_trained(path: str | Path, data: Iterable[str] = ()) -> SavedModel:
    """The model and the record of its fit in a file. Raises as `vikt.load` does.

    `data` are the files named after it: where one of them is a model, the two have been swapped.
    """
    return load_with_digest(path, data)[0]


def load_with_digest(path: str | Path, data: Iterable[str] = ()) -> tuple[SavedModel, str]:
    """What `load_trained` gives, and the digest of the file: that of another model differs."""
    try:
        arrays, header = load_model(path)
    except ForeignModelError as error:
        swapped = next((name for name in data if name != "-" and is_model(Path(name))), None)
        if swapped is None:
            raise
        raise ForeignModelError(f"{path}: is not a vikt model, but {swapped} is; name models before data") from error
    try:
        return SavedModel.from_file(arrays, header), str(header["digest"])
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, StopIteration) as error:
        found = " ".join(str(error).split())
        raise DamagedModelError(f"{path}: its parts do not form a model: {found:.200}; train it again") from None
