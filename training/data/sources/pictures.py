"""The interface of all sources of pictures.

Owns the interface between the sources and `training.data.prepare`. Knows no kind of source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from models.resolution import SQUARE, Size
from training.data.decode import Decoded, MemoryLock
from training.data.manifest import DataError, Source
from training.data.payload import Payload
from training.data.shape import Shape
from training.data.sources.state import SourceState


@dataclass(frozen=True)
class Entry:
    """One picture that is not decoded yet.

    Attributes:
        name: for messages, such as its path within the source.
        payload: input of its decoder: a path, bytes or a number.
        label: class number; -1 without classes.
        flaw: reason why it cannot be decoded, if the source already knows one; else empty.
    """

    name: str
    payload: Payload
    label: int = -1
    flaw: str = ""


class Decoder(Protocol):
    """Decodes a payload to pixels in any process; picklable, so it must be small."""

    @property
    def shape(self) -> Shape:
        """Shape of the decoded pixels."""
        ...

    def __call__(self, payload: Payload, memory_lock: MemoryLock) -> Decoded:
        """Decode to pixels `[H, W, C]`; holds `memory_lock` while it needs much memory."""
        ...


class PictureSource(Protocol):
    """An opened source; each iteration yields the same entries in the same order."""

    @property
    def origin(self) -> Source:
        """The origin of the pictures, with licence and attribution."""
        ...

    @property
    def channels(self) -> int:
        """Default number of channels."""
        ...

    @property
    def label_names(self) -> tuple[str, ...]:
        """The class names in order of their numbers; empty without classes."""
        ...

    @property
    def count(self) -> int:
        """Number of entries."""
        ...

    @property
    def state(self) -> SourceState | None:
        """State for detecting changed files; None if the location determines all pictures."""
        ...

    @property
    def passed_over(self) -> dict[str, int]:
        """Reason -> number of files that do not count as entries."""
        ...

    def natural_resolution(self, base: Size = SQUARE) -> int:
        """Default resolution for pictures of `base`; a power of two."""
        ...

    def decoder(self, shape: Shape) -> Decoder:
        """The decoder of the entries.

        Raises:
            DataError: the source has no pictures of this shape.
        """
        ...

    def entries(self) -> Iterator[Entry]:
        """All pictures, in an order that depends only on the source."""
        ...


def require_eight_bits(shape: Shape, location: str) -> None:
    """Reject a request for 16 bits of a source whose pictures all have 8.

    Raises:
        DataError: 16 bits are requested.
    """
    if shape.bit_depth != 8:
        raise DataError(f"{location} has pictures of 8 bits: leave --depth out")


def names_of_classes(pictures: PictureSource, given: tuple[str, ...]) -> tuple[str, ...]:
    """The class names in `given`, or else those of the source.

    Raises:
        DataError: the number of names is not the number of classes, or a name is empty or repeated.
    """
    found = pictures.label_names
    if not given:
        return found
    if len(given) != len(found) or len(set(given)) != len(given) or not all(given):
        raise DataError(
            f"{len(given)} names ({', '.join(given)}) are given for {len(found)} classes: name "
            f"each of {', '.join(found) or 'none'} once, in this order"
        )
    return given
