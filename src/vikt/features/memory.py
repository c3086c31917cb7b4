"""How much memory training takes, told before it begins."""

from __future__ import annotations

import os

from vikt.features.text import FeatureSettings

_WORTH_TELLING = 1_000_000_000

# Measured at the peak of `vikt train`; see docs/features.md.
_AT_LEAST = 250_000_000
_OF_A_BYTE = 5
_OF_A_LENGTH = {" ": 5, "": 10}
_OF_A_BUCKET = 28


def tell_memory(n_bytes: int, settings: FeatureSettings) -> None:
    """Log what training on so many bytes of text takes: as a warning where it is more than there is."""
    import logging

    needed, available = memory_needed(n_bytes, settings), memory_available()
    if needed <= min(_WORTH_TELLING, available):
        return
    said = f"training on {n_bytes / 1e9:.1f} GB of text takes about {needed / 1e9:.1f} GB of memory"
    if needed <= available:
        logging.getLogger("vikt").info(said)
        return
    logging.getLogger("vikt").warning(
        f"{said}, and {available / 1e9:.1f} GB are free; shorter n-grams, words instead of characters, or fewer rows "
        "take less"
    )


def memory_needed(n_bytes: int, settings: FeatureSettings) -> int:
    """The bytes that training on so many bytes of text takes at its peak, roughly.

    250 MB, and for each byte of text 5 bytes, with 5 more for each length of n-grams of words and 10 for each of
    characters; 28 for each bucket where n-grams are hashed. Weights of many classes come on top.

    Examples
    --------
    >>> memory_needed(1_000_000_000, FeatureSettings(ngrams=(1, 2)))
    15250000000
    """
    parts = settings.parts()
    of_lengths = sum((1 + part.ngrams[1] - part.ngrams[0]) * _OF_A_LENGTH[part.analyzer.joiner] for part in parts)
    n_buckets = 0 if settings.hashing is None else 1 << settings.hashing
    return _AT_LEAST + n_bytes * (_OF_A_BYTE + of_lengths) + n_buckets * _OF_A_BUCKET


def memory_available() -> int:
    """The bytes of memory that are free, caches counted as free; all there is where the system does not tell."""
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
        return 1 << 63  # Windows does not tell either.
