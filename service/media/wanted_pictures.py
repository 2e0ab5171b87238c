"""Pictures of a request on their way to an encoder, which stops if nobody wants the file any more.

An encoder thread cannot be interrupted from outside, so the pictures raise when it reads the next
one. Knows no format.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import overload

from models.picture import Pixels


class NotWanted(Exception):
    """The request has ended: its client has gone, or its deadline has passed."""


class WantedPictures(Sequence[Pixels]):
    """A sequence of pictures that can be read until it is abandoned; thread-safe.

    Args:
        pictures: each `[H, W, C]`.
    """

    def __init__(self, pictures: Sequence[Pixels]) -> None:
        self._pictures = pictures
        self._abandoned = threading.Event()

    def abandon(self) -> None:
        """Let whoever reads the next picture stop; no effect after the last one was read."""
        self._abandoned.set()

    def __len__(self) -> int:
        return len(self._pictures)

    @overload
    def __getitem__(self, place: int) -> Pixels: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Pixels]: ...

    def __getitem__(self, place: int | slice) -> Pixels | Sequence[Pixels]:
        """Return a picture, or several.

        Raises:
            NotWanted: they were abandoned.
        """
        if self._abandoned.is_set():
            raise NotWanted
        return self._pictures[place]
