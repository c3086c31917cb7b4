"""Fitted hand-made features as plain values and arrays, without code."""

from __future__ import annotations

from dataclasses import dataclass

from vikt.arrays import Arrays
from vikt.features.handmade.declarations import declaration
from vikt.features.handmade.encoders import AnyEncoder
from vikt.features.handmade.features import Feature
from vikt.mappings import Parameters


@dataclass(frozen=True, eq=False)
class HandmadeSpec:
    """A fitted hand-made feature.

    Attributes
    ----------
    declaration : mapping
        Its name, kind and options, as in a TOML file.
    encoder : str
        How values become columns: "Unscaled", "Scaled", "Block", "Categories" or "Indices", which
        `vikt.features.handmade.encoders` documents.
    arrays : mapping of str to array
        What the encoder has learnt.
    names : tuple of str
        The names of the columns.
    """

    declaration: Parameters
    encoder: str
    arrays: Arrays
    names: tuple[str, ...]


def handmade_spec(feature: Feature, encoder: AnyEncoder) -> HandmadeSpec:
    """A feature and what its encoder has learnt."""
    names = tuple(encoder.names(feature.name))
    return HandmadeSpec(declaration(feature), type(encoder).__name__, encoder.to_arrays(), names)
