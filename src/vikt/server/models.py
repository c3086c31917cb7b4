"""The models of a service by name, each replaced by its newer version as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from vikt.errors import InputFileError, ModelFileError, ViktError
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
        """Make what the first answers need; until then, answers are slower. What goes wrong is logged."""
        for served in list(self.served.values()):
            try:
                served.warm_up()
            except Exception as error:
                log_error("model not warmed up", error, model=served.name)
        self.is_warm.set()

    def watch(self, metrics: Metrics, stopped: Event) -> None:
        """Take up changed files about each second, until `stopped` is set."""
        while not stopped.wait(_SECONDS_BETWEEN_LOOKS):
            self.renew(metrics)

    def renew(self, metrics: Metrics) -> None:
        """Take up each file that has changed; where the new one cannot be read, the old version stays."""
        for name, path in self.files.items():
            version = version_of(path)
            if version in (self.served[name].version, self.refused.get(name)):
                continue
            try:
                self._take_up(name, path, metrics)
            except Exception as error:
                # Other faults, such as a full disk, may pass: the version is tried again.
                if isinstance(error, (ModelFileError, InputFileError)):
                    self.refused[name] = version
                metrics.add_failure(name)
                _log_refusal(name, error)

    def _take_up(self, name: str, path: Path, metrics: Metrics) -> None:
        before, served = self.served[name], Served.read(name, path, self.copies)
        served.warm_up()
        changed = [about for about, value in before.summary.items() if value != served.summary[about]]
        self.served[name] = served
        self.copies.drop_older(name, served.version)
        metrics.add_load(name, served.loaded_at)
        log("model replaced", model=name, version=served.version, changed=changed)


def _log_refusal(name: str, error: Exception) -> None:
    if isinstance(error, ViktError):
        log("model refused", "error", model=name, error=type(error).__name__, message=str(error))
    else:
        log_error("model refused", error, model=name)
