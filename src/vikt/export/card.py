"""A model card as a file."""

from __future__ import annotations

from pathlib import Path

from vikt.fitting.saved import SavedModel
from vikt.report.card.card import model_card

# How a card starts.
_START = b"---\nlibrary_name: vikt\n"


def is_card(path: Path) -> bool:
    """Whether a file is a card of a model of vikt's."""
    with path.open("rb") as file:
        return file.read(len(_START)) == _START


def card_of(saved: SavedModel, name: str) -> bytes:
    """The card of a model of that name."""
    return model_card(saved, name).encode()
