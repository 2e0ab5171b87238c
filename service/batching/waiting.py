"""The event loop's side of the batcher: wait for images, and for the end.

Owns how waiting ends early: a deadline or a cancelled task takes its recipes out of the queue.
Knows neither torch nor HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence

from service.batching.batcher import Batcher
from service.batching.queue import Rendered
from service.batching.recipe import Recipe
from service.errors import DeadlinePassed


async def wait_for_images(
    batcher: Batcher, recipes: Sequence[Recipe], patience_s: float, *, window: int | None = None
) -> list[Rendered]:
    """The images of `recipes`, in the same order.

    Args:
        batcher: computes them.
        recipes: of one request.
        patience_s: seconds that waiting and computing may take together.
        window: how many of the recipes may be in the line at a time; all of them if left out.

    Raises:
        QueueFull, DeadlineTooNear, Draining, EngineSilent, EngineLost: refused at once.
        DeadlinePassed: not all images were there in time.
        EngineFailed: the engine raised.
    """
    deadline = time.monotonic() + patience_s
    first = len(recipes) if window is None else window
    tickets = batcher.submit(recipes[:first], deadline, later=recipes[first:])
    images: list[Rendered] = []
    try:
        async with asyncio.timeout(patience_s):
            for place in range(len(recipes)):
                images.append(await asyncio.wrap_future(tickets[place].image))
                if further := recipes[first + place : first + place + 1]:
                    tickets += batcher.submit(further, deadline, bounded=False)
    except (TimeoutError, DeadlinePassed) as error:  # whoever looks at the clock first
        raise DeadlinePassed(
            f"the picture was not ready within {patience_s:g} s",
            retry_after_s=batcher.retry_after_s(),
        ) from error
    finally:
        for ticket in tickets:
            ticket.image.cancel()
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
