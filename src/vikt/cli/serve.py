"""`vikt serve`: models as a service over HTTP."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from vikt.cli.console import INTERRUPTED
from vikt.errors import InputFileError, MissingPackageError, UsageError
from vikt.server.settings import Limits, Settings

TOKEN_VARIABLE = "VIKT_TOKEN"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PACKAGES = {
    "FastAPI": "fastapi",
    "Uvicorn": "uvicorn",
    "httptools": "httptools",
    "prometheus-client": "prometheus_client",
}


def check_installed() -> None:
    """Raise MissingPackageError where a package is missing that the service needs."""
    missing = [package for package, module in _PACKAGES.items() if find_spec(module) is None]
    if missing:
        raise MissingPackageError.of_extra("vikt serve", missing, "serve")


def named_models(arguments: Sequence[str]) -> dict[str, Path]:
    """The file of each model by its name: NAME=FILE, or FILE, whose stem is the name.

    Raises
    ------
    UsageError
        A name is invalid in an address, or is given twice.

    Examples
    --------
    >>> {name: str(path) for name, path in named_models(["spam.vikt", "topic=models/v7.vikt"]).items()}
    {'spam': 'spam.vikt', 'topic': 'models/v7.vikt'}
    """
    models: dict[str, Path] = {}
    for one in arguments:
        before, equals, after = one.partition("=")
        name, path = (before, Path(after)) if equals and not os.path.exists(one) else (Path(one).stem, Path(one))
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r:.80} cannot be the name of a model in an address; use letters, digits, '.', '_' and '-', "
                f"as in spam={path}"
            )
        if name in models:
            raise UsageError(f"{path}: the name {name!r} is taken by {models[name]}; name one, as in {name}2={path}")
        models[name] = path
    return models


def read_token(path: Path | None, environment: Mapping[str, str] = os.environ) -> str:
    """The token in a file, or else in the environment; empty for none.

    Raises
    ------
    InputFileError
        The file cannot be read.
    UsageError
        The token is empty, or no header can hold it.
    """
    if path is None and TOKEN_VARIABLE not in environment:
        return ""
    source = str(path) if path is not None else TOKEN_VARIABLE
    try:
        token = path.read_text(encoding="utf-8").strip() if path is not None else environment[TOKEN_VARIABLE].strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InputFileError(f"{path}: cannot be read ({reason}); name a file that holds the token") from None
    if not re.fullmatch(r"[!-~]+", token):
        raise UsageError(f"{source}: expected a token of printable ASCII without spaces; generate one")
    return token


def host_names(host: str, token: str, no_token: bool) -> frozenset[str]:
    """The names by which clients may call the host; empty for any.

    Without a token, a page on the web could reach the service by a name of its own that leads to this machine.

    Raises
    ------
    UsageError
        Other machines can reach the service, which has no token, and --no-token is missing.
    """
    if token and no_token:
        raise UsageError("--no-token: there is a token; leave out one of the two")
    if not token and not no_token and host not in _LOOPBACK:
        raise UsageError(
            f"--host {host}: other machines could use the models without a token; name a file that holds one with "
            "--token-file, or serve anybody with --no-token"
        )
    return _LOOPBACK if not token and host in _LOOPBACK else frozenset()


@dataclass(frozen=True, kw_only=True)
class Request:
    """The arguments of `vikt serve`."""

    models: Sequence[str]
    host: str
    port: int
    workers: int
    token_file: Path | None
    no_token: bool
    limits: Limits
    log_texts: bool


def serve_models(request: Request) -> NoReturn:
    """Serve models until a signal: SIGTERM ends with the exit code 0, and Ctrl-C with that of an interruption."""
    check_installed()
    if request.workers > 1 and not hasattr(os, "fork"):
        raise UsageError("--workers: this system has no fork, so one process serves; leave the option out")
    models, token = named_models(request.models), read_token(request.token_file)
    hosts = host_names(request.host, token, request.no_token)
    # Imported here, since these packages take longer to import than all of vikt.
    from vikt.server.running import Address, serve

    settings = Settings(models=models, token=token, hosts=hosts, limits=request.limits, log_texts=request.log_texts)
    received = serve(settings, Address(request.host, request.port), request.workers)
    # Not SystemExit: a thread may be compiling still, and the interpreter would break it off within the compiler.
    os._exit(INTERRUPTED if received == signal.SIGINT else 0)
