"""The engine: all models on one device, those of the start and those that come and go.

Owns the folder of bundles at start, and the order in which a model is taken up while others are
served: proved on another thread, rehearsed on the engine's, served, put away. A bundle that fails
is refused with its reason and the others are served.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from models.bundle import BundleError, load_card
from models.card import Card
from models.layout import CARD_FILE, WEIGHTS_FILE, file_sha256
from models.picture import Pixels
from service.batching.engine import BundleRefused, DeviceLost, ModelInfo
from service.batching.recipe import Recipe
from service.engine.device import Target, open_device, precision_for
from service.engine.loading import Learn, LoadedModel, load_model
from service.engine.self_test import probes_of
from service.registry.watcher import bundle_folders

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TorchEngine:
    """The engine: a device, and all models that passed on it.

    Attributes:
        target: where and how all of them are computed.
        max_batch: the largest batch that will be asked for.
        learn: is told how long a batch took.
        models: by pinned name.
        origins: the pinned name of the model that a folder gave at start.
        refused: the reason, by name of the bundle's folder, at start.
    """

    target: Target
    max_batch: int
    learn: Learn
    models: dict[str, LoadedModel] = field(default_factory=dict[str, LoadedModel])
    origins: dict[str, str] = field(default_factory=dict[str, str])
    refused: dict[str, str] = field(default_factory=dict[str, str])

    def render(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """The images of a batch, all recipes of one model: uint8 `[R, R, C]`, in order."""
        return self.models[recipes[0].model].render_batch(recipes)

    def served(self) -> list[ModelInfo]:
        """What is told of each model."""
        return [model.served for model in self.models.values()]

    # ------------------------------------------------------------------ models that come and go

    def load(self, folder: Path) -> LoadedCandidate:
        """Read, prepare and prove a bundle, on any thread; nothing is served by it yet.

        How long its batches take says nothing and is not learned. A model that is loaded with the
        same card and whose file has not changed is given as it is.

        Raises:
            BundleRefused: it cannot be used, or does not make the pictures its card promises.
        """
        with explained(folder):
            same = self._same(folder)
            model = same or load_model(folder, self.target, self.max_batch, unlearned)
        return LoadedCandidate(self, model)

    def unload(self, pinned: str) -> None:
        """Give the memory of a model back; on the engine's thread."""
        self.models.pop(pinned, None)
        if self.target.device.type == "cuda":
            torch.cuda.empty_cache()

    def activate(self, model: LoadedModel) -> None:
        """Serve `model` from the next batch on; on the engine's thread."""
        self.models[model.served.pinned_name] = model

    def _same(self, folder: Path) -> LoadedModel | None:
        """The loaded model of this very card and file."""
        card = load_card(folder)
        known, weights = self.models.get(card.pinned_name), folder / WEIGHTS_FILE
        if known is None or known.served.card != card or not weights.is_file():
            return None
        return known if file_sha256(weights) == card.weights_sha256 else None


@dataclass(frozen=True)
class LoadedCandidate:
    """A model that was proved on another thread and is not served yet."""

    engine: TorchEngine
    model: LoadedModel

    @property
    def served(self) -> ModelInfo:
        """What is told of it."""
        return self.model.served

    def verify(self, most_s: float) -> Iterator[None]:
        """Prove on this thread, batch by batch, that a picture does not depend on its batch.

        To be iterated on the engine's thread: other batches may be computed between two steps. How
        long they take is learned.

        Args:
            most_s: seconds of a batch; one picture takes what it takes.

        Raises:
            BundleRefused: a picture depends on its batch here, and did not where it was proved.
        """
        if self.engine.models.get(self.served.pinned_name) is self.model:
            return
        alone: list[Pixels] = []
        together: list[Recipe] = []
        work_s = 0.0
        for probe in probes_of(self.served.card, self.engine.max_batch):
            pixels, took = self._timed([probe])
            work_s += took
            if work_s <= most_s:
                alone += pixels
                together.append(probe)
            yield
        if together and not all(map(np.array_equal, alone, self._timed(together)[0])):
            raise BundleRefused(
                f"{self.served.card.name}: a picture depends on its batch on the engine's thread, "
                "and did not where it was proved: restart the service",
                transient=True,
            )

    def activate(self) -> None:
        """Serve it from the next batch on; on the engine's thread."""
        self.engine.activate(self.model)

    def _timed(self, recipes: Sequence[Recipe]) -> tuple[list[Pixels], float]:
        began = time.monotonic()
        images = self.model.render_batch(recipes)
        took = time.monotonic() - began
        self.engine.learn(recipes, took)
        return images, took


def unlearned(_recipes: Sequence[Recipe], _seconds: float) -> None:
    """Forget how long a batch took: it was computed beside others."""


@contextmanager
def explained(folder: Path) -> Generator[None]:
    """Whatever is wrong with one bundle, as `BundleRefused`."""
    try:
        yield
    except BundleError as error:
        raise BundleRefused(str(error), transient=isinstance(error.__cause__, OSError)) from error
    except DeviceLost:  # no fault of the bundle's
        raise
    except MemoryError as error:
        advice = "Free some, or lower PROGAN_MAX_BATCH"
        raise BundleRefused(
            f"{folder}: not enough memory: {error}. {advice}", transient=True
        ) from error
    except Exception as error:
        log.exception("unexpected fault in %s", folder)
        advice = "Copy or export the bundle again"
        raise BundleRefused(f"{folder}: {error!r}. {advice}", transient=True) from error


def open_engine(
    bundles: Path,
    *,
    device: str | None,
    threads: int,
    max_batch: int,
    learn: Learn,
    precision: str = "auto",
) -> TorchEngine:
    """Load and prove every bundle in the folder `bundles`, on the thread that will serve them.

    Args:
        bundles: each of its sub-folders with a card is one.
        device: `cpu`, `cuda:0`; the best there is if left out.
        threads: of the CPU kernels.
        max_batch: the largest batch that will be asked for.
        learn: is told how long a batch took.
        precision: `auto`, `fp32` or `bf16`.

    Raises:
        DeviceError: the device cannot be used.
        DeviceLost: it broke down meanwhile.
    """
    where = open_device(device, threads)
    opened = TorchEngine(Target(where, threads, precision_for(precision, where)), max_batch, learn)
    folders = bundle_folders(bundles) if bundles.is_dir() else []
    for folder in folders:
        if not (folder / CARD_FILE).is_file():
            continue
        began = time.monotonic()
        try:
            with explained(folder):
                model = load_model(folder, opened.target, max_batch, learn)
                _require_new_name(model.served.card, opened)
        except BundleRefused as error:
            log.error("bundle %s is refused: %s", folder.name, error)  # noqa: TRY400 - it says all
            opened.refused[folder.name] = str(error)
        else:
            opened.activate(model)
            opened.origins[folder.name] = model.served.pinned_name
            took = time.monotonic() - began
            log.info("model %s is ready after %.2f s", model.served.card.name, took)
    return opened


def _require_new_name(card: Card, opened: TorchEngine) -> None:
    for model in opened.models.values():
        if model.served.card.name == card.name:
            raise BundleError(
                f"a model named {card.name} is already loaded from another folder: remove one"
            )
