"""The engine as everybody else sees it: what it offers, reports and raises.

Owns the names of its errors and the description of a loaded model. Knows neither torch nor threads.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.card import Card
from models.families.progan.config import Size
from models.latent import label_of
from service.errors import OutOfRange

KINDS = ("out_of_memory", "device", "hang", "other")


class DeviceLost(Exception):
    """The device does nothing more for this process: only a new process helps."""


def kind_of(error: BaseException) -> str:
    """The label of `progan_engine_errors_total` for what an engine raised."""
    if isinstance(error, MemoryError):
        return "out_of_memory"
    return "device" if isinstance(error, DeviceLost) else "other"


class BundleRefused(Exception):
    """A bundle that is not served; the message says what is wrong with it and what to do.

    Attributes:
        passing: whether the same files may do another time, as after an error of the disk.
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
