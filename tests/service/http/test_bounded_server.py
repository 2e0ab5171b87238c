"""What clients may send, over real sockets: how large, how slowly, and how many at a time."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from bench.service_process import free_port
from service.http import bounded_server
from service.http.bounded_server import BoundedServer
from service.http.connections import HEAD_BYTES, SENDING_S, ConnectionLimits
from service.http.listening import listen
from tests.journeys.server import ready_server

PATIENCE_S = 300.0  # ends a hang; nothing here waits for it
FEW = 64  # descriptors


@dataclass
class Running:
    """A server with a small application: it reads the body, and answers with its length.

    Attributes:
        gate: `/slow` is answered when it is set.
        at_work: requests for it that wait for that.
    """

    port: int
    refused: Counter[tuple[int, str]] = field(default_factory=Counter[tuple[int, str]])
    gate: threading.Event = field(default_factory=threading.Event)
    at_work: int = 0

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.at_work += scope["path"] == "/slow"
        while scope["path"] == "/slow" and not self.gate.is_set():
            await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % len(body)})

    def connect(self) -> socket.socket:
        """A client."""
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)


@contextmanager
def running(limits: ConnectionLimits) -> Generator[Running]:
    """The server, on a thread of its own."""
    sockets = listen("127.0.0.1", 0, "PROGAN_PORT")
    state = Running(sockets[0].getsockname()[1])
    config = uvicorn.Config(
        state.app, interface="asgi3", lifespan="off", log_config=None, access_log=False
    )
    server = BoundedServer(
        config, limits, lambda status, kind: state.refused.update([(status, kind)])
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets)))
    thread.start()
    try:
        yield state
    finally:
        state.gate.set()
        server.should_exit = True
        thread.join()


@pytest.fixture
def state() -> Generator[Running]:
    """A server with room for all."""
    with running(ConnectionLimits(50, 4)) as state:
        yield state


def received(client: socket.socket) -> bytes:
    """All that comes until the server closes."""
    parts: list[bytes] = []
    try:
        while part := client.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def status_of(answer: bytes) -> int:
    """The status of an answer."""
    return int(answer.split(b" ", 2)[1])


def get(path: str) -> bytes:
    """A request after which the connection ends."""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


@pytest.mark.parametrize(
    "flood",
    [
        [b"GET / HTTP/1.1\r\nA: ", *[b"x" * 4096] * 100],
        [b"GET / HTTP/1.1\r\nA: " + b"x" * 400_000],
        [b"GET /", *[b"x" * 4096] * 100],
        [b"GET / HTTP/1.1\r\n", *[b"A: b\r\n" * 500] * 100],
        [b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 5000 + b"\r\n"],
        [b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ", *[b"x" * 4096] * 100],
        [b"\r\n" * 2048] * 100,
    ],
    ids=["one header", "at once", "a line", "many headers", "many at once", "trailer", "nothing"],
)
def test_a_head_beyond_the_limit_is_refused_and_not_kept(
    state: Running, flood: list[bytes]
) -> None:
    """With 431 as a problem, whatever the head is made of; others are served."""
    with state.connect() as client:
        for part in flood:
            try:
                client.sendall(part)
            except ConnectionError:
                break
        answer = received(client)
    head, _, body = answer.partition(b"\r\n\r\n")

    assert status_of(answer) == 431
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == 431
    assert str(HEAD_BYTES) in json.loads(body)["detail"]
    assert state.refused == {(431, "head-too-large"): 1}
    with state.connect() as other:
        other.sendall(get("/"))
        assert status_of(received(other)) == 200


def test_a_head_below_the_limit_and_a_large_body_are_taken(state: Running) -> None:
    """The application decides about bodies."""
    body = b"x" * 500_000
    with state.connect() as client:
        headers = b"A: " + b"a" * (HEAD_BYTES - 1000) + b"\r\nConnection: close"
        length = b"Content-Length: %d" % len(body)
        client.sendall(b"POST / HTTP/1.1\r\n" + headers + b"\r\n" + length + b"\r\n\r\n" + body)

        assert b"\r\n500000\r\n" in received(client)


def test_what_is_no_request_is_a_problem(state: Running) -> None:
    """Like every other error."""
    with state.connect() as client:
        client.sendall(b"\x16\x03\x01 no HTTP at all\r\n\r\n")
        answer = received(client)

    assert status_of(answer) == 400
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"].endswith("bad-request")


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"", False),
        (b"GET / HTT", True),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", True),
    ],
)
def test_a_request_that_does_not_come_whole_ends(
    state: Running, monkeypatch: pytest.MonkeyPatch, sent: bytes, answered: bool
) -> None:
    """With 408; a connection without a byte is closed without a word."""
    monkeypatch.setattr(bounded_server, "HEAD_S", 0.3)
    with state.connect() as client:
        client.sendall(sent)
        answer = received(client)

    assert (status_of(answer) == 408) if answered else (answer == b"")
    assert state.refused == ({(408, "request-timeout"): 1} if answered else {})


@pytest.mark.parametrize("head", [b"GET /", b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"])
def test_drops_do_not_buy_time(
    state: Running, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    """A byte now and then, of a head or of a body, holds no connection open."""
    monkeypatch.setattr(bounded_server, "HEAD_S", 0.3)
    with state.connect() as client:
        client.sendall(head)
        until = time.monotonic() + PATIENCE_S
        while not state.refused:
            assert time.monotonic() < until
            try:
                client.sendall(b"a")
            except ConnectionError:
                break
            time.sleep(0.02)
        assert status_of(received(client)) == 408


def test_a_second_request_has_its_own_time(state: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a client that waits for a slow answer has all of it."""
    monkeypatch.setattr(bounded_server, "HEAD_S", 0.3)
    with state.connect() as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(1.0)
        state.gate.set()
        assert status_of(client.recv(65536)) == 200
        client.sendall(b"GET / HTTP/1.1\r\n")
        assert status_of(received(client)) == 408


