"""A service as it runs: a socket, and one process or several that answer what arrives there."""

from __future__ import annotations

import errno
import functools
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from vikt.errors import ServiceError
from vikt.mappings import Json
from vikt.server.app import ROUTES, application
from vikt.server.copies import copies
from vikt.server.handlers import Handlers
from vikt.server.logs import log, take_over_logging
from vikt.server.metrics import Metrics
from vikt.server.models import Models
from vikt.server.processes import supervised
from vikt.server.protocol import BoundedProtocol
from vikt.server.settings import Settings
from vikt.version import __version__

_BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 30
_SECONDS_TO_STOP_WATCHING = 2.0


@dataclass(frozen=True)
class Address:
    """Where a service listens."""

    host: str
    port: int

    @contextmanager
    def listening(self) -> Iterator[socket.socket]:
        """A socket there. Raises ServiceError where there can be none."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            listener = socket.create_server((self.host, self.port), family=family, backlog=_BACKLOG)
        except (OSError, OverflowError) as error:
            raise _refused(self, error) from None
        with listener:
            yield listener

    def url(self, listener: socket.socket) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{listener.getsockname()[1]}"


def _refused(address: Address, error: OSError | OverflowError) -> ServiceError:
    """Why there can be no socket, and which option to change: names of hosts have errors below 0."""
    number = error.errno if isinstance(error, OSError) and error.errno else 0
    is_of_host = number < 0 or number == errno.EADDRNOTAVAIL
    # Python adds the address to some messages.
    reason = (getattr(error, "strerror", None) or str(error)).partition(" (while ")[0]
    remedy: Json = {"host" if is_of_host else "port": ...}
    message = f"{address.host}, port {address.port}: cannot listen there ({reason}); choose another"
    return ServiceError(message, **remedy)


def serve(settings: Settings, address: Address, workers: int) -> int:
    """Serve models until a signal, and return it.

    Raises
    ------
    ServiceError
        The address cannot be listened at, or the processes that answer end at once.
    ViktError
        A model cannot be read.
    """
    take_over_logging()
    with _received() as received, address.listening() as listener, copies() as folder:
        models = Models.read(settings.models, folder)
        metrics = Metrics.of(ROUTES, settings.models, workers)
        if workers > 1:
            # Once here, so that the processes share the compiled code too.
            models.warm_up()
        log(
            "serving", address=address.url(listener), models=list(settings.models), workers=workers, pid=os.getpid(),
            version=__version__,
        )  # fmt: skip
        answer = functools.partial(_answer, listener, models, settings, received)
        if workers == 1:
            answer(metrics.of_process(0))
        else:
            supervised(lambda row: answer(metrics.of_process(row)), workers, received, settings.limits.seconds)
    log("stopped", signal=signal.Signals(received[0]).name)
    return received[0]


def _answer(listener: socket.socket, models: Models, settings: Settings, received: list[int], metrics: Metrics) -> None:
    """Answer requests until a signal is received; what is in flight then is answered to its end."""
    for name, served in models.served.items():
        metrics.add_load(name, served.loaded_at)
    # A process that takes the place of another finds newer files than those read at the start.
    models.renew(metrics)
    stopped = threading.Event()
    if not models.is_warm.is_set():
        # Nobody waits for this, since what compiles cannot be interrupted.
        threading.Thread(target=models.warm_up, daemon=True).start()
    watching = threading.Thread(target=models.watch, args=(metrics, stopped), daemon=True)
    watching.start()
    limits = settings.limits
    protocol: Any = functools.partial(BoundedProtocol, limits)
    with closing(Handlers(models, settings, metrics)) as handlers:
        config = uvicorn.Config(
            application(handlers), http=protocol, ws="none", lifespan="off", interface="asgi3",
            log_config=None, access_log=False, server_header=False, proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS, timeout_graceful_shutdown=int(limits.seconds) + 1,
        )  # fmt: skip
        _Server(config, received).run(sockets=[listener])
    stopped.set()
    # Not for ever: a file system that hangs would hold the process.
    watching.join(_SECONDS_TO_STOP_WATCHING)


class _Server(uvicorn.Server):
    """A server that stops once a signal is in a list, also one that came before the server was there."""

    def __init__(self, config: uvicorn.Config, received: list[int]) -> None:
        super().__init__(config)
        self._received = received

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or bool(self._received)


@contextmanager
def _received() -> Iterator[list[int]]:
    """The signals to end that arrive; the second one ends at once.

    Workers take any number for one: a signal to their group reaches them, and then comes from their parent again.
    """
    received: list[int] = []
    parent = os.getpid()

    def receive(number: int, _: object) -> None:
        received.append(number)
        if len(received) > 1 and os.getpid() == parent:
            raise KeyboardInterrupt

    ends = (signal.SIGTERM, signal.SIGINT)
    before = {end: signal.signal(end, receive) for end in ends}
    try:
        yield received
    finally:
        for end, handler in before.items():
            signal.signal(end, handler)
