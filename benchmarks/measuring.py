"""How the benchmarks measure: one thread, repeats taken in turn, medians, whole processes.

Importing it sets one thread for this process and its children, so it comes before NumPy; and it takes two settings of
Python out of their environment that users do not have. It needs the standard library alone: a driver stays small, since
a child's peak memory is never told as less than that of the process starting it, and a peer's own environment need hold
nothing but the peer.

Two kinds of things are timed. A *worker* is a child that imports, reads its data, and then does the same work once
whenever it is asked: what it costs in process. A *process* is a child run from start to end.

Between the runs a fixed loop is timed: it always does the same, so its spread, saved with the results, is the noise of
the machine.
"""

from __future__ import annotations

import os

for variable in (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
):
    os.environ.setdefault(variable, "1")
# With the first, every process would compile all of vikt to bytecode anew; with the second, write line by line.
for variable in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"):
    os.environ.pop(variable, None)

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("VIKT_DATA", HERE.parents[1] / "shared" / "data"))
PUBLISHED = HERE / "results"
RESULTS = Path(os.environ.get("VIKT_RESULTS", PUBLISHED))

# The packages compared with that may be in environments of their own.
PEERS = ("vowpalwabbit", "fasttext-turbo", "fasttext-new", "fasttext-numpy2-wheel", "datatrove")

Measured = dict[str, Any]


class MissingError(Exception):
    """Something optional is not here; the message says what."""


_LOOP = range(1_000_000)
_loops: list[float] = []


def time_fixed_loop() -> float:
    """The seconds of the loop whose spread `save` tells: call it between the sides of a comparison."""
    begun = time.perf_counter()
    for _ in _LOOP:
        pass
    _loops.append(time.perf_counter() - begun)
    return _loops[-1]


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What the work returns, its wall seconds and its CPU seconds; the fixed loop comes before it."""
    time_fixed_loop()
    return clocked(work)


def clocked(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """The same of work within other work that is timed, where no loop may come between."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def hold_to_one_core() -> None:
    """For a peer with a second thread that no switch keeps it from; nothing where the system knows no such hold."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def serve(prepare: Callable[[], tuple[Callable[[], Any], Callable[[Any], Measured]]]) -> None:
    """In a child: prepare, say so, then time the work once for each line that comes in.

    `prepare` returns the work, and a function that is given the result, untimed, and says what should be told of it.
    """
    try:
        work, facts = prepare()
    except (ImportError, MissingError) as error:
        _answer({"missing": str(error)})
        return
    _answer({})
    for _ in sys.stdin:
        result, wall, cpu = clocked(work)
        _answer({"wall_s": wall, "cpu_s": cpu, **facts(result)})
        del result


def _answer(what: Measured) -> None:
    print(json.dumps(what), flush=True)


class Worker:
    """A child that serves; call it to have the work done once."""

    def __init__(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self._name = " ".join(command[1:])
        missing = self._read().get("missing")
        if missing is not None:
            self.close()
            raise MissingError(missing)

    def _read(self) -> Measured:
        line = self._child.stdout.readline()
        if not line:
            raise SystemExit(f"{self._name} failed")
        return json.loads(line)

    def __call__(self) -> Measured:
        self._child.stdin.write("\n")
        self._child.stdin.flush()
        return self._read()

    def close(self) -> None:
        self._child.communicate()


def workers(commands: dict[str, list[str]], environments: dict[str, dict[str, str]] | None = None) -> dict[str, Worker]:
    """Start a worker for each name; what is missing is said and left out."""
    started = {}
    for name, command in commands.items():
        try:
            started[name] = Worker(command, (environments or {}).get(name))
        except MissingError as missing:
            print(f"{name} is left out: {missing}", flush=True)
    return started


def process(
    command: list[str], environment: dict[str, str] | None = None, given: Path | None = None, keep: bool = False
) -> Measured:
    """Wall and CPU seconds and peak MB of a whole process, from outside; what it printed if that is to be kept."""
    time_fixed_loop()
    with tempfile.TemporaryFile() as out, open(given or os.devnull, "rb") as standard_input:
        wall = time.perf_counter()
        child = subprocess.Popen(command, stdin=standard_input, stdout=out, env={**os.environ, **(environment or {})})
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - wall
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        told = {"out": out.read().decode()} if keep else {}
    if status:
        raise SystemExit(f"{' '.join(command)[:200]} failed")
    return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": _mb(usage.ru_maxrss), **told}


def _mb(maxrss: int) -> float:
    """ru_maxrss is bytes on macOS and KiB elsewhere."""
    return maxrss / 1e6 if sys.platform == "darwin" else maxrss * 1024 / 1e6


def in_turn(sides: dict[str, Callable[[], Measured]], repeats: int, warm_up: bool = True) -> dict[str, Measured]:
    """Each side in turn as often as wanted, so that the machine's noise hits all alike; once before, told apart."""
    first = {name: {"first_s": side()["wall_s"]} for name, side in sides.items()} if warm_up else {}
    runs: dict[str, list[Measured]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, side in sides.items():
            time_fixed_loop()
            runs[name].append(side())
    return {name: first.get(name, {}) | _summary(runs[name]) for name in sides}


def _summary(runs: list[Measured]) -> Measured:
    """Median, least and most of what is a float; anything else is as the last run says."""
    return {
        key: spread([run[key] for run in runs]) if isinstance(last, float) else last for key, last in runs[-1].items()
    }


def spread(values: list[float]) -> Measured:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def times_faster(rows: dict[str, Measured], name: str, other: str, key: str = "wall_s") -> float | None:
    """How many times as long the other takes, by medians; None where either is missing."""
    if name not in rows or other not in rows:
        return None
    return rows[other][key]["median"] / rows[name][key]["median"]


def machine(packages: dict[str, str]) -> Measured:
    """What was measured on, and the version of each package in the environment of the Python named for it."""
    import vikt

    return {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "threads": 1,
        "python": platform.python_version(),
        "vikt": vikt.__version__,
        **{package: _version(package, python) for package, python in packages.items()},
    }


def _version(package: str, python: str) -> str | None:
    asked = f"from importlib.metadata import version; print(version({package!r}))"
    told = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False)
    return told.stdout.strip() or None


