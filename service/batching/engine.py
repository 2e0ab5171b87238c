"""The interface of the engine: its operations, status and errors.

Owns the protocol `Engine`, the description of a loaded model and the names of errors. Knows neither
torch nor threads: the protocol may be implemented by a thread, a process or a remote replica.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.card import Card
from models.latent import label_of
from models.picture import Pixels
from models.resolution import Size
from service.batching.recipe import Recipe
from service.errors import EngineLost, OutOfRange

RESTART_S = 10  # seconds after which a client may retry
ENGINE_ENDED = "the engine has ended, and this server with it: try again when it has restarted"
KINDS = ("out_of_memory", "device", "hang", "other")


class DeviceLost(Exception):
    """This process can no longer use the device: a new process is needed."""


def kind_of(error: BaseException) -> str:
    """The label of `progan_engine_errors_total` for an exception of an engine."""
    if isinstance(error, MemoryError):
        return "out_of_memory"
    return "device" if isinstance(error, DeviceLost) else "other"


def engine_lost() -> EngineLost:
    """The error for work that is not done because the engine has ended."""
    return EngineLost(ENGINE_ENDED, retry_after_s=RESTART_S)


class BundleRefused(Exception):
    """A bundle cannot be served; the message states the fault and the remedy.

    Attributes:
        transient: True if a retry with the same files may succeed, for example after a disk error.
    """

    def __init__(self, reason: str, *, transient: bool = False) -> None:
        super().__init__(reason)
        self.transient = transient


@dataclass(frozen=True)
class EngineMode:
    """Conditions of the computation on which the bytes of a picture depend.

    Attributes:
        device: `cpu`, `cuda:0`, and so on.
        precision: number format, `fp32` or `bf16`.
        libraries: names and versions of libraries that may change the last bit; also the number
            of threads, unless the start-up test found the same pictures with one thread.
        exact: True if the start-up test found that a picture does not depend on its batch.
        processor: the kind of CPU or the name of the GPU.
        golden_tried, golden_equal: number of golden seeds of the card, and number of them whose
            pictures here equal the exported ones byte for byte; fewer on another processor.
    """

    device: str
    precision: str
    libraries: str
    exact: bool = True
    processor: str = ""
    golden_tried: int = 0
    golden_equal: int = 0

    @property
    def platform(self) -> str:
        """Device, processor, precision and libraries, joined to one text."""
        return ", ".join(
            part for part in (self.device, self.processor, self.precision, self.libraries) if part
        )


@dataclass(frozen=True)
class ModelInfo:
    """One loaded model.

    Attributes:
        watermark: name of the watermark of its pictures; `none` if they have 16 bits; None if
            watermarks are off.
        self_test: SHA-256 of the pictures of the start-up test, one of each resolution; engines
            with the same one make the same pictures.
    """

    card: Card
    mode: EngineMode
    watermark: str | None = None
    self_test: str = ""

    @property
    def pinned_name(self) -> str:
        """`name@digest`."""
        return self.card.pinned_name

    def resolution_for(self, asked: int | None) -> int:
        """The resolution to render; the largest if none was requested.

        Raises:
            OutOfRange: the model has no such resolution.
        """
        allowed = self.card.resolutions
        if asked is None:
            return allowed[-1]
        if asked not in allowed:
            names = ", ".join(map(str, allowed))
            message = f"{self.card.name} has no {asked}; it has {names}"
            raise OutOfRange("resolution", message, allowed)
        return asked

    def size_at(self, resolution: int) -> Size:
        """Height and width in pixels of the pictures at a resolution."""
        return self.card.network.size_at(resolution)

    def label_for(self, asked: str | None) -> str | None:
        """Check the requested class and return it; None if none was requested.

        Raises:
            OutOfRange: the model has no such class, or none at all.
        """
        labels = self.card.labels
        if asked is None:
            return None
        if asked not in labels:
            has = f"it has {', '.join(labels)}" if labels else "it has no labels: leave label out"
            raise OutOfRange("label", f"{self.card.name} has no {asked!r}; {has}", labels)
        return asked

    def label_of(self, asked: str | None, seed: int) -> str | None:
        """The class of the picture of `seed`: the requested one, else that derived from the seed.

        Returns:
            None if the model has no classes.

        Raises:
            OutOfRange: the model has no such class, or none at all.
        """
        labels = self.card.labels
        label = self.label_for(asked)
        return labels[label_of(seed, len(labels))] if labels and label is None else label


@dataclass(frozen=True, slots=True)
class RenderedBatch:
    """The images of a batch.

    Attributes:
        images: uint8 or uint16 `[H, W, C]` each, in the order of the recipes.
        seconds: duration of the computation.
    """

    images: Sequence[Pixels]
    seconds: float


@dataclass(frozen=True)
class LoadedBundle:
    """A bundle that an engine has loaded and verified.

    Attributes:
        timings: batches that were computed during verification with nothing beside them, and the
            duration of each in seconds.
    """

    model: ModelInfo
    timings: Sequence[tuple[Sequence[Recipe], float]] = ()


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """The state of an engine at one moment.

    Attributes:
        alive: True if it can compute; False for good after its end.
        fault: the exception that ended it unexpectedly.
        heartbeat_age_s: seconds since the last heartbeat; grows during a batch.
        overdue_s: seconds by which the running work exceeds its allowed duration.
    """

    alive: bool
    fault: BaseException | None = None
    heartbeat_age_s: float = 0.0
    overdue_s: float = 0.0


class Engine(Protocol):
    """Computes images. Thread-safe; all calls but `ended` return at once.

    Jobs run one at a time, in the order of the calls. Futures raise `EngineLost` for jobs that were
    not done because the engine has ended.
    """

    def start(self) -> Future[None]:
        """Open the device; the future raises any error of the device."""
        ...

    def submit(self, batch: Sequence[Recipe], allowed_s: float) -> Future[RenderedBatch]:
        """Compute the images of recipes of one loaded model.

        Args:
            batch: the recipes.
            allowed_s: seconds of computation after which the engine counts as overdue.

        Raises:
            MemoryError: the memory is too small for a batch of this size.
            DeviceLost: the device can no longer be used; the engine ends.
        """
        ...

    def load(self, folder: Path, *, while_serving: bool) -> Future[LoadedBundle]:
        """Read and verify a bundle; afterwards batches of its model may be submitted.

        Args:
            folder: folder of the bundle.
            while_serving: verify it beside batches, at a low priority; else with all cores.

        Raises:
            BundleRefused: the bundle cannot be used, or its pictures differ from those of its card.
        """
        ...

    def unload(self, pinned: str) -> Future[None]:
        """Free the memory of a model; no effect if it is not loaded."""
        ...

    def status(self) -> EngineStatus:
        """The current status."""
        ...

    def stop(self) -> None:
        """End after all submitted jobs; later jobs raise `EngineLost`."""
        ...

    def ended(self, within_s: float) -> bool:
        """Wait up to `within_s` seconds for the end; True if nothing is running."""
        ...
