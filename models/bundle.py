"""The exported artifact: a folder with `generator.safetensors`, `card.json` and `preview.webp`.

Owns saving, strict loading and the digest. Nothing is ever unpickled. The family in a card, a name
in `models.families.table`, determines the class of its generator.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from models.card import ADVICE, Card, CardError
from models.editing import Directions
from models.families.table import FAMILIES
from models.family import ImageGenerator
from models.layout import (
    CARD_FILE,
    MAX_CARD_BYTES,
    PREVIEW_FILE,
    WEIGHTS_FILE,
    file_sha256,
    require_file,
)
from models.strict_json import parse_object

DIRECTIONS_TENSOR: Final = "directions"  # the tensor in the file of the weights, if there are any


class BundleError(ValueError):
    """An unusable bundle; the message names the file and states the remedy."""


@dataclass(frozen=True)
class Bundle:
    """A generator in fp32 on the CPU, in evaluation mode, with its card and directions, if any."""

    generator: ImageGenerator
    card: Card
    directions: Directions | None = None


def save_bundle(
    folder: Path,
    generator: ImageGenerator,
    card: Card,
    preview: bytes,
    directions: Tensor | None = None,
) -> Card:
    """Write a bundle into the existing `folder` and flush it to disk (fsync).

    Weights and floating-point buffers are written in fp32, integers unchanged. The caller renames
    the folder into place.

    Args:
        folder: of the bundle.
        generator: its weights are written.
        card: of the model.
        preview: a picture.
        directions: vectors `[K, S]` of the directions of the card. They are written into the file
            of the weights, so that the digest of the model covers all that makes its pictures.

    Returns:
        The card as written, with the digest of the weights filled in.

    Raises:
        OSError: the disk is full.
    """
    tensors = {name: stored_tensor(value) for name, value in generator.state_dict().items()}
    if directions is not None:
        tensors[DIRECTIONS_TENSOR] = stored_tensor(directions)
    safetensors.torch.save_file(tensors, folder / WEIGHTS_FILE)
    card = replace(card, weights_sha256=file_sha256(folder / WEIGHTS_FILE))
    (folder / PREVIEW_FILE).write_bytes(preview)
    text = json.dumps(card.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / CARD_FILE).write_text(text, encoding="utf-8")
    for path in (*(folder / name for name in (WEIGHTS_FILE, PREVIEW_FILE, CARD_FILE)), folder):
        _synchronize(path)
    return card


def stored_tensor(value: Tensor) -> Tensor:
    """Convert a weight or buffer for the file: floating-point to fp32, integers unchanged."""
    value = value.detach().cpu().contiguous()
    return value.float() if value.is_floating_point() else value


def _synchronize(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def load_card(folder: Path) -> Card:
    """Read only the card.

    Raises:
        BundleError: the card is missing or invalid.
    """
    path = folder / CARD_FILE
    try:
        require_file(path, MAX_CARD_BYTES)
        return Card.from_dict(parse_object(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise BundleError(f"{folder} is not a bundle: it has no {CARD_FILE}") from error
    except CardError as error:
        raise BundleError(f"{path}: {error}") from error
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read: {error}. Copy the bundle again") from error


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle strictly.

    Raises:
        BundleError: a file is missing or damaged, the digest is wrong, a weight is missing,
            unknown, not finite or of the wrong shape, or the format is newer than this release.
    """
    card = load_card(folder)
    path = folder / WEIGHTS_FILE
    # Read into memory, not mapped: the bytes hashed are the bytes loaded, and truncation during the
    # read gives a digest error and not SIGBUS.
    try:
        require_file(path)
        weights = path.read_bytes()
    except FileNotFoundError as error:
        raise BundleError(f"{folder} has no {WEIGHTS_FILE}. Copy the bundle again") from error
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error}. Copy the bundle again") from error
    if (digest := hashlib.sha256(weights).hexdigest()) != card.weights_sha256:
        raise BundleError(
            f"{path} has SHA-256 {digest}, its card says {card.weights_sha256}: the file is "
            "truncated or changed. Copy the bundle again"
        )
    require_family(folder, card)
    try:
        tensors = safetensors.torch.load(weights)
        require_finite(tensors)
        directions = _directions(card, tensors)
        generator = _build(card, tensors)
    except (SafetensorError, RuntimeError, TypeError, ValueError, OverflowError) as error:
        raise BundleError(f"{path} does not fit its card: {error}. {ADVICE}") from error
    return Bundle(generator.eval().requires_grad_(False), card, directions)


def require_family(folder: Path, card: Card) -> None:
    """Reject a card of an unknown family, or of another one than its network.

    Raises:
        BundleError: in both cases.
    """
    if card.family not in FAMILIES:
        known = ", ".join(sorted(FAMILIES))
        raise BundleError(f"{folder}: generator family {card.family!r} is unknown (known: {known})")
    if card.family != card.network.family:
        raise BundleError(
            f"{folder}: the card has the family {card.family!r}, its network is of "
            f"{card.network.family!r}. {ADVICE}"
        )


def require_finite(tensors: dict[str, Tensor]) -> None:
    """Reject weights of a run that diverged, also those that no golden seed reaches.

    Raises:
        ValueError: a number is infinite or none.
    """
    for name, values in tensors.items():
        if not values.isfinite().all():
            raise ValueError(
                f"{name} has numbers that are not finite, as after a run that diverged; of such a "
                "run export an earlier checkpoint (--checkpoint best)"
            )


def _directions(card: Card, tensors: dict[str, Tensor]) -> Directions | None:
    """Take the directions of a card out of `tensors`; None if it lists none.

    Raises:
        ValueError: they are missing, or of another shape or type.
    """
    if not card.directions:
        return None
    shape = (len(card.directions), card.network.direction_size)
    vectors = tensors.pop(DIRECTIONS_TENSOR, None)
    if vectors is None or tuple(vectors.shape) != shape or vectors.dtype != torch.float32:
        raise ValueError(
            f"{DIRECTIONS_TENSOR}: a tensor of float32 with the shape {shape} is needed"
        )
    return Directions(tuple(direction.name for direction in card.directions), vectors)


def _build(card: Card, tensors: dict[str, Tensor]) -> ImageGenerator:
    """Build the generator of a card and load `tensors` into it.

    Shapes are checked on the meta device first, because a card may describe a network too large
    for memory.
    """
    build, shapes = FAMILIES[card.family].generator, tuple(exit_.shape for exit_ in card.exits)
    with torch.device("meta"):
        build(card.network, shapes).load_state_dict(tensors, strict=True, assign=True)
    generator = build(card.network, shapes)
    generator.load_state_dict(tensors, strict=True)
    return generator
