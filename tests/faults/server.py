"""The service with an engine that meets faults on demand: `python -m tests.faults.server`.

Composed of the service's own parts; the fault is described in a file that the engine reads before
each batch, so it strikes the real process on its real thread.
"""

from __future__ import annotations

import builtins
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from models.picture import Pixels
from service.__main__ import open_ports_or_exit, serve, settings_or_exit
from service.batching.engine import Engine
from service.batching.recipe import Recipe
from service.composition import ServiceRuntime
from service.engine.device_errors import fault_of
from service.engine.torch_engine import TorchEngine
from service.engine.torch_models import TorchModels
from service.engine_setup import open_torch_models
from service.http.request_log import configure_logging
from service.registry.background_thread import BackgroundThread
from service.settings import Settings

ORDERS = "FAULT_ORDERS"  # the variable that names the file


@dataclass(frozen=True)
class Order:
    """What is to happen before a batch.

    Attributes:
        error: class of an exception to raise, of Python or of torch, with `text`.
        hang: come back only when the file has gone, or changed.
        each_s: seconds that each image takes longer.
        seeds: only for batches with one of them; any batch if empty.
        above: only for batches of more images.
        once: for one batch alone; later processes never see it.
    """

    error: str | None = None
    text: str = ""
    hang: bool = False
    each_s: float = 0.0
    seeds: tuple[int, ...] = ()
    above: int = 0
    once: bool = False

    def write(self, file: Path) -> None:
        """To `file`, whole or not at all."""
        beside = file.with_suffix(".new")
        beside.write_text(json.dumps(asdict(self)))
        beside.rename(file)


class Faulty:
    """The models of a device, which do their work but for what is ordered."""

    def __init__(self, models: TorchModels, orders: Path) -> None:
        self._models = models
        self._orders = orders

    def __getattr__(self, name: str) -> object:
        """Whatever else they can."""
        return getattr(self._models, name)

    def render_batch(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """The images of a batch; errors come as those of the device."""
        try:
            self._obey(recipes)
        except Exception as error:
            if (fault := fault_of(error)) is None:
                raise
            raise fault from error
        return self._models.render_batch(recipes)

    def _obey(self, recipes: Sequence[Recipe]) -> None:
        if (text := self._text()) is None:
            return
        order = Order(**json.loads(text))
        concerned = not order.seeds or any(r.point.start in order.seeds for r in recipes)
        if not concerned or len(recipes) <= order.above:
            return
        if order.once:
            self._orders.unlink()
        time.sleep(order.each_s * len(recipes))
        while order.hang and (order.once or self._text() == text):
            time.sleep(0.01)
        if order.error:
            kind = getattr(builtins, order.error, None) or getattr(torch, order.error)
            raise kind(order.text)

    def _text(self) -> str | None:
        try:
            return self._orders.read_text()
        except FileNotFoundError:
            return None


def main() -> int:
    """As `python -m service`, with the other engine."""
    settings, _ = settings_or_exit()
    configure_logging(settings.log_format, settings.log_level)
    orders = Path(os.environ[ORDERS])

    def open_faulty() -> TorchModels:
        faulty: Any = Faulty(open_torch_models(settings), orders)  # the rest it passes on
        return faulty

    def open_engine(_settings: Settings, background: BackgroundThread) -> Engine:
        return TorchEngine(open_faulty, background)

    ports = open_ports_or_exit(settings)
    return serve(settings, ServiceRuntime(settings, open_engine), *ports)


if __name__ == "__main__":
    sys.exit(main())
