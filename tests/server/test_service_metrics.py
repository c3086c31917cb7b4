"""The metrics: right with several processes, and without a text in them."""

from __future__ import annotations

import os

import pytest
from prometheus_client.parser import text_string_to_metric_families
from serving import saved, service

from vikt.server.metrics import EDGES, Metrics

pytestmark = pytest.mark.anyio


def samples(exposition):
    families = text_string_to_metric_families(exposition.decode())
    return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}


def test_processes_add_to_one_sum():
    metrics = Metrics.of(["/models"], ["spam"], processes=3)
    for row in range(3):
        if not (pid := os.fork()):
            own = metrics.of_process(row)
            own.add_request("/models", 200, 0.02, 100)
            own.add_texts("spam", row)
            own.add_in_flight(1)
            own.add_load("spam", 1000.0 + row)
            os._exit(0)
        os.waitpid(pid, 0)
    found = samples(metrics.exposition())
    assert found["vikt_requests_total", "/models", "200"] == 3
    assert found["vikt_request_duration_seconds_sum", "/models"] == pytest.approx(0.06)
    assert found["vikt_request_duration_seconds_count", "/models"] == 3
    assert found["vikt_request_duration_seconds_bucket", "/models", "0.01"] == 0
    assert found["vikt_request_duration_seconds_bucket", "/models", "0.025"] == 3
    assert found["vikt_request_body_bytes_total", "/models"] == 300
    assert found["vikt_texts_total", "spam"] == 3
    assert found["vikt_model_loaded_timestamp_seconds", "spam"] == 1002
    assert found["vikt_requests_in_flight",] == 3
    # One that starts anew has nothing in flight, and goes on with its other counts.
    assert samples(metrics.of_process(1).exposition())["vikt_requests_in_flight",] == 2


def test_a_time_at_an_edge_is_within_it():
    metrics = Metrics.of(["/models"], ["spam"], processes=1)
    for edge in (*EDGES, 1e9):
        metrics.add_request("/models", 200, edge, 0)
    found = samples(metrics.exposition())
    for place, edge in enumerate(EDGES, start=1):
        assert found["vikt_request_duration_seconds_bucket", *sorted([str(edge), "/models"])] == place
    assert found["vikt_request_duration_seconds_bucket", "+Inf", "/models"] == len(EDGES) + 1


async def test_labels_are_known_names_alone(tmp_path):
    async with service({"spam": saved(tmp_path / "m.vikt")}) as (client, handlers):
        await client.get("/models/secret")
        await client.get("/secret")
        await client.request("SECRET", "/models")
        await client.post("/models/spam/predict", json={"texts": ["secret"]})
        found = samples((await client.get("/metrics")).content)
        assert "secret" not in str(found).lower()
        assert found["vikt_requests_total", "/models/{model}", "404"] == 1
        assert found["vikt_requests_total", "404", "other"] == 1
        assert found["vikt_texts_total", "spam"] == 1
        assert found["vikt_requests_in_flight",] == 1
        assert samples(handlers.metrics.exposition())["vikt_requests_in_flight",] == 0
