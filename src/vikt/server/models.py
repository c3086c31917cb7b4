"""The models of a service by name, each replaced by its newer version as a whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from vikt.errors import ViktError
from vikt.server.copies import Copies, version_of
from vikt.server.logs import log, log_error
from vikt.server.metrics import Metrics
from vikt.server.problems import ProblemError
from vikt.server.served import Served
from vikt.tables import quoted

_SECONDS_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True)
class Models:
    """The models that are served, and the files that they are read from."""

    files: dict[str, Path]
    copies: Copies
    served: dict[str, Served] = field(default_factory=dict)
    # Set once answers come at full speed.
    is_warm: Event = field(default_factory=Event)
    # The versions that could not be read, by model, so that each is tried and reported once.
    refused: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, files: dict[str, Path], copies: Copies) -> Models:
        """All models. Raises as `Served.read` does."""
        models = cls(files, copies)
        for name, path in files.items():
            models.served[name] = Served.read(name, path, copies)
        return models

    def __getitem__(self, name: str) -> Served:
        """The present version of a model. Raises ProblemError where there is no such model."""
        found = self.served.get(name)
        if found is None:
            raise ProblemError(404, f"there is no model {name!r:.80}; choose from {quoted(self.served)}")
        return found

    def warm_up(self) -> None:
        """Make what the first answers need; until then, texts are answered more slowly by what is there."""
        try:
            for served in self.served.values():
                served.warm_up()
        finally:
            self.is_warm.set()

    def renew(self, metrics: Metrics) -> None:
        """Take up each file that has changed; where the new one cannot be read, the old version stays."""
        for name, path in self.files.items():
            version = version_of(path)
            if version not in (self.served[name].version, self.refused.get(name)):
                self.refused[name] = version
                self._replace(name, path, metrics)

    def _replace(self, name: str, path: Path, metrics: Metrics) -> None:
        try:
            served = Served.read(name, path, self.copies)
            served.warm_up()
        except ViktError as error:
            metrics.add_failure(name)
            log("model refused", "error", model=name, error=type(error).__name__, message=str(error))
            return
        self.served[name] = served
        self.refused.pop(name)
        self.copies.drop_others(name, served.version)
        metrics.add_load(name, served.loaded_at)
        log("model replaced", model=name, version=served.version)

    def tend(self, metrics: Metrics, stopped: Event, orphaned: Callable[[], None]) -> None:
        """Warm up, then look for changed files about each second, until `stopped` is set.

        Call `orphaned` once the parent of this process has gone.
        """
        parent = os.getppid()
        _logged("models not warmed up", self.warm_up)
        while not stopped.wait(_SECONDS_BETWEEN_LOOKS):
            _logged("models not renewed", lambda: self.renew(metrics))
            if os.getppid() != parent:
                orphaned()


def _logged(failure: str, work: Callable[[], None]) -> None:
    """Do some work; log what goes wrong, since nobody waits for it, and more work follows."""
    try:
        work()
    except Exception as error:
        log_error(failure, error)
