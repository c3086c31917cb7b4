"""What is tried, and what came of it: one row of the table for each trial, in full or in a short form."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

import data_harms
import model_harms
import service_harms
import write_harms
from workers import FAULT, REFUSED, WORKED, Limits, Outcome, tried


@dataclass(frozen=True)
class Row:
    """A row of the table: how many cases ended how, the most memory of one in MB, the seconds, and what to add."""

    what: str
    worked: int
    refused: int
    faults: int
    mb: float
    seconds: float
    note: str = ""
    faults_found: list[str] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return self.worked + self.refused + self.faults


def row(what: str, outcomes: Iterable[tuple[str, Outcome]], note: str = "", begun: float | None = None) -> Row:
    """Cases as a row, tried since a moment, or now."""
    begun = time.monotonic() if begun is None else begun
    ended, most, faults = Counter[str](), 0.0, list[str]()
    for name, outcome in outcomes:
        ended[outcome.ended] += 1
        most = max(most, outcome.mb)
        if outcome.ended == FAULT:
            faults.append(f"{name}: {outcome.why}")
    counts = ended[WORKED], ended[REFUSED], ended[FAULT]
    return Row(what, *counts, round(most), round(time.monotonic() - begun, 1), note, faults[:20])


# Model files

SMALL, LARGE = Limits(mb=8000, seconds=60), Limits(mb=12_000, seconds=120)


def _refused_only(outcomes: Iterable[tuple[str, Outcome]]) -> Iterator[tuple[str, Outcome]]:
    """The same, where a case that works is a fault too."""
    for name, outcome in outcomes:
        yield name, Outcome(FAULT, "is not refused", outcome.mb) if outcome.ended == WORKED else outcome


def flipped_bytes(folder: Path, n: int) -> Row:
    content = model_harms.content(folder, "words")
    step = max(1, len(content) // n)
    cases = model_harms.flips(content, range(0, len(content), step))
    every = "every byte" if step == 1 else f"one byte in {step}"
    return row(f"model file of {len(content):,} bytes, {every} altered", _refused_only(_models(cases, folder)))


def cut_files(folder: Path, n: int) -> Row:
    texts = [f"{a} {b}" for a in range(n) for b in range(n)]
    content = model_harms.saved(folder, [i % 2 for i in range(len(texts))], texts, {})
    cases = model_harms.cuts(content)
    return row(
        f"model file of {len(content) / 1000:,.0f} kB cut at every kilobyte", _refused_only(_models(cases, folder))
    )


def crafted_models(folder: Path, n: int) -> Row:
    """Each kind of model, after itself unaltered."""
    kinds = list(model_harms.MODELS)[: max(2, min(n // 10, len(model_harms.MODELS)))]
    contents = {name: model_harms.content(folder, name) for name in kinds}
    cases = chain.from_iterable(
        chain([(name, own)], model_harms.crafted(own, n // len(kinds), seed=number))
        for number, (name, own) in enumerate(contents.items())
    )
    what = f"models of {len(kinds)} kinds with arrays or claims altered and a right digest, then used"
    return row(what, _models(cases, folder))


def many_buckets(folder: Path, bits: int) -> Row:
    cases = [(f"hashing={bits}", model_harms.with_hashing(model_harms.content(folder, "hashed"), bits))]
    return row(f"model of 2 kB that claims `hashing={bits}`", tried("model", cases, folder, LARGE, ".vikt"))


def _models(cases: Iterable[tuple[str, bytes]], folder: Path) -> Iterator[tuple[str, Outcome]]:
    return tried("model", cases, folder, SMALL, ".vikt")


# Data


def damaged_files(folder: Path, n: int) -> Row:
    what = f"files in {len(data_harms.FILES)} forms of data, damaged at random, then read whole and in batches"
    return row(what, tried("data", data_harms.damaged(n, 0), folder, SMALL))


def filtered_files(folder: Path, n: int) -> Row:
    model_harms.content(folder, "words")  # the model that filters
    cases = chain(data_harms.damaged(n, 1, data_harms.FILTERED), islice(data_harms.bombs(), n // 10))
    return row("damaged files and bombs, filtered by a model", tried("filter", cases, folder, LARGE))


def bombs(folder: Path, n: int) -> Row:
    cases = islice(data_harms.bombs(), n)
    return row(
        "bombs: gzip, Zstandard, Parquet, Arrow, JSON, CSV that are small and stand for much",
        tried("data", cases, folder, LARGE),
    )


# Writing


def refused_writes(folder: Path, n: int) -> Row:
    write_harms.prepare(folder)
    names = list(write_harms.COMMANDS)[:n]
    what = f"{len(names)} commands that write, on a full disk, beyond a limit of size, on a read-only disk"
    return row(what, write_harms.refused_writes(folder, names))


def kills(folder: Path, n: int) -> Row:
    write_harms.prepare(folder)
    begun, found = time.monotonic(), list(write_harms.killed(folder, n, 0))
    cases = [(name, outcome) for name, outcome in found if not (name.startswith("after") and outcome.ended == WORKED)]
    is_whole = all(outcome.ended == WORKED for _, outcome in cases)
    left = "the next runs complete the work, and remove what was left" if is_whole else ""
    what = "kill -9 at a random moment of training, updating, saving, filtering: the old file or the new, whole"
    return row(what, cases, left, begun)


# A service


def of_answers(statuses: Iterable[tuple[str, int]]) -> Iterator[tuple[str, Outcome]]:
    """What answers with these statuses mean; none at all is one too, where a request is not whole."""
    for name, status in statuses:
        is_fault = status not in (0, *service_harms.ALLOWED)
        ended = FAULT if is_fault else WORKED if status in range(200, 300) else REFUSED
        yield name, Outcome(ended, f"status {status}" if is_fault else "")


@dataclass(frozen=True)
class Served:
    """A service of some models in a folder, for trials."""

    running: service_harms.Service
    models: list[str]


def malformed_requests(served: Served, n: int) -> Row:
    port, begun = served.running.port, time.monotonic()

    def ask(case: tuple[str, bytes]) -> tuple[str, int]:
        answer = service_harms.raw(port, case[1])
        return case[0], 500 if b"root:" in answer else service_harms.status_of(answer)

    with ThreadPoolExecutor(32) as pool:
        by_hand = list(pool.map(ask, service_harms.by_hand(n // 2, 0, [*served.models, "none"])))
    made = list(service_harms.of_schema(port, n - len(by_hand), 0)) if n > FEW else []
    alive = [("the service afterwards", 200 if served.running.is_alive else 500)]
    what = "requests: by hand, with bytes altered, and by Schemathesis"
    return row(what, of_answers([*by_hand, *made, *alive]), begun=begun)


FEW = 1000


def many_clients(served: Served, seconds: int) -> Row:
    found = service_harms.load(served.running.port, served.models[0], 8, seconds)
    return _of_load(f"8 clients for {seconds} s, a text each", found)


def slow_clients(served: Served, seconds: int) -> Row:
    """The quick are answered beside the slow; these are closed in time, and their descriptors with them."""
    running, n = served.running, 200
    service_harms.load(running.port, served.models[0], 1, 10, 1)
    before = running.n_descriptors
    with service_harms.slow_clients(running.port, n) as clients:
        begun = time.monotonic()
        found = service_harms.load(running.port, served.models[0], 2, seconds)
        left = service_harms.left_open(clients, begun + service_harms.READING_SECONDS + service_harms.SLACK)
        took, after = time.monotonic() - begun, running.n_descriptors
    own = _of_load(f"2 clients beside {n} that send nothing, half a request, or a byte a second", found)
    faults = [f"left open: {kind}" for kind in left] + [f"{after - before} descriptors too many"] * (after > before)
    note = f"{own.note}; all {n} closed after {took:.1f} s, as many descriptors open as before"
    n_faults = own.faults + len(faults)
    return Row(own.what, own.worked + n - len(left), 0, n_faults, 0, own.seconds, own.note if faults else note, faults)


def steady_memory(served: Served, n: int) -> Row:
    service_harms.load(served.running.port, served.models[0], 2, 600, n // 10)
    before = served.running.memory_mb
    found = service_harms.load(served.running.port, served.models[0], 2, 1200, n)
    grown = served.running.memory_mb / before - 1
    own = _of_load(f"{n:,} requests, memory before and after", found)
    faults = own.faults + (grown > MOST_GROWTH)
    note = f"{before:.0f} MB, then {100 * grown:+.1f}%"
    return Row(own.what, own.worked, 0, faults, 0, own.seconds, note)


MOST_GROWTH = 0.02


def _of_load(what: str, found: service_harms.Load) -> Row:
    note = f"p50 {1000 * found.percentile(0.5):.1f} ms, p99 {1000 * found.percentile(0.99):.1f} ms"
    failed = found.failed
    return Row(what, len(found.seconds) - failed, 0, failed, 0, round(found.wall, 1), note)


# The names of trials, each with its size in full and in short.
Trial = Callable[[Any, int], Row]
OF_FILES: dict[str, tuple[Trial, int, int]] = {
    "flips": (flipped_bytes, 10**9, 12),
    "cuts": (cut_files, 60, 8),
    "crafted": (crafted_models, 1_650, 16),
    "buckets": (many_buckets, 28, 20),
    "damaged": (damaged_files, 2_800, 28),
    "filtered": (filtered_files, 660, 33),
    "bombs": (bombs, 100, 4),
}
OF_COMMANDS: dict[str, tuple[Trial, int, int]] = {
    "writes": (refused_writes, 100, 1),
    "kills": (kills, 100, 4),
}
OF_A_SERVICE: dict[str, tuple[Trial, int, int]] = {
    "requests": (malformed_requests, 10_000, 150),
    "slow": (slow_clients, 10, 1),
    "clients": (many_clients, 60, 1),
    "memory": (steady_memory, 100_000, 500),
}


def trials_in_folders(
    trials: Mapping[str, tuple[Trial, int, int]], folder: Path, is_short: bool, only: Callable[[str], bool]
) -> Iterator[tuple[str, Row]]:
    """The names and rows of trials, each in a folder of its own."""
    for name, (trial, full, short) in trials.items():
        if only(name):
            own = folder / name
            own.mkdir(exist_ok=True)
            yield name, trial(own, short if is_short else full)


def trials_of_a_service(folder: Path, is_short: bool, only: Callable[[str], bool]) -> Iterator[tuple[str, Row]]:
    """The names and rows of trials of a service."""
    if not any(map(only, OF_A_SERVICE)):
        return
    names = ["words", "several labels", "made by hand"]
    models = [folder / f"{name.replace(' ', '-')}.vikt" for name in names]
    for name, path in zip(names, models, strict=True):
        path.write_bytes(model_harms.content(folder, name))
    for name, (trial, full, short) in OF_A_SERVICE.items():
        if only(name):
            with service_harms.service(models, folder / f"service-{name}.log") as running:
                yield name, trial(Served(running, [path.stem for path in models]), short if is_short else full)
