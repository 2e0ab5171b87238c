"""mosec: a server in Rust in front of worker processes that take batches."""

from __future__ import annotations

from mosec import Server, Worker

from bench.rivals.inside import MAX_BATCH, orders

MAX_WAIT_MS = 5


class Pictures(Worker):
    """Turns a seed into a PNG file."""

    resp_mime_type = "image/png"

    def __init__(self) -> None:
        super().__init__()
        self.inside = orders().open()

    def forward(self, data: list[dict[str, int]]) -> list[bytes]:
        """Return the files of a batch of seeds."""
        seeds = [one["seed"] for one in data]
        images = self.inside.render(seeds)
        return [self.inside.encode(seed, image) for seed, image in zip(seeds, images, strict=True)]

    def serialize(self, data: bytes) -> bytes:
        """Return the file, unchanged."""
        return data


if __name__ == "__main__":  # port and timeout come from mosec's command line
    server = Server()
    server.append_worker(
        Pictures, num=orders().workers, max_batch_size=MAX_BATCH, max_wait_time=MAX_WAIT_MS
    )
    server.run()
