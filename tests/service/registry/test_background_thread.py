"""Work on threads that step back."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from service.registry.background_thread import HIGHEST_NICENESS, NICENESS, BackgroundThread
from tests.service.painter import PATIENCE_S


def test_the_result_comes_back_from_another_thread_each_time() -> None:
    """Named, and never one that the process would wait for."""
    aside = BackgroundThread()
    first, second = (
        aside.run(threading.current_thread).result(PATIENCE_S),
        aside.run(threading.current_thread).result(PATIENCE_S),
    )

    assert first is not second
    assert (first.name, first.daemon) == ("aside", True)
    assert aside.ended(PATIENCE_S)


def test_a_fault_comes_back_as_well() -> None:
    """To whoever waits for the result."""

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        BackgroundThread().run(fail).result(PATIENCE_S)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own there")
def test_only_the_thread_itself_steps_back() -> None:
    """Serving keeps its priority."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    aside = BackgroundThread()
    inside = aside.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    assert min(before + NICENESS, HIGHEST_NICENESS) == inside.result(PATIENCE_S)
    assert before == os.getpriority(os.PRIO_PROCESS, 0)


def test_it_knows_whether_work_is_under_way() -> None:
    """A process must not be torn down under it."""
    aside, gate = BackgroundThread(), threading.Event()
    done = aside.run(lambda: gate.wait(PATIENCE_S))
    assert not aside.ended(0.0)
    gate.set()
    done.result(PATIENCE_S)

    assert aside.ended(PATIENCE_S)
