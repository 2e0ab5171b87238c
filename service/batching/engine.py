"""The engine as everybody else sees it: what it offers, reports and raises.

Owns the protocol `Engine`, the description of a loaded model and the names of errors. Knows neither
torch nor threads: behind the protocol may stand a thread, a process or a replica elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.card import Card
from models.families.progan.config import Size
from models.latent import label_of
from models.picture import Pixels
from service.batching.recipe import Recipe
from service.errors import EngineLost, OutOfRange

RESTART_S = 10  # after which whoever was given up may try again
ENGINE_ENDED = "the engine has ended, and this server with it: try again when it has restarted"
KINDS = ("out_of_memory", "device", "hang", "other")


class DeviceLost(Exception):
    """The device does nothing more for this process: only a new process helps."""


def kind_of(error: BaseException) -> str:
    """The label of `progan_engine_errors_total` for what an engine raised."""
    if isinstance(error, MemoryError):
        return "out_of_memory"
    return "device" if isinstance(error, DeviceLost) else "other"


def engine_lost() -> EngineLost:
    """The error of all work that an engine no longer does."""
    return EngineLost(ENGINE_ENDED, retry_after_s=RESTART_S)


class BundleRefused(Exception):
    """A bundle that is not served; the message says what is wrong with it and what to do.

    Attributes:
        transient: whether retrying the same files may succeed, as after an error of the disk.
    """

    def __init__(self, reason: str, *, transient: bool = False) -> None:
        super().__init__(reason)
        self.transient = transient


@dataclass(frozen=True)
class EngineMode:
    """How a model's numbers are computed; part of what makes bytes equal.

    Attributes:
        device: `cpu` or `cuda:0`, and so on.
        precision: the number format, `fp32` or `bf16`.
        libraries: names and versions whose change may change a last bit; with the number of
            threads, where the start-up test did not find that pictures are the same on one.
        exact: whether the start-up test found that a picture does not depend on its batch.
        processor: the kind of CPU or the name of the GPU.
        golden_tried, golden_equal: golden seeds of the card, and how many of them come out here
            byte for byte as at export; fewer on another kind of processor.
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
        """All on which the bytes of a picture rest beside its model."""
        return ", ".join(
            part for part in (self.device, self.processor, self.precision, self.libraries) if part
        )


@dataclass(frozen=True)
class ModelInfo:
    """One loaded model."""

    card: Card
    mode: EngineMode

    @property
    def pinned_name(self) -> str:
        """`name@digest`."""
        return self.card.pinned_name

    def resolution_for(self, asked: int | None) -> int:
        """The resolution to render; the largest where none was asked for.

        Raises:
            OutOfRange: the model does not have it.
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
        """Height and width in pixels of its pictures at a resolution."""
        return self.card.network.size_at(resolution)

    def label_for(self, asked: str | None) -> str | None:
        """The class that was asked for; None where none was.

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
        """The class of the picture of `seed`: the one asked for, else the seed's own.

        Returns:
            None where the model has no classes.

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
        images: uint8 `[H, W, C]` each, in the order of the recipes.
        seconds: that the computation took.
    """

    images: Sequence[Pixels]
    seconds: float


@dataclass(frozen=True)
class LoadedBundle:
    """A bundle that an engine has loaded and verified.

    Attributes:
        timings: batches that were computed undisturbed on the way, and the seconds each took.
    """

    model: ModelInfo
    timings: Sequence[tuple[Sequence[Recipe], float]] = ()


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """The state of an engine at one moment.

    Attributes:
        alive: whether it can compute; once False, for good.
        fault: what ended it before its time.
        heartbeat_age_s: seconds since it last showed life; grows during a batch.
        overdue_s: seconds of silence beyond what the work in hand was allowed to take.
    """

    alive: bool
    fault: BaseException | None = None
    heartbeat_age_s: float = 0.0
    overdue_s: float = 0.0


class Engine(Protocol):
    """What computes images: any thread may call, and calls return at once.

    Work is done one piece after another, in the order of the calls. Futures raise `EngineLost` for
    work that an engine could not do because it has ended.
    """

    def start(self) -> Future[None]:
        """Open the device. Raises: whatever is wrong with it, in the future."""
        ...

    def submit(self, batch: Sequence[Recipe], allowed_s: float) -> Future[RenderedBatch]:
        """Compute the images of recipes of one loaded model.

        Args:
            batch: the recipes.
            allowed_s: seconds of computation after which the engine counts as overdue.

        Raises:
            MemoryError: there is not enough for a batch of this size.
            DeviceLost: nothing can be computed any more; the engine ends.
        """
        ...

    def load(self, folder: Path, *, while_serving: bool) -> Future[LoadedBundle]:
        """Read and verify a bundle; from then on batches of its model may be submitted.

        Args:
            folder: of the bundle.
            while_serving: verify it beside batches, at a low priority; else with all there is.

        Raises:
            BundleRefused: it cannot be used, or does not make the pictures its card promises.
        """
        ...

    def unload(self, pinned: str) -> Future[None]:
        """Give the memory of a model back; nothing if it is not loaded."""
        ...

    def status(self) -> EngineStatus:
        """The state at this moment."""
        ...

    def stop(self) -> None:
        """End when all that was submitted is done; what comes later raises `EngineLost`."""
        ...

    def ended(self, within_s: float) -> bool:
        """Whether nothing computes any more, after waiting for it a while."""
        ...
