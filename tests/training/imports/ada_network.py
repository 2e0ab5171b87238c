"""A StyleGAN2 in the names of StyleGAN2-ADA for PyTorch, and the pickle that it writes.

The arithmetic is that of `rosinality_network`, but for the scale of its weights, which this tool
does not have. Objects of the pickle carry the source of their class, which must never be run.
"""

from __future__ import annotations

import math
import pickle
import sys
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.training.imports.rosinality_network import (
    MAPPING,
    MAPS,
    rosinality_picture,
    rosinality_weights,
)

SOURCE_TEXT = "raise RuntimeError('the source of a pickle was run')"


def ada_name(name: str) -> str:
    """The name of a tensor of rosinality's layout."""
    layer, _, rest = name.partition(".")
    if layer == "input":
        return "synthesis.b4.const"
    if layer == "style":
        number, kind = rest.split(".")
        return f"mapping.fc{int(number) - 1}.{kind}"
    if layer == "noises":
        return f"{_layer(int(rest.removeprefix('noise_')))}.noise_const"
    if layer in ("conv1", "convs"):
        place = 0
        if layer == "convs":
            number, _, rest = rest.partition(".")
            place = int(number) + 1
        return f"{_layer(place)}.{KINDS[rest]}"
    level = 0
    if layer == "to_rgbs":
        number, _, rest = rest.partition(".")
        level = int(number) + 1
    return f"synthesis.b{4 << level}.{IMAGE_KINDS[rest]}"


def _layer(place: int) -> str:
    return f"synthesis.b{4 << ((place + 1) // 2)}.conv{1 - place % 2}"


AFFINE = {f"conv.modulation.{kind}": f"affine.{kind}" for kind in ("weight", "bias")}
KINDS = AFFINE | {
    "conv.weight": "weight",
    "activate.bias": "bias",
    "noise.weight": "noise_strength",
    "conv.blur.kernel": "resample_filter",
}
IMAGE_KINDS = {old: f"torgb.{new}" for old, new in AFFINE.items()} | {
    "conv.weight": "torgb.weight",
    "bias": "torgb.bias",
    "upsample.kernel": "resample_filter",
}


def ada_weights() -> dict[str, Tensor]:
    """State dictionary of a generator of 32 px."""
    weights: dict[str, Tensor] = {"mapping.w_avg": torch.randn(10)}
    for name, value in rosinality_weights().items():
        new = ada_name(name)
        if name.endswith("kernel"):
            value = value / 4
        elif "noise" in name:
            value = value.reshape(value.shape[2:])
        elif value.dim() > 3:
            value = value.flatten() if value.shape[2:] == (1, 1) else value[0]
        weights[new] = value.clone()
    return weights


def ada_picture(w: Mapping[str, Tensor], z: Tensor, level: int) -> Tensor:
    """The forward pass with fixed noise, and averages of squares below the top level."""
    named: dict[str, Tensor] = {}
    for name, shape in ((n, t.shape) for n, t in rosinality_weights().items()):
        value = w[ada_name(name)].reshape(shape)
        if name.endswith("kernel"):
            value = value * 4
        if name.endswith("conv.weight"):  # its scale, which this tool does not have, cancelled
            scaled = shape[-1] > 1
            value = value * math.sqrt(value[0, 0].numel()) if scaled else value
        named[name] = value
    return rosinality_picture(named, z, level)


class Persistent:
    """An object of a pickle: its class is not in the file, but the text of its source is."""

    def __init__(self, name: str, state: dict[str, Any]) -> None:
        source = {"module_src": SOURCE_TEXT, "class_name": name}
        self.meta = {"type": "class", "version": 6, **source, "state": state}

    def __reduce__(self) -> tuple[object, ...]:
        """A call that would run the source."""
        function = vars(sys.modules["torch_utils.persistence"])["_reconstruct_persistent_obj"]
        return function, (self.meta,), None


def persistent(weights: Mapping[str, Tensor]) -> Persistent:
    """A module with all tensors of a state dictionary."""
    own = {name: value for name, value in weights.items() if "." not in name}
    inner: dict[str, dict[str, Tensor]] = {}
    for name, value in weights.items():
        first, dot, rest = name.partition(".")
        if dot:
            inner.setdefault(first, {})[rest] = value
    is_buffer = {n: n in ("w_avg", "noise_const", "resample_filter") for n in own}
    state: dict[str, Any] = {
        "training": False,
        "_parameters": OrderedDict(
            {n: nn.Parameter(v) for n, v in own.items() if not is_buffer[n]}
        ),
        "_buffers": OrderedDict({n: v for n, v in own.items() if is_buffer[n]}),
        "_non_persistent_buffers_set": set(),
        "_modules": OrderedDict({n: persistent(part) for n, part in inner.items()}),
        "_init_kwargs": {"z_dim": 12, "num_layers": MAPPING, "maps": [*MAPS]},
    }
    return Persistent("Generator", state)


def save_ada(path: Path, weights: dict[str, Tensor], protocol: int = 4) -> None:
    """A snapshot of its training."""
    module = ModuleType("torch_utils.persistence")

    def _reconstruct_persistent_obj(meta: object) -> None:
        raise AssertionError(meta)

    _reconstruct_persistent_obj.__module__ = module.__name__
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    vars(module)["_reconstruct_persistent_obj"] = _reconstruct_persistent_obj
    package = ModuleType("torch_utils")
    vars(package)["persistence"] = module
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch_utils", package)
        patch.setitem(sys.modules, module.__name__, module)
        snapshot = {"G": None, "D": None, "G_ema": persistent(weights), "augment_pipe": None}
        path.write_bytes(pickle.dumps(snapshot, protocol))
