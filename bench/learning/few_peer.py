"""The peer for few pictures: lightweight-gan 1.2.1, whose own trainer takes the steps.

    python -m bench.learning.few_peer FOLDER PICTURES OUT SECONDS [--maps 512] [--accumulate 4]

Trains it on one core for that many seconds of processor time, and writes 1,000 pictures to OUT, a
NumPy file, uint8 `[N, R, R, 3]`; prints the steps it took as JSON. FOLDER is where it is installed,
PICTURES a NumPy file of the training pictures. Its source is neither edited nor copied: it is
patched at run time, see `MENDS`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn

from bench.learning.peer import standing_in
from models.picture import Bytes
from models.pixels import to_pixels

REQUIREMENTS = ("lightweight-gan==1.2.1", "einops==0.8.1")
DRAWN = 1_000
CPU = torch.device("cpu")
SEED = 42
# Defaults of its command line, for a data set of fewer than 100,000 pictures.
BATCH = 10
ACCUMULATE = 4
MAPS = 512
MENDS = (
    "torch.cuda.is_available is True while it is imported; cuda() leaves tensors where they are",
    "torchvision, kornia, adabelief_pytorch and tqdm are stand-ins: no step uses them by default",
    "batches come from memory, in the form that its own loader gives them",
    "its sheets of samples and its checkpoints are left out, so that no time goes into them",
    "pictures come from its generator, not from its average, which begins after 20,000 steps",
)
STAND_INS = (
    "torchvision",
    "torchvision.transforms",
    "kornia",
    "kornia.filters",
    "adabelief_pytorch",
    "tqdm",
)


class Trainer(Protocol):
    """What is used of its trainer."""

    GAN: Any
    latent_dim: int
    steps: int

    def train(self) -> None:
        """Take one step."""
        ...


def install(folder: Path) -> Path:
    """Return the folder of the peer; install it there if that was not done.

    Raises:
        subprocess.CalledProcessError: pip failed.
    """
    if not (folder / "lightweight_gan-1.2.1.dist-info").exists():
        print(f"installing {REQUIREMENTS[0]} into {folder}", file=sys.stderr)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command = [*pip, "--no-deps", "--upgrade", "--target", str(folder), *REQUIREMENTS]
        subprocess.run(command, check=True)
    return folder


def batches(pictures: Bytes, size: int) -> Iterator[Tensor]:
    """Yield shuffled batches `[size, 3, R, R]` in [0, 1] for ever, as its own loader does."""
    order = np.random.default_rng(SEED)
    while True:
        numbers = order.permutation(len(pictures))
        for start in range(0, len(numbers) - size + 1, size):
            chosen = torch.from_numpy(pictures[numbers[start : start + size]])
            yield chosen.permute(0, 3, 1, 2).float() / 255


def trainer_of(folder: Path, pictures: Bytes, maps: int, accumulate: int, scratch: Path) -> Trainer:
    """Import the peer from `folder`, and create its trainer for these pictures."""
    sys.path.insert(0, str(folder))
    with standing_in(STAND_INS), patch.object(torch.cuda, "is_available", lambda: True):
        code = importlib.import_module("lightweight_gan.lightweight_gan")
    trainer = code.Trainer(
        base_dir=scratch,
        image_size=pictures.shape[1],
        batch_size=BATCH,
        gradient_accumulate_every=accumulate,
        fmap_max=maps,
        attn_res_layers=[32],
        disc_output_size=1,
        aug_prob=min(0.5, (1e5 - len(pictures)) * 3e-6),
        aug_types=["cutout", "translation"],
        use_aim=False,
    )
    trainer.loader = batches(pictures, BATCH)
    for left_out in ("save", "evaluate"):
        setattr(trainer, left_out, _nothing)
    return trainer


def _nothing(*_arguments: object, **_options: object) -> None:
    """Take the place of what is left out."""


def _unmoved(item: object, *_device: object) -> object:
    return item


def _cpu(_name: str) -> torch.device:
    return CPU


def trained(trainer: Trainer, seconds: float) -> float:
    """Take steps until `seconds` of processor time are over; return how many were used."""
    before = time.process_time()
    with (
        patch.object(nn.Module, "cuda", _unmoved),
        patch.object(Tensor, "cuda", _unmoved),
        patch.object(torch, "device", _cpu),
    ):
        while time.process_time() - before < seconds:
            trainer.train()
    return time.process_time() - before


@torch.no_grad()
def drawn(trainer: Trainer, count: int) -> Bytes:
    """Draw `count` pictures with its generator, uint8 `[count, R, R, 3]`."""
    network = trainer.GAN.G.eval()
    source = torch.Generator().manual_seed(SEED)
    parts: list[Bytes] = []
    for start in range(0, count, 20):
        latents = torch.randn(min(20, count - start), trainer.latent_dim, generator=source)
        parts.append(to_pixels(network(latents) * 2 - 1).numpy())
    return np.concatenate(parts)


def main(arguments: list[str] | None = None) -> int:
    """Train the peer, and write its pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--maps", type=int, default=MAPS)
    parser.add_argument("--accumulate", type=int, default=ACCUMULATE)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    random.seed(SEED)
    pictures = np.load(options.pictures)
    with tempfile.TemporaryDirectory() as scratch:
        trainer = trainer_of(
            options.folder, pictures, options.maps, options.accumulate, Path(scratch)
        )
        used = trained(trainer, options.seconds)
    np.save(options.out, drawn(trainer, DRAWN))
    shown = trainer.steps * BATCH * options.accumulate
    print(json.dumps({"steps": trainer.steps, "images": shown, "seconds": used}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
