"""A system of files that refuses whatever it is asked."""

from __future__ import annotations


class NoCredentialsError(Exception):
    """As botocore's: not an OSError."""


def refuse(*arguments, **options):
    raise NoCredentialsError("Unable to locate credentials")
