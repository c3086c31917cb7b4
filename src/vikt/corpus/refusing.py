"""What goes wrong with a file, told as vikt's errors with its address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vikt.errors import InputFileError, OutputFileError, ViktError


@contextmanager
def refusing(
    address: str,
    kind: type[InputFileError] | type[OutputFileError] = InputFileError,
    deed: str = "read",
    remedy: str = "check the address and your access",
) -> Iterator[None]:
    """Raise what is not an error of vikt as one of `kind`: systems of files have errors of many packages.

    Examples
    --------
    >>> with refusing("s3://bucket/a.csv"):
    ...     raise RuntimeError("no credentials")
    Traceback (most recent call last):
    vikt.errors.InputFileError: s3://bucket/a.csv: cannot be read (RuntimeError: no credentials); check the address \
and your access
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, ViktError):
            raise
        named = f"{type(error).__name__}: {error}".removesuffix(": ")
        if isinstance(error, FileNotFoundError):
            named = "no such file"
        reason = " ".join((error.strerror or named).split()) if isinstance(error, OSError) else " ".join(named.split())
        raise kind(f"{address}: cannot be {deed} ({reason:.200}); {remedy}") from None
