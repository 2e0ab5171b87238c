"""LitServe: an API server process, and workers that take batches.

Set up as on its documentation pages on batching and on image responses.
"""

from __future__ import annotations

from fastapi import Response
from litserve import LitAPI, LitServer

from bench.rivals.inside import MAX_BATCH, orders

BATCH_TIMEOUT_S = 0.005


class Pictures(LitAPI):
    """Turns a seed into a PNG file."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - always the CPU
        """Load the model, in each worker."""
        self.inside = orders().open()

    def decode_request(self, request: dict[str, int]) -> int:
        """Return the seed."""
        return request["seed"]

    def batch(self, inputs: list[int]) -> list[int]:
        """Return the seeds: they need no stacking."""
        return inputs

    def predict(self, x: list[int]) -> list[bytes]:
        """Return the files of a batch of seeds."""
        images = self.inside.render(x)
        return [self.inside.encode(seed, image) for seed, image in zip(x, images, strict=True)]

    def unbatch(self, output: list[bytes]) -> list[bytes]:
        """Return one file for each request."""
        return output

    def encode_response(self, output: bytes) -> Response:
        """Return the file, unchanged."""
        return Response(output, media_type="image/png")


if __name__ == "__main__":
    told = orders()
    api = Pictures(max_batch_size=MAX_BATCH, batch_timeout=BATCH_TIMEOUT_S)
    server = LitServer(
        api, accelerator="cpu", workers_per_device=told.workers, fast_queue=True, timeout=False
    )
    server.run(
        host="127.0.0.1",
        port=told.port,
        num_api_servers=1,
        generate_client_file=False,
        log_level="warning",
        access_log=False,
    )
