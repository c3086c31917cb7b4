"""How much memory training takes, logged before it starts."""

from __future__ import annotations

import os

from vikt.features.settings import FeatureSettings
from vikt.tables import size

_WORTH_LOGGING = 1_000_000_000

# Measured at the peak of `vikt train`; see docs/features.md.
_FIXED = 250_000_000
_PER_BYTE = 2
_PER_LENGTH = {" ": 3, "": 5}
_PER_BUCKET = 25


def log_memory(n_bytes: int, settings: FeatureSettings) -> None:
    """Log what training on n_bytes of text takes: as a warning where it is more than there is."""
    import logging

    needed, available = memory_needed(n_bytes, settings), memory_available()
    if needed <= min(_WORTH_LOGGING, available):
        return
    estimate = f"training on {size(n_bytes)} of text takes about {size(needed)} of memory"
    if needed <= available:
        logging.getLogger("vikt").info(estimate)
        return
    logging.getLogger("vikt").warning(
        f"{estimate}, and {size(available)} are free; shorter n-grams, words instead of characters, "
        "or fewer rows take less"
    )


def memory_needed(n_bytes: int, settings: FeatureSettings) -> int:
    """The bytes that training on n_bytes of text takes at its peak, roughly.

    These are 250 MB, 2 bytes for each byte of text, 3 more for each length of n-grams of words, 5 for each length of
    n-grams of characters, and 25 for each bucket of hashed n-grams. Weights of many classes and more threads come on
    top.

    Examples
    --------
    >>> memory_needed(1_000_000_000, FeatureSettings(ngrams=(1, 2)))
    8250000000
    """
    parts = settings.parts()
    of_lengths = sum((1 + part.ngrams[1] - part.ngrams[0]) * _PER_LENGTH[part.rule.joiner] for part in parts)
    n_buckets = 0 if settings.hashing is None else 1 << settings.hashing
    return _FIXED + n_bytes * (_PER_BYTE + of_lengths) + n_buckets * _PER_BUCKET


def memory_available() -> int:
    """The bytes of free memory, caches counted as free; all memory where the system does not say what is free."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            sizes = dict(line.split(":") for line in file)
        return int(sizes["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return _memory_installed()


def _memory_installed() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 1 << 63  # Windows says neither.
