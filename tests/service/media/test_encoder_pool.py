"""Encoding is work like any other: predicted, bounded, refused in time."""

from __future__ import annotations

import asyncio
import threading

import pytest

from service.batching.recipe import Recipe, point_of
from service.errors import QueueFull
from service.media.encoder_pool import EncoderPool

pytestmark = pytest.mark.anyio

AREA = 32**2
BYTES = 3 * AREA
RECIPE = Recipe("m@1", point_of(1), 32)


def test_more_pictures_than_may_wait_are_refused_until_some_are_encoded() -> None:
    """One request always may, whatever its size; a refusal leaves nothing behind."""
    pool = EncoderPool(1, max_bytes=4 * BYTES)
    with pool.promised(9, AREA, 0.0):
        more = pool.promised(1, AREA, 0.0)
        with pytest.raises(QueueFull, match="wait to be encoded") as full:
            more.__enter__()
        assert pool.unencoded_bytes == 9 * BYTES
        assert full.value.retry_after_s
    with pool.promised(3, AREA, 0.0), pool.promised(1, AREA, 0.0):
        assert pool.unencoded_bytes == 4 * BYTES
    pool.close()

    assert (pool.unencoded_bytes, pool.ahead_s) == (0, 0.0)


async def test_the_seconds_of_a_format_are_learned() -> None:
    """They are what is predicted for the next file, shared by all threads."""
    pool = EncoderPool(2)
    gate = threading.Event()
    guess = pool.seconds([RECIPE], "webp")
    for _ in range(3):
        gate.clear()
        encoding = asyncio.create_task(pool.run([RECIPE], "webp", lambda: gate.wait(30)))
        await asyncio.sleep(0.05)
        gate.set()
        made, _ = await encoding
        assert made
    with pool.promised(1, AREA, pool.seconds([RECIPE], "webp")):
        ahead_s = pool.ahead_s
    pool.close()

    assert pool.seconds([RECIPE], "webp") > 10 * guess
    assert pool.seconds([RECIPE], "png") == guess
    assert ahead_s == pytest.approx(pool.seconds([RECIPE], "webp") / 2)


async def test_what_is_cancelled_before_its_turn_is_never_encoded() -> None:
    """Its client has gone, or it is too late."""
    pool, gate, made = EncoderPool(1), threading.Event(), list[str]()
    first = asyncio.create_task(pool.run([RECIPE], "png", lambda: gate.wait(30)))
    await asyncio.sleep(0)
    second = asyncio.create_task(pool.run([RECIPE], "png", lambda: made.append("second")))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([second])
    gate.set()
    await first
    await pool.run([RECIPE], "png", lambda: made.append("third"))
    pool.close()

    assert made == ["third"]
