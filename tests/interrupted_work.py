"""What tests of interrupted work share: how it ends, and what it leads to."""

from __future__ import annotations


class KilledError(BaseException):
    """Ends work at once: nothing that handles errors handles it."""


def content(classifier, folder):
    """The bytes of a classifier's model file."""
    path = folder / "saved.vikt"
    classifier.save(path, force=True)
    return path.read_bytes()
