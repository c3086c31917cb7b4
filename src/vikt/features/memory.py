"""How much memory training takes, logged before it starts."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re

from vikt.errors import ParameterError
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.settings import FeatureSettings
from vikt.tables import size

_WORTH_LOGGING = 1_000_000_000

# Measured at the peak of `vikt train`; see docs/features.md.
_FIXED = 250_000_000
_PER_BYTE = 2
_PER_LENGTH = {" ": 3, "": 5}
_PER_BUCKET = 25
# Of words and of characters, for each byte of text.
_ENTRIES_PER_LENGTH = {" ": 0.13, "": 0.3}


_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_SIZE = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>[kmgt]?i?)b?", re.IGNORECASE)


def bytes_of(memory: str | int) -> int:
    """A number of bytes, as a number or as people write it. Raises ParameterError where it is none.

    Examples
    --------
    >>> bytes_of("1GB"), bytes_of("1.5 GiB"), bytes_of("800m"), bytes_of(10**9)
    (1000000000, 1610612736, 800000000, 1000000000)
    """
    found = _SIZE.fullmatch(str(memory).strip())
    if found is None or found["unit"].lower() not in _UNITS:
        raise ParameterError("memory", f"expected a number of bytes such as 1GB or 800MB, found {memory!r:.40}")
    return int(float(found["number"]) * _UNITS[found["unit"].lower()])


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
        "or fewer rows take less, and so does work from disk (vikt train --memory 1GB, or fit_files)"
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
    of_lengths = sum(_n_lengths(part) * _PER_LENGTH[part.rule.joiner] for part in settings.parts())
    n_buckets = 0 if settings.hashing is None else 1 << settings.hashing
    return _FIXED + int(n_bytes * (_PER_BYTE + of_lengths)) + n_buckets * _PER_BUCKET


def entries_per_byte(settings: FeatureSettings) -> float:
    """How many entries rows have for each byte of text, roughly.

    Examples
    --------
    >>> entries_per_byte(FeatureSettings(ngrams=(1, 2)))
    0.26
    """
    return sum(map(ngrams_per_byte, settings.parts()))


def ngrams_per_byte(part: Ngrams) -> float:
    """How many n-grams of one part there are for each byte of text, roughly."""
    return _n_lengths(part) * _ENTRIES_PER_LENGTH[part.rule.joiner]


def _n_lengths(part: Ngrams) -> int:
    return 1 + part.ngrams[1] - part.ngrams[0]


def memory_available() -> int:
    """The bytes of free memory, caches counted as free; all memory where the system does not say what is free."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            sizes = dict(line.split(":") for line in file)
        return int(sizes["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return _memory_installed()


def memory_resident() -> int:
    """The bytes of memory that this process holds; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError, AttributeError):
        return 0


def give_memory_back() -> None:
    """Give back to the system what the C library keeps of freed memory, where it can be asked to."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _memory_installed() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 1 << 63  # Windows says neither.
