"""Ray Serve: replicas with batches, behind its proxy in the high-throughput mode.

Set up as on its documentation pages on dynamic request batching and performance: HAProxy in front
(see `bench.rivals.catalogue`), the batch on a thread, so that the replica's event loop stays free.
"""

from __future__ import annotations

import asyncio
import time

import ray
from fastapi import FastAPI, Response
from ray import serve

from bench.rivals.inside import MAX_BATCH, orders

BATCH_WAIT_S = 0.005

app = FastAPI()


@serve.deployment(
    num_replicas=orders().workers, max_ongoing_requests=128, ray_actor_options={"num_cpus": 1}
)
@serve.ingress(app)
class Pictures:
    """Turns a seed into a PNG file."""

    def __init__(self) -> None:
        self.inside = orders().open()

    @serve.batch(max_batch_size=MAX_BATCH, batch_wait_timeout_s=BATCH_WAIT_S)
    async def make(self, seeds: list[int]) -> list[bytes]:
        """Return the files of a batch of seeds."""
        return await asyncio.to_thread(self.compute, seeds)

    def compute(self, seeds: list[int]) -> list[bytes]:
        """Return the same files, synchronously."""
        images = self.inside.render(seeds)
        return [self.inside.encode(seed, image) for seed, image in zip(seeds, images, strict=True)]

    @app.get("/images/{seed}")
    async def image(self, seed: int) -> Response:
        """Return one picture."""
        file = await self.make(seed)  # pyright: ignore[reportArgumentType] - the batch of it
        return Response(file, media_type="image/png")


if __name__ == "__main__":
    ray.init(num_cpus=4, include_dashboard=False, configure_logging=False)
    serve.start(http_options={"host": "127.0.0.1", "port": orders().port})
    serve.run(Pictures.bind())  # pyright: ignore[reportAttributeAccessIssue] - now a deployment
    while True:
        time.sleep(1)
