"""The engine that the settings ask for: torch on its device, opened on the engine's own thread.

Owns the translation of settings into what `service.engine` takes. Imports torch late, since that
takes seconds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from service.batching.engine import Engine
from service.engine.torch_engine import TorchEngine
from service.registry.background_thread import BackgroundThread
from service.settings import Settings
from service.watermark.key import watermark_key

if TYPE_CHECKING:
    from service.engine.torch_models import TorchModels

OpenEngine = Callable[[Settings, BackgroundThread], Engine]


def open_torch_engine(settings: Settings, background: BackgroundThread) -> Engine:
    """An engine on the device of the settings; the device is opened when the engine starts."""
    return TorchEngine(lambda: open_torch_models(settings), background)


def open_torch_models(settings: Settings) -> TorchModels:
    """Open the device; called on the engine's thread."""
    from service.engine.torch_models import open_models  # noqa: PLC0415 - importing torch is slow

    return open_models(
        device=settings.engine_devices[0],
        threads=settings.threads or available_cores(),
        max_batch=settings.max_batch,
        max_work_s=settings.batch_work_s,
        precision=settings.precision,
        watermark_key=(settings.watermark_key or watermark_key()) if settings.watermark else None,
    )


def available_cores() -> int:
    """Number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
