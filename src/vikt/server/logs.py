"""The log of a service: a line of JSON for each event, on stderr."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import time
import traceback

from vikt.tables import escaped_json


def log(event: str, level: str = "info", **facts: object) -> None:
    """Write an event; where nothing reads it, the work continues."""
    about = {"time": _now(), "level": level, "event": event, **facts}
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(escaped_json(json.dumps(about, ensure_ascii=False)) + "\n")  # which ends with a flush


def _now() -> str:
    seconds = time.time()
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{int(seconds % 1 * 1000):03d}Z"


def log_error(event: str, error: BaseException, **facts: object) -> None:
    """Write where an error was raised, without its message, which may quote a text."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    places = [f"{os.path.basename(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
    log(event, "error", error=type(error).__name__, places=places, **facts)


class JsonHandler(logging.Handler):
    """Writes what other packages log as events."""

    def emit(self, record: logging.LogRecord) -> None:
        log("log", record.levelname.lower(), logger=record.name, message=record.getMessage())


def take_over_logging() -> None:
    """Write what Uvicorn and vikt log as events: warnings of the first, and all that the second says."""
    for name, level in (("uvicorn", logging.WARNING), ("asyncio", logging.WARNING), ("vikt", logging.INFO)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [JsonHandler()], False
        logger.setLevel(level)
