"""Requests a second, latencies and CPU of `vikt serve` for single texts, beside a scikit-learn pipeline and nothing.

    python benchmarks/bench_serve.py [--repeats N] [--requests N] [--folder FOLDER]

Every side is the service of vikt itself, with its limits, log and metrics: what differs is what answers, which for
"empty" is a constant. So a side's CPU beyond the empty one is that of its model. Each side is a process of its own; the
client, one more, sends one text per request, over one connection and over eight at once. Texts are test reviews of IMDB
and SMS. "vikt" is a model by default options, whose features are chosen and are more than words; "vikt, words" has the
single words and pairs that the pipeline has.

Also the time from the start of `vikt serve` to its first answer, and what two processes need of memory.

Results go to benchmarks/results/serve.json, unless --requests is given; `python benchmarks/tables.py` puts them in
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import work_serve
from measuring import HERE, in_turn, machine, print_rows, process, save, spread

WORK = str(HERE / "work_serve.py")
CONNECTIONS = (1, 8)


class Server:
    """A side that serves, as a process."""

    def __init__(self, command: Sequence[str]) -> None:
        self.started = time.perf_counter()
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.port = self._port()
        # Its log is read to the end, or it would wait for a reader.
        threading.Thread(target=self._drain, daemon=True).start()

    def _port(self) -> int:
        for line in self.process.stderr:
            event = json.loads(line)
            if event["event"] == "serving":
                return int(event["address"].rpartition(":")[2])
        raise SystemExit("a side did not start")

    def _drain(self) -> None:
        for _ in self.process.stderr:
            pass

    def cpu_s(self) -> float:
        """The CPU seconds of all its threads."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def request_of(text: str) -> bytes:
    body = json.dumps({"texts": [text]}).encode()
    head = (
        "POST /models/model/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
    )
    return head.encode() + str(len(body)).encode() + b"\r\n\r\n" + body


def answered(connection: socket.socket, request: bytes) -> None:
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"a request failed: {received!r}")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65_536)


def send(port: int, requests: list[bytes]) -> list[float]:
    """The seconds that each request took, one after the other on one connection."""
    seconds = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            start = time.perf_counter()
            answered(connection, request)
            seconds.append(time.perf_counter() - start)
    return seconds


def clients(port: int, requests: list[bytes], connections: int) -> list[float]:
    """The same over several connections at once."""
    found: list[list[float]] = [[] for _ in range(connections)]

    def work(k: int) -> None:
        found[k] = send(port, requests[k::connections])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [seconds for own in found for seconds in own]


def measured(server: Server, requests: list[bytes], connections: int) -> dict[str, float]:
    cpu, wall = server.cpu_s(), time.perf_counter()
    seconds = sorted(clients(server.port, requests, connections))
    wall, cpu = time.perf_counter() - wall, server.cpu_s() - cpu
    return {
        "wall_s": wall,
        "per_s": len(requests) / wall,
        "p50_ms": 1000 * seconds[len(seconds) // 2],
        "p99_ms": 1000 * seconds[int(len(seconds) * 0.99)],
        "cpu_ms": 1000 * cpu / len(requests),
    }


@contextmanager
def serving(corpus: str, folder: Path) -> Iterator[dict[str, Server]]:
    """All sides, ready."""
    servers = {}
    try:
        for side in work_serve.SIDES:
            process([sys.executable, WORK, "train", side, corpus, str(folder)])
            servers[side] = Server([sys.executable, WORK, "serve", side, corpus, str(folder)])
        yield servers
    finally:
        for server in servers.values():
            server.close()


def bench_corpus(corpus: str, folder: Path, n_requests: int, repeats: int) -> dict[str, Any]:
    texts, _ = work_serve.read(corpus, "test")
    requests = [request_of(text) for text in (texts * (1 + n_requests // len(texts)))[:n_requests]]
    found = {}
    with serving(corpus, folder) as servers:
        for connections in CONNECTIONS:
            sides = {
                side: lambda server=server: measured(server, requests, connections)  # noqa: B023
                for side, server in servers.items()
            }
            found[str(connections)] = rows = in_turn(sides, repeats)
            show(f"{corpus}, {connections} at once", rows)
    return found


def beyond(rows: dict[str, Any], side: str) -> float:
    """The CPU of a request beyond that of the empty side, in milliseconds."""
    return rows[side]["cpu_ms"]["median"] - rows["empty"]["cpu_ms"]["median"]


def show(title: str, rows: dict[str, Any]) -> None:
    table = [
        [
            side,
            f"{row['per_s']['median']:,.0f}",
            *(f"{row[key]['median']:.2f}" for key in ("p50_ms", "p99_ms")),
            f"{row['cpu_ms']['median']:.3f}",
            f"{beyond(rows, side):.3f}",
            f"{beyond(rows, side) / beyond(rows, 'scikit-learn'):.2f}",
        ]
        for side, row in rows.items()
    ]
    header = ["requests/s", "p50 ms", "p99 ms", "CPU ms", "beyond empty", "of scikit-learn's"]
    print_rows(title, ["", *header], table)


def first_answer(model: Path, repeats: int) -> dict[str, Any]:
    """From the start of `vikt serve` to its first answer; once before, so that files and kernels are cached."""
    runs = []
    for _ in range(repeats + 1):
        server = Server([sys.executable, "-m", "vikt", "serve", f"model={model}", "--port", "0"])
        send(server.port, [request_of("What a wonderful film!")])
        runs.append(time.perf_counter() - server.started)
        server.close()
    return spread(runs[1:])


def memory(model: Path) -> dict[str, float]:
    """MB of the proportional share of each process, with one that answers and with two, and of the model's file."""
    return {"model_mb": model.stat().st_size / 1e6, **{f"{n}": shares(model, n) for n in (1, 2)}}


def shares(model: Path, workers: int) -> float:
    command = [sys.executable, "-m", "vikt", "serve", f"model={model}", "--port", "0", "--workers", str(workers)]
    server = Server(command)
    clients(server.port, [request_of("What a wonderful film!")] * 200, 8)
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    total = sum(pss(pid) for pid in (str(server.process.pid), *children))
    server.close()
    return total


def pss(pid: str) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--requests", type=int, default=0, help="send so many alone, to try it out")
    parser.add_argument("--folder", type=Path, help="keep the models there")
    options = parser.parse_args()
    os.environ.pop("VIKT_TOKEN", None)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        n_requests = options.requests or 1_000
        corpora = {corpus: bench_corpus(corpus, folder, n_requests, options.repeats) for corpus in work_serve.CORPORA}
        model = work_serve.path_of("vikt", "IMDB", str(folder))
        first, shared = first_answer(model, options.repeats), memory(model)
    print(f"\nfirst answer of `vikt serve` after {first['median']:.2f} s (at most {first['max']:.2f} s)")
    one, two, own = shared["1"], shared["2"], shared["model_mb"]
    print(f"memory: {one:.0f} MB with one process, {two:.0f} MB with two, of a model of {own:.0f} MB")
    packages = dict.fromkeys(("numpy", "scikit-learn", "fastapi", "uvicorn", "uvloop", "httptools"), sys.executable)
    results = {"machine": machine(packages), "requests": n_requests, "repeats": options.repeats, "corpora": corpora}
    save("serve", results | {"first_answer_s": first, "memory_mb": shared}, options.requests)


if __name__ == "__main__":
    main()
