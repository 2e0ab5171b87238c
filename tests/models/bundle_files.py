"""Changes to the files of a bundle, for tests: another card, other weights."""

from __future__ import annotations

import json
from pathlib import Path

import safetensors.torch
import torch

from models.layout import file_sha256


def change_card(folder: Path, **changes: object) -> None:
    """Write other values into the card."""
    path = folder / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def change_weights(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Write other weights, with a card that vouches for them."""
    path = folder / "generator.safetensors"
    safetensors.torch.save_file(tensors, path)
    change_card(folder, weights_sha256=file_sha256(path))


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    """The tensors by name."""
    return safetensors.torch.load_file(folder / "generator.safetensors")
