"""Work of every server: from seeds to files, in plain PyTorch or with our engine and encoder.

Owns these two implementations. Knows nothing of HTTP, queues or batches.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Protocol

import torch
from PIL import Image

from bench.taken import taken_of
from models.bundle import load_bundle
from models.picture import Pixels
from models.pixels import to_pixels
from service.batching.recipe import Recipe, point_of
from service.engine.torch_models import open_models
from service.facts import file_facts
from service.media.encoding import encode
from service.registry.watcher import bundle_folders

MAX_BATCH = 8  # of every server, and the default of ours


class Inside(Protocol):
    """Turns seeds into files, in two steps."""

    def render(self, seeds: Sequence[int]) -> list[Pixels]:
        """Render the pictures of `seeds` as one batch: uint8 `[R, R, C]`."""
        ...

    def encode(self, seed: int, pixels: Pixels) -> bytes:
        """Encode one picture as a PNG."""
        ...


class Eager:
    """Uses the plain network and Pillow."""

    def __init__(self, bundles: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        folder = next(card.parent for card in bundles.glob("*/card.json"))
        self._generator = load_bundle(folder).generator

    @torch.inference_mode()
    def render(self, seeds: Sequence[int]) -> list[Pixels]:
        """Run one forward pass of the network."""
        latents, labels = taken_of(self._generator, seeds)
        return list(to_pixels(self._generator(latents, labels=labels)).numpy())

    def encode(self, seed: int, pixels: Pixels) -> bytes:  # noqa: ARG002 - the seed is not written
        """Encode with Pillow's PNG encoder."""
        file = io.BytesIO()
        Image.fromarray(pixels.squeeze()).save(file, "PNG")
        return file.getvalue()


class Ours:
    """Uses the engine and the encoder of `service/` as a library."""

    def __init__(self, bundles: Path, threads: int) -> None:
        self._models = open_models(
            device="cpu",
            threads=threads,
            max_batch=MAX_BATCH,
            max_work_s=1.0,
            precision="fp32",  # as the eager network
        )
        (folder,) = bundle_folders(bundles)
        model = self._models.load(folder, lambda _recipes, _seconds: None)
        self._models.activate(model)
        self._card = model.served.card

    def render(self, seeds: Sequence[int]) -> list[Pixels]:
        """Render one batch with the engine."""
        return self._models.render_batch([self._recipe(seed) for seed in seeds])

    def encode(self, seed: int, pixels: Pixels) -> bytes:
        """Encode with our PNG encoder, including metadata."""
        return encode(pixels, "png", file_facts([self._recipe(seed)], self._card))

    def _recipe(self, seed: int) -> Recipe:
        return Recipe(self._card.pinned_name, point_of(seed), self._card.resolutions[-1])


INSIDES: dict[str, Callable[[Path, int], Inside]] = {"eager": Eager, "engine": Ours}


# ----------------------------------------------------------------------------------------
# Servers start child processes, which read their configuration from the environment.


@dataclass(frozen=True)
class Orders:
    """Configuration of a server.

    Attributes:
        port: to listen on, on 127.0.0.1.
        bundles: folder with the single bundle to serve.
        inside: key of `INSIDES`.
        workers: number of processes that compute.
        threads: number of kernel threads in each of them.
    """

    port: int
    bundles: Path
    inside: str
    workers: int
    threads: int

    def environment(self) -> dict[str, str]:
        """Return the environment variables with this configuration."""
        return {f"RIVAL_{name.upper()}": str(value) for name, value in asdict(self).items()}

    def open(self) -> Inside:
        """Create the implementation that turns seeds into files."""
        return INSIDES[self.inside](self.bundles, self.threads)


def orders() -> Orders:
    """Read the configuration from the environment of this process."""
    told = {field.name: os.environ[f"RIVAL_{field.name.upper()}"] for field in fields(Orders)}
    return Orders(
        port=int(told["port"]),
        bundles=Path(told["bundles"]),
        inside=told["inside"],
        workers=int(told["workers"]),
        threads=int(told["threads"]),
    )
