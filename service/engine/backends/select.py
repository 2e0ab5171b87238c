"""Selection of the fastest backend of a device for a generator.

Owns the choice. If OpenVINO is not installed or cannot express the network, the network is served
in plain PyTorch, and a warning is logged.
"""

from __future__ import annotations

import logging

from models.family import ImageGenerator
from service.engine.backends.cuda import cuda_network
from service.engine.backends.eager import CompiledNetwork, eager_network
from service.engine.device import Target

log = logging.getLogger(__name__)


def select_backend(generator: ImageGenerator, target: Target) -> CompiledNetwork:
    """Compile `generator`; takes ownership of its modules and modifies them."""
    if target.device.type == "cuda":
        return cuda_network(generator, target)
    try:
        from service.engine.backends.openvino import openvino_network  # noqa: PLC0415 - may not be installed

        return openvino_network(generator, target)
    except (ImportError, ValueError, RuntimeError) as error:
        log.warning("not compiled, so slower and in fp32: %s", error)
        return eager_network(generator, target.device, target.threads)
