"""What a service is set to: its limits, and who may use it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

# What the longest headers of a request may hold, its first line included.
HEADER_BYTES = 32_768
# Up to this size a body is read at once, and answered before longer ones that came earlier.
SHORT_BYTES = 65_536


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a request may take.

    Attributes
    ----------
    body_bytes : int
        The size of its body.
    texts : int
        The texts in a request to predict.
    explained_characters : int
        The length of a text to explain: its explanation is many times as long.
    seconds : float
        The time from the headers of a request to the end of its answer.
    reading_seconds : float
        The time that a client may take to send headers, and that it may take to send the body.
    waiting : int
        The requests that may wait for their turn; any more are refused.
    connections : int
        The connections of a process.
    """

    body_bytes: int = 4_000_000
    texts: int = 1_000
    explained_characters: int = 20_000
    seconds: float = 30.0
    reading_seconds: float = 10.0
    waiting: int = 64
    connections: int = 1_000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a service is set to.

    Attributes
    ----------
    models : dict of str to Path
        The file of each model by name.
    token : str
        What clients must present; empty for none.
    hosts : frozenset of str
        The names by which clients may call the host; empty for any.
    log_texts : bool
        Whether the log has the texts of requests.
    """

    models: dict[str, Path]
    token: str = field(default="", repr=False)
    hosts: frozenset[str] = frozenset()
    limits: Limits = Limits()
    log_texts: bool = False
