"""Fitted features as plain values and arrays, without code."""

from __future__ import annotations

from dataclasses import dataclass

from vikt.features.handmade.spec import HandmadeSpec
from vikt.features.ngrams.spec import NgramSpec


@dataclass(frozen=True, eq=False)
class FeaturesSpec:
    """Fitted features without code: the columns of each part, one part after the other."""

    ngrams: tuple[NgramSpec, ...]
    handmade: tuple[HandmadeSpec, ...]
