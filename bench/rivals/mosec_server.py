"""mosec: a server in Rust in front of worker processes that take batches."""

from __future__ import annotations

from mosec import Server, Worker

from bench.rivals.inside import MAX_BATCH, orders

MAX_WAIT_MS = 5


class Pictures(Worker):
    """A seed in, a PNG out."""

    resp_mime_type = "image/png"

    def __init__(self) -> None:
        super().__init__()
        self.inside = orders().open()

    def forward(self, data: list[dict[str, int]]) -> list[bytes]:
        """A batch of seeds, as files."""
        seeds = [one["seed"] for one in data]
        images = self.inside.render(seeds)
        return [self.inside.encode(seed, image) for seed, image in zip(seeds, images, strict=True)]

    def serialize(self, data: bytes) -> bytes:
        """The file as it is."""
        return data


if __name__ == "__main__":  # the port and the timeout come from its own command line
    server = Server()
    server.append_worker(
        Pictures, num=orders().workers, max_batch_size=MAX_BATCH, max_wait_time=MAX_WAIT_MS
    )
    server.run()
