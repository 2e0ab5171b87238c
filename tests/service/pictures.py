"""Pictures for the tests of encoders: any small one, and a few that look like something."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageSequence

from models.picture import CHANNELS, Pixels

FACTS: Final = {
    "seed": "9223372036854775807",
    "model": "fashion-32@" + "ab" * 32,
    "resolution": "32",
    "software": "Progan 1.0",
}

MODES: Final = {1: "L", 3: "RGB", 4: "RGBA"}


@st.composite
def any_picture(draw: st.DrawFn) -> Pixels:
    """Any content in any shape up to 9 x 9, of each number of channels."""
    side = st.integers(1, 9)
    shape = (draw(side), draw(side), draw(st.sampled_from(CHANNELS)))
    return draw(arrays(np.uint8, shape))


def painted(size: int, channels: int = 3, phase: float = 0.0) -> Pixels:
    """A disc on a slanted gradient with a little grain: `[size, size, channels]`."""
    y, x = np.mgrid[0:size, 0:size] / size
    grain = np.random.Generator(np.random.PCG64(1)).normal(0.0, 1.5, (size, size))
    disc = np.hypot(x - 0.5 - phase / 4, y - 0.5) < 0.3
    layers = [120 + 100 * np.sin(3 * (x + k * y + phase)) + grain + 40 * disc for k in range(3)]
    layers = [*layers[: min(channels, 3)], 255 * np.maximum(x, disc)][:channels]
    return np.clip(np.stack(layers, axis=-1), 0, 255).astype(np.uint8)


def walk(size: int, channels: int = 3, frames: int = 5) -> list[Pixels]:
    """A disc that moves, and rests at the end: the last two frames are equal."""
    moving = [painted(size, channels, k / frames) for k in range(frames - 1)]
    return [*moving, moving[-1]]


def opened(file: bytes) -> Image.Image:
    """The file as Pillow sees it, decoded."""
    image = Image.open(io.BytesIO(file))
    image.load()
    return image


def decoded(file: bytes, channels: int) -> list[Pixels]:
    """Every frame of a file as `[H, W, channels]`."""
    return [
        np.asarray(frame.convert(MODES[channels])).reshape(frame.height, frame.width, channels)
        for frame in ImageSequence.Iterator(opened(file))
    ]


def durations(file: bytes) -> list[float]:
    """How long each frame of a file lasts, in milliseconds."""
    found: list[float] = []
    image = opened(file)
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        image.load()
        found.append(image.info["duration"])
    return found


def psnr(a: Pixels, b: Pixels) -> float:
    """Likeness of two pictures in decibels."""
    error = np.mean((a.astype(np.float64) - b) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))