def test_a_full_server_still_tells_its_state() -> None:
    """Half-sent requests give way to new ones; where all are at work, health is still answered."""
    with running(ConnectionLimits(6, 3)) as full, ExitStack() as stack:
        half = [stack.enter_context(full.connect()) for _ in range(20)]
        for client in half:
            client.sendall(b"GET / HT")
        time.sleep(2 * SENDING_S)
        with full.connect() as client:
            client.sendall(get("/"))
            assert status_of(received(client)) == 200
        busy = [stack.enter_context(full.connect()) for _ in range(6)]
        for client in busy:
            client.sendall(get("/slow"))
        while full.at_work < 6:
            time.sleep(0.01)
        answers: list[int] = []
        for path in ("/", "/health/live"):
            with full.connect() as client:
                client.sendall(get(path))
                answers.append(status_of(received(client)))
        assert answers == [503, 200]
        full.gate.set()
        assert {status_of(received(client)) for client in busy} == {200}


def test_a_real_service_has_these_bounds(bundles: Path, tmp_path: Path) -> None:
    """With 64 descriptors and a hundred half-sent requests on each port, all is answered.

    Two hundred megabytes of headers end after 64 kB, and are kept nowhere.
    """
    second = free_port()
    with (
        ready_server(
            bundles, tmp_path / "log", descriptors=FEW, operations_port=str(second)
        ) as server,
        ExitStack() as stack,
    ):
        for port in (server.port, second):
            for _ in range(100):
                client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
                client.sendall(b"GET /images/1 HTTP/1.1\r\nHost: x\r\nA: ")
        time.sleep(2 * SENDING_S)
        for path in ("/health/live", "/health/ready", "/images/1?resolution=16"):
            assert server.client.get(path).status_code == 200, path
        for path in ("/health/live", "/metrics"):
            with socket.create_connection(("127.0.0.1", second), PATIENCE_S) as client:
                client.sendall(get(path))
                assert status_of(received(client)) == 200, path
        before = peak_mb(server.process.pid)
        flood(server.port)
        assert peak_mb(server.process.pid) - before < 50


def flood(port: int) -> None:
    """Send 200 MB of headers, as long as they are taken."""
    line = b"A: " + b"x" * 65_500 + b"\r\n"
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        with suppress(ConnectionError):
            for _ in range(3200):
                client.sendall(line)
        with suppress(ConnectionError):
            assert status_of(client.recv(65536)) == 431


def peak_mb(pid: int) -> float:
    """The most memory that a process has had."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) / 1024
