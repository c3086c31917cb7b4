"""`vikt serve` as processes of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from serving import saved

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs signals and forks")
OTHERS = ["work", "leisure"] * 6


class Served:
    """A service that has started, and what its log has said so far."""

    def __init__(self, *arguments, **environment):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vikt", "serve", *map(str, arguments), "--port", "0"],
            stderr=subprocess.PIPE, text=True, env=os.environ | environment, start_new_session=True,
        )  # fmt: skip
        self.events = []
        self.process_started = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self.process_started.wait(60), self.events
        self.url = self.event("serving")["address"]

    def _read(self):
        for line in self.process.stderr:
            self.events.append(json.loads(line))
            self.process_started.set()

    def event(self, name):
        return next((event for event in self.events if event["event"] == name), None)

    def stopped(self, number=signal.SIGTERM):
        """The exit code after a signal."""
        self.process.send_signal(number)
        code = self.process.wait(30)
        self._reader.join(10)
        return code


@contextlib.contextmanager
def serving(*arguments, **environment):
    served = Served(*arguments, **environment)
    try:
        yield served
    finally:
        served.process.kill()
        served.process.wait()
        served.process.stderr.close()


@pytest.fixture
def path(tmp_path):
    return saved(tmp_path / "model.vikt")


def exchange(url, sent, seconds=20.0):
    """What comes back for some bytes, until the connection is closed."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        connection.sendall(sent)
        received = b""
        while piece := connection.recv(65_536):
            received += piece
    return received


def test_it_answers_and_ends_by_signals(path, tmp_path):
    with serving(path, TMPDIR=str(tmp_path)) as served:
        assert httpx.get(f"{served.url}/healthz").json() == {"status": "ok"}
        answer = httpx.post(f"{served.url}/models/model/predict", json={"texts": ["win money now"]})
        assert answer.json()["answers"][0]["predicted"] == "spam"
        assert list(tmp_path.glob("vikt-serve-*"))
        for sent in (b"hello\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nBroken header\r\n\r\n"):
            assert b"application/problem+json" in exchange(served.url, sent)
        many = b"GET / HTTP/1.1\r\n" + b"X-Header: " + b"a" * 1_000_000
        with contextlib.suppress(ConnectionError):
            assert b"HTTP/1.1 431" in exchange(served.url, many)
        assert served.stopped() == 0
        assert served.event("stopped")["signal"] == "SIGTERM"
        assert not list(tmp_path.glob("vikt-serve-*"))


@pytest.mark.slow
def test_it_ends_although_a_new_model_cannot_be_read(path, tmp_path):
    fcntl = pytest.importorskip("fcntl")
    with serving(path, TMPDIR=str(tmp_path)) as served:
        (folder,) = tmp_path.glob("vikt-serve-*")
        with (folder / ".lock").open("ab") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            os.utime(path, (1, 1))
            time.sleep(2)  # it looks for new files each second, and now waits for the lock
            assert served.stopped() == 0


@pytest.mark.slow
def test_it_is_interrupted_while_it_compiles(path, tmp_path):
    with serving(path, VIKT_CACHE_DIR=str(tmp_path / "kernels")) as served:
        start = time.monotonic()
        assert served.stopped(signal.SIGINT) == 130
        assert time.monotonic() - start < 3


@pytest.mark.slow
def test_it_outlives_the_shell_that_started_it(path):
    command = f'"{sys.executable}" -m vikt serve "{path}" --port 0 & sleep 3'
    with subprocess.Popen(["sh", "-c", command], stderr=subprocess.PIPE, text=True) as shell:
        started = json.loads(shell.stderr.readline())
        shell.wait()
        time.sleep(3)
        assert httpx.get(f"{started['address']}/healthz").status_code == 200
        os.kill(started["pid"], signal.SIGTERM)
        assert [json.loads(line)["event"] for line in shell.stderr] == ["request", "stopped"]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_in_flight_is_answered_before_the_end(path, workers):
    """Also where the signal comes to the whole group, as from a terminal or from systemd."""
    body = json.dumps({"texts": ["win a prize on friday"] * 100}).encode()
    head = f"POST /models/model/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    with (
        serving(path, "--workers", workers) as served,
        socket.create_connection(("127.0.0.1", int(served.url.split(":")[-1]))) as connection,
    ):
        connection.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + body[:100])
        while "vikt_requests_in_flight 2.0" not in httpx.get(f"{served.url}/metrics").text:
            time.sleep(0.05)
        os.killpg(served.process.pid, signal.SIGTERM)
        time.sleep(0.5)
        connection.sendall(body[100:])
        received = b""
        while piece := connection.recv(65_536):
            received += piece
        assert received.startswith(b"HTTP/1.1 200 OK")
        assert len(json.loads(received.partition(b"\r\n\r\n")[2])["answers"]) == 100
        assert served.process.wait(30) == 0
        assert served.event("worker failed") is None


@pytest.mark.slow
def test_a_replaced_model_and_a_killed_process_lose_no_request(path, tmp_path):
    other = saved(tmp_path / "other.vikt", labels=OTHERS)
    with serving(path, "--workers", 2) as served:
        stop, seen, failed = threading.Event(), set(), []

        def ask():
            with httpx.Client(base_url=served.url, timeout=20) as client:
                while not stop.is_set():
                    answer = client.post("/models/model/predict", json={"texts": ["win money now"]})
                    if answer.status_code != 200:
                        failed.append(answer.text)
                    seen.add(answer.json()["answers"][0]["predicted"])

        askers = [threading.Thread(target=ask) for _ in range(4)]
        for asker in askers:
            asker.start()
        while not seen:
            time.sleep(0.1)
        os.replace(other, path)
        deadline = time.monotonic() + 20
        while sum(event["event"] == "model replaced" for event in served.events) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.2)
        stop.set()
        for asker in askers:
            asker.join()
        assert seen == {"spam", "work"}
        assert not failed
        time.sleep(2)  # one that has just started is replaced after a pause
        children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children")
        if children.exists():
            os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
            deadline = time.monotonic() + 20
            while served.event("worker replaced") is None and time.monotonic() < deadline:
                time.sleep(0.1)
            for _ in range(20):
                answer = httpx.post(f"{served.url}/models/model/predict", json={"texts": ["win money now"]})
                assert answer.json()["answers"][0]["predicted"] == "work"
        assert served.stopped() == 0


@pytest.mark.slow
def test_it_says_why_it_does_not_start(path, tmp_path):
    def failed(*arguments, **environment):
        command = [sys.executable, "-m", "vikt", "serve", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, timeout=60)
        assert len(done.stderr.splitlines()) == 1, done.stderr
        return done.returncode, done.stderr

    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, message = failed(path, "--port", taken.getsockname()[1])
    assert code == 1
    assert "cannot listen there" in message
    assert "--port" in message
    assert "while" not in message
    code, message = failed(path, "--host", "no-such-host.invalid", "--no-token")
    assert code == 1
    assert "--host" in message
    assert "--port" not in message
    assert failed(tmp_path / "none.vikt")[0] == 1
    code, message = failed(path, "--host", "0.0.0.0")
    assert code == 2
    assert "--token-file" in message
