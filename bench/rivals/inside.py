"""What every server does with seeds: as people write it, or with our engine and encoder.

Owns the two ways from seeds to files. Knows nothing of HTTP, queues or batches.
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
    """From seeds to files, in two steps."""

    def render(self, seeds: Sequence[int]) -> list[Pixels]:
        """The pictures of `seeds` as one batch: uint8 `[R, R, C]`."""
        ...

    def encode(self, seed: int, pixels: Pixels) -> bytes:
        """One picture as a PNG."""
        ...


class Eager:
    """The plain network and Pillow."""

    def __init__(self, bundles: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        folder = next(card.parent for card in bundles.glob("*/card.json"))
        self._generator = load_bundle(folder).generator

    @torch.inference_mode()
    def render(self, seeds: Sequence[int]) -> list[Pixels]:
        """One pass through the network."""
        latents, labels = taken_of(self._generator, seeds)
        return list(to_pixels(self._generator(latents, labels=labels)).numpy())

    def encode(self, seed: int, pixels: Pixels) -> bytes:  # noqa: ARG002 - nothing is told of it
        """Pillow's PNG."""
        file = io.BytesIO()
        Image.fromarray(pixels.squeeze()).save(file, "PNG")
        return file.getvalue()


class Ours:
    """The engine and the encoder of `service/`, used as a library."""

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
        """One batch of the engine."""
        return self._models.render_batch([self._recipe(seed) for seed in seeds])

    def encode(self, seed: int, pixels: Pixels) -> bytes:
        """Our PNG, with its facts in it."""
        return encode(pixels, "png", file_facts([self._recipe(seed)], self._card))

    def _recipe(self, seed: int) -> Recipe:
        return Recipe(self._card.pinned_name, point_of(seed), self._card.resolutions[-1])


INSIDES: dict[str, Callable[[Path, int], Inside]] = {"eager": Eager, "engine": Ours}


# ----------------------------------------------------------------------------------------
# Servers start processes of their own, which read what to do from the environment.


@dataclass(frozen=True)
class Orders:
    """What a server is told.

    Attributes:
        port: to listen on, on 127.0.0.1.
        bundles: the folder with the one bundle to serve.
        inside: a key of `INSIDES`.
        workers: processes that compute.
        threads: of the kernels in each of them.
    """

    port: int
    bundles: Path
    inside: str
    workers: int
    threads: int

    def environment(self) -> dict[str, str]:
        """The variables that tell all this."""
        return {f"RIVAL_{name.upper()}": str(value) for name, value in asdict(self).items()}

    def open(self) -> Inside:
        """The way from seeds to files."""
        return INSIDES[self.inside](self.bundles, self.threads)


def orders() -> Orders:
    """What the environment of this process says."""
    told = {field.name: os.environ[f"RIVAL_{field.name.upper()}"] for field in fields(Orders)}
    return Orders(
        port=int(told["port"]),
        bundles=Path(told["bundles"]),
        inside=told["inside"],
        workers=int(told["workers"]),
        threads=int(told["threads"]),
    )