def peer_parser(doc: str, repeats: int) -> argparse.ArgumentParser:
    """The options of a benchmark against peers, which may be in other environments."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=repeats)
    add_python_of(parser)
    return parser


def add_python_of(parser: argparse.ArgumentParser) -> None:
    help = f"a peer in another environment; peers are {', '.join(PEERS)}"
    parser.add_argument("--python-of", action="append", default=[], type=_pair, metavar="PEER=PYTHON", help=help)


def _pair(typed: str) -> str:
    peer, _, python = typed.partition("=")
    if peer not in PEERS or not python:
        raise argparse.ArgumentTypeError(f"expected PEER=PYTHON, where PEER is one of {', '.join(PEERS)}")
    return typed


def peer_options(doc: str, repeats: int) -> argparse.Namespace:
    """What is typed for a benchmark against peers that can keep its models and take some of its rows."""
    parser = peer_parser(doc, repeats)
    parser.add_argument("--folder", type=Path, help="keep what is prepared and learnt there")
    parser.add_argument("--rows", type=int, default=0, help="take only this many rows, to try it out")
    return parser.parse_args()


def python_of(pairs: list[str]) -> Callable[[str], str]:
    """The Python that runs a peer, from PEER=PYTHON pairs; this one unless told."""
    pythons = dict(pair.split("=", 1) for pair in pairs)
    return lambda peer: pythons.get(peer, sys.executable)


def fresh_cache(folder: Path) -> dict[str, str]:
    """The environment of a process that finds no compiled code, wherever that is kept."""
    return dict.fromkeys(("NUMBA_CACHE_DIR", "VIKT_CACHE_DIR", "XDG_CACHE_HOME"), tempfile.mkdtemp(dir=folder))


def save(name: str, results: Measured, partial: object = False) -> None:
    """Keep the results, and the spread of the fixed loop if they lack it; a part of the work is not published."""
    if partial and RESULTS == PUBLISHED:
        print("not saved, as something was left out")
        return
    path = RESULTS / f"{name}.json"
    noise = {"fixed_loop_s": spread(_loops)} if _loops and "fixed_loop_s" not in results else {}
    path.write_text(json.dumps(results | noise, indent=2) + "\n")
    print(f"saved to {path}")


def print_rows(title: str, header: list[str], rows: list[list[str]]) -> None:
    """A table in columns as wide as what they hold."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    print(f"\n{title}")
    for row in (header, *rows):
        first, *rest = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *rest]))
