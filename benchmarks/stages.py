"""Where the seconds of a `vikt` command go: the command itself, run while the functions of its stages are timed.

python benchmarks/stages.py FILE train train.tsv ...

FILE gets the wall and CPU seconds of each stage as JSON, and the functions that no module had. A stage has the time of
its functions less that of the stages within it, so that the stages add up to the time from here to the end of the
command; what no stage has is `OTHER`.
"""

from __future__ import annotations

import atexit
import builtins
import functools
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any

IMPORTS, OTHER = "imports", "the rest"
COMPILED = "compiled code, found and loaded"
# Each function by its module and its name there.
STAGES = {
    "reading": [
        ("vikt.corpus.labelled", "read_tables"),
        ("vikt.corpus.labelled", "labelled"),
        ("vikt.cli.inputs", "read_others"),
        ("vikt.fitting.sharded.files", "LabelledFiles.spooled"),
    ],
    "digests, order and overlap": [
        ("vikt.fitting.examples", "Examples.of"),
        ("vikt.corpus.digests", "ContentDigests.fingerprint"),
        ("vikt.corpus.overlap", "overlap"),
        ("vikt.fitting.sharded.shards", "Shards.of"),
        ("vikt.fitting.sharded.shard_work", "ShardWork._count"),
    ],
    "features": [
        ("vikt.fitting.prepare", "prepare"),
        ("vikt.features.text", "TextFeatures.learn_over"),
        ("vikt.fitting.sharded.disk_rows", "DiskRows._write"),
    ],
    "choice of features and λ": [("vikt.fitting.fit", "chosen_plan"), ("vikt.selection.penalty", "choose_l2_near")],
    "fit": [("vikt.fitting.parts", "fit_part")],
    "certificate": [
        ("vikt.solvers.certificate", "gradient_certificate"),
        ("vikt.solvers.certificate", "dual_certificate"),
        ("vikt.solvers.certificate", "certificate_nearby"),
    ],
    "test": [("vikt.report.html.tested", "Tested.of"), ("vikt.cli.train_sharded", "_tested")],
    "saving": [("vikt.cli.outputs", "save_or_print")],
    COMPILED: [("vikt.compiled", "compiled"), ("vikt.compiled.building", "object_file")],
}

CLOCKS = {"wall_s": time.perf_counter, "cpu_s": time.process_time}


class Stopwatch:
    """The seconds of stages, by each clock: at any moment, only the innermost stage's run."""

    def __init__(self) -> None:
        self.seconds = {stage: dict.fromkeys(CLOCKS, 0.0) for stage in (IMPORTS, *STAGES, OTHER)}
        self._stage, self._since = OTHER, self._now()

    @staticmethod
    def _now() -> dict[str, float]:
        return {name: clock() for name, clock in CLOCKS.items()}

    def turn_to(self, stage: str) -> str:
        """Have the clocks of a stage run from now on; gives back the stage before."""
        before, now = self._stage, self._now()
        for name in CLOCKS:
            self.seconds[before][name] += now[name] - self._since[name]
        self._stage, self._since = stage, now
        return before

    @contextmanager
    def within(self, stage: str) -> Iterator[None]:
        before = self.turn_to(stage)
        try:
            yield
        finally:
            self.turn_to(before)

    def timing(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **options: Any) -> Any:
            with self.within(stage):
                return function(*args, **options)

        return run


class Instruments:
    """Puts the timed function in the place of each stage's as soon as its module is loaded.

    An import returns before `from` binds the names asked for, so everybody who imports a function gets the timed one.
    """

    def __init__(self, watch: Stopwatch) -> None:
        self.watch = watch
        self.missing = {place: stage for stage, places in STAGES.items() for place in places}
        self._import = builtins.__import__
        builtins.__import__ = self._importing

    def _importing(self, *args: Any, **options: Any) -> ModuleType:
        with self.watch.within(IMPORTS):
            module = self._import(*args, **options)
        for place in [place for place in self.missing if place[0] in sys.modules]:
            self._place(*place)
        return module

    def _place(self, module: str, path: str) -> None:
        *outer, name = path.split(".")
        owner: Any = functools.reduce(lambda found, part: getattr(found, part, None), outer, sys.modules[module])
        found = vars(owner).get(name) if owner is not None else None
        if found is None:
            return  # the module is still being loaded
        timing = functools.partial(self.watch.timing, self.missing.pop((module, path)))
        setattr(owner, name, timing(found) if isinstance(found, FunctionType) else classmethod(timing(found.__func__)))

    def unmet(self) -> list[str]:
        """The functions that their modules do not have, as after they got another name; not all modules are loaded."""
        return [f"{module}.{path}" for module, path in self.missing if module in sys.modules]


def main(file: str, *command: str) -> None:
    watch = Stopwatch()
    instruments = Instruments(watch)

    def tell() -> None:
        watch.turn_to(OTHER)
        with open(file, "w", encoding="utf-8") as told:
            json.dump({"seconds": watch.seconds, "unmet": instruments.unmet()}, told)

    atexit.register(tell)
    sys.argv = ["vikt", *command]
    from vikt.__main__ import main as run

    run()


if __name__ == "__main__":
    main(*sys.argv[1:])
