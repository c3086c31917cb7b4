"""Shards that are put at an address for the workers of a cluster, and removed with the folder of the work.

They lie in a folder of their own there, so that nothing else at the address is touched. A file in the folder of the
work says where that is, and what is in it.
"""

from __future__ import annotations

import logging
import secrets
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from vikt.corpus.storage import is_address, plain_name, storage_of
from vikt.errors import ViktError
from vikt.files.work_folder import read_json, write_json
from vikt.fitting.sharded.shard_work import ShardWork
from vikt.spool.rows import content_of
from vikt.spool.stored import StoredShards, shard_address

_LOG = logging.getLogger("vikt")

_STORED = "stored.json"


class _Stored(NamedTuple):
    """The address that a user names, the folder there, and the size and checksum of each shard that was put there."""

    address: str
    folder: str
    files: list[list[int]]


def stored_shards(work: ShardWork, address: str) -> StoredShards:
    """The shards of some work at an address, put there as far as they are not there yet.

    Raises
    ------
    ViktError
        The address cannot be written to. What is there stays, so that the same work can resume.
    """
    stored = _at(address, work.folder.path)
    storage, files = storage_of(stored.folder), stored.files
    for number in range(len(work.shards)):
        work.progress("storing shards", number, len(work.shards))
        place = shard_address(stored.folder, number)
        if number < len(files) and storage.size(place) == files[number][0]:
            continue
        content = content_of(work.shards.spool.shard(number))
        with storage.writing(place) as file:
            file.write(content)
        files[number : number + 1] = [[len(content), crc32(content)]]
        write_json(work.folder / _STORED, stored._asdict())
    return StoredShards(stored.folder, tuple(checksum for _, checksum in files))


def discard_shards(work_path: Path) -> None:
    """Remove the shards that the work in a folder has put elsewhere, if any. A failure is told, and raises nothing."""
    path = work_path / _STORED
    if not path.exists():
        return
    try:
        folder = read_json(path)["folder"]
        storage_of(folder).remove_folder(folder)
    except ViktError as error:
        _LOG.warning(error.message)


def within(address: str, name: str) -> str:
    """The address of what has a name at an address, or its whole path in a folder of this machine."""
    if not is_address(plain_name(address)):
        address = storage_of(address).located(address)
    return f"{address.rstrip('/')}/{name}"


def _at(address: str, work_path: Path) -> _Stored:
    """What was put at an address before, if anything; what was put at another one is removed."""
    path = work_path / _STORED
    if path.exists() and (before := _Stored(**read_json(path))).address == address:
        return before
    discard_shards(work_path)
    stored = _Stored(address, within(address, f"vikt-{secrets.token_hex(8)}"), [])
    write_json(path, stored._asdict())
    return stored
