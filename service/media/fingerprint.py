"""The digests clients compare: of a picture's pixels, and of an answer's bytes before they exist.

Knows arrays and recipes; neither networks nor file formats.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

from service.batching.engine import EngineMode
from service.batching.recipe import Recipe
from service.media.picture import Pixels


def pixel_sha256(images: Iterable[Pixels]) -> str:
    """SHA-256 of the raw bytes of uint8 `[H, W, C]` images one after another, in hexadecimal."""
    digest = hashlib.sha256()
    for image in images:
        digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def etag_of(recipes: Sequence[Recipe], mode: EngineMode, encoding: str) -> str:
    """A strong validator for the bytes of an answer, quotes included; nothing is rendered for it.

    It covers all that determines the bytes: the recipes, how numbers are computed, and `encoding`,
    the file format with the version of its encoder.
    """
    parts = (*map(repr, recipes), mode.device, mode.precision, mode.libraries, encoding)
    return f'"{hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]}"'
