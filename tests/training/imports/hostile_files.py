"""Files that would run something if they were unpickled, or cost memory or time.

Each payload would create a file, the *canary*, if any of it were run.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from training.imports.container import LEGACY_MAGIC


class Calling:
    """Pickles as a call of `function` with `arguments`."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        """The call."""
        return self.call


def in_zip(
    pickled: bytes,
    compression: int = zipfile.ZIP_STORED,
    more: Mapping[str, bytes] = MappingProxyType({}),
) -> bytes:
    """The container that torch writes; `more` are other entries."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/version", b"3\n")
        for name, content in more.items():
            archive.writestr(f"archive/{name}", content)
    return file.getvalue()


def in_legacy_file(pickled: bytes, numbers: int = 0) -> bytes:
    """The container of torch before 1.6, with a storage `0` of so many float32 zeros."""
    system = pickle.dumps({"protocol_version": 1001, "little_endian": True}, 2)
    keys = pickle.dumps(["0"] if numbers else [], 2)
    zeros = struct.pack("<q", numbers) + bytes(4 * numbers) if numbers else b""
    return LEGACY_MAGIC + pickle.dumps(1001, 2) + system + pickled + keys + zeros


def calls_by(canary: Path) -> dict[str, bytes]:
    """Pickles of protocol 2 that create the canary, by the name that a refusal must give."""
    touch, name = f"open({str(canary)!r}, 'w')", os.fsencode(canary)
    call = Calling(vars(os)["system"], f"touch {canary}")
    array = np.array([call], dtype=object)
    mkdir = b"(cos\nmkdir\nV__call__\ntR(V" + name + b"\ntR."
    return {
        "posix.system": pickle.dumps(call, 2),
        "__builtin__.eval": pickle.dumps(Calling(eval, touch), 2),
        "__builtin__.exec": pickle.dumps({"a": [Calling(exec, touch)]}, 2),
        "__builtin__.getattr": b"\x80\x02c__builtin__\ngetattr\n" + mkdir,
        "builtins.open": b"\x80\x02cbuiltins\nopen\n(V" + name + b"\nVw\ntR.",
        "subprocess.Popen": b"\x80\x02csubprocess\nPopen\n((lVtouch\naV" + name + b"\natR.",
        "os.mkdir": b"\x80\x02(V" + name + b"\nios\nmkdir\n.",
        "posix.mkdir": b"\x80\x02X\x05\x00\x00\x00posixX\x05\x00\x00\x00mkdir\x93(V"
        + name
        + b"\ntR.",
        "multiarray._reconstruct": pickle.dumps(array, 2),
        "torch.storage._load_from_bytes": b"\x80\x02ctorch.storage\n_load_from_bytes\nU\x01a\x85R.",
        "EXT1": b"\x80\x02\x82\x01)R.",
    }


def claimed_tensor(numbers: int, shape: tuple[int, int], stride: tuple[int, int]) -> bytes:
    """A pickled tensor `w` whose storage claims to have so many numbers."""
    two = [
        b"(J" + struct.pack("<i", a) + b"J" + struct.pack("<i", b) + b"t"
        for a, b in (shape, stride)
    ]
    names = [b"X" + struct.pack("<I", len(text)) + text for text in (b"storage", b"0", b"cpu")]
    kind, count = b"ctorch\nFloatStorage\n", b"\x8a\x08" + struct.pack("<q", numbers)
    storage = b"(" + names[0] + kind + names[1] + names[2] + count + b"NtQ"
    hooks = b"\x89ccollections\nOrderedDict\n)R"
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + b"K\x00"
        + two[0]
        + two[1]
        + hooks
        + b"tR"
    )
    return b"\x80\x02}X\x01\x00\x00\x00w" + tensor + b"s."


def nested_lists(depth: int) -> bytes:
    """A list in a list in a list."""
    return b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b"."


def doubled_tuples(times: int) -> bytes:
    """A pair of twice the same pair, and so on: few bytes, 2^times values."""
    doubled = b"".join(b"q" + bytes([n]) + b"h" + bytes([n]) + b"\x86" for n in range(times))
    return b"\x80\x02K\x01" + doubled + b"."


def wide_lists(width: int, times: int) -> bytes:
    """A list of the same list so many times, and so on."""
    level = b"".join(
        b"q" + bytes([n]) + b"](" + (b"h" + bytes([n])) * width + b"e" for n in range(times)
    )
    return b"\x80\x02]" + level + b"."
