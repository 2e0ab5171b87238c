"""Clients that go, and clients that do not read: nobody else may notice."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.faults.conftest import Expected, Note
from tests.faults.crowd import Answer, ask, leave
from tests.faults.process import PATIENCE_S, Service, request_of, until

COMPUTED = 'progan_images_total{model="tiny-32",resolution="32"}'
WAITING = 'progan_queue_depth{model="tiny-32"}'
CANCELLED = 'progan_refused_total{reason="cancelled"}'
WALK_FORMATS = ("webp", "gif", "png", "mp4", "strip", "zip", "json")
LARGE = "GET /interpolate?seed=1&seed=2&steps=99&format=json"
LARGE_BYTES = 400_000  # at least
GONE = 5000
WAVE = 200  # who come together: all of them find a place in the queue


@contextmanager
def not_reading(service: Service, line: str) -> Generator[socket.socket]:
    """A client that asks and takes nothing, with as little room as it may have."""
    with socket.socket() as asker:
        # Before it connects, or the system promises more.
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asker.settimeout(PATIENCE_S)
        asker.connect(("127.0.0.1", service.port))
        asker.sendall(request_of(line))
        yield asker


def what_is_left(asker: socket.socket) -> int:
    """Bytes that still come."""
    size = 0
    with contextlib.suppress(ConnectionError):
        while part := asker.recv(65536):
            size += len(part)
    return size


def unread_bytes(service: Service) -> int:
    """What the system holds for the service's clients."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    port = f":{service.port:04X}"
    listening = "0A"
    queued = [row[4] for row in rows if row[1].endswith(port) and row[3] != listening]
    return sum(int(queue.partition(":")[0], 16) for queue in queued)


async def some(service: Service, count: int) -> list[Answer]:
    """The answers to patient clients, one after the other."""
    return [await ask(service.port, f"GET /images/{seed}") for seed in range(count)]


@pytest.mark.slow
def test_clients_that_do_not_read_hold_up_nobody_and_are_cut_off(
    bundles: Path, tmp_path: Path, expected: Expected, note: Note
) -> None:
    """Others are served meanwhile; after a while the system closes such connections."""
    with Service(bundles, tmp_path, client_write_timeout_s="1") as service, ExitStack() as stack:
        service.wait_until_ready()
        stuck = [stack.enter_context(not_reading(service, LARGE)) for _ in range(2)]
        until(lambda: service.log.read_text().count('"route": "/interpolate"') == len(stuck))
        answers = asyncio.run(some(service, 50))
        took = until(lambda: unread_bytes(service) == 0)
        received = [what_is_left(asker) for asker in stuck]

    assert all(size < LARGE_BYTES // 2 for size in received)
    assert {answer.status for answer in answers} == {200}
    for answer in answers:
        assert answer.headers["x-pixel-sha256"] == expected(int(answer.headers["x-seed"]), 32)
    slowest = max(answer.took_s for answer in answers)
    note("2 clients do not read", f"50 others 200, {slowest:.2f} s at most; cut off", took)


def upload_of(body: bytes) -> bytes:
    """The bytes of a request to verify a file."""
    return (
        f"POST /verify HTTP/1.1\r\nHost: test\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


def test_rendering_stops_within_a_batch_when_the_client_leaves(
    bundles: Path, tmp_path: Path
) -> None:
    """Of a walk in any format, many pictures, a proof: only the running batch is computed."""
    walk = "/interpolate?seed=1&seed=2&steps=60"
    requests = [request_of(f"GET {walk}&format={name}") for name in WALK_FORMATS]
    requests.append(request_of("POST /generate?count=64"))
    with Service(bundles, tmp_path, max_batch="4") as service:
        service.wait_until_ready()
        other = service.client.get("/interpolate?seed=3&seed=4&steps=60&format=png")
        requests.append(upload_of(other.content))
        for number, request in enumerate(requests, start=1):
            service.order(hang=True)
            before = service.metric(COMPUTED)
            with socket.create_connection(("127.0.0.1", service.port), PATIENCE_S) as asker:
                asker.sendall(request)
                until(lambda: service.metric(WAITING) > 0)
            until(lambda n=number: service.metric(CANCELLED) == n)
            service.relent()
            assert service.metric(WAITING) == 0
            assert service.client.get("/images/7").status_code == 200
            assert service.metric(COMPUTED) - before <= 4 + 1


@pytest.mark.long
@pytest.mark.timeout(600)
def test_five_thousand_clients_that_disconnect_cost_nothing(
    bundles: Path, tmp_path: Path, expected: Expected, note: Note
) -> None:
    """In the queue and in mid-answer: places and memory come back, and a patient one is served."""
    with Service(
        bundles, tmp_path, queue_work_s="1000", deadline_s="1000", max_batch="8"
    ) as service:
        service.wait_until_ready()
        asyncio.run(disconnecting(service, WAVE))  # what a first crowd needs, stays
        before, computed = service.memory_mb(), service.metric(COMPUTED)
        answers = asyncio.run(disconnecting(service, GONE))
        recovery_s = until(lambda: service.metric(WAITING) == 0)
        last = service.client.get("/images/7")
        computed = service.metric(COMPUTED) - computed
        after = service.memory_mb()

    assert {answer.status for answer in answers} == {200}
    for answer in answers:
        assert answer.headers["x-pixel-sha256"] == expected(int(answer.headers["x-seed"]), 32)
    assert last.headers["x-pixel-sha256"] == expected(7, 32)
    assert computed < GONE * 0.9  # half of them leave while they wait
    assert after - before < 30
    seen = f"{len(answers)} of {len(answers)} patient ones 200, right; {computed:.0f} computed"
    note(f"{GONE} clients disconnect", seen, recovery_s, (before, after))


async def disconnecting(service: Service, count: int) -> list[Answer]:
    """Waves of clients that leave, half of them from the queue; one patient client beside each."""
    service.order(each_s=0.002)
    answers: list[Answer] = []
    for wave in range(0, count, WAVE):
        async with asyncio.TaskGroup() as group:
            patient = group.create_task(ask(service.port, f"GET /images/{wave % 1000}"))
            for n in range(wave, wave + WAVE):
                line = f"GET /images/{10_000 + n}"
                group.create_task(leave(service.port, line, 0.05, mid_answer=n % 2 == 0))
        answers.append(patient.result())
    return answers
