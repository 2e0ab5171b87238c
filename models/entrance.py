"""The entrance of a generator: from latent and class to one float32 vector per picture.

Owns the interface. Each family has its own rule, which is frozen: a bundle gives the same pictures
for ever. It is computed on the CPU and for one picture at a time, so that no number depends on the
other pictures of a batch. Knows no seed: latents and classes of seeds are in `models.latent`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor


@dataclass(frozen=True)
class ClassPoint:
    """A class, or a point between two of them.

    Attributes:
        start: number of a class.
        end: number of the other class; the same as `start` if there is only one.
        t: place between them, 0 at `start` to 1 at `end`.
    """

    start: int
    end: int
    t: float = 0.0

    @property
    def is_pure(self) -> bool:
        """True if only the class `start` counts."""
        return self.start == self.end or self.t == 0.0


class Entrance(Protocol):
    """Rule from latent and class to the entry vector of one picture."""

    @property
    def latent_size(self) -> int:
        """Numbers in a latent, L."""
        ...

    @property
    def classes(self) -> int:
        """Number of classes; 0 without."""
        ...

    @property
    def size(self) -> int:
        """Numbers in an entry vector."""
        ...

    def enter(self, latent: Tensor, point: ClassPoint | None) -> Tensor:
        """Entry vector `[size]`, float32 on the CPU.

        Args:
            latent: `[L]`, float32 on the CPU.
            point: the class; None for a generator without classes.
        """
        ...


@runtime_checkable
class StyleEntrance(Entrance, Protocol):
    """Entrance of a generator whose layers have styles, which can be truncated and mixed.

    Between two latents it interpolates styles, not latents.
    """

    def style(self, start: Tensor, end: Tensor, t: float, point: ClassPoint | None) -> Tensor:
        """Style `[S]` at the place t between two latents `[L]` with the classes of `point`."""
        ...

    def truncated(self, style: Tensor, point: ClassPoint | None, psi: float) -> Tensor:
        """Style `[S]` moved towards the mean style of the class of `point`, which is at psi 0."""
        ...

    def compose(self, style: Tensor, mixed: Tensor | None = None, level: int = 0) -> Tensor:
        """Entry vector of a style, or of two: that of `level` and all above it is `mixed`."""
        ...


@runtime_checkable
class TruncatingEntrance(Entrance, Protocol):
    """Entrance of a generator without styles whose latents can be truncated.

    Between two latents it truncates the interpolated one. The entry vector tells psi, too, since
    normalisations have other statistics for truncated latents.
    """

    def truncated_latent(self, latent: Tensor, psi: float) -> Tensor:
        """Latent `[L]` with numbers below a threshold; itself at psi 1, zeros at psi 0."""
        ...

    def enter_truncated(self, latent: Tensor, point: ClassPoint | None, psi: float) -> Tensor:
        """Entry vector `[size]` of a latent that was truncated with this psi."""
        ...
