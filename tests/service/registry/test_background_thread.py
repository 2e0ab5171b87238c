"""Work on threads of lower priority."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from service.registry import background_thread
from service.registry.background_thread import HIGHEST_NICENESS, NICENESS, BackgroundThread
from tests.service.painter import PATIENCE_S


def test_the_result_comes_back_from_another_thread_each_time() -> None:
    """Named, and never one that the process would wait for."""
    background = BackgroundThread()
    first, second = (
        background.run(threading.current_thread).result(PATIENCE_S),
        background.run(threading.current_thread).result(PATIENCE_S),
    )

    assert first is not second
    assert (first.name, first.daemon) == ("background", True)
    assert background.ended(PATIENCE_S)


def test_a_fault_comes_back_as_well() -> None:
    """To whoever waits for the result."""

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        BackgroundThread().run(fail).result(PATIENCE_S)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own there")
def test_only_the_thread_itself_has_a_lower_priority() -> None:
    """Serving keeps its priority."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    background = BackgroundThread()
    inside = background.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    assert min(before + NICENESS, HIGHEST_NICENESS) == inside.result(PATIENCE_S)
    assert before == os.getpriority(os.PRIO_PROCESS, 0)


def test_it_knows_whether_work_is_under_way() -> None:
    """A process must not be torn down under it."""
    background, gate = BackgroundThread(), threading.Event()
    done = background.run(lambda: gate.wait(PATIENCE_S))
    assert not background.ended(0.0)
    gate.set()
    done.result(PATIENCE_S)

    assert background.ended(PATIENCE_S)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own there")
def test_a_priority_that_may_not_be_changed_costs_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A sandbox may forbid it; the work is done all the same, and whoever waits hears of it."""

    def forbid(*_: object) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(os, "setpriority", forbid)

    assert BackgroundThread().run(lambda: 7).result(PATIENCE_S) == 7
    assert "at the priority of serving: Operation not permitted" in caplog.text


def test_whatever_ends_the_work_is_reported_to_whoever_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also what no `except Exception` would catch: nobody may wait for ever."""

    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        BackgroundThread().run(leave).result(PATIENCE_S)
    monkeypatch.setattr(background_thread, "lower_priority", leave)
    with pytest.raises(SystemExit):
        BackgroundThread().run(lambda: 7).result(PATIENCE_S)


@pytest.mark.anyio
async def test_an_event_loop_can_wait_for_a_job() -> None:
    """For its result, or its exception."""
    assert await BackgroundThread().result_of(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await BackgroundThread().result_of(lambda: 1 // 0)
