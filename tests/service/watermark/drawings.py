"""Pictures with and without a watermark, for tests: shapes in flat colours on a soft gradient."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

from models.picture import Pixels
from service.watermark.key import WatermarkKey, watermark_key
from service.watermark.marking import marked
from service.watermark.pattern import pattern_of

PREFIX = "a6164dfb"


def drawing(seed: int, side: int = 256) -> Pixels:
    """A picture `[side, side, 3]` of ellipses."""
    random = np.random.default_rng(seed)
    down, right = np.mgrid[0:side, 0:side] / side
    sky = random.uniform(60, 200, 3) + 30 * down[..., None] + 10 * right[..., None]
    image = Image.fromarray(sky.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        left, top = random.uniform(0, 0.8 * side, 2)
        width, height = random.uniform(0.1 * side, 0.5 * side, 2)
        colour = tuple(random.integers(0, 256, 3).tolist())
        draw.ellipse((left, top, left + width, top + height), fill=colour)
    return np.asarray(image).copy()


def with_mark(pixels: Pixels, key: WatermarkKey | None = None, prefix: str = PREFIX) -> Pixels:
    """The picture with a watermark."""
    height, width = pixels.shape[:2]
    values = pixels.transpose(2, 0, 1).astype(np.float32) / np.float32(127.5) - 1
    changed = marked(values, pattern_of(key or watermark_key(), prefix, height, width))
    steps = ((changed + 1) * 127.5).round().clip(0, 255)
    return np.ascontiguousarray(steps.astype(np.uint8).transpose(1, 2, 0))


def after(pixels: Pixels, image_format: str, quality: int) -> Pixels:
    """The picture as a lossy file shows it."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, image_format, quality=quality)
    return np.asarray(Image.open(file).convert("RGB")).copy()


def resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """The picture at another size."""
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))
