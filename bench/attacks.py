"""Attacks on watermarks: what pictures meet between a service and whoever sees them.

Owns the list, by name. Each attack maps uint8 `[H, W, 3]` to another picture, of any size.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

from models.picture import Pixels

Attack = Callable[[Pixels], Pixels]


def recoded(image_format: str, quality: int) -> Attack:
    """Return the pixels of a lossy file."""

    def attack(pixels: Pixels) -> Pixels:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, image_format, quality=quality)
        return np.asarray(Image.open(file).convert("RGB"))

    return attack


def resized(factor: float) -> Attack:
    """Resize both sides with Lanczos' filter."""

    def attack(pixels: Pixels) -> Pixels:
        size = round(pixels.shape[1] * factor), round(pixels.shape[0] * factor)
        return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))

    return attack


def cropped(share: float) -> Attack:
    """Cut off a share of height and width, not evenly on both sides."""

    def attack(pixels: Pixels) -> Pixels:
        height, width = (round(side * (1 - share)) for side in pixels.shape[:2])
        top, left = (pixels.shape[0] - height) // 3, (pixels.shape[1] - width) * 2 // 3
        return np.ascontiguousarray(pixels[top : top + height, left : left + width])

    return attack


def rotated(pixels: Pixels) -> Pixels:
    """Rotate by one degree; the corners become black."""
    return np.asarray(Image.fromarray(pixels).rotate(1, Image.Resampling.BICUBIC))


def blurred(pixels: Pixels) -> Pixels:
    """Blur with a Gaussian of one pixel."""
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(1)))


def noisy(pixels: Pixels) -> Pixels:
    """Add white noise with a standard deviation of 5 steps."""
    noise = np.random.default_rng(pixels.size).normal(0, 5, pixels.shape)
    return (pixels + noise).round().clip(0, 255).astype(np.uint8)


def scaled(factor: float, centre: float) -> Attack:
    """Multiply the distance of each value from `centre`."""

    def attack(pixels: Pixels) -> Pixels:
        return ((pixels - centre) * factor + centre).round().clip(0, 255).astype(np.uint8)

    return attack


def screenshot(pixels: Pixels) -> Pixels:
    """Show at 113 %, cut off a few pixels at each border, save as JPEG."""
    size = round(pixels.shape[1] * 1.13), round(pixels.shape[0] * 1.13)
    shown = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
    return recoded("jpeg", 80)(np.ascontiguousarray(shown[7:-5, 4:-9]))


def mirrored(pixels: Pixels) -> Pixels:
    """Exchange left and right."""
    return np.ascontiguousarray(pixels[:, ::-1])


ATTACKS: dict[str, Attack] = {
    "none": lambda pixels: pixels,
    "JPEG 90": recoded("jpeg", 90),
    "JPEG 75": recoded("jpeg", 75),
    "JPEG 50": recoded("jpeg", 50),
    "JPEG 30": recoded("jpeg", 30),
    "WebP 80": recoded("webp", 80),
    "WebP 50": recoded("webp", 50),
    "AVIF 60": recoded("avif", 60),
    "resize 0.5": resized(0.5),
    "resize 0.75": resized(0.75),
    "resize 1.5": resized(1.5),
    "resize 2": resized(2.0),
    "crop 10 %": cropped(0.1),
    "crop 25 %": cropped(0.25),
    "crop 50 %": cropped(0.5),
    "rotate 1 degree": rotated,
    "blur": blurred,
    "noise": noisy,
    "brightness 1.2": scaled(1.2, 0.0),
    "contrast 0.8": scaled(0.8, 128.0),
    "screenshot": screenshot,
    "mirror": mirrored,
}
