"""BentoML: a service that takes single requests, before one that takes adaptive batches.

As its page on adaptive batching has it.
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
    """Batches of seeds in, PNGs out."""

    def __init__(self) -> None:
        self.inside = orders().open()

    @bentoml.api(batchable=True, max_batch_size=MAX_BATCH, max_latency_ms=MAX_LATENCY_MS)
    def make(self, seeds: list[int]) -> list[bytes]:
        """A batch of seeds, as files."""
        images = self.inside.render(seeds)
        return [self.inside.encode(seed, image) for seed, image in zip(seeds, images, strict=True)]


@bentoml.service(workers=1, traffic={"timeout": 60}, logging=NO_ACCESS_LOG)
class Pictures:
    """A seed in, a PNG out."""

    maker = bentoml.depends(Maker)

    @bentoml.api
    async def image(self, seed: int) -> Annotated[bytes, ContentType("image/png")]:
        """One picture."""
        (file,) = await self.maker.to_async.make([seed])
        return file
