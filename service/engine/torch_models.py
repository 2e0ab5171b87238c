"""All models of one device: loading, verification, activation and unloading.

Owns the device, the loaded networks and the two verifications of a bundle: on the thread that loads
it, and again on the thread that renders. Knows no folder of bundles, no names that clients use, and
no thread.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from models.bundle import BundleError, load_card
from models.layout import WEIGHTS_FILE, file_sha256
from models.picture import Pixels
from service.batching.engine import BundleRefused, DeviceLost
from service.batching.recipe import Recipe
from service.engine.device import Target, device_precision, open_device
from service.engine.device_errors import fault_of, free_memory, lacks_algorithm
from service.engine.loading import Learn, LoadedModel, load_model
from service.engine.picture_marker import PictureMarker
from service.engine.self_test import probes_of
from service.engine.streams import Work, computing
from service.watermark.key import UNMARKED, WatermarkKey

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TorchModels:
    """A device, and all models that passed the self-test on it.

    Attributes:
        target: device, threads and precision of all models.
        max_batch: size of the largest batch that will be requested.
        max_work_s: maximal seconds of a verification batch of several images beside serving; a
            single image may take longer.
        marker: adds watermarks to the pictures; None if they are off.
        loaded: models by pinned name.
    """

    target: Target
    max_batch: int
    max_work_s: float = 1.0
    marker: PictureMarker | None = None
    loaded: dict[str, LoadedModel] = field(default_factory=dict[str, LoadedModel])

    def render_batch(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """Render recipes of one model: images `[H, W, C]`, in the order of the recipes."""
        with computing(self.target.device, Work.SERVING):
            return self.loaded[recipes[0].model].render_batch(recipes)

    def load(self, folder: Path, learn: Learn, work: Work = Work.SERVING) -> LoadedModel:
        """Read and verify a bundle, on any thread, without serving it yet.

        If a model with the same card is loaded already, and the weights file has the digest of the
        card, that model is returned.

        Args:
            folder: folder of the bundle.
            learn: called with each batch and the seconds that it took.
            work: `VERIFYING` on a thread other than the one that renders.

        Raises:
            BundleRefused: it cannot be used, or does not make the pictures that its card promises.
            DeviceLost: the device is unusable for this process.
        """
        with errors_as_refusals(folder), computing(self.target.device, work):
            known = self._same(folder)
            return known or self._marked(load_model(folder, self.target, self.max_batch, learn))

    def load_beside(self, folder: Path, learn: Learn) -> LoadedModel:
        """Call `load` on a thread that does not render: its work on the device has to wait."""
        return self.load(folder, learn, Work.VERIFYING)

    def verify(self, model: LoadedModel, learn: Learn) -> Iterator[None]:
        """Verify on the calling thread, one batch per step, that no picture depends on its batch.

        Other batches may be computed between two steps.

        Raises:
            BundleRefused: a picture depends on its batch on this thread, though it did not on the
                thread that loaded the bundle.
        """
        if self.loaded.get(model.served.pinned_name) is model:
            return
        alone: list[Pixels] = []
        together: list[Recipe] = []
        work_s = 0.0
        for probe in probes_of(model.served.card, self.max_batch):
            pixels, took = self._timed(model, [probe], learn)
            work_s += took
            if work_s <= self.max_work_s:
                alone += pixels
                together.append(probe)
            yield
        again = self._timed(model, together, learn)[0] if together else []
        if not all(map(np.array_equal, alone, again)):
            raise BundleRefused(
                f"{model.served.card.name}: a picture depends on its batch on the engine's thread, "
                "and did not where the bundle was loaded: restart the service",
                transient=True,
            )

    def activate(self, model: LoadedModel) -> None:
        """Render with `model` from the next batch on; call it on the thread that renders."""
        self.loaded[model.served.pinned_name] = model

    def unload(self, pinned: str) -> None:
        """Free the memory of a model; call it on the thread that renders."""
        self.loaded.pop(pinned, None)
        if self.target.device.type == "cuda":
            free_memory()

    def _timed(
        self, model: LoadedModel, recipes: Sequence[Recipe], learn: Learn
    ) -> tuple[list[Pixels], float]:
        began = time.monotonic()
        with computing(self.target.device, Work.SERVING):
            images = model.render_batch(recipes)
        took = time.monotonic() - began
        learn(recipes, took)
        return images, took

    def _marked(self, model: LoadedModel) -> LoadedModel:
        """Return a verified model with watermarks, if they are on.

        Pictures of 16 bits stay unmarked: their numbers are measured values.
        """
        if self.marker is None:
            return model
        name = UNMARKED if model.served.card.bit_depth == 16 else self.marker.name
        served = replace(model.served, watermark=name)
        return replace(model, served=served, marker=self.marker)

    def _same(self, folder: Path) -> LoadedModel | None:
        """Return the loaded model with the same card and weights digest; None if there is none."""
        card = load_card(folder)
        known, weights = self.loaded.get(card.pinned_name), folder / WEIGHTS_FILE
        if known is None or known.served.card != card or not weights.is_file():
            return None
        return known if file_sha256(weights) == card.weights_sha256 else None


def open_models(
    *,
    device: str | None,
    threads: int,
    max_batch: int,
    max_work_s: float,
    precision: str = "auto",
    watermark_key: WatermarkKey | None = None,
) -> TorchModels:
    """Open a device, without any model.

    Args:
        device: `cpu`, `cuda` or `cuda:0`; None for the first CUDA device, or the CPU without one.
        threads: number of threads of the CPU kernels.
        max_batch: size of the largest batch that will be requested.
        max_work_s: maximal seconds of a verification batch of several images beside serving.
        precision: `auto`, `fp32` or `bf16`.
        watermark_key: key of the watermark in the pictures; None for pictures without one.

    Raises:
        DeviceError: the device cannot be used.
    """
    opened = open_device(device, threads)
    target = Target(opened, threads, device_precision(precision, opened))
    marker = None if watermark_key is None else PictureMarker(watermark_key)
    return TorchModels(target, max_batch, max_work_s, marker)


@contextmanager
def errors_as_refusals(folder: Path) -> Generator[None]:
    """Raise every error of one bundle as `BundleRefused`; `DeviceLost` passes unchanged."""
    try:
        yield
    except BundleError as error:
        transient = isinstance(error.__cause__, OSError)
        raise BundleRefused(str(error), transient=transient) from error
    except DeviceLost:  # not a fault of the bundle
        raise
    except Exception as error:
        fault = error if isinstance(error, MemoryError) else fault_of(error)
        if isinstance(fault, DeviceLost):
            raise fault from error
        raise BundleRefused(_refusal(folder, error, fault), transient=True) from error


def _refusal(folder: Path, error: Exception, shortage: MemoryError | None) -> str:
    """Return the message for an error that is not one of the bundle's own."""
    if shortage is not None:
        return f"{folder}: not enough memory: {shortage}. Free some, or lower PROGAN_MAX_BATCH"
    if lacks_algorithm(error):
        return (
            f"{folder}: cuDNN has no deterministic algorithm for it, or too little memory for one: "
            f"{error}. Lower PROGAN_MAX_BATCH; if that does not help, set PROGAN_DEVICE=cpu"
        )
    log.error("unexpected fault in %s", folder, exc_info=error)
    return f"{folder}: {error!r}. Copy or export the bundle again"
