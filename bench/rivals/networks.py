"""Networks that all servers serve: one with random weights, and the shipped ones.

Owns the names of networks on the command line and the folders of their bundles.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import torch

from models.bundle import save_bundle
from models.card import Card, Data, Exit, Golden
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.latent import latent_of
from models.picture import thumbnail_of
from models.pixels import to_pixels

SHIPPED = Path(__file__).parents[2] / "models" / "pretrained"
RANDOM = "random-64"
# 128 feature maps up to 16 px, 64 at 32 px, 32 at 64 px.
WIDTHS = ProganConfig(resolution=64, latent_size=128, fmap_base=1024, fmap_max=128)
WEIGHTS_SEED = 7
GOLDEN_SEED = 1


@dataclass(frozen=True)
class Network:
    """Single bundle in a folder, as the service reads it.

    Attributes:
        name: of the model.
        bundles: folder whose only sub-folder is the bundle.
        resolution: resolution of the requested pictures, in pixels.
    """

    name: str
    bundles: Path
    resolution: int

    @property
    def bundle(self) -> Path:
        """Folder of the bundle itself."""
        return self.bundles / self.name


def names() -> list[str]:
    """Return the names of the network with random weights and of every shipped one."""
    return [RANDOM, *sorted(card.parent.name for card in SHIPPED.glob("*/card.json"))]


def network_of(name: str, folder: Path) -> Network:
    """Return the network called `name`, written or copied below `folder`."""
    bundles = folder / f"only-{name}"
    resolution = WIDTHS.resolution
    if name == RANDOM:
        write_random(bundles / name)
    else:
        shutil.copytree(SHIPPED / name, bundles / name)
        resolution = int(name.rpartition("-")[2])
    return Network(name, bundles, resolution)


def write_random(folder: Path) -> None:
    """Write a bundle whose weights are drawn from a fixed seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(WEIGHTS_SEED)
        generator = Generator(WIDTHS).eval()
    latent = torch.from_numpy(latent_of(GOLDEN_SEED, WIDTHS.latent_size))[None]
    with torch.inference_mode():
        thumbnail = thumbnail_of(to_pixels(generator(latent))[0].numpy())
    card = Card(
        name=folder.name,
        title="Random weights",
        description="Noise, to be timed.",
        licence="MIT",
        network=WIDTHS,
        exits=tuple(Exit(r, (1,), None) for r in WIDTHS.resolutions),
        data=Data("none", "MIT", "nobody", 0),
        weights_sha256="",
        golden=(Golden(GOLDEN_SEED, WIDTHS.resolution, "0" * 64, thumbnail),),
    )
    folder.mkdir(parents=True)
    save_bundle(folder, generator, card, preview=b"")
