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
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from models.picture import Pixels
from service.__main__ import serve, settings_or_exit
from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe
from service.composition import Engine, Learn, ServiceRuntime, open_torch_engine
from service.engine.device_errors import fault_of
from service.http.request_log import configure_logging
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
    """An engine that does its work, but for what it is ordered."""

    def __init__(self, engine: Engine, orders: Path) -> None:
        self._engine = engine
        self._orders = orders

    def __getattr__(self, name: str) -> object:
        """Whatever else an engine can."""
        return getattr(self._engine, name)

    @property
    def refused(self) -> Mapping[str, str]:
        """Why a bundle is not served."""
        return self._engine.refused

    def served(self) -> Sequence[ModelInfo]:
        """The models that can be rendered."""
        return self._engine.served()

    def render(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """The images of a batch; errors are told in the engine's own way."""
        try:
            self._obey(recipes)
        except Exception as error:
            if (fault := fault_of(error)) is None:
                raise
            raise fault from error
        return self._engine.render(recipes)

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

    def open_engine(settings: Settings, learn: Learn) -> Engine:
        faulty: Any = Faulty(open_torch_engine(settings, learn), orders)  # the rest it passes on
        return faulty

    return serve(settings, ServiceRuntime(settings, open_engine))


if __name__ == "__main__":
    sys.exit(main())
