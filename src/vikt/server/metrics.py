"""Counts for Prometheus: those of each process in memory that all share, summed where they are read.

Each field of a row has one writer, a thread of its process, so nothing is locked; a process that is started anew goes
on with the row of the one before it. Labels are the routes, statuses and models that are known at the start, never a
text.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

MEDIA_TYPE = CONTENT_TYPE_LATEST
OTHER = "other"
STATUSES = ("200", "304", "400", "401", "404", "405", "408", "413", "415", "421", "422", "500", "501", "503", OTHER)
# The upper ends of the buckets of a time, in seconds.
EDGES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_OF_ROUTE = [
    ("statuses", np.float64, len(STATUSES)),
    ("durations", np.float64, len(EDGES) + 1),
    ("seconds", np.float64),
    ("bytes", np.float64),
]
_OF_MODEL = [(name, np.float64) for name in ("texts", "loads", "failures", "loaded_at")]
_OF_PROCESS = [("in_flight", np.float64)]


@dataclass(frozen=True)
class Metrics:
    """The counts of all processes, (processes, routes), (processes, models) and (processes,); `row` is this one's.

    Examples
    --------
    >>> metrics = Metrics.of(["/healthz"], ["spam"], processes=2)
    >>> metrics.of_process(1).add_texts("spam", 3)
    >>> metrics.of_process(0).add_texts("spam", 2)
    >>> b'vikt_texts_total{model="spam"} 5.0' in metrics.exposition()
    True
    """

    routes: tuple[str, ...]
    models: tuple[str, ...]
    by_route: NDArray[np.void]
    by_model: NDArray[np.void]
    by_process: NDArray[np.void]
    row: int = 0

    @classmethod
    def of(cls, routes: Iterable[str], models: Iterable[str], processes: int) -> Metrics:
        """Counts of 0, in memory that processes share which are forked afterwards."""
        all_routes, names = (*routes, OTHER), tuple(models)
        return cls(
            all_routes,
            names,
            _shared((processes, len(all_routes)), _OF_ROUTE),
            _shared((processes, len(names)), _OF_MODEL),
            _shared((processes,), _OF_PROCESS),
        )

    def of_process(self, row: int) -> Metrics:
        """The same counts for another process to add to, which has no request in flight."""
        self.by_process[row]["in_flight"] = 0
        return replace(self, row=row)

    def add_in_flight(self, change: int) -> None:
        self.by_process["in_flight"][self.row] += change

    def add_request(self, route: str, status: int, seconds: float, body_bytes: int) -> None:
        own = self.by_route[self.row, _place(self.routes, route)]
        own["statuses"][_place(STATUSES, str(status))] += 1
        own["durations"][bisect_left(EDGES, seconds)] += 1
        own["seconds"] += seconds
        own["bytes"] += body_bytes

    def add_texts(self, model: str, count: int) -> None:
        self._model(model)["texts"] += count

    def add_load(self, model: str, loaded_at: float) -> None:
        self._model(model)["loads"] += 1
        self._model(model)["loaded_at"] = loaded_at

    def add_failure(self, model: str) -> None:
        self._model(model)["failures"] += 1

    def _model(self, model: str) -> Any:
        return self.by_model[self.row, self.models.index(model)]

    def exposition(self) -> bytes:
        """All counts in Prometheus' text format."""
        registry = CollectorRegistry()
        registry.register(_Counts(self))
        return generate_latest(registry)


def _shared(shape: tuple[int, ...], of_each: DTypeLike) -> NDArray[np.void]:
    dtype = np.dtype(of_each)
    return np.frombuffer(mmap.mmap(-1, int(np.prod(shape)) * dtype.itemsize), dtype=dtype).reshape(shape)


class _Counts(Collector):
    """What a registry asks for."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        own = self._metrics
        yield from _of_routes(own.routes, own.by_route)
        for field, name, text in _COUNTERS:
            counter = CounterMetricFamily(name, text, labels=["model"])
            for model, count in zip(own.models, own.by_model[field].sum(axis=0), strict=True):
                counter.add_metric([model], count)
            yield counter
        loaded = GaugeMetricFamily(
            "vikt_model_loaded_timestamp_seconds", "When a model was last read, in Unix time.", labels=["model"]
        )
        for model, moment in zip(own.models, own.by_model["loaded_at"].max(axis=0), strict=True):
            loaded.add_metric([model], moment)
        yield loaded
        in_flight = float(own.by_process["in_flight"].sum())
        yield GaugeMetricFamily("vikt_requests_in_flight", "Requests that are not answered yet.", in_flight)


_COUNTERS = (
    ("texts", "vikt_texts", "Texts answered."),
    ("loads", "vikt_model_loads", "Versions of a model that were read, by each process."),
    ("failures", "vikt_model_load_failures", "Versions of a model that were refused, by each process."),
)


def _of_routes(routes: Sequence[str], by_route: NDArray[np.void]) -> Iterator[Metric]:
    requests = CounterMetricFamily("vikt_requests", "Requests answered.", labels=["route", "status"])
    seconds = HistogramMetricFamily(
        "vikt_request_duration_seconds",
        "Time from the headers of a request to the end of its answer.",
        labels=["route"],
    )
    received = CounterMetricFamily("vikt_request_body_bytes", "Bytes of the bodies of requests.", labels=["route"])
    for r, route in enumerate(routes):
        own = by_route[:, r]
        for status, count in zip(STATUSES, own["statuses"].sum(axis=0).tolist(), strict=True):
            if count:
                requests.add_metric([route, status], count)
        counts = accumulate(own["durations"].sum(axis=0).tolist())
        buckets = list(zip([*map(str, EDGES), "+Inf"], counts, strict=True))
        seconds.add_metric([route], buckets, float(own["seconds"].sum()))
        received.add_metric([route], float(own["bytes"].sum()))
    yield from (requests, seconds, received)


def _place(names: Sequence[str], name: str) -> int:
    """The place of a name; the last stands for all that are not known."""
    return names.index(name) if name in names else len(names) - 1
