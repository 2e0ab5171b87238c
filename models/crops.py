"""Random crops of pictures that a generator draws only in part.

Owns `Crops`: the places of one crop per picture, and the parts of features that they need. A crop
is drawn from features of a low level, with a margin that is cut off afterwards, so that its pixels
are those of the whole picture. Knows no network and no random numbers.
Training on crops of high resolutions: Chai et al. 2022, "Any-resolution training for
high-resolution image synthesis", section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.picture import Pixels
from models.resolution import Size, level_of, size_of

# Pixels of the lowest level's features around a crop that reach it: a level reads one pixel more on
# each side of its input, so it is 1 + 1/2 + 1/4 + ... for any number of levels.
CROP_MARGIN = 2


@dataclass(frozen=True)
class Crops:
    """One crop of each picture of a batch.

    Attributes:
        resolution: of a crop: it has the shape of a whole picture of this resolution.
        level: of the pictures; above that of the crop.
        base: height and width of level 0, in pixels.
        corners: row and column of the upper left corner of each crop, in pixels of the features of
            `first_level`.
    """

    resolution: int
    level: int
    base: Size
    corners: Sequence[tuple[int, int]]

    @property
    def fits(self) -> bool:
        """True if crops end at whole pixels of the first level, which has room for their margin."""
        if not 0 < self.first_level < self.level - 1:
            return False
        sides = zip(size_of(self.resolution, self.base), self.window, self.room, strict=True)
        return all(
            side == part * self.scale and places > 2 * CROP_MARGIN for side, part, places in sides
        )

    @property
    def first_level(self) -> int:
        """Level whose whole features are needed: the one below the resolution of the crops."""
        return level_of(self.resolution) - 1

    @property
    def scale(self) -> int:
        """Pixels of a picture for one pixel of the first level."""
        return 1 << (self.level - self.first_level)

    @property
    def window(self) -> Size:
        """Height and width of a crop in pixels of the first level, without its margin."""
        height, width = size_of(self.resolution, self.base)
        return height // self.scale, width // self.scale

    @property
    def room(self) -> Size:
        """Number of rows and of columns that a corner can have."""
        height, width = size_of(self.resolution // 2, self.base)
        rows, columns = self.window
        return height - rows + 1, width - columns + 1

    def features(self, whole: Tensor) -> Tensor:
        """Parts of features `[N, maps, h, w]` of the first level, with a margin.

        At an edge of the picture, the margin is on the other side.
        """
        rows, columns = (side + 2 * CROP_MARGIN for side in self.window)
        parts = [
            whole[i : i + 1, :, row : row + rows, column : column + columns]
            for i, (row, column) in enumerate(self._starts())
        ]
        return torch.cat(parts)

    def trimmed(self, drawn: Tensor, level: int | None = None) -> Tensor:
        """Images `[N, C, H, W]` that were drawn from `features`, without the margin.

        Args:
            drawn: with the margin.
            level: of the images; by default that of the pictures.
        """
        scale = 1 << ((self.level if level is None else level) - self.first_level)
        rows, columns = (side * scale for side in self.window)
        places = zip(self.corners, self._starts(), strict=True)
        offsets = [((y - top) * scale, (x - left) * scale) for (y, x), (top, left) in places]
        parts = [
            drawn[i : i + 1, :, row : row + rows, column : column + columns]
            for i, (row, column) in enumerate(offsets)
        ]
        return torch.cat(parts)

    def pixels(self, whole: Pixels) -> Pixels:
        """The crops of whole pictures, uint8 `[N, H, W, C]`."""
        rows, columns = size_of(self.resolution, self.base)
        parts = [
            picture[
                y * self.scale : y * self.scale + rows, x * self.scale : x * self.scale + columns
            ]
            for picture, (y, x) in zip(whole, self.corners, strict=True)
        ]
        return np.stack(parts)

    def _starts(self) -> list[tuple[int, int]]:
        """Upper left corners of the parts of features, in their pixels."""
        height, width = size_of(self.resolution // 2, self.base)
        rows, columns = self.window
        lowest, rightmost = height - rows - 2 * CROP_MARGIN, width - columns - 2 * CROP_MARGIN
        return [
            (min(max(y - CROP_MARGIN, 0), lowest), min(max(x - CROP_MARGIN, 0), rightmost))
            for y, x in self.corners
        ]
