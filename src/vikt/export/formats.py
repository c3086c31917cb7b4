"""The formats that a trained model is exported to, in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from vikt.errors import UsageError
from vikt.export.card import KIND as CARD_KIND
from vikt.export.card import card_of, is_card
from vikt.export.html.page import KIND, is_classifier_page, page_of
from vikt.export.html.quantise import fitting_page
from vikt.export.onnx_graph import KIND as ONNX_KIND
from vikt.export.onnx_graph import is_onnx_of_vikt, onnx_of
from vikt.export.sklearn_pipeline import is_empty_file, joblib_of
from vikt.fitting.saved import SavedModel
from vikt.names import ExportFormatName
from vikt.tables import quoted


@dataclass(frozen=True)
class ExportFormat:
    """A format to export to.

    Attributes
    ----------
    endings : tuple of str
        The endings of file names that mean it.
    kind : str
        What such a file is called in a message, such as "a page that vikt exported".
    is_own : Callable
        Whether a file is of this kind, so that it may be replaced.
    content : Callable
        The bytes of the file, of a model and its name. Raises UsageError where the format cannot hold the model.
    fitting : Callable, optional
        Makes a model small enough: of a model, its name and the most bytes that its content may take.
        None where the format has no size to choose.
    """

    endings: tuple[str, ...]
    kind: str
    is_own: Callable[[Path], bool]
    content: Callable[[SavedModel, str], bytes]
    fitting: Callable[[SavedModel, str, int], SavedModel] | None = None


FORMATS: dict[ExportFormatName, ExportFormat] = {
    "html": ExportFormat((".html", ".htm"), KIND, is_classifier_page, page_of, fitting_page),
    "card": ExportFormat((".md",), CARD_KIND, is_card, card_of),
    "sklearn": ExportFormat((".joblib",), "empty", is_empty_file, joblib_of),
    "onnx": ExportFormat((".onnx",), ONNX_KIND, is_onnx_of_vikt, onnx_of),
}


def format_of(path: Path, name: ExportFormatName | None = None) -> ExportFormat:
    """The format of a name, or else of the ending of a file.

    Raises
    ------
    UsageError
        The ending is of no format, and none is named.
    """
    if name is not None:
        return FORMATS[name]
    found = next((each for each in FORMATS.values() if path.suffix.lower() in each.endings), None)
    if found is None:
        endings = [ending for each in FORMATS.values() for ending in each.endings]
        raise UsageError(
            f"{path}: no export format has this file extension; choose one of {quoted(endings)}, or name the format "
            f"with --to {'|'.join(get_args(ExportFormatName))}"
        )
    return found
