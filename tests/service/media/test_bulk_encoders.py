"""Encoders of data sets: off the event loop, at a lower priority."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from service.media.bulk_encoders import BulkEncoders
from service.registry.background_thread import HIGHEST_NICENESS, NICENESS

pytestmark = pytest.mark.anyio


async def test_a_job_runs_on_a_thread_of_its_own() -> None:
    """And its result comes back."""
    encoders = BulkEncoders(1, lambda _: None)
    (name,) = await encoders.run([lambda: threading.current_thread().name])
    encoders.close()

    assert name.startswith("bulk-encoder")


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux")
async def test_the_thread_has_a_lower_priority() -> None:
    """By as much as all background work."""
    encoders = BulkEncoders(1, lambda _: None)
    here = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    (there,) = await encoders.run(
        [lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())]
    )
    encoders.close()

    assert there == min(here + NICENESS, HIGHEST_NICENESS)


async def test_a_fault_of_a_job_comes_back() -> None:
    """To whoever waits for it."""
    encoders = BulkEncoders(1, lambda _: None)
    with pytest.raises(ZeroDivisionError):
        await encoders.run([lambda: 1 // 0])
    encoders.close()


async def test_each_picture_stands_aside_for_requests() -> None:
    """Before it begins, and not longer than it must."""
    done: list[str] = []
    encoders = BulkEncoders(1, lambda patience_s: done.append(f"aside {patience_s}"))
    await encoders.run([lambda: done.append("one"), lambda: done.append("two")])
    encoders.close()

    assert done == ["aside 0.5", "one", "aside 0.5", "two"]
