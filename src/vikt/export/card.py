"""A model card as a file, with a digest that tells a card as it was written from one that a person has edited."""

from __future__ import annotations

import hashlib
from pathlib import Path

from vikt.fitting.saved import SavedModel
from vikt.report.card.card import model_card

# How a card starts.
_START = b"---\nlibrary_name: vikt\n"
KIND = "an unedited model card from vikt"


def card_of(saved: SavedModel, name: str) -> bytes:
    """The card of a model of that name."""
    card = model_card(saved, name).encode()
    return card + _mark(card)


def is_card(path: Path) -> bool:
    """Whether a file is a card as vikt wrote it: one that a person has completed is not to be lost."""
    with path.open("rb") as file:
        start = file.read(len(_START))
        if start != _START:
            return False
        content = start + file.read()
    length = len(content) - len(_mark(b""))
    return content[length:] == _mark(content[:length])


def _mark(card: bytes) -> bytes:
    """The last line, which Markdown does not show."""
    return f"\n<!-- vikt: {hashlib.sha256(card).hexdigest()} -->\n".encode()
