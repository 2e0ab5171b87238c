"""The discriminator that a bundle may hold beside its generator, for a run that goes on from it.

Owns its file, whose digest is in the card. The service never reads it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor, nn

from models.bundle import BundleError, require_finite, stored_tensor
from models.card import Card
from models.layout import DISCRIMINATOR_FILE, file_sha256, require_file


def write_discriminator(folder: Path, discriminator: nn.Module) -> str:
    """Write its weights and buffers into the folder of a bundle, floating-point ones in fp32.

    Returns:
        The SHA-256 of the file, for `Card.discriminator_sha256`.

    Raises:
        SafetensorError: the disk is full.
    """
    tensors = {name: stored_tensor(value) for name, value in discriminator.state_dict().items()}
    safetensors.torch.save_file(tensors, folder / DISCRIMINATOR_FILE)
    return file_sha256(folder / DISCRIMINATOR_FILE)


def read_discriminator(folder: Path, card: Card) -> dict[str, Tensor]:
    """Read the weights and buffers that the card names; empty if it names none.

    Raises:
        BundleError: the file is missing, damaged or another one, or has a number that is not
            finite.
    """
    if card.discriminator_sha256 is None:
        return {}
    path = folder / DISCRIMINATOR_FILE
    try:
        require_file(path)
        content = path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{path}, which the card names, cannot be read: {error}. Copy the bundle again, or "
            "take discriminator_sha256 out of its card to begin with a new discriminator"
        ) from error
    if (digest := hashlib.sha256(content).hexdigest()) != card.discriminator_sha256:
        raise BundleError(
            f"{path} has SHA-256 {digest}, the card says {card.discriminator_sha256}: the file is "
            "truncated or changed. Copy the bundle again"
        )
    try:
        tensors = safetensors.torch.load(content)
        require_finite(tensors)
    except (SafetensorError, ValueError) as error:
        raise BundleError(f"{path} cannot be used: {error}") from error
    return tensors
