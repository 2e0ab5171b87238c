"""A file of `torch.save` as plain tensors and settings.

Owns reading by torch with `weights_only`, the stand-ins for classes of settings, and the flat form
of the result: names with `/` between the levels of nested dictionaries. Meant for the reading
process (`reader_process`), which limits memory and time.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import safetensors.torch
import torch
from torch import Tensor

from training.imports.pickle_names import SETTINGS_CLASSES
from training.imports.refusal import ImportRefusedError

MAX_VALUES = 500_000  # nodes of the nested dictionaries
MAX_DEPTH = 12
MAX_TEXT = 1000  # characters of one name or text
MAX_ALL_TEXT = 16 << 20  # characters of all names and settings; large checkpoints have 0.2 million
MAX_NETWORK_BYTES = 1 << 30  # the paper's generator has 92 MB
LARGEST_INT = 2**63
UNPICKLER_ERROR = "WeightsUnpickler error:"

PlainSetting = bool | int | float | str | None


class StandIn:
    """Takes the place of a class of settings: a bare object, with attributes and no methods."""


def load_content(content: bytes, path: str) -> object:
    """Read the bytes of a checked file (`container`) on the CPU.

    Raises:
        ImportRefusedError: torch cannot read it.
        MemoryError: it needs more memory than this process may take.
    """
    stand_ins: list[Any] = [(StandIn, name) for name in SETTINGS_CLASSES]
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(stand_ins):
            warnings.simplefilter("ignore")
            return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # whatever damage makes torch raise
        if "can't allocate memory" in str(error):
            raise MemoryError(str(error)) from error
        raise ImportRefusedError(
            f"{path} cannot be read by torch {torch.__version__} ({_reason(error)}): it is "
            "damaged, or no file of weights"
        ) from error


def _reason(error: Exception) -> str:
    """The line of torch's message that tells what it met, without its advice."""
    told = str(error).rpartition(UNPICKLER_ERROR)[2].strip() or type(error).__name__
    return told.splitlines()[0][:200]


def write_tensors(
    value: object, networks: Sequence[str], size: int, path: Path
) -> dict[str, object]:
    """Write the tensors of a loaded file as safetensors.

    Args:
        value: as loaded.
        networks: keys at the top; only tensors under the first one that is a dictionary are
            written. If there is none, all are.
        size: of the file in bytes; the tensors together are not larger, nor than 1 GiB.
        path: to write to.

    Returns:
        `chosen`, the key of the network (empty without one), and `settings`, those of the whole
        file by name.

    Raises:
        ImportRefusedError: too large, too deeply nested, or not only tensors and settings.
    """
    keys = {name for name, part in parts_of(value) or () if parts_of(part)}
    chosen = next((name for name in networks if name in keys), "")
    prefix, room = f"{chosen}/" if chosen else "", min(size, MAX_NETWORK_BYTES)
    tensors: dict[str, Tensor] = {}
    settings: dict[str, PlainSetting | list[PlainSetting]] = {}
    text_room = MAX_ALL_TEXT
    for name, leaf in leaves(value):
        text_room -= len(name) + (0 if isinstance(leaf, Tensor) else len(str(leaf)))
        if text_room < 0:
            raise ImportRefusedError(
                f"its names and settings have more than {MAX_ALL_TEXT:,} characters: that is no "
                "file of weights"
            )
        if not isinstance(leaf, Tensor):
            settings[name] = leaf
        elif name.startswith(prefix):
            room -= leaf.numel() * leaf.element_size()
            if room < 0:
                raise ImportRefusedError(
                    "its tensors are larger than the file, or than "
                    f"{MAX_NETWORK_BYTES:,} bytes: {name[:100]}"
                )
            tensors[name.removeprefix(prefix)] = own_copy(leaf, name)
    safetensors.torch.save_file(tensors, path)
    return {"chosen": chosen, "settings": settings}


def own_copy(tensor: Tensor, name: str) -> Tensor:
    """Copy a tensor, so that it shares no memory with others.

    Raises:
        ImportRefusedError: it is sparse, quantised, complex, or without values.
    """
    usual = tensor.layout is torch.strided and tensor.device.type == "cpu"
    if not usual or tensor.is_quantized or tensor.is_complex():
        raise ImportRefusedError(f"{name[:100]} is not a plain tensor")
    return tensor.detach().clone(memory_format=torch.contiguous_format)


def leaves(value: object) -> Iterator[tuple[str, Any]]:
    """Yield tensors, settings and lists of settings with their names.

    Raises:
        ImportRefusedError: there are too many, or they are nested too deeply.
    """
    waiting: list[tuple[str, int, object]] = [("", 0, value)]
    seen = 0
    while waiting:
        name, depth, each = waiting.pop()
        inner = parts_of(each)
        seen += 1 + len(inner or ())
        if depth > MAX_DEPTH or seen > MAX_VALUES:
            raise ImportRefusedError(
                f"it is nested more than {MAX_DEPTH} deep, or has more than {MAX_VALUES:,} values: "
                "that is no file of weights"
            )
        if isinstance(each, Tensor):
            yield name, each
        elif inner is None:
            yield name, plain_setting(each)
        elif isinstance(each, list | tuple) and all(is_setting(item) for _, item in inner):
            yield name, [plain_setting(item) for _, item in inner]
        else:
            waiting += [(f"{name}/{key}" if name else key, depth + 1, item) for key, item in inner]


def parts_of(value: object) -> list[tuple[str, object]] | None:
    """Names and values inside a dictionary, a stand-in or a sequence; None for anything else."""
    if isinstance(value, StandIn):
        value = vars(value)
    if isinstance(value, dict):
        pairs = dict[object, object].items(cast("dict[object, object]", value))  # a file may set
        return [(str(key)[:MAX_TEXT], item) for key, item in pairs]  # attributes of an OrderedDict
    if isinstance(value, list | tuple):
        items = cast("Sequence[object]", value)
        return [(str(place), item) for place, item in enumerate(items)]
    return None


def is_setting(value: object) -> bool:
    """True for what is neither a tensor nor has parts."""
    return not isinstance(value, Tensor | dict | StandIn | list | tuple)


def plain_setting(value: object) -> PlainSetting:
    """Convert to a value that JSON holds; anything but numbers, truth values and texts is None."""
    if isinstance(value, str):
        return value[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < LARGEST_INT else None
    return float(value) if isinstance(value, float) and math.isfinite(value) else None
