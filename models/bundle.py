"""The exported artifact: a folder with `generator.safetensors`, `card.json` and `preview.webp`.

Owns saving, strict loading and the digest. Nothing is ever unpickled. A bundle is known by its
stem, levels and exits alone; `FAMILIES` is the one place that names a generator class.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor, nn

from models.card import Card, CardError
from models.families.progan.config import ExitShape, NetworkConfig
from models.families.progan.generator import Generator
from models.layout import CARD_FILE, PREVIEW_FILE, WEIGHTS_FILE, file_sha256


class BundleError(ValueError):
    """A bundle that cannot be used; the message names the file and says what to do."""


class LevelledGenerator(Protocol):
    """What an engine may ask of a generator of any family; to read, not to replace."""

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
    """Write a bundle into the existing, empty `folder`; the caller makes it appear.

    Returns:
        The card as written, with the digest of the weights filled in.
    """
    tensors: dict[str, Tensor] = {
        name: value.detach().float().contiguous().cpu()
        for name, value in generator.state_dict().items()
    }
    safetensors.torch.save_file(tensors, folder / WEIGHTS_FILE)
    card = replace(card, weights_sha256=file_sha256(folder / WEIGHTS_FILE))
    (folder / PREVIEW_FILE).write_bytes(preview)
    text = json.dumps(card.to_dict(), indent=2, ensure_ascii=False) + "\n"
    (folder / CARD_FILE).write_text(text, encoding="utf-8")
    return card


def load_card(folder: Path) -> Card:
    """Read the card alone.

    Raises:
        BundleError: there is none, or it cannot be used.
    """
    path = folder / CARD_FILE
    try:
        values: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BundleError(f"{folder} is not a bundle: it has no {CARD_FILE}") from error
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read: {error}. Copy the bundle again") from error
    if not isinstance(values, dict):
        raise BundleError(f"{path} is not a JSON object. Copy the bundle again")
    try:
        return Card.from_dict(cast("dict[str, Any]", values))
    except CardError as error:
        raise BundleError(f"{path}: {error}") from error


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle strictly.

    Raises:
        BundleError: a file is missing or damaged, the digest is wrong, a weight is missing, unknown
            or of the wrong shape, or the format is newer than this release.
    """
    card = load_card(folder)
    path = folder / WEIGHTS_FILE
    if not path.is_file():
        raise BundleError(f"{folder} has no {WEIGHTS_FILE}. Copy the bundle again")
    # Read once and never mapped: what is hashed is what is loaded, and a file that somebody cuts
    # short meanwhile is a wrong digest, not a dead process.
    try:
        weights = path.read_bytes()
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
        generator = FAMILIES[card.family](card.network, tuple(e.shape for e in card.exits))
        generator.load_state_dict(safetensors.torch.load(weights), strict=True)
    except (SafetensorError, RuntimeError, TypeError, ValueError) as error:
        raise BundleError(f"{path} does not fit its card: {error}") from error
    return Bundle(generator.eval().requires_grad_(False), card)
