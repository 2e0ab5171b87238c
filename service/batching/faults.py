"""What can go wrong in an engine, in names that rooms without torch know.

Owns `DeviceLost` and the kinds that are counted. For memory there is Python's own `MemoryError`;
everything else is a fault of one batch.
"""

from __future__ import annotations

KINDS = ("out_of_memory", "device", "hang", "other")


class DeviceLost(Exception):
    """The device does nothing more for this process: only a new process helps."""


def kind_of(error: BaseException) -> str:
    """The label of `progan_engine_errors_total` for what an engine raised."""
    if isinstance(error, MemoryError):
        return "out_of_memory"
    return "device" if isinstance(error, DeviceLost) else "other"
