"""`vikt serve` as it is typed."""

from __future__ import annotations

from typing import Any

import click

from vikt.cli.app import command
from vikt.cli.options import FILE, gathered
from vikt.cli.values import COUNT, NumberOf
from vikt.server.settings import Limits


@command(
    "vikt serve model.vikt",
    'curl http://127.0.0.1:8000/models/model/predict --json \'{"texts": ["What a film!"]}\'',
    "vikt serve spam.vikt topic=models/topic-7.vikt --port 9000 --workers 4",
    "vikt serve model.vikt --host 0.0.0.0 --token-file token.txt",
)
@click.argument(
    "models",
    nargs=-1,
    required=True,
    metavar="[NAME=]MODEL...",
    help="Model files written by `vikt train`. Each is served under the name of its file without the ending, or under "
    "NAME, which is also the title of its page.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    help="Address to listen at; 0.0.0.0 listens on all interfaces.",
)
@click.option(
    "--port",
    type=NumberOf(int, 0, 65535),
    default=8000,
    metavar="N",
    help="Port to listen at; 0 for any that is free.",
)
@click.option(
    "--workers",
    type=COUNT,
    default=1,
    metavar="N",
    help="Processes that answer; they share the memory of the models.",
)
@click.option(
    "--token-file",
    type=FILE,
    metavar="FILE",
    help="File with the token that clients must send. Without it, the token is that in VIKT_TOKEN, if set.",
)
@click.option(
    "--no-token", is_flag=True, help="Serve other machines without a token, so that anybody can use the models."
)
@click.option(
    "--max-body",
    "body_bytes",
    type=COUNT,
    default=Limits.body_bytes,
    metavar="BYTES",
    help="Refuse a request whose body is longer than this.",
)
@click.option(
    "--max-texts",
    "texts",
    type=COUNT,
    default=Limits.texts,
    metavar="N",
    help="Refuse a request with more texts than this.",
)
@click.option(
    "--max-waiting",
    "waiting",
    type=COUNT,
    default=Limits.waiting,
    metavar="N",
    help="Refuse a request when N others already wait in the same process.",
)
@click.option(
    "--timeout",
    "seconds",
    type=NumberOf(float, 0.1),
    default=Limits.seconds,
    metavar="SECONDS",
    help="Stop answering a request that takes longer than this.",
)
@click.option("--log-texts", is_flag=True, help="Write the texts of requests to the log too.")
def serve(**typed: Any) -> None:
    """Serve models over HTTP: a page and a JSON API.

    POST {"texts": [...]} to /models/NAME/predict or {"text": "..."} to /models/NAME/explain; / is the page, and
    /openapi.json describes the rest. A model file that is replaced is taken up within seconds, without losing a
    request. The log is JSON on stderr, a line for each request. SIGTERM ends the service after the answers in
    flight.
    """
    from vikt.cli import serve as work

    limits, others = gathered(Limits, typed)
    work.serve_models(work.Request(limits=limits, **others))
