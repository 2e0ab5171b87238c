"""A texture learned from one photograph, repeated three times both ways.

    PYTHONPATH=. python docs/draw_texture.py PHOTO FOLDER [--images 8000]

`PHOTO` is a picture that looks alike everywhere, such as `gravel.png` of scikit-image (PyPI),
which is CC0 (cc0textures.com, Gravel04). 4,000 random crops of it are the data; the run has the
preset `landscapes-512` up to 64 px with `tiling`. `FOLDER` keeps crops, data, run and bundle, and a
command that was stopped goes on there. The picture is `docs/pictures/texture.webp`: on the left
part of the photograph, on the right one seed, 3 x 3 times.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from draw_pictures import HERE
from PIL import Image

from bench.learning.settings import up_to
from training.config.presets import PRESETS

SIDE = 64  # pixels of a crop
CROPS = 4_000
REPEATS = 3
GAP = 12  # pixels
SEED = 5


def training(*words: object) -> None:
    """Run a command of `python -m training`."""
    subprocess.run([sys.executable, "-m", "training", *map(str, words)], check=True)


def write_crops(photo: Image.Image, folder: Path) -> None:
    """Write random crops of a gray photograph as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.asarray(photo)
    places = np.random.default_rng(0).integers(0, np.subtract(pixels.shape, SIDE), (CROPS, 2))
    for number, (top, left) in enumerate(places):
        crop = pixels[top : top + SIDE, left : left + SIDE]
        Image.fromarray(crop).save(folder / f"{number:04}.png")


def train(photo: Image.Image, folder: Path, images: int) -> None:
    """Prepare the crops, train, and export, as far as that was not done."""
    data, run, bundle = folder / "data", folder / "run", folder / "texture-64"
    if not data.exists():
        write_crops(photo, folder / "crops")
        training("prepare", folder / "crops", data, "--channels", 1, "--licence", "CC0 1.0")
    preset = folder / "texture-64.json"
    preset.write_text(up_to(PRESETS["landscapes-512"], SIDE, 1).to_json(), encoding="utf-8")
    settings = ["tiling=true", f"levels.{SIDE}.stable_images={images}", "cool_down_images=6000"]
    settings += [f"levels.{side}.stable_images=8000" for side in (8, 16, 32)]
    training(
        *("train", "--data", data, "--run", run, "--preset", preset),
        *(word for setting in settings for word in ("--set", setting)),
    )
    if not bundle.exists():
        training("export", "--run", run, "--out", bundle, "--exit-steps", 200)


def main() -> None:
    """Train, and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("photo", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=8_000, help="shown at 64 px")
    options = parser.parse_args()
    photo = Image.open(options.photo).convert("L")
    train(photo, options.folder, options.images)
    bundle, out = options.folder / "texture-64", options.folder / "pictures"
    training("generate", "--bundle", bundle, "--seeds", SEED, "--out", out)
    tile = np.asarray(Image.open(next(out.glob("*.png"))).convert("L"))
    side = REPEATS * SIDE
    sheet = Image.new("L", (2 * side + GAP, side), 255)
    sheet.paste(photo.crop((0, 0, side, side)), (0, 0))
    sheet.paste(Image.fromarray(np.tile(tile, (REPEATS, REPEATS))), (side + GAP, 0))
    sheet.resize((2 * sheet.width, 2 * sheet.height), Image.Resampling.LANCZOS).save(
        HERE / "texture.webp", quality=90
    )


if __name__ == "__main__":
    main()
