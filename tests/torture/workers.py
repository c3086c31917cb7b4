"""Cases tried one after another in a process apart, which may take so much time and memory and no more.

A case works, is refused by an error of vikt's in one line, or is a fault: another exception, a crash, or a limit
passed.
"""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

HERE = Path(__file__).parent
WORKED, REFUSED, FAULT = "worked", "refused", "fault"
SECONDS_TO_START = 120.0


@dataclass(frozen=True)
class Outcome:
    """What came of a case: how it ended, why, the MB that it took on top of what the process had, and the seconds."""

    ended: str
    why: str = ""
    mb: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Limits:
    """What one case may take: address space in MB, which includes what libraries reserve, and seconds."""

    mb: int = 8000
    seconds: float = 20.0


class Worker:
    """A process that uses one file after another, started anew when one of them ends it."""

    def __init__(self, use: str, limits: Limits, folder: Path) -> None:
        self.use, self.limits, self.folder = use, limits, folder
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def try_file(self, path: Path) -> Outcome:
        process = self.process or self._started()
        begun = time.monotonic()
        process.stdin.write(json.dumps(str(path)).encode() + b"\n")
        process.stdin.flush()
        line = self._line(process, self.limits.seconds)
        seconds = time.monotonic() - begun
        if line:
            return Outcome(**json.loads(line), seconds=seconds)
        code = process.poll()
        self._end()
        return Outcome(FAULT, "did not end in time" if code is None else f"ended the process: {code}", seconds=seconds)

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(HERE / "uses.py"), self.use, str(self.limits.mb)]
        with open(self.folder / "workers.log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        assert self._line(self.process, SECONDS_TO_START) == b"ready\n", self.folder / "workers.log"
        return self.process

    def _line(self, process: subprocess.Popen[bytes], seconds: float) -> bytes:
        """The next line; nothing where the process ends, or the time does."""
        ready, _, _ = select.select([process.stdout], [], [], seconds)
        line = process.stdout.readline() if ready else b""
        if not line and ready:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
        return line

    def _end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def tried(
    use: str, cases: Iterable[tuple[str, bytes]], folder: Path, limits: Limits, suffix: str = ""
) -> Iterator[tuple[str, Outcome]]:
    """What comes of each case: its name, and the content of a file; the files of faults stay in the folder."""
    with Worker(use, limits, folder) as worker:
        for number, (name, content) in enumerate(cases):
            path = folder / f"case{suffix or Path(name).suffix}"
            path.write_bytes(content)
            outcome = worker.try_file(path)
            if outcome.ended == FAULT:
                path.rename(folder / f"fault-{number}{path.suffix}")
            yield name, outcome
