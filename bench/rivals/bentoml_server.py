"""BentoML: a service for single requests, in front of one with adaptive batches.

Set up as on its documentation page on adaptive batching.
"""

from __future__ import annotations

from typing import Annotated

import bentoml
from bentoml.validators import ContentType

from bench.rivals.inside import MAX_BATCH, orders

MAX_LATENCY_MS = 60_000
NO_ACCESS_LOG = {"access": {"enabled": False}}


@bentoml.service(workers=orders().workers, traffic={"timeout": 60}, logging=NO_ACCESS_LOG)
class Maker:
    """Turns batches of seeds into PNG files."""

    def __init__(self) -> None:
        self.inside = orders().open()

    @bentoml.api(batchable=True, max_batch_size=MAX_BATCH, max_latency_ms=MAX_LATENCY_MS)
    def make(self, seeds: list[int]) -> list[bytes]:
        """Return the files of a batch of seeds."""
        images = self.inside.render(seeds)
        return [self.inside.encode(seed, image) for seed, image in zip(seeds, images, strict=True)]


@bentoml.service(workers=1, traffic={"timeout": 60}, logging=NO_ACCESS_LOG)
class Pictures:
    """Turns a seed into a PNG file."""

    maker = bentoml.depends(Maker)

    @bentoml.api
    async def image(self, seed: int) -> Annotated[bytes, ContentType("image/png")]:
        """Return one picture."""
        (file,) = await self.maker.to_async.make([seed])
        return file
