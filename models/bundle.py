"""The exported artifact: a folder with `generator.safetensors`, `card.json` and `preview.webp`.

Owns saving, strict loading and the digest. Nothing is ever unpickled. A bundle is known by its
stem, levels and exits alone; `FAMILIES` is the one place that names a generator class.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from models.card import ADVICE, Card, CardError
from models.families.progan.config import ExitShape, NetworkConfig
from models.families.progan.generator import Generator
from models.layout import CARD_FILE, PREVIEW_FILE, WEIGHTS_FILE, file_sha256
from models.strict_json import parse_object

MAX_CARD_BYTES = 4 << 20


class BundleError(ValueError):
    """A bundle that cannot be used; the message names the file and says what to do."""


class LevelledGenerator(Protocol):
    """The parts of a generator that an engine uses; read-only."""

    @property
    def config(self) -> NetworkConfig:
        """The shapes."""
        ...

    @property
    def embedding(self) -> nn.Embedding | None:
        """The vector `[L]` of each class; None without classes."""
        ...

    @property
    def stem(self) -> nn.Module:
        """Latents `[N, L]` -> features of level 0; with classes, `conditioned` ones `[N, 2L]`."""
        ...

    @property
    def levels(self) -> nn.ModuleList:
        """Module k takes the features of level k to those of level k + 1."""
        ...

    @property
    def exits(self) -> nn.ModuleList:
        """Module k makes images `[N, C, h, w]`, about [-1, 1], of the features of level k."""
        ...

    def state_dict(self) -> dict[str, Any]: ...


Builder = Callable[[NetworkConfig, tuple[ExitShape, ...]], Generator]
FAMILIES: dict[str, Builder] = {"progan": Generator}


@dataclass(frozen=True)
class Bundle:
    """A generator in fp32 on the CPU, in evaluation mode, and its card."""

    generator: Generator
    card: Card


def save_bundle(folder: Path, generator: Generator, card: Card, preview: bytes) -> Card:
    """Write a bundle into the existing, empty `folder` and push it to the disk.

    Weights and floating-point buffers are written in fp32, integers as they are. The caller makes
    the folder appear.

    Returns:
        The card as written, with the digest of the weights filled in.

    Raises:
        OSError: the disk is full.
    """
    tensors = {name: _stored(value) for name, value in generator.state_dict().items()}
    safetensors.torch.save_file(tensors, folder / WEIGHTS_FILE)
    card = replace(card, weights_sha256=file_sha256(folder / WEIGHTS_FILE))
    (folder / PREVIEW_FILE).write_bytes(preview)
    text = json.dumps(card.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / CARD_FILE).write_text(text, encoding="utf-8")
    for path in (*(folder / name for name in (WEIGHTS_FILE, PREVIEW_FILE, CARD_FILE)), folder):
        _synchronize(path)
    return card


def _stored(value: Tensor) -> Tensor:
    """A weight or buffer as it is written; a count, such as of batches, stays an integer."""
    value = value.detach().cpu().contiguous()
    return value.float() if value.is_floating_point() else value


def _synchronize(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def load_card(folder: Path) -> Card:
    """Read the card alone.

    Raises:
        BundleError: there is none, or it cannot be used.
    """
    path = folder / CARD_FILE
    try:
        _require_file(path, MAX_CARD_BYTES)
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
        BundleError: a file is missing or damaged, the digest is wrong, a weight is missing, unknown
            or of the wrong shape, or the format is newer than this release.
    """
    card = load_card(folder)
    path = folder / WEIGHTS_FILE
    # Read once and never mapped: what is hashed is what is loaded, and a file that somebody cuts
    # short meanwhile is a wrong digest, not a dead process.
    try:
        _require_file(path)
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
    if card.family not in FAMILIES:
        known = ", ".join(sorted(FAMILIES))
        raise BundleError(f"{folder}: generator family {card.family!r} is unknown (known: {known})")
    try:
        generator = _build(card, safetensors.torch.load(weights))
    except (SafetensorError, RuntimeError, TypeError, ValueError, OverflowError) as error:
        raise BundleError(f"{path} does not fit its card: {error}. {ADVICE}") from error
    return Bundle(generator.eval().requires_grad_(False), card)


def _build(card: Card, tensors: dict[str, Tensor]) -> Generator:
    """The generator of a card with these weights.

    The shapes are compared before memory is taken: a card may ask for more than there is.
    """
    builder, shapes = FAMILIES[card.family], tuple(exit_.shape for exit_ in card.exits)
    with torch.device("meta"):
        builder(card.network, shapes).load_state_dict(tensors, strict=True, assign=True)
    generator = builder(card.network, shapes)
    generator.load_state_dict(tensors, strict=True)
    return generator


def _require_file(path: Path, most: int | None = None) -> None:
    """Refuse to read a pipe, which may have no end, or a file above `most` bytes.

    Raises:
        OSError: it is none, or larger.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is not a file")
    if most is not None and status.st_size > most:
        raise OSError(f"it has {status.st_size:,} bytes, {most:,} are allowed")
