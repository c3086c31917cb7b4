"""Hand-made features: what they measure, what encoders learn of their values, and how they are declared.

The classes of features are found when first used, since most models have none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vikt.features.handmade.features import (
        LONGEST_PHRASE,
        Capitalised,
        Category,
        Dense,
        Feature,
        FirstInSentence,
        Length,
        Lexicon,
        Number,
        Numbered,
        Pattern,
        Shape,
    )

__all__ = [
    "LONGEST_PHRASE",
    "Capitalised",
    "Category",
    "Dense",
    "Feature",
    "FirstInSentence",
    "Length",
    "Lexicon",
    "Number",
    "Numbered",
    "Pattern",
    "Shape",
]


def __getattr__(name: str) -> Any:
    """Find a class when it is first used."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.features"), name)
