"""The interface of all sources of pictures.

Owns the border between the sources and `training.data.prepare`. Knows no kind of source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from models.families.progan.config import SQUARE, Size
from training.data.decode import Decoded, MemoryLock, Payload
from training.data.manifest import DataError, Source
from training.data.shape import Shape
from training.data.sources.state import SourceState


@dataclass(frozen=True)
class Entry:
    """One picture that is not decoded yet.

    Attributes:
        name: for people, such as its path within the source.
        payload: for its decoder: a path, bytes or a number.
        label: its class number; -1 without classes.
        flaw: why it cannot be decoded, if the source knows already.
    """

    name: str
    payload: Payload
    label: int = -1
    flaw: str = ""


class Decoder(Protocol):
    """Turns a payload into pixels in any process; can be pickled, so it must be small."""

    @property
    def shape(self) -> Shape:
        """Of the pixels."""
        ...

    def __call__(self, payload: Payload, memory_lock: MemoryLock) -> Decoded:
        """Pixels `[H, W, C]`; holds `memory_lock` while it needs much memory."""
        ...


class PictureSource(Protocol):
    """A source that was opened; iterating it again gives the same entries in the same order."""

    @property
    def origin(self) -> Source:
        """Where the pictures come from, and whom to thank."""
        ...

    @property
    def channels(self) -> int:
        """The channels to make where nobody says otherwise."""
        ...

    @property
    def label_names(self) -> tuple[str, ...]:
        """The class names in order of their numbers; empty without classes."""
        ...

    @property
    def count(self) -> int:
        """How many entries there are."""
        ...

    @property
    def state(self) -> SourceState | None:
        """What to recognise unchanged files by; None if the location alone says everything."""
        ...

    @property
    def passed_over(self) -> dict[str, int]:
        """Reasons for which files do not count as entries -> how many files."""
        ...

    def natural_resolution(self, base: Size = SQUARE) -> int:
        """The resolution to make from `base` where nobody says otherwise; a power of two."""
        ...

    def decoder(self, shape: Shape) -> Decoder:
        """The decoder of the entries.

        Raises:
            DataError: the source has no pictures of this shape.
        """
        ...

    def entries(self) -> Iterator[Entry]:
        """All pictures, in an order that depends on the source alone."""
        ...


def names_of_classes(pictures: PictureSource, given: tuple[str, ...]) -> tuple[str, ...]:
    """The names a person gave to the classes, or those of the source.

    Raises:
        DataError: there are more or fewer names than classes, or two are equal.
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
