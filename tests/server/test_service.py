"""The service in this process: what it answers, and how it refuses."""

from __future__ import annotations

import subprocess
import sys

import pytest
from serving import TEXTS, saved, service

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("models") / "spam.vikt")


def predicted_by_command(model, texts, *options):
    lines = "".join(f"{text}\n" for text in texts).encode()
    command = [sys.executable, "-m", "vikt", "predict", str(model), "--json", *options]
    return subprocess.run(command, input=lines, capture_output=True, check=True).stdout.decode().splitlines()


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ({}, []),
        ({"proba": True}, ["--proba"]),
        ({"top": 2, "threshold": 0.3}, ["--top", "2", "--threshold", "0.3"]),
    ],
)
async def test_answers_are_those_of_the_command_to_the_byte(model, body, options):
    texts = [*TEXTS[:4], "", "ett pris på 10 £", "\N{WINKING FACE} win \u202e"]
    async with service({"spam": model}) as (client, _):
        answer = await client.post("/models/spam/predict", json={"texts": texts, **body})
        assert (
            answer.content
            == b'{"answers": [' + ", ".join(predicted_by_command(model, texts, *options)).encode() + b"]}"
        )


async def test_requests_that_wait_together_are_answered_as_each_alone(model):
    import asyncio

    async with service({"spam": model}) as (client, _):
        bodies = [{"texts": TEXTS[k : k + 2], "proba": k % 2 == 0} for k in range(10)]
        alone = [(await client.post("/models/spam/predict", json=body)).content for body in bodies]
        together = await asyncio.gather(*(client.post("/models/spam/predict", json=body) for body in bodies))
        assert [answer.content for answer in together] == alone
