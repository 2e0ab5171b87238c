"""The asyncio interface of the batcher: wait for images, and drain.

Owns the early end of waiting: a passed deadline or a cancelled task cancels its images in the
queue. Knows neither torch nor HTTP.
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
    """Predicted encoding after the images of a request are computed.

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
        batcher: computes the images.
        recipes: recipes of one request.
        timeout_s: maximum seconds of waiting and computing together.
        window: maximum number of unfinished recipes in the batcher; None for all of them.
        encode: encoding that follows and must end within `timeout_s`, too.

    Raises:
        QueueFull, DeadlineTooNear, Draining, EngineSilent, EngineLost: refused at once.
        DeadlinePassed: not all images were ready in time.
        EngineFailed: the engine raised an exception.
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
    except (TimeoutError, DeadlinePassed) as error:  # from the event loop or from the queue
        raise DeadlinePassed(
            f"the picture was not ready within {timeout_s:g} s",
            retry_after_s=batcher.retry_after_s(),
        ) from error
    finally:
        for each in pending:
            each.image.cancel()
    return images


async def wait_for_bulk(batcher: Batcher, recipes: Sequence[Recipe]) -> list[Rendered]:
    """The images of `recipes` at the lower priority, in the same order, without a deadline.

    Raises:
        Draining, EngineSilent, EngineLost: refused, at once or later.
        EngineFailed: the engine raised an exception.
    """
    pending = batcher.submit_bulk(recipes)
    try:
        return [await asyncio.wrap_future(each.image) for each in pending]
    finally:
        for each in pending:
            each.image.cancel()


async def drain(batcher: Batcher, limit_s: float) -> int:
    """Stop admitting, finish admitted images within `limit_s` seconds, stop the engine.

    Returns:
        The number of admitted images that were refused.
    """
    batcher.stop_admitting()
    images = [asyncio.shield(asyncio.wrap_future(image)) for image in batcher.unfinished()]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await asyncio.gather(*images, return_exceptions=True)
    return batcher.stop()
