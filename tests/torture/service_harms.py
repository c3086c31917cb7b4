"""Requests to a service: malformed, slow, half sent, many at once, for paths that lead elsewhere."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
# Also of a transfer encoding that the service does not know, and where it is busy.
ALLOWED = {*range(200, 500), 501, 503}
ANSWERS_WITHIN = 2.0
TEXT = "win money now or have lunch on friday"


@dataclass(frozen=True)
class Service:
    """A service that runs in a process of its own."""

    port: int
    pid: int

    @property
    def memory_mb(self) -> float:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{self.pid}/status").read_text().splitlines())
        return int(status["VmRSS"].split()[0]) / 1000

    @property
    def n_descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    @property
    def is_alive(self) -> bool:
        with contextlib.suppress(OSError):
            return (
                status_of(raw(self.port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                == 200
            )
        return False


@contextlib.contextmanager
def service(models: Iterable[Path], log: Path, *options: str) -> Iterator[Service]:
    """A service of these models on a free port."""
    command = [sys.executable, "-m", "vikt", "serve", *map(str, models), "--port", "0", *options]
    with log.open("wb") as file, subprocess.Popen(command, stderr=file, stdout=file) as process:
        try:
            yield Service(_port(log, process), process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _port(log: Path, process: subprocess.Popen[bytes]) -> int:
    ends = time.monotonic() + 60
    while time.monotonic() < ends and process.poll() is None:
        for line in log.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n") and b'"serving"' in line:
                return int(json.loads(line)["address"].rpartition(":")[2])
        time.sleep(0.05)
    raise RuntimeError(log.read_text())


def raw(port: int, sent: bytes) -> bytes:
    """What comes back for some bytes, until the connection ends or nothing more comes."""
    pieces = []
    with socket.create_connection((HOST, port), 20) as connection, contextlib.suppress(OSError):
        connection.sendall(sent)
        while select.select([connection], [], [], ANSWERS_WITHIN)[0] and (piece := connection.recv(1 << 16)):
            pieces.append(piece)
    return b"".join(pieces)


def status_of(answer: bytes) -> int:
    """The status of an answer, 0 where there is none; what asks for the rest of a request is no answer."""
    answer = answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0


# Malformed requests


def of_schema(port: int, n: int, seed: int) -> Iterator[tuple[str, int]]:
    """Requests that Schemathesis makes of the service's own description, valid and not: what each was, its status."""
    import hypothesis
    import requests
    import schemathesis

    schema = schemathesis.openapi.from_url(f"http://{HOST}:{port}/openapi.json")
    operations = [operation.ok() for operation in schema.get_all_operations()]
    found: list[tuple[str, int]] = []
    modes = [schemathesis.GenerationMode.NEGATIVE, schemathesis.GenerationMode.POSITIVE]
    with requests.Session() as session:

        def ask(case: Any) -> None:
            try:
                status = case.call(session=session, timeout=30).status_code
            except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL, UnicodeError):
                return  # It cannot be sent.
            found.append((f"{case.method} {case.path}", status))

        for number in range(10**6):
            before = len(found)
            for operation in operations:
                for mode in modes:
                    each = max(1, min(200, (n - len(found)) // len(operations)))
                    options = hypothesis.settings(
                        max_examples=each, deadline=None, database=None, phases=[hypothesis.Phase.generate],
                        suppress_health_check=list(hypothesis.HealthCheck), verbosity=hypothesis.Verbosity.quiet,
                    )  # fmt: skip
                    strategy = operation.as_strategy(generation_mode=mode)
                    with contextlib.suppress(hypothesis.errors.Unsatisfiable):  # Nothing of it can be invalid.
                        hypothesis.seed(seed + number)(options(hypothesis.given(strategy)(ask)))()
                    if len(found) >= n:
                        return iter(found)
            if len(found) == before:
                break
    return iter(found)


BODIES = [
    b"", b"{}", b"[]", b"null", b'{"texts": null}', b'{"texts": "a"}', b'{"texts": [1]}', b'{"texts": ["a"], "x": 1}',
    b'{"texts": ["\\ud800"]}', b'{"texts": ["a"], "top": 1e400}', b'{"texts": ["a"], "top": -1}', b"\xff\xfe{}",
    b'{"texts": ["a"], "top": 99999999999999999999999}', b'{"texts": ["a"], "threshold": NaN}', b'{"texts": []}',
    b"[" * 100_000, b'{"a":' * 50_000, b'{"texts": ["' + b"a" * 5_000_000 + b'"]}',
    b'{"texts": [' + b'"",' * 2000 + b'""]}',
    b'{"texts": ["a", "b"], "columns": {"sender": ["a"]}}', b'{"texts": ["a"], "columns": {"n": ["x"], "v": [[1]]}}',
    b'{"text": "a", "label": "none"}', b'{"text": "a", "label": "\\u0000", "against": "spam"}', b'{"text": ""}',
    b'{"text": "' + b"a b " * 5000 + b'"}', b'{"texts": ["' + b"\\u0301" * 20_000 + b'"], "proba": true}',
]  # fmt: skip
HEADERS = [
    b"Content-Length: -1", b"Content-Length: 5, 6", b"Content-Length: \xb2", b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Content-Encoding: gzip", b"Content-Encoding: br",
    b"Content-Type: text/xml", b"Content-Type: application/json; charset=utf-16", b"Expect: 100-continue",
    b"Host: evil.example", b"Host: \xff", b"X-Request-Id: " + b"a" * 5000, b"Authorization: Bearer \xff", b"A" * 70_000,
    b"X: " + b"\r\nX: ".join([b"a"] * 500), b": none", b"Upgrade: websocket", b"Range: bytes=0-", b"\0: a",
]  # fmt: skip
PATHS = [
    "/models/../../etc/passwd", "/models/%2e%2e/%2e%2e/etc/passwd", "/models/..%2f..%2fetc%2fpasswd", "//etc/passwd",
    "/models/words%00.vikt", "/models/words/../../../etc/passwd", "/..%5c..%5cetc", "/%2e%2e/%2e%2e/etc/passwd",
    "/models/words%2fpredict", "/page.js/../../../../etc/passwd", "/style.css%00", "/models//", "/models/" + "a" * 5000,
    "/models/words.vikt", "/models/%ff", "/models/words/predict/", "http://evil.example/models", "*", "/?q=%00",
    "/models/words/report/../../../../../../etc/passwd", "/docs", "/static/../../../etc/passwd", "/.git/config",
    "/models/./words",
]  # fmt: skip
STARTS = [
    b"", b"\r\n\r\n", b"GET", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n",
    b"\0" * 100,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET  /  HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
    b"A" * 100_000, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50,
]  # fmt: skip


def by_hand(n: int, seed: int, models: list[str]) -> Iterator[tuple[str, bytes]]:
    """Requests written by hand, and bytes of them altered at random."""
    for start in STARTS:
        yield f"{start!r:.30}", start
    for path in PATHS:
        yield path[:40], _request("GET", path)
    for number in range(n - len(STARTS) - len(PATHS)):
        chance = random.Random(f"{seed} {number}")
        path = f"/models/{chance.choice(models)}/{chance.choice(['predict', 'explain'])}"
        method = chance.choice(["POST", "POST", "POST", "POST", "PUT", "GET", "BREW", "HEAD", "OPTIONS"])
        headers = chance.sample(HEADERS, chance.choice([0, 0, 0, 1, 2]))
        request = bytearray(_request(method, path, chance.choice(BODIES), headers))
        for _ in range(chance.choice([0, 0, 0, 1, 3])):
            request[chance.randrange(min(len(request), 400))] = chance.randrange(256)
        yield f"{method} {path}", bytes(request[: chance.choice([len(request)] * 9 + [chance.randrange(len(request))])])


def _request(method: str, path: str, body: bytes = b"", headers: Iterable[bytes] = ()) -> bytes:
    given = [b"Host: localhost", b"Content-Type: application/json", b"Connection: close", *headers]
    if not any(header.lower().startswith((b"content-length", b"transfer-encoding")) for header in headers):
        given.append(b"Content-Length: %d" % len(body))
    return f"{method} {path} HTTP/1.1\r\n".encode() + b"\r\n".join(given) + b"\r\n\r\n" + body


# Load


@dataclass(frozen=True)
class Load:
    """The seconds of each answer, how many requests failed, and the seconds of all together."""

    seconds: list[float]
    failed: int
    wall: float

    def percentile(self, share: float) -> float:
        return sorted(self.seconds)[min(int(share * len(self.seconds)), len(self.seconds) - 1)]


def load(port: int, model: str, clients: int, seconds: float, most: int = 10**9) -> Load:
    """Clients that ask one text after another, for some seconds or so many requests in all."""
    started = time.monotonic()
    ends, taken, failed = started + seconds, [list[float]() for _ in range(clients)], [0] * clients
    body = json.dumps({"texts": [TEXT]})

    def ask(client: int) -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        while time.monotonic() < ends and len(taken[client]) < most // clients:
            begun = time.perf_counter()
            try:
                connection.request("POST", f"/models/{model}/predict", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                is_right = answer.status == 200 and b'"answers"' in answer.read()
            except (OSError, http.client.HTTPException):
                is_right = False
                connection.close()
            failed[client] += not is_right
            taken[client].append(time.perf_counter() - begun)
        connection.close()

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load([one for own in taken for one in own], sum(failed), time.monotonic() - started)


# Slow clients

# As docs/serve.md promises, and what a busy machine may add.
READING_SECONDS, SLACK = 10.0, 3.0


@dataclass(frozen=True)
class SlowClient:
    """A connection of a kind, and what it goes on sending once a second."""

    kind: str
    connection: socket.socket
    drip: bytes

    def send(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.sendall(self.drip)

    @property
    def is_closed(self) -> bool:
        """Whether the service has closed the connection, after whatever it answered."""
        try:
            while self.connection.recv(1 << 16):
                pass
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True


def _long_request(path: str) -> bytes:
    """The start of a request whose body is to be long."""
    return _request("POST", path, headers=[b"Content-Length: 100000"]).replace(b"Connection: close\r\n", b"") + b'{"te'


# What each kind sends at once, what it sends when it has an answer to that, and what it drips.
SLOW_KINDS: dict[str, tuple[bytes, bytes, bytes]] = {
    "nothing": (b"", b"", b""),
    "half of the headers": (_request("POST", "/models/words/predict")[:20], b"", b"x"),
    "half of a body": (_long_request("/models/words/predict"), b"", b"x"),
    "half of a body for no model": (_long_request("/models/none/predict"), b"", b"x"),
    "blank lines after a request": (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\r\n", b"\r\n"),
}


@contextlib.contextmanager
def slow_clients(port: int, n: int) -> Iterator[list[SlowClient]]:
    """Clients of each kind: half of them send a little every second, half nothing more."""
    stopped, clients = threading.Event(), [_slow_client(port, number) for number in range(n)]

    def drip() -> None:
        while not stopped.wait(1):
            for client in clients:
                client.send()

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield clients
    finally:
        stopped.set()
        thread.join()
        for client in clients:
            client.connection.close()


def _slow_client(port: int, number: int) -> SlowClient:
    kind = list(SLOW_KINDS)[number % len(SLOW_KINDS)]
    first, then, drip = SLOW_KINDS[kind]
    connection = socket.create_connection((HOST, port), 30)
    connection.sendall(first)
    if then:
        connection.recv(1 << 16)
        connection.sendall(then)
    connection.setblocking(False)
    return SlowClient(kind, connection, drip if number // len(SLOW_KINDS) % 2 else b"")


def left_open(clients: list[SlowClient], ends: float) -> list[str]:
    """The kinds of the clients that the service has not closed at a moment."""
    while (clients := [client for client in clients if not client.is_closed]) and time.monotonic() < ends:
        time.sleep(0.1)
    return [client.kind for client in clients]
