"""Faults that end the process: what clients are told, which exit code, how soon another serves."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.server import ENGINE_LOST
from tests.faults.conftest import Expected, Note
from tests.faults.process import PATIENCE_S, Service, Supervisor, asking, kill, read_all, until

pytestmark = pytest.mark.timeout(900)


def serves(service: Service, expected: Expected) -> bool:
    """Whether it serves a picture; a wrong one is no picture."""
    if service.status("/images/7") != 200:
        return False
    assert service.client.get("/images/7").headers["x-pixel-sha256"] == expected(7, 32)
    return True


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("AcceleratorError", "CUDA error: an illegal memory access was encountered"),
        pytest.param(
            "RuntimeError", "CUDA error: device-side assert triggered", marks=pytest.mark.long
        ),
    ],
)
@pytest.mark.slow
def test_a_spoiled_device_ends_the_process_when_all_have_been_answered(
    bundles: Path, tmp_path: Path, note: Note, error: str, text: str
) -> None:
    """Its batch gets 500, who waited behind it 503; the code tells a supervisor to start another.

    The error is injected: this is not measured on CUDA.
    """
    with Service(bundles, tmp_path, max_batch="1") as service, ExitStack() as stack:
        service.wait_until_ready()
        service.order(error=error, text=text, each_s=0.5, once=True)
        asked = [stack.enter_context(asking(service, f"GET /images/{n}")) for n in range(5)]
        until(lambda: "ending with code" in service.log.read_text())
        began = time.monotonic()
        answers = sorted(read_all(asker) for asker in asked)
        assert service.ended() == ENGINE_LOST
        took = time.monotonic() - began

    statuses = [answer[:12] for answer in answers]
    assert statuses == [b"HTTP/1.1 500", *[b"HTTP/1.1 503"] * 4]
    assert all(b"retry-after: " in answer for answer in answers[1:])
    assert all(b"urn:problem-type:progan:engine-lost" in answer for answer in answers[1:])
    seen = f"1 x 500, 4 waiting x 503; exit 70 after {took:.1f} s"
    note(f"device lost ({text[12:30]}...)", seen)


@pytest.mark.long
def test_an_engine_that_hangs_is_restarted_by_a_supervisor_that_asks(
    bundles: Path, tmp_path: Path, expected: Expected, note: Note
) -> None:
    """Readiness goes first, liveness later."""
    with Service(bundles, tmp_path, stall_s="0.5", hang_s="2") as service:
        service.wait_until_ready()
        service.order(hang=True, once=True)
        with asking(service, "GET /images/9"):
            began = time.monotonic()
            until(lambda: service.status("/health/ready") == 503)
            assert service.status("/health/live") == 200
            until(lambda: service.status("/health/live") == 503)
            with Supervisor(service) as supervisor:
                until(lambda: serves(service, expected))
                recovery_s = time.monotonic() - began

    assert supervisor.exit_codes == [-9]
    note("engine hangs for ever", "not ready 0.5 s, not alive 2 s, killed", recovery_s)


def test_an_engine_that_hangs_ends_the_process_where_nobody_asks(
    bundles: Path, tmp_path: Path, note: Note
) -> None:
    """Such as under a supervisor that only sees exits; who waits is told first."""
    with Service(bundles, tmp_path, stall_s="0.2", hang_s="0.5") as service:
        service.wait_until_ready()
        service.order(hang=True, once=True)
        began, answer = time.monotonic(), b""
        while not service.obeyed():  # on a busy machine an engine seems to hang, and is not asked
            with asking(service, "GET /images/9") as first:
                answer = read_all(first)
        assert service.ended() == ENGINE_LOST
        took = time.monotonic() - began

    assert answer.startswith(b"HTTP/1.1 503")
    assert b"urn:problem-type:progan:engine-lost" in answer
    note("engine hangs, nobody asks for health", f"503; exit 70 after {took:.1f} s (2 x 0.5 s)")


@pytest.mark.long
def test_an_engine_whose_thread_dies_is_not_alive(
    bundles: Path, tmp_path: Path, expected: Expected, note: Note
) -> None:
    """Who waits is told at once, and whoever comes later too."""
    with Service(bundles, tmp_path) as service:
        service.wait_until_ready()
        service.order(error="SystemExit", text="1", once=True)
        began = time.monotonic()
        answer = service.client.get("/images/9")
        later = service.client.get("/images/10")
        live, ready = service.status("/health/live"), service.status("/health/ready")
        with Supervisor(service) as supervisor:
            until(lambda: serves(service, expected))
            recovery_s = time.monotonic() - began

    assert (answer.status_code, later.status_code) == (503, 503)
    assert (live, ready) == (503, 503)
    assert supervisor.exit_codes == [-9]
    note("engine's thread dies", "503 at once; not alive, killed", recovery_s)


@pytest.mark.long
def test_a_killed_process_serves_the_same_pictures_after_its_restart(
    bundles: Path, tmp_path: Path, expected: Expected, note: Note
) -> None:
    """`kill -9` in the middle of work: only what was under way is lost."""
    with Service(bundles, tmp_path) as service, Supervisor(service) as supervisor:
        service.wait_until_ready()
        service.order(each_s=0.2)
        with ThreadPoolExecutor(4) as pool:
            lost = [pool.submit(service.status, f"/images/{n}") for n in range(4)]
            until(lambda: service.metric("progan_engine_heartbeat_age_seconds") > 0)
            kill(service)
            began = time.monotonic()
            seen = [each.result(PATIENCE_S) for each in lost]
        service.relent()
        until(lambda: serves(service, expected))
        recovery_s = time.monotonic() - began

    assert supervisor.exit_codes == [-9]
    assert set(seen) <= {None, 200}
    note("kill -9", f"{seen.count(None)} of 4 under way lost", recovery_s)
