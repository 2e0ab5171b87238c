"""The entrance of a StyleGAN2: latents and classes -> the styles of all layers.

Owns the rules for styles between two seeds, for truncation and for mixing. They are computed on the
CPU, each picture alone, since the mapping network is small: the synthesis network then gets one
vector per picture, whatever was chosen. Knows no image.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from models.entrance import ClassPoint
from models.families.stylegan.mapping import Mapping


@dataclass(frozen=True)
class StyleganEntrance:
    """Implements `models.entrance.StyleEntrance`.

    **The rules, which never change.** The style of a latent and a class is the result of the
    mapping network. At the place t between two of them it is (1 - t) w0 + t w1, a straight line.
    Truncation moves a style w to c + psi (w - c), where c is the centre: the mean style of the
    class, or between two classes (1 - t) c0 + t c1 (Karras et al. 2019, appendix B). Both are
    computed in float64 and rounded to float32 once; psi of 1 leaves the style as it is. All layers
    have the style of the picture; mixing gives those from a level on the style of a second latent
    (section 3.1 there), truncated towards the same centre.

    Attributes:
        mapping: in evaluation mode, float32 on the CPU.
        centres: mean styles, `[classes, S]`, or `[1, S]` without classes.
        layers: number of layers with styles.
    """

    mapping: Mapping
    centres: Tensor
    layers: int

    @property
    def latent_size(self) -> int:
        """Numbers in a latent, L."""
        return self.mapping.latent_size

    @property
    def classes(self) -> int:
        """Number of classes; 0 without."""
        return self.mapping.classes

    @property
    def size(self) -> int:
        """Numbers in an entry vector."""
        return self.layers * self.mapping.style_size

    def enter(self, latent: Tensor, point: ClassPoint | None) -> Tensor:
        """Entry vector of one picture: `[L]` -> `[layers S]`."""
        t = 0.0 if point is None else point.t
        return self.compose(self.style(latent, latent, t, point))

    def style(self, start: Tensor, end: Tensor, t: float, point: ClassPoint | None) -> Tensor:
        """Style `[S]` at the place t between two latents `[L]` with the classes of a point."""
        first = self._mapped(start, None if point is None else point.start)
        if t == 0.0:
            return first
        last = self._mapped(end, None if point is None else point.end)
        return between(first, last, t)

    def centre(self, point: ClassPoint | None) -> Tensor:
        """Centre `[S]` of truncation."""
        if point is None:
            return self.centres[0]
        if point.is_pure:
            return self.centres[point.start]
        return between(self.centres[point.start], self.centres[point.end], point.t)

    def truncated(self, style: Tensor, point: ClassPoint | None, psi: float) -> Tensor:
        """Style `[S]` moved towards the centre; psi of 0 is the centre."""
        return style if psi == 1.0 else between(self.centre(point), style, psi)

    def compose(self, style: Tensor, mixed: Tensor | None = None, level: int = 0) -> Tensor:
        """Entry vector of a style, or of two: that of `level` and all above it is `mixed`."""
        rows = style.expand(self.layers, -1)
        if mixed is None:
            return rows.flatten()
        first = first_layer(level)
        return torch.cat([rows[:first], mixed.expand(self.layers - first, -1)]).flatten()

    def _mapped(self, latent: Tensor, label: int | None) -> Tensor:
        labels = None if label is None else torch.tensor([label])
        return self.mapping(latent[None], labels)[0]


def between(start: Tensor, end: Tensor, t: float) -> Tensor:
    """(1 - t) start + t end, in float64, rounded once; exactly `end` at 1."""
    if t == 1.0:
        return end
    return ((1.0 - t) * start.double() + t * end.double()).float()


def first_layer(level: int) -> int:
    """Number of the first layer of a level."""
    return max(0, 2 * level - 1)
