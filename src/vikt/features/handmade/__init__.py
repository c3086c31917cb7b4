"""Hand-made features: what they measure, what encoders learn of their values, and how they are declared.

The classes of features are found when first used, since most models have none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vikt.features.handmade.features import *  # noqa: F403  (its __all__ names them, once for both readers)


def __getattr__(name: str) -> object:
    from importlib import import_module

    features = import_module(f"{__name__}.features")
    if name not in features.__all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(features, name)
