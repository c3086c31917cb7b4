"""`vikt serve` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vikt.cli.app import command
from vikt.server.settings import Limits


@command(
    "vikt serve model.vikt",
    'curl http://127.0.0.1:8000/models/model/predict --json \'{"texts": ["What a film!"]}\'',
    "vikt serve spam.vikt topic=models/topic-7.vikt --port 9000 --workers 4",
    "vikt serve model.vikt --host 0.0.0.0 --token-file token.txt",
    no_args_is_help=True,
)
def serve(
    models: Annotated[
        list[str],
        typer.Argument(
            help="Model files written by `vikt train`. Each is served under the name of its file without the ending, "
            "or under NAME, which is also the title of its page.",
            metavar="[NAME=]MODEL",
        ),
    ],
    host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0 listens on all interfaces.", metavar="ADDRESS")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen at; 0 for any that is free.", min=0, max=65535, metavar="N")
    ] = 8000,
    workers: Annotated[
        int, typer.Option(help="Processes that answer; they share the memory of the models.", min=1, metavar="N")
    ] = 1,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="File with the token that clients must send. Without it, the token is that in VIKT_TOKEN, if set.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    no_token: Annotated[
        bool,
        typer.Option("--no-token", help="Serve other machines without a token, so that anybody can use the models."),
    ] = False,
    max_body: Annotated[
        int, typer.Option(help="Refuse a request whose body is longer than this.", min=1, metavar="BYTES")
    ] = Limits.body_bytes,
    max_texts: Annotated[
        int, typer.Option(help="Refuse a request with more texts than this.", min=1, metavar="N")
    ] = Limits.texts,
    max_waiting: Annotated[
        int, typer.Option(help="Refuse a request when N others already wait in the same process.", min=1, metavar="N")
    ] = Limits.waiting,
    timeout: Annotated[
        float, typer.Option(help="Stop answering a request that takes longer than this.", min=0.1, metavar="SECONDS")
    ] = Limits.seconds,
    log_texts: Annotated[bool, typer.Option("--log-texts", help="Write the texts of requests to the log too.")] = False,
) -> None:
    """Serve models over HTTP: a page and a JSON API.

    POST {"texts": [...]} to /models/NAME/predict or {"text": "..."} to /models/NAME/explain; / is the page, and
    /openapi.json describes the rest. A model file that is replaced is taken up within seconds, without losing a
    request. The log is JSON on stderr, a line for each request. SIGTERM ends the service after the answers in
    flight.
    """
    from vikt.cli import serve as work

    work.serve_models(
        work.Request(
            models=models,
            host=host,
            port=port,
            workers=workers,
            token_file=token_file,
            no_token=no_token,
            limits=Limits(body_bytes=max_body, texts=max_texts, waiting=max_waiting, seconds=timeout),
            log_texts=log_texts,
        )
    )
