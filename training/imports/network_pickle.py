"""The tensors of a network pickle, as StyleGAN2-ADA for PyTorch and StyleGAN3 write them.

Owns the form of these files: objects that carry the source of their class, of which only the state
is read, and tensors whose storages are files of `torch.save`. Nothing of the pickle is run
(`inert_pickle`). Meant for the reading process (`reader_process`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor

from training.imports.container import LEGACY_MAGIC, require_weights_file
from training.imports.inert_pickle import (
    PARAMETERS,
    PERSISTENT,
    STORAGE,
    TENSOR,
    PickledCall,
    read_inert,
)
from training.imports.refusal import ImportRefusedError
from training.imports.torch_file import LARGEST_INT, load_content

MAX_MODULE_DEPTH = 12
MAX_MODULES = 10_000  # of all networks of a file, which has about 500
MAX_TENSORS = 100_000
MAX_DIMENSIONS = 8
STATE, SUBMODULES, OWN_TENSORS = "state", "_modules", ("_parameters", "_buffers")


@dataclass
class PickleParts:
    """Parts of a pickle that have been read: each may stand in it many times.

    Attributes:
        modules: modules so far.
        tensors: names of tensors so far.
        storages: values of storages, by the identity of the call that would make them.
    """

    modules: int = 0
    tensors: int = 0
    storages: dict[int, Tensor] = field(default_factory=dict[int, Tensor])


def load_network_pickle(content: bytes, path: str) -> dict[str, dict[str, Tensor]]:
    """The tensors of each network of a pickle, by the names that `state_dict` would give them.

    Raises:
        ImportRefusedError: it is no such pickle, names what it does not need, or is damaged.
    """
    top, parts = read_inert(content, path), PickleParts()
    networks: dict[str, dict[str, Tensor]] = {}
    for name, value in dictionary_of(top).items():
        if isinstance(value, PickledCall) and value.name == PERSISTENT:
            networks[str(name)] = dict(network_tensors(value, path, parts))
    if not networks:
        raise ImportRefusedError(
            f"{path} is a pickle, but neither a file of torch.save nor a dictionary of networks, "
            "as StyleGAN2-ADA writes it"
        )
    return networks


def network_tensors(
    network: PickledCall, path: str, parts: PickleParts
) -> Iterator[tuple[str, Tensor]]:
    """Names and tensors of a network and of all modules in it.

    Raises:
        ImportRefusedError: there are too many modules or tensors, or a tensor is damaged.
    """
    waiting: list[tuple[str, int, object]] = [("", 0, network)]
    while waiting:
        prefix, depth, module = waiting.pop()
        state = module_state(module)
        own = [dictionary_of(state.get(kind)) for kind in OWN_TENSORS]
        inner = dictionary_of(state.get(SUBMODULES))
        parts.modules += 1 + len(inner)
        parts.tensors += sum(map(len, own))
        is_deep = bool(inner) and depth == MAX_MODULE_DEPTH
        if is_deep or parts.modules > MAX_MODULES or parts.tensors > MAX_TENSORS:
            raise ImportRefusedError(
                f"{path} has more modules or tensors, or deeper ones, than any network"
            )
        for name, value in (item for each in own for item in each.items()):
            if value is not None:
                told = f"{path}: {prefix}{name}"[:200]
                yield f"{prefix}{name}", tensor_of(value, told, parts)
        waiting += [(f"{prefix}{name}.", depth + 1, value) for name, value in inner.items()]


def module_state(module: object) -> dict[object, object]:
    """The state of a module that carries its source, or of a plain one; empty for anything else."""
    if not isinstance(module, PickledCall):
        return {}
    if module.name == PERSISTENT and len(module.arguments) == 1:
        return dictionary_of(dictionary_of(module.arguments[0]).get(STATE))
    return dictionary_of(module.state)


def dictionary_of(value: object) -> dict[object, object]:
    """A dictionary, or the items of an object that is one; empty for anything else."""
    if isinstance(value, PickledCall):
        return value.items
    return cast("dict[object, object]", value) if isinstance(value, dict) else {}


def tensor_of(value: object, told: str, parts: PickleParts) -> Tensor:
    """Build a tensor, or the one in a parameter, on its storage.

    Args:
        value: the call that would make it.
        told: path and name, for messages.
        parts: those read so far.

    Raises:
        ImportRefusedError: it is something else, or lies outside of its storage.
    """
    if isinstance(value, PickledCall) and value.name in PARAMETERS and value.arguments:
        value = value.arguments[0]
    if not isinstance(value, PickledCall) or value.name != TENSOR or len(value.arguments) < 4:
        raise ImportRefusedError(f"{told} is no tensor")
    call, offset, size, stride = value.arguments[:4]
    if id(call) not in parts.storages:
        parts.storages[id(call)] = storage_of(call, told)
    whole = parts.storages[id(call)]
    lengths, steps = whole_numbers(size), whole_numbers(stride)
    (start,) = whole_numbers((offset,))
    reaches = sum((n - 1) * step for n, step in zip(lengths, steps, strict=False))
    fits = len(lengths) == len(steps) and 0 not in lengths and start + reaches < len(whole)
    if not fits or -1 in (*lengths, *steps, start) or math.prod(lengths) > len(whole):
        raise ImportRefusedError(f"{told} lies outside of its storage")
    return whole.as_strided(lengths, steps, start)


def storage_of(call: object, told: str) -> Tensor:
    """The values `[N]` of a storage, which torch reads by its safe reader.

    Raises:
        ImportRefusedError: it is something else, or damaged.
    """
    if not isinstance(call, PickledCall) or call.name != STORAGE or len(call.arguments) != 1:
        raise ImportRefusedError(f"{told} has no storage of its own")
    content = call.arguments[0]
    if not isinstance(content, bytes) or not content.startswith(LEGACY_MAGIC):
        raise ImportRefusedError(f"the storage of {told} is no file of torch.save")
    require_weights_file(content, told)
    storage = load_content(content, told)
    if not isinstance(storage, torch.storage.TypedStorage):
        raise ImportRefusedError(f"the storage of {told} is something else")
    return torch.empty(0, dtype=storage.dtype).set_(storage)  # pyright: ignore[reportArgumentType] - torch takes both kinds of storages


def whole_numbers(values: object) -> tuple[int, ...]:
    """Sizes from a file; -1 takes the place of what is none."""
    if not isinstance(values, tuple) or len(cast("tuple[object, ...]", values)) > MAX_DIMENSIONS:
        return (-1,)
    each = cast("tuple[object, ...]", values)
    return tuple(n if type(n) is int and 0 <= n < LARGEST_INT else -1 for n in each)
