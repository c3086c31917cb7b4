"""Parts in files that may be elsewhere."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vikt.errors import InputFileError, MissingPackageError
from vikt.parts.disk import Decoder, part_in
from vikt.parts.part import Part


def part_at(address: str, decoder: Decoder, has_dummy: bool = True) -> Part:
    """The part in a file that `write_part` wrote, which has since been moved to an address that fsspec knows, or not.

    Raises
    ------
    InputFileError
        The file is damaged or cannot be read.
    MissingPackageError
        fsspec is not installed.
    """
    if "://" not in address:
        return part_in(Path(address), decoder, has_dummy)
    with _fetched(address) as path:
        return part_in(path, decoder, has_dummy)


@contextmanager
def _fetched(address: str) -> Iterator[Path]:
    """A copy of a file for as long as it is read."""
    try:
        import fsspec
    except ImportError:
        raise MissingPackageError.of_extra(f"the address {address}", ["fsspec"], "cluster") from None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "part")
        # Systems have errors of their own, and a package for each, which may be missing.
        try:
            with fsspec.open(address, "rb") as there, path.open("wb") as here:
                shutil.copyfileobj(there, here)
        except Exception as error:
            raise InputFileError(f"{address}: cannot be read ({error}); check the address") from error
        yield path
