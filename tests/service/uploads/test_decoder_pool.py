"""Jobs on uploads run beside the event loop, and no more of them than fit."""

from __future__ import annotations

import asyncio
import threading

import pytest

from service.errors import QueueFull
from service.uploads.decoder_pool import DecoderPool

pytestmark = pytest.mark.anyio


async def test_jobs_beyond_the_limit_are_refused_until_one_is_done() -> None:
    """With the time after which to try again."""
    pool, gate = DecoderPool(max_jobs=2), threading.Event()
    jobs = [asyncio.ensure_future(pool.run(gate.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(QueueFull, match="2 uploads are being examined") as refused:
        await pool.run(lambda: 1)
    gate.set()
    await asyncio.gather(*jobs)

    assert refused.value.retry_after_s
    assert await pool.run(lambda: threading.current_thread().name) == "decoder_0"
    pool.close()


async def test_a_job_whose_client_has_gone_does_not_run() -> None:
    """If it had not begun; its place is free."""
    pool, gate = DecoderPool(max_jobs=2), threading.Event()
    ran: list[int] = []
    first = asyncio.ensure_future(pool.run(gate.wait))
    second = asyncio.ensure_future(pool.run(lambda: ran.append(1)))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait({second})
    gate.set()
    await first
    await pool.run(lambda: None)

    assert ran == []
    pool.close()


async def test_bodies_in_memory_are_counted_and_one_is_always_taken() -> None:
    """Else a limit below the size of a body would refuse it for ever."""
    pool = DecoderPool(max_bytes=100)
    with pool.holding() as first:
        first.grow(80)
        first.grow(80)
        with pool.holding() as second, pytest.raises(QueueFull, match="hold 160 bytes"):
            second.grow(1)

    assert pool.held_bytes == 0
    pool.close()
