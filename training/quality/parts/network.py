"""The network of the reader of parts: small, convolutional, one head for each part.

Owns its architecture. Knows no picture file and no training.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.resolution import Size

MAPS = (16, 32, 64, 96)
PART_FEATURES = 128
FINAL_SIDE = 4  # pixels of the last features, for squares


class PartNetwork(nn.Module):
    """Pictures `[N, C, H, W]` in [-1, 1] -> features `[N, 128]` and logits `[N, V]` of each part.

    Four convolutions with batch normalisation, each of which halves height and width unless 4 px
    are reached; the places of features are kept (no average over them), because parts have places.

    Args:
        channels: of the pictures.
        size: height and width in pixels, powers of two times the base of the pictures.
        values: number of values of each part.
    """

    def __init__(self, channels: int, size: Size, values: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        height, width = size
        for number, (before, maps) in enumerate(zip((channels, *MAPS), MAPS, strict=False)):
            halves = min(height, width) > FINAL_SIDE and _left(height, width) >= len(MAPS) - number
            strided = halves and number < 2
            layers += [
                nn.Conv2d(before, maps, 3, stride=2 if strided else 1, padding=1, bias=False),
                nn.BatchNorm2d(maps),
                nn.ReLU(inplace=True),
            ]
            if halves:
                height, width = height // 2, width // 2
                layers += [] if strided else [nn.MaxPool2d(2)]
        self.convolutions = nn.Sequential(*layers)
        self.dense = nn.Linear(MAPS[-1] * height * width, PART_FEATURES)
        self.heads = nn.ModuleList(nn.Linear(PART_FEATURES, count) for count in values)

    def forward(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Features and logits of `pictures`."""
        features = torch.relu(self.dense(self.convolutions(pictures).flatten(1)))
        return features, [head(features) for head in self.heads]


def _left(height: int, width: int) -> int:
    """Number of halvings until the shorter side is 4 px."""
    return (min(height, width) // FINAL_SIDE).bit_length() - 1
