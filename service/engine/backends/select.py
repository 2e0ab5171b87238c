"""Selection of the fastest backend of a device for a generator.

Owns the choice. If OpenVINO is not installed or cannot express the network, the network is served
in plain PyTorch, and a warning is logged.
"""

from __future__ import annotations

import logging

from models.bundle import LevelledGenerator
from service.engine.backends.cuda import cuda_network
from service.engine.backends.eager import CompiledNetwork, eager_network
from service.engine.device import Target

log = logging.getLogger(__name__)


def select_backend(generator: LevelledGenerator, target: Target) -> CompiledNetwork:
    """Compile `generator`; takes ownership of its modules and modifies them."""
    parts = (generator.stem, generator.levels, generator.exits)
    if target.device.type == "cuda":
        return cuda_network(*parts, target)
    try:
        from service.engine.backends.openvino import openvino_network  # noqa: PLC0415 - may not be installed

        return openvino_network(*parts, generator.config.entry_size, target)
    except (ImportError, ValueError, RuntimeError) as error:
        log.warning("not compiled, so slower and in fp32: %s", error)
        return eager_network(*parts, target.device, target.threads)
