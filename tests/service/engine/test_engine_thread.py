"""The engine's thread: jobs one after another, with a heartbeat."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from service.batching.engine import DeviceLost
from service.engine.engine_thread import EngineThread, Heartbeat
from service.errors import EngineLost

PATIENCE_S = 30


@pytest.fixture
def thread() -> Iterator[EngineThread]:
    """A thread that ends with the test."""
    thread = EngineThread()
    thread.start()
    yield thread
    thread.stop()
    assert thread.ended(PATIENCE_S)


def test_silence_counts_only_beyond_what_the_work_may_take() -> None:
    """A long batch is no hang."""
    now = [100.0]
    heartbeat = Heartbeat(lambda: now[0])
    heartbeat.beat(allowed_s=5.0)
    now[0] = 104.0
    assert (heartbeat.age_s, heartbeat.overdue_s) == (4.0, 0.0)
    now[0] = 107.0
    assert (heartbeat.age_s, heartbeat.overdue_s) == (7.0, 2.0)


def test_a_beat_begins_anew_with_nothing_allowed() -> None:
    """What was allowed for the last work is not for the next."""
    now = [0.0]
    heartbeat = Heartbeat(lambda: now[0])
    heartbeat.beat(allowed_s=60.0)
    heartbeat.beat()
    now[0] = 1.0

    assert heartbeat.overdue_s == 1.0


def test_jobs_run_on_one_thread_in_the_order_in_which_they_came(thread: EngineThread) -> None:
    """A step of a bundle that is loaded goes between two batches."""
    order: list[int] = []
    done = [thread.run(lambda n=n: order.append(n), 1.0) for n in range(20)]
    name = thread.run(lambda: threading.current_thread().name, 1.0)

    assert name.result(PATIENCE_S) == "engine"
    assert order == list(range(20))
    assert all(each.done() for each in done)


def test_an_error_goes_to_the_sender_and_the_thread_goes_on(thread: EngineThread) -> None:
    """Whatever it is."""
    with pytest.raises(ZeroDivisionError):
        thread.run(lambda: 1 // 0, 1.0).result(PATIENCE_S)

    assert thread.run(lambda: 7, 1.0).result(PATIENCE_S) == 7
    assert thread.status().alive


def test_each_job_has_an_allowance_of_its_own() -> None:
    """So that a hang in a short step is noticed soon, though a load may take minutes."""
    now, inside, gate = [0.0], threading.Semaphore(0), threading.Event()
    thread = EngineThread(lambda: now[0])
    thread.start()

    def hold() -> bool:
        inside.release()
        return gate.wait(PATIENCE_S)

    seen: list[tuple[float, float]] = []
    for allowed_s in (600.0, 30.0):
        gate.clear()
        held = thread.run(hold, allowed_s)
        assert inside.acquire(timeout=PATIENCE_S)
        now[0] += 50.0
        status = thread.status()
        seen.append((status.heartbeat_age_s, status.overdue_s))
        gate.set()
        assert held.result(PATIENCE_S)
    thread.stop()

    assert thread.ended(PATIENCE_S)
    assert seen == [(50.0, 0.0), (50.0, 20.0)]


@pytest.mark.parametrize(
    ("fault", "told"), [(DeviceLost("gone"), DeviceLost), (SystemExit(1), EngineLost)]
)
def test_what_is_beyond_help_ends_the_thread_and_refuses_what_waits(
    fault: BaseException, told: type[Exception]
) -> None:
    """Nobody waits for ever; the status says what it was."""
    thread, gate = EngineThread(), threading.Event()
    thread.start()

    def spoil() -> None:
        assert gate.wait(PATIENCE_S)
        raise fault

    spoiled, waiting = thread.run(spoil, 1.0), thread.run(lambda: 7, 1.0)
    gate.set()
    with pytest.raises(told):
        spoiled.result(PATIENCE_S)
    with pytest.raises(EngineLost):
        waiting.result(PATIENCE_S)
    with pytest.raises(EngineLost) as later:
        thread.run(lambda: 7, 1.0).result(PATIENCE_S)

    assert later.value.retry_after_s
    assert (thread.status().alive, thread.status().fault) == (False, fault)
    assert thread.ended(PATIENCE_S)


def test_a_thread_that_stops_does_what_it_has_and_refuses_what_comes_later() -> None:
    """The batch under way is delivered."""
    thread, gate = EngineThread(), threading.Event()
    thread.start()
    held, waiting = thread.run(lambda: gate.wait(PATIENCE_S), 1.0), thread.run(lambda: 7, 1.0)
    thread.stop()
    with pytest.raises(EngineLost):
        thread.run(lambda: 8, 1.0).result(PATIENCE_S)
    gate.set()

    assert held.result(PATIENCE_S)
    assert waiting.result(PATIENCE_S) == 7
    assert thread.ended(PATIENCE_S)
    assert thread.status().fault is None
