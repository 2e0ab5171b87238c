"""SIGTERM: what clients and balancers see until the process has ended, and its exit code."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.conftest import Expected, Note
from tests.faults.process import Service, asking, read_all, until

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def patient(bundles: Path, tmp_path: Path) -> Iterator[Service]:
    """A service with a grace for balancers, one image a batch."""
    with Service(bundles, tmp_path, drain_grace_s="1", drain_limit_s="2", max_batch="1") as service:
        yield service.wait_until_ready()


def waiting(service: Service) -> float:
    """Images in the queue."""
    return service.metric('progan_queue_depth{model="tiny-32"}')


def test_on_its_way_out_it_is_not_ready_and_finishes_the_queue(
    patient: Service, expected: Expected, note: Note
) -> None:
    """Alive; every admitted picture comes; then the port closes; exit 0."""
    patient.order(hang=True)
    with ExitStack() as stack:
        asked = [stack.enter_context(asking(patient, f"GET /images/{n}")) for n in range(8)]
        until(lambda: waiting(patient) >= 6)
        began = time.monotonic()
        patient.process.terminate()
        patient.order(each_s=0.1)
        until(lambda: patient.status("/health/ready") == 503)
        live = patient.status("/health/live")
        answers = [read_all(asker) for asker in asked]
    code = patient.ended()
    took = time.monotonic() - began

    assert live == 200
    assert patient.status("/health/live") is None
    assert [answer[:12] for answer in answers] == [b"HTTP/1.1 200"] * 8
    assert all(expected(n, 32).encode() in answer for n, answer in enumerate(answers))
    assert code == 0
    note("SIGTERM with 8 admitted", f"8 x 200; exit 0 after {took:.1f} s")


@pytest.mark.parametrize("hang", [False, True])
@pytest.mark.slow
def test_whoever_cannot_be_served_within_the_limit_is_told(
    patient: Service, note: Note, *, hang: bool
) -> None:
    """With 503 and when to come again, also if the engine hangs; exit 0 all the same."""
    patient.order(each_s=0.8, hang=hang)
    with ExitStack() as stack:
        asked = [stack.enter_context(asking(patient, f"GET /images/{n}")) for n in range(8)]
        until(lambda: waiting(patient) >= 6)
        patient.process.terminate()
        answers = [read_all(asker) for asker in asked]
    code = patient.ended()

    told = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503")]
    served = [answer for answer in answers if answer.startswith(b"HTTP/1.1 200")]
    assert len(told) + len(served) == 8
    assert bool(served) is not hang
    assert len(told) >= 3
    assert all(b"retry-after: " in answer for answer in told)
    assert code == 0
    what = "hanging engine" if hang else "too much queued"
    note(f"SIGTERM, {what}", f"{len(served)} x 200, {len(told)} x 503; exit 0")


def test_a_second_signal_ends_it_at_once(patient: Service) -> None:
    """Whatever is under way, even a batch that hangs."""
    patient.order(hang=True)
    with asking(patient, "GET /images/1"):
        until(lambda: patient.metric("progan_engine_heartbeat_age_seconds") > 0.6)
        patient.process.terminate()
        until(lambda: patient.status("/health/ready") == 503)
        patient.process.send_signal(signal.SIGINT)

        assert patient.ended() == 128 + signal.SIGINT
