"""The event loop's side of the batcher: wait for images, and for the end.

Owns how waiting ends early: a deadline or a cancelled task takes its recipes out of the queue.
Knows neither torch nor HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from service.batching.batcher import Batcher
from service.batching.queue import Rendered
from service.batching.recipe import Recipe
from service.errors import DeadlinePassed


@dataclass(frozen=True, slots=True)
class Encoding:
    """Work that follows on the images of a request.

    Attributes:
        ahead_s: predicted seconds until the encoders are free.
        own_s: predicted seconds of encoding, after the last image.
    """

    ahead_s: float = 0.0
    own_s: float = 0.0


NOTHING = Encoding()


async def wait_for_images(
    batcher: Batcher,
    recipes: Sequence[Recipe],
    timeout_s: float,
    *,
    window: int | None = None,
    encode: Encoding = NOTHING,
) -> list[Rendered]:
    """The images of `recipes`, in the same order.

    Args:
        batcher: computes them.
        recipes: of one request.
        timeout_s: seconds that waiting and computing may take together.
        window: how many of the recipes may be in the queue at a time; all of them if left out.
        encode: that will follow, and must be done within the same seconds.

    Raises:
        QueueFull, DeadlineTooNear, Draining, EngineSilent, EngineLost: refused at once.
        DeadlinePassed: not all images were there in time.
        EngineFailed: the engine raised.
    """
    deadline = time.monotonic() + timeout_s
    first = len(recipes) if window is None else window
    pending = batcher.submit(
        recipes[:first],
        deadline,
        later=recipes[first:],
        encode_ahead_s=encode.ahead_s,
        encode_s=encode.own_s,
    )
    images: list[Rendered] = []
    try:
        async with asyncio.timeout(timeout_s):
            for place in range(len(recipes)):
                images.append(await asyncio.wrap_future(pending[place].image))
                if further := recipes[first + place : first + place + 1]:
                    pending += batcher.submit(further, deadline, bounded=False)
    except (TimeoutError, DeadlinePassed) as error:  # whoever looks at the clock first
        raise DeadlinePassed(
            f"the picture was not ready within {timeout_s:g} s",
            retry_after_s=batcher.retry_after_s(),
        ) from error
    finally:
        for each in pending:
            each.image.cancel()
    return images


async def drain(batcher: Batcher, limit_s: float) -> int:
    """Stop admitting, finish what was admitted within `limit_s` seconds, end the thread.

    Returns:
        How many admitted images were given up.
    """
    batcher.stop_admitting()
    images = [asyncio.shield(asyncio.wrap_future(image)) for image in batcher.unfinished()]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await asyncio.gather(*images, return_exceptions=True)
    return batcher.stop()
