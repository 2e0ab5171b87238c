"""Pictures of the shipped models, version by version: `PYTHONPATH=. python docs/draw_history.py`.

Owns the list of versions. They are taken out of the history of this repository, so it needs a
clone with all of it. Every row is a version, every picture a seed, the same ones in each row.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

import torch
from draw_pictures import HERE, grid
from PIL import Image

from models.bundle import load_bundle
from models.growth import Growth
from models.latent import latent_of
from models.pixels import to_pixels

ROOT = Path(__file__).parent.parent
SEEDS = 12
# Commit and bundle, the oldest first; the level they are shown at, and the size on paper.
FACES = (("a9735db", "personas-128"), ("8c32ba2", "personas-128"), ("5775017", "personas-256"))
CLOTHES = (("4c8557a", "fashion-32"), ("7a6f79a", "fashion-32"), ("5775017", "fashion-32"))
HISTORIES = {"faces-by-version": (FACES, 5, 128), "clothes-by-version": (CLOTHES, 3, 96)}


def bundle_of(commit: str, name: str, folder: Path) -> Path:
    """Extract the bundle of a commit into `folder`."""
    place = f"models/pretrained/{name}"
    archive = ["git", "-C", str(ROOT), "archive", commit, place]
    packed = subprocess.run(archive, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")
    return folder / place


@torch.inference_mode()
def row(commit: str, name: str, level: int) -> list[Image.Image]:
    """Pictures of the first seeds; seed 0 is of the first class, where there are classes."""
    with tempfile.TemporaryDirectory() as scratch:
        generator = load_bundle(bundle_of(commit, name, Path(scratch))).generator
    config = generator.config
    z = torch.stack([torch.as_tensor(latent_of(n, config.latent_size)) for n in range(SEEDS)])
    labels = torch.arange(SEEDS) % config.classes if config.classes else None
    pixels = to_pixels(generator(z, Growth(level), labels))
    return [Image.fromarray(each.squeeze()).convert("RGB") for each in pixels.numpy()]


def main() -> None:
    """Draw both histories."""
    for title, (versions, level, size) in HISTORIES.items():
        pictures = [tile for version in versions for tile in row(*version, level)]
        grid(pictures, SEEDS, size).save(HERE / f"{title}.webp", quality=90)


if __name__ == "__main__":
    main()
