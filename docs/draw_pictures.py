"""The pictures of the README, drawn anew by a running service: `python docs/draw_pictures.py`.

Owns their layout alone; every pixel comes over HTTP from `make serve` (or `--service URL`).
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from PIL import Image

HERE = Path(__file__).parent / "pictures"
PAPER = "white"
GAP = 4  # pixels


def fetch(service: str, path: str, **query: object) -> bytes:
    """The body of a GET."""
    with urlopen(f"{service}{path}?{urlencode(query, doseq=True)}") as answer:
        return answer.read()


def picture(
    service: str, seed: object, model: str, resolution: int, **query: object
) -> Image.Image:
    """One picture, decoded."""
    body = fetch(service, f"/images/{seed}", model=model, resolution=resolution, **query)
    return Image.open(io.BytesIO(body)).convert("RGB")


def grid(pictures: list[Image.Image], columns: int, size: int) -> Image.Image:
    """Pictures in rows, each enlarged or shrunk to `size` pixels without smoothing."""
    rows = -(-len(pictures) // columns)
    width, height = columns * (size + GAP) - GAP, rows * (size + GAP) - GAP
    sheet = Image.new("RGB", (width, height), PAPER)
    for place, tile in enumerate(pictures):
        row, column = divmod(place, columns)
        resized = tile.resize((size, size), Image.Resampling.NEAREST)
        sheet.paste(resized, (column * (size + GAP), row * (size + GAP)))
    return sheet


def walk(service: str, seeds: tuple[int, int], model: str, steps: int) -> list[Image.Image]:
    """The frames from one seed to another, both included, at 128 px."""
    query = {"model": model, "steps": steps, "resolution": 128, "format": "png"}
    body = fetch(service, "/interpolate", seed=seeds, **query)
    film: Any = Image.open(io.BytesIO(body))
    frames: list[Image.Image] = []
    for number in range(film.n_frames):
        film.seek(number)
        frames.append(film.convert("RGB"))
    return frames


def main() -> None:
    """Draw all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service", default="http://127.0.0.1:8000")
    service = parser.parse_args().service
    models = {m["name"]: m for m in json.loads(fetch(service, "/models"))["models"]}
    landscapes, personas = "landscapes-512", "personas-256"
    sizes = models[landscapes]["resolutions"]

    HERE.mkdir(exist_ok=True)
    hills = [picture(service, seed, landscapes, 256) for seed in range(64)]
    grid(hills[:32], 8, 256).save(HERE / "landscapes.webp", quality=90)
    grid(hills, 8, 256).save(HERE / "landscapes-64.webp", quality=90)
    faces = [picture(service, seed, personas, 256) for seed in range(32)]
    grid(faces, 8, 256).save(HERE / "personas.webp", quality=90)
    clothes = [
        picture(service, seed, "fashion-32", 32, label=label)
        for label in models["fashion-32"]["labels"]
        for seed in range(12)
    ]
    grid(clothes, 12, 64).save(HERE / "fashion.webp", quality=90)
    levels = [picture(service, 12, landscapes, resolution) for resolution in sizes]
    grid(levels, len(levels), 256).save(HERE / "resolutions.png")
    grid(walk(service, (1, 2), landscapes, 7), 8, 128).save(HERE / "walk.png")


if __name__ == "__main__":
    main()
