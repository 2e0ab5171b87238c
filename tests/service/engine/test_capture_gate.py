"""Captures and other work never meet, and neither waits for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from service.engine.capture_gate import CaptureGate, capture_gate

MINUTES = 120.0  # only ends a hang


def started(job: Callable[[], None]) -> threading.Thread:
    """A thread that runs `job`."""
    thread = threading.Thread(target=job, daemon=True)
    thread.start()
    return thread


def until_one_waits(gate: CaptureGate) -> None:
    """Return when a thread waits for its capture."""
    while not gate.capture_waits:
        time.sleep(0.001)


def test_many_threads_work_at_once() -> None:
    """Both are inside at the same time, else the barrier would break."""
    gate, inside = CaptureGate(), threading.Barrier(2)

    def work() -> None:
        with gate.work():
            inside.wait(MINUTES)

    other = started(work)
    work()
    other.join(MINUTES)

    assert not inside.broken
    assert not other.is_alive()


def test_a_capture_waits_for_work_and_goes_before_later_work() -> None:
    """An engine that always works would else never let a bundle be verified."""
    gate, order = CaptureGate(), list[str]()
    working, waits = threading.Event(), threading.Event()

    def capture() -> None:
        working.wait(MINUTES)
        waits.set()
        with gate.capture():
            order.append("capture")

    capturing = started(capture)
    with gate.work():
        working.set()
        waits.wait(MINUTES)
        until_one_waits(gate)
        order.append("work")
    with gate.work():
        order.append("later work")
    capturing.join(MINUTES)

    assert order == ["work", "capture", "later work"]


def test_two_threads_that_work_may_both_capture() -> None:
    """The work of a thread that waits for its capture is suspended."""
    gate, inside = CaptureGate(), threading.Barrier(2)
    at_once, most = 0, 0

    def work_and_capture() -> None:
        nonlocal at_once, most
        with gate.work():
            inside.wait(MINUTES)
            with gate.capture():
                at_once += 1
                most = max(most, at_once)
                at_once -= 1

    threads = [started(work_and_capture) for _ in range(2)]
    for thread in threads:
        thread.join(MINUTES)

    assert not any(thread.is_alive() for thread in threads)
    assert most == 1


def test_work_goes_on_after_a_capture_inside_it() -> None:
    """Until it ends, no other thread captures."""
    gate, order, ended = CaptureGate(), list[str](), threading.Event()

    def capture() -> None:
        with gate.capture():
            order.append("other capture")
        ended.set()

    with gate.work(), gate.work():
        with gate.capture(), gate.work():
            order.append("capture")
        other = started(capture)
        until_one_waits(gate)
        order.append("work")
    assert ended.wait(MINUTES)
    other.join(MINUTES)

    assert order == ["capture", "work", "other capture"]


def test_an_error_opens_the_gate_again() -> None:
    """Of work or of a capture."""
    gate = CaptureGate()
    for context in (gate.work, gate.capture, gate.work):
        try:
            with context():
                raise RuntimeError("a fault")
        except RuntimeError:
            pass
    with gate.capture():
        pass

    assert not gate.capture_waits


def test_a_process_has_one_gate() -> None:
    """For all its devices, since torch has one capture at a time."""
    assert capture_gate() is capture_gate()
