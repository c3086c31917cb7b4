"""The shards of a spool at an address, one file each, for machines that cannot read the folder of the spool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from zlib import crc32

from vikt.corpus.storage import storage_of
from vikt.errors import InputFileError
from vikt.spool.rows import SpooledRows, rows_in


class ShardSource(Protocol):
    """Where the rows of shards are read."""

    def shard(self, number: int) -> SpooledRows:
        """The rows of a shard, in no order, with the numbers of their classes."""
        ...


@dataclass(frozen=True)
class StoredShards:
    """Shards in a folder at an address, and the checksum of each."""

    folder: str
    checksums: Sequence[int]

    def shard(self, number: int) -> SpooledRows:
        """The rows of a shard. Raises InputFileError where its file is missing, damaged or cannot be read."""
        address = shard_address(self.folder, number)
        content = storage_of(address).content(address)
        if content is None:
            raise InputFileError(f"{address}: this shard of texts is missing; run the same work again to restore it")
        if crc32(content) != self.checksums[number]:
            raise InputFileError(
                f"{address}: this shard of texts is damaged: its checksum is wrong; remove the file, and run the "
                "same work again to restore it"
            )
        return rows_in(content)


def shard_address(folder: str, number: int) -> str:
    """The address of a shard's file."""
    return f"{folder}/{number:03}.arrow"
