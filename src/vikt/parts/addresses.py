"""Parts in files that may be elsewhere."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from vikt.corpus.storage import is_address, plain_name, storage_of
from vikt.parts.disk import Decoder, part_in
from vikt.parts.part import Part


def part_at(address: str, decoder: Decoder, has_dummy: bool = True) -> Part:
    """The part in a file that `write_part` wrote, which has since been moved to an address that fsspec knows, or not.

    Raises
    ------
    InputFileError
        The file is damaged or cannot be read.
    UsageError
        fsspec does not know such addresses.
    MissingPackageError
        fsspec, or the package that it needs for the address, is not installed.
    """
    name = plain_name(address)
    if not is_address(name):
        return part_in(Path(name), decoder, has_dummy)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "part")
        with storage_of(name).stored(name) as there, path.open("wb") as here:
            shutil.copyfileobj(there, here)
        return part_in(path, decoder, has_dummy)
